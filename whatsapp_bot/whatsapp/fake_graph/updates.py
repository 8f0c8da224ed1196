"""What a webhook is told, in Meta's shapes, and how updates are put into one POST."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

MOST_PER_CHANGE = 50  # a guess, as is all about how Meta puts updates together
MOST_CHANGES = 5


@dataclass(frozen=True)
class Account:
    """The business, and what it and Meta share. The defaults are of no real account.

    number: what people see. phone_id: what is sent from.
    """

    name: str = "Job bot"
    number: str = "15550783881"
    country_code: str = "1"  # of it
    phone_id: str = "106540352242922"
    business_id: str = "102290129340398"
    token: str = "simulator"
    app_secret: str = "simulator"
    verify_token: str = "simulator"

    @property
    def metadata(self) -> dict[str, str]:
        return {"display_phone_number": self.number, "phone_number_id": self.phone_id}


@dataclass
class Update:
    """One message or status. value: its part of a change's value.

    on_due: called when its time has come. on_posted: when the webhook took it.
    """

    value: dict[str, Any]
    due_at: float
    what: str  # for the log: no number of a person, no text
    field: str = "messages"
    person: int | None = None
    on_due: Callable[[], None] = lambda: None
    on_posted: Callable[[], None] = lambda: None
    is_duplicate: bool = False


def new_wamid() -> str:
    return "wamid." + base64.b64encode(secrets.token_bytes(39)).decode()


def new_bsuid() -> str:
    return f"NG.{secrets.randbelow(10**20):020}"


def sign(body: bytes, app_secret: str) -> str:
    """The value of X-Hub-Signature-256."""
    digest = hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def pack(updates: Sequence[Update], account: Account, rng: random.Random) -> bytes:
    """The body of a POST: one entry with one change for one update; more are spread over
    changes and entries, messages and statuses mixed."""
    changes = [
        {"value": _value(part, account, name), "field": name}
        for name, run in groupby(updates, lambda update: update.field)
        for part in _split(list(run), MOST_PER_CHANGE, rng)
    ]
    entries = [
        {"id": account.business_id, "changes": part}
        for part in _split(changes, MOST_CHANGES, rng)
    ]
    body = {"object": "whatsapp_business_account", "entry": entries}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _value(updates: Sequence[Update], account: Account, name: str) -> dict[str, Any]:
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": account.metadata,
    }
    for update in updates:
        for key, items in update.value.items():
            known = value.setdefault(key, [])
            known += [item for item in items if item not in known or key != "contacts"]
    return value


def _split(items: list[Any], most: int, rng: random.Random) -> list[list[Any]]:
    parts = []
    while items:
        size = rng.randint(1, most) if len(items) > 1 else 1
        parts.append(items[:size])
        items = items[size:]
    return parts


# --- what people send besides words: the content of a message of each kind

_MEDIA = {
    "id": "1908647269898587",
    "sha256": "fiOtlZVdgUAVWUWFkIVTGMQ1mvZbsE3wcAtpbBFTYeM=",
}
SAMPLES: dict[str, dict[str, Any]] = {
    "sticker": {**_MEDIA, "mime_type": "image/webp", "animated": False},
    "location": {"latitude": 6.601838, "longitude": 3.351486, "name": "Ikeja"},
    "audio": {**_MEDIA, "mime_type": "audio/ogg; codecs=opus", "voice": True},
    "image": {**_MEDIA, "mime_type": "image/jpeg"},
    "video": {**_MEDIA, "mime_type": "video/mp4"},
    "document": {**_MEDIA, "mime_type": "application/pdf", "filename": "My CV.pdf"},
    "reaction": {"emoji": "\N{THUMBS UP SIGN}"},
    "unsupported": {"type": "poll_creation"},
}
UNSUPPORTED_ERROR = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}
