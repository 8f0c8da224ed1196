"""Preferences -> the lines in which she reads what we understood."""

from __future__ import annotations

from typing import Final

from whatsapp_bot.bot.texts import say
from whatsapp_bot.bot.understanding.tongue import Language
from whatsapp_bot.bot.understanding.wishes import COLUMNS, FIELDS, Field
from whatsapp_bot.matching import pay, rows
from whatsapp_bot.records import Row

_LONGEST_VALUE: Final = 120  # characters


def line(language: Language, field: Field, preferences: Row) -> str:
    """ "Pay: from ₦80k a month"."""
    value = words(language, field, preferences) or say(language, "any")
    return f"{say(language, f'field_{field}')}: {value}"


def summary(language: Language, preferences: Row) -> str:
    """A line for each field that says something, then what is still open, in one."""
    said = [field for field in FIELDS if words(language, field, preferences)]
    lines = [line(language, field, preferences) for field in said]
    if "work" not in said:
        lines.insert(0, line(language, "work", preferences))
    open_ = [f for f in FIELDS if f not in said and f not in ("work", "employment")]
    if open_:
        names = ", ".join(say(language, f"field_{field}").lower() for field in open_)
        lines.append(say(language, "not_said", fields=names))
    return "\n".join(lines)


def words(language: Language, field: Field, preferences: Row) -> str:
    """What she wants of this; empty where it is all the same to her."""
    return {
        "work": _work,
        "place": _place,
        "pay": _pay,
        "experience": _experience,
        "arrangement": _arrangement,
        "employment": _employment,
    }[field](language, preferences)


def _listed(preferences: Row, column: str) -> str:
    joined = ", ".join(rows.texts(preferences, column))
    return joined if len(joined) <= _LONGEST_VALUE else joined[:_LONGEST_VALUE] + "…"


def _work(language: Language, preferences: Row) -> str:
    work, trade = (_listed(preferences, column) for column in COLUMNS["work"])
    return f"{work} ({trade})" if work and trade else work


def _place(language: Language, preferences: Row) -> str:
    named = _listed(preferences, "preferred_locations")
    if preferences.get("willing_to_relocate") is True:
        anywhere = say(language, "anywhere")
        return f"{named} ({say(language, 'may_move')})" if named else anywhere
    return named


def _pay(language: Language, preferences: Row) -> str:
    low, high = (rows.number(preferences, f"salary_{end}") for end in ("min", "max"))
    if not low and not high:
        return ""
    code = rows.text(preferences, "salary_currency") or "NGN"
    period = pay.period_name(rows.text(preferences, "salary_period")) or "month"
    key = "pay_from" if low and not high else "pay_up_to" if high and not low else "pay"
    amount = pay.short(low or high or 0.0, high or low or 0.0, code)
    return say(language, key, amount=amount, period=say(language, f"a_{period}"))


def _experience(language: Language, preferences: Row) -> str:
    years = rows.number(preferences, "years_of_experience")
    level = rows.text(preferences, "experience_level")
    if years == 0:
        return say(language, "no_experience")
    if years:
        key = "one_year" if years == 1 else "years"
        return say(language, key, years=f"{years:g}")
    return level


def _arrangement(language: Language, preferences: Row) -> str:
    named = rows.texts(preferences, "work_arrangements")
    return ", ".join(
        say(language, f"way_{way}") if way in ("onsite", "hybrid", "remote") else way
        for way in named
    )


def _employment(language: Language, preferences: Row) -> str:
    return _listed(preferences, "employment_types")
