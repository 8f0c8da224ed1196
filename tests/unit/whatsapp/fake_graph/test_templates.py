from __future__ import annotations

from typing import Any

import pytest

from whatsapp_bot.whatsapp.fake_graph.errors import GraphError
from whatsapp_bot.whatsapp.fake_graph.templates import (
    ApprovedTemplate,
    TemplateButton,
    fill,
)

BUTTONS = (
    TemplateButton("Show jobs"),
    TemplateButton("Open", "https://example.com/{{1}}"),
)
ALERT = ApprovedTemplate("alert", "{{1}} jobs for {{2}}", buttons=BUTTONS)
NAMED = ApprovedTemplate("named", "Hi {{name}}")
PAUSED = ApprovedTemplate("paused", "Hi", status="paused")
DISABLED = ApprovedTemplate("disabled", "Hi", status="disabled")
KNOWN = {(t.name, t.language): t for t in (ALERT, NAMED, PAUSED, DISABLED)}
OPEN = {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "7"}]}  # fmt: skip


def body(*values: object) -> dict[str, Any]:
    parameters = [
        value if isinstance(value, dict) else {"type": "text", "text": value}
        for value in values
    ]
    return {"type": "body", "parameters": parameters}


def asked(name: str, *components: object, language: str = "en") -> dict[str, Any]:
    return {
        "name": name,
        "language": {"code": language},
        "components": list(components),
    }


def test_values_and_payloads_go_where_they_belong() -> None:
    payload = {"type": "payload", "payload": "jobs:v1"}
    reply = {"type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [payload]}  # fmt: skip
    filled = fill(KNOWN, asked("alert", body("3", "Ada"), OPEN, reply))
    assert filled.body == "3 jobs for Ada"
    assert [value for _, value in filled.buttons] == [
        "jobs:v1",
        "https://example.com/7",
    ]


def test_a_quick_reply_without_payload_gives_its_words() -> None:
    filled = fill(KNOWN, asked("alert", body("3", "Ada"), OPEN))
    assert filled.buttons[0][1] == "Show jobs"


def test_values_may_be_named() -> None:
    ada = {"type": "text", "parameter_name": "name", "text": "Ada"}
    assert fill(KNOWN, asked("named", body(ada))).body == "Hi Ada"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (asked("none"), 132001),
        (asked("alert", body("3", "Ada"), OPEN, language="en_GB"), 132001),
        (asked("paused"), 132015),
        (asked("disabled"), 132016),
        (asked("alert", body("3"), OPEN), 132000),
        (asked("alert", body("3", "Ada", "!"), OPEN), 132000),
        (asked("alert", OPEN), 132000),
        (asked("alert", body("3", "Ada")), 132000),
        (asked("alert", body("3", {"type": "currency"}), OPEN), 132012),
        (asked("named", body({"type": "text", "parameter_name": "who", "text": "A"})), 132012),
        (asked("alert", body("3", ""), OPEN), 131008),
        (asked("alert", body("3", "two\nlines"), OPEN), 132018),
        (asked("alert", body("3", "x" * 1_024), OPEN), 132005),
    ],
)  # fmt: skip
def test_what_fits_no_template_is_refused(asked: dict[str, Any], code: int) -> None:
    with pytest.raises(GraphError) as caught:
        fill(KNOWN, asked)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "data", [{"name": "a"}, {"name": "a", "body": "b", "category": "service"}]
)
def test_what_is_no_template_is_named(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no"):
        ApprovedTemplate.from_json({"buttons": [], **data})
