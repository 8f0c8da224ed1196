"""A person's wishes, as prepared for many jobs."""

from __future__ import annotations

from tests.unit.matching.examples import JOB, PERSON, TODAY, facts
from whatsapp_bot.matching.reasons import reasons
from whatsapp_bot.matching.scoring import examine
from whatsapp_bot.matching.wishes import Wishes


def test_what_someone_typed_counts_less_than_a_role_she_chose() -> None:
    typed = facts(
        {"user_job_input": "I need a driver job in Lagos"}, {"title": "Driver"}
    )
    chosen = facts({"job_roles": ["Driver"]}, {"title": "Driver"})
    assert 0.5 < (typed.title or 0) < (chosen.title or 0)
    assert reasons(typed) == ("matches the role you want: driver",)


def test_prepared_wishes_and_raw_preferences_say_the_same() -> None:
    assert examine(Wishes.of(PERSON), JOB, TODAY) == facts()
