"""Training: a loop in memory, or a run in a folder as `clgan train` makes it; Ctrl-C ends both cleanly."""
from __future__ import annotations

import contextlib
import glob
import math
import os
import signal
import sys
import threading
import time
from collections import namedtuple
from ctypes import byref

import numpy as np

from . import _arrays
from ._c import lib, text
from ._structs import TRAIN_FN, clg_gan_metrics
from .data import Batches, Dataset
from .errors import EINVAL, InvalidError
from .options import TRAIN, Options
from .progress import Progress, reader_gone

_METRICS = [name for name, _ in clg_gan_metrics._fields_]
_AGAIN = 1.0  # seconds after which a second SIGTERM is another one
_RATE_STEPS = 20  # steps that the rate is taken over
_OURS = ("data", "out", "init", "resume", "steps", "epochs")  # rows of the table that train() has arguments for
_PLACES = ("out", "overwrite", "init", "resume")  # what names a run's place and start
_MODEL = "model.safetensors"
_FOLDER = ("sample_every", "save_every", "keep", "overwrite")  # what makes sense with `out` only

Status = namedtuple("Status", ["step", "steps", "epoch", *_METRICS, "images_per_s", "eta_s"])
Status.__doc__ = """After a step: its number of all; passes over the data (0 when that is endless); its metrics; the
speed and the seconds left (0 and -1 while unknown)."""


class History(list):
    """A Status per step. history["loss_d"] is that column as a float64 array; `stopped` tells of an early end."""

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
    """Inside, in the main thread, the first Ctrl-C only sets `pressed`; a second one is a KeyboardInterrupt.

    SIGTERM and SIGHUP count too, unless the program ignores or handles them. They may come twice at once (`timeout`, a
    shell and its terminal), so that a second SIGTERM ends the process only a while later, and a second SIGHUP never.
    """

    def __enter__(self):
        self.pressed, self.before, self.since = False, {}, 0.0
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                now = signal.getsignal(number)  # None: of another language's
                if now == signal.SIG_DFL or number == signal.SIGINT and now not in (signal.SIG_IGN, None):
                    self.before[number] = signal.signal(number, self._on_signal)
        return self

    def _on_signal(self, number, _frame):
        if not self.pressed:
            self.pressed, self.since = True, time.monotonic()
            with contextlib.suppress(Exception):  # it may have come amid another print, and stderr may be closed
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


class _Course:
    """What both ways of training tell after each step, and whether they go on."""

    def __init__(self, callback, progress: bool, first: int, steps: int):
        self.history, self.callback, self.first = History(), callback, first
        self.bar = Progress(steps, "training", "step", progress)
        self.ctrl_c = _CtrlC()
        self.failure = None  # what the callback raised inside the library

    def after(self, status: Status) -> bool:
        """True: end here."""
        self.history.append(status)
        self.bar.at(status.step - self.first, f"D {status.loss_d:.2f} G {status.loss_g:.2f}  D(x) {status.d_real:.2f} "
                    f"D(G(z)) {status.d_fake_before:.2f}  {status.images_per_s:.0f} img/s")
        return self._asked(status) or self.ctrl_c.pressed or self.bar.gone

    def _asked(self, status: Status) -> bool:
        """By the callback. One that prints where nobody reads any more asks for an end, too."""
        try:
            return bool(self.callback and self.callback(status))
        except OSError as error:
            if not reader_gone(error):
                raise
            return True

    def end(self, steps: int) -> History:
        self.history.stopped = not self.history or self.history[-1].step < steps
        return self.history


class _Rate:
    """Speed over the last steps, without the first one, which may compile kernels."""

    def __init__(self, batch: int):
        self.batch, self.times = batch, []

    def after_step(self, left: int) -> tuple[float, float]:
        self.times = [*self.times[-_RATE_STEPS + 1:], time.monotonic()]
        seconds = self.times[-1] - self.times[0]
        rate = (len(self.times) - 1) * self.batch / seconds if seconds > 0 else 0
        return rate, left * self.batch / rate if rate else -1


