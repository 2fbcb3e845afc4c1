"""Progress of long work: tqdm's bar where that is installed, else one line on stderr."""
from __future__ import annotations

import sys
import time

try:
    from tqdm.auto import tqdm
except ImportError:
    tqdm = None

_PAUSE = 0.2  # seconds between rewrites of the line
_PLAIN_PAUSE = 10  # where it cannot be rewritten


class Progress:
    """`total` things called `unit`. With `shown` False it stays silent."""

    def __init__(self, total: int, what: str, unit: str, shown: bool = True):
        self.total, self.what, self.unit, self.done = total, what, unit, 0
        self.bar = tqdm(total=total, desc=what, unit=f" {unit}") if shown and tqdm else None
        self.line = shown and not tqdm
        self.last = self.start = time.monotonic()
        self.rewrites = sys.stderr is not None and sys.stderr.isatty()

    def at(self, done: int, facts: str = "") -> None:
        """`done` of all so far; `facts` are told beside."""
        if self.bar is not None:
            self.bar.set_postfix_str(facts, refresh=False)
            self.bar.update(done - self.done)
        self.done = done
        now = time.monotonic()
        if self.line and now - self.last >= (_PAUSE if self.rewrites else _PLAIN_PAUSE):
            self.last = now
            self._write(facts, now)

    def _write(self, facts: str, now: float) -> None:
        rate = self.done / max(now - self.start, 1e-9)
        left = f", {(self.total - self.done) / rate:.0f} s left" if rate > 0 else ""
        line = f"{self.what} {self.done}/{self.total}{left}  {facts}"
        sys.stderr.write(f"\r{line[:118]}\033[K" if self.rewrites else line + "\n")
        sys.stderr.flush()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        elif self.line and self.rewrites and self.last != self.start:
            sys.stderr.write("\n")
            sys.stderr.flush()
