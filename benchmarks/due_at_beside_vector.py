"""What it costs to keep due_at and the vector in one row, beside two tables.

Two tables: job_embeddings holds due_at, job_vectors the vector, as the migrations make
them and with the project's own statements. One table: both in one row, with the same
indexes and the same statements. A change of due_at, which is in an index, writes the
row anew in every index of its table; here one of them is HNSW. Everything happens
inside the server: no provider and no client's work is in the figures.
"""

from __future__ import annotations

import argparse
import io
import statistics
import struct
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from pgvector import HalfVector
from psycopg2 import sql

from benchmarks import scratch
from benchmarks.scratch import Neighbours, require
from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.database.models import (
    HNSW_EF_CONSTRUCTION,
    HNSW_M,
    ModelStore,
    index_name,
)
from whatsapp_bot.database.queries import query
from whatsapp_bot.records import EmbeddingModel

EXAMPLES = """examples:
  python -m benchmarks.due_at_beside_vector
  python -m benchmarks.due_at_beside_vector --dimensions 1536
  python -m benchmarks.due_at_beside_vector --rows 5000 --touched 200     quicker
"""
BATCH = 256  # rows in a transaction, as the daemon claims them
LEASE_SECONDS = 120
ROWS_PER_CLUSTER = 50
SPREAD = 0.8  # within a cluster: a cosine of some 0.6
MODEL = "benchmark"
MEGABYTE = 1024 * 1024

Vectors = npt.NDArray[np.float32]
Rows = list[tuple[int, int]]  # id and revision

CREATE_POOLS = """
    CREATE TABLE first_vectors (job_id bigint, embedding halfvec);
    CREATE TABLE next_vectors (job_id bigint, embedding halfvec)"""
INSERT_JOBS = """
    INSERT INTO canonical_jobs (source, source_id, title, posted_date)
    SELECT 'benchmark', n, 'Accountant', CURRENT_DATE FROM generate_series(1, %s) AS n"""
# No vacuum in the middle of a measurement; it is measured at the end.
FILL_TWO_TABLES = """
    ALTER TABLE job_embeddings SET (autovacuum_enabled = false);
    ALTER TABLE job_vectors SET (autovacuum_enabled = false);
    UPDATE job_embeddings
       SET due_at = NULL, text_hash = sha256('text'), embedded_at = now(),
           checked_at = now();
    INSERT INTO job_vectors SELECT job_id, %(model)s, embedding FROM first_vectors"""
FILL_ONE_TABLE = """
    CREATE TABLE one_table (
        LIKE job_embeddings INCLUDING DEFAULTS, embedding halfvec,
        PRIMARY KEY (job_id, model)) WITH (autovacuum_enabled = false);
    ALTER TABLE one_table ALTER COLUMN embedding SET STORAGE PLAIN;
    INSERT INTO one_table
    SELECT e.*, v.embedding FROM job_embeddings e JOIN job_vectors v USING (job_id, model)
     ORDER BY job_id;
    CREATE INDEX one_table_due ON one_table (model, fresh_on DESC, job_id DESC)
     WHERE due_at IS NOT NULL"""
# What the refresh does, and what the trigger does when a text changed.
SET_DUE = """
    UPDATE job_embeddings
       SET due_at = now(), revision = revision + %(changed)s, attempts = 0,
           last_error = NULL
     WHERE job_id = ANY(%(ids)s) AND model = %(model)s"""
COPY_NEXT_VECTORS = """
    INSERT INTO incoming
    SELECT id, revision, sha256('next'), embedding
      FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[]) AS i(id, revision)
      JOIN next_vectors v ON v.job_id = i.id"""
STORE_IN_ONE_TABLE = """
    UPDATE one_table e
       SET due_at = NULL, text_hash = i.text_hash, embedded_at = now(),
           checked_at = now(), attempts = 0, last_error = NULL, embedding = i.embedding
      FROM incoming i
     WHERE e.job_id = i.id AND e.model = %(model)s AND e.revision = i.revision"""


@dataclass
class Layout:
    """One of the two designs, and what was measured of it."""

    name: str
    tables: tuple[str, ...]
    index: str
    set_due: str
    claim: str
    confirm: str
    store: str
    touch_rates: list[float] = field(default_factory=list)  # rows per second
    embed_rates: list[float] = field(default_factory=list)
    touch_bytes: list[float] = field(default_factory=list)  # of log, per row
    embed_bytes: list[float] = field(default_factory=list)
    index_mb: list[float] = field(default_factory=list)  # before, touched, embedded


def two_tables() -> Layout:
    return Layout(
        "two tables",
        ("job_embeddings", "job_vectors"),
        index_name(MODEL),
        SET_DUE,
        query("claim_due_jobs"),
        query("confirm_job_vectors"),
        query("store_job_vectors"),
    )


