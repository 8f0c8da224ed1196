"""The admin API as a process: started, stopped, killed, and left without its database."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.processes import Bot, Process, wait_until
from tests.acceptance.rows import Rows
from tests.conftest import FAST
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.database.embedded_postgres import EmbeddedPostgres

TOKEN = "a-token-of-the-tests"
GENERATE = "/api/v1/admin/embeddings/generate"


class Site:
    """Starts the process; its client sends the token."""

    def __init__(self) -> None:
        self._clients = contextlib.ExitStack()

    def start(self, bot: Bot, **environ: str) -> tuple[Process, httpx2.Client]:
        settings = {"ADMIN_TOKEN": TOKEN, "PORT": "0"} | environ
        process = bot.start("whatsapp_bot", "admin-api", **settings)
        listening = re.compile(r"listening on (http://\S+:\d+)")
        wait_until(lambda: listening.search(process.log) or not process.is_running)
        found = listening.search(process.log)
        assert found, process.log
        token = settings["ADMIN_TOKEN"]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = httpx2.Client(base_url=found[1], headers=headers, timeout=60)
        return process, self._clients.enter_context(client)

    def close(self) -> None:
        self._clients.close()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


def generate(client: httpx2.Client, **asked: object) -> httpx2.Response:
    return client.post(GENERATE, json={"entity_type": "jobs", **asked})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_beyond_this_machine_it_does_not_listen_without_a_token(
    bot: Bot, host: str
) -> None:
    for asked in (("admin-api", "--host", host), ("admin-api",)):
        result = bot.run(*asked, WEB_HOST=host)
        assert (result.code, result.out) == (2, "")
        assert result.err == (
            f"error: set ADMIN_TOKEN to listen on {host}, or leave WEB_HOST at 127.0.0.1\n"
        )


def test_beyond_this_machine_it_takes_in_no_message_that_is_not_signed(
    bot: Bot,
) -> None:
    result = bot.run(
        "admin-api", WEB_HOST="0.0.0.0", ADMIN_TOKEN=TOKEN, WHATSAPP_PHONE_NUMBER_ID="1"
    )
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: set WHATSAPP_APP_SECRET to listen on 0.0.0.0, or leave WEB_HOST at "
        "127.0.0.1: whatever is brought to /webhook would be believed\n"
    )


def test_on_loopback_it_works_without_one_and_says_so(
    bot: Bot, site: Site, rows: Rows
) -> None:
    process, client = site.start(bot, ADMIN_TOKEN="")
    assert "no ADMIN_TOKEN: this machine only" in process.log
    rows.add_jobs(3)
    answer = generate(client, limit=2)
    assert answer.status_code == 200
    assert answer.json()["successful"] == 2
    assert rows.vectors() == 2
    assert process.stop() == 0


def test_a_port_that_is_taken_is_one_line(bot: Bot, site: Site) -> None:
    _, client = site.start(bot)
    port = str(client.base_url.port)
    result = bot.run("admin-api", WEB_PORT=port)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith(f"error: port {port} of 127.0.0.1 cannot be had: ")
    assert bot.run("admin-api", WEB_PORT="99999").code == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_ends_its_work_and_exits_with_0(
    bot: Bot,
    site: Site,
    rows: Rows,
    openai_server: OpenAIServer,
    number: signal.Signals,
) -> None:
    rows.add_jobs(30)
    openai_server.faults.always(f.slow(600))
    process, client = site.start(bot, EMBEDDING_TIMEOUT_SECONDS="500")
    answers: list[httpx2.Response] = []
    asking = threading.Thread(target=lambda: answers.append(generate(client)))
    asking.start()
    wait_until(lambda: openai_server.record.in_flight)
    process.signal(number)
    assert process.wait() == 0
    asking.join()
    (answer,) = answers
    assert (answer.status_code, answer.json()["state"]) == (200, "stopped")
    # What hung at the provider is due again at once.
    assert (rows.due, rows.put_off) == (30, 0)
    assert "Traceback" not in process.log and TOKEN not in process.log


def test_killed_it_leaves_no_row_and_no_job_behind(
    bot: Bot, site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(3)
    openai_server.faults.always(f.slow(600))
    process, client = site.start(bot, LEASE_SECONDS="1")
    job = generate(client, wait_seconds=0).json()
    wait_until(lambda: openai_server.record.in_flight)
    process.kill()
    openai_server.faults.clear()
    rows.run("UPDATE admin_jobs SET held_until = now() - interval '1 second'")
    wait_until(lambda: rows.due == 3)
    _, client = site.start(bot)
    asked = client.get(f"/api/v1/admin/jobs/{job['id']}").json()
    assert asked["state"] == "lost" and asked["message"]
    assert generate(client).json()["successful"] == 3


def test_it_outlives_its_database_and_says_so_meanwhile(
    provider_environ: dict[str, str], home: Path, site: Site
) -> None:
    server = EmbeddedPostgres(home / "postgres", FAST)
    url = server.start()
    bot = Bot(provider_environ | {"DATABASE_URL": url}, home)
    try:
        assert bot.run("migrate").code == 0
        process, client = site.start(bot)
        assert client.get("/readyz").status_code == 200
        server.stop()
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        assert "jobbot_database_up 0.0" in client.get("/metrics").text
        for answer in (
            generate(client),
            client.get("/api/v1/admin/embeddings/coverage"),
            client.get("/api/v1/admin/jobs/1"),
            client.get("/api/v1/admin/spend"),
        ):
            assert answer.status_code == 503
            assert answer.json() == {
                "error": "the database cannot be reached: try again later"
            }
            assert int(answer.headers["retry-after"]) > 0
        assert server.start() == url
        assert client.get("/readyz").status_code == 200
        assert generate(client).status_code == 200
        assert "Traceback" not in process.log and TOKEN not in process.log
        assert process.stop() == 0
    finally:
        bot.close()
        server.stop()
