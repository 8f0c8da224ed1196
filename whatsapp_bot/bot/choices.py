"""The ids of buttons and rows: what they do, for as long as the message can be seen.

"1:save:77": the version of this scheme, the action, what it is done to. A button of an old
message may be pressed weeks later, so an id says all that is needed to obey it.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = "1"
LARGEST_ID: Final = 2**63 - 1  # of a bigint


def make(action: str, *values: object) -> str:
    return ":".join((VERSION, action, *map(str, values)))


def parse(choice: str) -> tuple[str, tuple[str, ...]] | None:
    """The action and its values; None for an id that is none of ours."""
    version, _, rest = choice.partition(":")
    if version != VERSION or not rest:
        return None
    action, *values = rest.split(":")
    return action, tuple(values)


def job_id(values: tuple[str, ...]) -> int | None:
    """The first of the values as the id of a job."""
    said = values[0] if values else ""
    if not (said.isascii() and said.isdecimal() and len(said) < 20):
        return None
    return int(said) if 0 < int(said) <= LARGEST_ID else None
