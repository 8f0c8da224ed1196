"""backfill-embeddings as a process: what it chooses, costs and leaves after a kill."""

from __future__ import annotations

import gzip
import json
import os
import re
import threading
from itertools import islice
from pathlib import Path

import pytest

from tests.acceptance.processes import Bot, Process, Result, wait_until
from tests.acceptance.rows import Rows
from tests.conftest import DIMENSIONS
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from tests.loopback.text_vectors import embed_texts
from whatsapp_bot.embeddings.embedding_generator import SPARE_THREADS

BATCH, CONCURRENCY = 5, 2
IN_HAND = CONCURRENCY + SPARE_THREADS  # each worker has one batch
PACE = {
    "EMBEDDING_BATCH_SIZE": str(BATCH),
    "EMBEDDING_CONCURRENCY": str(CONCURRENCY),
    "EMBEDDING_TEMPLATE": "roles-1",
}
LOCAL = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}
REAL_POSTINGS = Path(os.environ.get("JOBBOT_DATA", "nowhere")) / "jobs_real.jsonl.gz"


class Backfill:
    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def run(self, *options: str, **environ: str) -> Result:
        return self._bot.run("backfill-embeddings", *options, **PACE | environ)

    def start(self, *options: str, **environ: str) -> Process:
        arguments = ("whatsapp_bot.backfill_embeddings", "--yes", *options)
        return self._bot.start(*arguments, **PACE | environ)


@pytest.fixture
def backfill(bot: Bot) -> Backfill:
    return Backfill(bot)


def done(result: Result, thing: str) -> dict[str, int]:
    """Of "jobs: embedded 3, failed 1"."""
    (line,) = re.findall(rf"^{thing}s: (.*)$", result.out, re.MULTILINE)
    pairs = re.findall(r"([a-z ]+?) ([\d,]+)(?:, |$)", line)
    return {name.strip(): int(number.replace(",", "")) for name, number in pairs}


def to_do(result: Result, thing: str) -> int:
    (rows,) = re.findall(rf"^{thing}s +to do ([\d,]+)", result.out, re.MULTILINE)
    return int(rows.replace(",", ""))


def tokens_of(result: Result) -> int:
    (tokens,) = re.findall(r"^tokens +some ([\d,]+)", result.out, re.MULTILINE)
    return int(tokens.replace(",", ""))


def assert_all_true(rows: Rows) -> None:
    """Each job has the vector of its title, and nothing is due."""
    found = rows.run(
        "SELECT j.title, v.embedding::text FROM canonical_jobs j"
        " LEFT JOIN job_vectors v ON v.job_id = j.id"
    )
    expected = embed_texts([title for title, _ in found], DIMENSIONS)
    for (_, text), vector in zip(found, expected, strict=True):
        assert text is not None
        assert json.loads(text) == pytest.approx(vector.tolist(), abs=1e-3)
    assert (rows.due, rows.put_off) == (0, 0)


def everything(rows: Rows) -> list[tuple[object, ...]]:
    """What a run could have written."""
    tables = ("job_embeddings", "user_embeddings", "job_vectors", "embedding_usage")
    return [
        rows.value(f"SELECT array_agg(t::text ORDER BY t::text) FROM {table} t")
        for table in (*tables, "embedding_pace", "embedding_models", "live_jobs")
    ]


# --- what it chooses