def one_table() -> Layout:
    two = two_tables()
    return Layout(
        "one table",
        ("one_table",),
        "one_table_hnsw",
        _in_one_table(two.set_due),
        _in_one_table(two.claim),
        _in_one_table(two.confirm),
        STORE_IN_ONE_TABLE,
    )


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--rows", type=int, default=20_000, metavar="N")
    parser.add_argument("--dimensions", type=int, default=256, metavar="D")
    parser.add_argument(
        "--touched", type=int, default=1_000, metavar="N", help="rows in each round"
    )
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    if 2 * options.touched * options.rounds > options.rows:
        parser.error("--rows must be at least twice the touched rows of all rounds")
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    with scratch.scratch() as place:
        database = place.app.database
        print(scratch.describe_machine(database))
        neighbours = Neighbours(place.folder)
        _set_up(database, options)
        layouts = [two_tables(), one_table()]
        _measure(database, layouts, options)
        for layout in layouts:
            _report(database, layout)
        _compare(*layouts)
        print(f"load {neighbours.load:.2f}, cores of others {neighbours.cores():.2f}")


# Setting up


def _set_up(database: DatabaseManager, options: argparse.Namespace) -> None:
    model = EmbeddingModel(MODEL, MODEL, None, options.dimensions, "roles-1", False)
    with database.transaction() as cursor:
        # The local model, which the scratch server came with: rows of one model only.
        cursor.raw.execute("DELETE FROM embedding_models")
    models = ModelStore(database)
    models.add(model)
    with database.transaction() as cursor:
        cursor.raw.execute(CREATE_POOLS)
        first, following = make_vectors(options.rows, options.dimensions)
        _copy_vectors(cursor, "first_vectors", first)
        _copy_vectors(cursor, "next_vectors", following)
        cursor.raw.execute(INSERT_JOBS, (options.rows,))
        cursor.raw.execute(FILL_TWO_TABLES, {"model": MODEL})
        cursor.raw.execute(FILL_ONE_TABLE)
    models.build_index(model)
    _build_index_of_one_table(database, options.dimensions)
    for table in ("job_embeddings", "job_vectors", "one_table", "next_vectors"):
        _vacuum(database, table)


