"""The library: finding and loading it, its functions with their types, and its failures as exceptions."""
from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import threading
from ctypes import (POINTER, c_bool, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint64, c_void_p)

import numpy as np

from ._structs import *  # noqa: F401, F403: most of them are used
from .errors import Error, error_of

VERSION = "0.1.0"  # of the library whose structs and functions this package mirrors


# --- arrays as arguments -------------------------------------------------------------------------
class _Array:
    """An argument: a contiguous numpy array of one type, or None."""

    dtype: type

    @classmethod
    def from_param(cls, array):
        if array is None:
            return None
        if not isinstance(array, np.ndarray) or array.dtype != cls.dtype or not array.flags.c_contiguous:
            raise TypeError(f"a contiguous numpy array of {np.dtype(cls.dtype)} expected")
        return ctypes.c_void_p(array.ctypes.data)


class Floats(_Array):
    dtype = np.float32


class Doubles(_Array):
    dtype = np.float64


class Bytes(_Array):
    dtype = np.uint8


class Ints(_Array):
    dtype = np.intc


# --- prototypes ----------------------------------------------------------------------------------
class Status(c_int):
    """What a function returns: 0, or a negative code after a message in the log."""


_log, _out, _texts = POINTER(clg_log), POINTER(c_void_p), POINTER(c_char_p * 2)
_face, _option = POINTER(clg_face), POINTER(clg_option)
_params = c_void_p  # a clg_gan_params or clg_train_params: options.py
_maps = [c_void_p, Floats, c_int, c_int, c_int, Floats, Floats]  # guided, saliency

