"""Everything at once, on example postings and people, with no account and no network."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from whatsapp_bot import door, embedding_health_check, match, scheduler_service
from whatsapp_bot.bootstrap import App
from whatsapp_bot.import_jobs import report_skipped
from whatsapp_bot.intake.importer import JobImporter, find_date_shift, import_people

EXAMPLES = """examples:
  python -m whatsapp_bot example           then go on as the daemon, until Ctrl+C
  python -m whatsapp_bot example --once    stop after the matches
"""
FOLDER = Path(__file__).with_name("examples")
SHOWN_MATCHES = 5
DAYS = 28  # the postings are moved into the last so many days


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument(
        "--once", action="store_true", help="do not go on as the daemon"
    )
    options = parser.parse_args(argv)
    return door.run(lambda app: _show(app, options))


def _show(app: App, options: argparse.Namespace) -> int:
    _say("Example postings and people")
    _load(app)
    _say("Embedding them")
    service = scheduler_service.SchedulerService(app)
    scheduler_service.stop_on_signals(service.stop)
    service.run_once()
    _say("Is all well? (python -m whatsapp_bot.embedding_health_check)")
    health = embedding_health_check.check(app, as_json=False, with_probe=True)
    _say("Jobs for the first person (python -m whatsapp_bot match --user 1)")
    _show_matches(app)
    if options.once:
        return health
    _say("The daemon runs; Ctrl+C stops it")
    service.run()
    return 0


def _load(app: App) -> None:
    jobs = FOLDER / "jobs.jsonl"
    shift = find_date_shift(jobs, DAYS, date.today())
    postings = JobImporter(app.parser, report_skipped).import_file(
        jobs, "example", shift
    )
    people = import_people(
        FOLDER / "people.jsonl", app.preference_manager, report_skipped
    )
    sys.stdout.write(f"{postings.imported} postings, {people.imported} people\n")


def _show_matches(app: App) -> None:
    user = app.users.list(limit=1)[0]
    result = app.controller.search_jobs_for_user(user.id, SHOWN_MATCHES)
    sys.stdout.write(match.as_table(user, result))


def _say(what: str) -> None:
    sys.stdout.write(f"\n== {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
