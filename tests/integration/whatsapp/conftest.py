"""The edge on a real database, with people who write and a Meta that takes what is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import AppFactory, _database
from tests.loopback import meta_shapes as shapes
from tests.loopback.graph_server import GraphServer
from whatsapp_bot.bootstrap import App, build_receiver
from whatsapp_bot.database.conversations import AlertChoice, write_alerts
from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.answering import Answering
from whatsapp_bot.whatsapp.graph_api import GraphApi
from whatsapp_bot.whatsapp.messages import Answer, Incoming, Outgoing, Text
from whatsapp_bot.whatsapp.read_marks import ReadMarks
from whatsapp_bot.whatsapp.refusals import Refusals
from whatsapp_bot.whatsapp.sender import Sender
from whatsapp_bot.whatsapp.telling import Telling

LEASE_SECONDS = 3_600.0


class Parrot:
    """Says what it hears; a test may give it another mind. heard: in order."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.mind: Callable[[Incoming], Answer] = lambda message: Answer(
            [Text(message.text)]
        )
        self._lock = threading.Lock()

    def answer(self, message: Incoming) -> Answer:
        with self._lock:
            self.heard.append(message)
        return self.mind(message)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.heard]


class Edge:
    """Everything between Meta and the conversation, a step at a time."""

    def __init__(self, app: App, graph: GraphServer, parrot: Parrot) -> None:
        self.app, self.graph, self.parrot = app, graph, parrot
        receiver = build_receiver(app)
        assert receiver
        self.receiver = receiver
        edge, database = app.edge, app.database
        self.contacts, self.outbox, self.inbox = edge.contacts, edge.outbox, edge.inbox
        self.api = GraphApi(graph.base_url, "v25.0", shapes.NUMBER, "token")
        refusals = Refusals(edge.outgoing, edge.contacts, edge.number)
        self.sender = Sender(database, edge.outgoing, edge.number, refusals, self.api)
        self.telling = Telling(
            database,
            edge.inbox,
            edge.outgoing,
            edge.contacts,
            refusals,
            lambda category: 0.05 if category == "marketing" else 0.01,
        )
        self.now = 0.0  # of the marks' clock
        self.marks = ReadMarks(self.api, lambda: self.now)
        self.answering = Answering(
            database, edge.inbox, edge.outbox, parrot, self.marks, LEASE_SECONDS
        )

    # --- what happens

    def deliver(self, *values: shapes.Shape) -> None:
        self.receiver.receive(shapes.body_of(*values))

    def write(self, *words: str, **fields: Any) -> None:
        """She writes: now, where no timestamp is given."""
        fields = {"timestamp": str(int(datetime.now(UTC).timestamp()))} | fields
        said = [shapes.text(text, **fields) for text in words]
        self.deliver(shapes.value_of(messages=said))

    def tell(self, *statuses: shapes.Shape) -> None:
        self.deliver(shapes.value_of(statuses=list(statuses)))
        self.act()

    def answer(self) -> None:
        while self.answering.step() is not None:
            pass

    def act(self) -> None:
        while self.telling.step() is not None:
            pass

    def send(self) -> float | None:
        """Until nothing may be sent now; for how long the number rests, if it must."""
        while True:
            self.run("UPDATE whatsapp_numbers SET paced_until = NULL")
            seconds = self.sender.step()
            if seconds != 0:
                return seconds

    def send_one(self) -> float | None:
        """One try. What is put off for a second is not tried again, however slow the
        machine is."""
        self.run("UPDATE whatsapp_numbers SET paced_until = NULL")
        return self.sender.step()

    def try_to_converse(self, *words: str, **fields: Any) -> None:
        self.write(*words, **fields)
        self.answer()
        self.send_one()

    def wants_alerts(self, role: str) -> None:
        """She has written, and wants to hear of such work at once and at any hour."""
        self.converse("Hi")
        self.run(
            "INSERT INTO user_preferences (user_id, job_roles) VALUES (%s, %s)",
            self.person,
            [role],
        )
        choice = AlertChoice("instant", datetime.now(UTC), "yes", "button")
        self.let(lambda cursor, person: write_alerts(cursor, person, choice))
        self.run("UPDATE alert_settings SET quiet_to = quiet_from")

    def converse(self, *words: str, **fields: Any) -> None:
        self.write(*words, **fields)
        self.answer()
        self.send()

    def add(self, messages: Sequence[Outgoing], **how: Any) -> int:
        """To the person who wrote first."""
        with self.app.database.transaction() as cursor:
            how = {"kind": "alert"} | how
            return self.outbox.add(cursor, self.person, messages, **how)

    def let(self, act: Callable[[Cursor, int], None]) -> None:
        with self.app.database.transaction() as cursor:
            act(cursor, self.person)

    # --- what is there

    def run(self, statement: str, *values: object) -> list[Row]:
        with self.app.database.transaction() as cursor:
            cursor.raw.execute(statement, values)
            return cursor.raw.fetchall() if cursor.raw.description else []

    def value(self, statement: str, *values: object) -> Any:
        ((value,),) = (row.values() for row in self.run(statement, *values))
        return value

    @property
    def person(self) -> int:
        return int(self.value("SELECT min(user_id) FROM contacts"))

    @property
    def states(self) -> list[str]:
        return [
            row["state"] for row in self.run("SELECT state FROM outbox ORDER BY id")
        ]

    def hurry(self) -> None:
        """As if all that is put off had waited long enough."""
        self.run("UPDATE outbox SET due_at = now() WHERE due_at IS NOT NULL")
        self.run("UPDATE inbox SET due_at = now() WHERE due_at IS NOT NULL")
        self.run("UPDATE outbox_pace SET paced_until = NULL, blocked_until = NULL")
        self.hurry_number()

    def hurry_number(self) -> None:
        self.run("UPDATE whatsapp_numbers SET slow_until = NULL, stopped_until = NULL")


@pytest.fixture(scope="module")
def shared_url(server_url: str, template: str) -> Iterator[str]:
    yield from _database(server_url, template)


@pytest.fixture
def database(shared_url: str) -> Iterator[DatabaseManager]:
    """Emptied, not made anew, for each test: there are many, and each is short."""
    manager = DatabaseManager(shared_url)
    with manager.transaction() as cursor:
        cursor.raw.execute(
            "TRUNCATE users, whatsapp_events, whatsapp_numbers, whatsapp_templates,"
            " whatsapp_spend, forgotten_messages CASCADE"
        )
    yield manager
    manager.close()


@pytest.fixture
def graph() -> Iterator[GraphServer]:
    with GraphServer() as graph:
        yield graph


@pytest.fixture
def edge(make_app: AppFactory, graph: GraphServer) -> Iterator[Edge]:
    edge = Edge(
        make_app(
            WHATSAPP_PHONE_NUMBER_ID=shapes.NUMBER,
            WHATSAPP_APP_SECRET=shapes.SECRET,
            WHATSAPP_TOKEN="token",
            WHATSAPP_BASE_URL=graph.base_url,
            WHATSAPP_DAILY_BUDGET_USD="1",
            WHATSAPP_TEMPLATE_USD="0.05",
        ),
        graph,
        Parrot(),
    )
    yield edge
    edge.api.close()
