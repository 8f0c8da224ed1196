"""What the rooms pass to each other: frozen, and without behaviour that does I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

Row = dict[str, Any]
Thing = Literal["job", "user"]
THINGS: tuple[Thing, ...] = ("user", "job")  # people first: they are few, and they wait
# What a person may insist on; where nothing fits, the last is given up first.
MUSTS = ("location", "work_arrangement", "employment_type", "experience", "salary")


@dataclass(frozen=True)
class User:
    id: int
    external_id: str | None
    name: str | None
    language: str


@dataclass(frozen=True)
class EmbeddingModel:
    """A row of embedding_models.

    name: stored beside the vectors. api_model, base_url: what its provider calls it and
    where that is; base_url None is the local model. template: the version of the text
    that it embeds. is_live: it answers searches; others are filled beside it.
    """

    name: str
    api_model: str
    base_url: str | None
    dimensions: int
    template: str
    is_live: bool


@dataclass(frozen=True)
class Claim:
    """A row that this worker has leased; `revision` guards whatever it writes."""

    id: int
    revision: int
    text_hash: bytes | None
    has_vector: bool


@dataclass(frozen=True)
class Enrichment:
    """What was inferred from a posting; None, or empty: it does not say.

    seniority, work_arrangement, salary_period, job_function, industry: as listed in
    enrichment/vocabulary.py. salary: as written, in the currency's units.
    """

    required_skills: tuple[str, ...] = ()
    preferred_skills: tuple[str, ...] = ()
    seniority: str | None = None
    job_function: str | None = None
    industry: str | None = None
    work_arrangement: str | None = None
    salary_min: float | None = None
    salary_max: float | None = None
    salary_currency: str | None = None
    salary_period: str | None = None
    summary: str | None = None


Feedback = Literal["saved", "not_for_me"]


@dataclass(frozen=True)
class Match:
    """A job for a person. match_score: 0 to 100, larger is better.

    posting_key: the same for all postings of one job; employer_key: of one employer.
    None where that cannot be told (migration 006). is_abroad: in a country that she did
    not name and would not move to.
    """

    job_id: int
    title: str
    company: str | None
    location: str | None
    url: str | None
    listed_date: date
    match_score: int
    match_reasons: tuple[str, ...]
    posting_key: str | None = None
    employer_key: str | None = None
    is_abroad: bool = False


@dataclass(frozen=True)
class PersonMatches:
    """The jobs, of some, that suit a person: best first."""

    user_id: int
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class FoundJobs:
    """Jobs that were found for a person. pending: all of them. matches: those that still
    suit her, best first; the others ended, she saw them, or her wishes changed."""

    pending: tuple[int, ...]
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class SavedMatch:
    """A job that a person saved. is_live: it can still be found."""

    job_id: int
    title: str
    company: str | None
    location: str | None
    url: str | None
    saved_at: datetime
    is_live: bool


@dataclass(frozen=True)
class SearchResult:
    """The matches, best first, and which matcher found them.

    fallback_reason: why the vectors could not answer; None when they did.
    """

    matches: tuple[Match, ...]
    matcher: Literal["embedding", "keyword"]
    fallback_reason: str | None = None


@dataclass(frozen=True)
class JobFilter:
    """What a search leaves out before anything is scored, coarsely: never a job that
    fulfils her musts. None, or empty: nothing is asked.

    countries: as postings may write them, in plain words. places: a tsquery of towns and
    states; country_places: of all that lies in those countries, for postings that name
    none of elsewhere. or_remote: remote work will do anywhere. employments,
    other_employments: letters only, such as fulltime; one of those, none of these.
    least_pay: by currency and period as in "NGN monthly".
    """

    countries: list[str] | None = None
    places: str | None = None
    country_places: str | None = None
    elsewhere: list[str] = field(default_factory=list)
    or_remote: bool = False
    only_remote: bool = False
    employments: list[str] | None = None
    other_employments: list[str] = field(default_factory=list)
    most_years: float | None = None
    far_levels: list[str] = field(default_factory=list)
    least_pay: dict[str, float] | None = None


@dataclass(frozen=True)
class SearchWords:
    """The words to search by. roles, topics: phrases, each with several words; skills:
    the names of one skill with "|" between them; near: a tsquery of the places that she
    would rather work in."""

    roles: list[str]
    topics: list[str]
    skills: list[str]
    near: str | None = None

    def __bool__(self) -> bool:
        return bool(self.roles or self.topics or self.skills)


@dataclass(frozen=True)
class SavedJob:
    id: int
    outcome: Literal["new", "changed", "unchanged"]


@dataclass(frozen=True)
class EmbeddingFacts:
    """How far the embeddings of jobs or of users are, for one model."""

    embedded: int  # have a vector
    waiting: int  # have none yet
    empty: int  # looked at, and there is nothing to embed
    due: int  # to be worked on now
    failed: int  # the last try ended with an error
    oldest_due_seconds: float
    # 0 also where nobody looked for them, which takes reading every row.
    missing: int = 0  # not even an embeddings row: a trigger was off
    lost: int = 0  # the row says that there is a vector, and there is none
    invalid: int = 0  # a vector that should never have been stored

    @property
    def eligible(self) -> int:
        return self.embedded + self.waiting + self.missing

    @property
    def coverage(self) -> float:
        """0 to 100; where there is nothing to embed, all of it is done."""
        return 100.0 * self.embedded / self.eligible if self.eligible else 100.0


BreakerReason = Literal["limited", "down", "denied", "budget"]


@dataclass(frozen=True)
class PaceFacts:
    """A provider's circuit breaker; failures 0: it is closed, all may call."""

    failures: int = 0
    reason: BreakerReason | None = None
    message: str | None = None
    failing_seconds: float | None = None
    wait_seconds: float | None = None

    @property
    def is_well(self) -> bool:
        """Being asked to slow down is everyday: the rows wait, and nothing is lost."""
        return not self.failures or self.reason == "limited"


