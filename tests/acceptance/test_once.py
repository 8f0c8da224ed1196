"""--once as cron runs it: everything embedded, or one clear reason why not."""

from __future__ import annotations

import socket

from tests.acceptance.processes import Bot, wait_until
from tests.acceptance.rows import Rows
from tests.loopback import faults as f
from tests.loopback import graph_server as g
from tests.loopback.graph_server import GraphServer
from tests.loopback.openai_server import OpenAIServer


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def attempts(rows: Rows) -> int:
    most: int = rows.value("SELECT max(attempts) FROM job_embeddings")
    return most


def test_once_embeds_everything_prints_the_figures_and_again_pays_for_nothing(
    bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(300)
    rows.add_user("Accountant")
    rows.add_user()  # told nothing yet
    result = bot.embed_once()
    assert result.code == 0
    record = openai_server.record
    assert result.figures == {
        "embedded": 301,
        "paid for before": 0,
        "unchanged": 0,
        "nothing to embed": 1,
        "refused": 0,
        "put off": 0,
    }
    assert f"; {record.requests} requests, {record.tokens_billed} tokens" in result.out
    assert (rows.vectors("job"), rows.vectors("user")) == (300, 1)
    assert (rows.due, rows.put_off) == (0, 0)
    assert record.inputs_billed == 301
    assert bot.embed_once().figures["embedded"] == 0
    assert record.inputs_billed == 301


def test_once_with_the_provider_down_ends_and_leaves_the_rows_due(
    bot: Bot, rows: Rows
) -> None:
    rows.add_jobs(5)
    nowhere = f"http://127.0.0.1:{closed_port()}/v1"
    result = bot.embed_once(OPENAI_BASE_URL=nowhere)
    assert result.code == 1
    (warning,) = result.warnings
    assert "The connection failed: ConnectError" in warning
    assert result.errors == []
    assert result.figures["put off"] == 5
    assert result.out.endswith("5 rows still have no vector\n")
    assert (rows.vectors(), attempts(rows)) == (0, 0)
    assert rows.value("SELECT count(*) FROM job_embeddings WHERE due_at < now() + '5s'")


def test_once_gives_a_provider_that_is_limiting_the_moment_it_asks_for(
    bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    # The second request is under way when the first is refused, and succeeds.
    openai_server.faults.push(f.rate_limited(retry_after=1.5), f.slow(0.5))
    rows.add_jobs(10)
    result = bot.embed_once(EMBEDDING_BATCH_SIZE="5")
    assert result.code == 0, result
    assert (result.figures["embedded"], result.figures["put off"]) == (10, 0)
    assert openai_server.record.statuses[429] == 1
    assert openai_server.record.inputs_billed == 10


def test_once_that_is_stopped_says_so_and_gives_its_rows_back(
    bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    openai_server.faults.always(f.slow(600))
    rows.add_jobs(5)
    once = bot.start("whatsapp_bot.scheduler_service", "--once")
    wait_until(lambda: openai_server.record.in_flight == 1)
    once.press_ctrl_c()
    assert once.wait() == 130
    assert "Traceback" not in once.log
    assert (rows.due, rows.put_off, attempts(rows)) == (5, 0, 0)


def test_once_with_a_wrong_key_says_so_and_keeps_the_rows(
    bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    openai_server.key = "right"
    rows.add_jobs(5)
    result = bot.embed_once(OPENAI_API_KEY="wrong-and-secret")
    assert result.code != 0
    (line,) = result.warnings
    assert "127.0.0.1 refuses the API key: check the key and its account" in line
    assert "wrong-and-secret" not in result.err + result.out
    assert (rows.vectors(), attempts(rows)) == (0, 0)
    assert rows.due + rows.put_off == 5
    assert openai_server.record.requests == 1


def test_one_text_that_is_refused_stops_no_other_and_is_named(
    bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    openai_server.faults.poison(lambda text: "poison" in text)
    rows.add_jobs(40)
    refused_id = rows.add_job("Seller of rat poison")
    result = bot.embed_once()
    assert result.code == 1
    assert (result.figures["embedded"], result.figures["refused"]) == (40, 1)
    (line,) = result.warnings
    assert f"job {refused_id} cannot be embedded: HTTP 400" in line
    assert "rat poison" not in result.err + result.out
    assert rows.vectors() == 40 and rows.vector("job", refused_id) is None
    health = bot.run("embedding-health-check")
    assert health.code == 1
    assert f"FAIL jobs refused: 1 (job {refused_id}: HTTP 400" in health.out
    # A new text is a new chance.
    rows.run("UPDATE canonical_jobs SET title = 'Seller' WHERE id = %s", refused_id)
    assert bot.embed_once().code == 0
    assert bot.run("embedding-health-check").code == 0


def test_once_answers_and_sends_and_says_what_is_left(bot: Bot, rows: Rows) -> None:
    user = rows.add_user()
    rows.run("INSERT INTO contacts (user_id, wa_id) VALUES (%s, '2348000000000')", user)
    rows.run(
        "INSERT INTO inbox (id, wamid, user_id, message, sent_at) VALUES (1, 'w', %s,"
        ' \'{"type": "text", "text": {"body": "human"}}\', now())',
        user,
    )
    with GraphServer() as graph:
        settings = {
            "WHATSAPP_PHONE_NUMBER_ID": "1",
            "WHATSAPP_TOKEN": "token",
            "WHATSAPP_APP_SECRET": "secret",
            "WHATSAPP_VERIFY_TOKEN": "words",
            "WHATSAPP_BASE_URL": graph.base_url,
        }
        graph.always = g.refuse(190)
        result = bot.embed_once(**settings)
        assert result.code == 1
        assert result.out.endswith("1 WhatsApp messages are still due\n")
        assert rows.run("SELECT handled_at IS NOT NULL FROM inbox") == [(True,)]
        graph.always = None
        result = bot.embed_once(**settings)
        assert result.code == 0, result
        assert "still due" not in result.out
        assert graph.texts[0].startswith("A person will read your messages")
    assert (
        bot.run("scheduler-service", "--once", WHATSAPP_PHONE_NUMBER_ID="1").code == 2
    )
