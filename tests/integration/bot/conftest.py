"""A person who writes to the bot, and what she reads: against the real database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Factory
from whatsapp_bot.bootstrap import App, build_conversation
from whatsapp_bot.bot.conversation import Conversation
from whatsapp_bot.bot.understanding.wishes import Understanding
from whatsapp_bot.database.conversations import ConversationStore
from whatsapp_bot.database.database_manager import Cursor
from whatsapp_bot.whatsapp.messages import (
    Answer,
    Buttons,
    Incoming,
    Kind,
    ListMessage,
    Outgoing,
    Template,
)

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class TableContacts:
    """What the edge keeps of people, in a table of the test's own."""

    def __init__(self, app: App) -> None:
        with app.database.transaction() as cursor:
            cursor.raw.execute(
                "CREATE TABLE IF NOT EXISTS test_contacts (user_id bigint PRIMARY KEY"
                " REFERENCES users ON DELETE CASCADE, stopped_at timestamptz,"
                " consent text)"
            )

    def stop(self, cursor: Cursor, user_id: int) -> None:
        self._set(cursor, user_id, "stopped_at", "now")

    def resume(self, cursor: Cursor, user_id: int) -> None:
        self._set(cursor, user_id, "stopped_at", None)

    def consent_to_templates(self, cursor: Cursor, user_id: int, source: str) -> None:
        self._set(cursor, user_id, "consent", source)

    def withdraw_consent(self, cursor: Cursor, user_id: int) -> None:
        self._set(cursor, user_id, "consent", None)

    def _set(
        self, cursor: Cursor, user_id: int, column: str, value: str | None
    ) -> None:
        cursor.raw.execute(
            f"INSERT INTO test_contacts (user_id, {column}) VALUES (%s, %s)"
            f" ON CONFLICT (user_id) DO UPDATE SET {column} = EXCLUDED.{column}",
            [user_id, value],
        )

    def delete_person(self, cursor: Cursor, user_id: int) -> None:
        cursor.raw.execute("DELETE FROM users WHERE id = %s", [user_id])


class Person:
    """She writes and presses; what is answered is stored as the edge does it, in one
    transaction, and sent where she did not tell us to stop."""

    def __init__(self, app: App, conversation: Conversation, user_id: int) -> None:
        self.id = user_id
        self.now = NOW
        self._app = app
        self._conversation = conversation
        self._messages = 0
        self.read: Sequence[Outgoing] = ()

    def writes(self, text: str) -> str:
        return self.sends("text", text=text)

    def presses(self, title: str) -> str:
        """A button or a row of the last messages, by its words."""
        for message in reversed(self.read):
            for id_, words in choices_of(message):
                if words == title:
                    return self.sends("choice", text=words, choice=id_)
        raise AssertionError(f"there is no {title!r} in {self.read}")

    def presses_id(self, choice: str, text: str = "") -> str:
        return self.sends("choice", text=text, choice=choice)

    def sends(self, kind: Kind, **fields: object) -> str:
        """All that was answered, in one text."""
        message = self.incoming(kind, **fields)
        self.read = self.gets(self._conversation.answer(message))
        return self.text

    def incoming(self, kind: Kind, **fields: object) -> Incoming:
        self._messages += 1
        self.now += timedelta(seconds=1)
        return Incoming(self._messages, self.id, kind, self.now, **fields)  # type: ignore[arg-type]

    def answer_to(self, message: Incoming) -> Answer:
        return self._conversation.answer(message)

    def gets(self, answer: Answer) -> Sequence[Outgoing]:
        with self._app.database.transaction() as cursor:
            answer.store(cursor)
            cursor.raw.execute(
                "SELECT count(*) AS n FROM test_contacts"
                " WHERE user_id = %s AND stopped_at IS NOT NULL",
                [self.id],
            )
            is_stopped = bool(cursor.raw.fetchone()["n"])  # type: ignore[index]
        return answer.messages if answer.is_last_word or not is_stopped else ()

    @property
    def text(self) -> str:
        return "\n".join(body_of(message) for message in self.read)

    @property
    def choices(self) -> list[str]:
        return [words for message in self.read for _, words in choices_of(message)]


def body_of(message: Outgoing) -> str:
    return "" if isinstance(message, Template) else message.body


def choices_of(message: Outgoing) -> list[tuple[str, str]]:
    if isinstance(message, Buttons):
        return [(button.id, button.title) for button in message.buttons]
    if isinstance(message, ListMessage):
        return [(row.id, row.title) for row in message.rows]
    return []


PersonFactory = Callable[..., Person]


@pytest.fixture
def someone(app: App, make: Factory) -> PersonFactory:
    """Somebody whose number nobody knew before."""
    contacts = TableContacts(app)

    def someone(at: App = app, understands: Understanding | None = None) -> Person:
        conversation = build_conversation(at, contacts)
        if understands is not None:
            conversation = Conversation(
                ConversationStore(at.database),
                at.preference_manager,
                at.controller,
                contacts,
                understands=understands,
            )
        with app.database.transaction() as cursor:
            row = cursor.row("save_user", external_id=None, name=None, language="en")
        assert row is not None
        return Person(app, conversation, row["id"])

    return someone


@pytest.fixture
def person(someone: PersonFactory) -> Person:
    return someone()


@pytest.fixture
def jobs(make: Factory, app: App) -> list[int]:
    """Twelve for drivers in Lagos, and one for a nurse in Abuja; with vectors."""
    made = [
        make.job(
            f"Driver number {n}",
            company=f"Firm {n}",
            location="Ikeja, Lagos",
            country="NG",
            description="Drive our staff bus. " * 40,
            salary_min=90_000 + n,
            salary_max=120_000,
            salary_currency="NGN",
            salary_period="monthly",
            url=f"https://jobs.example/{n}",
        )
        for n in range(1, 13)
    ]
    made.append(make.job("Registered Nurse", location="Wuse, Abuja", country="NG"))
    app.generator.embed_due()
    return made
