"""A table of vectors in a file, and on a server that speaks libSQL's protocol."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.loopback.libsql_server import LibsqlServer, Trouble
from whatsapp_bot.bootstrap import build_table_sink
from whatsapp_bot.config import PROJECT_FOLDER, Settings
from whatsapp_bot.corpus.plan import Corpus, Plan, make_plan
from whatsapp_bot.corpus.sink import Batch, Failure
from whatsapp_bot.corpus.sources import Source
from whatsapp_bot.corpus.table_sink import TableSink
from whatsapp_bot.corpus.text_template import TextTemplate
from whatsapp_bot.database.vector_table import STATEMENTS
from whatsapp_bot.errors import (
    ConfigError,
    DatabaseDenied,
    DatabaseError,
    DatabaseUnavailable,
    InputError,
    OutputError,
)
from whatsapp_bot.records import EmbeddingModel, Totals

ROWS, DIMENSIONS, TOKEN = 5, 8, "secret"
VECTORS = np.random.default_rng(5).standard_normal((ROWS, DIMENSIONS), np.float32)
MODEL = EmbeddingModel("m", "m", None, DIMENSIONS, "roles-1", False)

MakeSink = Callable[..., TableSink]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors.db"


@pytest.fixture
def server(path: Path) -> Iterator[LibsqlServer]:
    with LibsqlServer(path, TOKEN) as server:
        yield server


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, path: Path, server: LibsqlServer) -> str:
    return str(path) if request.param == "file" else server.url


@pytest.fixture
def make_sink(place: str) -> Iterator[MakeSink]:
    sinks = []

    def make(
        place: str = place,
        table: str = "sample_embeddings",
        model: EmbeddingModel = MODEL,
        anew: bool = False,
        token: str = TOKEN,
        dry: bool = False,
    ) -> TableSink:
        settings = Settings(turso_auth_token=token)
        sinks.append(
            build_table_sink(settings, place, table, model, anew=anew, dry=dry)
        )
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close()


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    source = tmp_path / "samples.db"
    with sqlite3.connect(source) as connection:
        connection.execute("CREATE TABLE samples (id INTEGER PRIMARY KEY, title TEXT)")
        connection.executemany(
            "INSERT INTO samples VALUES (?, ?)",
            [(10 * i, f"sample {i}") for i in range(1, ROWS + 1)],
        )
    connection.close()
    return Corpus(
        Source(source, table="samples", id_column="id"),
        TextTemplate("Title: {title}"),
        100,
    )


@pytest.fixture
def plan(corpus: Corpus) -> Plan:
    return make_plan(corpus, None)


def batch_of(corpus: Corpus, *rows: int, failed: tuple[int, ...] = ()) -> Batch:
    texts = list(corpus.texts())
    failures = [Failure(texts[row], "refused") for row in failed]
    return Batch([texts[row] for row in rows], VECTORS[list(rows)], failures, Totals())


def rows_of(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(
            "SELECT id, model, dimensions, embedding, error FROM sample_embeddings"
            " ORDER BY id"
        ).fetchall()
    finally:
        connection.close()


def test_vectors_are_little_endian_float32_blobs(
    make_sink: MakeSink, corpus: Corpus, plan: Plan, path: Path
) -> None:
    sink = make_sink()
    assert not sink.look(plan, corpus.texts).done.any()
    sink.begin()
    sink.store(batch_of(corpus, 0, 1))
    sink.store(batch_of(corpus, 3, failed=(2,)))
    packed = [struct.pack(f"<{DIMENSIONS}f", *vector) for vector in VECTORS]
    assert rows_of(path) == [
        (10, "m", DIMENSIONS, packed[0], None),
        (20, "m", DIMENSIONS, packed[1], None),
        (30, "m", DIMENSIONS, None, "refused"),
        (40, "m", DIMENSIONS, packed[3], None),
    ]
    standing = sink.look(plan, corpus.texts)
    assert standing.done.tolist() == [True, True, False, True, False]
    assert not standing.is_finished
    sink.store(batch_of(corpus, 2, 4))
    assert sink.look(plan, corpus.texts).is_finished
    assert [row[4] for row in rows_of(path)] == [None] * 5


def test_only_a_changed_text_is_to_be_done_again(
    make_sink: MakeSink, corpus: Corpus, plan: Plan
) -> None:
    sink = make_sink()
    sink.begin()
    sink.store(batch_of(corpus, *range(ROWS)))
    with sqlite3.connect(corpus.source.path) as connection:
        connection.execute("UPDATE samples SET title = 'other' WHERE id = 30")
        connection.execute("INSERT INTO samples VALUES (60, 'new')")
    connection.close()
    standing = sink.look(make_plan(corpus, None), corpus.texts)
    assert standing.done.tolist() == [True, True, False, True, True, False]


def test_an_equal_text_is_found(make_sink: MakeSink, corpus: Corpus) -> None:
    sink = make_sink()
    sink.begin()
    sink.store(batch_of(corpus, 1))
    texts = list(corpus.texts())
    nothing, vector = sink.find(texts[:2])
    assert nothing is None and vector is not None
    assert np.array_equal(vector, VECTORS[1])


def test_vectors_of_another_model_are_refused_and_a_reset_replaces_them(
    make_sink: MakeSink, corpus: Corpus, plan: Plan, path: Path
) -> None:
    sink = make_sink()
    sink.begin()
    sink.store(batch_of(corpus, *range(ROWS)))
    other = EmbeddingModel("other", "other", None, 8, "roles-1", False)
    with pytest.raises(InputError, match=r"holds vectors of m \(8 dimensions\)"):
        make_sink(model=other).look(plan, corpus.texts)
    anew = make_sink(model=other, anew=True)
    assert not anew.look(plan, corpus.texts).done.any()
    assert len(rows_of(path)) == ROWS  # until it begins
    anew.begin()
    assert rows_of(path) == []


def test_a_batch_is_stored_whole_or_not_at_all(
    make_sink: MakeSink, corpus: Corpus, path: Path
) -> None:
    sink = make_sink()
    sink.begin()
    batch = batch_of(corpus, 0, 1)
    short = Batch(batch.texts, VECTORS[:2, :-1], [], Totals())  # the table checks it
    with pytest.raises(DatabaseError, match="CHECK constraint"):
        sink.store(short)
    assert rows_of(path) == []
    sink.store(batch)
    assert len(rows_of(path)) == 2


def test_a_damaged_vector_is_noticed(
    make_sink: MakeSink, corpus: Corpus, plan: Plan, path: Path
) -> None:
    sink = make_sink()
    sink.begin()
    sink.store(batch_of(corpus, *range(ROWS)))
    nan = struct.pack(f"<{DIMENSIONS}f", *[float("nan")] * DIMENSIONS)
    for blob in (nan, bytes(4 * DIMENSIONS)):
        with sqlite3.connect(path) as connection:
            connection.execute(
                "UPDATE sample_embeddings SET embedding = ? WHERE id = 20", (blob,)
            )
        connection.close()
        with pytest.raises(OutputError, match="not finite or all zero"):
            sink.look(plan, corpus.texts)


def test_a_table_of_another_kind_is_left_alone(
    make_sink: MakeSink, corpus: Corpus, plan: Plan, path: Path
) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sample_embeddings (id, name)")
    connection.close()
    with pytest.raises(InputError, match="is another kind of table"):
        make_sink().look(plan, corpus.texts)


def test_a_dry_look_makes_no_file(
    make_sink: MakeSink, corpus: Corpus, plan: Plan, path: Path
) -> None:
    assert not make_sink(place=str(path), dry=True).look(plan, corpus.texts).done.any()
    assert not path.exists()


def test_every_statement_is_used() -> None:
    room = PROJECT_FOLDER / "whatsapp_bot" / "database" / "vector_table.py"
    code = room.read_text(encoding="utf-8")
    assert [name for name in STATEMENTS if f'"{name}"' not in code] == []


def test_a_tables_name_is_a_plain_one(make_sink: MakeSink) -> None:
    with pytest.raises(InputError, match="is no table's name"):
        make_sink(table="x; DROP TABLE y")


# --- the server's troubles


def test_a_wrong_token_is_denied_and_not_quoted(
    make_sink: MakeSink, server: LibsqlServer, corpus: Corpus, plan: Plan
) -> None:
    sink = make_sink(place=server.url, token="my-wrong-token")
    with pytest.raises(DatabaseDenied, match="HTTP 401.*check the token") as caught:
        sink.look(plan, corpus.texts)
    assert "my-wrong-token" not in str(caught.value)


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(503),
        Trouble(429),
        Trouble(cut=True),
        Trouble(cut=True, is_done=True),
        Trouble(200, b"<html>"),
        Trouble(200, b'{"results": []}', is_done=True),
    ],
    ids=["503", "429", "cut", "cut after", "html", "no results"],
)
def test_what_passes_may_be_tried_again_and_doubles_nothing(
    make_sink: MakeSink,
    server: LibsqlServer,
    corpus: Corpus,
    path: Path,
    trouble: Trouble,
) -> None:
    sink = make_sink(place=server.url)
    sink.begin()
    server.trouble.append(trouble)
    with pytest.raises(DatabaseUnavailable):
        sink.store(batch_of(corpus, 0, 1))
    assert len(rows_of(path)) == (2 if trouble.is_done else 0)
    sink.store(batch_of(corpus, 0, 1))
    assert len(rows_of(path)) == 2


def test_a_server_that_is_not_there_is_said(make_sink: MakeSink, plan: Plan) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1 cannot be reached"):
        make_sink(place="http://127.0.0.1:1").begin()


def test_a_url_that_is_none_is_refused(make_sink: MakeSink) -> None:
    with pytest.raises(ConfigError, match="libsql://"):
        make_sink(place="libsql://")
