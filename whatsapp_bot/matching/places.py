"""Place names are read here, and how far a job is from where someone wants to work."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import Final

from whatsapp_bot.matching.gazetteer import (
    ALIASES,
    AREAS,
    CAPITALS,
    COUNTRIES,
    NOT_A_PLACE,
    STATES,
    US_STATES,
)

_LONGEST_TEXT: Final = 300  # characters; a place is named early or not at all
_LONGEST_NAME: Final = 4  # words
_SEPARATORS: Final = re.compile(r"[,;/|()\[\]\n•–—&]+|\s-\s|\s(?:and|or)\s")
_WORD: Final = re.compile(r"[^\W_]+")
# The Philippines' code or, in Nigeria, everyone's name for Port Harcourt.
_PH: Final = re.compile(r",\s*PH(?=\s*(?:[,;/|()\n]|$))")


class Step(IntEnum):
    """How near two places are; larger is nearer."""

    UNKNOWN = 0
    ELSEWHERE = 1
    SAME_COUNTRY = 2
    SAME_STATE = 3
    SAME_CITY = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A place as fine as the text was: parts it does not say are empty."""

    label: str
    city: str = ""
    state: str = ""
    country: str = ""  # ISO 3166 alpha-2


def _rows(table: str) -> Iterable[tuple[str, list[str]]]:
    for line in table.strip().splitlines():
        head, _, rest = line.partition(":")
        yield head.strip(), [name.strip() for name in rest.split(",") if name.strip()]


def _states() -> dict[str, Place]:
    return {
        state.lower(): Place(state, "", state.lower(), "NG")
        for state, _ in _rows(STATES)
    }


def _us_states() -> dict[str, Place]:
    names = " ".join(US_STATES.split()).split(", ")
    return {name.lower(): Place(name, "", name.lower(), "US") for name in names}


def _towns() -> dict[str, Place]:
    return {
        town.lower(): Place(town, town.lower(), state.lower(), "NG")
        for state, towns in _rows(STATES)
        for town in towns
    }


def _areas(towns: dict[str, Place]) -> dict[str, Place]:
    return {
        area.lower(): Place(f"{area}, {city}", city.lower(), home.state, "NG")
        for city, areas in _rows(AREAS)
        for home in (towns[city.lower()],)
        for area in areas
    }


def _abroad() -> dict[str, Place]:
    found: dict[str, Place] = {}
    for line in COUNTRIES.strip().splitlines():
        code, _, rest = line.partition(":")
        names, _, cities = (part.strip() for part in rest.partition("|"))
        for name in filter(None, map(str.strip, names.split(","))):
            found[name.lower()] = Place(name, "", "", code)
        for city in filter(None, map(str.strip, cities.split(","))):
            found[city.lower()] = Place(city, city.lower(), "", code)
    return found


def _gazetteer() -> dict[str, Place]:
    towns = _towns()
    # A bare "Ondo" or "Oyo" is the state in everyday speech; "Kano" is the city, as a
    # capital bearing its state's name is what people mean by it.
    capitals = {"bauchi", "enugu", "gombe", "kaduna", "kano", "katsina", "sokoto"}
    states = {name: state for name, state in _states().items() if name not in capitals}
    states.pop("lagos")
    names = _us_states() | _abroad() | towns | _areas(towns) | states
    return names | {alias: names[name] for alias, name in ALIASES.items()}


_STATE_NAMES: Final = _states()
_GAZETTEER: Final = _gazetteer()
_COUNTRY_NAMES: Final = {
    place.country: place
    for place in reversed(_abroad().values())
    if not place.city and not place.state
}
NAMES: Final[frozenset[str]] = frozenset(_GAZETTEER)


@lru_cache(maxsize=512)
def country_code(text: str) -> str:
    """The ISO code of a country given by code or name; empty when it is not known."""
    said = " ".join(_WORD.findall(text.lower()))
    if said.upper() in _COUNTRY_NAMES:
        return said.upper()
    if said == "niger":  # as a country's name it is no longer the state
        return "NE"
    if said == "benin":
        return "BJ"
    known = _GAZETTEER.get(said)
    if known and not known.city and not known.state:
        return known.country
    return CAPITALS.get(said.upper(), "")


def _lookup(words: list[str], start: int, size: int) -> Place | None:
    if size == 1 and words[start] in CAPITALS:
        return _COUNTRY_NAMES[CAPITALS[words[start]]]
    return _GAZETTEER.get(" ".join(words[start : start + size]).lower())


def _longest(words: list[str], start: int) -> tuple[Place | None, int]:
    """The longest name beginning here and the number of words it takes."""
    for size in range(min(_LONGEST_NAME, len(words) - start), 0, -1):
        place = _lookup(words, start, size)
        if place is not None:
            return _as_state(place, words, start, size)
    return None, 1


def _as_state(
    place: Place, words: list[str], start: int, size: int
) -> tuple[Place, int]:
    """ "Kano State" is wider than Kano; Lagos State is what people call Lagos."""
    after = words[start + size].lower() if start + size < len(words) else ""
    state = _STATE_NAMES.get(" ".join(words[start : start + size]).lower())
    if after == "state" and state and state.state != "lagos":
        return state, size + 1
    return place, size


def _known(segment: str) -> list[Place]:
    words, start, found = _WORD.findall(segment), 0, []
    while start < len(words):
        place, taken = _longest(words, start)
        start += taken
        if place is not None:
            found.append(place)
    return found