@dataclass(frozen=True)
class RateLimits:
    """What a provider says is left of its windows; None where it does not say.

    *_reset: seconds until the window is whole again.
    """

    requests_limit: float | None = None
    requests_left: float | None = None
    requests_reset: float | None = None
    tokens_limit: float | None = None
    tokens_left: float | None = None
    tokens_reset: float | None = None


@dataclass(frozen=True)
class Batch:
    """A row of embedding_batches: what is, or was, with a provider's Batch API.

    token: the name that the provider is told. provider_id: its own name; None before it
    is known. reserved, dollars: of the budget, and as billed.
    """

    id: int
    token: str
    model: str
    provider_id: str | None
    state: Literal["preparing", "submitted", "done", "failed"]
    rows: int
    texts: int
    reserved: float
    tokens: int | None
    dollars: float | None
    last_error: str | None
    created_at: datetime
    submitted_at: datetime | None
    finished_at: datetime | None
    age_seconds: float


@dataclass(frozen=True)
class TaskRun:
    task: str
    seconds_since_ok: float | None
    last_error: str | None


@dataclass(frozen=True)
class Totals:
    """What a stretch of embedding came to, in rows."""

    embedded: int = 0
    unchanged: int = 0  # the text is the one that was embedded: nothing paid
    reused: int = 0  # another row, or the cache, had this text's vector
    empty: int = 0
    outrun: int = 0  # changed while they were with the provider; still due
    failed: int = 0
    given_back: int = 0  # the provider could not be had
    shortened: int = 0  # of those, texts too long for the model
    requests: int = 0
    tokens: int = 0
    dollars: float = 0.0

    def __add__(self, other: Totals) -> Totals:
        # Added for each row: asdict() would copy every number deeply.
        others = vars(other)
        return Totals(**{name: n + others[name] for name, n in vars(self).items()})

    @property
    def claimed(self) -> int:
        return (
            self.embedded
            + self.unchanged
            + self.reused
            + self.empty
            + self.outrun
            + self.failed
            + self.given_back
        )

    @property
    def done(self) -> int:
        """Over and done with: not due any more."""
        return self.claimed - self.outrun - self.given_back


@dataclass(frozen=True)
class AdminCounts:
    """What a piece of asked-for work came to, in rows.

    skipped: the text is the one that was embedded, or there is none. put_off: the
    provider could not be had, or the row changed meanwhile; still due.
    """

    successful: int = 0
    failed: int = 0
    skipped: int = 0
    put_off: int = 0
    tokens: int = 0
    dollars: float = 0.0

    @property
    def processed(self) -> int:
        return self.successful + self.failed + self.skipped

    @staticmethod
    def of(totals: Totals) -> AdminCounts:
        return AdminCounts(
            successful=totals.embedded + totals.reused,
            failed=totals.failed,
            skipped=totals.unchanged + totals.empty,
            put_off=totals.given_back + totals.outrun,
            tokens=totals.tokens,
            dollars=totals.dollars,
        )


AdminJobState = Literal["running", "done", "failed", "stopped", "lost"]


@dataclass(frozen=True)
class AdminJob:
    """A row of admin_jobs. message: why it ended early; errors: of rows."""

    id: int
    thing: Thing
    force: bool
    row_limit: int
    state: AdminJobState
    counts: AdminCounts
    errors: list[str]
    message: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class UsageRow:
    """A row of embedding_usage."""

    day: date
    model: str
    purpose: str
    requests: int
    texts: int
    tokens: int
    dollars: float
