// All of clgan: DCGANs on any OpenCL device.
#ifndef CLGAN_CLGAN_H
#define CLGAN_CLGAN_H

#include <clgan/base.h>
#include <clgan/data.h>
#include <clgan/device.h>
#include <clgan/doctor.h>
#include <clgan/drivers.h>
#include <clgan/explore.h>
#include <clgan/gan.h>
#include <clgan/inspect.h>
#include <clgan/nearest.h>
#include <clgan/ops.h>
#include <clgan/options.h>
#include <clgan/pictures.h>
#include <clgan/primer.h>
#include <clgan/svm.h>
#include <clgan/tensor.h>
#include <clgan/text.h>
#include <clgan/train.h>
#include <clgan/tune.h>

#endif
