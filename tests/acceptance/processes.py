"""Starts the doors as real processes, in an environment where nothing leaks in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from tests.acceptance.rows import Rows
from whatsapp_bot.bootstrap import open_app
from whatsapp_bot.config import PROJECT_FOLDER, Settings
from whatsapp_bot.scheduler_service import SchedulerService

PATIENCE_SECONDS = 30.0  # generous: only a failing test waits this long
NAP_SECONDS = 0.02
STOP_SECONDS = 15.0
COMMAND_SECONDS = 60.0

# Nothing but the notification may wake a daemon that was started with these.
ONLY_NOTIFIED = {
    "POLL_SECONDS": "3600",
    "USER_TASK_MINUTES": "1000",
    "JOB_TASK_MINUTES": "1000",
    "RECONCILE_MINUTES": "1000",
    "EXPIRE_MINUTES": "1000",
}


def wait_until(
    condition: Callable[[], object], seconds: float = PATIENCE_SECONDS
) -> None:
    """Look until it is true; the test fails when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"did not come true in {seconds:g} s")
        time.sleep(NAP_SECONDS)


def environment(home: Path) -> dict[str, str]:
    """Every setting is there and blank, so that a .env cannot set it either."""
    blank = {field.name.upper(): "" for field in fields(Settings)}
    return blank | {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "DATA_FOLDER": str(home / "data"),
    }


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines of stderr that are no log lines."""
        return [line for line in self.err.splitlines() if not _LOG_LINE.match(line)]

    @property
    def warnings(self) -> list[str]:
        return [line for line in self.err.splitlines() if _WARNING.match(line)]

    @property
    def figures(self) -> dict[str, int]:
        """ "embedded 3, refused 1; 2 requests" -> embedded 3, refused 1."""
        pairs = re.findall(r"([a-z][a-z ]*) (\d+)", self.out.split(";")[0])
        return {name.strip(): int(number) for name, number in pairs}


_LOG_LINE = re.compile(r"\d\d:\d\d:\d\d [A-Z]+ ")
_WARNING = re.compile(r"\d\d:\d\d:\d\d (WARNING|ERROR) ")


class Process:
    """A door that goes on running."""

    def __init__(
        self, arguments: list[str], environ: Mapping[str, str], log: Path
    ) -> None:
        self._log = log
        with log.open("wb") as file:
            self._popen = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT_FOLDER,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                # A group of its own, as a shell gives it.
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def is_running(self) -> bool:
        return self._popen.poll() is None

    def signal(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def press_ctrl_c(self) -> None:
        """To the whole group, as a terminal does."""
        os.killpg(self._popen.pid, signal.SIGINT)

    def wait(self) -> int:
        """Its exit code; it must end soon."""
        return self._popen.wait(STOP_SECONDS)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """kill -9; harmless when it has ended."""
        self._popen.kill()
        self._popen.wait(STOP_SECONDS)


class Bot:
    """The doors, against one database and one provider."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.environ = dict(environ)
        self._folder = folder
        self._processes: list[Process] = []

    def run(self, *arguments: str, **environ: str) -> Result:
        """python -m whatsapp_bot ARGUMENTS, to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "whatsapp_bot", *arguments],
            cwd=PROJECT_FOLDER,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def embed_once(self, **environ: str) -> Result:
        """All that is due, as cron would."""
        return self.run("scheduler-service", "--once", **environ)

    def embed_here(self, **environ: str) -> None:
        """The same in this process: quicker, where a test is not about it."""
        with open_app(Settings.from_env(self.environ | environ)) as app:
            SchedulerService(app).run_once()

    def start(self, *arguments: str, **environ: str) -> Process:
        """python -m ARGUMENTS; ended with the test at the latest."""
        log = self._folder / f"process-{len(self._processes)}.log"
        process = Process(["-m", *arguments], self.environ | environ, log)
        self._processes.append(process)
        return process

    def start_daemon(self, **environ: str) -> Process:
        return self.start("whatsapp_bot.scheduler_service", **environ)

    def start_listening_daemon(self, rows: Rows, **environ: str) -> Process:
        """It has seen to what was due and now waits for notifications."""
        listeners = rows.listeners
        daemon = self.start_daemon(**environ)
        wait_until(lambda: rows.listeners > listeners)
        return daemon

    def close(self) -> None:
        for process in self._processes:
            process.kill()
