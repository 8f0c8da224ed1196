"""What the speed benchmark of the matcher stores, and the truth about it.

Rows go straight into the tables by COPY, with the triggers off: what the daemon and an
import would have left behind. Only live rows have a vector, as ever.
"""

from __future__ import annotations

import io
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.matching_speed_truth import Truth
from benchmarks.scratch import require
from benchmarks.synthetic_jobs import (
    COLUMNS,
    PROFESSIONS,
    Cluster,
    Person,
    copy_lines,
    describe_clusters,
    person_wanting,
)
from benchmarks.synthetic_vectors import (
    Numbers,
    Vectors,
    binary_copy,
    clusters_for,
    make_space,
)
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.database_manager import Connection, DatabaseManager

BLOCK = 10_000  # rows made and copied at once
PEOPLE = 200
FEW_PEOPLE = 50  # of each other kind
SHOWN = 1_000  # jobs that each person was shown: those nearest to her

# The triggers and foreign keys are off, and a crash may lose it all.
BULK = "SET session_replication_role = replica; SET synchronous_commit = off"
SECONDARY_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
     WHERE indrelid = 'canonical_jobs'::regclass
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"""
INSERT_EMBEDDINGS = """
    INSERT INTO job_embeddings
        (job_id, model, fresh_on, text_hash, embedded_at, checked_at)
    SELECT id, %s, listed_date, sha256(id::text::bytea), now(), now()
      FROM canonical_jobs WHERE id > %s ORDER BY id"""
SETTLE_PEOPLE = """
    UPDATE user_embeddings
       SET due_at = NULL, text_hash = sha256(user_id::text::bytea),
           embedded_at = now(), checked_at = now()
     WHERE user_id = ANY(%s)"""
INSERT_SHOWN = """
    INSERT INTO user_job_history (user_id, job_id) SELECT %s, unnest(%s::bigint[])"""


@dataclass(frozen=True)
class Filter:
    """What some people insist on. condition: of SQL, on canonical_jobs j."""

    name: str
    condition: str
    wishes: Person  # preferences of who insists on it


# Of all rows, as synthetic_jobs has them.
FILTERS = (
    Filter(
        "25%, remote",
        "j.work_arrangement = 'remote'",
        {"work_arrangements": ["remote"], "musts": ["work_arrangement"]},
    ),
    *(
        Filter(
            f"{share}, in {city}",
            f"j.ai_city = '{city}'",
            {
                "preferred_locations": [city],
                "work_arrangements": ["onsite"],
                "musts": ["location"],
            },
        )
        for share, city in (("4%", "Kano"), ("0.4%", "Yola"))
    ),
)


class Dataset:
    """Postings 1 to `rows`, the last `live` of them live; made anew for the asking."""

    def __init__(self, rows: int, live: int, dimensions: int) -> None:
        self.rows, self.live, self.dimensions = rows, live, dimensions
        self._chance = np.random.default_rng(3)
        self._space = make_space(dimensions, clusters_for(rows), len(PROFESSIONS))
        self._described = describe_clusters(self._space)
        self._clusters = self._space.choose(rows, self._chance)

    @property
    def clusters(self) -> int:
        return len(self._described)

    @property
    def first_live(self) -> int:
        return self.rows - self.live + 1

    def blocks(self, only_live: bool = False) -> Iterator[Numbers]:
        """All ids, some thousand at once, none with both old and live ones; says how
        far it is."""
        told = time.monotonic()
        starts = list(range(self.first_live, self.rows + 1, BLOCK))
        if not only_live:
            starts = [*range(1, self.first_live, BLOCK), *starts]
        ends = [*(start - 1 for start in starts[1:]), self.rows]
        for start, end in zip(starts, ends, strict=True):
            yield np.arange(start, end + 1)
            if time.monotonic() - told > 10:
                told = time.monotonic()
                sys.stderr.write(f"  row {end:,} of {self.rows:,}\n")

    def vectors(self, ids: Numbers) -> Vectors:
        """The same ones for the same block."""
        chance = np.random.default_rng([4, int(ids[0])])
        return self._space.around(self._clusters[ids - 1], chance)

    def lines(self, ids: Numbers) -> str:
        """In COPY's text format."""
        first = int(ids[0])
        clusters = [self._described[i] for i in self._clusters[ids - 1].tolist()]
        is_live = first >= self.first_live
        return "".join(copy_lines(first, clusters, is_live, random.Random(first)))

    def people(self, count: int) -> tuple[list[Cluster], Vectors]:
        """The cluster that each wants to work in, and her vector."""
        wanted = self._space.choose(count, np.random.default_rng(5))
        vectors = self._space.around(wanted, np.random.default_rng(6))
        return [self._described[i] for i in wanted.tolist()], vectors


