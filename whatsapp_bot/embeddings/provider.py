"""What every embedding provider looks like: texts in, vectors out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

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


@dataclass(frozen=True)
class BatchStatus:
    """What the provider says of a batch. error: why it failed, in its words."""

    id: str
    status: str
    files: tuple[str, ...]  # with answers, then with refusals; as far as there are any
    error: str | None

    @property
    def is_over(self) -> bool:
        return self.status in ("completed", "failed", "expired", "cancelled")


@dataclass(frozen=True)
class BatchAnswer:
    """What came back for one text.

    vector: None where there is none. refusal: why, where the text may be the reason;
    None when it may not (the batch ended before, the provider stumbled).
    """

    text_hash: bytes
    vector: Vectors | None
    tokens: int = 0
    refusal: str | None = None


class BatchProvider(Protocol):
    """The half-price way to a provider. Whatever it does raises EmbeddingError."""

    def write_line(self, text_hash: bytes, text: str) -> bytes:
        """The line of a batch's file that asks for this text's vector."""
        ...

    def upload(self, file: IO[bytes]) -> str:
        """The id of the file there."""
        ...

    def create(self, file_id: str, token: str) -> str:
        """The id of the batch there; the token is kept with it."""
        ...

    def find(self, token: str, seconds: float) -> str | None:
        """The id of the batch with that token, of those of the last `seconds`."""
        ...

    def get(self, batch_id: str) -> BatchStatus:
        """Raises BatchGone when it is not known there."""
        ...

    def read_answers(self, status: BatchStatus) -> Iterator[BatchAnswer]:
        """In any order, as they arrive. Raises BatchGone when a file is not there."""
        ...

    def cancel(self, batch_id: str) -> None: ...

    def close(self) -> None: ...
