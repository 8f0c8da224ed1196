"""What a chat model is asked about a text that strangers wrote, and the shape of its answer.

Whoever wrote the text may have written it for the model ("ignore previous instructions").
So the text goes as data, between delimiters that it cannot end, and the answer is data as
well: its shape is checked here, its values by whoever asked. Nothing of it is carried out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from whatsapp_bot.embeddings.packing import estimate_tokens

MOST_LISTED: Final = 100  # a list that is longer is no answer
_LARGEST: Final = 1e15  # a number that is larger counts nothing

Schema = dict[str, Any]  # JSON Schema, as far as strict structured outputs know it

TEXT: Final[Schema] = {"type": ["string", "null"]}
NUMBER: Final[Schema] = {"type": ["number", "null"]}  # not below 0
FLAG: Final[Schema] = {"type": ["boolean", "null"]}
TEXTS: Final[Schema] = {"type": "array", "items": {"type": "string"}}


def one_of(names: Sequence[str]) -> Schema:
    return {"type": ["string", "null"], "enum": [*names, None]}


def some_of(names: Sequence[str]) -> Schema:
    return {"type": "array", "items": {"type": "string", "enum": [*names]}}


def object_of(properties: Mapping[str, Schema]) -> Schema:
    """All of them and no other, as "strict" asks for it."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


@dataclass(frozen=True)
class Question:
    """About one text. name: of what it is; the delimiters bear it. said: the text, by its
    parts. schema: of object_of. most_tokens: that the answer may have."""

    name: str
    instructions: str
    schema: Schema
    said: Mapping[str, str]
    most_tokens: int

    @property
    def message(self) -> str:
        """The text as JSON, in which no character can end the delimiter."""
        said = json.dumps(dict(self.said), ensure_ascii=False).replace("<", "\\u003c")
        return f"<{self.name}>\n{said}\n</{self.name}>"

    def estimate_sent(self) -> int:
        """Tokens, rather too many than too few."""
        said = self.instructions, json.dumps(self.schema), self.message
        return sum(estimate_tokens(each) for each in said)


class AnswerInvalid(ValueError):
    """The answer is not what was asked for; the message says how, in no word of it."""


def read_object(content: str, schema: Schema) -> dict[str, Any]:
    """The answer, in the shape that was asked for. Raises AnswerInvalid."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        raise AnswerInvalid("the answer is not JSON") from None
    if not isinstance(said, dict):
        raise AnswerInvalid("the answer is no object")
    if said.keys() != schema["properties"].keys():
        raise AnswerInvalid("the answer has other fields than were asked for")
    for name, value in said.items():
        if not _fits(schema["properties"][name], value):
            raise AnswerInvalid(f"{name} is not as it was asked for")
    return said


def _fits(schema: Schema, value: object) -> bool:
    kind = schema["type"]
    if kind == "array":
        is_list = isinstance(value, list) and len(value) <= MOST_LISTED
        return is_list and all(_fits(schema["items"], item) for item in value)  # type: ignore[attr-defined]
    if value is None:
        return "null" in kind
    if "number" in kind:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and 0 <= value <= _LARGEST  # type: ignore[operator]
    if "boolean" in kind:
        return isinstance(value, bool)
    return isinstance(value, str) and value in schema.get("enum", (value,))
