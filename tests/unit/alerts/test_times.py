from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp_bot.alerts.times import (
    Calendar,
    Habits,
    Quiet,
    in_window,
    may_template,
    news_since,
    unanswered,
    zone_of,
)
from whatsapp_bot.database.alerts import ClaimedPerson

LAGOS = ZoneInfo("Africa/Lagos")  # an hour before UTC, always
NIGHT = Quiet(time(21), time(7), LAGOS)
CALENDAR = Calendar(timedelta(minutes=5), time(8))
DAY = timedelta(days=1)

# Half hours, quarters, clocks that change in the middle of the night or by half an hour,
# and one that left out a day.
ZONES = st.sampled_from(
    [
        "Africa/Lagos",
        "America/New_York",
        "America/Santiago",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Kiritimati",
        "Europe/London",
        "UTC",
    ]
).map(ZoneInfo)
MOMENTS = st.datetimes(
    datetime(2011, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)
)
TIMES = st.times().map(lambda clock: clock.replace(microsecond=0, fold=0))
QUIET = st.builds(Quiet, TIMES, TIMES, ZONES)
MAYBE = st.none() | MOMENTS
HABITS = st.builds(Habits, st.sampled_from(["daily", "instant"]), QUIET, MAYBE, MAYBE)


def at(said: str) -> datetime:
    """An hour of Lagos in November 2026: "21 08:00"."""
    return datetime.strptime(f"2026-11-{said}", "%Y-%m-%d %H:%M").replace(tzinfo=LAGOS)


def habits(cadence: str = "instant", **values: Any) -> Habits:
    return Habits(
        **{
            "cadence": cadence,
            "quiet": NIGHT,
            "paused_until": None,
            "last_alert_at": None,
        }
        | values
    )


# --- quiet hours


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("21 20:59", "21 20:59"),
        ("21 21:00", "22 07:00"),
        ("21 23:59", "22 07:00"),
        ("22 00:00", "22 07:00"),
        ("22 06:59", "22 07:00"),
        ("22 07:00", "22 07:00"),
    ],
)
def test_quiet_hours_go_over_midnight(moment: str, end: str) -> None:
    assert NIGHT.after(at(moment)) == at(end)


def test_quiet_hours_of_a_day_and_none() -> None:
    noon = Quiet(time(12), time(14), LAGOS)
    assert noon.after(at("21 13:00")) == at("21 14:00")
    assert noon.after(at("21 02:00")) == at("21 02:00")
    never = Quiet(time(7), time(7), LAGOS)
    assert never.after(at("21 07:00")) == at("21 07:00")


def test_quiet_hours_are_by_her_clock() -> None:
    tokyo = Quiet(time(21), time(7), ZoneInfo("Asia/Tokyo"))
    assert tokyo.covers(at("21 14:00"))  # 22:00 there
    assert tokyo.after(at("21 14:00")) == at("21 23:00")


@given(QUIET, MOMENTS)
def test_after_quiet_hours_is_the_first_moment_that_is_not_quiet(
    quiet: Quiet, moment: datetime
) -> None:
    after = quiet.after(moment)
    assert after >= moment
    assert not quiet.covers(after)
    assert after - moment <= 2 * DAY
    if after > moment:
        assert quiet.covers(moment)


# --- the next digest


def test_an_instant_digest_waits_some_minutes_for_more() -> None:
    found = at("21 10:00")
    next_digest = CALENDAR.next_digest(habits(), found, found)
    assert next_digest == at("21 10:05")
    assert CALENDAR.next_digest(habits(), found, at("21 10:09")) == at("21 10:09")
    assert CALENDAR.next_digest(habits(), at("21 20:58"), found) == at("22 07:00")


def test_the_rest_of_a_long_list_waits_for_the_next_day() -> None:
    told = habits(last_alert_at=at("21 10:05"))
    assert CALENDAR.next_digest(told, None, at("21 10:30")) == at("22 08:00")
    # News does not.
    assert CALENDAR.next_digest(told, at("21 11:00"), at("21 11:00")) == at("21 11:05")


