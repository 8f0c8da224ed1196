"""Embedding stores that do something before or after one of their methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.database.pace import Ledger, PaceStore
from whatsapp_bot.embeddings.embedding_gate import EmbeddingGate
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.model_choice import make_provider
from whatsapp_bot.embeddings.provider_gate import Budget, ProviderGate
from whatsapp_bot.records import THINGS

POINTS = (
    "before claim_due",
    "after claim_due",
    "after read_things",
    "before reuse",
    "after reuse",
    "before store",
    "after store",
)


class HeldStore(EmbeddingStore):
    """point: "before" or "after", and the name of a method; action: done there, once."""

    def hold(self, point: str, action: Callable[[], object]) -> None:
        self._when, self._method = point.split()
        self._action: Callable[[], object] | None = action

    def _at(self, when: str, method: str) -> None:
        if (when, method) == (self._when, self._method) and self._action:
            action, self._action = self._action, None
            action()

    def claim_due(self, *values: Any) -> Any:
        return self._around("claim_due", super().claim_due, values)

    def read_things(self, *values: Any) -> Any:
        return self._around("read_things", super().read_things, values)

    def reuse(self, *values: Any) -> Any:
        return self._around("reuse", super().reuse, values)

    def store(self, *values: Any) -> Any:
        return self._around("store", super().store, values)

    def _around(
        self, name: str, method: Callable[..., Any], values: tuple[Any, ...]
    ) -> Any:
        self._at("before", name)
        result = method(*values)
        self._at("after", name)
        return result


def held_service(
    app: App, point: str, action: Callable[[], object], batch_size: int = 100
) -> EmbeddingService:
    """The live model's, wired as by the bootstrap, with such stores."""
    stores = {
        thing: HeldStore(app.database, thing, app.live_model.name) for thing in THINGS
    }
    for store in stores.values():
        store.hold(point, action)
    provider = make_provider(app.live_model, app.settings)
    assert provider is not None
    pace = PaceStore(app.database, app.live_model.name)
    gate = ProviderGate(app.live_model.name, pace, Ledger(app.database), Budget())
    return EmbeddingService(
        stores,
        EmbeddingGate(provider, gate),
        template_named(app.settings.embedding_template),
        batch_size=batch_size,
    )