def fill(app: App, data: Dataset) -> Truth:
    """Store it all, without a vector index."""
    require(app.live_model.dimensions == data.dimensions, "another model is live")
    model = app.live_model.name
    connection = app.database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(BULK)
        _copy_jobs(connection, data)
        with connection.cursor() as cursor:
            cursor.execute(INSERT_EMBEDDINGS, (model, data.first_live - 1))
        truth = _save_people(app, connection, data)
        people = _as_stored(data.people(PEOPLE)[1])
        truth.similarities = _copy_vectors(connection, data, people, model)
        _show_nearest(connection, truth)
        # What the triggers would have done besides.
        require(app.upkeep.reconcile("job") == 0, "jobs without a row, or a vector")
        tidy(connection)
    finally:
        connection.close()
    return truth


def tidy(connection: Connection) -> None:
    """As a database that has been running for a while."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


def copy(connection: Connection, into: str, content: bytes | str, how: str) -> None:
    file = io.StringIO(content) if isinstance(content, str) else io.BytesIO(content)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {into} FROM STDIN (FORMAT {how})", file, 1 << 20)


def ids_where(database: DatabaseManager, condition: str) -> list[int]:
    """The live jobs, as j, that satisfy a condition of SQL."""
    with database.transaction() as cursor:
        cursor.raw.execute(
            "SELECT j.id FROM canonical_jobs j JOIN job_vectors v ON v.job_id = j.id"
            f" WHERE {condition}"
        )
        return [row["id"] for row in cursor.raw.fetchall()]


def _copy_jobs(connection: Connection, data: Dataset) -> None:
    """An index is made faster at once than row by row."""
    with connection.cursor() as cursor:
        cursor.execute(SECONDARY_INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    for ids in data.blocks():
        copy(connection, f"canonical_jobs ({COLUMNS})", data.lines(ids), "text")
    with connection.cursor() as cursor:
        for _, definition in indexes:
            cursor.execute(definition)


def _save_people(app: App, connection: Connection, data: Dataset) -> Truth:
    """Whose similarities are not known yet."""
    clusters, vectors = data.people(PEOPLE)
    people = _save_preferences(app, "person", clusters, {})
    strangers = _save_preferences(app, "stranger", clusters[:FEW_PEOPLE], {})
    insisting = {
        each.name: _save_preferences(app, each.name, clusters[:FEW_PEOPLE], each.wishes)
        for each in FILTERS
    }
    for ids in (people, *insisting.values()):
        content = binary_copy(
            np.array(ids), vectors[: len(ids)], app.live_model.name, half=True
        )
        copy(connection, "user_vectors", content, "binary")
        with connection.cursor() as cursor:
            cursor.execute(SETTLE_PEOPLE, (ids,))
    return Truth(people, strangers, insisting, data.first_live)


def _save_preferences(
    app: App, name: str, clusters: list[Cluster], wishes: Person
) -> list[int]:
    """The ids; the same preferences for the same clusters, but for the wishes."""
    ids, chance = [], random.Random(7)
    for number, cluster in enumerate(clusters):
        ids.append(app.users.save(f"{name} {number}", None, "en"))
        preferences = person_wanting(cluster, chance) | wishes
        app.users.save_preferences(ids[-1], preferences)
    return ids


def _copy_vectors(
    connection: Connection, data: Dataset, people: Vectors, model: str
) -> npt.NDArray[np.float32]:
    """The similarities: (people, live jobs)."""
    near = []
    for ids in data.blocks(only_live=True):
        vectors = data.vectors(ids)
        content = binary_copy(ids, vectors, model, half=True)
        copy(connection, "job_vectors", content, "binary")
        stored = _as_stored(vectors)
        lengths = np.linalg.norm(stored, axis=1)
        near.append((people @ stored.T) / lengths)
    return np.concatenate(near, axis=1)


def _as_stored(vectors: Vectors) -> Vectors:
    """Rounded as halfvec rounds, so that the nearest are the same ones."""
    return vectors.astype(np.float16).astype(np.float32)


def _show_nearest(connection: Connection, truth: Truth) -> None:
    count = min(SHOWN, truth.similarities.shape[1] // 2)
    with connection.cursor() as cursor:
        # With the triggers: they remember the keys of what is shown.
        cursor.execute("SET session_replication_role = origin")
        for person, ids in truth.nearest(count).items():
            truth.shown[person] = np.array(ids)
            cursor.execute(INSERT_SHOWN, (person, ids))
