from __future__ import annotations

import argparse
import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.processes import wait_until
from tests.conftest import AppFactory, Factory
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot import models as door_of_models
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.models import index_name
from whatsapp_bot.embeddings.index_keeper import IndexKeeper
from whatsapp_bot.errors import InputError
from whatsapp_bot.scheduler_service import SchedulerService


def run(app: App, command: str, **options: object) -> int:
    defaults: dict[str, object] = {
        "model": None,
        "dimensions": None,
        "yes": True,
        "force": False,
    }
    chosen = argparse.Namespace(**(defaults | options))
    return door_of_models.COMMANDS[command](app, chosen)


def next_of(app: App) -> str:
    """The name of the model with half as many dimensions."""
    return app.live_model.name.replace("/64", "/32")


def test_a_model_is_added_with_its_cost_filled_and_used(
    app: App, make: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(5):
        make.job(f"Nurse {i}")
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    run(app, "add", dimensions=32)
    assert f"{next_of(app)}: 6 rows, some" in capsys.readouterr().out
    with pytest.raises(InputError, match="5 jobs|1 users"):
        run(app, "use", name=next_of(app))
    app.generator.embed_due()
    run(app, "use", name=next_of(app))
    live = app.models.live()
    assert live is not None and live.name == next_of(app)
    assert app.controller.search_jobs_for_user(user).matcher == "embedding"
    run(app, "drop", name=app.live_model.name)
    assert [model.name for model in app.models.list()] == [next_of(app)]


def test_the_live_one_answers_while_the_next_is_filled(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    make.job("Nurse")
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    run(app, "add", dimensions=32)
    assert app.controller.search_jobs_for_user(user).matcher == "embedding"
    with pytest.raises(InputError, match="let the daemon fill it"):
        run(app, "use", name=next_of(app))


def test_money_is_spent_only_after_a_question(app: App, make: Factory) -> None:
    make.job("Nurse")
    with pytest.raises(InputError, match="add --yes"):
        run(app, "add", dimensions=32, yes=False)
    assert len(app.models.list()) == 1


def test_the_live_model_cannot_be_dropped(app: App) -> None:
    with pytest.raises(Exception, match="is live"):
        run(app, "drop", name=app.live_model.name)


def test_the_local_model_can_be_gone_back_to(app: App, make: Factory) -> None:
    make.job("Nurse")
    app.generator.embed_due()
    run(app, "add", model="local", yes=False)  # it costs nothing: no question
    assert app.generator.embed_due().embedded == 1
    run(app, "use", name="local/wordllama-256")


def test_use_builds_the_index_before_it_switches(app: App, make: Factory) -> None:
    make.job("Nurse")
    app.generator.embed_due()
    app.models.build_index(app.live_model)
    run(app, "add", dimensions=32)
    app.generator.embed_due()
    run(app, "use", name=next_of(app))
    assert app.models.has_index(next_of(app))


def test_list_shows_how_far_each_is(
    app: App, make: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    make.job("Nurse")
    app.generator.embed_due()
    app.models.add(dataclasses.replace(app.live_model, name="next", dimensions=32))
    app.upkeep.reconcile("job")
    run(app, "list")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"live    {app.live_model.name}  users 100.0%, jobs 100.0%"
    assert lines[1] == "filling next  users 100.0%, jobs 0.0%"


@pytest.fixture
def small_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_bot.embeddings.index_keeper.INDEX_FROM", 4)


def index_id(app: App) -> int | None:
    """Another id, another index."""
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "SELECT to_regclass(%s)::oid AS id", (index_name(app.live_model.name),)
        )
        row = cursor.raw.fetchone()
    return row["id"] if row else None


def test_a_small_fill_keeps_the_index_a_large_one_builds_it_anew(
    app: App, make: Factory, small_index: None
) -> None:
    service = SchedulerService(app)
    for i in range(40):
        make.job(f"Nurse {i}")
    service.run_once()
    first = index_id(app)
    assert first is not None
    for i in range(8):
        make.job(f"Cook {i}")
    service.run_once()
    assert index_id(app) == first
    for i in range(30):
        make.job(f"Driver {i}")
    service.run_once()
    assert index_id(app) not in (first, None)
    assert app.models.count_job_vectors(app.live_model.name) == 78


def test_a_build_shows_how_far_it_is(
    app: App,
    make: Factory,
    small_index: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("whatsapp_bot.embeddings.index_keeper.PROGRESS_SECONDS", 0.01)
    caplog.set_level("INFO")
    for i in range(5):
        make.job(f"Nurse {i}")
    app.generator.embed_due()
    keeper = IndexKeeper(app.models)
    with ThreadPoolExecutor() as pool:
        with app.database.transaction() as cursor:
            # A build beside writers waits for those there are.
            cursor.raw.execute("UPDATE job_vectors SET job_id = job_id")
            build = pool.submit(keeper.build_missing)
            wait_until(lambda: "%" in caplog.text)
        build.result()
    assert f"the vector index of {app.live_model.name}: 0%" in caplog.text
    assert app.models.has_index(app.live_model.name)
    assert app.models.index_progress(app.live_model.name) is None


def test_rows_that_are_only_looked_at_again_leave_the_index_alone(
    app: App, make: Factory, small_index: None
) -> None:
    service = SchedulerService(app)
    for i in range(10):
        make.job(f"Nurse {i}")
    service.run_once()
    first = index_id(app)
    with app.database.transaction() as cursor:
        cursor.raw.execute("UPDATE job_embeddings SET due_at = now()")
    assert service.run_once().unchanged == 10
    assert index_id(app) == first


def test_an_index_that_was_cut_off_is_built_again(
    app: App, make: Factory, small_index: None, make_app: AppFactory
) -> None:
    for i in range(5):
        make.job(f"Nurse {i}")
    service = SchedulerService(app)
    service.run_once()
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)",
            (index_name(app.live_model.name),),
        )
    assert not app.models.has_index(app.live_model.name)
    service.run_once()
    assert app.models.has_index(app.live_model.name)
