"""What goes wrong with a request to send, and with what is told of the message."""

from __future__ import annotations

import threading

import pytest

from tests.integration.whatsapp.fake_graph.conftest import Business, code_of
from tests.loopback.webhook_receiver import WebhookReceiver
from whatsapp_bot.whatsapp.fake_graph import FakeGraph, Person

DAY = 24 * 3_600


def test_every_code_can_be_had_at_once_or_later(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    obi = graph.person("Obi")
    for person in (ada, obi):
        person.write("Hello")
    graph.fail(131049, ada, times=2, details="ecosystem")
    graph.fail(131000)
    assert business.send(obi).status_code == 500
    for _ in range(2):
        refused = business.send(ada)
        assert code_of(refused) == 131049
        assert refused.json()["error"]["error_data"]["details"] == "ecosystem"
    assert business.send(ada).status_code == 200
    graph.fail(130472, is_late=True)
    assert business.send(ada).status_code == 200
    assert graph.settle()
    failed = [s for s in hook.updates("statuses") if s["status"] == "failed"]
    assert [status["errors"][0]["code"] for status in failed] == [130472]


def test_what_meta_tells_late_is_accepted_first(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    graph.set_chaos(late_errors=[131047])
    assert business.send(ada).status_code == 200
    assert graph.settle()
    [status] = hook.updates("statuses")
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)


@pytest.mark.parametrize(
    ("what", "is_accepted"), [("html_502", False), ("accepted_502", True)]
)
def test_a_gateways_page_does_not_say_whether_it_was_accepted(
    graph: FakeGraph, business: Business, ada: Person, what: str, is_accepted: bool
) -> None:
    ada.write("Hello")
    graph.set_chaos(**{what: 1})
    answer = business.send(ada)
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert len(ada.received()) == is_accepted


def test_a_request_that_gets_no_answer_may_have_been_accepted(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    ada.write("Hello")
    graph.fail("timeout", ada)
    graph.fail("lost", ada)
    asking = [
        threading.Thread(target=business.send, args=(ada,), daemon=True)
        for _ in range(2)
    ]
    for thread in asking:
        thread.start()
    assert hook.wait_for(lambda: len(hook.updates("statuses")) == 3)
    assert all(thread.is_alive() for thread in asking)
    assert len(ada.received()) == 1
    graph.leave()
    for thread in asking:
        thread.join(60)
        assert not thread.is_alive()


def test_statuses_come_as_late_as_asked_and_delivered_may_be_missing(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    ada.write("Hello")
    graph.set_chaos(status_delay=30 * DAY, skip_delivered=1)
    business.send(ada)
    assert graph.settle()
    assert hook.updates("statuses") == []
    assert ada.received()[0].status == "accepted"
    graph.clock.turn(30 * DAY)
    assert graph.settle()
    assert [s["status"] for s in hook.updates("statuses")] == ["sent", "read"]
    assert "pricing" in hook.updates("statuses")[1]
    assert ada.received()[0].status == "read"
