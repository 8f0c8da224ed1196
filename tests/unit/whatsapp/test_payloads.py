"""The shapes are those of Meta's pages on each kind of message."""

from __future__ import annotations

from typing import Any

import pytest

from whatsapp_bot.whatsapp.messages import (
    Button,
    Buttons,
    LinkButton,
    ListMessage,
    ListRow,
    Outgoing,
    Template,
    Text,
)
from whatsapp_bot.whatsapp.payloads import addressed, payload_of

TEXT = {"type": "text", "text": {"preview_url": False, "body": "Hi"}}


@pytest.mark.parametrize(
    ("message", "payload"),
    [
        (Text("Hi"), TEXT),
        (Buttons("Hi", []), TEXT),
        (ListMessage("Hi", "Open", []), TEXT),
        (
            Buttons("Hi", [Button("a", "A"), Button("b", "B")]),
            {
                "type": "interactive",
                "interactive": {
                    "type": "button",
                    "body": {"text": "Hi"},
                    "action": {
                        "buttons": [
                            {"type": "reply", "reply": {"id": "a", "title": "A"}},
                            {"type": "reply", "reply": {"id": "b", "title": "B"}},
                        ]
                    },
                },
            },
        ),
        (
            ListMessage("Hi", "Open", [ListRow("a", "A", "of A"), ListRow("b", "B")]),
            {
                "type": "interactive",
                "interactive": {
                    "type": "list",
                    "body": {"text": "Hi"},
                    "action": {
                        "button": "Open",
                        "sections": [
                            {
                                "rows": [
                                    {"id": "a", "title": "A", "description": "of A"},
                                    {"id": "b", "title": "B"},
                                ]
                            }
                        ],
                    },
                },
            },
        ),
        (
            LinkButton("Hi", "Apply", "https://jobs.example/1"),
            {
                "type": "interactive",
                "interactive": {
                    "type": "cta_url",
                    "body": {"text": "Hi"},
                    "action": {
                        "name": "cta_url",
                        "parameters": {
                            "display_text": "Apply",
                            "url": "https://jobs.example/1",
                        },
                    },
                },
            },
        ),
        (
            Template("digest", "en", ["3", "Lagos"]),
            {
                "type": "template",
                "template": {
                    "name": "digest",
                    "language": {"code": "en"},
                    "components": [
                        {
                            "type": "body",
                            "parameters": [
                                {"type": "text", "text": "3"},
                                {"type": "text", "text": "Lagos"},
                            ],
                        }
                    ],
                },
            },
        ),
        (
            Template("asks", "en", choices=["1:a", "1:b"]),
            {
                "type": "template",
                "template": {
                    "name": "asks",
                    "language": {"code": "en"},
                    "components": [
                        {
                            "type": "button",
                            "sub_type": "quick_reply",
                            "index": index,
                            "parameters": [{"type": "payload", "payload": choice}],
                        }
                        for index, choice in (("0", "1:a"), ("1", "1:b"))
                    ],
                },
            },
        ),
        (
            Template("hello", "en"),
            {
                "type": "template",
                "template": {"name": "hello", "language": {"code": "en"}},
            },
        ),
    ],
)
def test_each_kind_has_its_shape(message: Outgoing, payload: dict[str, Any]) -> None:
    assert payload_of(message) == payload


def test_the_phone_goes_before_the_bsuid() -> None:
    both = addressed(TEXT, "2348031234567", "NG.1", 7)
    assert (both["to"], both["biz_opaque_callback_data"]) == ("+2348031234567", "7")
    assert "recipient" not in both
    assert addressed(TEXT, None, "NG.1", 7)["recipient"] == "NG.1"
