from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import AppFactory, Factory
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.records import Claim, Row, Totals


def service_of(app: App) -> EmbeddingService:
    service = app.services.live()
    assert service is not None
    return service


def state_of(app: App, job_id: int) -> Row:
    """The job's embeddings row, and whether it has a vector."""
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "SELECT e.*, v.embedding IS NOT NULL AS has_vector, due_at <= now() AS is_due,"
            " extract(epoch FROM due_at - now())::float AS seconds"
            " FROM job_embeddings e LEFT JOIN job_vectors v USING (job_id, model)"
            " WHERE job_id = %s",
            (job_id,),
        )
        return dict(cursor.raw.fetchone() or {})


def execute(app: App, statement: str, *values: object) -> None:
    with app.database.transaction() as cursor:
        cursor.raw.execute(statement, values)


def make_all_due(app: App) -> None:
    """As if every pause were over."""
    execute(app, "UPDATE job_embeddings SET due_at = now() WHERE due_at IS NOT NULL")


def test_a_batch_is_embedded_in_one_request(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(f"Accountant {i}") for i in range(5)]
    totals = service_of(app).embed_batch("job")
    assert (totals.embedded, totals.requests) == (5, 1)
    assert openai_server.record.request_sizes == [5]
    assert all(state_of(app, job)["has_vector"] for job in jobs)
    assert all(state_of(app, job)["due_at"] is None for job in jobs)


def test_nothing_due_is_no_request(app: App, openai_server: OpenAIServer) -> None:
    assert service_of(app).embed_batch("job") == Totals()
    assert openai_server.record.requests == 0


