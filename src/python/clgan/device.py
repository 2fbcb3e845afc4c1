"""OpenCL devices: listing them, and opening one for work."""
from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import weakref
from ctypes import POINTER, byref, c_int, c_uint64, create_string_buffer
from dataclasses import dataclass

from ._c import LOG, call, free, lib, log, path, text
from ._handle import Owned
from ._structs import PROGRESS_FN, clg_peaks, clg_device_info, clg_profile_row
from .errors import ENODEV, DeviceError
from .progress import Progress

_TYPES = ("gpu", "cpu", "other")  # enum clg_device_type
_COMPILE_PAUSE = 0.3  # seconds that loading kernels may take before a progress bar appears


@dataclass(frozen=True)
class DeviceInfo:
    """A device's properties. Sizes are in bytes; Device("1") selects by index, Device("0:1") by platform:device."""

    index: int
    platform: int
    device: int
    name: str
    vendor: str
    driver: str
    version: str
    platform_name: str
    type: str  # "gpu", "cpu" or "other"
    compute_units: int
    memory: int
    max_allocation: int
    local_memory: int
    max_work_group: int
    fp16: bool
    fp64: bool
    available: bool

    @classmethod
    def _of(cls, info: clg_device_info) -> DeviceInfo:
        values = {name: getattr(info, name) for name in cls.__dataclass_fields__}
        values = {name: v.decode(errors="replace") if isinstance(v, bytes) else v for name, v in values.items()}
        return cls(**{**values, "type": _TYPES[info.type]})

    def __repr__(self) -> str:
        state = "" if self.available else ", not usable"
        return (f"<{self.index} ({self.platform}:{self.device}): {self.name}, {self.type}, {self.compute_units} units, "
                f"{self.memory / 2**30:.1f} GiB, {self.platform_name}{state}>")


class _Devices(list):
    """A list whose repr has a line for each device."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or lib.clg_devices_advice().decode().rstrip()


@contextlib.contextmanager
def _signals_kept():
    """Restores Python's signal handlers, which OpenCL drivers built on LLVM replace when they start."""
    kept = {}
    if threading.current_thread() is threading.main_thread():
        kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            if handler is not None:
                signal.signal(number, handler)


def devices() -> list[DeviceInfo]:
    """All usable OpenCL devices. If there are none, the empty list's repr says what to install."""
    rows, count = POINTER(clg_device_info)(), c_int()
    with _signals_kept():
        call(lib.clg_devices_list, byref(rows), byref(count), log())
    found = _Devices(DeviceInfo._of(rows[i]) for i in range(count.value))
    lib.clg_devices_free(byref(rows))
    return found


def cache_folder(inside: str = "") -> str | None:
    """The folder where the command and this package keep what can be computed again; None if there is none.

    $XDG_CACHE_HOME/clgan or ~/.cache/clgan, with `inside` appended ("/tuning"). It may not exist yet.
    """
    path = create_string_buffer(4096)
    found = lib.clg_cache_folder(text(inside), path, len(path), log())
    return None if found is None else os.fsdecode(found)


class _Compiling:
    """A progress bar for compiling kernels, shown once that takes a while."""

    def __init__(self):
        self.bar = None
        self.function = PROGRESS_FN(self._at)  # kept alive as long as the device may call it
        self.start = 0.0

    def _at(self, _user, what, done, total):
        now = time.monotonic()
        if done == 0:
            self.start = now
        if self.bar is None and done < total and now - self.start > _COMPILE_PAUSE:
            self.bar = Progress(total, "compiling", "kernel")
        if self.bar is not None:
            self.bar.at(done, what.decode(errors="replace") if done < total else "")
            if done >= total:
                self.bar.close()
                self.bar = None


