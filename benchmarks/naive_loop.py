"""One text, one vector, one UPDATE, one commit for each row: what the daemon replaces.

Started by benchmarks.daemon and benchmarks.engine on their scratch databases; alone, it
has nothing to work on.
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
from whatsapp_bot.embeddings.model_choice import make_provider
from whatsapp_bot.records import Row

EXAMPLES = """examples:
  python -m benchmarks.daemon     (which starts this with a database to work on)
  python -m benchmarks.engine     (likewise)
"""
ADD_COLUMN = """
    ALTER TABLE canonical_jobs ADD COLUMN IF NOT EXISTS naive_embedding halfvec"""
UPDATE = "UPDATE canonical_jobs SET naive_embedding = %s WHERE id = %s"


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--sleep", type=float, default=0.0, metavar="SECONDS")
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options.rows, options.sleep))


def _run(count: int, sleep: float) -> None:
    settings = Settings.from_env()
    template = template_named(settings.embedding_template)
    with open_app(settings) as app:
        provider = make_provider(app.live_model, settings)
        assert provider is not None
        provider.embed(["Accountant"])  # all is loaded before the clock starts
        rows = _read_rows(app.database, count)
        start = time.monotonic()
        for row in rows:
            vector = provider.embed([template.text("job", row)]).vectors[0]
            with app.database.transaction() as cursor:
                cursor.raw.execute(UPDATE, (HalfVector(vector).to_text(), row["id"]))
            time.sleep(sleep)
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
