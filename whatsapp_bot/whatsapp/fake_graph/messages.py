"""A message of a chat as the fake keeps it, and what a phone shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from whatsapp_bot.whatsapp.fake_graph.templates import FilledTemplate

Status = Literal["accepted", "sent", "delivered", "read", "failed"]
RANKS = ("accepted", "sent", "delivered", "read")


@dataclass
class Message:
    """by: who wrote it. payload: what was sent or posted, in Meta's shape. body: its
    words. choices: title by id, of what can be pressed. error: the code it failed with.
    told_at: when the webhook first took a status of it; None: it knows of none.

    status, of the person's own: sent; delivered when the webhook took it; read when the
    business marked it so.
    """

    id: str
    person: int
    by: Literal["business", "person"]
    at: float  # the fake's clock
    kind: str
    body: str
    payload: Mapping[str, Any]
    status: Status = "accepted"
    promised: Status = "accepted"  # the last that was or will be told
    error: int | None = None
    told_at: float | None = None
    callback_data: str | None = None
    category: str = "service"
    price: float = 0.0  # dollars
    choices: Mapping[str, str] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)

    def move_to(self, status: Status) -> bool:
        """Forward only; whether it moved."""
        if self.status == "failed":
            return False
        if status != "failed" and RANKS.index(status) <= RANKS.index(self.status):
            return False
        self.status = status
        return True

    def as_json(self) -> dict[str, Any]:
        """For the page."""
        return {
            "id": self.id,
            "person": self.person,
            "by": self.by,
            "at": self.at,
            "kind": self.kind,
            "body": self.body,
            "status": self.status,
            "error": self.error,
            "price": self.price,
            **self.shown,
        }

    def as_record(self) -> dict[str, Any]:
        """For a test in another process: what was sent too."""
        return {
            **self.as_json(),
            "callback_data": self.callback_data,
            "category": self.category,
            "payload": self.payload,
            "choices": self.choices,
        }


def describe(
    body: Mapping[str, Any], filled: FilledTemplate | None
) -> tuple[str, str, dict[str, str], dict[str, Any]]:
    """Of a checked request to send: its kind, words, choices, and what a phone shows
    besides. kind: text, buttons, list, link, flow or template."""
    if filled is not None:
        return _template(filled)
    if body.get("type", "text") == "text":
        return "text", body["text"]["body"], {}, {}
    return _interactive(body["interactive"])


def _template(
    filled: FilledTemplate,
) -> tuple[str, str, dict[str, str], dict[str, Any]]:
    choices = {value: button.text for button, value in filled.buttons if not button.url}
    shown = {
        "footer": filled.template.footer,
        "buttons": [
            {"title": button.text, "url": value}
            if button.url
            else {"title": button.text, "id": value}
            for button, value in filled.buttons
        ],
    }
    return "template", filled.body, choices, shown


def _interactive(
    content: Mapping[str, Any],
) -> tuple[str, str, dict[str, str], dict[str, Any]]:
    action = content["action"]
    shown: dict[str, Any] = {
        part: content[part]["text"] for part in ("header", "footer") if part in content
    }
    kind = {"button": "buttons", "cta_url": "link"}.get(
        content["type"], content["type"]
    )
    choices: dict[str, str] = {}
    if kind == "buttons":
        buttons = [button["reply"] for button in action["buttons"]]
        shown["buttons"] = [{"id": b["id"], "title": b["title"]} for b in buttons]
        choices = {button["id"]: button["title"] for button in buttons}
    elif kind == "list":
        shown |= {"button": action["button"], "sections": action["sections"]}
        rows = [row for section in action["sections"] for row in section["rows"]]
        choices = {row["id"]: row["title"] for row in rows}
    elif kind == "link":
        link = action["parameters"]
        shown["buttons"] = [{"title": link["display_text"], "url": link["url"]}]
    else:
        shown["form"] = action["parameters"]["flow_cta"]
    return kind, content["body"]["text"], choices, shown