def test_identical_texts_are_paid_once(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    for company in ("Ada & Co", "Bola Ltd", "Chidi plc"):
        make.job("Accountant", company=company)
    assert service_of(app).embed_batch("job").embedded == 3
    assert openai_server.record.inputs_billed == 1


def test_an_unchanged_text_costs_nothing(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("Accountant")
    service_of(app).embed_batch("job")
    execute(app, "UPDATE canonical_jobs SET salary_min = 5 WHERE id = %s", job)
    assert state_of(app, job)["is_due"]
    assert service_of(app).embed_batch("job").unchanged == 1
    assert openai_server.record.inputs_billed == 1
    assert state_of(app, job)["due_at"] is None


def test_a_person_who_says_nothing_any_more_loses_her_vector(
    app: App, make: Factory
) -> None:
    user = make.user(job_roles=["nurse"])
    service_of(app).embed_batch("user")
    assert app.users.has_vector(user, app.live_model.name)
    app.users.save_preferences(user, {"job_roles": []})
    assert service_of(app).embed_batch("user").empty == 1
    assert not app.users.has_vector(user, app.live_model.name)
    assert app.store("user").facts().coverage == 100


def after_request(openai_server: OpenAIServer, action: Callable[[], None]) -> None:
    """Do it once, while the next request is with the provider."""
    done: list[bool] = []

    def once(text: str) -> bool:
        if not done:
            done.append(True)
            action()
        return False

    openai_server.faults.poison(once)


def test_a_save_during_the_call_keeps_the_newer_texts_vector(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("cook")
    after_request(
        openai_server,
        lambda: execute(
            app, "UPDATE canonical_jobs SET title = 'Nurse' WHERE id = %s", job
        ),
    )
    totals = service_of(app).embed_batch("job")
    assert (totals.embedded, totals.outrun) == (0, 1)
    assert not state_of(app, job)["has_vector"]
    assert service_of(app).embed_batch("job").embedded == 1
    assert list(openai_server.record.texts) == ["cook", "nurse"]
    template = service_of(app)._template
    assert bytes(state_of(app, job)["text_hash"]) == template.text_hash("nurse")


def test_a_job_that_closes_during_the_call_stays_gone(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("cook")
    after_request(
        openai_server,
        lambda: execute(
            app, "UPDATE canonical_jobs SET status = 'closed' WHERE id = %s", job
        ),
    )
    assert service_of(app).embed_batch("job").embedded == 0
    assert state_of(app, job) == {}


@pytest.mark.parametrize(
    "fault",
    [
        f.rate_limited(retry_after=7),
        f.server_error(500),
        f.server_error(503),
        f.html(502),
        f.closed(),
        f.cut_short(),
        f.raw(b"not json"),
    ],
    ids=["429", "500", "503", "html", "closed", "cut", "no json"],
)
def test_a_provider_that_fails_costs_no_attempt(
    app: App, make: Factory, openai_server: OpenAIServer, fault: f.Fault
) -> None:
    jobs = [make.job(f"Accountant {i}") for i in range(3)]
    openai_server.faults.push(fault)
    service = service_of(app)
    totals = service.embed_batch("job")
    assert (totals.given_back, totals.failed, totals.embedded) == (3, 0, 0)
    assert service.pause_seconds() > 0
    for job in jobs:
        state = state_of(app, job)
        assert (state["attempts"], state["last_error"]) == (0, None)
        assert state["seconds"] > 0


def test_a_paused_provider_is_left_alone_until_the_pause_is_over(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job()
    openai_server.faults.push(f.rate_limited(retry_after=30))
    service = service_of(app)
    service.embed_batch("job")
    assert service.pause_seconds() > 25
    make_all_due(app)
    assert service.embed_batch("job") == Totals()
    assert openai_server.record.requests == 1


def end_pause(app: App) -> None:
    """As if the time had passed: the breaker lets one through."""
    execute(app, "UPDATE embedding_pace SET open_until = now()")
    make_all_due(app)


def test_pauses_double_where_a_limiting_provider_gives_no_hint(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job()
    openai_server.faults.always(f.rate_limited())
    service = service_of(app)
    pauses = []
    for _ in range(6):
        end_pause(app)
        service.embed_batch("job")
        pauses.append(service.pause_seconds())
    # With up to a tenth of jitter, less the little that has passed.
    for pause, doubled in zip(pauses, (1, 2, 4, 8, 16, 16), strict=True):
        assert 0.5 * doubled < pause <= 1.1 * doubled


def test_a_refused_key_stops_at_once_and_loses_nothing(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(f"Accountant {i}") for i in range(3)]
    openai_server.faults.always(f.quota_exhausted())
    service = service_of(app)
    assert service.embed_batch("job").given_back == 3
    assert service.pause_seconds() > 100
    assert openai_server.record.requests == 1
    assert all(state_of(app, job)["attempts"] == 0 for job in jobs)


def test_one_poisoned_text_of_300_is_found_and_set_aside_alone(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="512")
    make = Factory(app)
    jobs = [make.job(f"Accountant {i}") for i in range(300)]
    openai_server.faults.poison(lambda text: text == "accountant 137")
    totals = service_of(app).embed_batch("job")
    assert (totals.embedded, totals.failed) == (299, 1)
    bad = state_of(app, jobs[137])
    assert bad["attempts"] == 1
    assert "HTTP 400" in bad["last_error"]
    assert 0 < bad["seconds"] <= 60
    # The batch, a known good text, and two for each of the log2(300) < 9 halvings.
    assert openai_server.record.requests <= 2 + 2 * 9


def test_a_text_that_is_refused_again_and_again_rests_until_it_changes(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app(EMBEDDING_MAX_ATTEMPTS="3")
    job = Factory(app).job("poison")
    openai_server.faults.poison(lambda text: text == "poison")
    for _ in range(3):
        make_all_due(app)
        service_of(app).embed_batch("job")
    state = state_of(app, job)
    assert (state["attempts"], state["due_at"]) == (3, None)
    assert service_of(app).embed_batch("job") == Totals()
    execute(app, "UPDATE canonical_jobs SET title = 'Nurse' WHERE id = %s", job)
    assert service_of(app).embed_batch("job").embedded == 1
    assert state_of(app, job)["attempts"] == 0


def test_no_text_is_blamed_when_every_text_is_refused(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(f"Accountant {i}") for i in range(20)]
    openai_server.faults.always(f.bad_request())
    totals = service_of(app).embed_batch("job")
    assert (totals.failed, totals.given_back) == (0, 20)
    assert openai_server.record.requests == 2
    assert all(state_of(app, job)["attempts"] == 0 for job in jobs)


@pytest.mark.parametrize(
    "fault",
    [
        f.fewer(),
        f.one_more(),
        f.no_data(),
        f.collapsed(),
        f.duplicated_index(),
        f.without_indexes(),
        f.wrong_dimensions(8),
    ],
    ids=["fewer", "more", "none", "collapsed", "twice", "no index", "dimensions"],
)
def test_an_answer_that_does_not_fit_stores_nothing_wrong_and_loses_nothing(
    app: App, make: Factory, openai_server: OpenAIServer, fault: f.Fault
) -> None:
    jobs = [make.job(f"Accountant {i}") for i in range(8)]
    openai_server.faults.always(fault)
    service_of(app).embed_batch("job")
    openai_server.faults.clear()
    app.pace(app.live_model).succeeded()
    make_all_due(app)
    service_of(app).embed_batch("job")
    vectors = [stored_vector(app, job) for job in jobs]
    assert vectors == honest_vectors(app, jobs)
    assert app.store("job").facts().failed == 0


def honest_vectors(app: App, jobs: list[int]) -> list[str]:
    """What a provider without faults makes of the same texts."""
    execute(app, "DELETE FROM job_vectors")
    app.upkeep.reconcile("job")
    service_of(app).embed_batch("job")
    return [stored_vector(app, job) for job in jobs]


def test_a_shuffled_answer_is_put_in_order(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    jobs = [make.job(title) for title in ("nurse", "driver", "welder")]
    openai_server.faults.push(f.shuffled())
    service_of(app).embed_batch("job")
    vectors = [stored_vector(app, job) for job in jobs]
    assert vectors == honest_vectors(app, jobs)


def stored_vector(app: App, job_id: int) -> str:
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "SELECT embedding::text AS text FROM job_vectors WHERE job_id = %s",
            (job_id,),
        )
        row = cursor.raw.fetchone()
    assert row is not None
    return str(row["text"])


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (f.with_nan(1), "not finite"),
        (f.with_zeros(1), "all zero"),
        (f.with_constant(1), "constant"),
    ],
)
def test_an_unusable_vector_is_set_aside_alone(
    app: App, make: Factory, openai_server: OpenAIServer, fault: f.Fault, reason: str
) -> None:
    for i in range(4):
        make.job(f"Accountant {i}")
    openai_server.faults.push(fault)
    totals = service_of(app).embed_batch("job")
    assert (totals.embedded, totals.failed) == (3, 1)
    (failure,) = app.store("job").failures(10)
    assert reason in failure["last_error"]
    assert app.store("job").facts().invalid == 0


def test_vectors_that_are_paid_for_wait_for_the_database(
    app: App, make: Factory, openai_server: OpenAIServer, server_url: str
) -> None:
    """All connections die while the texts are with the provider."""
    job = make.job("cook")
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    after_request(openai_server, lambda: execute(app, kill))
    totals = service_of(app).embed_batch("job")
    assert totals.embedded == 1
    assert openai_server.record.inputs_billed == 1
    assert state_of(app, job)["has_vector"]


def test_what_is_in_hand_can_be_given_back_at_once(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    job = make.job("cook")
    service = service_of(app)
    after_request(openai_server, lambda: returned.append(service.give_back_in_hand()))
    returned: list[int] = []
    totals = service.embed_batch("job")
    assert returned == [1]
    # Its answer still came, and the text is still the same: it is not thrown away.
    assert totals.embedded == 1
    assert state_of(app, job)["has_vector"]


def test_tokens_are_counted_as_billed_by_purpose(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job("Accountant")
    totals = service_of(app).embed_batch("job")
    assert totals.tokens == openai_server.record.tokens_billed
    usage = app.ledger.today()
    assert usage["dollars"] == pytest.approx(totals.dollars)
    assert (usage["requests"], usage["texts"], usage["tokens"]) == (
        1,
        1,
        openai_server.record.tokens_billed,
    )


def test_one_user_is_embedded_only_while_she_is_due(app: App, make: Factory) -> None:
    user = make.user()
    assert service_of(app).embed_user(user).embedded == 1
    assert service_of(app).embed_user(user) == Totals()


def test_a_row_that_another_worker_has_is_left_to_it(app: App, make: Factory) -> None:
    job = make.job()
    claims = app.store("job").claim_due(10, 60)
    assert claims == [Claim(job, 1, None, False)]
    assert service_of(app).embed_job(job) == Totals()
