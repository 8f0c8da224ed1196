"""Each limit of Meta's: what is at it is taken, what is one beyond is refused."""

from __future__ import annotations

from typing import Any

import pytest

from whatsapp_bot.whatsapp.fake_graph.errors import GraphError
from whatsapp_bot.whatsapp.fake_graph.validation import check_message

Json = dict[str, Any]


def message(kind: str, content: object, **more: object) -> Json:
    to = {} if "recipient" in more else {"to": "+2348031234567"}
    return {"messaging_product": "whatsapp", **to, "type": kind, kind: content, **more}


def text(body: object = "Hi", **more: object) -> Json:
    return message("text", {"body": body}, **more)


def interactive(kind: str, action: Json, body: str = "Hi", **parts: object) -> Json:
    content = {"type": kind, "body": {"text": body}, "action": action, **parts}
    return message("interactive", content)


def button(id_: str = "1", title: str = "Yes") -> Json:
    return {"type": "reply", "reply": {"id": id_, "title": title}}


def buttons(*given: Json, **parts: Any) -> Json:
    return interactive("button", {"buttons": list(given or [button()])}, **parts)


def numbered_buttons(count: int) -> Json:
    return buttons(*(button(str(n), f"Button {n}") for n in range(count)))


def row(id_: str = "1", title: str = "Driver", **more: str) -> Json:
    return {"id": id_, "title": title, **more}


def list_of(*sections: Json, button: str = "See jobs", **parts: Any) -> Json:
    action = {"button": button, "sections": list(sections)}
    return interactive("list", action, **parts)


def rows(*given: Json) -> Json:
    return list_of({"rows": list(given)})


def sections(count: int, rows_each: int = 1) -> Json:
    return list_of(
        *(
            {"title": f"{n}", "rows": [row(f"{n}.{m}") for m in range(rows_each)]}
            for n in range(count)
        )
    )


def link(label: str = "Apply", url: str = "https://example.com", **parts: Any) -> Json:
    parameters = {"display_text": label, "url": url}
    return interactive(
        "cta_url", {"name": "cta_url", "parameters": parameters}, **parts
    )


def flow(label: str = "Fill in", **parts: Any) -> Json:
    parameters = {"flow_message_version": "3", "flow_id": "1", "flow_cta": label}
    return interactive("flow", {"name": "flow", "parameters": parameters}, **parts)


def template(**content: object) -> Json:
    return message("template", {"name": "alert", "language": {"code": "en"}, **content})


def header(length: int) -> Json:
    return {"type": "text", "text": "x" * length}


@pytest.mark.parametrize(
    ("taken", "refused", "code"),
    [
        (text("x" * 4_096), text("x" * 4_097), 100),
        (text(" x "), text("  "), 100),
        (text(biz_opaque_callback_data="x" * 512), text(biz_opaque_callback_data="x" * 513), 100),
        (numbered_buttons(3), numbered_buttons(4), 131009),
        (numbered_buttons(1), interactive("button", {"buttons": []}), 131009),
        (buttons(button("1", "x" * 20)), buttons(button("1", "x" * 21)), 131009),
        (buttons(button("x" * 256)), buttons(button("x" * 257)), 131009),
        (buttons(button("1", "A"), button("2", "B")), buttons(button("1", "A"), button("1", "B")), 131009),
        (buttons(button("1", "A"), button("2", "B")), buttons(button("1", "A"), button("2", "A")), 131009),
        (buttons(body="x" * 1_024), buttons(body="x" * 1_025), 131009),
        (buttons(header=header(60)), buttons(header=header(61)), 131009),
        (buttons(footer={"text": "x" * 60}), buttons(footer={"text": "x" * 61}), 131009),
        (sections(10), sections(11), 131009),
        (sections(2, 5), sections(3, 4), 131009),
        (rows(row()), list_of(), 131009),
        (rows(row()), rows(), 131009),
        (rows(row(title="x" * 24)), rows(row(title="x" * 25)), 131009),
        (rows(row(description="x" * 72)), rows(row(description="x" * 73)), 131009),
        (rows(row("x" * 200)), rows(row("x" * 201)), 131009),
        (rows(row("1"), row("2")), rows(row("1"), row("1")), 131009),
        (list_of({"title": "x" * 24, "rows": [row()]}), list_of({"title": "x" * 25, "rows": [row()]}), 131009),
        (rows(row()), list_of({"rows": [row("1")]}, {"rows": [row("2")]}), 131008),
        (list_of({"rows": [row()]}, button="x" * 20), list_of({"rows": [row()]}, button="x" * 21), 131009),
        (list_of({"rows": [row()]}, body="x" * 4_096), list_of({"rows": [row()]}, body="x" * 4_097), 131009),
        (link("x" * 20), link("x" * 21), 131009),
        (link(body="x" * 1_024), link(body="x" * 1_025), 131009),
        (link(url="https://a.ng/?x=1"), link(url="javascript:alert(1)"), 131009),
        (flow("x" * 20), flow("x" * 21), 131009),
        (flow("Fill in"), flow("Fill in \N{MEMO}"), 131009),
        (template(), template(name=""), 100),
        (template(components=[{"type": "body", "parameters": []}]), template(components=[7]), 100),
        (text(to="+234 803 123 4567"), text(to="Ada"), 131009),
        (text(recipient="NG." + "9" * 128), text(recipient="NG." + "9" * 129), 131009),
        (text(), text() | {"messaging_product": "sms"}, 100),
        (text(), text() | {"recipient_type": "group"}, 100),
        (text(), {"messaging_product": "whatsapp", "text": {"body": "Hi"}}, 100),
        (text(), message("carousel", {}), 100),
        (text(), message("text", None), 131008),
        (text(), message("text", []), 100),
    ],
)  # fmt: skip
def test_a_limit_of_metas(taken: Json, refused: Json, code: int) -> None:
    check_message(taken)
    with pytest.raises(GraphError) as caught:
        check_message(refused)
    assert caught.value.code == code
    assert caught.value.as_answer()["error"]["error_data"]["details"]


def test_lengths_are_of_characters_not_of_bytes() -> None:
    check_message(buttons(button("1", "₦" * 20)))
