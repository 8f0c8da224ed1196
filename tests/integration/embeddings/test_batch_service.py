from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.conftest import AppFactory, Factory
from tests.integration.embeddings.test_embedding_service import (
    execute,
    service_of,
    state_of,
    stored_vector,
)
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from tests.loopback.text_vectors import Floats, embed_texts
from whatsapp_bot.bootstrap import App, build_batch_service
from whatsapp_bot.database.batches import BatchStore
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.embeddings import batch_service
from whatsapp_bot.embeddings.batch_service import BatchService
from whatsapp_bot.embeddings.model_choice import local_model
from whatsapp_bot.embeddings.openai_batch import OpenAIBatch
from whatsapp_bot.embeddings.provider_gate import Purse
from whatsapp_bot.errors import (
    EmbeddingDenied,
    EmbeddingUnavailable,
    ProviderPaused,
)
from whatsapp_bot.records import Batch, Totals

PRICE = 0.02 / 1e6  # the tests' model, by call
TITLES = ["nurse", "driver", "welder", "cook", "teacher"]


def batches_of(app: App) -> BatchService:
    service = app.batch_services.live()
    assert service is not None
    return service


def newest(app: App) -> Batch:
    return app.batches.newest(1)[0]


def is_right(app: App, job: int, title: str) -> bool:
    """Its vector is that of this text."""
    stored = np.array(stored_vector(app, job)[1:-1].split(","), float)
    return float(stored @ embed_texts([title], 64)[0]) > 0.999


def spent(app: App) -> float:
    return float(app.ledger.today()["dollars"])


def half_price(openai_server: OpenAIServer) -> Any:
    tokens = openai_server.batches.tokens_billed
    return pytest.approx(tokens * PRICE / 2, abs=1e-12)


def end_holds(app: App) -> None:
    """As if whoever held a batch had been silent for long."""
    execute(app, "UPDATE embedding_batches SET held_until = now()")


# --- there and back


def test_a_batch_goes_up_once_and_its_vectors_come_back_at_half_the_price(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in TITLES]
    user = make.user(job_roles=["plumber"])
    submitted = batches_of(app).submit()
    assert (submitted.batches, submitted.texts) == (1, 6)
    assert spent(app) == pytest.approx(submitted.dollars)
    assert not state_of(app, jobs[0])["is_due"]
    assert batches_of(app).poll() == Totals()
    openai_server.batches.complete()
    totals = batches_of(app).poll()
    assert (totals.embedded, totals.given_back) == (6, 0)
    assert all(is_right(app, *pair) for pair in zip(jobs, TITLES, strict=True))
    assert app.users.has_vector(user, app.live_model.name)
    assert all(state_of(app, job)["due_at"] is None for job in jobs)
    assert openai_server.batches.calls["upload"] == 1
    assert openai_server.record.requests == 0
    assert spent(app) == half_price(openai_server)
    assert (newest(app).state, newest(app).rows) == ("done", 6)
    assert app.batches.count_open() == 0


def test_a_shuffled_output_finds_its_rows(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in TITLES]
    batches_of(app).submit()
    openai_server.batches.complete(reverse=True)
    batches_of(app).poll()
    assert all(is_right(app, *pair) for pair in zip(jobs, TITLES, strict=True))


def test_nothing_due_hands_in_nothing(app: App, openai_server: OpenAIServer) -> None:
    assert batches_of(app).submit().batches == 0
    assert not openai_server.batches.calls
    assert app.batches.newest(5) == []


