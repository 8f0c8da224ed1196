"""The doors as processes, against a cloned database and the provider on loopback."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.processes import Bot, environment
from tests.acceptance.rows import Rows
from tests.conftest import DIMENSIONS
from tests.loopback.openai_server import OpenAIServer


@pytest.fixture
def home() -> Iterator[Path]:
    """Not in pytest's folder: as root, every other session that starts shuts that to
    the user that PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="whatsapp_bot_") as folder:
        yield Path(folder)


@pytest.fixture
def provider_environ(openai_server: OpenAIServer, home: Path) -> dict[str, str]:
    """All the settings but the database's."""
    return environment(home) | {
        "OPENAI_BASE_URL": openai_server.base_url,
        "OPENAI_API_KEY": "test",
        "EMBEDDING_DIMENSIONS": str(DIMENSIONS),
    }


@pytest.fixture
def bot(
    database_url: str, provider_environ: dict[str, str], home: Path
) -> Iterator[Bot]:
    bot = Bot(provider_environ | {"DATABASE_URL": database_url}, home)
    yield bot
    bot.close()


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    rows = Rows(database_url)
    yield rows
    rows.close()
