"""The first design's vector search, as its migration and its matcher have it.

The vectors are a column of the jobs' table, for every row that is stored; its IVFFlat
index is made by the migration, so on a table with no vectors, and filled afterwards;
the matcher reads whole rows, vector included, and drops what is less similar than 0.65.
"""

from __future__ import annotations

import numpy as np
from psycopg2.extras import RealDictCursor

from benchmarks.matching_speed_clients import Answer
from benchmarks.matching_speed_data import PEOPLE, Dataset, copy, tidy
from benchmarks.matching_speed_truth import WANTED
from benchmarks.synthetic_vectors import binary_copy
from whatsapp_bot.bootstrap import App

THRESHOLD = 0.65
LISTS = 1_000

PLAIN_COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
     WHERE attrelid = 'canonical_jobs'::regclass AND attnum > 0
       AND NOT attisdropped AND attgenerated = ''"""
MIGRATE = """
    CREATE TABLE seed_a_jobs AS SELECT {columns} FROM canonical_jobs WHERE false;
    ALTER TABLE seed_a_jobs ADD PRIMARY KEY (id),
        ADD COLUMN job_embedding vector({dimensions}),
        ADD COLUMN job_embedding_text text,
        ADD COLUMN job_embedding_updated_at timestamp DEFAULT now(),
        ADD COLUMN embedding_version int DEFAULT 1;
    CREATE INDEX ON seed_a_jobs USING ivfflat (job_embedding vector_cosine_ops)
        WITH (lists = {lists});
    CREATE INDEX ON seed_a_jobs (posted_date DESC) WHERE job_embedding IS NOT NULL;
    CREATE TABLE seed_a_people
        (user_id bigint PRIMARY KEY, user_embedding vector({dimensions}));
    CREATE UNLOGGED TABLE seed_a_block (id bigint, embedding vector({dimensions}))"""
INSERT_BLOCK = """
    INSERT INTO seed_a_jobs ({columns}, job_embedding, job_embedding_text)
    SELECT {qualified}, b.embedding,
           'Job title: ' || title || '. Company: ' || company || '. Location: '
           || location || '. Description: ' || left(description, 300)
      FROM seed_a_block b JOIN canonical_jobs j USING (id);
    TRUNCATE seed_a_block"""
GET_VECTOR = """
    SELECT user_embedding FROM seed_a_people
     WHERE user_id = %s AND user_embedding IS NOT NULL"""
SEARCH = """
    SELECT *, 1 - (job_embedding <=> %s::vector) AS similarity_score
      FROM seed_a_jobs
     WHERE job_embedding IS NOT NULL
       AND posted_date >= CURRENT_DATE - INTERVAL '60 days'
     ORDER BY job_embedding <=> %s::vector
     LIMIT %s"""
# + 0: an expression that no index is on.
SCAN = """
    SELECT id FROM seed_a_jobs
     WHERE job_embedding IS NOT NULL
       AND posted_date >= CURRENT_DATE - INTERVAL '60 days'
     ORDER BY (job_embedding <=> (
        SELECT user_embedding FROM seed_a_people WHERE user_id = %s)) + 0
     LIMIT %s"""


def fill(app: App, data: Dataset, people: list[int]) -> None:
    """All rows that are stored, each with its vector."""
    connection = app.database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
            cursor.execute(PLAIN_COLUMNS)
            (columns,) = cursor.fetchone() or ("",)
            names = {
                "columns": columns,
                "qualified": ", ".join(f"j.{name}" for name in columns.split(", ")),
                "dimensions": data.dimensions,
                "lists": LISTS,
            }
            cursor.execute(MIGRATE.format(**names))
        _, vectors = data.people(PEOPLE)
        content = binary_copy(np.array(people), vectors, None, half=False)
        copy(connection, "seed_a_people", content, "binary")
        for ids in data.blocks():
            content = binary_copy(ids, data.vectors(ids), None, half=False)
            copy(connection, "seed_a_block", content, "binary")
            with connection.cursor() as cursor:
                cursor.execute(INSERT_BLOCK.format(**names))
        tidy(connection)
    finally:
        connection.close()


def search(app: App, person: int) -> Answer:
    """Its search_jobs_with_embeddings; the vector goes to the client and back."""
    with app.database.transaction() as cursor:
        connection = cursor.raw.connection
        with connection.cursor(cursor_factory=RealDictCursor) as own:
            own.execute(GET_VECTOR, (person,))
            found = own.fetchone()
            vector = found["user_embedding"] if found else None
            own.execute(SEARCH, (vector, vector, 2 * WANTED))
            jobs = [dict(job) for job in own.fetchall()]
    good = [job for job in jobs if job["similarity_score"] >= THRESHOLD]
    return Answer([job["id"] for job in jobs[:WANTED]], len(good[:WANTED]))


def scan_stored(app: App, person: int) -> Answer:
    """The same rows without its index: exact, by the date's index or all of them."""
    with app.database.transaction() as cursor:
        cursor.raw.execute(SCAN, (person, WANTED))
        ids = [row["id"] for row in cursor.raw.fetchall()]
    return Answer(ids, len(ids))
