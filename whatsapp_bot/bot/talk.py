"""Where a conversation is, and what a message brings about in it; no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args

from whatsapp_bot.bot.texts import say
from whatsapp_bot.bot.understanding.tongue import LANGUAGES, Language
from whatsapp_bot.bot.understanding.wishes import FIELDS
from whatsapp_bot.database.database_manager import Cursor
from whatsapp_bot.intake.profile import PREFERENCE_FIELDS
from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.messages import Outgoing

# What her next words answer. new: she never wrote before. asking: for what she looks for,
# or for one field of it. confirming: whether the draft is right. ready: nothing. refusing:
# why a job is not for her. deleting: whether to delete her data.
State = Literal["new", "asking", "confirming", "ready", "refusing", "deleting"]
STATES: Final[tuple[State, ...]] = get_args(State)
Deed = Callable[[Cursor], object]
_KEPT: Final = ("draft", "asked", "page", "job", "is_guided")
_KEPT_FLAGS: Final = ("is_stopped", "is_language_chosen", "is_offered")


@dataclass(frozen=True)
class Talk:
    """draft: preferences that she told and has not confirmed. asked: the field that she is asked
    for alone. page: the jobs of the last list, by their numbers. job: the one that was
    last opened; 0 for none. is_guided: she answers field by field. is_offered: she was
    asked whether she wants alerts.
    """

    user_id: int
    revision: int = 0
    state: State = "new"
    language: Language = "en"
    has_preferences: bool = False
    needs_person_at: datetime | None = None
    draft: Row = field(default_factory=dict)
    asked: str = ""
    page: tuple[int, ...] = ()
    job: int = 0
    is_guided: bool = False
    is_stopped: bool = False
    is_language_chosen: bool = False
    is_offered: bool = False

    @classmethod
    def of(cls, row: Row) -> Talk:
        """row: of ConversationStore.read. What older or newer code stored, and this one
        cannot read, is taken for unsaid."""
        data: Any = row["data"] if isinstance(row["data"], dict) else {}
        state: State = row["state"] if row["state"] in STATES else "ready"
        draft, asked, job = data.get("draft"), data.get("asked"), data.get("job")
        pages = data.get("page")
        return cls(
            user_id=row["user_id"],
            revision=row["revision"],
            state=state if row["revision"] else "new",
            language=row["language"] if row["language"] in LANGUAGES else "en",
            has_preferences=row["has_preferences"],
            needs_person_at=row["needs_person_at"],
            draft={k: v for k, v in draft.items() if k in PREFERENCE_FIELDS}
            if isinstance(draft, dict)
            else {},
            asked=asked if asked in FIELDS else "",
            page=tuple(i for i in pages if isinstance(i, int))
            if isinstance(pages, list)
            else (),
            job=job if isinstance(job, int) else 0,
            is_guided=data.get("is_guided") is True,
            is_stopped=data.get("is_stopped") is True,
            is_language_chosen=data.get("is_language_chosen") is True,
            is_offered=data.get("is_offered") is True,
        )

    def data(self) -> Row:
        """What is stored beside the state, as JSON."""
        kept = (*_KEPT, *_KEPT_FLAGS)
        empty = Talk(self.user_id)
        return {
            name: getattr(self, name)
            for name in kept
            if getattr(self, name) != getattr(empty, name)
        }

    def say(self, key: str, **values: object) -> str:
        return say(self.language, key, **values)

    def at_rest(self) -> Talk:
        """Nothing is asked; what was shown stays known."""
        state: State = "ready" if self.has_preferences else "asking"
        return replace(self, state=state, draft={}, asked="", is_guided=False)

    def aside(self) -> Talk:
        """After a word about something else: what she looks for is still asked, what she
        thinks of a job, or whether to delete, no more."""
        return self.at_rest() if self.state in ("refusing", "deleting") else self


@dataclass(frozen=True)
class Reply:
    """What a message brings about: what is sent, the talk after it, and what is written
    with it, once. is_end: nothing of the talk is kept."""

    talk: Talk
    messages: tuple[Outgoing, ...] = ()
    deeds: tuple[Deed, ...] = ()
    is_last_word: bool = False
    is_end: bool = False

    def then(self, after: Reply) -> Reply:
        """Both, as one; `after` was made from this one's talk."""
        return replace(
            after,
            messages=(*self.messages, *after.messages),
            deeds=(*self.deeds, *after.deeds),
        )


assert {*_KEPT, *_KEPT_FLAGS} <= {each.name for each in fields(Talk)}
