"""The jobs for a person, what she says of them, and the people for a job."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.errors import NotFound
from whatsapp_bot.records import Match, SearchResult, User

EXAMPLES = """examples:
  python -m whatsapp_bot match --user 1
  python -m whatsapp_bot match --user 1 --limit 3 --unseen
  python -m whatsapp_bot match --list                     who there is
  python -m whatsapp_bot match --user 1 --save 7          keep job 7 for her
  python -m whatsapp_bot match --user 1 --not-for-me 8    never show it again
  python -m whatsapp_bot match --user 1 --saved           the jobs she saved
  python -m whatsapp_bot match --job 7                    whom it suits
"""
NARROWEST, WIDEST = 60, 100  # characters


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument("--user", type=int, metavar="N", help="the person's id")
    parser.add_argument("--limit", type=int, default=10, help="jobs at most (10)")
    parser.add_argument(
        "--unseen", action="store_true", help="leave out jobs that were shown before"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="list the people")
    what.add_argument("--job", type=int, metavar="JOB", help="the people it suits")
    what.add_argument("--save", type=int, metavar="JOB", help="she wants to keep it")
    what.add_argument(
        "--not-for-me",
        type=int,
        metavar="JOB",
        help="she does not want to see it again",
    )
    what.add_argument(
        "--undo", type=int, metavar="JOB", help="take back what she said of it"
    )
    what.add_argument("--saved", action="store_true", help="the jobs she saved")
    options = parser.parse_args(argv)
    if options.limit < 1:
        parser.error("--limit is at least 1")
    if options.list:
        return door.run(_list)
    if options.job is not None:
        return door.run(lambda app: _people(app, options))
    if options.user is None:
        parser.error("say --user N with N from --list, or --job JOB")
    return door.run(lambda app: _for_user(app, options))


def _list(app: App) -> int:
    for user in app.users.list(limit=1000):
        sys.stdout.write(f"{user.id:6} {user.name or '-'} ({user.external_id})\n")
    return 0


def _people(app: App, options: argparse.Namespace) -> int:
    if not app.jobs.find_live([options.job]):
        raise NotFound(f"there is no live job {options.job}")
    count = 0
    for person in app.reverse_matcher.find_people([options.job]):
        count += 1
        (match,) = person.matches
        sys.stdout.write(
            f"{match.match_score:3}%  user {person.user_id}: "
            f"{'; '.join(match.match_reasons)}\n"
        )
    sys.stdout.write(f"{count} people for job {options.job}\n")
    return 0


def _for_user(app: App, options: argparse.Namespace) -> int:
    user_id, bot = app.users.get(options.user).id, app.controller
    if options.save is not None:
        bot.save(user_id, options.save)
    elif options.not_for_me is not None:
        bot.not_for_me(user_id, options.not_for_me)
    elif options.undo is not None:
        bot.undo_feedback(user_id, options.undo)
    elif options.saved:
        return _saved(app, options)
    else:
        return _match(app, options)
    return 0


def _saved(app: App, options: argparse.Namespace) -> int:
    for job in app.controller.saved_jobs(options.user, options.limit):
        ended = "" if job.is_live else " (ended)"
        sys.stdout.write(
            f"job {job.job_id}  {job.title}, {job.company or '-'}{ended}\n"
        )
    return 0


def _match(app: App, options: argparse.Namespace) -> int:
    user = app.users.get(options.user)
    result = app.controller.search_jobs_for_user(user.id, options.limit, options.unseen)
    sys.stdout.write(as_table(user, result))
    return 0


def as_table(user: User, result: SearchResult) -> str:
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    how = "by vectors" if result.matcher == "embedding" else "by words"
    why = f" ({result.fallback_reason})" if result.fallback_reason else ""
    lines = [f"{len(result.matches)} jobs for {user.name or user.id}, {how}{why}", ""]
    for number, match in enumerate(result.matches, 1):
        lines += _lines(number, match, width)
    return "\n".join(lines) + "\n"


def _lines(number: int, match: Match, width: int) -> Iterator[str]:
    head = f"{number:3}. {match.match_score:3}%  {match.title}"
    yield head if len(head) <= width else head[: width - 1] + "…"
    where = ", ".join(part for part in (match.company, match.location) if part)
    where = f"job {match.job_id}{': ' if where else ''}{where}"
    yield " " * 11 + textwrap.shorten(where, width - 11, placeholder="…")
    if match.match_reasons:
        reasons = "; ".join(match.match_reasons)
        indent = " " * 11
        yield from textwrap.wrap(
            reasons, width, initial_indent=indent, subsequent_indent=indent
        )


if __name__ == "__main__":
    sys.exit(main())
