from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.loopback import meta_shapes as shapes
from tests.loopback.meta_shapes import BSUID, PHONE, body_of, text, value_of
from tests.loopback.mutations import SENTENCES, mutated, with_one_beside
from whatsapp_bot.whatsapp.incoming import read_incoming
from whatsapp_bot.whatsapp.webhook import Delivery, Event, Message, read_delivery

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def read(body: bytes) -> Delivery:
    return read_delivery(body, NOW, shapes.NUMBER)


def only(value: Any) -> Message | Event:
    delivery = read(body_of(value))
    (part,) = [*delivery.messages, *delivery.events]
    return part


def test_a_text_with_all_that_is_told_of_its_sender() -> None:
    value = value_of(contacts=[shapes.contact()], messages=[text("Hi", wamid="w1")])
    part = only(value)
    assert isinstance(part, Message)
    assert (part.wamid, part.wa_id, part.bsuid) == ("w1", PHONE, BSUID)
    assert (part.name, part.sent_at) == ("Ada", datetime.fromtimestamp(1749416383, UTC))
    assert part.message["text"] == {"body": "Hi"}


@pytest.mark.parametrize(
    ("sender", "contacts", "expected"),
    [
        ({"phone": PHONE, "bsuid": None}, [shapes.contact()], (PHONE, BSUID)),
        ({"phone": None, "bsuid": BSUID}, [shapes.contact()], (PHONE, BSUID)),
        ({"phone": None, "bsuid": None}, [shapes.contact()], (PHONE, BSUID)),
        ({"phone": PHONE, "bsuid": None}, None, (PHONE, None)),
        ({"phone": None, "bsuid": BSUID}, "nonsense", (None, BSUID)),
        ({"phone": f"+{PHONE}", "bsuid": None}, [], (PHONE, None)),
        (
            {"phone": PHONE, "bsuid": None},
            [shapes.contact("2340000000")],
            (PHONE, None),
        ),
    ],
)
def test_a_sender_is_found_wherever_she_is_told(
    sender: Any, contacts: Any, expected: Any
) -> None:
    part = only(value_of(contacts=contacts, messages=[text("Hi", **sender)]))
    assert isinstance(part, Message)
    assert (part.wa_id, part.bsuid) == expected


def test_numbers_may_come_instead_of_strings() -> None:
    said = text("Hi", timestamp=1749416383)
    said |= {"from": int(PHONE), "id": 77}
    part = only(value_of(messages=[said]))
    assert isinstance(part, Message)
    assert (part.wamid, part.wa_id) == ("77", PHONE)
    assert part.sent_at == datetime.fromtimestamp(1749416383, UTC)


@pytest.mark.parametrize("value", [None, "", "soon", -1, 1e300, "9" * 30, [], True])
def test_what_is_no_time_is_now(value: object) -> None:
    part = only(value_of(messages=[text("Hi", timestamp=value)]))
    assert part.sent_at <= NOW


def test_a_message_of_nobody_is_kept_aside() -> None:
    part = only(value_of(messages=[text("Hi", phone=None, bsuid=None)]))
    assert isinstance(part, Event) and part.kind == "raw"


def test_what_is_meant_for_another_number_is_kept_aside() -> None:
    value = value_of(messages=[text("Hi")]) | {"metadata": {"phone_number_id": "1"}}
    part = only(value)
    assert isinstance(part, Event) and part.kind == "raw"


def test_a_status_says_whose_it_is_and_why_it_failed() -> None:
    part = only(value_of(statuses=[shapes.failed("w", 131049, ours=12)]))
    assert isinstance(part, Event)
    assert (part.key, part.kind) == ("status:w:failed", "status")
    assert (part.body["ours"], part.body["code"]) == ("12", 131049)
    assert part.body["details"] == "It failed for a reason."
    assert PHONE not in json.dumps(part.body)


def test_a_changed_number_tells_both() -> None:
    part = only(value_of(messages=[shapes.number_changed(PHONE, "2348099999999")]))
    assert isinstance(part, Event) and part.kind == "moved"
    assert part.body == {
        "old_wa_id": PHONE,
        "old_bsuid": None,
        "new_wa_id": "2348099999999",
        "new_bsuid": None,
    }


def test_a_changed_bsuid_tells_both() -> None:
    said = {"type": "user_changed_user_id", "user_id": "NG.new"}
    part = only(value_of(messages=[shapes.message("system", said)]))
    assert isinstance(part, Event)
    assert (part.body["old_bsuid"], part.body["new_bsuid"]) == (BSUID, "NG.new")


