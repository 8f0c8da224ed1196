"""Saves the people of a JSONL, CSV or JSON file, gzip too; the daemon embeds them."""

from __future__ import annotations

import sys
from pathlib import Path

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.import_jobs import report_skipped
from whatsapp_bot.intake.importer import import_people

EXAMPLES = """examples:
  python -m whatsapp_bot import-users people.jsonl
  python -m whatsapp_bot import-users people.csv.gz

A person is known by her id: importing again changes her preferences, and adds nobody.
A line of JSONL:
  {"id": "ada", "job_roles": ["Data Analyst"], "preferred_locations": ["Lagos"],
   "salary_min": 400000, "salary_currency": "NGN", "musts": ["location"]}
"""


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument("file", type=Path)
    options = parser.parse_args(argv)
    return door.run(lambda app: import_users(app, options.file))


def import_users(app: App, file: Path) -> int:
    totals = import_people(file, app.preference_manager, report_skipped)
    sys.stdout.write(
        f"{totals.read} people read: {totals.imported} saved, {totals.skipped} skipped\n"
    )
    return 0 if totals.imported else door.FAILED


if __name__ == "__main__":
    sys.exit(main())
