"""Free text -> preferences, as FlexiblePreferenceManager takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

from whatsapp_bot.bot.understanding.experience import read_experience
from whatsapp_bot.bot.understanding.money import read_money
from whatsapp_bot.bot.understanding.numbers import with_digits
from whatsapp_bot.bot.understanding.plain import small
from whatsapp_bot.bot.understanding.ways import ALL_ARRANGEMENTS, read_ways, says_any
from whatsapp_bot.bot.understanding.where import read_places, read_unknown_place
from whatsapp_bot.bot.understanding.work import read_work, speaks_of_work, unread_words
from whatsapp_bot.errors import InputError
from whatsapp_bot.intake.profile import parse_preferences
from whatsapp_bot.records import Row

# What a person can be asked for, and change, one by one; the most telling first.
Field = Literal["work", "place", "pay", "experience", "arrangement", "employment"]
FIELDS: Final[tuple[Field, ...]] = get_args(Field)
COLUMNS: Final[Mapping[Field, tuple[str, ...]]] = {
    "work": ("job_roles", "industry_preferences"),
    "place": ("preferred_locations", "willing_to_relocate"),
    "pay": ("salary_min", "salary_max", "salary_currency", "salary_period"),
    "experience": ("years_of_experience", "experience_level"),
    "arrangement": ("work_arrangements",),
    "employment": ("employment_types",),
}
# Another reader of free text: preferences, none where the text tells none, None where it
# cannot say. It raises nothing, and answers in a second or two: she waits.
Understanding = Callable[[str], Row | None]
_LINK: Final = re.compile(r"https?://\S+|www\.\S+|[^\s@]+@[^\s@]*\.\S+")
_QUESTION: Final = re.compile(
    r"\?|^\W*(?:how|what|which|who|when|why|where|wetin|is|are|do|does|can|una|abeg how)\b"
)
_NONE: Final = re.compile(
    r"^\W*(?:any|none|no|nil|nothing|skip|anything|all|any one|anyone|not sure|no matter|"
    r"e no matter|negotiable|pass|i no know|i dont know|doesnt matter|no mind|open|whatever)"
    r"(?: \w+)?\W*$"
)
_LONGEST_ANSWER: Final = 3  # words; what is longer tells about the work
# Nothing is asked in this field any more.
CLEARED: Final[Mapping[Field, Row]] = {
    "work": {"job_roles": [], "industry_preferences": []},
    "place": {"preferred_locations": [], "willing_to_relocate": None},
    "pay": dict.fromkeys(COLUMNS["pay"]),
    "experience": dict.fromkeys(COLUMNS["experience"]),
    "arrangement": {"work_arrangements": []},
    "employment": {"employment_types": []},
}

# What she must name for the rest of its field to be taken back.
_FIRST: Final[Mapping[Field, str]] = {
    "work": "job_roles",
    "place": "preferred_locations",
    "pay": "salary_currency",
    "experience": "years_of_experience",
}


def understand(text: str, is_asked: bool = False) -> Row:
    """The preferences that the text tells; none where it tells none.

    is_asked: she was asked what she looks for, so words that no table has may name it.
    """
    columns, rest = _without_work(text)
    is_asked = is_asked and not _QUESTION.search(rest)
    return columns | read_work(rest, is_asked)


def understand_surely(text: str) -> Row:
    """The same, without what no table has: another reader read it as well."""
    columns, rest = _without_work(text, is_sure=True)
    return columns | read_work(rest)


def is_unclear(text: str, is_asked: bool = False) -> bool:
    """Whether it may name work in words that the rules do not know.

    is_asked: as of understand; a few words are then what she calls her work.
    """
    columns, rest = _without_work(text)
    if "job_roles" in read_work(rest) or not unread_words(rest):
        return False
    if _QUESTION.search(rest) and not speaks_of_work(rest):
        return False
    is_short = len(text.split()) <= _LONGEST_ANSWER
    return not (is_asked and is_short and "job_roles" in read_work(rest, True))


def _without_work(text: str, is_sure: bool = False) -> tuple[Row, str]:
    """The columns of all but the work, and what is left to tell it."""
    said = with_digits(_LINK.sub(" ", small(text)))
    raw = text if len(text) == len(said) else ""
    columns, rest = read_experience(said)
    pay, rest = read_money(rest)
    ways, rest = read_ways(rest)
    same_length = rest == said
    where, rest = read_places(rest, raw if same_length else "")
    if "preferred_locations" not in where and not is_sure:
        unknown, rest = read_unknown_place(rest)
        where |= unknown
    return columns | pay | ways | where, rest


def completed(columns: Row, others: Row) -> Row:
    """With the fields of others that the columns tell nothing of."""
    silent = [
        field for field in FIELDS if not any(name in columns for name in COLUMNS[field])
    ]
    names = {name for field in silent for name in COLUMNS[field]}
    return {**columns, **{k: v for k, v in others.items() if k in names}}


def replacing(columns: Row) -> Row:
    """The same, with the columns emptied that an earlier answer to the same question may
    have left: who names another place takes back that she would move anywhere."""
    cleared: Row = {}
    for field, first in _FIRST.items():
        if first in columns:
            cleared |= CLEARED[field]
    return {**cleared, **columns}


def understand_field(field: Field, text: str) -> Row:
    """What she says when she was asked for this alone; none where it is not understood."""
    said = with_digits(small(text)).strip()
    if _NONE.match(said):
        return _all_the_same(field)
    reader: Callable[[], Row] = {
        "work": lambda: read_work(_without_others(said), is_work=True),
        "place": lambda: read_places(said, text, is_place=True)[0],
        "pay": lambda: read_money(said, is_pay=True)[0],
        "experience": lambda: read_experience(said, is_experience=True)[0],
        "arrangement": lambda: _arrangement(said),
        "employment": lambda: _only("employment_types", read_ways(said)[0]),
    }[field]
    found = reader()
    # What this field said before is replaced as a whole.
    return {**CLEARED[field], **found} if found else {}


def _all_the_same(field: Field) -> Row:
    if field == "place":
        return {"preferred_locations": [], "willing_to_relocate": True}
    return dict(CLEARED[field])


def _without_others(said: str) -> str:
    rest = read_money(read_experience(said)[1])[1]
    return read_places(read_ways(rest)[1])[1]


def _arrangement(said: str) -> Row:
    found = _only("work_arrangements", read_ways(said)[0])
    if not found and re.search(r"\b(?:office|physical|site)\b", said):
        return {"work_arrangements": ["onsite"]}
    if not found and says_any(said):
        return {"work_arrangements": list(ALL_ARRANGEMENTS)}
    return found


def _only(column: str, columns: Row) -> Row:
    return {column: columns[column]} if column in columns else {}


def checked(columns: Row) -> Row:
    """What another reader understood: as it can be saved, and nothing but FIELDS."""
    known = {name for names in COLUMNS.values() for name in names}
    try:
        return parse_preferences({k: v for k, v in columns.items() if k in known})
    except InputError:
        return {}


def understand_form(form: Mapping[str, str]) -> Row:
    """A filled form, by the names of FIELDS; other names and blanks tell nothing."""
    columns: Row = {}
    for field in FIELDS:
        if said := str(form.get(field) or "").strip():
            columns |= understand_field(field, said)
    return columns