def test_users_and_jobs_are_embedded_and_again_costs_nothing(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(12)
    rows.add_user("Accountant")
    result = backfill.run("--yes")
    assert result.code == 0, result.err
    assert (done(result, "user")["embedded"], done(result, "job")["embedded"]) == (
        1,
        12,
    )
    record = openai_server.record
    assert f"{record.requests} requests, {record.tokens_billed} tokens, $" in result.out
    assert set(record.request_sizes) <= {1, 2, BATCH}
    assert_all_true(rows)
    again = backfill.run()
    assert again.code == 0 and "there is nothing to do" in again.out
    assert record.inputs_billed == 13
    ((purpose,),) = rows.run("SELECT DISTINCT purpose FROM embedding_usage")
    assert purpose == "backfill"


def test_only_who_can_be_matched(backfill: Backfill, rows: Rows) -> None:
    with_role = rows.add_user("Welder")
    without = rows.add_user()
    rows.run(
        "UPDATE user_preferences SET technical_skills = '{TIG}' WHERE user_id = %s",
        without,
    )
    rows.run(
        "UPDATE canonical_jobs SET status = 'closed' WHERE id = %s",
        rows.add_job("Diver"),
    )
    rows.add_job("Welder")
    result = backfill.run("--yes")
    assert "1 profiles are below 40%" in result.out
    assert (to_do(result, "user"), to_do(result, "job")) == (1, 1)
    assert rows.vector("user", with_role) and not rows.vector("user", without)
    lower = backfill.run("--yes", PROFILE_COMPLETENESS_MIN="15")
    assert lower.code == 0 and rows.vector("user", without)


@pytest.mark.parametrize(
    ("option", "users", "jobs"),
    [("--users-only", 1, 0), ("--candidates-only", 1, 0), ("--jobs-only", 0, 3)],
)
def test_one_kind_only(
    backfill: Backfill, rows: Rows, option: str, users: int, jobs: int
) -> None:
    rows.add_jobs(3)
    rows.add_user("Welder")
    assert backfill.run("--yes", option).code == 0
    assert (rows.vectors("user"), rows.vectors("job")) == (users, jobs)


def test_some_ids_and_the_newest_of_them(backfill: Backfill, rows: Rows) -> None:
    rows.add_jobs(12)
    assert backfill.run("--yes", "--jobs-only", "--ids", "1,5,7-9").code == 0
    embedded = "SELECT array_agg(job_id ORDER BY job_id) FROM job_vectors"
    assert rows.value(embedded) == [1, 5, 7, 8, 9]
    limited = backfill.run("--yes", "--jobs-only", "--limit", "2")
    assert (limited.code, to_do(limited, "job")) == (0, 2)
    assert rows.value(embedded) == [1, 5, 7, 8, 9, 11, 12]
    assert rows.due == 5


def test_a_row_that_no_trigger_told_of_is_found(backfill: Backfill, rows: Rows) -> None:
    rows.add_jobs(3)
    rows.run("DELETE FROM job_embeddings WHERE job_id = 2")
    assert to_do(backfill.run("--dry-run"), "job") == 3
    backfill.run("--yes")
    rows.run("DELETE FROM job_vectors WHERE job_id = 3")
    lost = backfill.run("--yes")
    assert (lost.code, to_do(lost, "job")) == (0, 1)
    assert_all_true(rows)


def test_force_pays_for_the_chosen_rows_anew_and_for_no_other(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(4)
    twin = rows.add_job("Accountant number 1")
    backfill.run("--yes")
    assert openai_server.record.inputs_billed == 4
    dry = backfill.run("--dry-run", "--force", "--ids", "1-2", "--jobs-only")
    assert "to do 2 of 2 that can be found: to pay for 2" in dry.out
    forced = backfill.run("--yes", "--force", "--ids", "1-2", "--jobs-only")
    assert (forced.code, done(forced, "job")["embedded"]) == (0, 2)
    assert openai_server.record.inputs_billed == 6
    assert rows.vector("job", twin) and rows.due == 0
    assert_all_true(rows)


def test_another_model_than_the_live_one(backfill: Backfill, rows: Rows) -> None:
    rows.add_jobs(3)
    unknown = backfill.run("--model", "text-embedding-3-large")
    assert unknown.code == 2 and "see `models list`, and `models add`" in unknown.err
    backfill._bot.run("models", "add", "local", "--yes")
    assert backfill.run("--model", "local/wordllama-256").code == 0
    models = rows.run("SELECT DISTINCT model FROM job_vectors")
    assert models == [("local/wordllama-256",)]


def test_the_local_model_costs_nothing_and_is_not_asked_about(
    backfill: Backfill, rows: Rows
) -> None:
    rows.add_jobs(3)
    result = backfill.run(**LOCAL)
    assert result.code == 0 and "the model runs here" in result.out
    assert rows.vectors() == 3


# --- money


def test_a_dry_run_calls_nobody_and_writes_nothing_and_agrees_with_the_real_one(
    backfill: Backfill, bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    counted = json.loads((Path(__file__).parent / "counted_texts.json").read_text())
    texts = {" ".join(text.split()): tokens for text, tokens in counted.items()}
    for text in texts:
        rows.add_job(text)
    rows.add_job(next(iter(texts)))
    rows.add_user()
    bot.run("models", "list")  # the live model is registered by whoever is first
    openai_server.count_tokens = lambda text: texts.get(text, 1)
    before = everything(rows)
    dry = backfill.run("--dry-run")
    assert dry.code == 0, dry.err
    assert everything(rows) == before and openai_server.record.requests == 0
    assert re.search(r"^time +some [\d,]+ s$", dry.out, re.MULTILINE)
    real = backfill.run("--yes")
    assert real.code == 0, real.err
    assert to_do(dry, "job") == len(texts) + 1 == rows.vectors()
    assert f"to pay for {len(texts)}, free 1," in dry.out
    billed = openai_server.record
    assert billed.inputs_billed == len(texts)
    assert tokens_of(dry) == pytest.approx(billed.tokens_billed, rel=0.05)


@pytest.mark.skipif(not REAL_POSTINGS.exists(), reason="JOBBOT_DATA names no postings")
def test_a_dry_run_over_5000_real_postings_agrees(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    with gzip.open(REAL_POSTINGS, "rt", encoding="utf-8") as lines:
        titles = [json.loads(line).get("title") for line in islice(lines, 5_000)]
    rows.run(
        "INSERT INTO canonical_jobs (source, source_id, title)"
        " SELECT 'real', n::text, title"
        " FROM unnest(%s::text[]) WITH ORDINALITY AS t(title, n)",
        titles,
    )
    fast = {"EMBEDDING_BATCH_SIZE": "320"}
    dry = backfill.run("--dry-run", **fast)
    assert openai_server.record.requests == 0
    real = backfill.run("--yes", **fast)
    assert real.code == 0, real.err
    assert to_do(dry, "job") == to_do(real, "job") == rows.vectors()
    (paid,) = re.findall(r"^jobs .*to pay for ([\d,]+)", dry.out, re.MULTILINE)
    assert int(paid.replace(",", "")) == openai_server.record.inputs_billed


def test_nobody_is_charged_without_being_asked(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(2)
    result = backfill.run()
    assert result.code == 1 and "add --yes" in result.err
    assert openai_server.record.requests == 0


def test_a_budget_ends_the_run_and_the_next_goes_on(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(20)
    price = {"EMBEDDING_PRICE_USD": "1000", "EMBEDDING_DAILY_BUDGET_USD": "none"}
    stopped = backfill.run("--yes", "--budget", "0.1", **price)
    assert stopped.code == 1
    assert "not done: the run's budget of $0.1 is spent; run it again" in stopped.err
    spent = openai_server.record.tokens_billed * 1000 / 1e6
    assert 0 < spent <= 0.1
    assert backfill.run("--yes").code == 0
    assert openai_server.record.inputs_billed == 20
    assert_all_true(rows)


def test_with_a_delay_one_request_is_in_flight_at_a_time(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(20)
    result = backfill.run("--yes", "--delay", "0.01")
    assert result.code == 0, result.err
    assert openai_server.record.peak_in_flight == 1
    assert_all_true(rows)


def test_half_the_price_by_the_batch_api(
    backfill: Backfill, bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(6)
    handed_in = backfill.run("--batch-api", "--yes", "--ids", "1-4")
    assert handed_in.code == 0, handed_in.err
    assert "at $0.01 per million" in handed_in.out
    assert "4 texts in 1 batches" in handed_in.out
    assert (rows.put_off, rows.due) == (4, 2)
    assert to_do(backfill.run("--dry-run"), "job") == 2  # the others are on their way
    openai_server.batches.complete()
    assert bot.run("batches", "poll").code == 0
    assert rows.vectors() == 4


# --- interrupted


def lease_three_of_seven_jobs(bot: Bot, rows: Rows, interval: str) -> None:
    bot.run("models", "list")  # rows are due as soon as there is a model
    rows.add_jobs(7)
    due_at = f"now() + interval '{interval}'"
    rows.run(f"UPDATE job_embeddings SET due_at = {due_at} WHERE job_id < 4")
    assert rows.put_off == 3


def hold_from(server: OpenAIServer, request: int) -> threading.Event:
    """Requests from this one on (counted from 0) are not answered until the event."""
    release = threading.Event()

    def hold(text: str) -> bool:
        if server.record.requests > request:
            release.wait(30)
        return False

    server.faults.poison(hold)
    return release


@pytest.mark.parametrize("request_number", [0, 1, 4, 6])
def test_after_kill_9_the_next_run_completes_it_and_pays_a_batch_of_each_worker_at_most(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer, request_number: int
) -> None:
    rows.add_jobs(40)
    release = hold_from(openai_server, request_number)
    process = backfill.start()
    wait_until(lambda: openai_server.record.requests > request_number)
    process.kill()
    release.set()
    openai_server.faults.clear()
    rows.run("UPDATE job_embeddings SET due_at = now() WHERE due_at > now()")
    again = backfill.run("--yes")
    assert again.code == 0, again.err
    assert_all_true(rows)
    counts = openai_server.record.texts
    assert len(counts) == 40
    assert sum(counts.values()) <= 40 + IN_HAND * BATCH


def test_a_lease_that_a_killed_run_left_behind_is_waited_for(
    backfill: Backfill, bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    lease_three_of_seven_jobs(bot, rows, "2 s")
    result = backfill.run("--yes")
    assert (result.code, done(result, "job")["embedded"]) == (0, 7)
    assert set(openai_server.record.texts.values()) == {1}


def test_rows_that_another_worker_settles_are_not_waited_for_until_its_lease_ends(
    backfill: Backfill, bot: Bot, rows: Rows
) -> None:
    lease_three_of_seven_jobs(bot, rows, "1 h")
    process = backfill.start(LEASE_SECONDS="7200")
    wait_until(lambda: "3 rows are not free yet" in process.log)
    rows.run("UPDATE job_embeddings SET due_at = NULL WHERE job_id < 4")
    assert process.wait() == 0
    assert "embedded 4," in process.log and "by others 3," in process.log


def test_ctrl_c_stores_the_batches_in_hand_and_nothing_is_paid_twice(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(40)
    release = hold_from(openai_server, 2)
    process = backfill.start()
    wait_until(lambda: openai_server.record.in_flight == CONCURRENCY)
    process.press_ctrl_c()
    release.set()
    assert process.wait() == 130
    assert f"jobs: embedded {rows.vectors()}," in process.log
    assert "stopped; run it again to go on" in process.log
    assert rows.vectors() < 40 and rows.put_off == 0
    openai_server.faults.clear()
    again = backfill.run("--yes")
    assert again.code == 0, again.err
    assert set(openai_server.record.texts.values()) == {1}
    assert_all_true(rows)


def test_a_forced_run_that_was_interrupted_goes_on_without_force(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(20)
    backfill.run("--yes")
    openai_server.reset()
    release = hold_from(openai_server, 1)
    process = backfill.start("--force")
    wait_until(lambda: openai_server.record.in_flight == CONCURRENCY)
    process.press_ctrl_c()
    release.set()
    assert process.wait() == 130
    assert "run it again without --force to go on" in process.log
    assert rows.vectors() == 20  # the old ones are there until the new ones are
    openai_server.faults.clear()
    assert backfill.run("--yes").code == 0
    assert set(openai_server.record.texts.values()) == {1}
    assert openai_server.record.inputs_billed == 20


def test_a_daemon_may_work_beside_it(
    backfill: Backfill, bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(60)
    daemon = bot.start_daemon(**PACE)
    result = backfill.run("--yes")
    wait_until(lambda: rows.vectors() == 60)
    daemon.stop()
    assert result.code == 0, result.err
    assert set(openai_server.record.texts.values()) == {1}
    if to_do(result, "job"):
        figures = done(result, "job")
        assert figures["embedded"] + figures["by others"] == to_do(result, "job")
    assert_all_true(rows)


# --- failures


def test_a_refused_text_is_named_and_tried_again_by_the_next_run(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(12)
    openai_server.faults.poison(lambda text: text.endswith(" 7"))
    result = backfill.run("--yes")
    assert result.code == 1
    assert done(result, "job")["failed"] == 1 and rows.vectors() == 11
    assert any(
        line.startswith("job 7 has no vector: HTTP 400") for line in result.errors
    )
    openai_server.faults.clear()
    again = backfill.run("--yes")
    assert (again.code, done(again, "job")["embedded"]) == (0, 1)
    assert_all_true(rows)


@pytest.mark.parametrize(
    "fault",
    [f.rate_limited(retry_after_ms=20), f.server_error(503), f.closed()],
    ids=["429", "503", "closed"],
)
def test_a_provider_that_stumbles_costs_no_row(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer, fault: f.Fault
) -> None:
    rows.add_jobs(20)
    openai_server.faults.push(f.NORMAL, fault)
    result = backfill.run("--yes")
    assert result.code == 0, result.err
    assert_all_true(rows)


def test_a_refused_key_is_exit_3(
    backfill: Backfill, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(2)
    openai_server.key = "another"
    result = backfill.run("--yes")
    assert result.code == 3 and "refuses the API key" in result.err
    openai_server.key = "test"
    assert backfill.run("--yes").code == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--ids", "5-1"), "the wrong way round"),
        (("--ids", "A-7"), "is no whole number"),
        (("--limit", "0"), "a whole number above 0"),
        (("--delay", "soon"), "a number of seconds"),
        (("--users-only", "--jobs-only"), "not allowed with"),
    ],
)
def test_what_cannot_be_meant_is_exit_2(
    backfill: Backfill, options: tuple[str, ...], why: str
) -> None:
    result = backfill.run(*options)
    assert result.code == 2 and why in result.err


def test_a_missing_key_is_exit_2(backfill: Backfill, rows: Rows) -> None:
    rows.add_jobs(1)
    result = backfill.run(OPENAI_API_KEY="", OPENAI_BASE_URL="", EMBEDDING_MODEL="x")
    assert result.code == 0  # the local model is the live one
    settings = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": ""}
    backfill._bot.run("models", "add", "--yes", **settings)
    keyless = backfill.run("--model", "text-embedding-3-small", **LOCAL)
    assert keyless.code == 2 and "set OPENAI_API_KEY for openai/" in keyless.err
