"""Claims: as rows give them, and as the statements that settle them take them."""

from __future__ import annotations

from collections.abc import Sequence

from whatsapp_bot.records import Claim, Row


def claims_of(rows: Sequence[Row]) -> list[Claim]:
    return [Claim(**_with_bytes(row)) for row in rows]


def in_order(claims: Sequence[Claim]) -> list[Claim]:
    """In which all who write lock the rows: two that cross would deadlock."""
    return sorted(claims, key=lambda claim: claim.id)


def keys_of(claims: Sequence[Claim]) -> Row:
    """ids and revisions, in_order."""
    ordered = in_order(claims)
    return {
        "ids": [claim.id for claim in ordered],
        "revisions": [claim.revision for claim in ordered],
    }


def refusal_of(claim: Claim, error: str, max_attempts: int) -> Row:
    """What set_aside_* takes. PostgreSQL knows no text with a NUL."""
    return {
        "id": claim.id,
        "revision": claim.revision,
        "error": error.replace("\0", ""),
        "max_attempts": max_attempts,
    }


def _with_bytes(row: Row) -> Row:
    text_hash = row["text_hash"]
    return row | {"text_hash": None if text_hash is None else bytes(text_hash)}
