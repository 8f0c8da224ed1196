"""What people send us, and what we send them: within WhatsApp's limits by construction.

The limits are those of Meta's pages on text, reply button, list and URL button messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from whatsapp_bot.database.database_manager import Cursor

LONGEST_TEXT = 4_096
LONGEST_LIST_BODY = 4_096
LONGEST_BUTTON_BODY = 1_024  # of reply buttons and of a URL button
LONGEST_BUTTON = 20
LONGEST_ROW_TITLE, LONGEST_ROW_DESCRIPTION = 24, 72
LONGEST_BUTTON_ID, LONGEST_ROW_ID = 256, 200
MOST_BUTTONS, MOST_ROWS = 3, 10
ELLIPSIS = "…"

# What may not be cut off from what stands before it: marks, joiners, skin tones, and the
# second half of a flag is left to chance.
_CLINGING = re.compile("[\u0300-\u036f\u200d\u20e3\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")

Kind = Literal["text", "choice", "form", "other"]


@dataclass(frozen=True)
class Incoming:
    """A message of a person.

    id: our own, of the inbox. text: what she wrote, or the words on what she pressed.
    choice: the id of the button or row she pressed. form: the fields she filled in.
    media: what it is where the kind is other: "sticker", "location", "audio"... sent_at:
    by Meta's clock.
    """

    id: int
    user_id: int
    kind: Kind
    sent_at: datetime
    text: str = ""
    choice: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    media: str = ""


def cut(text: str, longest: int) -> str:
    """At most so many characters, cut at a word where there is one near the end, with an
    ellipsis; no character is torn from its accent, its skin tone or its joiner."""
    text = text.replace("\0", "").strip()
    if len(text) <= longest:
        return text
    end = longest - len(ELLIPSIS)
    while end > 0 and (_CLINGING.match(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    space = text.rfind(" ", end * 2 // 3, end + 1)
    return text[: space if space > 0 else end].rstrip(" ,;:-–—.") + ELLIPSIS


@dataclass(frozen=True)
class Text:
    body: str

    def __post_init__(self) -> None:
        _keep(self, body=cut(self.body, LONGEST_TEXT))


@dataclass(frozen=True)
class Button:
    """id: comes back as Incoming.choice, at any time later. Raises ValueError for an id
    that is too long: a cut one would be another."""

    id: str
    title: str

    def __post_init__(self) -> None:
        _check_id(self.id, LONGEST_BUTTON_ID)
        _keep(self, title=cut(self.title, LONGEST_BUTTON))


@dataclass(frozen=True)
class Buttons:
    """A text with up to three buttons to answer by; more are dropped."""

    body: str
    buttons: Sequence[Button]

    def __post_init__(self) -> None:
        _keep(
            self,
            body=cut(self.body, LONGEST_BUTTON_BODY),
            buttons=tuple(self.buttons[:MOST_BUTTONS]),
        )


@dataclass(frozen=True)
class ListRow:
    id: str
    title: str
    description: str = ""

    def __post_init__(self) -> None:
        _check_id(self.id, LONGEST_ROW_ID)
        _keep(
            self,
            title=cut(self.title, LONGEST_ROW_TITLE),
            description=cut(self.description, LONGEST_ROW_DESCRIPTION),
        )


@dataclass(frozen=True)
class ListMessage:
    """A text with a button that opens up to ten rows to choose from; more are dropped."""

    body: str
    button: str
    rows: Sequence[ListRow]

    def __post_init__(self) -> None:
        _keep(
            self,
            body=cut(self.body, LONGEST_LIST_BODY),
            button=cut(self.button, LONGEST_BUTTON),
            rows=tuple(self.rows[:MOST_ROWS]),
        )


@dataclass(frozen=True)
class LinkButton:
    """A text with a button that opens a page; that it was pressed is not told."""

    body: str
    button: str
    url: str

    def __post_init__(self) -> None:
        _keep(
            self,
            body=cut(self.body, LONGEST_BUTTON_BODY),
            button=cut(self.button, LONGEST_BUTTON),
        )


@dataclass(frozen=True)
class Template:
    """An approved template, for outside the 24-hour window. values: of its body, in
    order. choices: the ids of its quick replies, in order; each comes back as
    Incoming.choice."""

    name: str
    language: str
    values: Sequence[str] = ()
    choices: Sequence[str] = ()


Outgoing = Text | Buttons | ListMessage | LinkButton | Template


@dataclass(frozen=True)
class Answer:
    """What a message brings about: all of it, in one transaction, or nothing.

    store: writes what must happen exactly once (the state of the conversation, what was
    shown). is_last_word: it is sent although the person asked us to stop.
    """

    messages: Sequence[Outgoing] = ()
    store: Callable[[Cursor], None] = lambda cursor: None
    is_last_word: bool = False


class Answerer(Protocol):
    def answer(self, message: Incoming) -> Answer:
        """Called outside of any transaction; again with the same message when what it
        brought about could not be stored."""
        ...


def _check_id(id_: str, longest: int) -> None:
    if not 0 < len(id_) <= longest:
        raise ValueError(f"an id of {len(id_)} characters; at most {longest}")


def _keep(message: object, **values: object) -> None:
    """For a frozen dataclass that is being made."""
    for name, value in values.items():
        object.__setattr__(message, name, value)