# name: (what it returns, its arguments)
PROTOTYPES = {
    # base.h
    "clg_version": (c_char_p, []),
    "clg_error_text": (c_char_p, [c_int]),
    # device.h
    "clg_devices_list": (Status, [POINTER(POINTER(clg_device_info)), POINTER(c_int), _log]),
    "clg_devices_free": (None, [POINTER(POINTER(clg_device_info))]),
    "clg_devices_select": (c_int, [POINTER(clg_device_info), c_int, c_char_p, c_char_p, c_size_t]),
    "clg_devices_advice": (c_char_p, []),
    "clg_device_params_default": (clg_device_params, []),
    "clg_device_open": (Status, [_out, POINTER(clg_device_params)]),
    "clg_device_close": (None, [_out]),
    "clg_device_info": (POINTER(clg_device_info), [c_void_p]),
    "clg_device_memory": (c_uint64, [c_void_p, POINTER(c_uint64)]),
    "clg_device_peaks": (Status, [c_void_p, POINTER(clg_peaks)]),
    "clg_device_profile": (Status, [c_void_p, POINTER(POINTER(clg_profile_row)), POINTER(c_int)]),
    # drivers.h
    "clg_cache_folder": (c_char_p, [c_char_p, c_char_p, c_size_t, _log]),
    # tensor.h
    "clg_slab_new": (Status, [_out, c_void_p, c_size_t]),
    "clg_slab_free": (None, [_out]),
    "clg_slab_size": (c_size_t, [clg_shape]),
    "clg_slab_take": (Status, [c_void_p, clg_shape, POINTER(clg_tensor)]),
    "clg_tensor_write": (Status, [c_void_p, clg_tensor, Floats]),
    "clg_tensor_read": (Status, [c_void_p, clg_tensor, Floats]),
    # ops.h
    "clg_conv_out": (c_int, [c_int, c_int, c_int, c_int]),
    "clg_conv_forward": (Status, [c_void_p, clg_conv, clg_tensor, clg_tensor, clg_tensor]),
    "clg_conv_backward_data": (Status, [c_void_p, clg_conv, clg_tensor, clg_tensor, clg_tensor]),
    "clg_deconv": (Status, [c_void_p, clg_conv, clg_tensor, clg_tensor, clg_tensor, c_double, c_int,
                            POINTER(clg_deconv_report)]),
    "clg_pool_forward": (Status, [c_void_p, clg_pool, clg_tensor, clg_tensor]),
    # text.h
    "clg_text_from_utf8": (None, [c_char_p]),
    # options.h
    "clg_option_set": (Status, [_option, c_void_p, c_char_p, _log]),
    "clg_gan_params_size": (c_size_t, []),
    "clg_train_params_size": (c_size_t, []),
    "clg_options_default": (None, [_option, c_void_p]),
    "clg_option_get": (c_size_t, [_option, c_void_p, c_char_p, c_size_t]),
    # data.h
    "clg_crop_parse": (Status, [c_char_p, POINTER(clg_crop)]),
    "clg_data_params_default": (clg_data_params, []),
    "clg_data_open": (Status, [_out, POINTER(clg_data_params)]),
    "clg_data_close": (None, [_out]),
    "clg_data_next": (Status, [c_void_p, Bytes]),
    "clg_data_info": (None, [c_void_p, POINTER(clg_data_info)]),
    "clg_picture_load": (Status, [c_char_p, clg_crop, c_int, c_int, Bytes, _log]),
    "clg_picture_save": (Status, [c_char_p, Bytes, c_int, c_int, c_int, _log]),
    "clg_picture_grid_size": (Status, [c_int, c_int, c_int, POINTER(c_int), POINTER(c_int)]),
    "clg_picture_grid": (None, [Bytes, c_int, c_int, c_int, c_int, Bytes]),
    "clg_picture_values": (None, [Bytes, c_size_t, Floats]),
    "clg_picture_pixels": (None, [Floats, c_size_t, Bytes]),
    "clg_face_random": (clg_face, [c_uint64, c_uint64]),
    "clg_face_draw": (None, [_face, c_int, Bytes]),
    # pictures.h
    "clg_pictures_warned": (c_int, [c_void_p]),
    "clg_pictures_open": (Status, [_out, c_char_p, clg_crop, _log]),
    "clg_pictures_close": (None, [_out]),
    "clg_pictures_count": (c_int, [c_void_p]),
    "clg_pictures_name": (c_char_p, [c_void_p, c_int]),
    "clg_pictures_load": (Status, [c_void_p, Ints, c_int, c_int, c_int, Bytes]),
    "clg_labels_read": (Status, [POINTER(POINTER(clg_labels)), c_void_p, POINTER(clg_labels_params)]),
    "clg_labels_free": (None, [POINTER(POINTER(clg_labels))]),
    "clg_picture_animate": (Status, [c_char_p, Bytes, c_int, c_int, c_int, c_int, c_double, _log]),
    # gan.h, train.h
    "clg_gan_new": (Status, [_out, c_void_p, _params]),
    "clg_gan_free": (None, [_out]),
    "clg_gan_params_of": (c_void_p, [c_void_p]),
    "clg_gan_step_count": (c_int64, [c_void_p]),
    "clg_gan_parameters": (None, [c_void_p, POINTER(c_int64), POINTER(c_int64)]),
    "clg_gan_step": (Status, [c_void_p, Bytes, POINTER(clg_gan_metrics)]),
    "clg_gan_step_with": (Status, [c_void_p, Floats, Floats, POINTER(clg_gan_metrics)]),
    "clg_gan_noise": (None, [_params, c_uint64, c_uint64, c_int, Floats]),
    "clg_gan_generate": (Status, [c_void_p, Floats, c_int, Floats]),
    "clg_gan_discriminate": (Status, [c_void_p, Floats, c_int, Floats]),
    "clg_gan_save": (Status, [c_void_p, c_char_p, _texts, c_int]),
    "clg_gan_describe_svg": (Status, [_params, c_char_p, _log]),
    "clg_gan_load": (Status, [_out, c_void_p, c_char_p, c_int]),
    "clg_gan_init_from": (Status, [c_void_p, c_char_p]),
    "clg_checkpoint_params": (Status, [c_char_p, _params, POINTER(c_int64), _log]),
    "clg_gan_tensors": (c_int, [c_void_p]),
    "clg_gan_tensor": (Status, [c_void_p, c_int, POINTER(clg_tensor_info)]),
    "clg_gan_tensor_read": (Status, [c_void_p, c_int, Floats]),
    "clg_gan_tensor_write": (Status, [c_void_p, c_int, Floats]),
    "clg_train_gan": (Status, [c_void_p, _params, POINTER(clg_batches), TRAIN_FN, c_void_p]),
    # explore.h
    "clg_z_path": (Status, [c_int, Floats, c_int, c_int, c_bool, c_int, Floats]),
    "clg_z_mean": (None, [Floats, c_int, c_int, Floats]),
    "clg_z_neighbours": (None, [Floats, c_int, c_int, c_double, c_uint64, Floats]),
    "clg_gan_layers": (c_int, [c_void_p, c_int]),
    "clg_gan_layer": (Status, [c_void_p, c_int, c_int, POINTER(clg_layer_info)]),
    "clg_gan_maps": (Status, [c_void_p, c_int, Floats, c_int, c_int, Floats]),
    "clg_gan_generate_ablated": (Status, [c_void_p, Floats, c_int, c_int, Floats, Floats]),
    "clg_features_count": (c_int64, [_params]),
    "clg_gan_features": (Status, [c_void_p, Floats, c_int, Floats]),
    "clg_gan_features_of": (Status, [c_void_p, c_void_p, Ints, c_int, Floats, PROGRESS_FN, c_void_p]),
    "clg_gan_guided": (Status, _maps),
    "clg_gan_saliency": (Status, _maps),
    "clg_project_params_default": (clg_project_params, []),
    "clg_gan_project": (Status, [c_void_p, Floats, Floats, c_int, POINTER(clg_project_params), Floats, Floats,
                                 Doubles]),
    "clg_mask_make": (Status, [c_char_p, c_int, c_uint64, Floats, _log]),
    "clg_mask_blend": (None, [Floats, c_int, c_int, Floats, Floats]),
    "clg_mask_psnr": (c_double, [Floats, c_bool, c_int, c_int, Floats, Floats]),
    # inspect.h
    "clg_gan_filters": (Status, [c_void_p, c_int, POINTER(clg_tensor_info), Floats]),
    "clg_gan_rank_features": (Status, [c_void_p, Floats, c_int, c_int, c_int, POINTER(clg_feature), Ints, PROGRESS_FN,
                                       c_void_p]),
    "clg_gan_ablate_maps": (Status, [c_void_p, Floats, c_int, c_int, Ints, c_int, Floats, Floats, Doubles]),
    "clg_class_maps_find": (Status, [POINTER(POINTER(clg_class_maps)), c_void_p, POINTER(clg_class_search)]),
    "clg_class_maps_free": (None, [POINTER(POINTER(clg_class_maps))]),
    # nearest.h
    "clg_memorisation_params_default": (clg_memorisation_params, []),
    "clg_memorisation_search": (Status, [POINTER(POINTER(clg_memorisation)), c_void_p, Floats, c_int,
                                         POINTER(clg_memorisation_params)]),
    "clg_memorisation_free": (None, [POINTER(POINTER(clg_memorisation))]),
    "clg_nearest": (None, [Floats, c_int, Floats, c_int, c_int64, c_int, c_int, Ints, Floats]),
    # primer.h
    "clg_primer_run": (Status, [c_void_p, Bytes, c_int, c_int, POINTER(clg_primer_output)]),
    "clg_primer_free": (None, [POINTER(clg_primer_output)]),
    "clg_primer_pixels": (None, [c_int, POINTER(clg_primer_output), Bytes]),
    # svm.h
    "clg_svm_params_default": (clg_svm_params, []),
    "clg_svm_train": (Status, [_out, Floats, c_int, c_int64, Ints, c_int, POINTER(c_char_p), POINTER(clg_svm_params)]),
    "clg_svm_free": (None, [_out]),
    "clg_svm_classes": (c_int, [c_void_p]),
    "clg_svm_name": (c_char_p, [c_void_p, c_int]),
    "clg_svm_count": (c_int64, [c_void_p]),
    "clg_svm_c": (c_double, [c_void_p]),
    "clg_svm_scores": (None, [c_void_p, Floats, c_int, Floats]),
    "clg_svm_save": (Status, [c_void_p, c_char_p, _texts, c_int, _log]),
    "clg_svm_load": (Status, [_out, c_char_p, _log]),
}


