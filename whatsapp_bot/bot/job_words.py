"""A posting -> the lines in which she reads it; whatever the posting holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from whatsapp_bot.bot.reason_words import reason_in
from whatsapp_bot.bot.scam import warning
from whatsapp_bot.bot.texts import say
from whatsapp_bot.bot.understanding.tongue import Language
from whatsapp_bot.matching import pay, rows
from whatsapp_bot.matching.location import arrangement_of
from whatsapp_bot.matching.salary import posted_pay
from whatsapp_bot.records import Match, Row
from whatsapp_bot.whatsapp.messages import (
    LONGEST_ROW_DESCRIPTION,
    LONGEST_ROW_TITLE,
    cut,
)

_LONGEST_IN_LIST: Final = 60  # characters of a title
_LONGEST_PLACE: Final = 32
_LONGEST_REASON: Final = 90
_SHOWN_OF_DESCRIPTION: Final = 280
_LONGEST_URL: Final = 2_000
# What is said above and below of a job that is shown in full.
_AGAINST_OR_AGE: Final = re.compile(r"posted |not in |not remote$")
_BRACKETS: Final = re.compile(r"\s*[(\[].*")
_LINK: Final = re.compile(r"https?://[^\s/]+\.[^\s/]+\S*", re.IGNORECASE)


def title(job: Row) -> str:
    return rows.label(rows.text(job, "title")) or "-"


def place(language: Language, job: Row) -> str:
    said = rows.label(rows.text(job, "location", "ai_city", "country"))
    named = cut(said.removesuffix(", Nigeria"), _LONGEST_PLACE)
    if arrangement_of(job) == "remote" and "remote" not in named.lower():
        remote = say(language, "way_remote")
        return f"{remote}, {named}" if named else remote
    return named


def pay_of(language: Language, job: Row) -> str:
    """As the posting says it; empty where it names none."""
    offer = posted_pay(job)
    if offer is None:
        return ""
    code = offer.currency or "NGN"
    period = pay.period_name(offer.period)
    amount = pay.short(offer.low, offer.high, code)
    return f"{amount} {say(language, f'a_{period}')}" if period else amount


def row_title(number: int, job: Row) -> str:
    """Without what is in brackets where there is no room for it."""
    said = f"{number}. {title(job)}"
    is_long = len(said) > LONGEST_ROW_TITLE
    return _BRACKETS.sub("", said) if is_long else said


def row_words(language: Language, job: Row, reasons: Iterable[str]) -> str:
    """place · pay · what speaks for it, if there is room: a row of a list."""
    facts = _facts(language, job, reasons)
    whole = _joined(facts)
    return whole if len(whole) <= LONGEST_ROW_DESCRIPTION else _joined(facts[:2])


def _joined(facts: Iterable[str]) -> str:
    return " · ".join(filter(None, facts))


def _facts(language: Language, job: Row, reasons: Iterable[str]) -> tuple[str, ...]:
    """Place, pay and top reason; pay only where the reason does not say it."""
    reason = top_reason(reasons)
    amount = pay_of(language, job)
    is_said = bool(amount) and reason.startswith(amount.split()[0])
    said = cut(reason_in(language, reason), _LONGEST_REASON)
    return place(language, job), "" if is_said else amount, said


def top_reason(reasons: Iterable[str]) -> str:
    """The weightiest that says more than the title and the place do; else the weightiest
    that says more than the place."""
    kept = [r for r in reasons if r != "remote" and not r.startswith("in ")]
    telling = [reason for reason in kept if not reason.startswith("matches the role")]
    return (telling or kept or [""])[0]


def entry(language: Language, number: int, job: Row, match: Match) -> str:
    """Two lines of the page: what it is, and why it is there."""
    name = cut(title(job), _LONGEST_IN_LIST)
    where, amount, reason = _facts(language, job, match.match_reasons)
    if not match.match_reasons:
        reason = say(language, "similar_work")
    firm = cut(rows.label(rows.text(job, "company")), _LONGEST_PLACE)
    first = _joined((f"*{number}. {name}*", firm, where, amount))
    mark = say(language, "scam_mark") if warning(job) else ""
    return "\n".join(filter(None, (first, reason, mark)))


def details(language: Language, job: Row, reasons: Iterable[str], today: date) -> str:
    head = (
        f"*{title(job)}*",
        rows.label(rows.text(job, "company")),
        _joined((place(language, job), pay_of(language, job))),
    )
    telling = (reason for reason in reasons if not _AGAINST_OR_AGE.match(reason))
    why = "; ".join(reason_in(language, reason) for reason in telling)
    danger = warning(job)
    said = (
        "\n".join(filter(None, head)),
        say(language, danger) if danger else "",
        say(language, "why", reasons=why) if why else "",
        _description(job),
        _posted(language, job, today),
    )
    return "\n\n".join(filter(None, said))


def _description(job: Row) -> str:
    said = " ".join(rows.text(job, "ai_summary", "description").split())
    return cut(said, _SHOWN_OF_DESCRIPTION)


def _posted(language: Language, job: Row, today: date) -> str:
    listed = job.get("listed_date")
    if not isinstance(listed, date):
        return ""
    days = (today - listed).days
    if days < 1:
        return say(language, "posted_today")
    key = "posted_yesterday" if days == 1 else "posted_days"
    return say(language, key, days=days)


def link(job: Row) -> str | None:
    """Where to apply, if it is a page that a button can open."""
    url = rows.text(job, "url").strip()
    return url if len(url) <= _LONGEST_URL and _LINK.fullmatch(url) else None
