"""What the benchmarks share: a scratch server, a measured process, the machine's load."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from whatsapp_bot.bootstrap import App, open_app
from whatsapp_bot.config import PROJECT_FOLDER, Settings
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.errors import JobBotError

END_SECONDS = 5.0  # a process that was asked to end gets so long
MEGABYTE = 1024 * 1024
SECONDS_OF_TASKS = """
    SELECT task, extract(epoch FROM finished_at - started_at)::float AS seconds
      FROM task_runs"""
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in a ru_maxrss


@dataclass(frozen=True)
class Scratch:
    """Everything wired on a server of its own, which goes with its folder."""

    app: App
    folder: Path
    environ: dict[str, str]  # for the processes that are to use it

    def run(self, *arguments: str, **settings: str) -> Measured:
        """`python -m` arguments, as a process of its own."""
        environ = {**self.environ, **settings}
        return _run([sys.executable, "-m", *arguments], environ)


@dataclass(frozen=True)
class Measured:
    """A process that ended well. cpu_seconds: without the server's."""

    output: str
    seconds: float
    cpu_seconds: float
    peak_mb: int


@contextlib.contextmanager
def scratch(**settings: str) -> Iterator[Scratch]:
    """The default settings but for these; nothing of the developer's .env."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        fields = dataclasses.fields(Settings)
        blank = {field.name.upper(): "" for field in fields}
        own = {"DATA_FOLDER": name, "LOG_LEVEL": "WARNING"} | settings
        try:
            with open_app(Settings.from_env(own)) as app:
                require(_show(app.database, "fsync") == "on", "fsync is off")
                yield Scratch(app, folder, {**os.environ, **blank, **own})
        finally:
            _stop_leftover(folder / "postgres" / "postmaster.pid")


def guarded(work: Callable[[], None]) -> int:
    """Do the work; Ctrl+C and SIGTERM end it in order, with nothing left behind."""
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    try:
        work()
    except KeyboardInterrupt:
        return 130
    except JobBotError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def parser(description: str | None, examples: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def require(fact: bool, message: str) -> None:
    """A benchmark whose premise or counts are wrong has no figures to show."""
    if not fact:
        raise SystemExit(f"error: {message}")


def seconds_of_tasks(database: DatabaseManager) -> dict[str, float]:
    """What the daemon's last run of each task took."""
    with database.transaction() as cursor:
        cursor.raw.execute(SECONDS_OF_TASKS)
        return {row["task"]: row["seconds"] for row in cursor.raw.fetchall()}


def describe_machine(database: DatabaseManager) -> str:
    gigabytes = round(psutil.virtual_memory().total / 1024**3)
    with database.transaction() as cursor:
        versions = cursor.row("server_facts") or {}
    return (
        f"{os.cpu_count()} cores, {gigabytes} GB, {platform.system()}; "
        f"Python {platform.python_version()}, PostgreSQL {versions['server']}, "
        f"pgvector {versions['pgvector']}, fsync {_show(database, 'fsync')}"
    )


# The machine may be shared: how much of it others took


class Neighbours:
    """Cores used meanwhile by processes that are neither ours nor our server's."""

    def __init__(self, folder: Path) -> None:
        self._pid_file = folder / "postgres" / "postmaster.pid"
        self.load = os.getloadavg()[0]  # of the last minute, our own work included
        self._start = time.monotonic()
        self._busy, self._ours = _busy_seconds(), self._our_seconds()

    def cores(self) -> float:
        busy = _busy_seconds() - self._busy
        ours = self.own_seconds()
        return max(0.0, (busy - ours) / (time.monotonic() - self._start))

    def own_seconds(self) -> float:
        """Of CPU, that our processes and our server used meanwhile."""
        return self._our_seconds() - self._ours

    def _our_seconds(self) -> float:
        server = psutil.Process(_read_pid(self._pid_file) or os.getpid())
        seconds = _seconds_of(psutil.Process())
        running = psutil.Process().children(recursive=True)
        for process in (server, *server.children(recursive=True), *running):
            with contextlib.suppress(psutil.NoSuchProcess):
                seconds += _seconds_of(process)
        return seconds


def _seconds_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    # children_: those that ended.
    return float(sum(times[:4]))


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


# Processes


def _run(command: Sequence[str], environ: dict[str, str]) -> Measured:
    start = time.monotonic()
    process = subprocess.Popen(
        command, env=environ, cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        with process.stdout:
            output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        end(process)
        raise
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    require(process.returncode == 0, f"{command} ended with {process.returncode}")
    # A process inherits the peak of the one it was forked from.
    inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    require(
        usage.ru_maxrss > inherited, "the benchmark is larger than what it measures"
    )
    return Measured(
        output,
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * MAXRSS_UNIT // MEGABYTE,
    )


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop_leftover(pid_file: Path) -> None:
    """A start that was interrupted leaves a server that nobody stops."""
    pid = _read_pid(pid_file)
    if pid is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        server = psutil.Process(pid)
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        server.wait(END_SECONDS)


def _read_pid(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _show(database: DatabaseManager, setting: str) -> str:
    with database.transaction() as cursor:
        cursor.raw.execute("SELECT current_setting(%s) AS value", (setting,))
        row = cursor.raw.fetchone()
    return str(row["value"]) if row else ""
