"""Keywords from the library's own option tables: the ones that the command line and its --help read."""
from __future__ import annotations

import ctypes
import os

import numpy as np

from ._c import call, lib, log

GAN, TRAIN = "clg_gan_options", "clg_train_options"
_INT, _INT64, _UINT64, _FLOAT, _BOOL, _TEXT, _CHOICE, _CROP, _PATH = range(9)  # enum clg_option_type
_SIZE = 4096  # of a value as text


def keyword(row) -> str:
    """z-dist on the command line is z_dist here."""
    return row.name.decode().replace("-", "_")


def _text(value) -> bytes:
    if isinstance(value, (bool, np.bool_)):
        return b"true" if value else b"false"
    if isinstance(value, (float, np.floating)):
        return repr(float(value)).encode()
    return os.fsencode(value if isinstance(value, os.PathLike) else str(value))


class Options:
    """A params struct and its table. `left_out`: rows that are not keywords."""

    def __init__(self, table: str, params, left_out: tuple = ()):
        self.params = params
        self._rows = {keyword(row): row for row in lib.table(table) if keyword(row) not in left_out}
        self._kept = []  # texts that the struct points to

    def names(self) -> list[str]:
        return list(self._rows)

    def set(self, keywords: dict, whose: str) -> Options:
        """Sets fields; the library refuses values with its own message."""
        for name, value in keywords.items():
            if name not in self._rows:
                raise TypeError(f"{whose} has no option {name!r}; there are " + ", ".join(self._rows))
            if value is None:
                continue
            encoded = _text(value)
            self._kept.append(encoded)
            call(lib.clg_option_set, ctypes.byref(self._rows[name]), ctypes.byref(self.params), encoded, log())
        return self

    def texts(self) -> dict[str, str]:
        """All fields by the command's names, as texts that read back to the same values."""
        values = {}
        for row in self._rows.values():
            text = ctypes.create_string_buffer(_SIZE)
            lib.clg_option_get(ctypes.byref(row), ctypes.byref(self.params), text, _SIZE)
            values[row.name.decode()] = os.fsdecode(text.value)
        return values

    def get(self) -> dict:
        """All fields by keyword: numbers, bools and texts."""
        kinds = {_INT: int, _INT64: int, _UINT64: int, _FLOAT: float, _BOOL: lambda text: text == "true"}
        return {name: kinds.get(row.type, str)(text)
                for (name, row), text in zip(self._rows.items(), self.texts().values())}

    def help(self) -> str:
        """One line per keyword: what it is, and its value now."""
        values = self.get()
        width = max(map(len, values))
        return "\n".join(f"{name:{width}}  {self._rows[name].help.decode()} [{value}]"
                         for name, value in values.items())


def gan_options() -> Options:
    return Options(GAN, lib.clg_gan_params_default())
