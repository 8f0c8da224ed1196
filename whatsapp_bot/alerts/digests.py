"""What is pending for a person -> one message, when she may be told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from whatsapp_bot.alerts.times import (
    Calendar,
    Clock,
    Habits,
    in_window,
    may_template,
    news_since,
    unanswered,
    utc_now,
)
from whatsapp_bot.bot import choices
from whatsapp_bot.bot.bot_controller import BotController
from whatsapp_bot.bot.job_pages import listed
from whatsapp_bot.bot.talk import Talk
from whatsapp_bot.database.alerts import AlertStore, ClaimedPerson, write_told
from whatsapp_bot.database.contacts import Contact, ContactStore
from whatsapp_bot.database.conversations import ConversationStore, write_conversation
from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.database.outbox import OutboxStore
from whatsapp_bot.errors import DatabaseConflict, DatabaseUnavailable
from whatsapp_bot.matching.rows import label
from whatsapp_bot.records import FoundJobs
from whatsapp_bot.whatsapp.messages import Outgoing, Template, cut
from whatsapp_bot.whatsapp.outbox import Outbox
from whatsapp_bot.whatsapp.quiet import place_of

logger = logging.getLogger(__name__)

MOST_PEOPLE: Final = 20  # claimed at once
LEASE: Final = timedelta(minutes=2)
AFTER_ERROR: Final = timedelta(hours=1)
LONGEST_TITLE: Final = 60  # characters of the template's second value


@dataclass(frozen=True)
class AlertTemplate:
    """An approved template: its body has the number of new jobs and the title of the
    best one, below it is one quick reply."""

    name: str
    language: str

    def of(self, found: FoundJobs) -> Template:
        title = cut(label(found.matches[0].title) or "-", LONGEST_TITLE)
        values = (str(len(found.matches)), title)
        return Template(self.name, self.language, values, (choices.make("found"),))


@dataclass(frozen=True)
class Reach:
    """How people are reached. template: None: nobody is written to who did not write
    within a day."""

    contacts: ContactStore
    outbox: Outbox
    outgoing: OutboxStore
    template: AlertTemplate | None


class Digests:
    """Any number of these may work: people are claimed, and who was claimed again, or
    heard of something else meanwhile, is not told."""

    def __init__(
        self,
        database: DatabaseManager,
        store: AlertStore,
        conversations: ConversationStore,
        controller: BotController,
        reach: Reach,
        calendar: Calendar,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._store = store
        self._conversations = conversations
        self._controller = controller
        self._reach = reach
        self._calendar = calendar
        self._clock = clock

    def send_due(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Look at everybody who is due; how many are told. Raises DatabaseUnavailable."""
        told = 0
        while not is_stopping():
            people = self._store.claim_people(self._clock(), LEASE, MOST_PEOPLE)
            if not people:
                break
            told += sum(self._look_at(person) for person in people)
        if told:
            logger.info("%d people are told", told, extra={"action": "told"})
        return told

    def _look_at(self, person: ClaimedPerson) -> bool:
        try:
            return self._tell(person)
        except DatabaseConflict:
            return False  # she is looked at again when the lease ends
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - its text may hold what she wrote
            logger.error(
                "user %d could not be told of her jobs (%s)",
                person.user_id,
                place_of(error),
                extra={"action": "digest_failed", "user_id": person.user_id},
            )
            self._store.put_off(person, self._clock() + AFTER_ERROR)
            return False

    def _tell(self, person: ClaimedPerson) -> bool:
        contact = self._reach.contacts.find(person.user_id)
        pending = self._store.pending(person.user_id)
        if not pending or not contact or contact.stopped_at or person.cadence == "off":
            self._store.forget(person)
            return False
        now, habits = self._clock(), Habits.of(person)
        news = news_since(pending)
        moment = self._calendar.next_digest(habits, news, now)
        if moment <= now:
            if in_window(contact.last_message_at, now):
                return self._send_list(person, habits, now)
            if news is not None and self._may_template(person, contact, now):
                return self._send_template(person, contact, habits, now)
            moment = self._next_hour(habits, now)
        self._store.put_off(person, moment)
        return False

    def _next_hour(self, habits: Habits, now: datetime) -> datetime:
        return self._calendar.next_digest(replace(habits, last_alert_at=now), None, now)

    # --- within her window

    def _send_list(self, person: ClaimedPerson, habits: Habits, now: datetime) -> bool:
        # Before the jobs are chosen: whatever she is shown meanwhile is a conflict.
        talk = Talk.of(self._conversations.read(person.user_id))
        found = self._controller.found_jobs(person.user_id)
        page, postings = self._controller.first_page(found.matches)
        if not page:
            self._store.forget(person)
            return False
        ids = tuple(match.job_id for match in page)
        later = {match.job_id for match in found.matches} - set(ids)
        dropped = [job_id for job_id in found.pending if job_id not in later]

        def write(cursor: Cursor) -> None:
            _write_page(cursor, talk, ids)
            due_at = self._next_hour(habits, now) if later else None
            self._store.told(cursor, person, now, due_at)
            write_told(cursor, person.user_id, ids, dropped)

        message = listed(talk, page, postings, is_new=True)
        return self._send(person, habits, now, message, write)

    # --- outside of it

    def _may_template(
        self, person: ClaimedPerson, contact: Contact, now: datetime
    ) -> bool:
        has_consent = person.consent_at and contact.template_consent_at
        if not (self._reach.template and has_consent) or contact.templates_stopped_at:
            return False
        if contact.templates_paused_until and contact.templates_paused_until > now:
            return False
        left = unanswered(person, contact.last_message_at)
        return may_template(person, left, now)

    def _send_template(
        self, person: ClaimedPerson, contact: Contact, habits: Habits, now: datetime
    ) -> bool:
        """The jobs stay pending: she sees them when she answers."""
        found = self._controller.found_jobs(person.user_id)
        if not found.matches or self._reach.template is None:
            self._store.forget(person)
            return False
        count = unanswered(person, contact.last_message_at) + 1

        def write(cursor: Cursor) -> None:
            due_at = self._next_hour(habits, now)
            self._store.told(cursor, person, now, due_at, templates=count)

        message = self._reach.template.of(found)
        return self._send(person, habits, now, message, write)

    # --- both

    def _send(
        self,
        person: ClaimedPerson,
        habits: Habits,
        now: datetime,
        message: Outgoing,
        write: Callable[[Cursor], None],
    ) -> bool:
        """In one transaction: the message, and that she was told. At her next hour where
        today's money is spent, or something holds back all alerts."""
        template = message.name if isinstance(message, Template) else None
        with self._database.transaction() as cursor:
            if self._reach.outgoing.has_room(cursor, template):
                write(cursor)
                key = f"digest/{person.user_id}/{person.claims}"
                added = self._reach.outbox.add(
                    cursor, person.user_id, (message,), kind="alert", key=key
                )
                return added > 0
        self._store.put_off(person, self._next_hour(habits, now))
        return False


def _write_page(cursor: Cursor, talk: Talk, ids: tuple[int, ...]) -> None:
    """Her next "2" is the second of these."""
    after = replace(talk, page=ids, job=0)
    write_conversation(
        cursor,
        talk.user_id,
        talk.revision,
        talk.state,
        after.data(),
        talk.needs_person_at,
    )
