"""What Meta delivers -> messages and events, each with the id that makes it one; pure.

A delivery holds up to 1,000 updates of any shape. Nothing in it raises: what cannot be
understood is an event of the kind "raw", and everything beside it goes its way.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

EventKind = Literal["status", "preference", "moved", "error", "raw"]
DUE_KINDS = ("status", "preference", "moved")  # the others are only kept
MOVES = ("user_changed_number", "user_changed_user_id")
LONGEST_ID = 500  # characters; longer ones are no ids, and would break an index
LONGEST_RAW = 65_536  # characters that are kept of what is no JSON
STATUSES = ("sent", "delivered", "read", "played", "failed")

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # what jsonb refuses
# As JSON may say it; an emoji in escapes, too.
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\0|\xed[\xa0-\xbf]")
_WA_ID = re.compile(r"\+?(\d{5,20})")
_BSUID = re.compile(r"[A-Za-z]{2}\.\w{1,200}")


@dataclass(frozen=True)
class Message:
    """A message of a person; at least one of wa_id and bsuid is there."""

    wamid: str
    wa_id: str | None
    bsuid: str | None
    name: str | None
    sent_at: datetime
    message: Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """Whatever else was told. key: that of the same event, delivered again."""

    key: str
    kind: EventKind
    body: Mapping[str, Any]
    sent_at: datetime


@dataclass(frozen=True)
class Delivery:
    messages: list[Message] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def read_delivery(body: bytes, now: datetime, own_number: str | None) -> Delivery:
    """own_number: its phone_number_id; what is meant for another number of the business
    is kept as raw. None: any."""
    delivery = Delivery()
    for part in _parts(body, now, own_number):
        if isinstance(part, Message):
            delivery.messages.append(part)
        else:
            delivery.events.append(part)
    return delivery


# --- from the outside in


def _parts(body: bytes, now: datetime, own_number: str | None) -> Iterator[_Part]:
    try:
        data = _loaded(body)
    except (ValueError, RecursionError):  # ValueError: also a number of 5,000 digits
        text = body[:LONGEST_RAW].decode("utf-8", "replace")
        yield _raw({"text": _UNSTORABLE.sub("", text)}, now)
        return
    entries = _list(data.get("entry")) if isinstance(data, dict) else []
    if not entries:
        yield _raw(data, now)
    for entry in entries:
        changes = _list(entry.get("changes")) if isinstance(entry, dict) else []
        if not changes:
            yield _raw(entry, now)
        for change in changes:
            yield from _change(change, now, own_number)


def _change(change: Any, now: datetime, own_number: str | None) -> Iterator[_Part]:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(value, dict):
        yield _raw(change, now)
        return
    number = _id(_dict(value.get("metadata")).get("phone_number_id"))
    if own_number and number and number != own_number:
        yield _raw(change, now)
        return
    contacts = _Contacts(value.get("contacts"))
    rest = {name: item for name, item in value.items() if name not in _ENVELOPE}
    for name, read in _READERS.items():
        items = rest.get(name)
        if isinstance(items, list):
            del rest[name]
            for item in items:
                yield read(item, contacts, now) or _raw({name: item}, now)
    if rest:
        yield _raw({**change, "value": rest}, now)


def raw_event(item: Mapping[str, Any]) -> Event:
    """Of what was understood and yet cannot be kept as what it is."""
    return _raw({name: str(value) for name, value in item.items()}, datetime.now(UTC))


def _message(item: Any, contacts: _Contacts, now: datetime) -> _Part | None:
    wamid = _id(item.get("id")) if isinstance(item, dict) else None
    if wamid is None:
        return None
    sent_at = _time(item.get("timestamp"), now)
    system = _dict(item.get("system"))
    if system.get("type") in MOVES:
        return Event(f"moved:{wamid}", "moved", _move(item, system), sent_at)
    wa_id, bsuid, name = contacts.sender_of(item)
    if wa_id is None and bsuid is None:
        return None
    return Message(wamid, wa_id, bsuid, name, sent_at, item)


def _move(item: Mapping[str, Any], system: Mapping[str, Any]) -> dict[str, Any]:
    """Both addresses as they were and as they are; None where it is not told."""
    return {
        "old_wa_id": _wa_id(item.get("from")),
        "old_bsuid": _bsuid(
            system.get("old_user_id")
            or item.get("from_user_id")
            or _bsuid(item.get("from"))
        ),
        "new_wa_id": _wa_id(system.get("wa_id")) or _wa_id(system.get("new_wa_id")),
        "new_bsuid": _bsuid(system.get("user_id"))
        or _bsuid(system.get("new_user_id"))
        or _bsuid(system.get("wa_id")),
    }


def _status(item: Any, contacts: _Contacts, now: datetime) -> _Part | None:
    item = _dict(item)
    wamid, status = _id(item.get("id")), item.get("status")
    if wamid is None or status not in STATUSES:
        return None
    body = {
        "wamid": wamid,
        "status": status,
        "ours": _id(item.get("biz_opaque_callback_data")),
        "code": next((code for code, _ in _errors(item)), None),
        "details": next((details for _, details in _errors(item)), None),
        "pricing": _dict(item.get("pricing")),
    }
    sent_at = _time(item.get("timestamp"), now)
    return Event(f"status:{wamid}:{status}", "status", body, sent_at)


def _preference(item: Any, contacts: _Contacts, now: datetime) -> _Part | None:
    item = _dict(item)
    wa_id, bsuid = _wa_id(item.get("wa_id")), _bsuid(item.get("user_id"))
    value = item.get("value")
    if value not in ("stop", "resume") or not (wa_id or bsuid):
        return None
    body = {"wa_id": wa_id, "bsuid": bsuid, "is_stop": value == "stop"}
    return Event(
        _key("preference", item), "preference", body, _time(item.get("timestamp"), now)
    )


def _error(item: Any, contacts: _Contacts, now: datetime) -> _Part | None:
    return Event(_key("error", item), "error", {"error": item}, now)


def _errors(item: Mapping[str, Any]) -> Iterator[tuple[int | None, str]]:
    for error in _list(item.get("errors")):
        said = _dict(error)
        details = _dict(said.get("error_data")).get("details") or said.get("title")
        yield whole_number(said.get("code")), str(details or "")[:LONGEST_ID]


class _Contacts:
    """Who is who in one change: either address leads to the other."""

    def __init__(self, contacts: Any) -> None:
        self._known = [
            (
                _wa_id(contact.get("wa_id")),
                _bsuid(contact.get("user_id")),
                _name(contact.get("profile")),
            )
            for contact in _list(contacts)
            if isinstance(contact, dict)
        ]

    def sender_of(
        self, item: Mapping[str, Any]
    ) -> tuple[str | None, str | None, str | None]:
        wa_id = _wa_id(item.get("from"))
        bsuid = _bsuid(item.get("from_user_id")) or _bsuid(item.get("from"))
        if wa_id is None and bsuid is None and len(self._known) == 1:
            return self._known[0]
        for known_wa_id, known_bsuid, name in self._known:
            if wa_id and wa_id == known_wa_id or bsuid and bsuid == known_bsuid:
                return wa_id or known_wa_id, bsuid or known_bsuid, name
        return wa_id, bsuid, None


_Part = Message | Event
_ENVELOPE = ("messaging_product", "metadata", "contacts")
_READERS = {
    "messages": _message,
    "statuses": _status,
    "user_preferences": _preference,
    "errors": _error,
}


# --- values, as they come: numbers instead of strings, and the other way round


def whole_number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _raw(item: Any, now: datetime) -> Event:
    return Event(_key("raw", item), "raw", {"raw": item}, now)


def _key(kind: str, item: Any) -> str:
    canonical = json.dumps(item, sort_keys=True).encode()
    return f"{kind}:{hashlib.sha256(canonical).hexdigest()}"


def _time(value: Any, now: datetime) -> datetime:
    """Seconds since 1970, as a string or a number; what is no time is now."""
    seconds = whole_number(value)
    if seconds is None or not 0 < seconds <= now.timestamp():
        return now
    return datetime.fromtimestamp(seconds, UTC)


def _id(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value)
    return text if 0 < len(text) <= LONGEST_ID else None


def _wa_id(value: Any) -> str | None:
    found = _WA_ID.fullmatch(_id(value) or "")
    return found[1] if found and found[1].isascii() else None


def _bsuid(value: Any) -> str | None:
    text = _id(value) or ""
    return text if _BSUID.fullmatch(text) else None


def _name(profile: Any) -> str | None:
    name = _dict(profile).get("name")
    return name[:LONGEST_ID] if isinstance(name, str) and name.strip() else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _loaded(body: bytes) -> Any:
    """Without what jsonb cannot hold: NULs, halves of characters, infinite numbers. To
    look at each text takes as long as all else, so it is done only with cause."""
    data = json.loads(body, parse_float=_finite, parse_constant=lambda word: None)
    return _storable(data) if _SUSPICIOUS.search(body) else data


def _finite(digits: str) -> float | None:
    number = float(digits)
    return None if abs(number) == float("inf") else number


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value) if _UNSTORABLE.search(value) else value
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
