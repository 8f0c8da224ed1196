"""What the webhook is told: signed, in Meta's shapes, again until it answers 200."""

from __future__ import annotations

import json
import socket
import threading

import httpx2
import pytest

from tests.integration.whatsapp.fake_graph.conftest import START, Business
from tests.loopback.webhook_receiver import WebhookReceiver
from whatsapp_bot.whatsapp.fake_graph import Account, Clock, FakeGraph, Person

DAY = 24 * 3_600


def test_a_post_with_another_secret_is_known_by_its_signature() -> None:
    with (
        WebhookReceiver("ours") as hook,
        FakeGraph(hook.url, account=Account(app_secret="theirs")) as graph,
    ):
        graph.person("Ada").write("Hello")
        assert graph.wait_until(lambda: len(graph.posts()) > 0)
        assert graph.posts()[0].status == 401
        assert hook.bodies == []


def test_a_webhook_is_entered_when_it_repeats_the_challenge(
    graph: FakeGraph, hook: WebhookReceiver
) -> None:
    graph.webhook_url = None
    assert not graph.subscribe(hook.url + "/another-token")
    assert graph.webhook_url is None
    assert graph.subscribe(f"{hook.url}/{graph.account.verify_token}")
    graph.person("Ada").write("Hello")
    assert graph.settle()
    assert len(hook.updates("messages")) == 1


