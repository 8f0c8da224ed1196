"""What is asked and answered, as the OpenAPI page shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from whatsapp_bot.records import AdminJob, AdminJobState, EmbeddingFacts, Thing

MAX_ROWS = 1000  # of one call; the daemon and the backfill have no limit
MAX_WAIT_SECONDS = 60
MAX_ID = 2**53 - 1  # whole numbers beyond it do not survive every JSON reader
EntityType = Literal["users", "jobs"]


def _whole(value: object) -> object:
    """In JSON, 5.0 is a whole number as well."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Bounds before the validator, or the page would not show them.
Id = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(_whole)]
Rows = Annotated[int, Field(ge=1, le=MAX_ROWS), BeforeValidator(_whole)]
Seconds = Annotated[int, Field(ge=0, le=MAX_WAIT_SECONDS), BeforeValidator(_whole)]


def thing_of(entity_type: EntityType) -> Thing:
    return "user" if entity_type == "users" else "job"


def entity_type_of(thing: Thing) -> EntityType:
    return "users" if thing == "user" else "jobs"


class _Asked(BaseModel):
    """An unknown field is a mistake, and a number in quotes is none."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(BaseModel):
    error: str = Field(description="What is wrong, and what to do about it.")


class Generate(_Asked):
    entity_type: EntityType
    force: bool = Field(
        False,
        description="Embed again what has a vector already; repeated calls go on with "
        "those that were looked at longest ago. Otherwise only what is due.",
    )
    limit: Rows = Field(100, description="Rows, at most.")
    wait_seconds: Seconds = Field(
        20,
        description="How long to wait for the end. Then the answer is 202, and "
        "GET /api/v1/admin/jobs/{id} tells the rest.",
    )


class Retry(_Asked):
    entity_type: EntityType
    ids: list[Id] | None = Field(
        None, max_length=MAX_ROWS, description="Only these; all when it is left out."
    )


class Retried(BaseModel):
    retried: int = Field(description="Rows that are due again, over all models.")


class Job(BaseModel):
    """Work that was asked for."""

    id: int
    entity_type: EntityType
    force: bool
    limit: int
    state: AdminJobState = Field(
        description="failed: it could not go on, see message. stopped: the service was "
        "told to. lost: its process died; what it had in hand becomes due by itself."
    )
    total_processed: int = Field(description="successful + failed + skipped")
    successful: int = Field(description="Rows that have a new vector.")
    failed: int = Field(description="Rows whose text is refused; see errors.")
    skipped: int = Field(description="The text is as before, or there is none.")
    put_off: int = Field(
        description="Rows that are still due: the provider could not be had."
    )
    tokens: int
    dollars: float
    errors: list[str] = Field(description="Of the first rows that failed, by id.")
    message: str | None = Field(description="Why it ended early.")
    created_at: datetime
    finished_at: datetime | None

    @staticmethod
    def of(job: AdminJob) -> Job:
        counts = job.counts
        return Job(
            id=job.id,
            entity_type=entity_type_of(job.thing),
            force=job.force,
            limit=job.row_limit,
            state=job.state,
            total_processed=counts.processed,
            successful=counts.successful,
            failed=counts.failed,
            skipped=counts.skipped,
            put_off=counts.put_off,
            tokens=counts.tokens,
            dollars=counts.dollars,
            errors=job.errors,
            message=job.message,
            created_at=job.created_at,
            finished_at=job.finished_at,
        )


class Jobs(BaseModel):
    jobs: list[Job]


class CoverageOf(BaseModel):
    coverage: float = Field(description="Percent of those that can have a vector.")
    eligible: int
    embedded: int
    waiting: int = Field(description="They have no vector yet.")
    missing: int = Field(description="Not even known to the daemon.")
    empty: int = Field(description="There is nothing to embed.")
    due: int = Field(description="To be worked on now.")
    failed: int
    lost: int = Field(description="Vectors that should be there, and are not.")
    invalid: int = Field(description="Vectors that should never have been stored.")
    oldest_due_seconds: float

    @staticmethod
    def of(facts: EmbeddingFacts) -> CoverageOf:
        return CoverageOf.model_validate(facts, from_attributes=True)


class Coverage(BaseModel):
    model: str
    users: CoverageOf
    jobs: CoverageOf


class Failure(BaseModel):
    id: int
    attempts: int
    last_error: str
    given_up: bool = Field(description="It rests until its text changes, or a retry.")


class Failures(BaseModel):
    model: str
    failures: list[Failure]
    next_after: int | None = Field(description="For the next page; null: no more.")


class Usage(BaseModel):
    day: date
    model: str
    purpose: str
    requests: int
    texts: int
    tokens: int
    dollars: float


class Spend(BaseModel):
    dollars_today: float = Field(description="Reservations of open requests included.")
    daily_budget: float | None = Field(description="Dollars; null: no limit.")
    rows: list[Usage]


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Check(BaseModel):
    name: Literal["database", "migrations", "provider"]
    ok: bool
    text: str


class Ready(BaseModel):
    ready: bool
    checks: list[Check]
