"""clgan: deep convolutional GANs (Radford, Metz and Chintala 2015) on any OpenCL device.

    import clgan
    gan = clgan.Gan(size=32, ngf=32, ndf=32, batch=64)    # on the default device; help(clgan.Gan) lists the options
    gan.train("builtin:faces", steps=500)                 # or a folder of pictures; Ctrl-C stops and keeps the model
    clgan.show(gan.generate(64, seed=7))                  # a notebook shows the grid; .save("faces.png") keeps it
    gan.save("faces.safetensors")
    frames = gan.generate(clgan.interpolate(gan.noise(4), frames=60, loop=True))

Pictures are numpy arrays [n, height, width, channels], float32 in -1..1 or uint8. Calls release the GIL while the device
computes; calls on one device run one after another. Failures raise clgan.Error with the library's message; warnings go to
the logger "clgan".
"""
from ._c import VERSION as __version__, unescape  # noqa: F401
from .data import FACE_PARAMETERS, Dataset, Pictures, draw_face, faces
from .device import Device, DeviceInfo, cache_folder, devices
from .errors import DataError, DeviceError, Error, InvalidError, NumericError, OutOfMemory
from .explore import Layer, Projection
from .gan import Gan, Metrics
from .inspection import ClassMaps, ClassScore, Feature, Memorisation, Neighbours
from .latent import interpolate, nearest, neighbours
from .layer_primer import PrimerStep, primer
from .masks import mask, masked, psnr
from .ops import DeconvReport, avg_pool, conv2d, conv_transpose2d, deconv, max_pool
from .picture import Picture, animate, grid, load_picture, normalized, save_picture, show, to_pixels, to_values
from .svm import LinearSVM
from .training import History, Status
