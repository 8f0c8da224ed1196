"""Sweeps of the speed benchmark: the index's settings, and the sizes of filters."""

from __future__ import annotations

import re
from functools import partial

from psycopg2 import sql

from benchmarks import matching_speed_searches as searches
from benchmarks.matching_speed_clients import HEADINGS, Case, show, timed
from benchmarks.matching_speed_data import ids_where
from benchmarks.matching_speed_truth import Truth
from benchmarks.scratch import Scratch, require
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.models import index_name
from whatsapp_bot.database.queries import query

PEOPLE = 100
SHARES = (0.001, 0.004, 0.01, 0.02, 0.04, 0.08, 0.16, 0.25, 0.5)
BUCKETS = """
    CREATE TABLE bucket_of AS
    SELECT job_id AS id, random() AS bucket FROM job_vectors ORDER BY job_id;
    ALTER TABLE bucket_of ADD PRIMARY KEY (id);
    CREATE INDEX ON bucket_of (bucket)"""
UNSEEN = """
    NOT EXISTS (SELECT FROM user_job_history h
                 WHERE h.user_id = %(person)s AND h.job_id = v.job_id)"""
UNSEEN_EF = (100, 200, 400, 1000)
SIZE_AND_SETTINGS = """
    SELECT pg_size_pretty(pg_relation_size(oid)), array_to_string(reloptions, ',')
      FROM pg_class WHERE relname = %s"""

Setting = tuple[int, int, int]  # m, ef_construction, ef_search


def as_setting(text: str) -> Setting:
    m, ef_construction, ef_search = (int(word) for word in text.split(","))
    return m, ef_construction, ef_search


def sweep_settings(place: Scratch, truth: Truth, settings: list[Setting]) -> None:
    built: tuple[int, int] | None = None
    for m, ef_construction, ef in sorted(settings):
        if built != (m, ef_construction):
            built = (m, ef_construction)
            timed(
                f"m {m}, ef_construction {ef_construction}",
                partial(_build, place.app, *built),
            )
            print(HEADINGS)
        search = partial(searches.search_vector_index, ef=ef)
        name = f"m {m}, efc {ef_construction}, ef {ef}"
        show(place, Case(name, search, truth.people, truth.nearest()))


def _build(app: App, m: int, ef_construction: int) -> None:
    """As ModelStore.build_index does, with other settings."""
    model, name = app.live_model, sql.Identifier(index_name(app.live_model.name))
    statement = re.sub(
        r"m = \d+, ef_construction = \d+",
        f"m = {m}, ef_construction = {ef_construction}",
        query("create_vector_index"),
    )
    connection = app.database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(name))
            cursor.execute(
                sql.SQL(statement).format(
                    index=name,
                    dimensions=sql.Literal(model.dimensions),
                    model=sql.Literal(model.name),
                    m=sql.Literal(m),
                    ef_construction=sql.Literal(ef_construction),
                )
            )
            cursor.execute(SIZE_AND_SETTINGS, (index_name(model.name),))
            size, settings = cursor.fetchone() or ("", "")
    finally:
        connection.close()
    wanted = f"m={m},ef_construction={ef_construction}"
    require(settings == wanted, f"the index was built with {settings}, not {wanted}")
    print(f"an index of {size}")


def sweep_filters(place: Scratch, truth: Truth) -> None:
    """The filter is a narrow table with an index: the least that a filter can cost."""
    with place.app.database.transaction() as cursor:
        cursor.raw.execute(BUCKETS)
        cursor.raw.execute("ANALYZE bucket_of")
    print(HEADINGS)
    people = truth.people[:PEOPLE]
    for share in SHARES:
        own = f"SELECT id FROM bucket_of WHERE bucket < {share}"
        ids = ids_where(place.app.database, f"j.id IN ({own})")
        nearest = truth.nearest(passing=truth.passing(ids))
        condition = (
            "EXISTS (SELECT FROM bucket_of b "
            f"WHERE b.id = v.job_id AND b.bucket < {share})"
        )
        along = partial(searches.scan_index_with, condition=condition)
        every = partial(searches.compare_all_of, passing=own)
        name = f"{share:.1%}, {len(ids):,} rows"
        show(place, Case(f"{name}: along the index", along, people, nearest, 1))
        show(place, Case(f"{name}: all that pass", every, people, nearest, 1))
    for ef in UNSEEN_EF:
        along = partial(searches.scan_index_with, condition=UNSEEN, ef=ef)
        name = f"1,000 already shown, ef {ef}"
        show(place, Case(name, along, people, truth.nearest_unseen(), 1))
