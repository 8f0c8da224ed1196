"""A real PostgreSQL for all tests: one server, a template with the schema, a clone each."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import psycopg2
import pytest
from hypothesis.internal.conjecture import providers
from playwright.sync_api import Browser, sync_playwright

from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App, build
from whatsapp_bot.config import Settings
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.embedded_postgres import EmbeddedPostgres
from whatsapp_bot.database.migrator import Migrator
from whatsapp_bot.intake.posting import parse_posting
from whatsapp_bot.intake.profile import Person, parse_preferences

TEMPLATE = "template_with_schema"
# The tests' data may be lost in a crash: half the time is waiting for the disk.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
DIMENSIONS = 64

# The same examples in every run: a change is refused for what it broke, and for nothing
# else. `pytest --hypothesis-profile default` looks for new ones.
hypothesis.settings.register_profile("steady", derandomize=True)
hypothesis.settings.load_profile("steady")
# It also tries what constants it finds in the modules that are imported by then: which
# those are depends on the tests that this process ran before.
providers._get_local_constants = lambda: providers._local_constants

AppFactory = Callable[..., App]


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    # Not in pytest's folder: another run as root closes it to the server's user.
    with tempfile.TemporaryDirectory(prefix="jobbot-tests-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres", FAST)
        yield server.start()
        server.stop()


def _execute(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def _url_of(server_url: str, database: str) -> str:
    return server_url.replace("/postgres?", f"/{database}?")


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    _execute(server_url, f"CREATE DATABASE {TEMPLATE}")
    database = DatabaseManager(_url_of(server_url, TEMPLATE))
    Migrator(database).apply()
    database.close()
    return TEMPLATE


@pytest.fixture
def empty_url(server_url: str) -> Iterator[str]:
    """A database without any table."""
    yield from _database(server_url, "template1")


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A database with the schema and nothing in it."""
    yield from _database(server_url, template)


def _database(server_url: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _url_of(server_url, name)
    _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[DatabaseManager]:
    manager = DatabaseManager(database_url)
    yield manager
    manager.close()


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    """A provider on loopback that speaks the real protocol."""
    with OpenAIServer(dimensions=DIMENSIONS) as server:
        yield server


@pytest.fixture
def make_app(
    database: DatabaseManager, openai_server: OpenAIServer, tmp_path: Path
) -> Iterator[AppFactory]:
    """Everything wired, with the loopback provider; settings by environment variable."""
    apps: list[App] = []

    def make(**environ: str) -> App:
        settings = Settings.from_env(
            {
                "OPENAI_API_KEY": "test",
                "OPENAI_BASE_URL": openai_server.base_url,
                "EMBEDDING_DIMENSIONS": str(DIMENSIONS),
                "EMBEDDING_PRICE_USD": "0.02",
                "DATA_FOLDER": str(tmp_path),
            }
            | environ
        )
        app = build(settings, database, "the tests' PostgreSQL")
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.close()


@pytest.fixture
def app(make_app: AppFactory) -> App:
    return make_app()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Skipped where there is none, except in CI. Of a module: while it is there, no other
    event loop can run in this thread."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        assert not os.environ.get("CI"), "chromium is not installed"
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


class Factory:
    """Rows as people and feeds would make them."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._numbers = itertools.count(1)

    def job(self, title: str = "Accountant", **fields: object) -> int:
        """Save a posting without its vector; its id."""
        record = {"id": str(next(self._numbers)), "title": title, **fields}
        (saved,) = self._app.parser.save_postings([parse_posting(record, "test")])
        return saved.id

    def user(self, **preferences: object) -> int:
        """Save a person without her vector; her id."""
        wishes = parse_preferences(preferences or {"job_roles": ["Accountant"]})
        person = Person(f"person-{next(self._numbers)}", "Ada", "en", wishes)
        return self._app.preference_manager.save_person(person)


@pytest.fixture
def make(app: App) -> Factory:
    return Factory(app)
