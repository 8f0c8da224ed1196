"""Applies the migrations that are missing."""

from __future__ import annotations

import sys

from whatsapp_bot import door
from whatsapp_bot.bootstrap import open_database
from whatsapp_bot.config import Settings
from whatsapp_bot.database.migrator import Migrator

EXAMPLES = """examples:
  python -m whatsapp_bot migrate             apply what is missing
  python -m whatsapp_bot migrate --status    only say what is missing; exit 1 if any is
  DATABASE_URL=postgresql://... python -m whatsapp_bot migrate
"""


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument("--status", action="store_true", help="change nothing")
    options = parser.parse_args(argv)
    return door.guarded(_status if options.status else _migrate)


def _migrate(settings: Settings) -> int:
    with open_database(settings) as (database, place):
        applied = Migrator(database).apply()
    sys.stdout.write(f"{place}: {', '.join(applied) or 'nothing to apply'}\n")
    return 0


def _status(settings: Settings) -> int:
    with open_database(settings) as (database, place):
        missing = Migrator(database).missing()
    sys.stdout.write(f"{place}: {', '.join(missing) or 'nothing'} missing\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
