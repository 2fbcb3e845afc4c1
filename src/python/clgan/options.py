"""Keywords from the library's own option tables, which the command line and its --help read too."""
from __future__ import annotations

import ctypes
import os

import numpy as np

from ._c import call, lib, log

_INT, _INT64, _UINT64, _FLOAT, _BOOL, _TEXT, _CHOICE, _CROP, _PATH = range(9)  # enum clg_option_type
_CONVERT = {_INT: int, _INT64: int, _UINT64: int, _FLOAT: float, _BOOL: lambda text: text == "true"}
_SIZE = 4096  # of a value as text


def _text(value) -> bytes:
    if isinstance(value, (bool, np.bool_)):
        return b"true" if value else b"false"
    if isinstance(value, (float, np.floating)):
        return repr(float(value)).encode()
    return os.fsencode(value if isinstance(value, os.PathLike) else str(value))


class Options:
    """A params struct of the library, "gan" or "train". Its options are attributes here: z-dist is z_dist.

    Functions of the library that take such a struct take this object.
    """

    def __init__(self, kind: str):
        self._rows = {row.name.decode().replace("-", "_"): row for row in lib.table(f"clg_{kind}_options")}
        self._as_parameter_ = ctypes.create_string_buffer(lib[f"clg_{kind}_params_size"]())
        self._texts = []  # the struct points to them
        lib.clg_options_default(ctypes.byref(next(iter(self._rows.values()))), self)

    def copy(self, params: int) -> Options:
        """Takes over a struct of the library, which holds no texts."""
        ctypes.memmove(self._as_parameter_, params, len(self._as_parameter_))
        return self

    def set(self, keywords: dict, whose: str, reserved: tuple = ()) -> Options:
        """Sets options; the library rejects values that are out of range. None: the default stays."""
        allowed = [name for name in self._rows if name not in reserved]
        for name, value in keywords.items():
            if name not in allowed:
                raise TypeError(f"{whose} has no option {name!r}; there are " + ", ".join(allowed))
            if value is not None:
                self._texts.append(_text(value))
                call(lib.clg_option_set, ctypes.byref(self._rows[name]), self, self._texts[-1], log())
        return self

    def __getattr__(self, name: str):
        row = self.__dict__.get("_rows", {}).get(name)
        if row is None:
            raise AttributeError(name)
        text = ctypes.create_string_buffer(_SIZE)
        lib.clg_option_get(ctypes.byref(row), self, text, _SIZE)
        return _CONVERT.get(row.type, str)(os.fsdecode(text.value))

    def get(self) -> dict:
        """All options: numbers, bools and texts."""
        return {name: getattr(self, name) for name in self._rows}

    def help(self) -> str:
        """A line for each option, with its value in brackets."""
        values = self.get()
        width = max(map(len, values))
        return "\n".join(f"{name:{width}}  {self._rows[name].help.decode()} [{value}]"
                         for name, value in values.items())
