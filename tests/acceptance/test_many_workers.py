"""Daemons that die, and daemons side by side: nothing is lost or paid for twice."""

from __future__ import annotations

from tests.acceptance.processes import Bot, wait_until
from tests.acceptance.rows import Rows
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.embeddings.embedding_generator import SPARE_THREADS

BATCH_SIZE = 50
IN_FLIGHT = 4  # the default EMBEDDING_CONCURRENCY
IN_HAND = IN_FLIGHT + SPARE_THREADS  # batches that a daemon works on at one time


def test_after_a_kill_9_the_next_daemon_finishes_and_pays_twice_for_no_more_than_was_in_hand(
    bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(3000)
    openai_server.delay = 0.05
    environ = {"EMBEDDING_BATCH_SIZE": str(BATCH_SIZE), "LEASE_SECONDS": "2"}
    first = bot.start_daemon(**environ)
    wait_until(lambda: openai_server.record.inputs_billed >= 1000)
    first.kill()
    assert rows.vectors() < 3000
    bot.start_daemon(**environ)
    wait_until(lambda: rows.vectors() == 3000)
    wait_until(lambda: openai_server.record.in_flight == 0)
    assert (rows.due, rows.put_off) == (0, 0)
    twice = openai_server.record.inputs_billed - 3000
    assert 0 <= twice <= IN_HAND * BATCH_SIZE


def test_three_daemons_at_once_pay_for_each_row_once(
    bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(2000)
    openai_server.gather = IN_FLIGHT + 1  # more than one of them sends alone
    daemons = [bot.start_daemon(EMBEDDING_BATCH_SIZE=str(BATCH_SIZE)) for _ in range(3)]
    wait_until(lambda: rows.vectors() == 2000)
    wait_until(lambda: rows.listeners == 3)
    assert [daemon.stop() for daemon in daemons] == [0, 0, 0]
    assert openai_server.record.inputs_billed == 2000
    assert set(openai_server.record.texts.values()) == {1}
    assert openai_server.record.peak_in_flight > IN_FLIGHT  # they did work together
    assert not any("ERROR" in daemon.log for daemon in daemons)
