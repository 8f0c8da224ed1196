"""People who asked for a person: list them, answer one, end her waiting."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App, build_people_waiting
from whatsapp_bot.bot.people_waiting import Said, Waiting, obstacle_of
from whatsapp_bot.whatsapp.answering import WINDOW

EXAMPLES = """examples:
  python -m whatsapp_bot people-waiting                    who waits, and what was said
  python -m whatsapp_bot people-waiting --messages 20
  python -m whatsapp_bot people-waiting --answer 7 "Sorry for that. Which job was it?"
  python -m whatsapp_bot people-waiting --done 7           she was helped
  python -m whatsapp_bot people-waiting --answer 7 "It is gone now." --done 7

The bot answers her meanwhile as always. An answer is sent by the daemon or the next pass, to who
wrote within 24 hours and has not asked to stop.
"""
NARROWEST = 60  # characters
# What Meta took: all is well with these.
SENT = frozenset({"accepted", "sent", "delivered", "read"})


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument(
        "--answer", nargs=2, metavar=("USER_ID", "TEXT"), help="write to her"
    )
    parser.add_argument(
        "--done", type=door.positive, metavar="USER_ID", help="she waits no longer"
    )
    parser.add_argument(
        "--limit", type=door.positive, default=20, help="people at most (20)"
    )
    parser.add_argument(
        "--messages", type=door.positive, default=6, help="of each, the last ones (6)"
    )
    parser.add_argument(
        "--phone", action="store_true", help="show numbers too, on a terminal only"
    )
    options = parser.parse_args(argv)
    if options.phone and not sys.stdout.isatty():
        parser.error("--phone shows numbers on a terminal, and nowhere else")
    if options.answer:
        try:
            options.answer[0] = door.positive(options.answer[0])
        except argparse.ArgumentTypeError as error:
            parser.error(f"argument --answer USER_ID: {error}")
    if options.answer or options.done:
        return door.run(lambda app: act(app, options))
    return door.run(lambda app: show(app, options))


def act(app: App, options: argparse.Namespace) -> int:
    people = build_people_waiting(app)
    if options.answer:
        user_id, text = options.answer
        people.answer(user_id, text, datetime.now(UTC))
    if options.done:
        people.end(options.done)
    return 0


def show(app: App, options: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    for waiting in build_people_waiting(app).list(options.limit, options.messages):
        for line in _lines(waiting, now, options.phone):
            sys.stdout.write(f"{line}\n")
    count = app.conversations.people_facts()["waiting"]
    sys.stdout.write(f"{count} people wait for a person\n")
    return 0


def _lines(waiting: Waiting, now: datetime, with_phone: bool) -> Iterator[str]:
    person = waiting.person
    phone = f" (+{person.wa_id or '?'})" if with_phone else ""
    minutes = max(0, int((now - person.since).total_seconds() / 60))
    yield (
        f"user {person.user_id}{phone}, {person.language}, waits since "
        f"{_time(person.since)} ({minutes // 60} h {minutes % 60:02} min)"
    )
    obstacle = obstacle_of(person, now)
    if obstacle or person.last_message_at is None:
        yield f"    cannot be answered: {obstacle}"
    else:
        yield f"    can be answered until {_time(person.last_message_at + WINDOW)}"
    for said in waiting.said:
        yield from _message(said)
    yield ""


def _message(said: Said) -> list[str]:
    width = max(NARROWEST, shutil.get_terminal_size().columns)
    who = "she" if said.is_hers else "we "
    state = f" [{said.state}]" if said.state and said.state not in SENT else ""
    head = f"    {_time(said.at)}  {who}  "
    return textwrap.wrap(
        said.text + state,
        width,
        initial_indent=head,
        subsequent_indent=" " * len(head),
    )


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


if __name__ == "__main__":
    sys.exit(main())
