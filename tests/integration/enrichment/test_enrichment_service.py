from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.conftest import AppFactory
from tests.integration.enrichment.conftest import (
    CHAT,
    DESCRIPTION,
    StateOf,
    execute,
)
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.enrichment.rules import VERSION
from whatsapp_bot.records import Row, Totals

Post = Callable[..., int]


def job_of(app: App, job_id: int) -> Row:
    with app.database.transaction() as cursor:
        cursor.raw.execute("SELECT * FROM canonical_jobs WHERE id = %s", (job_id,))
        return dict(cursor.raw.fetchone() or {})


def due_embeddings(app: App) -> int:
    return app.store("job").facts().due


# --- by rules


def test_a_saved_posting_is_read_at_once_and_stays_as_it_was(
    make_app: AppFactory, state_of: StateOf, openai_server: OpenAIServer
) -> None:
    app = make_app(HOOK_TIMEOUT_SECONDS="60", ENRICHMENT_HOOK_SECONDS="60")
    posting = {"id": "1", "title": "Senior Accountant", "description": DESCRIPTION}
    job = app.parser.save_canonical_job(posting, source="test")
    state = state_of(job)
    assert (state["source"], state["version"]) == ("rules", VERSION)
    assert state["required_skills"] == ["Payroll", "Excel"]
    assert (state["seniority"], state["due_at"]) == ("senior", None)
    assert (state["salary_min"], state["salary_max"]) == (150_000, 200_000)
    saved = job_of(app, job)
    assert saved["description"] == DESCRIPTION
    inferred = [name for name in saved if name.startswith("ai_") and saved[name]]
    assert (inferred, saved["skills"], saved["salary_min"]) == ([], [], None)
    assert openai_server.record.requests == 1  # its vector


def test_what_a_batch_saves_is_read_once_it_is_due(
    app: App, posted: Post, state_of: StateOf
) -> None:
    jobs = [posted(company=f"Firm {n}") for n in range(3)]
    assert state_of(jobs[0])["made_at"] is None
    assert app.enrichment.enrich_due(lambda: False).embedded == 3
    assert all(state_of(job)["made_at"] for job in jobs)
    assert app.enrichment.enrich_due(lambda: False) == Totals()


def test_only_a_change_of_what_is_read_makes_it_due(
    app: App, posted: Post, state_of: StateOf
) -> None:
    job = posted()
    app.enrichment.enrich_batch()
    execute(app, "UPDATE canonical_jobs SET salary_min = 5 WHERE id = %s", job)
    assert state_of(job)["due_at"] is None
    execute(app, "UPDATE canonical_jobs SET description = 'Nurse' WHERE id = %s", job)
    assert state_of(job)["due_at"] is not None
    assert app.enrichment.enrich_batch().embedded == 1
    assert state_of(job)["required_skills"] == []


def test_a_text_that_stays_the_same_costs_nothing(
    app: App, posted: Post, openai_server: OpenAIServer
) -> None:
    """The live template reads the title alone."""
    posted()
    app.generator.embed_due()
    assert app.enrichment.enrich_batch().embedded == 1
    assert due_embeddings(app) == 0
    assert openai_server.record.requests == 1


def test_a_text_that_changes_is_due_and_reads_it_where_the_posting_is_empty(
    make_app: AppFactory, posted: Post, openai_server: OpenAIServer
) -> None:
    app = make_app(EMBEDDING_TEMPLATE="everything-1")
    silent, telling = posted(), posted(skills=["SAP"], experience_level="lead")
    app.generator.embed_due()
    app.enrichment.enrich_batch()
    assert due_embeddings(app) == 2
    openai_server.record.texts.clear()
    app.generator.embed_due()
    of_silent, of_telling = sorted(openai_server.record.texts, key=len, reverse=True)
    assert silent < telling
    assert "Required skills: Payroll, Excel" in of_silent
    assert "Salary: NGN 150,000 - 200,000" in of_silent
    assert "Required skills: SAP." in of_telling and "Job level: lead" in of_telling


def test_jobs_that_cannot_be_found_are_not_read(
    app: App, posted: Post, state_of: StateOf
) -> None:
    job = posted()
    execute(app, "UPDATE canonical_jobs SET status = 'closed' WHERE id = %s", job)
    assert app.enrichment.store.drop_ended() == 1
    assert app.enrichment.enrich_batch() == Totals()
    execute(app, "UPDATE canonical_jobs SET status = 'active' WHERE id = %s", job)
    assert app.enrichment.store.add_missing() == 1
    assert app.enrichment.enrich_batch().embedded == 1
    execute(app, "DELETE FROM job_enrichments")
    assert app.enrichment.store.add_missing() == 1


