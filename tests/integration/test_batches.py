from __future__ import annotations

import argparse

import pytest

from tests.conftest import AppFactory, Factory
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot import batches as door_of_batches
from whatsapp_bot import door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.errors import InputError, NotFound
from whatsapp_bot.records import EmbeddingModel


def run(app: App, command: str, **options: object) -> int:
    defaults: dict[str, object] = {"limit": None, "model": None, "yes": True}
    chosen = argparse.Namespace(**(defaults | options))
    return door_of_batches.COMMANDS[command](app, chosen)


def test_what_is_due_is_handed_in_fetched_and_listed(
    app: App,
    make: Factory,
    openai_server: OpenAIServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for title in ("Nurse", "Driver", "Nurse"):
        make.job(title)
    assert run(app, "submit") == 0
    out = capsys.readouterr().out
    assert "3 rows are due, some 60 tokens, $0.0000\n2 texts in 1 batches" in out
    run(app, "poll")
    assert "embedded 0" in capsys.readouterr().out
    run(app, "list")
    assert "submitted        3 rows        2 texts" in capsys.readouterr().out
    openai_server.batches.complete()
    run(app, "poll")
    out = capsys.readouterr().out
    assert "embedded 3, refused 0, due again 0" in out and "0 batches are open" in out
    run(app, "list")
    assert "  done " in capsys.readouterr().out


def test_nothing_is_spent_without_a_yes(
    app: App,
    make: Factory,
    openai_server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make.job("Nurse")
    with pytest.raises(InputError, match="add --yes"):
        run(app, "submit", yes=False)
    monkeypatch.setattr(door, "ask", lambda question: False)
    assert run(app, "submit", yes=False) == door.FAILED
    assert not openai_server.batches.calls


def test_what_the_budget_stops_is_a_failure_that_says_so(
    make_app: AppFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(EMBEDDING_DAILY_BUDGET_USD="0.000000001")
    Factory(app).job("Nurse")
    assert run(app, "submit") == door.FAILED
    assert "the rest stays due: the day's budget" in capsys.readouterr().err


def test_a_model_that_is_filled_beside_the_live_one_can_be_handed_in(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    beside = app.live_model.name.replace("/64", "/32")
    app.models.add(
        EmbeddingModel(
            beside,
            "text-embedding-3-small",
            openai_server.base_url,
            32,
            "roles-1",
            False,
        )
    )
    make.job("Nurse")
    run(app, "submit", model=beside)
    openai_server.batches.complete()
    run(app, "poll")
    assert app.models.count_job_vectors(beside) == 1
    assert app.models.count_job_vectors(app.live_model.name) == 0


def test_a_model_that_is_not_there_or_has_no_batch_api_is_named(app: App) -> None:
    with pytest.raises(NotFound, match="no model 'x'"):
        run(app, "submit", model="x")
    app.models.add(EmbeddingModel("local/x", "wordllama", None, 256, "roles-1", False))
    with pytest.raises(InputError, match="local/x has no Batch API"):
        run(app, "submit", model="local/x")


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_limit_is_a_whole_number_above_0(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        door_of_batches.main(["submit", "--limit", value])
    assert "it must be a whole number above 0" in capsys.readouterr().err