def _as_written(segment: str) -> list[Place]:
    """A short piece that names no known place may still be one: keep its words."""
    words = [w for w in _WORD.findall(segment) if w.lower() not in NOT_A_PLACE]
    name = " ".join(words)
    if not 0 < len(words) <= _LONGEST_NAME or len(name) < 3 or name.isdigit():
        return []
    return [Place(name, name.lower())]


def _settle(place: Place, countries: set[str], has_own: bool) -> Place:
    """Lagos in a text that says Portugal is not the Lagos of Nigeria; where the posting
    has another country of its own besides, nobody knows which it is."""
    if not place.city or not countries or place.country in countries:
        return place
    if len(countries) > 1 and not has_own:
        return place
    country = next(iter(countries)) if len(countries) == 1 else ""
    return Place(place.city.title(), place.city, "", country)


def _finest(places: list[Place]) -> tuple[Place, ...]:
    """Without those that only repeat, more widely, what another says."""
    cities = {(p.state, p.country) for p in places if p.city}
    states = {p.country for p in places if p.city or p.state}
    kept = (
        p
        for p in places
        if p.city
        or (p.state and (p.state, p.country) not in cities)
        or (not p.state and p.country not in states)
    )
    return tuple(dict.fromkeys(kept))


def _read(text: str) -> list[Place]:
    found: list[Place] = []
    for segment in _SEPARATORS.split(text):
        for place in _known(segment) or _as_written(segment):
            if _is_us_state_of(place, found):
                found[-1] = replace(found[-1], state=place.state, country="US")
            elif not _is_only_the_state(place, found):
                found.append(place)
    return found


def _is_us_state_of(place: Place, before: list[Place]) -> bool:
    """In "Santa Clara, California" the second name says which Santa Clara."""
    last = before[-1] if before else None
    named = place.country == "US" and place.state and not place.city
    return bool(
        named and last and last.city and not last.state and last.country in ("", "US")
    )


def _with_ph_told_apart(text: str, code: str) -> str:
    """ "Manila, PH" ends with a country, "Rumuola, PH" with a city."""
    if not _PH.search(text):
        return text
    if code == "NG" or any(p.country == "NG" for p in _read(_PH.sub(",", text))):
        return text

    def told(found: re.Match[str]) -> str:
        before = _read(text[: found.start()])
        is_country = code == "PH" or (before and before[-1].country in ("", "PH"))
        return ", Philippines" if is_country else found.group()

    return _PH.sub(told, text)


@lru_cache(maxsize=8192)
def find(text: str, country: str = "") -> tuple[Place, ...]:
    """Every place the text names, finest first told apart; country is the row's own."""
    code = country_code(country)
    found = _read(_with_ph_told_apart(text[:_LONGEST_TEXT], code))
    if code:
        found.append(_COUNTRY_NAMES[code])
    countries = {p.country for p in found if not p.city and not p.state}
    if code:
        # Niger in a posting from Benin is not the state of Nigeria.
        found = [p for p in found if not _is_state_outside(p, countries)]
    return _finest([_settle(place, countries, bool(code)) for place in found])


def _is_state_outside(place: Place, countries: set[str]) -> bool:
    return bool(place.state) and not place.city and place.country not in countries


def _is_only_the_state(place: Place, before: list[Place]) -> bool:
    """In "Badagry, Lagos" the second name says which state, not a second city."""
    return place.city == place.state != "" and any(
        other.state == place.state and other.city not in ("", place.city)
        for other in before
    )


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other


def distance(wanted: Place, place: Place) -> Step:
    """The step between two places, as far as both say."""
    if wanted.city and wanted.city == place.city and _agree(wanted.state, place.state):
        return (
            Step.SAME_CITY if _agree(wanted.country, place.country) else Step.ELSEWHERE
        )
    if wanted.state and wanted.state == place.state:
        return Step.SAME_STATE
    if not wanted.country or not place.country:
        return Step.UNKNOWN
    return Step.SAME_COUNTRY if wanted.country == place.country else Step.ELSEWHERE


def is_granted(wanted: Place, step: Step) -> bool:
    """True when the job is inside the wish: Warri is all that "Delta" asks for."""
    if wanted.city:
        return step is Step.SAME_CITY
    return step >= (Step.SAME_STATE if wanted.state else Step.SAME_COUNTRY)


@lru_cache(maxsize=512)
def names_within(wanted: Place) -> frozenset[str]:
    """Every name, in small letters, by which a text may name a place inside the wish."""
    names = {
        name
        for name, place in _GAZETTEER.items()
        if is_granted(wanted, distance(wanted, place)) or _says_state(wanted, place)
    }
    if not wanted.city and not wanted.state:
        names |= {said.lower() for said in country_names(wanted.country)}
    return frozenset(names | {" ".join(_WORD.findall(wanted.city))} - {""})


def _says_state(wanted: Place, place: Place) -> bool:
    return bool(wanted.state) and place.state == wanted.state and not place.city


@lru_cache(maxsize=512)
def country_names(code: str) -> frozenset[str]:
    """The country as `country_code` reads it, in small letters and plain words."""
    names = {name for name in _abroad() if country_code(name) == code}
    names |= {said.lower() for said, meant in CAPITALS.items() if meant == code}
    names |= {said for said in ("niger", "benin") if country_code(said) == code}
    return frozenset(" ".join(_WORD.findall(name)) for name in {*names, code.lower()})


@lru_cache(maxsize=64)
def names_of_others(codes: frozenset[str]) -> frozenset[str]:
    """The names of all countries but these."""
    found: set[str] = set()
    for code in _COUNTRY_NAMES.keys() - codes:
        found |= country_names(code)
    return frozenset(found)
