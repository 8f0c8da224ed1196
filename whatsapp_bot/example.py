"""Everything at once, on example postings and people, with no account and no network."""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from whatsapp_bot import (
    admin_api,
    door,
    embedding_health_check,
    match,
    scheduler_service,
)
from whatsapp_bot.bootstrap import App
from whatsapp_bot.config import Settings
from whatsapp_bot.errors import ConfigError
from whatsapp_bot.import_jobs import report_skipped
from whatsapp_bot.intake.importer import JobImporter, find_date_shift, import_people

EXAMPLES = """examples:
  python -m whatsapp_bot example           then go on as the daemon with the web service,
                                           a phone on its page, until Ctrl+C
  python -m whatsapp_bot example --once    stop after the matches

It never writes to Meta, and leaves the database of a bot that does alone.
"""
HOST = "127.0.0.1"  # the page has no password
FOLDER = Path(__file__).with_name("examples")
SHOWN_MATCHES = 5
DAYS = 28  # the postings are moved into the last so many days


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument(
        "--once", action="store_true", help="do not go on as the daemon"
    )
    options: argparse.Namespace = parser.parse_args(argv)
    if options.once:
        return door.run(_show_once, _without_meta)
    return door.guarded(lambda settings: _go_on(settings.site_port))


def _without_meta(settings: Settings) -> Settings:
    """Neither the account nor the rows of a bot that runs in earnest are touched."""
    if settings.whatsapp_phone_number_id is None:
        return replace(settings, simulator=False)
    _say("Nothing goes to Meta, and DATABASE_URL is not used: WhatsApp is set up there")
    return replace(
        settings, simulator=False, whatsapp_phone_number_id=None, database_url=None
    )


def _show_once(app: App) -> int:
    service = scheduler_service.SchedulerService(app)
    door.stop_on_signals(service.stop)
    return _show(app, service)


def _go_on(port: int) -> int:
    def on_this_machine(settings: Settings) -> Settings:
        port = listener.getsockname()[1]
        return replace(
            _without_meta(settings), simulator=True, admin_token=None, web_port=port
        )

    with _listening(port) as listener:
        return door.run(lambda app: _show_and_serve(app, listener), on_this_machine)


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """Any other port where that one is taken."""
    with contextlib.ExitStack() as stack:
        try:
            listener = stack.enter_context(admin_api.bound(HOST, port))
        except ConfigError:
            _say(f"Port {port} is taken: another one is used")
            listener = stack.enter_context(admin_api.bound(HOST, 0))
        yield listener


def _show_and_serve(app: App, listener: socket.socket) -> int:
    service = scheduler_service.SchedulerService(app)
    site = admin_api.Site(app, listener)

    def stop() -> None:
        service.stop()
        site.stop()

    door.stop_on_signals(stop)
    _show(app, service)
    serving = threading.Thread(target=_serve, args=(site, stop), name="web")
    serving.start()
    _say(f"Be a job seeker: open {site.url}/simulator")
    sys.stdout.write("The daemon and the web service run; Ctrl+C stops them\n")
    sys.stdout.flush()
    try:
        service.run()
    finally:
        stop()
        serving.join()
    return 0


def _serve(site: admin_api.Site, stop: Callable[[], None]) -> None:
    """Neither goes on without the other."""
    try:
        site.run()
    finally:
        stop()


def _show(app: App, service: scheduler_service.SchedulerService) -> int:
    """What the health check says."""
    _say("Example postings and people")
    _load(app)
    _say("Embedding them")
    service.keep_vectors_true()
    _say("Is all well? (python -m whatsapp_bot.embedding_health_check)")
    health = embedding_health_check.check(app, as_json=False, with_probe=True)
    _say("Jobs for the first person (python -m whatsapp_bot match --user 1)")
    _show_matches(app)
    return health


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
