"""A message of a person -> what is answered, and what is written with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from whatsapp_bot.bot.account import Account
from whatsapp_bot.bot.bot_controller import BotController
from whatsapp_bot.bot.contacts import Contacts
from whatsapp_bot.bot.dispatch import Dispatcher
from whatsapp_bot.bot.job_pages import JobPages
from whatsapp_bot.bot.menu import Menu
from whatsapp_bot.bot.onboarding import Onboarding
from whatsapp_bot.bot.talk import Reply, Talk
from whatsapp_bot.bot.understanding.tongue import language_of
from whatsapp_bot.bot.understanding.wishes import Understanding
from whatsapp_bot.database.conversations import (
    ConversationStore,
    write_conversation,
    write_language,
)
from whatsapp_bot.database.database_manager import Cursor
from whatsapp_bot.errors import NotFound
from whatsapp_bot.intake.flexible_preference_manager import FlexiblePreferenceManager
from whatsapp_bot.whatsapp.messages import Answer, Incoming, Template


class Conversation:
    """An Answerer. Its state is in the database: any process can go on with it."""

    def __init__(
        self,
        store: ConversationStore,
        preferences: FlexiblePreferenceManager,
        controller: BotController,
        contacts: Contacts,
        human_contact: str | None = None,
        understands: Understanding | None = None,
    ) -> None:
        """human_contact: a phone number, an e-mail address or a link of people who help.
        understands: asked for a text in which the rules find no work; None: nobody is."""
        self._store = store
        self._privacy_keys = ("privacy", "privacy_model")[: 2 if understands else 1]
        onboarding = Onboarding(preferences, understands)
        self._dispatcher = Dispatcher(
            onboarding,
            JobPages(controller),
            Account(store, contacts, onboarding, self._privacy_keys[1:]),
            Menu(human_contact),
        )

    def answer(self, message: Incoming) -> Answer:
        """Nothing is answered to a person who is not there: she deleted her data after
        she wrote. Storing the Answer raises DatabaseConflict when the conversation went
        on meanwhile; the same message can then be answered again."""
        try:
            before = Talk.of(self._store.read(message.user_id))
        except NotFound:
            return Answer()
        reply = self._dispatcher.reply(_heard(before, message), message)
        if before.state == "new":
            reply = _with_privacy(reply, self._privacy_keys)
        return Answer(
            reply.messages,
            lambda cursor: _store(cursor, before, reply),
            reply.is_last_word,
        )


def _heard(talk: Talk, message: Incoming) -> Talk:
    """In the language that she writes in, unless she chose one."""
    if talk.is_language_chosen or message.kind != "text":
        return talk
    return replace(talk, language=language_of(message.text) or talk.language)


def _with_privacy(reply: Reply, keys: Sequence[str]) -> Reply:
    """What we first say to somebody ends with what we keep and whom we tell, and how to
    end it."""
    talk = reply.talk
    after = replace(talk, state="asking") if talk.state == "new" else talk
    first, *others = reply.messages or (None,)
    if first is None or isinstance(first, Template):
        return replace(reply, talk=after)
    privacy = " ".join(map(talk.say, keys))
    first = replace(first, body=f"{first.body}\n\n{privacy}")
    return replace(reply, talk=after, messages=(first, *others))


def _store(cursor: Cursor, before: Talk, reply: Reply) -> None:
    """The talk first: whoever comes second finds out before anything else is written."""
    after = reply.talk
    if not reply.is_end and (after != before or reply.messages or reply.deeds):
        write_conversation(
            cursor,
            before.user_id,
            before.revision,
            after.state,
            after.data(),
            after.needs_person_at,
        )
        if after.language != before.language:
            write_language(cursor, before.user_id, after.language)
    for deed in reply.deeds:
        deed(cursor)
