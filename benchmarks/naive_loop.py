"""One text, one vector, one UPDATE, one commit for each row: what the daemon replaces.

Started by benchmarks.daemon on its scratch database; alone, it has nothing to work on.
"""

from __future__ import annotations

import sys
import time

from pgvector import HalfVector

from benchmarks import scratch
from whatsapp_bot.bootstrap import open_app
from whatsapp_bot.config import Settings
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.local_provider import LOCAL_DIMENSIONS, LocalProvider
from whatsapp_bot.records import Row

EXAMPLES = """examples:
  python -m benchmarks.daemon     (which starts this with a database to work on)
"""
ADD_COLUMN = f"""
    ALTER TABLE canonical_jobs
      ADD COLUMN IF NOT EXISTS naive_embedding halfvec({LOCAL_DIMENSIONS})"""
UPDATE = "UPDATE canonical_jobs SET naive_embedding = %s WHERE id = %s"


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--rows", type=int, default=1_000)
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options.rows))


def _run(count: int) -> None:
    settings = Settings.from_env()
    provider, template = LocalProvider(), template_named(settings.embedding_template)
    provider.embed(["Accountant"])  # the model is loaded before the clock starts
    with open_app(settings) as app:
        rows = _read_rows(app.database, count)
        start = time.monotonic()
        for row in rows:
            vector = provider.embed([template.text("job", row)]).vectors[0]
            with app.database.transaction() as cursor:
                cursor.raw.execute(UPDATE, (HalfVector(vector).to_text(), row["id"]))
        print(f"{len(rows)} {time.monotonic() - start:.4f}")


def _read_rows(database: DatabaseManager, count: int) -> list[Row]:
    with database.transaction() as cursor:
        cursor.raw.execute(ADD_COLUMN)
        cursor.raw.execute(
            "SELECT id FROM canonical_jobs ORDER BY id LIMIT %s", (count,)
        )
        ids = [row["id"] for row in cursor.raw.fetchall()]
        return cursor.rows("read_jobs_to_embed", ids=ids)


if __name__ == "__main__":
    sys.exit(main())