def make_vectors(rows: int, dimensions: int) -> tuple[Vectors, Vectors]:
    """A vector for each row, and another of the same cluster for its next text."""
    chance = np.random.default_rng(1)
    spectrum = np.arange(1, dimensions + 1, dtype=np.float32) ** -0.5
    clusters = max(1, rows // ROWS_PER_CLUSTER)
    centers = chance.standard_normal((clusters, dimensions), np.float32)
    sizes = 1 / np.arange(1, clusters + 1)  # a few large ones, many small ones
    own = centers[chance.choice(clusters, rows, p=sizes / sizes.sum())]
    first, following = (
        own + SPREAD * chance.standard_normal(own.shape, np.float32) for _ in range(2)
    )
    return _normalized(first * spectrum), _normalized(following * spectrum)


def _normalized(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / norms, dtype=np.float32)


def _copy_vectors(cursor: Cursor, table: str, vectors: Vectors) -> None:
    statement = f"COPY {table} FROM STDIN (FORMAT binary)"
    cursor.raw.copy_expert(statement, io.BytesIO(_binary_copy(vectors)))


def _binary_copy(vectors: Vectors) -> bytes:
    parts = [b"PGCOPY\n\xff\r\n\0", struct.pack(">ii", 0, 0)]
    for number, vector in enumerate(vectors, start=1):
        data = HalfVector(vector).to_binary()
        parts += (struct.pack(">hiqi", 2, 8, number, len(data)), data)
    parts.append(struct.pack(">h", -1))
    return b"".join(parts)


def _build_index_of_one_table(database: DatabaseManager, dimensions: int) -> None:
    statement = _in_one_table(query("create_vector_index"))
    parts = {
        "index": sql.Identifier("one_table_hnsw"),
        "dimensions": sql.Literal(dimensions),
        "model": sql.Literal(MODEL),
        "m": sql.Literal(HNSW_M),
        "ef_construction": sql.Literal(HNSW_EF_CONSTRUCTION),
    }
    with database.transaction() as cursor:
        plain = statement.replace("CONCURRENTLY", "")
        cursor.raw.execute(sql.SQL(plain).format(**parts))


def _in_one_table(statement: str) -> str:
    for table in ("job_embeddings", "job_vectors"):
        statement = statement.replace(table, "one_table")
    return statement


# Measuring


def _measure(
    database: DatabaseManager, layouts: list[Layout], options: argparse.Namespace
) -> None:
    """Each round takes other rows, and the layouts take turns at going first."""
    ids = 1 + np.random.default_rng(2).permutation(options.rows)
    parts = iter(
        np.array_split(ids[: 2 * options.rounds * options.touched], 2 * options.rounds)
    )
    for layout in layouts:
        layout.index_mb.append(_index_mb(database, layout))
    for kind in (_touch, _embed):
        for number in range(options.rounds):
            part = next(parts).tolist()
            for layout in layouts if number % 2 else reversed(layouts):
                kind(database, layout, part)
        for layout in layouts:
            layout.index_mb.append(_index_mb(database, layout))


def _touch(database: DatabaseManager, layout: Layout, ids: list[int]) -> None:
    """The life of a text that is unchanged: set due, claimed, cleared."""

    def confirm(cursor: Cursor, rows: Rows) -> int:
        return _execute(cursor, layout.confirm, **_columns(rows))

    seconds, log_bytes = _see_through(database, layout, ids, 0, confirm)
    layout.touch_rates.append(len(ids) / seconds)
    layout.touch_bytes.append(log_bytes / len(ids))


def _embed(database: DatabaseManager, layout: Layout, ids: list[int]) -> None:
    """The life of a text that changed: set due, claimed, another vector stored."""

    def store(cursor: Cursor, rows: Rows) -> int:
        cursor.run("create_incoming_vectors")
        _execute(cursor, COPY_NEXT_VECTORS, **_columns(rows))
        return _execute(cursor, layout.store)

    seconds, log_bytes = _see_through(database, layout, ids, 1, store)
    layout.embed_rates.append(len(ids) / seconds)
    layout.embed_bytes.append(log_bytes / len(ids))


def _see_through(
    database: DatabaseManager,
    layout: Layout,
    ids: list[int],
    changed: int,
    finish: Callable[[Cursor, Rows], int],
) -> tuple[float, int]:
    """The seconds it took, and the bytes of log it wrote."""
    _execute_alone(database, "CHECKPOINT")
    log_start, start = _log_position(database), time.perf_counter()
    with database.transaction() as cursor:
        _execute(cursor, layout.set_due, ids=ids, changed=changed)
    done = 0
    while rows := _claim(database, layout):
        with database.transaction() as cursor:
            done += finish(cursor, rows)
    seconds = time.perf_counter() - start
    require(done == len(ids), f"{done} of {len(ids)} rows were done in {layout.name}")
    return seconds, _log_position(database) - log_start


def _claim(database: DatabaseManager, layout: Layout) -> Rows:
    with database.transaction() as cursor:
        _execute(cursor, layout.claim, limit=BATCH, lease_seconds=LEASE_SECONDS)
        return [(row["id"], row["revision"]) for row in cursor.raw.fetchall()]


def _columns(rows: Rows) -> dict[str, object]:
    return {"ids": [row[0] for row in rows], "revisions": [row[1] for row in rows]}


def _execute(cursor: Cursor, statement: str, **values: object) -> int:
    cursor.raw.execute(statement, {"model": MODEL, **values})
    return cursor.raw.rowcount


def _execute_alone(database: DatabaseManager, statement: str) -> None:
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _vacuum(database: DatabaseManager, table: str) -> float:
    start = time.perf_counter()
    _execute_alone(database, f"VACUUM (ANALYZE) {table}")
    return time.perf_counter() - start


def _log_position(database: DatabaseManager) -> int:
    return int(_value(database, "SELECT pg_current_wal_insert_lsn() - '0/0' AS value"))


def _index_mb(database: DatabaseManager, layout: Layout) -> float:
    size = _value(database, f"SELECT pg_relation_size('{layout.index}') AS value")
    return size / MEGABYTE


def _value(database: DatabaseManager, statement: str) -> float:
    with database.transaction() as cursor:
        cursor.raw.execute(statement)
        row = cursor.raw.fetchone()
    return float(row["value"]) if row else 0.0


# Reporting


def _report(database: DatabaseManager, layout: Layout) -> None:
    before, touched, embedded = layout.index_mb
    vacuum_seconds = sum(_vacuum(database, table) for table in layout.tables)
    print(
        f"{layout.name}:\n"
        f"  unchanged text  {_rates(layout.touch_rates)}, "
        f"{_kilobytes(layout.touch_bytes)}\n"
        f"  new vector      {_rates(layout.embed_rates)}, "
        f"{_kilobytes(layout.embed_bytes)}\n"
        f"  vector index    {before:.1f} MB, after the unchanged {touched:.1f}, after "
        f"the new {embedded:.1f}; vacuum {vacuum_seconds:.1f} s"
    )


def _compare(two: Layout, one: Layout) -> None:
    touch, embed = (
        _median_ratio(pairs)
        for pairs in (
            zip(two.touch_rates, one.touch_rates, strict=True),
            zip(two.embed_rates, one.embed_rates, strict=True),
        )
    )
    print(f"two tables : one, unchanged text {touch:.0f}, new vector {embed:.1f}")


def _median_ratio(pairs: Iterable[tuple[float, float]]) -> float:
    return statistics.median(two / one for two, one in pairs)


def _rates(rates: list[float]) -> str:
    low, high = min(rates), max(rates)
    return f"{statistics.median(rates):,.0f} rows/s ({low:,.0f} to {high:,.0f})"


def _kilobytes(log_bytes: list[float]) -> str:
    return f"{statistics.median(log_bytes) / 1024:.1f} kB of log a row"


if __name__ == "__main__":
    sys.exit(main())
