from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from tests.conftest import FAST
from whatsapp_bot.config import PROJECT_FOLDER
from whatsapp_bot.database import embedded_postgres
from whatsapp_bot.database.embedded_postgres import EmbeddedPostgres
from whatsapp_bot.errors import DatabaseUnavailable

# Says the postmaster's process id, and leaves when told to.
USER = """
import sys
from pathlib import Path
from whatsapp_bot.database.embedded_postgres import EmbeddedPostgres
folder = Path(sys.argv[1])
server = EmbeddedPostgres(folder, {"fsync": "off"})
server.start()
print((folder / "postmaster.pid").read_text().split()[0], flush=True)
sys.stdin.readline()
"""


class Process:
    """Another process that uses the server in the folder."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", USER, str(folder)],
            cwd=PROJECT_FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.postmaster = int(self._process.stdout.readline())

    def leave(self) -> None:
        """It ends without saying that it is done with the server."""
        self._process.communicate("\n", timeout=30)
        assert self._process.returncode == 0

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=30)


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not in pytest's folder, which is closed to the server's user.
    with tempfile.TemporaryDirectory(prefix="jobbot-embedded-") as name:
        folder = Path(name) / "postgres"
        yield folder
        stop_whatever_runs_in(folder)


def stop_whatever_runs_in(folder: Path) -> None:
    for process in psutil.process_iter(["cmdline"]):
        if str(folder) in (process.info["cmdline"] or ()):
            process.kill()
            psutil.wait_procs([process], timeout=10)


def postmaster_of(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split()[0])


def ask(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        (answer,) = cursor.fetchone() or (None,)
    connection.close()
    return answer


def is_running(pid: int) -> bool:
    """A process that ended, and that nobody asked about yet, does not run."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_users_of_one_process_and_of_another_share_one_server_that_the_last_one_stops(
    folder: Path,
) -> None:
    first, second = EmbeddedPostgres(folder, FAST), EmbeddedPostgres(folder, FAST)
    url = first.start()
    assert second.start() == url
    other = Process(folder)
    assert other.postmaster == postmaster_of(folder)
    first.stop()
    second.stop()
    assert ask(url, "SELECT 1") == 1
    other.leave()
    assert not is_running(other.postmaster)
    assert not (folder / "postmaster.pid").exists()


def test_data_is_still_there_at_the_next_start(folder: Path) -> None:
    server = EmbeddedPostgres(folder, FAST)
    connection = psycopg2.connect(server.start())
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t AS SELECT 42 AS n")
    connection.close()
    server.stop()
    server.stop()  # twice is harmless
    assert ask(server.start(), "SELECT n FROM t") == 42
    server.stop()


def test_its_log_quotes_no_statement(server_url: str) -> None:
    """Which may hold what a person wrote; whoever sent it is told what was wrong."""
    folder = Path(ask(server_url, "SHOW data_directory"))
    for fails in ("SELECT 'a secret'::int", "SELECT pg_sleep('another secret')"):
        with pytest.raises(psycopg2.Error, match="secret"):
            ask(server_url, fails)
    assert "secret" not in (folder / "log").read_text()


def test_a_user_that_was_killed_hinders_nobody(folder: Path) -> None:
    killed = Process(folder)
    killed.kill()
    assert is_running(killed.postmaster)
    heir = EmbeddedPostgres(folder, FAST)
    heir.start()
    assert postmaster_of(folder) == killed.postmaster
    heir.stop()
    assert not is_running(killed.postmaster)


def test_starting_it_twice_is_one_user(folder: Path) -> None:
    server = EmbeddedPostgres(folder, FAST)
    assert server.start() == server.start()
    postmaster = postmaster_of(folder)
    server.stop()
    assert not is_running(postmaster)


@pytest.mark.parametrize("program", ["python", "another postgres"])
def test_a_stale_pid_file_with_the_number_of_another_living_program_hinders_no_start(
    folder: Path, server_url: str, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_postgres, "START_SECONDS", 10)
    another = postmaster_of(Path(parse_dsn(server_url)["host"]))
    living = os.getpid() if program == "python" else another
    server = EmbeddedPostgres(folder, FAST)
    server.start()
    server.stop()
    (folder / "postmaster.pid").write_text(
        f"{living}\n{folder}\n1700000000\n5432\n{folder}\n\n  8826964  65536\nready\n"
    )
    assert ask(server.start(), "SHOW data_directory") == str(folder)
    assert postmaster_of(folder) != living
    server.stop()
    assert is_running(living)


def test_a_server_that_is_still_starting_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was killed has its log to replay."""
    first, second = EmbeddedPostgres(folder, FAST), EmbeddedPostgres(folder, FAST)
    url = first.start()
    file = folder / "postmaster.pid"
    ready = file.read_text()
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        file.write_text(ready)

    file.write_text(ready.replace("ready   ", "starting"))
    monkeypatch.setattr(time, "sleep", nap)
    assert second.start() == url
    assert len(naps) == 1
    second.stop()
    first.stop()


def test_the_settings_for_this_machine_are_in_effect(folder: Path) -> None:
    extra = {"work_mem": "7MB", "jit": "on"}
    server = EmbeddedPostgres(folder, FAST | extra)
    url = server.start()
    shared = ask(url, "SELECT pg_size_bytes(current_setting('shared_buffers'))")
    memory = psutil.virtual_memory().total
    assert isinstance(shared, int)
    assert 128 * 2**20 <= shared <= max(memory // 8, 128 * 2**20)
    assert shared == pytest.approx(min(memory / 8, 2**30), rel=0.01)
    assert ask(url, "SHOW dynamic_shared_memory_type") == "mmap"
    assert ask(url, "SHOW random_page_cost") == "1.1"
    assert (ask(url, "SHOW work_mem"), ask(url, "SHOW jit")) == ("7MB", "on")
    assert ask(url, "SHOW fsync") == "off"
    assert ask(url, "SHOW listen_addresses") == ""
    server.stop()


def test_a_path_that_is_too_long_for_a_socket_works(folder: Path) -> None:
    server = EmbeddedPostgres(folder / ("long" * 30) / "postgres", FAST)
    assert ask(server.start(), "SELECT 1") == 1
    server.stop()


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(folder: Path) -> None:
    folder.write_text("a file is in the way")
    server = EmbeddedPostgres(folder / "postgres")
    with pytest.raises(DatabaseUnavailable, match="did not start"):
        server.start()
    server.stop()


def test_data_of_another_version_is_an_error_of_ours_and_frees_the_lock(
    folder: Path,
) -> None:
    folder.mkdir()
    (folder / "PG_VERSION").write_text("9\n")
    server = EmbeddedPostgres(folder, FAST)
    with pytest.raises(DatabaseUnavailable, match="did not start"):
        server.start()
    (folder / "PG_VERSION").unlink()
    other = EmbeddedPostgres(folder, FAST)
    other.start()
    postmaster = postmaster_of(folder)
    other.stop()
    assert not is_running(postmaster)