def test_a_text_comes_as_meta_sends_it(
    graph: FakeGraph, hook: WebhookReceiver, ada: Person
) -> None:
    wamid = ada.write("I dey find driver work for Ikeja ₦")
    assert graph.settle()
    assert hook.bodies == [
        {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": graph.account.business_id,
                    "changes": [
                        {
                            "field": "messages",
                            "value": {
                                "messaging_product": "whatsapp",
                                "metadata": {
                                    "display_phone_number": graph.account.number,
                                    "phone_number_id": graph.account.phone_id,
                                },
                                "contacts": [
                                    {
                                        "profile": {"name": "Ada"},
                                        "wa_id": "2348031234567",
                                        "user_id": ada.bsuid,
                                    }
                                ],
                                "messages": [
                                    {
                                        "from": "2348031234567",
                                        "from_user_id": ada.bsuid,
                                        "id": wamid,
                                        "timestamp": str(START),
                                        "type": "text",
                                        "text": {
                                            "body": "I dey find driver work for Ikeja ₦"
                                        },
                                    }
                                ],
                            },
                        }
                    ],
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    "kind",
    ["sticker", "location", "audio", "image", "video", "document", "reaction", "unsupported"],
)  # fmt: skip
def test_she_can_send_other_things_than_words(
    graph: FakeGraph, hook: WebhookReceiver, ada: Person, kind: str
) -> None:
    ada.send(kind)
    assert graph.settle()
    [message] = hook.updates("messages")
    assert message["type"] == kind
    assert message[kind]
    errors = [error["code"] for error in message.get("errors", [])]
    assert errors == ([131051] if kind == "unsupported" else [])


def test_there_are_no_other_things(ada: Person) -> None:
    with pytest.raises(ValueError, match="sticker"):
        ada.send("text")


def test_buttons_rows_and_forms_are_answered_by_their_ids(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    ada.write("Hello")
    buttons = {"buttons": [{"type": "reply", "reply": {"id": "yes:1", "title": "Yes"}}]}
    rows = [{"id": "job:7", "title": "Driver", "description": "Ikeja"}]
    rows_action = {"button": "Jobs", "sections": [{"rows": rows}]}
    for kind, action in (("button", buttons), ("list", rows_action)):
        content = {"type": kind, "body": {"text": "?"}, "action": action}
        business.send(ada, {"type": "interactive", "interactive": content})
    ada.press("yes:1")
    ada.press("job:7")
    ada.fill({"role": "driver"})
    assert graph.settle()
    replies = [message["interactive"] for message in hook.updates("messages")[1:]]
    assert replies[0] == {
        "type": "button_reply",
        "button_reply": {"id": "yes:1", "title": "Yes"},
    }
    assert replies[1] == {"type": "list_reply", "list_reply": rows[0]}
    assert json.loads(replies[2]["nfm_reply"]["response_json"]) == {"role": "driver"}
    pressed = hook.updates("messages")[1]
    assert pressed["context"] == {
        "from": graph.account.number,
        "id": ada.received()[0].id,
    }
    with pytest.raises(LookupError, match="job:8"):
        ada.press("job:8")


def test_a_new_number_is_told_without_contacts_and_the_old_one_is_nobodys(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    ada.write("Hello")
    old_bsuid, old_phone = ada.bsuid, ada.phone
    ada.change_number("+2348039999999")
    assert graph.settle()
    value = hook.bodies[-1]["entry"][0]["changes"][0]["value"]
    assert "contacts" not in value
    [message] = value["messages"]
    assert (message["from"], message["from_user_id"]) == (old_phone, old_bsuid)
    assert message["system"]["wa_id"] == "2348039999999"
    assert ada.bsuid != old_bsuid
    assert business.send(f"+{old_phone}").status_code == 400
    assert business.send(ada).status_code == 200


def test_it_is_posted_again_until_the_answer_is_200(
    graph: FakeGraph, hook: WebhookReceiver, ada: Person, answers: list[int]
) -> None:
    answers += [503, 204]
    ada.write("Hello")
    assert graph.settle()
    # At once, and then when the clock says so.
    assert [post.status for post in graph.posts()] == [503, 204]
    assert ada.sent()[0].status == "sent"
    graph.clock.turn(9)
    assert graph.settle() and len(graph.posts()) == 2
    graph.clock.turn(1)
    assert graph.settle()
    assert [post.status for post in graph.posts()] == [503, 204, 200]
    assert hook.bodies[0] == hook.bodies[1] == hook.bodies[2]
    assert ada.sent()[0].status == "delivered"


def test_after_seven_days_it_is_given_up(
    graph: FakeGraph, ada: Person, answers: list[int]
) -> None:
    answers += [500] * 100
    ada.write("Hello")
    for _ in range(9 * 4):
        assert graph.settle()
        graph.clock.turn(DAY / 4)
    assert graph.settle()
    given = len(graph.posts())
    assert given < 20
    graph.clock.turn(30 * DAY)
    assert graph.settle()
    assert len(graph.posts()) == given


def test_a_webhook_that_is_not_there_is_tried_again(
    graph: FakeGraph, hook: WebhookReceiver, ada: Person
) -> None:
    graph.webhook_url = "http://127.0.0.1:9/webhook"
    ada.write("Hello")
    assert graph.settle()
    assert [post.status for post in graph.posts()] == [0, 0]
    graph.webhook_url = hook.url
    graph.clock.turn(10)
    assert graph.settle()
    assert len(hook.updates("messages")) == 1


def test_a_200_that_gets_lost_brings_it_again(
    graph: FakeGraph, hook: WebhookReceiver, ada: Person
) -> None:
    graph.set_chaos(drop_200=1)
    ada.write("Hello")
    assert graph.settle()
    graph.set_chaos(drop_200=0)
    graph.clock.turn(10)
    assert graph.settle()
    assert len({message["id"] for message in hook.updates("messages")}) == 1
    assert len(hook.updates("messages")) == 3


def test_a_duplicate_comes_in_a_post_of_its_own(
    graph: FakeGraph, hook: WebhookReceiver, ada: Person
) -> None:
    graph.set_chaos(duplicate=1, batch=2)
    with graph.held():
        ada.write("One")
        ada.write("Two")
    assert graph.settle()
    texts = [message["text"]["body"] for message in hook.updates("messages")]
    assert sorted(texts) == ["One", "One", "Two", "Two"]
    assert len(hook.bodies) > 1


def test_a_thousand_updates_come_in_one_post_messages_and_statuses_mixed(
    graph: FakeGraph, hook: WebhookReceiver, business: Business, ada: Person
) -> None:
    graph.set_chaos(batch=1_000)
    people = [graph.person(f"P{n}") for n in range(39)]
    with graph.held():
        for person in people:
            person.write("Hello")
            assert business.send(person).status_code == 200
        for n in range(1_000 - 4 * 39):
            ada.write(f"{n}")
    assert graph.settle()
    assert len(hook.bodies) == 1
    assert len(hook.updates("messages")) == 39 + 844
    assert len(hook.updates("statuses")) == 3 * 39
    assert len({message["id"] for message in hook.updates("messages")}) == 883


def test_updates_may_come_in_any_order(
    graph: FakeGraph, hook: WebhookReceiver, ada: Person
) -> None:
    graph.set_chaos(reorder=1)
    with graph.held():
        for n in range(20):
            ada.write(f"{n}")
    assert graph.settle()
    numbers = [int(message["text"]["body"]) for message in hook.updates("messages")]
    assert numbers != sorted(numbers)
    assert sorted(numbers) == list(range(20))


def test_updates_may_come_late_with_the_time_of_before(
    graph: FakeGraph, hook: WebhookReceiver, ada: Person
) -> None:
    graph.set_chaos(delay=3 * DAY)
    ada.write("Hello")
    assert graph.settle()
    assert hook.bodies == []
    graph.clock.turn(3 * DAY)
    assert graph.settle()
    assert [m["timestamp"] for m in hook.updates("messages")] == [str(START)]


def test_several_posts_may_be_under_way_at_a_time() -> None:
    with WebhookReceiver("simulator") as hook:
        clock = Clock(START, is_stopped=True)
        with FakeGraph(hook.url, clock=clock, workers=4) as graph:
            ada = graph.person("Ada")
            for n in range(50):
                ada.write(f"{n}")
            assert graph.settle()
            numbers = {int(m["text"]["body"]) for m in hook.updates("messages")}
            assert numbers == set(range(50)) and len(hook.bodies) == 50


def test_its_end_leaves_no_connection_open(
    hook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that is made in that moment: where the client was closed meanwhile, the
    connection was nobody's."""
    is_connecting, is_closed = threading.Event(), threading.Event()
    connect, close = socket.create_connection, httpx2.Client.close
    made: list[socket.socket] = []

    def slow(*args: object, **options: object) -> socket.socket:
        made.append(connect(*args, **options))  # type: ignore[arg-type]
        is_connecting.set()
        is_closed.wait(0.2)
        return made[-1]

    def note(client: httpx2.Client) -> None:
        close(client)
        is_closed.set()

    monkeypatch.setattr(socket, "create_connection", slow)
    monkeypatch.setattr(httpx2.Client, "close", note)
    with FakeGraph(hook.url) as graph:
        graph.person("Ada").write("Hello")
        assert is_connecting.wait(60)
    assert [each.fileno() for each in made] == [-1]
