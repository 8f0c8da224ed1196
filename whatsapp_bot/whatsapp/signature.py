"""Whether a body is Meta's, and the hashes that stand for messages once they are gone."""

from __future__ import annotations

import hmac

PREFIX = "sha256="


def is_signed(body: bytes, header: str, secret: str) -> bool:
    """header: X-Hub-Signature-256, an HMAC-SHA256 of the raw body in hex. In constant
    time, whatever the header is."""
    expected = PREFIX + hmac.digest(secret.encode(), body, "sha256").hex()
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "replace"))


def hash_of(wamid: str, secret: str) -> str:
    """Stands for a message of a person whose data was deleted: a wamid holds her number."""
    return hmac.digest(secret.encode(), wamid.encode(), "sha256").hex()
