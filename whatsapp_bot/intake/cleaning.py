"""One value of any kind -> the clean value of a column, or None."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

LINE_LENGTH = 300
TEXT_LENGTH = 20_000
LIST_LENGTH = 100
ITEM_LENGTH = 100
RAW_LENGTH = 100_000  # what is looked at of a text before it is cleaned and cut
MAX_AMOUNT = 1e12
MAX_YEARS = 60
FIRST_YEAR, LAST_YEAR = 1990, 2100

# ---------------------------------------------------------------- text

_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Controls, and the characters nobody sees: zero width, direction marks, soft hyphen.
# The joiners U+200C and U+200D stay: scripts and emoji need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
# Thirty accents on one letter are no language, and normalizing thousands takes seconds.
_LONG_MARKS = re.compile(r"([^\w\s\x00-\x7f]{30})[^\w\s\x00-\x7f]+")
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});"
)
_BLANK_LINES = re.compile(r"\n{4,}")
_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n ?")

# Known tags only, so that "<5 engineers", "<jobs@firm.ng>" and "List<String>" stay
# text; html.parser would eat them, and takes quadratic time on an unclosed comment.
_TAG = re.compile(
    r"""
    <!-- | --> | <(?P<name> /? (?:
    (?P<block> address|article|aside|blockquote|br|center|d[dlt]|div|fieldset|figure
        |footer|form|h[1-6]|header|hr|li|main|nav|ol|option|p|pre|section|table|tbody
        |td|tfoot|th|thead|title|tr|ul)
    | !doctype|a|abbr|b|big|body|button|cite|code|col|colgroup|del|em|font|head|html|i
        |iframe|img|input|ins|label|link|mark|meta|noscript|o:p|picture|q|s|script|small
        |source|span|strike|strong|style|su[bp]|svg|time|tt|u|var|video|wbr
    )) (?=[\s/>]) [^<>]*+ >
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HIDDEN_UNTIL = {"<!--": "-->", "script": "/script", "style": "/style"}
_ROUNDS = 4  # markup may come escaped, and escaped once more


def clean_text(value: object, length: int = TEXT_LENGTH) -> str | None:
    """Text of several lines, at most two blank ones in a row; None when blank."""
    text = _plain(value)
    if "\n" in text:
        text = _LINE_ENDS.sub("\n", _SPACES.sub(" ", text)).strip()
        text = _BLANK_LINES.sub("\n\n\n", text)[:length]
    else:
        text = " ".join(text.split())[:length]
    return text.rstrip() or None


def clean_line(value: object, length: int = LINE_LENGTH) -> str | None:
    """Text of one line; a number becomes text; None when blank."""
    return " ".join(_plain(value).split())[:length].rstrip() or None


def clean_list(
    value: object, length: int = LIST_LENGTH, item_length: int = ITEM_LENGTH
) -> tuple[str, ...]:
    """The texts of a list, or of a text separated by commas or semicolons, once each."""
    items: dict[str, str] = {}
    for item in _items(value):
        text = clean_line(item, item_length)
        if text is not None:
            items.setdefault(text.casefold(), text)
        if len(items) == length:
            break
    return tuple(items.values())


def _items(value: object) -> Iterable[object]:
    if isinstance(value, (list, tuple)):
        return value
    return re.split("[,;\n]", _plain(value))


def _plain(value: object) -> str:
    """The value as text without markup, entities or characters that are not text."""
    if not isinstance(value, str):
        return _digits(value)
    text = _printable(value[:RAW_LENGTH])
    if "<" not in text and "&" not in text:
        return text
    for _ in range(_ROUNDS):
        before, text = text, _printable(_without_tags(_unescaped(text)))
        if text == before:
            return text
    # Deeper than any feed goes: what is left would be read differently next time.
    return _printable(re.sub("[<&]", " ", text))


def _digits(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if not abs(value) < 1e100:  # NaN and infinity too
        return ""
    # A CSV that went through a data frame turns the id 17 into 17.0.
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return str(int(value) if whole else value)


def _printable(text: str) -> str:
    if not text.isprintable():
        text = _LINE_BREAK.sub("\n", text)
        text = _INVISIBLE.sub("", _SURROGATE.sub("\ufffd", text))
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _LONG_MARKS.sub(r"\1", text))


def _unescaped(text: str) -> str:
    # Only with the semicolon: html.unescape alone reads "?a=1&copy=2" as "?a=1©=2".
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def _without_tags(text: str) -> str:
    pieces: list[str] = []
    start, hidden_until = 0, None
    for tag in _TAG.finditer(text):
        name = (tag["name"] or tag[0]).lower()
        if hidden_until is None:
            pieces += text[start : tag.start()], _instead_of(tag)
            hidden_until = _HIDDEN_UNTIL.get(name)
        elif name == hidden_until:
            hidden_until = None
        start = tag.end()
    if hidden_until is None:
        pieces.append(text[start:])
    return "".join(pieces)


def _instead_of(tag: re.Match[str]) -> str:
    if tag[0] == "-->":  # an arrow: it closes no comment
        return tag[0]
    return "\n" if tag["block"] else ""


# ------------------------------------------------------------- numbers

_NUMBER = re.compile(
    r"(?:ngn|usd|gbp|eur|n|[₦$£€])? ?"
    r"([0-9]{1,3}(?:,[0-9]{2,3})+|[0-9]{1,15})(\.[0-9]{0,15})?(e\+?[0-9]{1,2})?"
    r" ?([kmb])?",
    re.IGNORECASE,
)
_FACTORS = {"k": 1e3, "m": 1e6, "b": 1e9}
_YEARS_WORD = re.compile(r" ?\+? ?(?:years?|yrs?)?$", re.IGNORECASE)
_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "t", "1"), True),
    **dict.fromkeys(("false", "no", "n", "f", "0"), False),
}


