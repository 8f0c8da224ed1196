"""How far a run is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TextIO

from whatsapp_bot.records import Totals

LINE_SECONDS = 5.0  # between two plain lines


class Progress:
    """Rows, rows per second, time left, and what was spent; threads may share it.

    rows_done: how many rows of the totals are over and done with.
    """

    def __init__(
        self, rows: int, stream: TextIO, rows_done: Callable[[Totals], int]
    ) -> None:
        self._rows = rows
        self._rows_done = rows_done
        self._stream = stream
        self.totals = Totals()
        self._started = self._shown = time.monotonic()
        self._lock = threading.Lock()
        self._bar = _Bar(rows) if stream.isatty() else None

    def add(self, totals: Totals) -> None:
        with self._lock:
            self.totals += totals
            done = self._rows_done(self.totals)
            now = time.monotonic()
            rate = done / max(now - self._started, 1e-6)
            if self._bar:
                self._bar.show(done, rate, self.totals.dollars)
            elif now - self._shown >= LINE_SECONDS:
                self._shown = now
                self._stream.write(self._line(done, rate) + "\n")
                self._stream.flush()

    def close(self) -> None:
        if self._bar:
            self._bar.close()

    def _line(self, done: int, rate: float) -> str:
        left = (self._rows - done) / rate if rate else 0.0
        return (
            f"{done:,} of {self._rows:,} rows ({100 * done / self._rows:.0f}%), "
            f"{rate:,.0f} rows/s, {left:,.0f} s left, ${self.totals.dollars:.4f}"
        )


class _Bar:
    show: Callable[[int, float, float], None]
    close: Callable[[], None]

    def __init__(self, rows: int) -> None:
        # Here and not above: it takes a tenth of a second, and only a terminal needs it.
        from rich import progress
        from rich.console import Console

        columns = (
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("rows, {task.fields[rate]:,.0f}/s,"),
            progress.TimeRemainingColumn(),
            progress.TextColumn("left, ${task.fields[cost]:.4f}"),
        )
        bar = progress.Progress(*columns, console=Console(stderr=True))
        task = bar.add_task("", total=rows, rate=0.0, cost=0.0)
        bar.start()
        self.show = lambda done, rate, cost: bar.update(
            task, completed=done, rate=rate, cost=cost
        )
        self.close = bar.stop
