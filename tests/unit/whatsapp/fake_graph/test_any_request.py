"""Whatever is sent, the fake answers as Meta would: with a message or an error of hers."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.whatsapp.fake_graph.test_templates import ALERT, OPEN, body
from tests.unit.whatsapp.fake_graph.test_validation import (
    buttons,
    flow,
    header,
    link,
    row,
    rows,
    template,
    text,
)
from whatsapp_bot.whatsapp.fake_graph import Account, FakeGraph
from whatsapp_bot.whatsapp.fake_graph.errors import TITLES
from whatsapp_bot.whatsapp.fake_graph.sending import Sending

ACCOUNT = Account()
PHONE = "2348031234567"
REQUESTS: list[dict[str, Any]] = [
    text(biz_opaque_callback_data="7"),
    buttons(header=header(3), footer={"text": "x"}),
    rows(row(description="Ikeja")),
    link(),
    flow(),
    template(components=[body("3", "Ada"), OPEN]),
    {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.1",
        "typing_indicator": {"type": "text"},
    },
]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=50),
    st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=3),
    st.dictionaries(
        st.sampled_from(["type", "text", "id", "rows"]), st.text(max_size=3)
    ),
)


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to each part of it."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, part in items:
        yield (*path, key)
        yield from places(part, (*path, key))


@st.composite
def spoilt_requests(draw: st.DrawFn) -> Any:
    request = copy.deepcopy(draw(st.sampled_from(REQUESTS)))
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(places(request)) or [("x",)]))
        part: Any = request
        for key in path:
            part = part[key]
        part[last] = draw(JUNK)
    return request


@given(st.one_of(spoilt_requests(), JUNK))
def test_any_request_is_answered(request: Any) -> None:
    graph = FakeGraph(templates=[ALERT])
    ada = graph.person("Ada", PHONE)
    ada.write("Hello")
    sending = Sending(graph._network)
    answer = sending.take(ACCOUNT.phone_id, f"Bearer {ACCOUNT.token}", request)
    if answer.status != 200:
        error = answer.body["error"]
        assert TITLES[error["code"]][0] == answer.status
    assert len(graph.accepted()) == ("messages" in answer.body)


def test_each_of_them_is_taken_as_it_is() -> None:
    graph = FakeGraph(templates=[ALERT])
    graph.person("Ada", PHONE).write("Hello")
    sending = Sending(graph._network)
    for request in REQUESTS[:-1]:
        answer = sending.take(ACCOUNT.phone_id, f"Bearer {ACCOUNT.token}", request)
        assert answer.status == 200, answer.body
