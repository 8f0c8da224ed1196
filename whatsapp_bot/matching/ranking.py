"""Rows with scores -> the page: matches in order, each job once, employers mixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from whatsapp_bot.records import Match, Row

PAGE = 10  # jobs that a person sees at once
MOST_OF_ONE_EMPLOYER = 2  # on a page, as long as there are others


def as_match(row: Row, score: float) -> Match:
    """Without reasons. score: 0 to 100."""
    return Match(
        job_id=row["id"],
        title=row["title"],
        company=row["company"],
        location=row["location"],
        url=row["url"],
        listed_date=row["listed_date"],
        match_score=round(score),
        match_reasons=(),
        posting_key=row["posting_key"],
        employer_key=row["employer_key"],
    )


def best_first(matches: Iterable[Match]) -> list[Match]:
    """By score, the newer of two equals first; of several postings of one job only the
    first. Each page of ten has at most two of one employer while there are others: the
    surplus waits for the next page."""
    ordered = sorted(
        matches,
        key=lambda match: (match.match_score, match.listed_date, match.job_id),
        reverse=True,
    )
    return _mixed(_each_job_once(ordered))


def has_surplus(ranked: list[Match]) -> bool:
    """Whether an employer has more than its share of a page: others would come first."""
    pages = (ranked[start : start + PAGE] for start in range(0, len(ranked), PAGE))
    counts = (Counter(m.employer_key for m in page if m.employer_key) for page in pages)
    return any(
        max(count.values(), default=0) > MOST_OF_ONE_EMPLOYER for count in counts
    )


def _each_job_once(matches: list[Match]) -> list[Match]:
    first: dict[str | int, Match] = {}
    for match in matches:
        first.setdefault(match.posting_key or match.job_id, match)
    return list(first.values())


def _mixed(matches: list[Match]) -> list[Match]:
    waiting, mixed = matches, list[Match]()
    while waiting:
        page, waiting = _next_page(waiting)
        mixed += page
    return mixed


def _next_page(matches: list[Match]) -> tuple[list[Match], list[Match]]:
    """The page, and what is left, both in order."""
    page: list[Match] = []
    surplus: list[Match] = []
    shown: Counter[str] = Counter()
    for place, match in enumerate(matches):
        employer = match.employer_key
        if employer is not None and shown[employer] == MOST_OF_ONE_EMPLOYER:
            surplus.append(match)
            continue
        page.append(match)
        if employer is not None:
            shown[employer] += 1
        if len(page) == PAGE:
            return page, surplus + matches[place + 1 :]
    lacking = PAGE - len(page)
    return page + surplus[:lacking], surplus[lacking:]
