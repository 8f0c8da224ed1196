"""When a person may be told of new jobs: by her cadence, her quiet hours and her zone.

Pure: whoever asks says what time it is. All datetimes are aware.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from whatsapp_bot.database.alerts import ClaimedPerson
from whatsapp_bot.records import Row

HOME: Final = "Africa/Lagos"
Clock = Callable[[], datetime]
DAY: Final = timedelta(days=1)
# Who leaves templates without a word is written to less and less: days between them.
TEMPLATE_DAYS: Final = (1, 2, 4, 7)
# Meta lets us write freely for 24 hours after her last message; some minutes may pass
# between a digest and its sending.
WINDOW: Final = timedelta(hours=24) - timedelta(minutes=10)


@dataclass(frozen=True)
class Quiet:
    """From one time of day to another in a zone, across midnight where the first is the
    later; equal ones: never."""

    start: time
    end: time
    zone: tzinfo

    def covers(self, moment: datetime) -> bool:
        clock = moment.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def after(self, moment: datetime) -> datetime:
        """The moment itself, or the end of the quiet hours that it falls into."""
        if not self.covers(moment):
            return moment
        local = moment.astimezone(self.zone)
        day = local.date() + DAY * (local.time() >= self.end)
        return self.after(_first_after(moment, self.end, day, self.zone))


@dataclass(frozen=True)
class Habits:
    """How a person wants to be told. cadence: daily or instant."""

    cadence: str
    quiet: Quiet
    paused_until: datetime | None
    last_alert_at: datetime | None

    @classmethod
    def of(cls, person: ClaimedPerson) -> Habits:
        quiet = Quiet(person.quiet_from, person.quiet_to, zone_of(person.zone))
        return cls(person.cadence, quiet, person.paused_until, person.last_alert_at)


@dataclass(frozen=True)
class Calendar:
    """collect: how long more jobs are waited for before an instant digest. daily_at: the
    time of day of the others, by each person's clock."""

    collect: timedelta
    daily_at: time

    def next_digest(
        self, habits: Habits, news_since: datetime | None, now: datetime
    ) -> datetime:
        """When she is told next; `now` where she may be told at once. news_since: when
        the first was found of what she has not heard of; None: she was told of some of
        it before, or of a page of more. That waits for her hour of the day, or for
        news."""
        since = news_since or habits.last_alert_at
        if since is None:
            moment = now
        elif habits.cadence == "instant" and news_since is not None:
            moment = news_since + self.collect
        else:
            moment = self.next_hour(habits, since)
        return habits.quiet.after(max(moment, habits.paused_until or moment, now))

    def next_hour(self, habits: Habits, after: datetime) -> datetime:
        """The first of her hours after a moment, on another day than her last digest."""
        zone, last = habits.quiet.zone, habits.last_alert_at
        moment = max(after, last or after)
        day = moment.astimezone(zone).date()
        if last is not None and day == last.astimezone(zone).date():
            day += DAY
        return _first_after(moment, self.daily_at, day, zone)


def news_since(pending: Sequence[Row]) -> datetime | None:
    """When the first of the pending jobs was found that she has not heard of; None: she
    has heard of all. pending: of AlertStore. What was posted again is no news."""
    heard = {row["posting_key"] for row in pending if not row["is_news"]} - {None}
    news = (
        row["found_at"]
        for row in pending
        if row["is_news"] and row["posting_key"] not in heard
    )
    return min(news, default=None)


def utc_now() -> datetime:
    return datetime.now(UTC)


def in_window(last_message_at: datetime | None, now: datetime) -> bool:
    return last_message_at is not None and now < last_message_at + WINDOW


def unanswered(person: ClaimedPerson, last_message_at: datetime | None) -> int:
    """How many templates in a row she left without a word."""
    sent_at = person.last_template_at
    has_written = sent_at and last_message_at and last_message_at > sent_at
    return 0 if has_written else person.templates


def may_template(person: ClaimedPerson, unanswered: int, now: datetime) -> bool:
    """At most one a day, by her days; fewer where she answers none."""
    if person.last_template_at is None:
        return True
    zone = zone_of(person.zone)
    last = person.last_template_at.astimezone(zone).date()
    wait = TEMPLATE_DAYS[min(max(unanswered, 1), len(TEMPLATE_DAYS)) - 1]
    return now.astimezone(zone).date() >= last + wait * DAY


def zone_of(name: str) -> tzinfo:
    """Of a name that nobody knows: home."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # it is read as a file's name
        return ZoneInfo(HOME)


def _first_after(moment: datetime, clock: time, day: date, zone: tzinfo) -> datetime:
    """From that day on; where clocks are put back, a time of day is there twice."""
    for days in range(3):
        for fold in (0, 1):
            local = datetime.combine(day + days * DAY, clock, zone).replace(fold=fold)
            if (found := local.astimezone(UTC)) > moment:
                return found
    raise AssertionError(f"no {clock} within three days of {moment}")
