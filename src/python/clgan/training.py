"""Training: the library's loop, in memory or with a run's folder as `clgan train` makes it; Ctrl-C ends it cleanly."""
from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections import namedtuple

import numpy as np

from . import _arrays
from ._c import lib
from ._structs import BATCH_FN, TRAIN_FN, clg_batches, clg_gan_metrics
from .data import Dataset, source_of
from .errors import EDATA, Error
from .options import Options
from .progress import Progress, reader_gone

_METRICS = [name for name, _ in clg_gan_metrics._fields_]
_AGAIN = 1.0  # seconds after which a second SIGTERM counts as a new one
_RESERVED = ("data", "out", "init", "resume", "steps", "epochs")  # options that train() has arguments for
_MODEL = "model.safetensors"
_FOLDER = ("sample_every", "save_every", "keep", "overwrite")  # options that need `out`

Status = namedtuple("Status", ["step", "steps", "epoch", *_METRICS, "images_per_s", "eta_s"])
Status.__doc__ = """After a step: its number and the last one's; passes over the data (0 if it is endless); the step's metrics;
speed and seconds left (0 and -1 while unknown)."""


class History(list):
    """A Status per step. history["loss_d"] is that column as a float64 array; stopped: training ended early."""

    stopped = False

    def __getitem__(self, key):
        if isinstance(key, str):
            return np.array([getattr(status, key) for status in self], np.float64)
        return super().__getitem__(key)

    def __repr__(self) -> str:
        if not self:
            return "<clgan.History, no steps>"
        end = "stopped at" if self.stopped else "to"
        return (f"<clgan.History of {len(self)} steps, {end} step {self[-1].step}: loss D {self[-1].loss_d:.3f}, "
                f"G {self[-1].loss_g:.3f}>")


class _CtrlC:
    """In the main thread, the first Ctrl-C only sets `pressed`; a second one raises KeyboardInterrupt.

    SIGTERM and SIGHUP count too, unless the program ignores or handles them. Both may arrive twice at once (`timeout`, a
    shell and its terminal), so a second SIGTERM ends the process only after a while, and a second SIGHUP never does.
    """

    def __enter__(self):
        self.pressed, self.before, self.since = False, {}, 0.0
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                now = signal.getsignal(number)  # None: installed outside Python
                if now == signal.SIG_DFL or number == signal.SIGINT and now not in (signal.SIG_IGN, None):
                    self.before[number] = signal.signal(number, self._on_signal)
        return self

    def _on_signal(self, number, _frame):
        if not self.pressed:
            self.pressed, self.since = True, time.monotonic()
            with contextlib.suppress(Exception):  # it may interrupt another print, and stderr may be closed
                if sys.stderr is not None:
                    print("\nclgan: finishing this step (Ctrl-C once more: stop at once)", file=sys.stderr)
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        elif number == signal.SIGTERM and time.monotonic() - self.since > _AGAIN:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def __exit__(self, *_):
        for number, handler in self.before.items():
            signal.signal(number, handler)


class _Loop:
    """One training, with the callbacks that the library calls."""

    def __init__(self, gan, source, callback, progress: bool):
        self.gan, self.source, self.callback, self.progress = gan, source, callback, progress
        self.history, self.ctrl_c, self.bar = History(), _CtrlC(), None
        self.failure = None  # an exception: it cannot pass through the library, so it is raised afterwards
        self.first = gan.steps
        self.batch_fn, self.step_fn = BATCH_FN(self._next_batch), TRAIN_FN(self._after_step)

    def batches(self):
        return self.source and ctypes.byref(clg_batches(self.batch_fn, None, self.source.pictures))

    def _next_batch(self, _user, pictures) -> int:
        try:
            with self.gan.device._paused():
                batch = _arrays.pixels(self.source.next(), self.gan.batch_shape, "data: a batch")
            ctypes.memmove(pictures, batch.ctypes.data, batch.nbytes)
            return 0
        except BaseException as error:
            self.failure = error
            return EDATA

    def _after_step(self, _user, status) -> bool:
        """True: end here."""
        try:
            s = status.contents
            metrics = [getattr(s.metrics, name) for name in _METRICS]
            with self.gan.device._paused():
                return self._report(Status(s.step, s.steps, s.epoch, *metrics, s.images_per_s, s.eta_s))
        except BaseException as error:
            self.failure = error
            return True

    def _report(self, status: Status) -> bool:
        self.history.append(status)
        if self.bar is None:
            self.bar = Progress(status.steps - self.first, "training", "step", self.progress)
        self.bar.at(status.step - self.first, f"D {status.loss_d:.2f} G {status.loss_g:.2f}  D(x) {status.d_real:.2f} "
                    f"D(G(z)) {status.d_fake_before:.2f}  {status.images_per_s:.0f} img/s")
        return self._stop_asked(status) or self.ctrl_c.pressed or self.bar.gone

    def _stop_asked(self, status: Status) -> bool:
        """By the callback; also by one that prints to a pipe nobody reads any more."""
        try:
            return bool(self.callback and self.callback(status))
        except OSError as error:
            if not reader_gone(error):
                raise
            return True

    def run(self, params: Options) -> History:
        try:
            with self.ctrl_c:
                self.gan._call(lib.clg_train_gan, params, self.batches(), self.step_fn, None)
        except Error:
            if self.failure is None:
                raise
        finally:
            if self.bar is not None:
                self.bar.close()
        if self.failure is not None:
            raise self.failure
        self.history.stopped = self.history[-1].step < self.history[-1].steps
        return self.history


