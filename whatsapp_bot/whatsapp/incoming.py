"""A message as it came -> what the conversation reads; pure.

Shapes: Meta's pages on incoming messages. What is not there, or is of another type than
it should be, is empty: a message that says nothing is still a message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from whatsapp_bot.whatsapp.messages import Incoming

WITH_CAPTION = ("image", "video", "document")


def read_incoming(
    id_: int, user_id: int, sent_at: datetime, message: Mapping[str, Any]
) -> Incoming:
    type_ = _text(message.get("type")) or "unknown"
    said = _dict(message.get(type_))
    if type_ == "text":
        return Incoming(id_, user_id, "text", sent_at, text=_text(said.get("body")))
    if type_ == "button":  # below a template
        return Incoming(
            id_,
            user_id,
            "choice",
            sent_at,
            text=_text(said.get("text")),
            choice=_text(said.get("payload")) or _text(said.get("text")),
        )
    if type_ == "interactive":
        return _interactive(id_, user_id, sent_at, said)
    text = _text(said.get("caption")) if type_ in WITH_CAPTION else ""
    return Incoming(id_, user_id, "other", sent_at, text=text, media=type_)


def _interactive(
    id_: int, user_id: int, sent_at: datetime, said: Mapping[str, Any]
) -> Incoming:
    type_ = _text(said.get("type"))
    reply = _dict(said.get(type_))
    if type_ == "nfm_reply":
        form = _form(reply.get("response_json"))
        text = _text(reply.get("body"))
        return Incoming(id_, user_id, "form", sent_at, text=text, form=form)
    choice, title = _text(reply.get("id")), _text(reply.get("title"))
    if not choice:
        media = type_ or "interactive"
        return Incoming(id_, user_id, "other", sent_at, text=title, media=media)
    return Incoming(id_, user_id, "choice", sent_at, text=title, choice=choice)


def _form(response: Any) -> dict[str, str]:
    """Its fields as text; lists are joined with commas."""
    if isinstance(response, str):
        try:
            response = json.loads(response)
        except (ValueError, RecursionError):
            return {}
    return {
        name: ", ".join(map(_word, value)) if isinstance(value, list) else _word(value)
        for name, value in _dict(response).items()
    }


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\0", "")
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
