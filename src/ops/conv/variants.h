// The variants of the convolution. Adding one here makes it known everywhere: to tests, self-test, tuner, doctor and
// --variant. Each is src/ops/conv/NAME.c, which defines clg_conv_NAME.
#ifndef CLG_OPS_CONV_VARIANTS_H
#define CLG_OPS_CONV_VARIANTS_H

#define CLG_CONV_VARIANTS(X) X(plain) X(gemm) X(cpu) X(narrow) X(winograd) X(gpu)

// What runs without tuning: the first that fits, is exact if that was asked for, and passed its self-test. plain
// always does. gemm comes after gpu because it writes and reads patches, r * s / stride^2 times the map's memory
// traffic; narrow after winograd because its few channels leave most of a vector empty.
#define CLG_CONV_DEFAULT_CPU(X) X(winograd) X(narrow) X(cpu) X(plain)
#define CLG_CONV_DEFAULT_GPU(X) X(gpu) X(gemm) X(plain)

#endif