class Training:
    """The part of Gan that trains."""

    _folder = None  # of the run that this gan is at the end of
    _is_training = False

    def train(self, data="builtin:faces", steps: int | None = None, epochs: int | None = None, out=None, callback=None,
              progress: bool = True, **options) -> History:
        """Trains for that many more steps, or passes over the data.

        data: a folder, "builtin:faces", a clgan.Dataset, uint8 pictures [n, size, size, channels], or an iterable of
        batches, uint8 [batch, size, size, channels], which starts over when it ends. Options for folders, as on the
        command line: crop, flip, threads. callback(status) is called after each step; returning True ends the training.
        Ctrl-C ends it after the current step and train() returns normally: the gan can be used and trained further.
        SIGTERM, a closed terminal and a broken pipe on stdout or stderr do the same; if stderr is closed, only the
        progress bar is lost.

        out: a folder for the whole run, as `clgan train` makes it: model.safetensors, metrics.csv, samples/ and
        report.html, with the options sample_every, save_every, keep and overwrite (needed to replace an earlier run).
        A gan that was loaded from, or trained into, that folder continues its run.
        """
        if (steps is None) == (epochs is None):
            raise TypeError("train: give steps or epochs")
        if isinstance(data, Dataset) and out is not None:
            options, data = {**data.options, **options}, data.path
        params = Options("train").set(options, "train", _RESERVED)
        is_path = isinstance(data, (str, os.PathLike))
        for name in options:
            if out is None and name in _FOLDER:
                raise TypeError(f"train: {name} needs a folder: give out=")
            if not is_path and name not in _FOLDER:
                raise TypeError(f"train: {name} is for folders; this data is used as it is")
        own = {"steps": steps if steps is None else _arrays.whole(steps, "steps", 1, 10**12),
               "epochs": epochs if epochs is None else _arrays.whole(epochs, "epochs", 1, 10**9), "out": ""}
        source = None
        if is_path:
            own["data"] = os.path.expanduser(os.fsdecode(data))
        else:
            source = source_of(data, self.batch_shape, self._params.seed, self.steps * self._params.batch)
        if out is not None:
            out = os.path.expanduser(os.fsdecode(out))
            own["resume" if self._continues(out) else "out"] = out
        return self._run(_Loop(self, source, callback, progress), params.set(own, "train"), out)

    def _run(self, loop: _Loop, params: Options, out: str | None) -> History:
        self._is_training = True
        try:
            return loop.run(params)
        finally:
            self._is_training = False
            if out is not None and loop.history:
                self._folder = os.path.realpath(out)

    @staticmethod
    def _folder_of(path) -> str | None:
        """The folder of the run that a checkpoint is the end of."""
        folder, name = os.path.split(os.path.realpath(os.path.expanduser(os.fsdecode(path))))
        return folder if name == _MODEL else None

    def _continues(self, out: str) -> bool:
        """Is this the folder of the gan's own run?"""
        return self._folder == os.path.realpath(out) and os.path.exists(os.path.join(out, _MODEL))
