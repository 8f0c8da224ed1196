"""Numbers that are written as words."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
VALUES: Final = (
    {word: n for n, word in enumerate(_UNITS.split())}
    | {word: 10 * n for n, word in enumerate(_TENS.split(), 2)}
    | {"fourty": 40, "hundred": 100}
)
_WORDS: Final = "|".join(sorted(VALUES, key=len, reverse=True))
# Only what counts something: "one" alone is no number to look at.
_RUN: Final = re.compile(
    rf"\b((?:(?:{_WORDS})(?:[\s-]+and\b)?[\s-]*)+)"
    r"(?=(?:k|thousand|tausand|grand|million|m|naira|years?|yrs?|weeks?|months?|days?)\b)"
)


def _value(words: list[str]) -> int:
    """ "two fifty" is 250, as people say it of money; "twenty five" is 25."""
    total = 0
    for word in words:
        value = VALUES[word]
        if value == 100:
            total = max(total, 1) * 100
        elif total and total < 10 and value >= 10:
            total = total * 100 + value
        else:
            total += value
    return total


def with_digits(text: str) -> str:
    """The same with the numbers before "k", "thousand", "years" and the like in digits."""

    def digits(found: re.Match[str]) -> str:
        words = [word for word in re.split(r"[\s-]+", found[1]) if word in VALUES]
        return f"{_value(words)} "

    return _RUN.sub(digits, text)
