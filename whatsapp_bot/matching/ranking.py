"""Rows with scores -> matches in order."""

from __future__ import annotations

from collections.abc import Iterable

from whatsapp_bot.records import Match, Row


def as_match(row: Row, score: float, reasons: tuple[str, ...]) -> Match:
    """score: 0 to 100."""
    return Match(
        job_id=row["id"],
        title=row["title"],
        company=row["company"],
        location=row["location"],
        url=row["url"],
        listed_date=row["listed_date"],
        match_score=round(score),
        match_reasons=reasons,
    )


def best_first(matches: Iterable[Match]) -> list[Match]:
    """By score, the newer of two equals first."""
    return sorted(
        matches,
        key=lambda match: (match.match_score, match.listed_date, match.job_id),
        reverse=True,
    )
