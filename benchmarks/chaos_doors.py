"""The web process and two daemons, killed with -9 and started again."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx2

from whatsapp_bot.config import PROJECT_FOLDER

WEB, WORKERS = "web", ("worker 1", "worker 2")
START_SECONDS = 120.0


class Doors:
    """logs: of all that ran, one file for each name."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.port = _free_port()
        self._environ = dict(environ)
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.kills = 0

    def __enter__(self) -> Doors:
        for name in (WEB, *WORKERS):
            self.start(name)
        self._wait_for_web()
        return self

    def __exit__(self, *args: object) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()

    def start(self, name: str) -> None:
        arguments = (
            ["whatsapp_bot", "admin-api", "--port", str(self.port)]
            if name == WEB
            else ["whatsapp_bot.scheduler_service"]
        )
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=PROJECT_FOLDER,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, names: Sequence[str]) -> None:
        for name in names:
            self._running[name].kill()
        for name in names:
            self._running[name].wait()
        self.kills += len(names)

    def dead(self) -> list[str]:
        """Those that ended by themselves."""
        return [name for name, each in self._running.items() if each.poll() is not None]

    def logs(self) -> dict[str, str]:
        return {name: self._log(name).read_text() for name in self._running}

    def _log(self, name: str) -> Path:
        return self._folder / f"{name.replace(' ', '-')}.log"

    def _wait_for_web(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and not self.dead():
            with contextlib.suppress(httpx2.TransportError):
                httpx2.get(f"http://127.0.0.1:{self.port}/healthz")
                return
            time.sleep(0.1)
        raise SystemExit(f"error: the doors did not start; their logs: {self._folder}")


@contextlib.contextmanager
def paused(doors: Doors, names: Sequence[str]) -> Iterator[None]:
    """Killed, and started again at the end."""
    doors.kill(names)
    yield
    for name in names:
        doors.start(name)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
