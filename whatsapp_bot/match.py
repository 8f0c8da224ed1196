"""The jobs for a person, as a table."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.records import Match, SearchResult, User

EXAMPLES = """examples:
  python -m whatsapp_bot match --user 1
  python -m whatsapp_bot match --user 1 --limit 3 --unseen
  python -m whatsapp_bot match --list          who there is
"""
NARROWEST, WIDEST = 60, 100  # characters


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument("--user", type=int, metavar="N", help="the person's id")
    parser.add_argument("--limit", type=int, default=10, help="jobs at most (10)")
    parser.add_argument(
        "--unseen", action="store_true", help="leave out jobs that were shown before"
    )
    parser.add_argument("--list", action="store_true", help="list the people")
    options = parser.parse_args(argv)
    if options.list:
        return door.run(_list)
    if options.user is None or options.limit < 1:
        parser.error("say --user N with N from --list, and a --limit above 0")
    return door.run(lambda app: _match(app, options))


def _list(app: App) -> int:
    for user in app.users.list(limit=1000):
        sys.stdout.write(f"{user.id:6} {user.name or '-'} ({user.external_id})\n")
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
    if where:
        yield " " * 11 + textwrap.shorten(where, width - 11, placeholder="…")
    if match.match_reasons:
        reasons = "; ".join(match.match_reasons)
        indent = " " * 11
        yield from textwrap.wrap(
            reasons, width, initial_indent=indent, subsequent_indent=indent
        )


if __name__ == "__main__":
    sys.exit(main())
