"""What Meta delivers, in the shapes of its pages, with invented people."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any

NUMBER = "106540352242922"
PHONE, BSUID = "2348031234567", "NG.13491208655302741918"
SECRET = "an app secret of the tests"
Shape = dict[str, Any]

_numbers = itertools.count(1)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


def body_of(*values: Shape, field: str = "messages") -> bytes:
    """A delivery of one entry, with a change for each value."""
    changes = [{"value": value, "field": field} for value in values]
    delivery = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": changes}],
    }
    return json.dumps(delivery).encode()


def value_of(**parts: Any) -> Shape:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": NUMBER}
    return {"messaging_product": "whatsapp", "metadata": metadata, **parts}


def contact(phone: str | None = PHONE, bsuid: str | None = BSUID) -> Shape:
    shape: Shape = {"profile": {"name": "Ada"}}
    if phone:
        shape["wa_id"] = phone
    if bsuid:
        shape["user_id"] = bsuid
    return shape


def message(
    type_: str = "text",
    said: Any = None,
    *,
    phone: str | None = PHONE,
    bsuid: str | None = BSUID,
    wamid: str | None = None,
    timestamp: object = "1749416383",
) -> Shape:
    shape: Shape = {
        "id": wamid or f"wamid.in{next(_numbers)}",
        "timestamp": timestamp,
        "type": type_,
        type_: {"body": "Hello"} if said is None else said,
    }
    if phone:
        shape["from"] = phone
    if bsuid:
        shape["from_user_id"] = bsuid
    return shape


def text(words: str, **fields: Any) -> Shape:
    return message("text", {"body": words}, **fields)


def status(wamid: str, told: str, ours: object = None, **fields: Any) -> Shape:
    shape: Shape = {
        "id": wamid,
        "status": told,
        "timestamp": "1750030073",
        "recipient_id": PHONE,
        **fields,
    }
    if ours is not None:
        shape["biz_opaque_callback_data"] = str(ours)
    return shape


def failed(wamid: str, code: int, ours: object = None) -> Shape:
    error = {
        "code": code,
        "title": "It failed.",
        "message": "It failed.",
        "error_data": {"details": "It failed for a reason."},
        "href": "/documentation/errors",
    }
    return status(wamid, "failed", ours, errors=[error])


def preference(value: str, timestamp: int, **who: str) -> Shape:
    return {
        **(who or {"wa_id": PHONE}),
        "detail": "User requested to stop marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": timestamp,
    }


def number_changed(old: str, new: str, **fields: Any) -> Shape:
    said = {
        "body": f"User A changed from {old} to {new}",
        "wa_id": new,
        "type": "user_changed_number",
    }
    return message("system", said, phone=old, bsuid=None, **fields)


PRICING = {
    "billable": True,
    "pricing_model": "PMP",
    "type": "regular",
    "category": "marketing",
}
EVERY_VALUE: list[Shape] = [
    value_of(contacts=[contact()], messages=[text("Does it come in red?")]),
    value_of(contacts=[contact()], messages=[text("no id", bsuid=None)]),
    value_of(contacts=[contact(phone=None)], messages=[text("no phone", phone=None)]),
    value_of(messages=[text("no contacts")]),
    value_of(
        contacts=[contact()],
        messages=[
            message(
                "interactive",
                {"type": "button_reply", "button_reply": {"id": "b", "title": "B"}},
            ),
            message(
                "interactive",
                {
                    "type": "list_reply",
                    "list_reply": {"id": "r", "title": "R", "description": "D"},
                },
            ),
            message(
                "interactive",
                {
                    "type": "nfm_reply",
                    "nfm_reply": {
                        "name": "flow",
                        "response_json": '{"role": "cook", "days": [1, 2]}',
                        "body": "Sent",
                    },
                },
            ),
            message("button", {"payload": "p", "text": "Show jobs"}),
            message("image", {"id": "1", "caption": "my CV", "mime_type": "image/png"}),
            message("location", {"latitude": 6.5, "longitude": 3.4}),
            message("unsupported", {"type": "edit"}),
        ],
    ),
    value_of(
        contacts=[contact()],
        statuses=[
            status("wamid.a", "sent", 1, pricing=PRICING),
            status("wamid.a", "delivered", 1),
            failed("wamid.b", 131049),
        ],
    ),
    value_of(messages=[number_changed(PHONE, "2348099999999")]),
    value_of(user_preferences=[preference("stop", 1731705721)]),
    value_of(errors=[{"code": 130429, "title": "Rate limit hit"}]),
    value_of(messages=[text("both", wamid="wamid.c")], statuses=[status("d", "read")]),
    {"event": "APPROVED", "message_template_name": "digest"},
]
