from __future__ import annotations

import pytest

from tests.conftest import Factory
from whatsapp_bot.bootstrap import App
from whatsapp_bot.embeddings.index_keeper import IndexKeeper
from whatsapp_bot.scheduling import embedding_pass
from whatsapp_bot.scheduling.embedding_pass import EmbeddingPass


def test_a_pass_that_lasts_says_that_it_gets_on(
    app: App, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_pass, "PROGRESS_SECONDS", -1.0)
    make.job("Welder")
    app.tasks.start("embed_due")
    EmbeddingPass(app, IndexKeeper(app.models), lambda: False).embed()
    [run] = [run for run in app.tasks.list() if run.task == "embed_due"]
    assert run.seconds_since_ok is not None  # though it has not ended
