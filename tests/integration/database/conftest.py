from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.rows import Rows
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.history import HistoryStore
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.records import EmbeddingModel


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    """Plain SQL, as any other program would write and read."""
    rows = Rows(database_url)
    yield rows
    rows.close()


@pytest.fixture
def models(database: DatabaseManager) -> ModelStore:
    """With one model, live, of three dimensions: "m"."""
    models = ModelStore(database)
    models.add(EmbeddingModel("m", "m", None, 3, "roles-1", True))
    return models


@pytest.fixture
def history(database: DatabaseManager) -> HistoryStore:
    return HistoryStore(database)
