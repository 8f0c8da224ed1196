"""Every error of ours: a tree by where it happened, then by what to do about it.

The docstring of a class is its default message.
"""

from __future__ import annotations


class JobBotError(Exception):
    """Something went wrong in the job bot."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class ConfigError(JobBotError):
    """A setting is missing or malformed."""


class InputError(JobBotError):
    """What was given cannot be read; nothing was saved."""


class OutputError(JobBotError):
    """What is to be written, or was, is not as it should be."""


class NotFound(JobBotError):
    """There is no such row."""


class DatabaseError(JobBotError):
    """PostgreSQL refused the statement."""


class DatabaseUnavailable(DatabaseError):
    """PostgreSQL cannot be reached; the same call may work later."""


class DatabaseConflict(DatabaseUnavailable):
    """PostgreSQL ended one of two transactions that crossed; try again at once."""


class DatabaseDenied(DatabaseError):
    """The database refuses the token: a person must act."""


class SchemaMissing(DatabaseError):
    """The tables are missing or older than the code: run `python -m whatsapp_bot migrate`."""


class MigrationError(DatabaseError):
    """A migration cannot be applied."""


class EmbeddingError(JobBotError):
    """The embedding provider did not give vectors.

    may_be_billed: the provider may have done the work all the same. is_hearsay: another
    call knows why.
    """

    is_hearsay = False

    def __init__(
        self, message: str | None = None, *, may_be_billed: bool = False
    ) -> None:
        super().__init__(message)
        self.may_be_billed = may_be_billed


class EmbeddingUnavailable(EmbeddingError):
    """The provider is limiting, slow or down: no row's fault, try later.

    retry_after: seconds the provider asked for, or None when it gave no hint.
    is_limited: it is well, and asks us to slow down.
    """

    def __init__(
        self,
        message: str | None = None,
        retry_after: float | None = None,
        *,
        is_limited: bool = False,
        may_be_billed: bool = False,
    ) -> None:
        super().__init__(message, may_be_billed=may_be_billed)
        self.retry_after = retry_after
        self.is_limited = is_limited


class EmbeddingDenied(EmbeddingError):
    """The provider refuses the key, the account or the model: a person must act."""


class EmbeddingRejected(EmbeddingError):
    """The provider refuses these texts; one of them may be the reason."""


class ProviderPaused(EmbeddingError):
    """The provider is to be left alone for so many seconds; nothing was sent."""

    def __init__(
        self, message: str, seconds: float, *, is_hearsay: bool = False
    ) -> None:
        super().__init__(message)
        self.seconds = seconds
        self.is_hearsay = is_hearsay


class BatchGone(EmbeddingError):
    """The provider does not know this batch or its files (any more)."""


class NoVectors(JobBotError):
    """The vectors cannot answer; the message says why."""


class SendError(JobBotError):
    """A WhatsApp message could not be sent."""


class NotSent(SendError):
    """Meta could not be reached: the message did not leave."""


class MaybeSent(SendError):
    """The message left, and no answer tells what became of it."""


class SendRefused(SendError):
    """Meta answered that it does not send this. code None: it named none."""

    def __init__(
        self, code: int | None, subcode: int | None, http_status: int, details: str = ""
    ) -> None:
        super().__init__(f"refused with {code}, HTTP {http_status}")
        self.code = code
        self.subcode = subcode
        self.http_status = http_status
        self.details = details
