"""The service of each model in the table: models come, go and take over at run time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.records import EmbeddingModel

MakeService = Callable[[EmbeddingModel], EmbeddingService | None]


class ServiceRegistry:
    """Asks the table each time, and keeps the services: they know about pauses.

    make_service gives None for a model whose provider needs a key that is not set.
    """

    def __init__(self, models: ModelStore, make_service: MakeService) -> None:
        self._models = models
        self._make_service = make_service
        self._services: dict[str, EmbeddingService | None] = {}
        self._lock = threading.Lock()

    def all(self) -> list[EmbeddingService]:
        """Those that can work, the live model's first. Raises DatabaseError."""
        models = sorted(self._models.list(), key=lambda model: not model.is_live)
        services = [self._service(model) for model in models]
        return [service for service in services if service is not None]

    def live(self) -> EmbeddingService | None:
        model = self._models.live()
        return self._service(model) if model else None

    def close(self) -> None:
        for service in self._services.values():
            if service is not None:
                service.close()

    def _service(self, model: EmbeddingModel) -> EmbeddingService | None:
        with self._lock:
            if model.name not in self._services:
                self._services[model.name] = self._make_service(model)
            return self._services[model.name]