def test_what_changes_while_it_is_read_stays_due(
    app: App, posted: Post, state_of: StateOf
) -> None:
    job = posted()
    (claim,) = app.enrichment.store.claim_due(10, 60)
    assert app.enrichment.store.claim_due(10, 60) == []  # another worker's
    execute(app, "UPDATE canonical_jobs SET title = 'Nurse' WHERE id = %s", job)
    app.enrichment.store.confirm([claim])
    assert state_of(job)["due_at"] is not None


# --- by a chat model


def test_a_chat_model_reads_within_the_ledger(
    chat: App, posted: Post, state_of: StateOf, openai_server: OpenAIServer
) -> None:
    job = posted()
    totals = chat.enrichment.enrich_batch()
    assert (totals.embedded, totals.requests) == (1, 1)
    state = state_of(job)
    assert state["source"] == chat.enrichment.reader.name
    assert state["source"].endswith("/gpt-4o-mini")
    assert state["required_skills"] == ["Excel", "Payroll"]
    assert state["seniority"] == "mid"
    (usage,) = chat.ledger.by_purpose()
    assert (usage["purpose"], usage["requests"]) == ("enrichment", 1)
    assert usage["tokens"] == openai_server.record.tokens_billed == totals.tokens
    assert usage["dollars"] == pytest.approx(totals.dollars)
    assert 0 < totals.dollars < usage["tokens"] * 0.60 / 1e6


def test_a_text_that_was_read_is_not_paid_for_twice(
    chat: App, posted: Post, openai_server: OpenAIServer
) -> None:
    first = posted()
    chat.enrichment.enrich_batch()
    posted()
    assert chat.enrichment.enrich_batch().reused == 1
    execute(chat, "UPDATE job_enrichments SET due_at = now() WHERE job_id = %s", first)
    assert chat.enrichment.enrich_batch().unchanged == 1
    assert openai_server.record.requests == 1


def test_a_title_alone_is_left_to_the_rules(
    chat: App, posted: Post, state_of: StateOf, openai_server: OpenAIServer
) -> None:
    job = posted("Senior Nurse", description="Apply now")
    assert chat.enrichment.enrich_batch().embedded == 1
    assert (state_of(job)["source"], state_of(job)["seniority"]) == ("rules", "senior")
    assert openai_server.record.requests == 0


@pytest.mark.parametrize(
    "fault",
    [
        f.chat_says("not json"),
        f.chat_says('{"required_skills": ["Excel"]}'),
        f.chat_says("[]"),
        f.chat_refusal(),
        f.chat_cut_off(),
        f.raw(b'{"choices": []}'),
    ],
    ids=["no JSON", "wrong schema", "no object", "refusal", "cut off", "no choice"],
)
def test_an_invalid_answer_is_asked_for_again_and_then_set_aside(
    chat: App,
    posted: Post,
    state_of: StateOf,
    openai_server: OpenAIServer,
    fault: f.Fault,
) -> None:
    recovers, fails = posted(), posted(company="Other")
    # Newest first.
    openai_server.faults.push(fault, times=3)
    totals = chat.enrichment.enrich_batch()
    assert (totals.embedded, totals.failed, totals.requests) == (1, 1, 4)
    assert state_of(recovers)["made_at"] is not None
    state = state_of(fails)
    assert (state["attempts"], state["made_at"]) == (1, None)
    assert state["last_error"] and 50 < state["seconds"] < 70
    assert openai_server.record.tokens_billed <= chat.ledger.today()["tokens"]


@pytest.mark.parametrize(
    "fault",
    [f.rate_limited(30), f.server_error(500), f.closed(), f.bad_key(), f.html()],
    ids=["429", "500", "closed", "401", "502"],
)
def test_a_provider_that_cannot_be_had_costs_no_posting_an_attempt(
    chat: App,
    posted: Post,
    state_of: StateOf,
    openai_server: OpenAIServer,
    fault: f.Fault,
) -> None:
    jobs = [posted(company=f"Firm {n}") for n in range(3)]
    openai_server.faults.always(fault)
    assert chat.enrichment.enrich_batch().given_back == 3
    assert chat.enrichment.pause_seconds() > 0
    assert chat.enrichment.enrich_batch() == Totals()
    assert openai_server.record.requests == 1  # the others were not even asked
    assert {state_of(job)["attempts"] for job in jobs} == {0}
    assert chat.ledger.today()["dollars"] == 0


