"""What every embedding provider looks like: texts in, vectors out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from whatsapp_bot.records import RateLimits

Vectors = npt.NDArray[np.float32]

OPENAI_BASE_URL = "https://api.openai.com/v1"


@dataclass(frozen=True)
class EmbeddedTexts:
    """A provider's answer.

    vectors: float32, shape (number of texts, dimensions), row i for text i. Whether
        each of them may be stored is decided in `vector_check`, not here.
    tokens: as the provider bills them; 0 for a model that costs nothing.
    limits: what is left of the provider's windows, where it tells.
    """

    vectors: Vectors
    tokens: int
    limits: RateLimits | None = None


@dataclass(frozen=True)
class RequestSize:
    """What a provider takes: per request, and per text."""

    max_texts: int
    max_tokens: int
    max_text_tokens: int


class EmbeddingProvider(Protocol):
    """One model at one place.

    model: the name stored beside its vectors; vectors of two names never mix.
    dimensions: the length of its vectors.
    size: what a request may carry.
    """

    @property
    def model(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def size(self) -> RequestSize: ...

    def embed(
        self, texts: Sequence[str], timeout: float | None = None
    ) -> EmbeddedTexts:
        """Vectors for 1 to size.max_texts non-empty texts, within `timeout` seconds.

        Raises EmbeddingUnavailable (limited, slow or down), EmbeddingDenied (key,
        account or model refused) or EmbeddingRejected (these texts refused, or an
        answer that does not fit them).
        """
        ...

    def close(self) -> None: ...
