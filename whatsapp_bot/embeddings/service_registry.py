"""The service of each model in the table: models come, go and take over at run time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.records import EmbeddingModel

T = TypeVar("T")


class ServiceRegistry(Generic[T]):
    """Asks the table each time, and keeps the services: they know about pauses.

    make_service gives None for a model whose provider needs a key that is not set.
    """

    def __init__(
        self, models: ModelStore, make_service: Callable[[EmbeddingModel], T | None]
    ) -> None:
        self._models = models
        self._make_service = make_service
        self._services: dict[str, T | None] = {}
        self._lock = threading.Lock()

    def all(self) -> list[T]:
        """Those that can work, the live model's first. Raises DatabaseError."""
        models = sorted(self._models.list(), key=lambda model: not model.is_live)
        services = [self.get(model) for model in models]
        return [service for service in services if service is not None]

    def live(self) -> T | None:
        model = self._models.live()
        return self.get(model) if model else None

    def made(self) -> list[T]:
        """Those that were asked for so far."""
        with self._lock:
            services = list(self._services.values())
        return [service for service in services if service is not None]

    def get(self, model: EmbeddingModel) -> T | None:
        with self._lock:
            if model.name not in self._services:
                self._services[model.name] = self._make_service(model)
            return self._services[model.name]
