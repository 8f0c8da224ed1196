"""What Meta answers to a request to send, and what becomes of the message."""

from __future__ import annotations

import pytest

from tests.integration.whatsapp.fake_graph.conftest import (
    ACCOUNT,
    START,
    Business,
    code_of,
)
from tests.loopback.webhook_receiver import WebhookReceiver
from whatsapp_bot.whatsapp.fake_graph import (
    ApprovedTemplate,
    Clock,
    FakeGraph,
    Person,
    TemplateButton,
)

DAY = 24 * 3_600
TEMPLATE = {
    "type": "template",
    "template": {
        "name": "alert",
        "language": {"code": "en"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "3"}]},
            {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "jobs:v1"}]},
        ],
    },
}  # fmt: skip
ALERT = ApprovedTemplate("alert", "{{1}} jobs", buttons=[TemplateButton("Show jobs")])


def test_a_message_is_accepted_delivered_read_and_told(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    ada.write("Hello")
    answer = business.send(ada, "Good *day*", biz_opaque_callback_data="outbox 7")
    assert answer.status_code == 200
    wamid = answer.json()["messages"][0]["id"]
    assert answer.json()["contacts"] == [
        {"input": "+2348031234567", "wa_id": "2348031234567"}
    ]
    assert graph.settle()

    statuses = hook.updates("statuses")
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
    for status in statuses:
        assert status["id"] == wamid
        assert status["recipient_id"] == "2348031234567"
        assert status["recipient_user_id"] == ada.bsuid
        assert status["biz_opaque_callback_data"] == "outbox 7"
        assert status["timestamp"] == str(START)
    # With "sent", and with one of the others.
    assert [status.get("pricing") is not None for status in statuses] == [True, True, False]  # fmt: skip
    assert statuses[0]["pricing"] == {
        "billable": False,
        "pricing_model": "PMP",
        "type": "free_customer_service",
        "category": "service",
    }
    [message] = ada.received()
    assert (message.body, message.status, message.callback_data) == ("Good *day*", "read", "outbox 7")  # fmt: skip


def test_a_phone_that_is_off_gets_it_later(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    ada.write("Hello")
    told: list[list[str]] = []
    ada.set_phone("off")
    business.send(ada)
    for state in ("on", "open"):
        assert graph.settle()
        told.append([status["status"] for status in hook.updates("statuses")])
        ada.set_phone(state)
    assert graph.settle()
    assert told == [["sent"], ["sent", "delivered"]]
    assert [s["status"] for s in hook.updates("statuses")][2:] == ["read"]


def test_the_token_the_number_and_the_body_are_looked_at(
    graph: FakeGraph, business: Business, ada: Person
) -> None:
    path = f"/v25.0/{ACCOUNT.phone_id}/messages"
    denied = business.client.post(path, json={}, headers={"authorization": "Bearer no"})
    assert (denied.status_code, code_of(denied)) == (401, 190)
    stray = business.post({}, "/v25.0/1/messages")
    assert (stray.status_code, code_of(stray)) == (400, 100)
    assert stray.json()["error"]["error_subcode"] == 33
    assert code_of(business.client.post(path, content=b"{no json")) == 100
    assert code_of(business.post([])) == 100
    assert code_of(business.post({}, f"/latest/{ACCOUNT.phone_id}/messages")) == 100
    assert graph.accepted() == []


def test_the_window_closes_a_day_after_her_last_message(
    graph: FakeGraph, business: Business, ada: Person
) -> None:
    assert code_of(business.send(ada)) == 131047
    ada.write("Hello")
    graph.clock.turn(DAY - 1)
    assert business.send(ada).status_code == 200
    graph.clock.turn(1)
    assert code_of(business.send(ada)) == 131047
    ada.write("Me again")
    assert business.send(ada).status_code == 200
    assert [error.code for error in graph.refused()] == [131047, 131047]


def test_a_template_reaches_her_outside_the_window_and_its_button_opens_it(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    assert code_of(business.send(ada, TEMPLATE)) == 132001
    graph.add_template(ALERT)
    answer = business.send(ada, TEMPLATE)
    assert answer.json()["messages"][0]["message_status"] == "accepted"
    assert ada.received()[0].body == "3 jobs"
    ada.press("jobs:v1")
    assert graph.settle()
    [pressed] = hook.updates("messages")
    assert pressed["type"] == "button"
    assert pressed["button"] == {"payload": "jobs:v1", "text": "Show jobs"}
    assert pressed["context"]["id"] == answer.json()["messages"][0]["id"]
    assert business.send(ada).status_code == 200
    assert graph.settle()
    prices = [s["pricing"] for s in hook.updates("statuses") if "pricing" in s]
    assert {price["category"] for price in prices} == {"marketing", "service"}
    assert graph.cost == pytest.approx(0.0516)


def test_marketing_that_she_stopped_does_not_reach_her(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    graph.add_template(ALERT)
    ada.set_marketing("stop")
    assert code_of(business.send(ada, TEMPLATE)) == 131050
    ada.set_marketing("resume")
    assert business.send(ada, TEMPLATE).status_code == 200
    assert graph.settle()
    told = hook.updates("user_preferences")
    assert [preference["value"] for preference in told] == ["stop", "resume"]
    assert told[0]["timestamp"] == START


def test_service_messages_cost_after_the_free_ones() -> None:
    clock = Clock(START, is_stopped=True)
    with FakeGraph(account=ACCOUNT, clock=clock, free_service_messages=2) as graph:
        business, ada = Business(graph), graph.person("Ada")
        ada.write("Hello")
        for _ in range(3):
            business.send(ada)
        assert graph.settle()
        assert graph.cost == pytest.approx(0.0067)
        graph.clock.turn(40 * DAY)
        ada.write("Hello")
        business.send(ada)
        assert graph.settle()
        assert graph.cost == pytest.approx(0.0067)
        business.client.close()


def test_forty_five_at_once_to_one_person_and_one_more_six_seconds_later(
    graph: FakeGraph, business: Business, ada: Person
) -> None:
    ada.write("Hello")
    for _ in range(45):
        assert business.send(ada).status_code == 200
    assert code_of(business.send(ada)) == 131056
    graph.clock.turn(6)
    assert business.send(ada).status_code == 200
    assert code_of(business.send(ada)) == 131056
    obi = graph.person("Obi")
    obi.write("Hello")
    assert business.send(obi).status_code == 200
    assert len(graph.accepted()) == 47


def test_eighty_in_a_second_in_and_out(graph: FakeGraph, business: Business) -> None:
    people = [graph.person(f"P{n}") for n in range(41)]
    for person in people:
        person.write("Hello")
    statuses = [business.send(person).status_code for person in people]
    assert statuses == [200] * 39 + [429] * 2
    graph.clock.turn(1)
    assert business.send(people[-1]).status_code == 200


def test_who_hides_her_number_is_reached_by_her_own_id(
    graph: FakeGraph, hook: WebhookReceiver, business: Business
) -> None:
    chi = graph.person("Chi", hides_phone=True)
    chi.write("Hello")
    body = {"messaging_product": "whatsapp", "type": "text", "text": {"body": "Hi"}}
    answer = business.post({**body, "recipient": chi.bsuid})
    assert answer.json()["contacts"] == [{"input": chi.bsuid, "user_id": chi.bsuid}]
    assert graph.settle()
    [message] = hook.updates("messages")
    assert "from" not in message and message["from_user_id"] == chi.bsuid
    assert all("recipient_id" not in status for status in hook.updates("statuses"))
    [contact] = hook.bodies[0]["entry"][0]["changes"][0]["value"]["contacts"]
    assert "wa_id" not in contact and contact["profile"]["username"]


def test_a_number_without_its_plus_is_another_number(
    business: Business, graph: FakeGraph, ada: Person
) -> None:
    ada.write("Hello")
    assert code_of(business.send(ada.phone)) == 131047
    assert ada.received() == []


def test_who_is_not_there_or_has_blocked_us_is_told_by_a_failed_status(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    graph.add_template(ALERT)
    assert business.send("+2348030000000", TEMPLATE).status_code == 200
    ada.write("Hello")
    ada.block()
    assert business.send(ada, biz_opaque_callback_data="8").status_code == 200
    assert graph.settle()
    statuses = hook.updates("statuses")
    assert [status["status"] for status in statuses] == ["failed", "failed"]
    assert {status["errors"][0]["code"] for status in statuses} == {131026}
    assert [status["recipient_id"] for status in statuses] == ["2348030000000", ada.phone]  # fmt: skip
    assert statuses[1]["biz_opaque_callback_data"] == "8"
    assert "recipient_user_id" not in statuses[1]
    value = hook.bodies[-1]["entry"][0]["changes"][0]["value"]
    assert "contacts" not in value
    assert ada.received()[0].status == "failed"


def test_typing_marks_what_she_wrote_as_read_and_ends_with_the_answer(
    graph: FakeGraph, business: Business, ada: Person
) -> None:
    ada.write("Hello")
    wamid = ada.write("Are you there?")
    assert graph.settle()
    assert [message.status for message in ada.sent()] == ["delivered", "delivered"]
    typing = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
        "typing_indicator": {"type": "text"},
    }
    assert business.post(typing).json() == {"success": True}
    # "will also mark earlier messages in the thread as read"
    assert [message.status for message in ada.sent()] == ["read", "read"]
    assert ada.typing_until == START + 25
    business.send(ada)
    assert ada.typing_until == 0
    assert code_of(business.post(typing | {"message_id": "wamid.none"})) == 131009
    assert code_of(business.post(typing | {"messaging_product": "sms"})) == 100
