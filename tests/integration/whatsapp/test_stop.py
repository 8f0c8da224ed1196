"""Whoever says stop hears one last word and nothing more, whatever was under way.

The real conversation and the real workers, a step at a time, against the fake Graph.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle
from typing import Any, cast

import pytest

from tests.conftest import AppFactory, Factory
from tests.integration.whatsapp.conftest import LEASE_SECONDS, Edge, Parrot
from tests.loopback import meta_shapes as shapes
from tests.loopback.graph_server import GraphServer
from tests.loopback.webhook_receiver import WebhookReceiver
from whatsapp_bot.bootstrap import build_conversation
from whatsapp_bot.bot.texts import say
from whatsapp_bot.bot.understanding.stopping import is_stop
from whatsapp_bot.bot.understanding.tongue import LANGUAGES
from whatsapp_bot.database.outbox import ClaimedOutgoing
from whatsapp_bot.errors import SendRefused
from whatsapp_bot.whatsapp.answering import Answering
from whatsapp_bot.whatsapp.fake_graph import Account, FakeGraph, Person
from whatsapp_bot.whatsapp.messages import Answer, Incoming, Text
from whatsapp_bot.whatsapp.refusals import Refusals
from whatsapp_bot.whatsapp.stops import Stops

WISH = "I dey find driver work for Ikeja"
# What she says to be there.
STATES: Mapping[str, tuple[str, ...]] = {
    "new": (),
    "asking": ("hi",),
    "confirming": (WISH,),
    "ready": (WISH, "yes"),
    "refusing": (WISH, "yes", "1", "not for me"),
    "deleting": (WISH, "yes", "delete my data"),
    "stopped": (WISH, "yes", "stop"),
}
STOPS = ("STOP", "no send me message again", "unsubcribe abeg")
# What an alert is in before it is sent.
PENDING = ("waiting", "held", "parked", "uncertain", "sending")
UNDER_WAY = 131000, 131056, 131047, 190  # how Meta refuses what was being sent


class Crowd(Edge):
    """graph: the fake, whose people write through a webhook."""

    def __init__(self, edge_app: Any, fake: FakeGraph) -> None:
        super().__init__(edge_app, cast(GraphServer, fake), Parrot())
        self.fake = fake
        conversation = build_conversation(edge_app, self.contacts)
        self.answering = Answering(
            edge_app.database,
            self.inbox,
            self.outbox,
            conversation,
            self.marks,
            LEASE_SECONDS,
        )
        self.refusals = Refusals(
            edge_app.edge.outgoing, self.contacts, edge_app.edge.number
        )

    def hear(self) -> None:
        """What they wrote is answered; nothing is sent."""
        assert self.fake.settle()
        self.answer()

    def speak(self) -> None:
        self.hurry()
        self.send()
        assert self.fake.settle()
        self.act()

    def claim_all(self) -> list[ClaimedOutgoing]:
        """As senders do that are slow to send."""
        claimed = []
        while True:
            self.run("UPDATE whatsapp_numbers SET paced_until = NULL")
            each = self.app.edge.outgoing.claim()
            if not isinstance(each, ClaimedOutgoing):
                return claimed
            claimed.append(each)

    def users(self) -> dict[str, int]:
        rows = self.run("SELECT bsuid, user_id FROM contacts")
        return {row["bsuid"]: row["user_id"] for row in rows}


@pytest.fixture
def crowd(make_app: AppFactory) -> Iterator[Crowd]:
    account = Account(token="token", app_secret=shapes.SECRET)
    with FakeGraph(account=account, messages_per_second=100_000) as fake:
        app = make_app(
            WHATSAPP_PHONE_NUMBER_ID=account.phone_id,
            WHATSAPP_APP_SECRET=shapes.SECRET,
            WHATSAPP_TOKEN="token",
            WHATSAPP_BASE_URL=fake.base_url,
        )
        crowd = Crowd(app, fake)

        def take(body: dict[str, Any]) -> int:
            crowd.receiver.receive(json.dumps(body).encode())
            return 200

        with WebhookReceiver(shapes.SECRET, take) as webhook:
            fake.webhook_url = webhook.url
            yield crowd
        crowd.api.close()
        crowd.run("TRUNCATE canonical_jobs CASCADE")


def gather(crowd: Crowd) -> dict[Person, str]:
    """People of every state, and how each of them will say stop."""
    people = {
        crowd.fake.person(f"{state} {number}"): (state, stop)
        for state in STATES
        for number, stop in enumerate(STOPS)
    }
    for line in range(max(map(len, STATES.values()))):
        for person, (state, _) in people.items():
            if line < len(STATES[state]):
                person.write(STATES[state][line])
        crowd.hear()
        crowd.speak()
    states = {row["state"] for row in crowd.run("SELECT state FROM conversations")}
    assert states == STATES.keys() - {"new", "stopped"}
    return {person: stop for person, (_, stop) in people.items()}


def leave_pending(crowd: Crowd) -> None:
    """Alerts in every state that a message can be in before it is sent."""
    for user_id in crowd.users().values():
        with crowd.app.database.transaction() as cursor:
            crowd.outbox.add(
                cursor, user_id, [Text(state) for state in PENDING], kind="alert"
            )
    crowd.run(
        "UPDATE outbox SET state = message->'text'->>'body', claims = 1, attempts = 2,"
        " due_at = CASE message->'text'->>'body' WHEN 'parked' THEN NULL ELSE now() END"
        " WHERE kind = 'alert'"
    )


def queue_replies(crowd: Crowd, people: Iterable[Person]) -> list[ClaimedOutgoing]:
    """Answers that are being sent: to all who may get one and are no strangers."""
    for person in people:
        if not person.name.startswith("new"):
            person.write("help")
    crowd.hear()
    claimed = crowd.claim_all()
    assert len(claimed) == len(STOPS) * (len(STATES) - 2)
    return claimed


def fail(crowd: Crowd, claims: Iterable[ClaimedOutgoing]) -> None:
    """What was being sent is refused in every way; what had been sent fails later."""
    for claimed, code in zip(claims, cycle(UNDER_WAY)):
        with crowd.app.database.transaction() as cursor:
            crowd.refusals.apply(cursor, claimed, SendRefused(code, None, 400))
    for sent in crowd.fake.accepted():
        crowd.deliver(
            shapes.value_of(
                statuses=[shapes.failed(sent.id, 131000, sent.callback_data)]
            )
        )
    crowd.act()


def test_a_stop_waits_for_nothing_that_failed_before_it(edge: Edge) -> None:
    def answer(message: Incoming) -> Answer:
        if message.text.startswith("bad"):
            raise ValueError
        return Answer([Text(message.text)])

    edge.parrot.mind = answer
    stops = Stops(edge.inbox, is_stop)
    edge.write("bad", "jobs", "STOP")
    edge.write("bad too", "jobs", phone="2348010000002", bsuid="NG.2")
    edge.answer()
    assert edge.parrot.texts == ["bad", "bad too"]
    stops.step()
    edge.answer()
    assert edge.parrot.texts[2:] == ["jobs", "STOP"]
    for _ in range(2):
        edge.hurry()
        edge.answer()
    assert edge.parrot.texts[4:] == ["bad too"] * 2
    facts = edge.run("SELECT last_error FROM inbox WHERE due_at IS NULL ORDER BY id")
    assert facts[0]["last_error"] == "she asked to stop after it"
    # Also where it comes while the other waits to be tried again.
    edge.write("stop", phone="2348010000002", bsuid="NG.2")
    edge.answer()
    stops.step()
    edge.answer()
    assert edge.parrot.texts[6:] == ["jobs", "stop"]


def test_after_stop_nothing_comes_but_one_last_word(
    crowd: Crowd, make: Factory
) -> None:
    make.job("Driver", location="Ikeja, Lagos", country="Nigeria")
    people = gather(crowd)
    claims = queue_replies(crowd, people)
    leave_pending(crowd)
    before = {person: len(person.received()) for person in people}
    for person, stop in people.items():
        person.write(stop)
    crowd.hear()
    fail(crowd, claims)
    for person in people:
        person.write("jobs")
    crowd.hear()
    for user_id in crowd.users().values():
        with crowd.app.database.transaction() as cursor:
            assert not crowd.outbox.add(cursor, user_id, [Text("new")], kind="alert")
    for _ in range(3):
        crowd.speak()
    last_words = tuple(say(language, "stopped") for language in LANGUAGES)
    for person, count in before.items():
        said = [message.body for message in person.received()[count:]]
        expected = 0 if person.name.startswith("stopped") else 1
        assert len(said) == expected, (person.name, said)
        assert all(words.startswith(last_words) for words in said)
    assert crowd.run("SELECT state FROM outbox WHERE due_at IS NOT NULL") == []