class Device(Owned):
    """An opened device.

    select: "auto", "gpu", "cpu", an index "1", platform:device "0:1", or part of the name; by default
    $CLGAN_DEVICE, else "auto". Compiled kernels and the results of `clgan tune` are kept in cache_folder(), as by the
    command (cache=False, tuning=False: they are neither read nor kept). kernels: a folder whose .cl files replace the
    library's. variants: forces variants of operations, "conv=plain". exact: no Winograd convolutions. profile: times
    every kernel.

        with clgan.Device("gpu") as device:
            gan = clgan.Gan(device=device, size=64)
    """

    _instead = "open another one, clgan.Device(...), in the process that computes"

    def __init__(self, select: str | None = None, *, kernels: str | os.PathLike | None = None, cache: bool = True,
                 tuning: bool = True, variants: str | None = None, exact: bool = False, profile: bool = False):
        super().__init__()
        self._depth = 0  # of nested calls on this device
        self._dead = []  # (function, pointer) of gans without references
        self._living = weakref.WeakSet()  # gans, which must be freed before the device
        self._compiling = _Compiling()
        params = lib.clg_device_params_default()
        params.select = text(select if select is not None else os.environ.get("CLGAN_DEVICE"))
        params.kernels_dir = path(kernels)
        params.cache_dir = text(cache_folder()) if cache else None
        params.tuning_dir = text(cache_folder("/tuning")) if tuning else None
        params.variants = text(variants)
        params.exact, params.profile = exact, profile
        params.log, params.progress = LOG, self._compiling.function
        with _signals_kept():
            self._open(params)
        self._own("clg_device_close")
        self.info = DeviceInfo._of(lib.clg_device_info(self._pointer).contents)

    def _open(self, params) -> None:
        try:
            call(lib.clg_device_open, byref(self._pointer), byref(params))
        except DeviceError as error:
            if error.code != ENODEV:
                raise
            raise DeviceError(f"{error}\n{devices()!r}", ENODEV) from None

    def _run(self, function, *arguments):
        """Calls the library for this device: one thread at a time."""
        with self._lock:
            self._as_argument  # raises when closed
            self._depth += 1
            try:
                return call(function, *arguments)
            finally:
                self._depth -= 1
                self._bury()

    @contextlib.contextmanager
    def _paused(self):
        """During a callback from the library: other threads may use the device, and unreferenced gans are freed."""
        depth, self._depth = self._depth, 0
        self._bury()
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
            self._depth = depth

    def _bury(self) -> None:
        """Frees unreferenced gans, outside all calls."""
        while self._dead and not self._depth:
            function, pointer = self._dead.pop()
            if pointer:
                function(byref(pointer))

    def _leave(self, function, pointer) -> None:
        """What a gan's finalizer calls, at any moment, even during a call."""
        self._dead.append((function, pointer))
        if self._lock.acquire(blocking=False):
            try:
                self._bury()
            finally:
                self._lock.release()

    def close(self) -> None:
        """Closes the device and the gans on it."""
        with self._lock:
            for gan in list(self._living):
                gan.close()
            self._bury()
            super().close()

    def memory(self) -> tuple[int, int]:
        """Device memory in bytes: allocated now, and at the peak."""
        peak = c_uint64()
        now = self._run(lib.clg_device_memory, self._as_argument, byref(peak))
        return now, peak.value

    def peaks(self) -> tuple[float, float]:
        """Measured peak float32 operations and bytes per second; this takes about a second."""
        measured = clg_peaks()
        self._run(lib.clg_device_peaks, self._as_argument, byref(measured))
        return measured.flops, measured.bytes

    def profile(self) -> list[dict]:
        """With profile=True, a dict for each kernel so far, longest first: name, calls, seconds, flops, bytes."""
        rows, count = POINTER(clg_profile_row)(), c_int()
        self._run(lib.clg_device_profile, self._as_argument, byref(rows), byref(count))
        found = [{name: getattr(rows[i], name) for name, _ in clg_profile_row._fields_} for i in range(count.value)]
        free(rows)
        return [{**row, "name": row["name"].decode()} for row in found]

    def __repr__(self) -> str:
        if not self._pointer:
            return "<clgan.Device, closed>"
        now, peak = self.memory()
        return (f"<clgan.Device {self.info.index}, {self.info.name}: {now / 2**20:.1f} MiB allocated, "
                f"peak {peak / 2**20:.1f}>")


_shared: weakref.WeakValueDictionary[str, Device] = weakref.WeakValueDictionary()
_default: list[Device] = []  # stays open until exit


def device_of(device: Device | str | None) -> Device:
    """The device itself; one shared by all who select it by the same text; or the default one, opened on first use."""
    if isinstance(device, Device):
        return device
    if device is None:
        if not _default or not _default[0]._pointer:
            _default[:] = [Device()]
        return _default[0]
    if not isinstance(device, str):
        raise TypeError(f"device: a Device or a text that selects one expected, got {device!r}")
    shared = _shared.get(device)
    if shared is None or not shared._pointer:
        shared = _shared[device] = Device(device)
    return shared
