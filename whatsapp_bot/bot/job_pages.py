"""Lists of jobs, one job in full, and what she says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from whatsapp_bot.bot import choices, job_words
from whatsapp_bot.bot.bot_controller import BotController
from whatsapp_bot.bot.talk import Deed, Reply, Talk
from whatsapp_bot.database.alerts import write_told
from whatsapp_bot.database.history import write_feedback, write_shown
from whatsapp_bot.errors import NotFound
from whatsapp_bot.matching import rows
from whatsapp_bot.matching.ranking import PAGE
from whatsapp_bot.records import Match, Row, SavedMatch
from whatsapp_bot.whatsapp.messages import (
    LONGEST_LIST_BODY,
    Button,
    Buttons,
    LinkButton,
    ListMessage,
    ListRow,
    Outgoing,
    Text,
    cut,
)

# Why a job is not for her: what is stored, by the value of the button.
REASONS: Final = {"far": "too far", "pay": "pay too low", "work": "not my kind of work"}
_ROOM_FOR_HINT: Final = 200  # characters of a list's body
SEARCHED: Final = 2 * PAGE  # some may be abroad


class JobPages:
    def __init__(self, controller: BotController) -> None:
        self._controller = controller

    def page(self, talk: Talk) -> Reply:
        """The best jobs that she was not shown yet, in one message; none abroad unless
        she would go there."""
        try:
            result = self._controller.search_jobs_for_user(talk.user_id, SEARCHED, True)
        except NotFound:
            return Reply(talk.at_rest(), (Text(talk.say("no_wishes")),))
        near = [match for match in result.matches if not match.is_abroad]
        matches, found = self._controller.first_page(near)
        talk = talk.at_rest()
        if not matches:
            return self._nothing_left(talk)
        ids = tuple(match.job_id for match in matches)
        shown = partial(write_shown, user_id=talk.user_id, job_ids=ids)
        talk = replace(talk, page=ids, job=0)
        return Reply(talk, (listed(talk, matches, found),), (shown,))

    def found(self, talk: Talk) -> Reply:
        """What was found for her and she was not told yet; without it, as `page`."""
        pending = self._controller.found_jobs(talk.user_id)
        matches, found = self._controller.first_page(pending.matches)
        if not matches:
            return self.page(talk)
        ids = tuple(match.job_id for match in matches)
        told: Deed = partial(write_told, user_id=talk.user_id, told=ids)
        talk = replace(talk.at_rest(), page=ids, job=0)
        return Reply(talk, (listed(talk, matches, found, is_new=True),), (told,))

    def _nothing_left(self, talk: Talk) -> Reply:
        """Says so, and offers to give up what she asks for beside the work."""
        wishes = self._controller.wishes_of(talk.user_id)
        buttons = [Button(choices.make("settings"), talk.say("button_change"))]
        if wishes.salary:
            widen = choices.make("widen", "pay")
            buttons.insert(0, Button(widen, talk.say("button_any_pay")))
        if wishes.places and not wishes.relocates:
            widen = choices.make("widen", "place")
            buttons.insert(0, Button(widen, talk.say("button_anywhere")))
        return Reply(talk, (Buttons(talk.say("none_left"), buttons),))

    def open(self, talk: Talk, job_id: int, now: datetime) -> Reply:
        job = self._controller.live_jobs([job_id]).get(job_id)
        if job is None:
            return self._ended(talk)
        reasons = self._controller.reasons_for(talk.user_id, job)
        body = job_words.details(talk.language, job, reasons, now.date())
        seen: Deed = partial(write_shown, user_id=talk.user_id, job_ids=(job_id,))
        talk = replace(talk.at_rest(), job=job_id)
        return Reply(talk, _opened(talk, job, body), (seen,))

    def open_number(self, talk: Talk, number: int, now: datetime) -> Reply:
        job_id = self.numbered(talk, number)
        return self.open(talk, job_id, now) if job_id else self.no_number(talk, number)

    def numbered(self, talk: Talk, number: int | None) -> int | None:
        """The job of that number on the last list; without a number, the one last opened,
        or the only one."""
        if number is None:
            return talk.job or (talk.page[0] if len(talk.page) == 1 else None)
        return talk.page[number - 1] if 0 < number <= len(talk.page) else None

    def no_number(self, talk: Talk, number: int | None) -> Reply:
        button = (Button(choices.make("jobs"), talk.say("button_jobs")),)
        if not talk.page:
            return Reply(talk, (Buttons(talk.say("no_list"), button),))
        key = "which_number" if number is None else "no_such_number"
        body = talk.say(key, number=number, most=len(talk.page))
        return Reply(talk, (Buttons(body, button),))

    def _ended(self, talk: Talk) -> Reply:
        buttons = (Button(choices.make("jobs"), talk.say("button_jobs")),)
        return Reply(talk.at_rest(), (Buttons(talk.say("job_ended"), buttons),))

    # --- what she says of a job

    def save(self, talk: Talk, job_id: int) -> Reply:
        if job_id not in self._controller.live_jobs([job_id]):
            return self._ended(talk)
        deed = partial(
            write_feedback, user_id=talk.user_id, job_id=job_id, feedback="saved"
        )
        buttons = (
            Button(choices.make("more"), talk.say("button_more")),
            Button(choices.make("saved"), talk.say("button_saved")),
        )
        message = Buttons(talk.say("job_saved"), buttons)
        return Reply(replace(talk.at_rest(), job=job_id), (message,), (deed,))

    def saved(self, talk: Talk) -> Reply:
        saved = self._controller.saved_jobs(talk.user_id, PAGE)
        talk = talk.at_rest()
        if not saved:
            return Reply(talk, (Text(talk.say("none_saved")),))
        lines = [_saved_line(talk, number, job) for number, job in enumerate(saved, 1)]
        shown = [
            ListRow(
                choices.make("job", job.job_id),
                f"{number}. {rows.label(job.title)}",
                rows.label(job.location or job.company or ""),
            )
            for number, job in enumerate(saved, 1)
        ]
        body = "\n\n".join((talk.say("saved_jobs"), *lines))
        message = ListMessage(body, talk.say("button_choose"), shown)
        ids = tuple(job.job_id for job in saved)
        return Reply(replace(talk, page=ids, job=0), (message,))

    def refuse(self, talk: Talk, job_id: int, words: str = "") -> Reply:
        """It never comes again; then why, unless she said so."""
        talk = replace(talk.at_rest(), job=job_id)
        deed = self._refusal(talk, job_id, words)
        if words:
            return Reply(talk, (self._what_next(talk, words),), (deed,))
        buttons = [
            Button(choices.make("why", job_id, code), talk.say(f"button_why_{code}"))
            for code in REASONS
        ]
        message = Buttons(talk.say("refused_why"), buttons)
        return Reply(replace(talk, state="refusing"), (message,), (deed,))

    def refused_because(self, talk: Talk, job_id: int, words: str) -> Reply:
        talk = replace(talk.at_rest(), job=job_id)
        deed = self._refusal(talk, job_id, words)
        return Reply(talk, (self._what_next(talk, words),), (deed,))

    def _refusal(self, talk: Talk, job_id: int, words: str) -> Deed:
        return partial(
            write_feedback,
            user_id=talk.user_id,
            job_id=job_id,
            feedback="not_for_me",
            reason=words or None,
        )

    def _what_next(self, talk: Talk, words: str) -> Outgoing:
        """What would have kept the job away is offered to be changed."""
        field = {"too far": "place", "pay too low": "pay"}.get(words, "work")
        buttons = (
            Button(choices.make("more"), talk.say("button_more")),
            Button(choices.make("field", field), talk.say(f"button_change_{field}")),
        )
        return Buttons(talk.say("refused"), buttons)


def _saved_line(talk: Talk, number: int, job: SavedMatch) -> str:
    ended = "" if job.is_live else talk.say("ended")
    where = (rows.label(job.company or ""), rows.label(job.location or ""), ended)
    return " · ".join(filter(None, (f"*{number}. {rows.label(job.title)}*", *where)))


def listed(
    talk: Talk,
    matches: Sequence[Match],
    found: dict[int, Row],
    *,
    is_new: bool = False,
) -> ListMessage:
    """Whole entries, as many as the body has room for; each is a row in any case."""
    shown = [
        ListRow(
            choices.make("job", match.job_id),
            job_words.row_title(number, found[match.job_id]),
            job_words.row_words(
                talk.language, found[match.job_id], match.match_reasons
            ),
        )
        for number, match in enumerate(matches, 1)
    ]
    what = "jobs_found" if len(matches) > 1 else "job_found"
    lines = [talk.say(f"new_{what}" if is_new else what, count=len(matches))]
    room = LONGEST_LIST_BODY - _ROOM_FOR_HINT - len(lines[0])
    for number, match in enumerate(matches, 1):
        line = job_words.entry(talk.language, number, found[match.job_id], match)
        room -= len(line) + 2
        if room > 0:
            lines.append(line)
    lines.append(cut(talk.say("jobs_hint"), _ROOM_FOR_HINT))
    return ListMessage("\n\n".join(lines), talk.say("button_details"), shown)


def _opened(talk: Talk, job: Row, body: str) -> tuple[Outgoing, ...]:
    """A page can only be opened from a message without other buttons: then two."""
    buttons = (
        Button(choices.make("save", job["id"]), talk.say("button_save")),
        Button(choices.make("refuse", job["id"]), talk.say("button_refuse")),
        Button(choices.make("more"), talk.say("button_more")),
    )
    if url := job_words.link(job):
        first = LinkButton(body, talk.say("button_apply"), url)
        return (first, Buttons(talk.say("what_next"), buttons))
    how = rows.label(rows.text(job, "url")) or talk.say("no_link")
    return (Buttons(f"{cut(body, 900)}\n\n{cut(how, 100)}", buttons),)
