"""The example: everything at once on a machine where nothing is set up."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.processes import Bot, environment, wait_until

START_SECONDS = 120.0  # generous: a database is made, and everything is embedded


@pytest.fixture
def fresh(home: Path) -> Iterator[Bot]:
    """No database, no key; a server that a failed test left behind is ended."""
    bot = Bot(environment(home) | {"PORT": "0"}, home)
    yield bot
    bot.close()
    if server := postgres_of(home):
        os.kill(server.pid, signal.SIGQUIT)
        server.wait(10)


def postgres_of(home: Path) -> psutil.Process | None:
    pid_file = home / "data" / "postgres" / "postmaster.pid"
    try:
        return psutil.Process(int(pid_file.read_text().split()[0]))
    except (FileNotFoundError, IndexError, psutil.NoSuchProcess):
        return None


def is_alive(process: psutil.Process) -> bool:
    """In a container without an init, one that has ended may never be buried."""
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def mentions(folder: Path) -> list[str]:
    """Command lines of running postgres processes that name the folder."""
    lines = []
    for process in psutil.process_iter(["name", "cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if "postgres" in (process.info["name"] or "") and str(folder) in line:
            lines.append(line)
    return lines


def test_the_example_shows_a_green_health_check_and_matches_and_leaves_nothing_running(
    fresh: Bot, home: Path
) -> None:
    result = fresh.run("example", "--once")
    assert result.code == 0
    assert result.warnings == result.errors == []
    assert "FAIL" not in result.out and "grade: EXCELLENT" in result.out
    assert "ok   live model local/wordllama-256" in result.out
    matches = result.out.split("== Jobs for the first person")[1]
    assert "5 jobs for " in matches and ", by vectors" in matches
    assert "  1. " in matches and "  5. " in matches
    assert postgres_of(home) is None and mentions(home) == []
    again = fresh.run("example", "--once")
    assert again.code == 0 and "FAIL" not in again.out
    assert "rows in" in result.err and "rows in" not in again.err  # all are unchanged


def test_the_example_goes_on_until_ctrl_c_stops_its_database_and_touches_no_real_bot(
    fresh: Bot, home: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
        example = fresh.start(
            "whatsapp_bot",
            "example",
            PORT=str(port),
            DATABASE_URL=f"postgresql://127.0.0.1:{port}/real",
            WHATSAPP_PHONE_NUMBER_ID="1",
            WHATSAPP_TOKEN="real",
            WHATSAPP_BASE_URL=f"http://127.0.0.1:{port}",
        )
        wait_until(lambda: "Ctrl+C stops them" in example.log, START_SECONDS)
        nobody.setblocking(False)
        with pytest.raises(BlockingIOError):
            nobody.accept()
    assert f"Port {port} is taken" in example.log
    assert "Nothing goes to Meta" in example.log
    server = postgres_of(home)
    assert server and mentions(home)
    family = [server, *server.children()]
    # Another process uses the same server, and leaves it running.
    assert "Teni" in fresh.run("match", "--list").out
    assert fresh.run("embedding-health-check").code == 0
    assert example.is_running and server.is_running()
    example.press_ctrl_c()
    assert example.wait() == 0
    assert "Traceback" not in example.log and " ERROR " not in example.log
    assert not any(is_alive(process) for process in family)
    assert mentions(home) == []


def test_the_database_of_an_example_that_was_killed_is_stopped_by_the_next_command(
    fresh: Bot, home: Path
) -> None:
    example = fresh.start("whatsapp_bot", "example")
    wait_until(lambda: "Ctrl+C stops them" in example.log, START_SECONDS)
    server = postgres_of(home)
    example.kill()
    assert server and is_alive(server)
    assert "Teni" in fresh.run("match", "--list").out
    assert not is_alive(server) and mentions(home) == []
