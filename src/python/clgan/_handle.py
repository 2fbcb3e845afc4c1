"""Owners of the library's objects: each is freed once, and used by one thread at a time."""
from __future__ import annotations

import ctypes
import os
import threading
import weakref

from ._c import call, lib


class Owned:
    """Freed by close(), at the end of a `with`, or with its last reference. A lock serialises threads."""

    _instead = ""  # what to do instead of copying or pickling it

    def __init__(self):
        self._pointer = ctypes.c_void_p()  # a constructor of the library writes here
        self._lock = threading.RLock()
        self._finalizer = None
        _all.add(self)

    def __reduce__(self):
        raise TypeError(f"a {type(self).__name__} cannot be copied or pickled: {self._instead}")

    def _own(self, free: str) -> None:
        """From now on the library's function of that name frees the pointer."""
        self._finalizer = weakref.finalize(self, _free, lib, free, self._pointer)

    @property
    def _as_argument(self) -> ctypes.c_void_p:
        if not self._pointer:
            raise ValueError(f"this {type(self).__name__} is closed")
        return self._pointer

    def _call(self, function, *arguments):
        """function(this object, *arguments), one thread at a time."""
        with self._lock:
            return call(function, self._as_argument, *arguments)

    def close(self) -> None:
        """Frees it now; it cannot be used any more. Closing it again does nothing."""
        with self._lock:
            if self._finalizer:
                self._finalizer()
            self._pointer = ctypes.c_void_p()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


_all: weakref.WeakSet[Owned] = weakref.WeakSet()


def _renew_locks() -> None:
    """In a forked child, threads that held a lock do not exist to release it. The library refuses unsafe calls itself."""
    for owned in list(_all):
        owned._lock = threading.RLock()


os.register_at_fork(after_in_child=_renew_locks)


def _free(library, name: str, pointer: ctypes.c_void_p) -> None:
    if pointer:
        getattr(library, name)(ctypes.byref(pointer))
