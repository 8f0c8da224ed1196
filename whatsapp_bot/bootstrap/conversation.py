"""Builds the conversation, what reads wishes for it, and what operators answer by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whatsapp_bot.bootstrap.app import App
from whatsapp_bot.bootstrap.chat import build_chat_model, chat_budget, is_ready
from whatsapp_bot.bot.contacts import Contacts
from whatsapp_bot.bot.conversation import Conversation
from whatsapp_bot.bot.people_waiting import PeopleWaiting
from whatsapp_bot.chat.chat_choice import conversation_choice
from whatsapp_bot.config import Settings
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.embeddings.provider_gate import Purse

if TYPE_CHECKING:
    from whatsapp_bot.bot.wish_reader import WishReader


INBOX_THREADS = 4  # messages that a daemon answers at once


def build_conversation(app: App, contacts: Contacts) -> Conversation:
    """contacts: whoever knows how people are reached, and whether they told us to stop."""
    return Conversation(
        app.conversations,
        app.preference_manager,
        app.controller,
        contacts,
        app.settings.human_contact,
        app.wish_reader,
    )


def build_people_waiting(app: App) -> PeopleWaiting:
    return PeopleWaiting(app.database, app.conversations, app.edge.outbox)


def build_wish_reader(
    settings: Settings, database: DatabaseManager, purse: Purse
) -> WishReader | None:
    """None where no chat model is named, or there is no key for it. Raises ConfigError."""
    choice = conversation_choice(settings)
    if not is_ready(choice, "rules alone read what people write"):
        return None
    # Here and not above: it takes half a second, and few need it.
    from whatsapp_bot.bot.wish_reader import WishReader

    model = build_chat_model(
        choice,
        database,
        chat_budget(settings, purse),
        timeout=settings.conversation_timeout_seconds,
        in_flight=INBOX_THREADS,
        hold_seconds=0.0,
        is_quiet=True,
    )
    return WishReader(model, settings.conversation_timeout_seconds, INBOX_THREADS)