def test_a_refused_posting_is_set_aside_and_a_refused_setting_blames_none(
    chat: App, posted: Post, state_of: StateOf, openai_server: OpenAIServer
) -> None:
    good, bad = posted(), posted("Poison")
    openai_server.faults.poison(lambda text: "Poison" in text)
    totals = chat.enrichment.enrich_batch()
    assert (totals.embedded, totals.failed) == (1, 1)
    assert "HTTP 400" in state_of(bad)["last_error"]
    assert state_of(good)["made_at"] is not None
    later = posted(company="Later")
    openai_server.faults.always(f.bad_request())
    assert chat.enrichment.enrich_batch().given_back == 1
    assert (state_of(later)["attempts"], state_of(later)["last_error"]) == (0, None)
    assert "every posting" in str(chat.enrichment.last_pause)


def test_the_key_and_the_text_are_in_no_message(
    make_app: AppFactory,
    posted: Post,
    state_of: StateOf,
    openai_server: OpenAIServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app(**CHAT, ENRICHMENT_API_KEY="secret-key-123")
    job = posted()
    words = f"bad key secret-key-123, bad text {DESCRIPTION}"
    openai_server.faults.when(lambda text: "run our" in text, f.bad_request(words))
    assert app.enrichment.enrich_batch().failed == 1
    assert openai_server.record.last_headers["authorization"].endswith("-123")
    for said in (state_of(job)["last_error"], caplog.text):
        assert "HTTP 400" in said
        assert "secret-key" not in said and "payroll" not in said


def test_the_days_budget_is_shared_and_the_last_of_it_is_for_vectors(
    make_app: AppFactory, posted: Post, openai_server: OpenAIServer
) -> None:
    app = make_app(**CHAT, EMBEDDING_DAILY_BUDGET_USD="1")
    posted()
    app.ledger.add("another", "schedule", dollars=0.85)
    assert app.enrichment.enrich_batch().given_back == 1
    assert openai_server.record.requests == 0
    assert "the day's budget of $0.8 would be passed" in str(app.enrichment.last_pause)
    assert app.generator.embed_due().embedded == 1


def test_a_run_has_one_budget_for_all_its_models(
    make_app: AppFactory, posted: Post
) -> None:
    posted()
    app = make_app(**CHAT, EMBEDDING_RUN_BUDGET_USD="0.002")
    assert app.enrichment.enrich_batch().embedded == 1
    posted(company="Other")
    spent = app.ledger.today()["dollars"]
    other = make_app(**CHAT, EMBEDDING_RUN_BUDGET_USD=f"{spent:.6f}")
    assert other.enrichment.enrich_batch().given_back == 1


def test_a_slow_model_does_not_hold_up_a_save(
    make_app: AppFactory, state_of: StateOf, openai_server: OpenAIServer
) -> None:
    app = make_app(**CHAT, ENRICHMENT_HOOK_SECONDS="0.05")
    openai_server.faults.when(lambda text: "payroll" in text, f.slow(60.0))
    posting = {"id": "1", "title": "Clerk", "description": DESCRIPTION}
    job = app.parser.save_canonical_job(posting, source="test")
    assert state_of(job)["made_at"] is None
    assert state_of(job)["due_at"] is not None
    assert app.store("job").facts().embedded == 1


def test_asked_to_stop_it_gives_back_what_it_has_not_begun(
    chat: App, posted: Post, openai_server: OpenAIServer
) -> None:
    for number in range(3):
        posted(company=f"Firm {number}")
    asked: list[bool] = []

    def stop_after_one() -> bool:
        asked.append(True)
        return len(asked) > 1

    totals = chat.enrichment.enrich_batch(None, stop_after_one)
    assert (totals.embedded, totals.given_back) == (1, 2)
    assert chat.enrichment.enrich_batch().embedded == 2


def test_a_reading_is_not_written_over_a_newer_revision(
    chat: App, posted: Post, openai_server: OpenAIServer
) -> None:
    job = posted()

    def say(posting: dict[str, str]) -> dict[str, object]:
        execute(chat, "UPDATE canonical_jobs SET title = 'B' WHERE id = %s", job)
        return openai_say(posting)

    openai_say, openai_server.say = openai_server.say, say
    totals = chat.enrichment.enrich_batch()
    assert replace(totals, requests=0, tokens=0, dollars=0) == Totals(outrun=1)
    assert chat.enrichment.enrich_batch().embedded == 1


def test_any_number_of_workers_share_the_postings(
    make_app: AppFactory, posted: Post, openai_server: OpenAIServer
) -> None:
    for number in range(12):
        posted(company=f"Firm {number}")
    settings = CHAT | {"ENRICHMENT_BATCH_SIZE": "2", "ENRICHMENT_CONCURRENCY": "2"}
    workers = [make_app(**settings).enrichment for _ in range(3)]
    openai_server.gather = 3  # each has one in hand
    with ThreadPoolExecutor(3) as threads:
        totals = list(threads.map(lambda w: w.enrich_due(lambda: False), workers))
    assert sum(each.embedded for each in totals) == 12
    assert openai_server.record.requests == 12