def test_a_limit_leaves_the_rest_to_the_daemon(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    for title in TITLES:
        make.job(title)
    assert batches_of(app).submit(2).texts == 2
    assert app.store("job").facts().due == 3


def test_a_text_that_is_refused_is_set_aside_alone(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in TITLES]
    batches_of(app).submit()
    openai_server.batches.complete(refusals={"welder": (400, "invalid_input")})
    totals = batches_of(app).poll()
    assert (totals.embedded, totals.failed, totals.given_back) == (4, 1, 0)
    state = state_of(app, jobs[2])
    assert (state["attempts"], state["last_error"]) == (1, "HTTP 400: invalid_input")
    assert state["seconds"] < 61


def test_where_every_text_is_refused_none_is_blamed(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("welder")
    batches_of(app).submit()
    openai_server.batches.complete(refusals={"welder": (400, "invalid_input")})
    assert batches_of(app).poll().given_back == 1
    assert state_of(app, job)["attempts"] == 0


def test_a_provider_that_stumbled_over_a_line_blames_no_text(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in TITLES]
    batches_of(app).submit()
    openai_server.batches.complete(refusals={"cook": (500, "server_error")})
    totals = batches_of(app).poll()
    assert (totals.embedded, totals.failed, totals.given_back) == (4, 0, 1)
    assert state_of(app, jobs[3])["is_due"]


def test_lines_that_are_missing_give_their_rows_back(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in TITLES]
    batches_of(app).submit()
    openai_server.batches.complete(missing={"driver", "cook"})
    totals = batches_of(app).poll()
    assert (totals.embedded, totals.given_back) == (3, 2)
    assert [state_of(app, job)["is_due"] for job in jobs] == [
        None, True, None, True, None,
    ]  # fmt: skip
    assert state_of(app, jobs[1])["attempts"] == 0


def test_an_unusable_vector_is_not_stored(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    def zero_for_cooks(text: str, vector: Floats) -> Floats:
        return vector * 0 if text == "cook" else vector

    jobs = [make.job(title) for title in TITLES]
    batches_of(app).submit()
    openai_server.batches.complete(edit=zero_for_cooks)
    totals = batches_of(app).poll()
    assert (totals.embedded, totals.failed) == (4, 1)
    assert "unusable vector" in state_of(app, jobs[3])["last_error"]


@pytest.mark.parametrize("listed", [True, False])
def test_a_batch_that_expired_keeps_what_was_answered(
    app: App, make: Factory, openai_server: OpenAIServer, listed: bool
) -> None:
    jobs = [make.job(title) for title in TITLES]
    batches_of(app).submit()
    openai_server.batches.expire(unanswered={"teacher"}, listed=listed)
    totals = batches_of(app).poll()
    assert (totals.embedded, totals.failed, totals.given_back) == (4, 0, 1)
    assert state_of(app, jobs[4])["is_due"]
    assert (newest(app).state, newest(app).last_error) == ("failed", "expired")
    assert spent(app) == half_price(openai_server)


def test_a_batch_that_was_cancelled_keeps_what_was_answered(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    for title in TITLES:
        make.job(title)
    batches_of(app).submit()
    openai_server.batches.cancel_all(unanswered={"nurse", "cook"})
    totals = batches_of(app).poll()
    assert (totals.embedded, totals.given_back) == (3, 2)


def test_a_batch_that_fails_validation_costs_nothing(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in TITLES]
    batches_of(app).submit()
    openai_server.batches.fail()
    assert batches_of(app).poll().given_back == 5
    assert all(state_of(app, job)["is_due"] for job in jobs)
    assert spent(app) == pytest.approx(0)
    assert "token_limit_exceeded" in (newest(app).last_error or "")


# --- no text is paid for twice


def test_identical_texts_go_up_once_and_come_back_for_all(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job("nurse", company=name) for name in ("Ada", "Bola", "Chidi")]
    user = make.user(job_roles=["nurse"])
    assert batches_of(app).submit().texts == 1
    openai_server.batches.complete()
    assert batches_of(app).poll().embedded == 4
    assert all(is_right(app, job, "nurse") for job in jobs)
    assert app.users.has_vector(user, app.live_model.name)


def test_what_costs_nothing_is_not_handed_in(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    unchanged = make.job("nurse")
    service_of(app).embed_batch("job")
    execute(
        app, "UPDATE job_embeddings SET due_at = now() WHERE job_id = %s", unchanged
    )
    make.job("nurse", company="Ada & Co")
    submitted = batches_of(app).submit()
    assert (submitted.settled.unchanged, submitted.settled.reused) == (1, 1)
    assert submitted.batches == 0
    assert not openai_server.batches.calls


def test_a_text_that_is_with_a_batch_is_waited_for_there(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job("nurse")
    batches_of(app).submit()
    later = make.job("nurse", company="Ada & Co")
    assert batches_of(app).submit().batches == 0
    openai_server.batches.complete()
    assert batches_of(app).poll().embedded == 2
    assert is_right(app, later, "nurse")
    assert openai_server.batches.texts == Counter(["nurse"])


def test_a_row_that_joins_while_the_answers_are_stored_is_not_forgotten(
    app: App,
    make: Factory,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make.job("nurse")
    batches_of(app).submit()
    openai_server.batches.complete()
    store = EmbeddingStore.store
    late: list[int] = []

    def join_then_store(self: EmbeddingStore, *values: Any) -> int:
        if not late:
            late.append(make.job("nurse", company="Ada & Co"))
            batches_of(app).submit()
        return store(self, *values)

    monkeypatch.setattr(EmbeddingStore, "store", join_then_store)
    assert batches_of(app).poll().given_back == 1
    assert state_of(app, late[0])["is_due"]
    assert service_of(app).embed_batch("job").reused == 1


def test_a_text_that_changed_meanwhile_is_embedded_the_ordinary_way(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in TITLES]
    batches_of(app).submit()
    execute(app, "UPDATE canonical_jobs SET title = 'Pilot' WHERE id = %s", jobs[0])
    openai_server.batches.complete()
    totals = batches_of(app).poll()
    assert (totals.embedded, totals.outrun, totals.given_back) == (4, 1, 0)
    assert state_of(app, jobs[0])["is_due"]
    assert service_of(app).embed_batch("job").embedded == 1
    assert is_right(app, jobs[0], "pilot")


def test_a_job_that_is_gone_when_its_vector_comes_is_no_trouble(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in TITLES]
    batches_of(app).submit()
    execute(app, "DELETE FROM canonical_jobs WHERE id = %s", jobs[0])
    openai_server.batches.complete()
    assert batches_of(app).poll().embedded == 4


def test_more_texts_than_a_batch_takes_are_split(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in (*TITLES, *TITLES)]
    service = batches_of(app)
    service._max_texts = openai_server.batches.max_texts = 2
    submitted = service.submit()
    assert (submitted.batches, submitted.texts) == (3, 5)
    openai_server.batches.complete()
    assert service.poll().embedded == 10
    assert all(is_right(app, *p) for p in zip(jobs, TITLES * 2, strict=True))
    assert openai_server.batches.texts == Counter(TITLES)
    assert spent(app) == half_price(openai_server)


def test_a_file_that_is_full_is_followed_by_another(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.user(job_roles=["nurse"])
    make.job("cook")
    service = batches_of(app)
    service._max_bytes = 1
    assert service.submit().batches == 2


# --- money


def test_what_the_budget_does_not_allow_is_not_handed_in(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app(EMBEDDING_DAILY_BUDGET_USD="0.00000001")
    job = Factory(app).job("nurse")
    submitted = batches_of(app).submit()
    assert submitted.stopped is not None and "day's budget" in submitted.stopped
    assert not openai_server.batches.calls
    assert state_of(app, job)["is_due"]
    assert spent(app) == 0


def test_the_budget_of_a_run_is_kept_to(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app(EMBEDDING_RUN_BUDGET_USD="0.00000001")
    Factory(app).job("nurse")
    submitted = batches_of(app).submit()
    assert submitted.stopped is not None and "run's budget" in submitted.stopped
    assert not openai_server.batches.calls


def test_what_was_reserved_is_settled_on_the_day_it_was_reserved(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job("nurse")
    batches_of(app).submit()
    execute(app, "UPDATE embedding_usage SET day = day - 1")
    execute(app, "UPDATE embedding_batches SET reserved_on = reserved_on - 1")
    openai_server.batches.complete()
    batches_of(app).poll()
    assert spent(app) == 0
    with app.database.transaction() as cursor:
        cursor.raw.execute("SELECT sum(dollars) AS sum FROM embedding_usage")
        row = cursor.raw.fetchone()
    assert row is not None and row["sum"] == half_price(openai_server)


# --- a provider that cannot be had


def test_an_upload_that_fails_gives_the_rows_back(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("nurse")
    openai_server.batches.script.append(f.server_error(503))
    with pytest.raises(EmbeddingUnavailable):
        batches_of(app).submit()
    assert state_of(app, job)["is_due"]
    assert spent(app) == pytest.approx(0)


def test_a_place_without_a_batch_api_says_so(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("nurse")
    openai_server.batches.script.append(f.raw(f.error_body("no such page"), 404))
    with pytest.raises(EmbeddingDenied, match="has no Batch API"):
        batches_of(app).submit()
    assert state_of(app, job)["is_due"]


def test_a_batch_whose_creation_was_not_answered_is_found(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in TITLES]
    openai_server.batches.script.extend([f.NORMAL, f.closed()])
    with pytest.raises(EmbeddingUnavailable):
        batches_of(app).submit()
    assert not state_of(app, jobs[0])["is_due"]
    end_holds(app)
    openai_server.batches.complete()
    assert batches_of(app).poll().embedded == 5
    assert openai_server.batches.texts == Counter(TITLES)


def test_a_provider_that_is_left_alone_is_handed_nothing(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job("nurse")
    app.pace(app.live_model).reserve(1)
    app.pace(app.live_model).failed(0, "down", 300, "no route")
    with pytest.raises(ProviderPaused):
        batches_of(app).submit()


def test_a_poll_that_fails_is_made_good_by_the_next(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    for title in TITLES:
        make.job(title)
    batches_of(app).submit()
    openai_server.batches.complete()
    openai_server.batches.script.append(f.server_error(500))
    assert batches_of(app).poll() == Totals()
    openai_server.batches.script.extend([f.NORMAL, f.cut_short()])
    batches_of(app).poll()
    batches_of(app).poll()
    assert app.store("job").facts().embedded == 5
    assert spent(app) == half_price(openai_server)


def test_a_batch_that_the_provider_does_not_know_is_given_up_after_its_day(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("nurse")
    batches_of(app).submit()
    openai_server.batches.batches.clear()
    batches_of(app).poll()
    assert not state_of(app, job)["is_due"]
    execute(app, "UPDATE embedding_batches SET created_at = now() - interval '26 h'")
    batches_of(app).poll()
    assert state_of(app, job)["is_due"]


def test_a_batch_that_takes_longer_than_its_day_keeps_its_rows(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("nurse")
    batches_of(app).submit()
    execute(app, "UPDATE embedding_batches SET created_at = now() - interval '25 h'")
    execute(app, "UPDATE job_embeddings SET due_at = now() + interval '1 h'")
    batches_of(app).poll()
    assert state_of(app, job)["seconds"] > 25 * 3600


def test_a_batch_is_found_among_many(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job("nurse")
    openai_server.batches.script.extend([f.NORMAL, f.closed()])
    with pytest.raises(EmbeddingUnavailable):
        batches_of(app).submit()
    (ours,) = openai_server.batches.batches.values()
    for i in range(250):
        other = ours | {"id": f"batch_other_{i}", "metadata": None}
        openai_server.batches.batches[other["id"]] = other
    end_holds(app)
    batches_of(app).poll()
    assert newest(app).provider_id == ours["id"]


def test_a_stop_while_answers_are_stored_loses_none(
    app: App,
    make: Factory,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for title in TITLES:
        make.job(title)
    batches_of(app).submit()
    openai_server.batches.complete()
    monkeypatch.setattr(batch_service, "STORE_ANSWERS", 2)
    asked = iter([False, False, True, True])
    assert batches_of(app).poll(lambda: next(asked)).embedded == 2
    assert app.batches.count_open() == 1
    assert batches_of(app).poll().embedded == 3
    assert spent(app) == half_price(openai_server)


# --- killed between any two steps


class Killed(BaseException):
    """Nobody cleans up after it."""


# Every call that leaves a trace, in the database or with the provider.
STEPS = [
    *((EmbeddingStore, name) for name in ("claim_due", "reuse", "store")),
    *((BatchStore, name) for name in ("create", "add", "hold", "reserve", "submit")),
    *((BatchStore, name) for name in ("take_open", "set_aside", "settle", "finish")),
    *((OpenAIBatch, name) for name in ("upload", "create", "get")),
]


def kill(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, is_after: bool
) -> None:
    """The process dies just before or just after its first such call."""
    original: Callable[..., Any] = getattr(owner, name)

    def die(self: object, *values: Any, **named: Any) -> Any:
        if is_after:
            original(self, *values, **named)
        raise Killed

    monkeypatch.setattr(owner, name, die)


def live(app: App, openai_server: OpenAIServer) -> None:
    batches_of(app).submit()
    openai_server.batches.complete(refusals={"welder": (400, "invalid_input")})
    batches_of(app).poll()


def after_the_leases(app: App) -> None:
    """Time goes by: short leases end, those of a batch do not."""
    end_holds(app)
    execute(
        app,
        "UPDATE job_embeddings SET due_at = now()"
        " WHERE due_at < now() + interval '10 minutes' AND last_error IS NULL",
    )


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("owner", "name"), STEPS, ids=[f"{o.__name__}.{n}" for o, n in STEPS]
)
def test_killed_at_any_step_no_row_is_lost_and_none_is_paid_twice(
    make_app: AppFactory,
    openai_server: OpenAIServer,
    owner: type,
    name: str,
    is_after: bool,
) -> None:
    first = make_app()
    titles = [*TITLES, "nurse", "cook"]
    factory = Factory(first)
    jobs = [factory.job(title) for title in titles]
    with pytest.MonkeyPatch.context() as monkeypatch:
        kill(monkeypatch, owner, name, is_after)
        with pytest.raises(Killed):
            live(first, openai_server)
    second = make_app()
    after_the_leases(second)
    batches_of(second).poll()
    live(second, openai_server)
    # Each text is there once, and none was handed in twice.
    assert openai_server.batches.texts_billed == Counter(set(titles) - {"welder"})
    assert set(openai_server.batches.texts) == set(titles)
    for job, title in zip(jobs, titles, strict=True):
        if title != "welder":
            assert is_right(second, job, title)
            assert state_of(second, job)["due_at"] is None
    assert state_of(second, jobs[2])["attempts"] == 1
    assert spent(second) == half_price(openai_server)
    assert second.batches.count_open() == 0


def test_one_that_was_taken_for_dead_hands_in_nothing(
    app: App,
    make: Factory,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = make.job("nurse")
    upload = OpenAIBatch.upload

    def upload_slowly(self: OpenAIBatch, file: Any) -> str:
        end_holds(app)
        batches_of(app).poll()
        return upload(self, file)

    monkeypatch.setattr(OpenAIBatch, "upload", upload_slowly)
    with pytest.raises(EmbeddingUnavailable, match="given up"):
        batches_of(app).submit()
    assert state_of(app, job)["is_due"]
    assert not openai_server.batches.batches


def test_a_batch_that_was_given_up_while_it_was_created_is_cancelled(
    app: App,
    make: Factory,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make.job("nurse")
    create = OpenAIBatch.create

    def create_late(self: OpenAIBatch, *values: str) -> str:
        end_holds(app)
        batches_of(app).poll()
        return create(self, *values)

    monkeypatch.setattr(OpenAIBatch, "create", create_late)
    with pytest.raises(EmbeddingUnavailable, match="given up"):
        batches_of(app).submit()
    (batch,) = openai_server.batches.batches.values()
    assert batch["status"] == "cancelled"


def test_a_batch_that_another_process_found_first_is_not_cancelled(
    app: App,
    make: Factory,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make.job("nurse")
    create = OpenAIBatch.create

    def create_then_be_slow(self: OpenAIBatch, *values: str) -> str:
        provider_id = create(self, *values)
        end_holds(app)
        batches_of(app).poll()
        return provider_id

    monkeypatch.setattr(OpenAIBatch, "create", create_then_be_slow)
    assert batches_of(app).submit().batches == 1
    openai_server.batches.complete()
    assert batches_of(app).poll().embedded == 1


def test_a_model_that_runs_here_has_no_batches(app: App) -> None:
    model = local_model(app.settings)
    assert build_batch_service(app.settings, app.database, model, Purse()) is None