def test_all_parts_of_a_delivery_are_read_wherever_they_are() -> None:
    delivery = json.loads(body_of(*shapes.EVERY_VALUE))
    delivery["entry"] += json.loads(body_of(*shapes.EVERY_VALUE))["entry"]
    read_all = read(json.dumps(delivery).encode())
    assert len(read_all.messages) == 2 * 12
    kinds = [event.kind for event in read_all.events]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "status": 8,
        "moved": 2,
        "preference": 2,
        "error": 2,
        "raw": 2,
    }


# --- mutations: nothing raises, nothing is lost


@settings(max_examples=400)
@given(mutated())
def test_a_mutated_shape_neither_raises_nor_hides_what_stands_beside_it(
    shape: Any,
) -> None:
    delivery = read(with_one_beside(shape, "beside"))
    assert "beside" in [message.wamid for message in delivery.messages]
    for message in delivery.messages:
        assert message.wa_id or message.bsuid
        incoming = read_incoming(1, 2, message.sent_at, message.message)
        assert isinstance(incoming.text, str) and isinstance(incoming.choice, str)
        assert all(isinstance(value, str) for value in incoming.form.values())
    kept = json.dumps(
        [part.message for part in delivery.messages]
        + [part.body for part in delivery.events]  # type: ignore[operator]
    )
    # What jsonb would refuse is gone; what was written is still there.
    assert "\\u0000" not in kept and "\\ud800" not in kept and "NaN" not in kept
    for words in SENTENCES:
        assert words in kept or words not in json.dumps(shape)


@given(st.binary(max_size=200))
def test_no_bytes_raise(body: bytes) -> None:
    delivery = read(body)
    assert len(delivery.messages) + len(delivery.events) >= 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"[" * 200_000, b"9" * 5_000, b'{"entry": [[], 1]}'],
)
def test_what_makes_no_sense_is_kept_as_it_came(body: bytes) -> None:
    delivery = read(body)
    assert {event.kind for event in delivery.events} == {"raw"}
    json.dumps([event.body for event in delivery.events])


def test_the_same_again_has_the_same_keys() -> None:
    body = body_of(*shapes.EVERY_VALUE)
    assert [e.key for e in read(body).events] == [e.key for e in read(body).events]
    keys = [event.key for event in read(body).events]
    assert len(keys) == len(set(keys))


# --- what the conversation reads


@pytest.mark.parametrize(
    ("type_", "said", "expected"),
    [
        ("text", {"body": "Hi"}, ("text", "Hi", "", "")),
        ("text", None, ("text", "", "", "")),
        (
            "interactive",
            {"type": "button_reply", "button_reply": {"id": "b", "title": "B"}},
            ("choice", "B", "b", ""),
        ),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "r", "title": "R"}},
            ("choice", "R", "r", ""),
        ),
        ("interactive", {"type": "new_kind"}, ("other", "", "", "new_kind")),
        ("button", {"payload": "p", "text": "T"}, ("choice", "T", "p", "")),
        ("image", {"caption": "my CV"}, ("other", "my CV", "", "image")),
        ("audio", {"id": "1"}, ("other", "", "", "audio")),
        ("unsupported", {"type": "edit"}, ("other", "", "", "unsupported")),
        ("a_new_type", 7, ("other", "", "", "a_new_type")),
    ],
)
def test_each_kind_is_read(type_: str, said: Any, expected: Any) -> None:
    incoming = read_incoming(5, 6, NOW, {"type": type_, type_: said})
    assert (incoming.id, incoming.user_id, incoming.sent_at) == (5, 6, NOW)
    assert (incoming.kind, incoming.text, incoming.choice, incoming.media) == expected


def test_a_form_is_read_field_by_field() -> None:
    response = '{"role": "cook", "days": [1, "two"], "remote": true, "pay": null}'
    said = {"type": "nfm_reply", "nfm_reply": {"response_json": response, "body": "S"}}
    incoming = read_incoming(1, 2, NOW, {"type": "interactive", "interactive": said})
    assert incoming.kind == "form"
    assert incoming.form == {
        "role": "cook",
        "days": "1, two",
        "remote": "true",
        "pay": "",
    }


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (rb'"a\u0000b"', "ab"),
        (rb'"\ud800 half"', " half"),
        (b'"\xed\xa0\x80 half"', " half"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        ('"\U0001f600 ₦"'.encode(), "\U0001f600 ₦"),
        (b"1e999", None),
        (b"-" + b"9" * 400 + b".0", None),
        (b"NaN", None),
        (b"-Infinity", None),
        (b"1.5", 1.5),
    ],
)
def test_what_jsonb_cannot_hold_is_left_out(said: bytes, kept: object) -> None:
    body = body_of(value_of(messages=[text("WORDS")])).replace(b'"WORDS"', said)
    [message] = read_delivery(body, NOW, None).messages
    assert message.message["text"] == {"body": kept}
