"""Builds chat models."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from whatsapp_bot.chat.chat_choice import ChatChoice
from whatsapp_bot.config import Settings
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.pace import Ledger, PaceStore
from whatsapp_bot.embeddings.provider_gate import (
    HOLD_SECONDS,
    Budget,
    ProviderGate,
    Purse,
)

if TYPE_CHECKING:
    from whatsapp_bot.chat.chat_model import ChatModel

logger = logging.getLogger(__name__)

CHAT_SHARE = 0.8  # of the day's budget: the rest is left for vectors


def is_ready(choice: ChatChoice, otherwise: str) -> bool:
    """Whether a model is named, and there is a key for it. otherwise: what is done where
    only the key is missing, for the log."""
    if choice.model and choice.name is None:
        logger.warning(
            "no key is set for %s: %s",
            choice.model,
            otherwise,
            extra={"action": f"no_{choice.use.lower()}_key"},
        )
    return choice.name is not None


def build_chat_model(
    choice: ChatChoice,
    database: DatabaseManager,
    budget: Budget,
    *,
    timeout: float,
    in_flight: int,
    delay_seconds: float = 0.0,
    hold_seconds: float = HOLD_SECONDS,
    is_quiet: bool = False,
) -> ChatModel:
    """choice: of a model that has a name."""
    # Here and not above: it takes half a second, and few need it.
    from whatsapp_bot.chat.chat_model import ChatModel
    from whatsapp_bot.chat.chat_provider import ChatProvider

    name = choice.name or ""
    provider = ChatProvider(
        model=name,
        api_model=choice.model or "",
        api_key=choice.api_key,
        base_url=choice.base_url,
        timeout=timeout,
        is_quiet=is_quiet,
    )
    store, ledger = PaceStore(database, name), Ledger(database)
    gate = ProviderGate(
        name, store, ledger, budget, in_flight, delay_seconds, hold_seconds
    )
    return ChatModel(provider, gate, choice.prices)


def chat_budget(settings: Settings, purse: Purse) -> Budget:
    daily = settings.embedding_daily_budget_usd
    return Budget(daily=None if daily is None else daily * CHAT_SHARE, run=purse)
