"""backfill-enrichment as a process: what it chooses, costs and leaves when interrupted."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable

import pytest

from tests.acceptance.processes import Bot, Result, wait_until
from tests.acceptance.rows import Rows
from tests.conftest import DIMENSIONS
from tests.loopback import faults as f
from tests.loopback.chat import well_behaved
from tests.loopback.openai_server import OpenAIServer

CHAT = {"ENRICHMENT_MODEL": "gpt-4o-mini", "ENRICHMENT_CONCURRENCY": "1"}
DESCRIPTION = (
    "We are looking for somebody to run our payroll. Excel and Payroll are required, "
    "with two years of experience. Salary: N150,000 - N200,000 monthly. Number "
)

Enrich = Callable[..., Result]


@pytest.fixture
def enrich(bot: Bot) -> Enrich:
    def run(*options: str, **environ: str) -> Result:
        return bot.run("backfill-enrichment", *options, **environ)

    return run


def add_jobs(rows: Rows, count: int) -> list[int]:
    """Each with a text of its own."""
    jobs = rows.add_jobs(count)
    rows.run("UPDATE canonical_jobs SET description = %s || id", DESCRIPTION)
    return jobs


def figure(result: Result, name: str) -> int:
    (number,) = re.findall(rf"{name} ([\d,]+)", result.out)
    return int(number.replace(",", ""))


def postings(rows: Rows) -> list[tuple[object, ...]]:
    """The jobs' own fields."""
    return rows.run("SELECT to_jsonb(j)::text FROM canonical_jobs j ORDER BY id")


def made(rows: Rows) -> int:
    count: int = rows.value("SELECT count(made_at) FROM job_enrichments")
    return count


def test_the_guides_placeholders_become_enriched_and_embedded(
    enrich: Enrich, rows: Rows, openai_server: OpenAIServer
) -> None:
    """Seed D: jobs whose vector is a sequence, zeros, a constant or of another length."""
    jobs = add_jobs(rows, 5)
    enrich("--yes")
    good = rows.vector("job", jobs[4])
    placeholders: list[list[float]] = [
        [0.414 + 0.001 * n for n in range(DIMENSIONS)],
        [0.0] * DIMENSIONS,
        [0.5] * DIMENSIONS,
        [(-1.0) ** n for n in range(DIMENSIONS // 2)],
    ]
    for job, vector in zip(jobs, placeholders, strict=False):
        rows.run(
            "UPDATE job_vectors SET embedding = %s::halfvec WHERE job_id = %s",
            json.dumps(vector),
            job,
        )
    before, requests = postings(rows), openai_server.record.requests
    dry = enrich("--dry-run")
    assert figure(dry, "a vector that no model made") == 4
    assert openai_server.record.requests == requests
    result = enrich("--yes")
    assert result.code == 0, result.err
    assert figure(result, "embedded") == 4
    assert rows.vector("job", jobs[4]) == good
    for job in jobs:
        values = json.loads(rows.vector("job", job) or "[]")
        assert len(values) == DIMENSIONS and sorted(values) != values
        assert len(set(values)) > 2
    assert postings(rows) == before
    assert "there is nothing to do" in enrich().out


def test_a_dry_run_by_a_chat_model_calls_nobody_and_tells_what_it_costs(
    enrich: Enrich, rows: Rows, openai_server: OpenAIServer
) -> None:
    add_jobs(rows, 6)
    rows.add_job("Only a title")
    dry = enrich("--dry-run", "--limit", "7", **CHAT)
    assert dry.code == 0, dry.err
    assert figure(dry, "texts to pay for") == 6
    assert openai_server.record.requests == 0
    assert (made(rows), rows.value("SELECT count(*) FROM embedding_usage")) == (0, 0)
    result = enrich("--yes", **CHAT)
    assert result.code == 0, result.err
    billed = rows.value(
        "SELECT sum(tokens) FROM embedding_usage WHERE purpose = 'enrichment'"
    )
    assert billed == pytest.approx(figure(dry, "tokens     some"), rel=0.5)
    assert (
        rows.value("SELECT count(*) FROM job_enrichments WHERE source = 'rules'") == 1
    )
    assert "nothing to do" in enrich(**CHAT).out
    # The rules replace nothing that was paid for.
    assert "to do 1 of 7" in enrich("--dry-run").out


def test_what_an_older_version_read_is_read_anew(enrich: Enrich, rows: Rows) -> None:
    old, new = add_jobs(rows, 2)
    assert enrich("--yes").code == 0
    rows.run(
        "UPDATE job_enrichments SET version = 'rules-0', text_hash = '\\x00'"
        " WHERE job_id = %s",
        old,
    )
    rows.run("UPDATE job_enrichments SET summary = 'kept' WHERE job_id = %s", new)
    result = enrich("--yes")
    assert "to do 1 of 2" in result.out
    assert rows.value("SELECT count(DISTINCT version) FROM job_enrichments") == 1
    assert (
        rows.value("SELECT summary FROM job_enrichments WHERE job_id = %s", new)
        == "kept"
    )


def test_ctrl_c_stores_what_is_in_hand_and_nothing_is_paid_twice(
    bot: Bot, enrich: Enrich, rows: Rows, openai_server: OpenAIServer
) -> None:
    add_jobs(rows, 60)
    is_held, may_answer = threading.Event(), threading.Event()

    def hold(posting: dict[str, str]) -> dict[str, object]:
        if openai_server.record.requests > 1:
            is_held.set()
            may_answer.wait()
        return well_behaved(posting)

    openai_server.say = hold
    process = bot.start("whatsapp_bot.backfill_enrichment", "--yes", **CHAT)
    wait_until(is_held.is_set)
    process.press_ctrl_c()
    may_answer.set()
    assert process.wait() == 130, process.log
    assert "run it again to go on" in process.log
    read = made(rows)
    assert 2 <= read < 60
    assert read == openai_server.record.inputs_billed
    again = enrich("--yes", **CHAT)
    assert again.code == 0, again.err
    assert made(rows) == 60
    assert openai_server.record.inputs_billed == 60 + 60  # and as many vectors


def test_exit_codes(enrich: Enrich, rows: Rows, openai_server: OpenAIServer) -> None:
    jobs = add_jobs(rows, 2)
    unpriced = enrich(
        "--dry-run", ENRICHMENT_MODEL="m", ENRICHMENT_BASE_URL="http://x.ng"
    )
    assert unpriced.code == 2 and "ENRICHMENT_PRICE_USD" in unpriced.err
    unasked = enrich(**CHAT)
    assert unasked.code == 1 and "add --yes" in unasked.err
    openai_server.faults.when(
        lambda text: f"Number {jobs[0]}" in text, f.chat_says("{}")
    )
    bad = enrich("--yes", "--budget", "1", **CHAT)
    assert bad.code == 1
    assert f"job {jobs[0]} is not enriched: the answer has other fields" in bad.err
    openai_server.faults.always(f.bad_key())
    assert enrich("--yes", "--force", **CHAT).code == 3