def test_a_daily_digest_is_one_a_day_at_her_hour() -> None:
    found = at("21 10:00")
    assert CALENDAR.next_digest(habits("daily"), found, found) == at("22 08:00")
    # Nobody worked at that hour: now.
    late = at("22 09:30")
    assert CALENDAR.next_digest(habits("daily"), found, late) == late
    # She was told at 7, out of order: not again at 8.
    told = habits("daily", last_alert_at=at("22 07:00"))
    assert CALENDAR.next_digest(told, at("22 07:30"), late) == at("23 08:00")


def test_an_hour_within_quiet_hours_is_their_end() -> None:
    sleeper = habits("daily", quiet=Quiet(time(21), time(10), LAGOS))
    found = at("21 12:00")
    assert CALENDAR.next_digest(sleeper, found, found) == at("22 10:00")


def test_a_pause_is_waited_for_and_then_quiet_hours() -> None:
    paused = habits(paused_until=at("25 23:00"))
    found = at("21 12:00")
    assert CALENDAR.next_digest(paused, found, found) == at("26 07:00")


@given(HABITS, MAYBE, MOMENTS)
def test_nobody_is_told_in_quiet_hours_in_a_pause_or_in_the_past(
    some: Habits, news: datetime | None, now: datetime
) -> None:
    moment = CALENDAR.next_digest(some, news, now)
    assert moment >= now
    assert some.paused_until is None or moment >= some.paused_until
    assert not some.quiet.covers(moment)
    # It stays when it is asked for again, later or when it is reached.
    assert CALENDAR.next_digest(some, news, moment) == moment


@given(QUIET, MOMENTS, MOMENTS)
def test_two_daily_digests_are_on_two_days_of_hers(
    quiet: Quiet, last: datetime, now: datetime
) -> None:
    some = habits("daily", quiet=quiet, last_alert_at=last)
    moment = CALENDAR.next_hour(some, now)
    assert moment > max(last, now)
    assert moment.astimezone(quiet.zone).date() > last.astimezone(quiet.zone).date()


def test_a_zone_that_nobody_knows_is_home() -> None:
    for name in ("Atlantis/Sunk", "", "../../etc/passwd", "Africa", "Lagos\0"):
        assert zone_of(name) == LAGOS
    assert zone_of("Asia/Tokyo") == ZoneInfo("Asia/Tokyo")


# --- what is news


def row(job_id: int, posting_key: str | None, hour: int, is_news: bool) -> Any:
    found_at = at(f"21 {hour:02}:00")
    return {
        "job_id": job_id,
        "posting_key": posting_key,
        "found_at": found_at,
        "is_news": is_news,
    }


def test_news_is_what_she_has_not_heard_of_in_any_posting() -> None:
    assert news_since([]) is None
    assert news_since([row(1, "a", 9, False), row(2, "a", 10, True)]) is None
    # Without a key, each is a job of its own.
    pending = [row(1, None, 8, False), row(2, None, 10, True), row(3, "b", 9, True)]
    assert news_since(pending) == at("21 09:00")


# --- templates


def person(templates: int, last_template_at: datetime | None) -> ClaimedPerson:
    return ClaimedPerson(
        1, 1, "daily", None, None, time(21), time(7), "Africa/Lagos", None,
        last_template_at, templates,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("templates", "days"), [(1, 1), (2, 2), (3, 4), (4, 7), (50, 7)]
)
def test_who_leaves_templates_without_a_word_gets_fewer(
    templates: int, days: int
) -> None:
    sent = at("10 20:00")
    someone = person(templates, sent)
    left = unanswered(someone, last_message_at=at("01 10:00"))
    assert left == templates
    # By days, not by hours: the next may be at eight, the last was in the evening.
    morning = at("10 08:00") + days * DAY
    assert may_template(someone, left, morning)
    assert not may_template(someone, left, at("10 23:59") + (days - 1) * DAY)


def test_a_word_of_hers_ends_the_count_but_one_a_day_stays() -> None:
    someone = person(3, at("10 20:00"))
    left = unanswered(someone, last_message_at=at("10 20:01"))
    assert left == 0
    assert not may_template(someone, left, at("10 23:00"))
    assert may_template(someone, left, at("11 08:00"))
    assert may_template(person(0, None), 0, at("10 08:00"))


def test_the_window_is_closed_some_minutes_before_meta_closes_it() -> None:
    wrote = at("21 10:00")
    assert in_window(wrote, at("22 09:49"))
    assert not in_window(wrote, at("22 09:50"))
    assert not in_window(None, wrote)
