"""Who answers a message: by the state of the talk, what was pressed and what was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar, cast

from whatsapp_bot.bot import choices
from whatsapp_bot.bot.account import CADENCES, Account
from whatsapp_bot.bot.job_pages import REASONS, JobPages
from whatsapp_bot.bot.menu import Menu
from whatsapp_bot.bot.onboarding import Onboarding
from whatsapp_bot.bot.talk import Reply, Talk
from whatsapp_bot.bot.understanding.commands import (
    DEFAULT_PAUSE_DAYS,
    Command,
    read_command,
)
from whatsapp_bot.bot.understanding.plain import words_of
from whatsapp_bot.bot.understanding.stopping import is_stop
from whatsapp_bot.bot.understanding.tongue import LANGUAGES
from whatsapp_bot.bot.understanding.wishes import CLEARED, FIELDS, Field
from whatsapp_bot.intake.cleaning import clean_line
from whatsapp_bot.whatsapp.messages import Incoming

# Of somebody who told us to stop, only these are obeyed.
_WHILE_STOPPED: Final = frozenset(
    {"start", "resume", "my_data", "delete", "delete_yes", "delete_no", "stop"}
)
# While something is asked, these are commands; anything else answers the question.
_ABOVE_QUESTIONS: Final = words_of("""jobs more saved settings alerts alerts_daily alerts_instant alerts_off pause start
    help my_data delete human english pidgin field about applying hired""")
_ABOVE_REASONS: Final = _ABOVE_QUESTIONS | {"open", "save", "greeting"}
_LONGEST_REASON: Final = 300  # characters

T = TypeVar("T", bound=str)
Values = tuple[str, ...]
Action = Callable[[Talk, Values, datetime], Reply]


class Dispatcher:
    def __init__(
        self, onboarding: Onboarding, pages: JobPages, account: Account, menu: Menu
    ) -> None:
        self._onboarding = onboarding
        self._pages = pages
        self._account = account
        self._menu = menu
        self._actions: Mapping[str, Action] = {
            "stop": lambda talk, _, now: account.stop(talk),
            "start": lambda talk, _, now: account.start(talk),
            "help": lambda talk, _, now: menu.help(talk),
            "human": lambda talk, _, now: menu.human(talk, now),
            "about": lambda talk, _, now: menu.about(talk),
            "applying": lambda talk, _, now: menu.applying(talk),
            "thanks": lambda talk, _, now: menu.thanks(talk),
            "hired": lambda talk, _, now: menu.hired(talk),
            "greeting": lambda talk, _, now: self._greeting(talk),
            "jobs": lambda talk, _, now: self._jobs(talk),
            "more": lambda talk, _, now: self._jobs(talk),
            "saved": lambda talk, _, now: pages.saved(talk),
            "found": lambda talk, _, now: pages.found(talk),
            "settings": lambda talk, _, now: self._settings(talk),
            "change": lambda talk, _, now: self._change(talk),
            "yes": lambda talk, _, now: self._yes(talk),
            "guided": lambda talk, _, now: onboarding.guide(talk),
            "field": self._field,
            "set": self._set,
            "widen": self._widen,
            "job": self._job,
            "save": self._save,
            "refuse": self._refuse,
            "why": self._why,
            "alerts": self._alerts,
            "pause": self._pause,
            "resume": lambda talk, _, now: self._resume(talk, now),
            "my_data": lambda talk, _, now: account.my_data(talk, now),
            "delete": lambda talk, _, now: account.ask_to_delete(talk),
            "delete_yes": lambda talk, _, now: self._delete(talk),
            "delete_no": lambda talk, _, now: account.keep(talk),
            "language": self._language,
        }

    def reply(self, talk: Talk, message: Incoming) -> Reply:
        chosen = choices.parse(message.choice) if message.kind == "choice" else None
        if chosen is not None and chosen[0] in self._actions:
            return self._act(talk, *chosen, message.sent_at)
        # Before anything else, whatever is being asked.
        if is_stop(message.text):
            return self._account.stop(talk)
        command = _in_context(talk, read_command(message.text))
        if talk.is_stopped:
            return self._while_stopped(talk, command, message.sent_at)
        if message.kind == "form":
            return self._onboarding.filled_in(talk, message.form)
        if not message.text.strip():
            return self._menu.unreadable(talk, message.media)
        return self._said(talk, message.text, command, message.sent_at)

    def _act(self, talk: Talk, action: str, values: Values, now: datetime) -> Reply:
        if talk.is_stopped and action not in _WHILE_STOPPED:
            return Reply(talk)
        return self._actions[action](talk, values, now)

    def _while_stopped(
        self, talk: Talk, command: Command | None, now: datetime
    ) -> Reply:
        name = command.name if command else ""
        if talk.state == "deleting" and name in ("yes", "no"):
            name = f"delete_{name}"
        return self._act(talk, name, (), now) if name in _WHILE_STOPPED else Reply(talk)

    # --- words, by what they answer

    def _said(
        self, talk: Talk, text: str, command: Command | None, now: datetime
    ) -> Reply:
        name = command.name if command else ""
        if talk.state == "deleting":
            if name in ("yes", "no"):
                return self._act(talk, f"delete_{name}", (), now)
            talk = talk.at_rest()
        elif talk.state == "refusing" and name not in _ABOVE_REASONS:
            is_reason = name not in ("yes", "no", "thanks", "refuse")
            said = (clean_line(text, _LONGEST_REASON) or "") if is_reason else ""
            return self._pages.refused_because(talk, talk.job, said)
        elif talk.state == "confirming" and not _ends_draft(talk, name):
            return self._confirmed(talk, text, name)
        elif talk.state == "asking" and talk.asked and name not in _ABOVE_QUESTIONS:
            return self._onboarding.answered(talk, cast(Field, talk.asked), text)
        if command is not None:
            return self._command(talk, command, text, now)
        return self._onboarding.told(talk, text) or self._lost(talk)

    def _confirmed(self, talk: Talk, text: str, name: str) -> Reply:
        if name == "yes":
            return self._yes(talk)
        if name in ("no", "settings", "refuse"):
            return self._onboarding.change(talk)
        if name in ("greeting", "thanks"):
            return self._onboarding.confirm(talk)
        told = self._onboarding.told(talk, text)
        return told or self._onboarding.confirm(talk, talk.say("not_understood"))

    def _command(self, talk: Talk, command: Command, text: str, now: datetime) -> Reply:
        """In a talk in which nothing, or nothing in particular, is asked."""
        name = command.name
        if name in ("open", "save", "refuse"):
            return self._of_number(talk, command, now)
        if name in ("yes", "no"):
            name = "thanks" if talk.has_preferences else "greeting"
        if name.startswith("alerts_"):
            said = clean_line(text, 40) or ""
            cadence = name.removeprefix("alerts_")
            return self._account.set_alerts(talk, cadence, now, f"message: {said}")
        if name in ("english", "pidgin"):
            return self._language(talk, ("en" if name == "english" else "pcm",), now)
        if name == "field":
            return self._field(talk, (command.words,), now)
        if name == "pause":
            return self._account.pause(talk, command.days, now)
        return self._act(talk, name, (), now)

    def _of_number(self, talk: Talk, command: Command, now: datetime) -> Reply:
        if command.name == "open":
            return self._pages.open_number(talk, command.number or 0, now)
        job_id = self._pages.numbered(talk, command.number)
        if not job_id:
            return self._pages.no_number(talk, command.number)
        if command.name == "save":
            return self._pages.save(talk, job_id)
        words = clean_line(command.words, _LONGEST_REASON) or ""
        return self._pages.refuse(talk, job_id, words)

    def _lost(self, talk: Talk) -> Reply:
        if talk.state == "new":
            return self._onboarding.welcome(talk)
        if not talk.has_preferences:
            return self._onboarding.ask(talk, "work", talk.say("not_understood"))
        return self._menu.not_understood(talk)

    # --- what is pressed or commanded

    def _greeting(self, talk: Talk) -> Reply:
        greets = (
            self._menu.greeting if talk.has_preferences else self._onboarding.welcome
        )
        return greets(talk)

    def _jobs(self, talk: Talk) -> Reply:
        return self._page(talk) if talk.has_preferences else self._yes(talk)

    def _page(self, talk: Talk) -> Reply:
        page = self._pages.page(talk)
        return page.then(self._account.offer_alerts(page.talk))

    def _yes(self, talk: Talk) -> Reply:
        """Save the draft and show what it finds."""
        if not talk.draft and not talk.has_preferences:
            return self._onboarding.welcome(talk)
        if "job_roles" not in talk.draft and not talk.has_preferences:
            return self._onboarding.ask(talk, "work", talk.say("understood_part"))
        after = self._onboarding.accept(talk)
        if after is None:
            emptied = replace(talk, draft={})
            return self._onboarding.ask(emptied, "work", talk.say("not_understood"))
        return self._page(after)

    def _delete(self, talk: Talk) -> Reply:
        """A button of weeks ago, touched by chance, deletes nothing."""
        if talk.state == "deleting":
            return self._account.delete(talk)
        return self._account.ask_to_delete(talk)

    def _settings(self, talk: Talk) -> Reply:
        if not talk.has_preferences and not talk.draft:
            return self._onboarding.welcome(talk)
        return self._onboarding.change(talk.at_rest() if talk.has_preferences else talk)

    def _change(self, talk: Talk) -> Reply:
        if not talk.has_preferences and not talk.draft:
            return self._onboarding.welcome(talk)
        return self._onboarding.change(talk)

    def _field(self, talk: Talk, values: Values, now: datetime) -> Reply:
        field = _one_of(FIELDS, values)
        if field is None:
            return self._menu.not_understood(talk)
        return self._onboarding.ask(replace(talk, is_guided=False), field)

    def _set(self, talk: Talk, values: Values, now: datetime) -> Reply:
        field = _one_of(FIELDS, values)
        if field is None or len(values) < 2:
            return self._menu.not_understood(talk)
        return self._onboarding.answered(talk, field, ":".join(values[1:]))

    def _widen(self, talk: Talk, values: Values, now: datetime) -> Reply:
        field = _one_of(FIELDS, values)
        if field is None or not talk.has_preferences:
            return self._settings(talk)
        anywhere = {"willing_to_relocate": True} if field == "place" else {}
        self._onboarding.save(talk, {**CLEARED[field], **anywhere})
        return self._page(talk)

    def _job(self, talk: Talk, values: Values, now: datetime) -> Reply:
        job_id = choices.job_id(values)
        if job_id is None:
            return self._menu.not_understood(talk)
        return self._pages.open(talk, job_id, now)

    def _save(self, talk: Talk, values: Values, now: datetime) -> Reply:
        job_id = choices.job_id(values)
        if job_id is None:
            return self._menu.not_understood(talk)
        return self._pages.save(talk, job_id)

    def _refuse(self, talk: Talk, values: Values, now: datetime) -> Reply:
        job_id = choices.job_id(values)
        if job_id is None:
            return self._menu.not_understood(talk)
        return self._pages.refuse(talk, job_id)

    def _why(self, talk: Talk, values: Values, now: datetime) -> Reply:
        job_id = choices.job_id(values)
        reason = REASONS.get(values[1]) if len(values) > 1 else None
        if job_id is None or reason is None:
            return self._menu.not_understood(talk)
        return self._pages.refused_because(talk, job_id, reason)

    def _alerts(self, talk: Talk, values: Values, now: datetime) -> Reply:
        cadence = _one_of(CADENCES, values)
        if cadence is None:
            return self._account.alerts(talk, now)
        return self._account.set_alerts(talk, cadence, now, "button")

    def _pause(self, talk: Talk, values: Values, now: datetime) -> Reply:
        return self._account.pause(talk, DEFAULT_PAUSE_DAYS, now)

    def _resume(self, talk: Talk, now: datetime) -> Reply:
        if talk.is_stopped:
            return self._account.start(talk)
        return self._account.resume(talk, now)

    def _language(self, talk: Talk, values: Values, now: datetime) -> Reply:
        language = _one_of(LANGUAGES, values) or talk.language
        talk = replace(talk, language=language, is_language_chosen=True)
        if talk.has_preferences or talk.draft:
            return self._menu.speaks(talk)
        return self._onboarding.welcome(talk)


def _in_context(talk: Talk, command: Command | None) -> Command | None:
    """ "cancel" ends what she is asked; where she is asked nothing, our messages."""
    if command is None or command.name != "cancel":
        return command
    is_asked = talk.asked or talk.state in ("confirming", "refusing", "deleting")
    return replace(command, name="no" if is_asked else "stop")


def _ends_draft(talk: Talk, name: str) -> bool:
    """Whether it is a command and no answer to whether the draft is right."""
    if name in ("open", "save"):
        return bool(talk.page)
    return name in _ABOVE_QUESTIONS - {"settings"}


def _one_of(known: tuple[T, ...], values: Values) -> T | None:
    return next((each for each in known if values and values[0] == each), None)
