"""What the HTTP service stands on; built by bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from whatsapp_bot.database.admin_jobs import AdminJobStore
from whatsapp_bot.database.alerts import AlertStore
from whatsapp_bot.database.conversations import ConversationStore
from whatsapp_bot.database.embeddings import EmbeddingStore, EmbeddingUpkeep
from whatsapp_bot.database.inbox import InboxStore
from whatsapp_bot.database.migrator import Migrator
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.database.pace import Ledger, PaceStore
from whatsapp_bot.database.tasks import TaskStore
from whatsapp_bot.database.whatsapp_number import NumberStore
from whatsapp_bot.embeddings.embedding_generator import EmbeddingGenerator
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.service_registry import ServiceRegistry
from whatsapp_bot.errors import NotFound
from whatsapp_bot.records import EmbeddingModel, Thing
from whatsapp_bot.whatsapp.receiver import Receiver


@dataclass(frozen=True)
class WhatsAppParts:
    receiver: Receiver
    inbox: InboxStore
    number: NumberStore
    conversations: ConversationStore
    alerts: AlertStore
    alert_days: int
    daily_budget: float | None  # dollars; None: no limit


@dataclass(frozen=True)
class Parts:
    migrator: Migrator
    models: ModelStore
    services: ServiceRegistry[EmbeddingService]
    generator: EmbeddingGenerator
    upkeep: EmbeddingUpkeep
    ledger: Ledger
    tasks: TaskStore
    jobs: AdminJobStore
    store: Callable[[Thing, EmbeddingModel], EmbeddingStore]
    pace: Callable[[EmbeddingModel], PaceStore]
    daily_budget: float | None  # dollars; None: no limit
    admin_token: str | None  # None: whoever can reach the port may ask
    whatsapp: WhatsAppParts | None  # None: it is not set up

    def live_model(self) -> EmbeddingModel:
        """Asked anew each time: another may have taken over. Raises NotFound."""
        model = self.models.live()
        if model is None:
            raise NotFound("no model is live yet")
        return model
