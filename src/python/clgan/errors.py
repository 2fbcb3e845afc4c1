"""Exceptions for the library's error codes, each with the message that says what failed and what to do."""
from __future__ import annotations

# enum clg_error of <clgan/base.h>
EINVAL, ENOMEM, EIO, EFORMAT, ENODEV, EDEVICE, EBUILD, EDATA, ENUMERIC = range(-1, -10, -1)


class Error(Exception):
    """A call of the library failed. str(error) is the library's message, error.code its (negative) code."""

    code = 0

    def __init__(self, message: str, code: int = 0):
        super().__init__(message)
        self.code = code or type(self).code


class InvalidError(Error, ValueError):
    """An argument or option is out of range (CLG_EINVAL)."""

    code = EINVAL


class OutOfMemory(Error, MemoryError):
    """Out of host or device memory (CLG_ENOMEM)."""

    code = ENOMEM


class DeviceError(Error):
    """No such device, or an OpenCL call or the compilation of a kernel failed (CLG_ENODEV, CLG_EDEVICE, CLG_EBUILD)."""

    code = EDEVICE


class DataError(Error):
    """A file or data set cannot be read, written or used (CLG_EIO, CLG_EFORMAT, CLG_EDATA)."""

    code = EDATA


class NumericError(Error):
    """A loss or gradient is not finite (CLG_ENUMERIC)."""

    code = ENUMERIC


KINDS = {EINVAL: InvalidError, ENOMEM: OutOfMemory, EIO: DataError, EFORMAT: DataError, EDATA: DataError,
         ENODEV: DeviceError, EDEVICE: DeviceError, EBUILD: DeviceError, ENUMERIC: NumericError}


def error_of(code: int, message: str) -> Error:
    """The exception for a code of the library."""
    return KINDS.get(code, Error)(message, code)