def clean_number(value: object, top: float = MAX_AMOUNT) -> float | None:
    """A number from 0 to top, also written "150,000", "₦150k" or "1.2m"."""
    if isinstance(value, str):
        value = _number_in(clean_line(value) or "")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= top else None


def clean_years(value: object) -> float | None:
    """Years of experience, also written "5+" or "5 years"."""
    if isinstance(value, str):
        value = _YEARS_WORD.sub("", clean_line(value) or "")
    return clean_number(value, MAX_YEARS)


def clean_flag(value: object) -> bool | None:
    """A yes or a no, also as a word or as 1 and 0."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get((clean_line(value) or "").lower())


def _number_in(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    whole, fraction, exponent, factor = found.groups(default="")
    number = float(whole.replace(",", "") + fraction + exponent)
    return number * _FACTORS.get(factor.lower(), 1)


# --------------------------------------------------------------- dates

_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})(?: .*)?")
_DAY_MONTH_YEAR = re.compile(
    r"(?:[a-z]{3,9},? )?([0-9]{1,2}) ([a-z]{3})[a-z]*\.?,? ([0-9]{4})(?: .*)?",
    re.IGNORECASE,
)
_MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6},
    **{"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12},
}
_EPOCH_TEXT = re.compile(r"[0-9]{9,10}|[0-9]{12,13}")
_EPOCH = date(1970, 1, 1)
_FIRST_MILLISECONDS = 1e11  # as seconds this would be the year 5138


def clean_date(value: object) -> date | None:
    """The day as written, whatever the zone; of seconds since 1970, the day in UTC."""
    found = _any_date(value)
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None
    return found


def _any_date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return _date_of_epoch(value)
    return _date_in(clean_line(value, 100) or "")


def _date_of_epoch(number: float) -> date | None:
    try:
        seconds = number / 1000 if abs(number) >= _FIRST_MILLISECONDS else number
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):  # too far, or NaN
        return None


@lru_cache(maxsize=4096)  # a feed repeats its days
def _date_in(text: str) -> date | None:
    if _EPOCH_TEXT.fullmatch(text):
        return _date_of_epoch(int(text))
    try:
        if found := _DAY_FIRST.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if found := _DAY_MONTH_YEAR.fullmatch(text):
            month = _MONTHS.get(found[2].lower(), 0)
            return date(int(found[3]), month, int(found[1]))
        return datetime.fromisoformat(text.removesuffix(" UTC")).date()
    except ValueError:
        return None


# --------------------------------------------------------------- terms

Terms = Mapping[str, str]


def _terms(**words: str) -> Terms:
    """Each word a value is known by -> the value."""
    return {
        word: value.replace("_", "-")
        for value, known in words.items()
        for word in (value.replace("_", ""), *known.split())
    }


_PERIODS = _terms(
    hourly="hour hr perhour anhour ph",
    daily="day perday aday",
    weekly="week wk perweek aweek pw",
    monthly="month mo permonth amonth pm pcm",
    yearly="year yr peryear ayear annual annually annum perannum pa",
)
_EMPLOYMENT_TYPES = _terms(
    full_time="fulltimejob ft",
    part_time="parttimejob pt",
    contract="contractor contractual freelance freelancer",
    temporary="temp",
    internship="internships intern",
    volunteer="volunteering voluntary",
)
_WORK_ARRANGEMENTS = _terms(
    onsite="inoffice office inperson physical",
    hybrid="hybridremote remotehybrid",
    remote="fullyremote remoteonly workfromhome wfh telecommute telework anywhere",
)
_EXPERIENCE_LEVELS = _terms(
    entry="entrylevel junior juniorlevel jr graduate fresher intern internship",
    mid="midlevel middle middlelevel intermediate",
    senior="seniorlevel sr",
    lead="leadlevel teamlead principal",
    executive="executivelevel director clevel",
)
_CURRENCIES = {
    "₦": "NGN",
    "naira": "NGN",
    "$": "USD",
    "us$": "USD",
    "£": "GBP",
    "€": "EUR",
}
_CURRENCY_CODE = re.compile("[A-Z]{3}")


def clean_period(value: object) -> str | None:
    """hourly, daily, weekly, monthly, yearly, or None."""
    return _PERIODS.get(_letters(clean_line(value)))


def clean_currency(value: object) -> str | None:
    """Three letters such as NGN, or None."""
    text = clean_line(value) or ""
    code = _CURRENCIES.get(text.lower(), text.upper())
    return code if _CURRENCY_CODE.fullmatch(code) else None


def clean_work_arrangement(value: object) -> str | None:
    """onsite, hybrid, remote, or None."""
    return _WORK_ARRANGEMENTS.get(_letters(clean_line(value)))


def clean_employment_type(value: object) -> str | None:
    """full-time, part-time, contract, ..., or else the value in small letters."""
    return _known_or_lower(_EMPLOYMENT_TYPES, clean_line(value))


def clean_experience_level(value: object) -> str | None:
    """entry, mid, senior, lead, executive, or else the value in small letters."""
    return _known_or_lower(_EXPERIENCE_LEVELS, clean_line(value))


def _known_or_lower(terms: Terms, text: str | None) -> str | None:
    if text is None:
        return None
    return terms.get(_letters(text)) or clean_line(text.lower())


def _letters(text: str | None) -> str:
    return re.sub("[^a-z]", "", (text or "").lower())
