"""Builds what receives, answers and sends WhatsApp messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whatsapp_bot.bootstrap.app import App, Edge
from whatsapp_bot.bootstrap.conversation import INBOX_THREADS, build_conversation
from whatsapp_bot.bot.understanding.stopping import is_stop
from whatsapp_bot.config import Settings
from whatsapp_bot.database.contacts import ContactStore
from whatsapp_bot.database.database_manager import DatabaseManager, DueListener
from whatsapp_bot.database.inbox import InboxStore
from whatsapp_bot.database.outbox import OutboxStore, SendingRules
from whatsapp_bot.database.whatsapp_number import NumberStore
from whatsapp_bot.errors import ConfigError
from whatsapp_bot.whatsapp.outbox import Outbox
from whatsapp_bot.whatsapp.receiver import Receiver
from whatsapp_bot.whatsapp.signature import hash_of

if TYPE_CHECKING:
    from whatsapp_bot.whatsapp.graph_api import GraphApi
    from whatsapp_bot.whatsapp.read_marks import ReadMarks
    from whatsapp_bot.whatsapp.single_pass import WhatsAppPass
    from whatsapp_bot.whatsapp.worker import WhatsAppWorker, Work

SENDER_THREADS = 16  # messages that a daemon sends at once


def build_edge(settings: Settings, database: DatabaseManager) -> Edge:
    number = settings.whatsapp_phone_number_id or ""
    secret = settings.whatsapp_app_secret or ""
    rules = SendingRules(
        phone_number_id=number,
        messages_per_second=settings.whatsapp_messages_per_second,
        resend_seconds=settings.whatsapp_resend_seconds,
        template_dollars=settings.whatsapp_template_usd,
        other_dollars=settings.whatsapp_service_usd,
        daily_budget=settings.whatsapp_daily_budget_usd,
    )
    outgoing = OutboxStore(database, rules)
    return Edge(
        contacts=ContactStore(database, lambda wamid: hash_of(wamid, secret)),
        outbox=Outbox(outgoing),
        outgoing=outgoing,
        inbox=InboxStore(database),
        number=NumberStore(database, number),
    )


def build_receiver(app: App) -> Receiver | None:
    """None where WhatsApp is not set up."""
    settings = app.settings
    if settings.whatsapp_phone_number_id is None:
        return None
    return Receiver(
        app.edge.inbox,
        settings.whatsapp_phone_number_id,
        settings.whatsapp_app_secret,
        settings.whatsapp_verify_token,
    )


def build_whatsapp_worker(app: App) -> WhatsAppWorker | None:
    """None where WhatsApp is not set up. Raises ConfigError."""
    # Here and not above: the HTTP client takes a tenth of a second, and few need it.
    from whatsapp_bot.whatsapp.read_marks import ReadMarks
    from whatsapp_bot.whatsapp.stops import Stops
    from whatsapp_bot.whatsapp.worker import WhatsAppWorker, Work

    api = _build_graph_api(app.settings)
    if api is None:
        return None
    marks, stops = ReadMarks(api), Stops(app.edge.inbox, is_stop)
    works = [
        *_build_works(app, api, marks),
        Work("marks", 1, marks.step),
        Work("stops", 1, stops.step),
    ]
    listener = DueListener(app.database, "whatsapp_due")
    return WhatsAppWorker(works, listener, app.edge.inbox, app.edge.number, api)


def build_whatsapp_pass(app: App) -> WhatsAppPass | None:
    """As build_whatsapp_worker, for one pass, which marks nothing as read."""
    # As above.
    from whatsapp_bot.whatsapp.read_marks import ReadMarks
    from whatsapp_bot.whatsapp.single_pass import WhatsAppPass

    api = _build_graph_api(app.settings)
    if api is None:
        return None
    works = _build_works(app, api, ReadMarks(api))
    return WhatsAppPass(works, app.edge.number, api)


def _build_graph_api(settings: Settings) -> GraphApi | None:
    if settings.whatsapp_phone_number_id is None:
        return None
    if settings.whatsapp_token is None:
        raise ConfigError("set WHATSAPP_TOKEN, or unset WHATSAPP_PHONE_NUMBER_ID")
    # As above.
    from whatsapp_bot.whatsapp.graph_api import GraphApi

    return GraphApi(
        settings.whatsapp_base_url,
        settings.whatsapp_api_version,
        settings.whatsapp_phone_number_id,
        settings.whatsapp_token,
    )


def _build_works(app: App, api: GraphApi, marks: ReadMarks) -> list[Work]:
    """In the order in which one gives the next something to do."""
    # As above.
    from whatsapp_bot.whatsapp.answering import Answering
    from whatsapp_bot.whatsapp.refusals import Refusals
    from whatsapp_bot.whatsapp.sender import Sender
    from whatsapp_bot.whatsapp.telling import Telling
    from whatsapp_bot.whatsapp.worker import Work

    settings, edge, database = app.settings, app.edge, app.database
    refusals = Refusals(edge.outgoing, edge.contacts, edge.number)
    sender = Sender(database, edge.outgoing, edge.number, refusals, api)
    telling = Telling(
        database,
        edge.inbox,
        edge.outgoing,
        edge.contacts,
        refusals,
        lambda category: _whatsapp_price(settings, category),
    )
    answerer = app.answerer or build_conversation(app, edge.contacts)
    answering = Answering(
        database, edge.inbox, edge.outbox, answerer, marks, settings.lease_seconds
    )
    return [
        Work("events", 1, telling.step),
        Work("inbox", INBOX_THREADS, answering.step),
        Work("sender", SENDER_THREADS, sender.step),
    ]


def _whatsapp_price(settings: Settings, category: str) -> float:
    """Marketing is the dearest; what else there is costs as much as an answer."""
    if category.startswith("marketing"):
        return settings.whatsapp_template_usd
    return settings.whatsapp_service_usd
