"""Progress of long work: tqdm's bar if that is installed, else a line on stderr."""
from __future__ import annotations

import errno
import signal
import sys
import time

try:
    from tqdm.auto import tqdm
except ImportError:
    tqdm = None

_PAUSE = 0.2  # seconds between rewrites of the line
_PLAIN_PAUSE = 10  # if it cannot be rewritten


def reader_gone(error: BaseException) -> bool:
    """Did a write fail because the pipe has no reader, or the terminal is closed (unless SIGHUP is ignored)?"""
    if not isinstance(error, OSError):
        return False
    hung_up = error.errno == errno.EIO and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN
    return hung_up or error.errno in (errno.EPIPE, errno.ESHUTDOWN, errno.ECONNRESET)


class Progress:
    """Of `total` units. With `shown` False it is silent, as it is after a write fails."""

    def __init__(self, total: int, what: str, unit: str, shown: bool = True):
        self.total, self.what, self.unit, self.done = total, what, unit, 0
        self.bar, self.line = None, shown and not tqdm and sys.stderr is not None
        self.gone = False  # the reader
        self.last = self.start = time.monotonic()
        self.rewrites = False
        self._try(self._open, shown)

    def _try(self, show, *arguments) -> None:
        try:
            show(*arguments)
        except Exception as error:  # stderr may be anything: closed, a pipe, a notebook's stream
            self.gone = reader_gone(error)
            self.bar, self.line = None, False

    def _open(self, shown: bool) -> None:
        if shown and tqdm:
            self.bar = tqdm(total=self.total, desc=self.what, unit=f" {self.unit}")
        self.rewrites = sys.stderr is not None and sys.stderr.isatty()

    def at(self, done: int, info: str = "") -> None:
        """`done` units are complete; `info` is shown beside them."""
        self._try(self._show, done - self.done, info)
        self.done = done

    def _show(self, more: int, info: str) -> None:
        if self.bar is not None:
            self.bar.set_postfix_str(info, refresh=False)
            self.bar.update(more)
        now = time.monotonic()
        if self.line and now - self.last >= (_PAUSE if self.rewrites else _PLAIN_PAUSE):
            self.last = now
            self._write(self.done + more, info, now)

    def _write(self, done: int, info: str, now: float) -> None:
        rate = done / max(now - self.start, 1e-9)
        left = f", {(self.total - done) / rate:.0f} s left" if rate > 0 else ""
        line = f"{self.what} {done}/{self.total}{left}  {info}"
        sys.stderr.write(f"\r{line[:118]}\033[K" if self.rewrites else line + "\n")
        sys.stderr.flush()

    def close(self) -> None:
        self._try(self._close)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        elif self.line and self.rewrites and self.last != self.start:
            sys.stderr.write("\n")
            sys.stderr.flush()
