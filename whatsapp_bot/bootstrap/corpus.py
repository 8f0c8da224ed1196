"""Builds what embeds a corpus: texts that are no rows of the database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from whatsapp_bot.bootstrap.database import open_database, see_to_schema
from whatsapp_bot.bootstrap.embeddings import build_gate
from whatsapp_bot.config import Settings
from whatsapp_bot.corpus.corpus_run import CorpusRun
from whatsapp_bot.corpus.npy_sink import Label, NpySink
from whatsapp_bot.corpus.plan import Corpus, Flags, Plan
from whatsapp_bot.corpus.sink import Sink
from whatsapp_bot.corpus.table_sink import TableSink
from whatsapp_bot.database.embeddings import EmbeddingUpkeep
from whatsapp_bot.database.libsql import Libsql, SqliteFile, is_server
from whatsapp_bot.database.vector_table import VectorTable
from whatsapp_bot.embeddings.local_gate import LocalGate
from whatsapp_bot.embeddings.local_provider import LocalProvider
from whatsapp_bot.embeddings.provider import EmbeddingProvider
from whatsapp_bot.embeddings.provider_gate import Purse
from whatsapp_bot.embeddings.text_embedder import TextEmbedder
from whatsapp_bot.records import EmbeddingModel


@contextlib.contextmanager
def open_text_embedder(
    settings: Settings, model: EmbeddingModel, provider: EmbeddingProvider
) -> Iterator[TextEmbedder]:
    """For a hosted model, at the pace and within the budget that are kept in the
    project's database; a local one needs none. Raises ConfigError or DatabaseError."""
    if isinstance(provider, LocalProvider):
        yield TextEmbedder(LocalGate(provider))
        return
    with open_database(settings) as (database, _):
        see_to_schema(settings, database)
        # The key and the budget may be others than those of an earlier run.
        EmbeddingUpkeep(database).forget_denials()
        purse = Purse(settings.embedding_run_budget_usd)
        yield TextEmbedder(build_gate(settings, database, model, provider, purse))


def build_npy_sink(
    folder: Path, label: Label, model: EmbeddingModel, *, anew: bool, dry: bool
) -> NpySink:
    return NpySink(folder, label, model.name, model.dimensions, anew=anew, dry=dry)


def build_table_sink(
    settings: Settings,
    place: str,
    table: str,
    model: EmbeddingModel,
    *,
    anew: bool,
    dry: bool,
) -> TableSink:
    """place: the URL of a libSQL server, or the path of an SQLite file."""
    connection: Libsql
    if is_server(place):
        # Here and not above: it takes a quarter of a second, and few need it.
        from whatsapp_bot.database.libsql_server import LibsqlServer

        connection = LibsqlServer(place, settings.turso_auth_token)
    else:
        connection = SqliteFile(Path(place), read_only=dry)
    vectors = VectorTable(connection, table, model.name, model.dimensions)
    return TableSink(vectors, f"the table {table} of {place}", anew=anew)


def build_corpus_run(
    settings: Settings,
    corpus: Corpus,
    plan: Plan,
    done: Flags,
    sink: Sink,
    embedder: TextEmbedder,
    chunk_rows: int,
) -> CorpusRun:
    return CorpusRun(
        corpus,
        plan,
        done,
        sink,
        embedder,
        chunk_rows=chunk_rows,
        concurrency=settings.embedding_concurrency,
        grace_seconds=settings.embedding_timeout_seconds,
    )
