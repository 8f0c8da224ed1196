from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.conftest import AppFactory, Factory
from tests.integration.embeddings.test_embedding_service import (
    end_pause,
    execute,
    service_of,
    stored_vector,
)
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.pace import Ledger, PaceStore
from whatsapp_bot.embeddings.provider import RequestSize
from whatsapp_bot.records import RateLimits, Totals


def pace_of(app: App) -> PaceStore:
    return app.pace(app.live_model)


# --- the circuit breaker


def test_workers_share_the_breaker(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    first, second = make_app(), make_app()
    Factory(first).job()
    openai_server.faults.always(f.server_error(503))
    service_of(first).embed_batch("job")
    assert service_of(second).pause_seconds() > 0
    assert service_of(second).embed_batch("job") == Totals()
    assert openai_server.record.requests == 1


def test_one_worker_finds_out_while_the_others_wait(app: App) -> None:
    pace = pace_of(app)
    pace.reserve(1)
    pace.failed(0, "down", 0, "no route")
    assert pace.reserve(1) == (0, 1)
    wait, failures = pace.reserve(1)
    assert wait > 0
    assert failures == 1


def test_requests_that_fail_together_are_one_failure(app: App) -> None:
    pace = pace_of(app)
    for _ in range(4):
        assert pace.reserve(1) == (0, 0)
    for _ in range(4):
        pace.failed(0, "limited", 0, "too many requests")
    assert pace.facts().failures == 1


def test_an_answer_closes_the_breaker(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job()
    openai_server.faults.push(f.closed())
    service = service_of(app)
    service.embed_batch("job")
    facts = pace_of(app).facts()
    assert (facts.failures, facts.reason) == (1, "down")
    end_pause(app)
    assert service.embed_batch("job").embedded == 1
    assert pace_of(app).facts().failures == 0


def test_a_refusal_of_a_text_closes_the_breaker_too(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job("poison")
    openai_server.faults.push(f.closed())
    openai_server.faults.poison(lambda text: text == "poison")
    service = service_of(app)
    service.embed_batch("job")
    end_pause(app)
    assert service.embed_batch("job").failed == 1
    assert pace_of(app).facts().failures == 0


def test_a_start_forgets_denials_and_nothing_else(app: App) -> None:
    pace = pace_of(app)
    pace.reserve(1)
    pace.failed(0, "denied", 300, "bad key")
    app.upkeep.forget_denials()
    assert pace.reserve(1) == (0, 0)
    pace.failed(0, "limited", 300, "slow down")
    app.upkeep.forget_denials()
    assert pace.seconds_to_wait() > 0


# --- pace


def test_the_windows_that_the_provider_tells_of_are_kept(app: App) -> None:
    pace = pace_of(app)
    pace.reserve(1)
    pace.observe(RateLimits(10, 2, 60, 1_000, 500, 60))
    assert pace.reserve(100)[0] == 0
    assert pace.reserve(100)[0] == 0
    assert pace.reserve(100)[0] > 50  # no request left


def test_tokens_are_kept_to_as_well(app: App) -> None:
    pace = pace_of(app)
    pace.reserve(1)
    pace.observe(RateLimits(tokens_limit=1_000, tokens_left=300, tokens_reset=30))
    assert pace.reserve(200)[0] == 0
    assert pace.reserve(200)[0] > 20


def test_a_new_window_is_whole_again(app: App) -> None:
    pace = pace_of(app)
    pace.reserve(1)
    pace.observe(RateLimits(2, 0, 60, None, None, None))
    assert pace.reserve(1)[0] > 0
    execute(app, "UPDATE embedding_pace SET requests_renewed = now()")
    assert [pace.reserve(1)[0] for _ in range(2)] == [0, 0]


def test_more_tokens_than_a_window_has_go_through_in_a_whole_one(app: App) -> None:
    pace = pace_of(app)
    pace.reserve(1)
    pace.observe(RateLimits(tokens_limit=100, tokens_left=100, tokens_reset=60))
    assert pace.reserve(5_000)[0] == 0
    assert pace.reserve(1)[0] > 0


def test_what_others_have_under_way_is_not_given_back_by_an_older_answer(
    app: App,
) -> None:
    pace = pace_of(app)
    pace.reserve(1)
    pace.observe(RateLimits(10, 5, 60, None, None, None))
    for _ in range(5):
        pace.reserve(1)
    pace.observe(RateLimits(10, 4, 60, None, None, None))  # of the first of them
    assert pace.reserve(1)[0] > 0


def test_a_slow_window_sends_the_rows_back_without_a_request(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job()
    pace_of(app).reserve(1)
    pace_of(app).observe(RateLimits(10, 0, 60, None, None, None))
    service = service_of(app)
    assert service.embed_batch("job").given_back == 1
    # And it does not go on claiming rows that it would have to give back.
    make.job("nurse")
    assert service.embed_batch("job") == Totals()
    assert openai_server.record.requests == 0


def test_the_providers_headers_are_obeyed_before_it_complains(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="1", EMBEDDING_CONCURRENCY="1")
    make = Factory(app)
    for i in range(5):
        make.job(f"Accountant {i}")
    openai_server.headers = {
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "2",
        "x-ratelimit-reset-requests": "1m0s",
    }
    assert app.generator.embed_due().embedded == 3
    assert openai_server.record.requests == 3


# --- money


def test_paid_work_stops_before_the_days_budget_is_passed(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    # A request of one title is estimated at 5 tokens: half a cent at this price.
    app = make_app(
        EMBEDDING_BATCH_SIZE="1",
        EMBEDDING_PRICE_USD="1000",
        EMBEDDING_DAILY_BUDGET_USD="0.02",
    )
    make = Factory(app)
    for i in range(20):
        make.job(f"Accountant {i}")
    totals = app.generator.embed_due()
    assert 0 < totals.embedded < 20
    assert app.ledger.today()["dollars"] <= 0.02
    facts = pace_of(app).facts()
    assert (facts.reason, facts.failures) == ("budget", 1)
    assert "$0.02" in str(facts.message)
    assert openai_server.record.requests == totals.embedded


def test_the_budget_is_one_for_all_workers(app: App) -> None:
    ledger, model = Ledger(app.database), app.live_model.name
    granted: list[bool] = []

    def spend() -> None:
        granted.append(ledger.reserve(model, "schedule", 0.3, daily_budget=1.0))

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(granted) == [False] * 5 + [True] * 3


def test_a_run_has_a_budget_of_its_own(make_app: AppFactory) -> None:
    app = make_app(
        EMBEDDING_BATCH_SIZE="1",
        EMBEDDING_PRICE_USD="1000",
        EMBEDDING_RUN_BUDGET_USD="0.01",
        EMBEDDING_DAILY_BUDGET_USD="none",
    )
    make = Factory(app)
    for i in range(5):
        make.job(f"Accountant {i}")
    assert 0 < app.generator.embed_due().embedded < 5
    assert app.ledger.today()["dollars"] <= 0.01
    assert service_of(app).pause_seconds() > 0
    assert pace_of(app).seconds_to_wait() == 0  # others may go on


def test_what_was_not_billed_is_given_back_to_the_budget(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job()
    openai_server.faults.push(f.server_error(500))
    service_of(app).embed_batch("job")
    assert app.ledger.today()["dollars"] == pytest.approx(0, abs=1e-12)


# --- texts that are paid for already


def test_the_same_texts_from_a_second_source_cost_nothing(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    first = [make.job(f"Accountant {i}") for i in range(50)]
    app.generator.embed_due()
    second = [make.job(f"Accountant {i}", company="Other") for i in range(50)]
    totals = service_of(app).embed_batch("job")
    assert (totals.reused, totals.embedded, totals.requests) == (50, 0, 0)
    assert openai_server.record.inputs_billed == 50
    assert stored_vector(app, first[7]) == stored_vector(app, second[7])


def test_a_text_that_comes_back_costs_nothing(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("cook")
    service = service_of(app)
    service.embed_batch("job")
    for title in ("Chef", "cook"):
        execute(app, "UPDATE canonical_jobs SET title = %s WHERE id = %s", title, job)
        service.embed_batch("job")
    assert openai_server.record.inputs_billed == 2
    assert app.store("job").facts().embedded == 1


def test_a_job_that_is_listed_again_costs_nothing(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("cook")
    service_of(app).embed_batch("job")
    execute(app, "UPDATE canonical_jobs SET status = 'closed' WHERE id = %s", job)
    execute(app, "UPDATE canonical_jobs SET status = 'active' WHERE id = %s", job)
    assert service_of(app).embed_batch("job").reused == 1
    assert openai_server.record.inputs_billed == 1


def test_a_person_and_a_job_of_the_same_words_are_paid_once(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app(EMBEDDING_CONCURRENCY="1")
    make = Factory(app)
    make.job("nurse")
    make.user(job_roles=["nurse"])
    app.generator.embed_due()
    assert openai_server.record.inputs_billed == 1


def test_a_persons_vector_is_not_kept_when_she_goes(app: App, make: Factory) -> None:
    user = make.user(job_roles=["nurse"])
    app.generator.embed_due()
    execute(app, "DELETE FROM users WHERE id = %s", user)
    with app.database.transaction() as cursor:
        cursor.raw.execute("SELECT count(*) AS count FROM embedding_cache")
        assert cursor.raw.fetchone() == {"count": 0}


def test_the_cache_keeps_to_its_size(app: App, make: Factory) -> None:
    for i in range(9):
        make.job(f"Cook {i}")
    app.generator.embed_due()
    execute(app, "UPDATE canonical_jobs SET status = 'closed'")
    execute(
        app,
        "UPDATE embedding_cache SET kept_at = now() - random() * interval '1 day'",
    )
    app.upkeep.trim_cache(rows=4)
    with app.database.transaction() as cursor:
        cursor.raw.execute("SELECT count(*) AS count FROM embedding_cache")
        assert cursor.raw.fetchone() == {"count": 4}


def test_a_vector_of_another_model_is_never_reused(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app()
    Factory(app).job("cook")
    service_of(app).embed_batch("job")
    app.models.add(replace(app.live_model, name="next", dimensions=32))
    app.upkeep.reconcile("job")
    app.generator.embed_due()
    assert openai_server.record.inputs_billed == 2


def test_a_text_that_is_too_long_is_shortened_and_counted(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    service = service_of(app)
    service._gate.provider._size = RequestSize(10, 1_000, 10)  # type: ignore[attr-defined]
    make.job("Cook who can bake. And drives a lorry through the night to Kano")
    totals = service.embed_batch("job")
    assert (totals.embedded, totals.shortened) == (1, 1)
    assert list(openai_server.record.texts) == ["cook who can bake."]