# --- loading -------------------------------------------------------------------------------------
def _candidates() -> list[str]:
    """Where libclgan.so may be: only $CLGAN_LIBRARY if it is set; else beside this file, or in the source's build."""
    chosen = os.environ.get("CLGAN_LIBRARY")
    if chosen:
        return [chosen]
    here = os.path.dirname(os.path.abspath(__file__))
    return [os.path.join(here, "libclgan.so"), os.path.normpath(os.path.join(here, "../../../build/libclgan.so"))]


def _load() -> ctypes.CDLL:
    paths = _candidates()
    found = next((p for p in paths if os.path.exists(p)), None)
    if found is None:
        raise ImportError("no clgan library at " + " or ".join(paths)
                          + ": build it with ./run build, or set CLGAN_LIBRARY")
    try:
        dll = ctypes.CDLL(found)
        dll.clg_version.restype = c_char_p
        version = dll.clg_version().decode()
    except (OSError, AttributeError) as error:
        raise ImportError(f"{found} is not a clgan library that works here: {error}") from None
    if version != VERSION:
        raise ImportError(f"{found} is version {version}, this package needs {VERSION}: build both from one source")
    return dll


class _Library:
    """lib.clg_something, bound on first use, so that a missing function breaks nothing else."""

    def __init__(self):
        self._dll = _load()

    def __getattr__(self, name: str):
        returned, arguments = PROTOTYPES[name]
        try:
            function = self._dll[name]
        except AttributeError:
            raise Error(f"{self._dll._name} has no {name}: it is older than this package; build it again") from None
        function.restype, function.argtypes = returned, arguments
        setattr(self, name, function)
        return function

    __getitem__ = __getattr__

    def table(self, name: str):
        """The rows of a table of options."""
        first = ctypes.cast(ctypes.byref(clg_option.in_dll(self._dll, name)), POINTER(clg_option))
        rows, i = [], 0
        while first[i].name:
            rows.append(first[i])
            i += 1
        return rows