class Training:
    """The part of Gan that trains."""

    def train(self, data="builtin:faces", steps: int | None = None, epochs: int | None = None, out=None, callback=None,
              progress: bool = True, **options) -> History:
        """Trains for that many more steps, or passes over the data.

        data: a folder, "builtin:faces", a clgan.Dataset, or uint8 pictures [n, size, size, channels]. Options, as the
        command's: crop, flip, threads. callback(status) after each step; True ends the training. Ctrl-C finishes the
        step, and train() returns what there is: the gan is usable and can go on. SIGTERM, a closed terminal and a pipe
        that nobody reads any more count like Ctrl-C; where stderr is closed, only the progress is missing.

        out: a folder for the whole run, as `clgan train` makes it: model.safetensors, metrics.csv, samples/ and
        report.html; then also sample_every, save_every, keep and overwrite (an earlier run there is refused without).
        A gan that was loaded from, or trained into, that folder goes on there.
        """
        if (steps is None) == (epochs is None):
            raise TypeError("train: give steps or epochs")
        if steps is not None:
            steps = _arrays.whole(steps, "steps", 1, 10**12)
        else:
            epochs = _arrays.whole(epochs, "epochs", 1, 10**9)
        if isinstance(data, Dataset) and out is not None:
            options = {**data.options, **options}
            data = data.path
        chosen = Options(TRAIN, lib.clg_train_params_default(), _OURS).set(options, "train")
        if out is None:
            useless = [name for name in _FOLDER if name in options]
            if useless:
                raise TypeError(f"train: {useless[0]} needs a folder: give out=")
            if options and not isinstance(data, (str, os.PathLike)):
                raise TypeError(f"train: {next(iter(options))} is for folders; this data comes as it is")
            return self._train_here(self._batches(data, chosen), steps, epochs, callback, progress)
        if not isinstance(data, (str, os.PathLike)):
            raise TypeError("train: with out= the pictures come from a folder, 'builtin:faces' or a Dataset")
        data, out = os.path.expanduser(os.fsdecode(data)), os.path.expanduser(os.fsdecode(out))
        if not data.startswith("builtin:"):
            data = os.path.join(os.getcwd(), data)  # the run is found to go on from anywhere
        return self._train_there(data, out, steps, epochs, chosen, callback, progress)

    # --- in memory -------------------------------------------------------------------------------
    def _batches(self, data, chosen: Options):
        p = self._params
        start = self.steps * p.batch
        if isinstance(data, Dataset):
            if data.batch_shape != (p.batch, *self.picture_shape):
                raise ValueError(f"data: batches {_arrays.shape_text((p.batch, *self.picture_shape))} expected, this "
                                 f"Dataset gives {_arrays.shape_text(data.batch_shape)}")
            return data
        if isinstance(data, (str, os.PathLike)):
            values = chosen.get()
            return Dataset(data, p.size, p.channels, p.batch, values["crop"], values["flip"], values["threads"], p.seed,
                           start)
        return Batches(_arrays.pixels(data, ("n", *self.picture_shape), "data"), p.batch, p.seed, start)

    def _train_here(self, batches, steps, epochs, callback, progress) -> History:
        first, batch, pictures = self.steps, self._params.batch, batches.pictures
        if steps is None and not pictures:
            raise InvalidError("the built-in faces never end: give steps", EINVAL)
        target = first + (steps or math.ceil(pictures * epochs / batch))
        course, rate = _Course(callback, progress, first, target - first), _Rate(batch)
        try:
            with course.ctrl_c:
                for step in range(first + 1, target + 1):
                    metrics = self.step(batches.next())
                    epoch = step * batch / pictures if pictures else 0
                    if course.after(Status(step, target, epoch, *metrics, *rate.after_step(target - step))):
                        break
        finally:
            course.bar.close()
        return course.end(target)

    # --- in a folder -----------------------------------------------------------------------------
    @staticmethod
    def _folder_of(path) -> str | None:
        """Of the run that a checkpoint is the end of."""
        folder, name = os.path.split(os.path.realpath(os.path.expanduser(os.fsdecode(path))))
        return folder if name == _MODEL else None

    @staticmethod
    def _run_texts(params) -> dict[str, str]:
        """The run's options for its checkpoint's metadata, as the library's own saves have them."""
        texts = Options(TRAIN, params).texts()
        return {f"train.{name}": value for name, value in texts.items() if value and name not in _PLACES}

    def _train_there(self, data, out: str, steps, epochs, chosen: Options, callback, progress) -> History:
        """The library's own run, resumed from a checkpoint of this gan, which then is the gan of its last one."""
        model = os.path.join(out, _MODEL)
        self._folder_take(out, model, chosen.params.overwrite)
        p, first = chosen.params, self.steps
        pictures = self._count(data, chosen) if steps is None else 0
        kept = text(data), text(out)  # the struct points to them
        p.data, p.resume = kept
        p.steps = first + (steps or math.ceil(pictures * epochs / self._params.batch))
        course = _Course(callback, progress, first, p.steps - first)

        def after_step(_user, status):
            try:
                s = status.contents
                metrics = [getattr(s.metrics, name) for name in _METRICS]
                return course.after(Status(s.step, s.steps, s.epoch, *metrics, s.images_per_s, s.eta_s))
            except BaseException as error:  # it cannot pass through the library: it is raised afterwards
                course.failure = error
                return True

        self.save(model, **self._run_texts(p))
        self.close()  # the run has a gan of its own; two would take twice the memory
        try:
            with course.ctrl_c:
                self.device._run(lib.clg_train, self.device._as_argument, byref(self._params), byref(p), None,
                                 TRAIN_FN(after_step), None)
        finally:
            course.bar.close()
            self._made(lib.clg_gan_load, self.device._as_argument, text(model), 0)
            self._folder = os.path.realpath(out)
        if course.failure is not None:
            raise course.failure
        return course.end(p.steps)

    def _folder_take(self, out: str, model: str, overwrite: bool) -> None:
        """An earlier run there is this gan's own, or replaced, or refused."""
        os.makedirs(out, exist_ok=True)
        if not os.path.exists(model) or self._folder == os.path.realpath(out):
            return
        if not overwrite:
            raise InvalidError(f"{out} holds an earlier run: go on with it (Gan.load({model!r})), choose another out, "
                               "or replace it (overwrite=True)", EINVAL)
        for name in ("metrics.csv", "samples/step-*.png", "model-*.safetensors"):
            for path in glob.glob(os.path.join(glob.escape(out), name)):
                os.unlink(path)

    def _count(self, data, chosen: Options) -> int:
        p, values = self._params, chosen.get()
        with Dataset(data, p.size, p.channels, p.batch, values["crop"], threads=1) as dataset:
            if not dataset.pictures:
                raise InvalidError("the built-in faces never end: give steps", EINVAL)
            return dataset.pictures
