"""Opens the database, and sees to its schema."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from whatsapp_bot.config import Settings
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.embedded_postgres import EmbeddedPostgres
from whatsapp_bot.database.migrator import Migrator


@contextlib.contextmanager
def open_database(settings: Settings) -> Iterator[tuple[DatabaseManager, str]]:
    """The database and where it is, in words; nothing of its schema is looked at.

    Without a DATABASE_URL, the embedded server: started here if need be.
    """
    if settings.database_url is None:
        server = EmbeddedPostgres(settings.data_folder / "postgres")
        database = DatabaseManager(server.start())
        place = f"embedded PostgreSQL in {settings.data_folder / 'postgres'}"
    else:
        server = None
        database = DatabaseManager(settings.database_url)
        place = "the PostgreSQL of DATABASE_URL"
    try:
        yield database, place
    finally:
        database.close()
        if server is not None:
            server.stop()


def see_to_schema(settings: Settings, database: DatabaseManager) -> None:
    """The embedded database is migrated; another one's owner runs `migrate`. Raises
    SchemaMissing."""
    migrator = Migrator(database)
    if settings.database_url is None:
        migrator.apply()
    else:
        migrator.require()