lib = _Library()
_free = ctypes.CDLL(None).free
_free.restype, _free.argtypes = None, [c_void_p]


def free(pointer):
    """Frees memory that the library handed to the caller."""
    _free(ctypes.cast(pointer, c_void_p))


# --- the log -------------------------------------------------------------------------------------
_logger = logging.getLogger("clgan")
_LEVELS = {1: logging.WARNING, 2: logging.INFO}  # CLG_LOG_WARNING, CLG_LOG_INFO
_here = threading.local()  # .lines: the errors logged so far by each call that this thread is in
_elsewhere: list[str] = []  # the last error logged by one of the library's own threads


def _log_line(level: int, line: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # logging itself fails where stderr is closed
        _logger.log(level, line)


def _on_line(_user, level, line):
    text = line.decode(errors="replace")
    lines = getattr(_here, "lines", None)
    if level:
        _log_line(_LEVELS.get(level, logging.INFO), text)
    elif lines:
        lines[-1].append(text)
    else:
        _elsewhere[:] = [text]


_on_line_c = LOG_FN(_on_line)  # kept alive as long as the library may call it
LOG = clg_log(_on_line_c, None)


def log() -> object:
    """For functions that take a `const struct clg_log *`."""
    return ctypes.byref(LOG)


def call(function, *arguments):
    """Calls the library. A failure raises an exception with the lines that this call logged."""
    if not hasattr(_here, "lines"):
        _here.lines = []
    _here.lines.append([])
    try:
        result = function(*arguments)
    finally:
        logged = _here.lines.pop()
    if function.restype is not Status:
        return result
    if result.value:
        logged = logged or _elsewhere or [lib.clg_error_text(result.value).decode()]
        message = "\n".join(logged)
        _elsewhere.clear()
        raise error_of(result.value, message)
    for line in logged:  # errors that the library recovered from
        _log_line(logging.ERROR, line)
    return None


def text(value) -> bytes | None:
    """A text as the library expects it."""
    return None if value is None else os.fsencode(value)


def path(value) -> bytes | None:
    """A path (str, bytes or os.PathLike) as the library expects it; ~ and ~user are expanded."""
    return None if value is None else os.fsencode(os.path.expanduser(value))


def unescape(text: str) -> str:
    """The original file or class name, from what clgan writes to CSV files, lists of names and files' metadata.

    Bytes that are not UTF-8 are written there as \\xHH. The result is what os.fsdecode gives: open() takes it.
    """
    name = ctypes.create_string_buffer(os.fsencode(text))
    lib.clg_text_from_utf8(name)
    return os.fsdecode(name.value)


def pairs(entries: dict):
    """A dict as pairs for a file's metadata, and their number."""
    rows = (c_char_p * 2 * max(len(entries), 1))()
    for row, (key, value) in zip(rows, entries.items()):
        row[0], row[1] = os.fsencode(str(key)), os.fsencode(str(value))
    return ctypes.cast(rows, _texts) if entries else None, len(entries)
