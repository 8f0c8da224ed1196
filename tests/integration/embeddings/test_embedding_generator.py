from __future__ import annotations

import threading

import pytest

from tests.conftest import AppFactory, Factory
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.errors import SchemaMissing
from whatsapp_bot.records import EmbeddingModel, Totals


def test_everything_that_is_due_is_embedded_and_paid_once(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app(EMBEDDING_BATCH_SIZE="10", EMBEDDING_CONCURRENCY="4")
    make = Factory(app)
    for i in range(95):
        make.job(f"Accountant {i}")
    for i in range(15):
        make.user(job_roles=[f"Nurse {i}"])
    assert app.generator.embed_due().embedded == 110
    assert openai_server.record.inputs_billed == 110


def test_people_come_before_jobs(
    make_app: AppFactory,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("whatsapp_bot.bootstrap.embeddings.SPARE_THREADS", 0)
    app = make_app(EMBEDDING_CONCURRENCY="1")
    make = Factory(app)
    make.job("driver")
    make.user(job_roles=["nurse"])
    app.generator.embed_due()
    assert list(openai_server.record.texts) == ["nurse", "driver"]


def test_it_ends_when_the_provider_is_to_be_left_alone(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job()
    openai_server.faults.always(f.rate_limited(retry_after=60))
    assert app.generator.embed_due().given_back == 1


def test_a_stop_gives_back_what_hangs_at_the_provider(
    app: App,
    make: Factory,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("whatsapp_bot.embeddings.embedding_generator.GRACE_SECONDS", 0)
    make.job()
    arrived, leave = threading.Event(), threading.Event()

    def hang(text: str) -> bool:
        arrived.set()
        leave.wait(20)
        return False

    openai_server.faults.poison(hang)
    try:
        totals = app.generator.embed_due(should_stop=arrived.is_set)
        assert totals == Totals()
        assert app.store("job").facts().due == 1
    finally:
        leave.set()


def test_an_error_of_a_thread_reaches_the_caller(app: App, make: Factory) -> None:
    make.job()
    with app.database.transaction() as cursor:
        cursor.raw.execute("DROP TABLE job_vectors")
    with pytest.raises(SchemaMissing):
        app.generator.embed_due()


def test_each_model_is_filled_and_none_is_mixed(
    make_app: AppFactory, openai_server: OpenAIServer
) -> None:
    app = make_app(EMBEDDING_CONCURRENCY="1")
    job = Factory(app).job("Accountant")
    app.models.add(
        EmbeddingModel("next", "next", openai_server.base_url, 32, "roles-1", False)
    )
    app.upkeep.reconcile("job")
    steps: list[Totals] = []
    app.generator.embed_due(on_step=steps.append)
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "SELECT model, vector_dims(embedding) AS dimensions FROM job_vectors"
            " WHERE job_id = %s ORDER BY model",
            (job,),
        )
        rows = [tuple(row.values()) for row in cursor.raw.fetchall()]
    assert rows == [(app.live_model.name, 64), ("next", 32)]
    assert sum(step.embedded for step in steps) == 2
