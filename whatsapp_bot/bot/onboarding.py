"""She says what she looks for; it is shown, confirmed and saved. In as few messages as
can be: every message is a charge, to us and to her."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from whatsapp_bot.bot import choices, wish_words
from whatsapp_bot.bot.talk import Reply, Talk
from whatsapp_bot.bot.understanding.wishes import (
    CLEARED,
    FIELDS,
    Field,
    Understanding,
    checked,
    completed,
    is_unclear,
    replacing,
    understand,
    understand_field,
    understand_form,
    understand_surely,
)
from whatsapp_bot.errors import InputError, NotFound
from whatsapp_bot.intake.flexible_preference_manager import FlexiblePreferenceManager
from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.messages import Button, Buttons, ListMessage, ListRow

# What is offered where she would rather choose: the keys of texts, or the words
# themselves; whichever is chosen is read as if she had typed it.
OPTIONS: Final[Mapping[Field, tuple[str, ...]]] = {
    "work": (
        "Driver",
        "Sales Representative",
        "Customer Service",
        "Accountant",
        "Teacher",
        "Security Guard",
        "Cleaner",
        "Cook",
        "Receptionist",
        "any",
    ),
    "place": (
        "Lagos",
        "Abuja",
        "Port Harcourt",
        "Ibadan",
        "Kano",
        "Benin City",
        "Enugu",
        "Kaduna",
        "Onitsha",
        "anywhere",
    ),
    "pay": ("50k", "70k", "100k", "150k", "200k", "300k", "500k", "1m", "any"),
    "experience": ("fresher", "1 year", "2 years", "3 years", "5 years", "10 years"),
    "arrangement": ("onsite", "hybrid", "remote", "any"),
    "employment": ("full-time", "part-time", "contract", "internship", "any"),
}


class Onboarding:
    def __init__(
        self,
        preferences: FlexiblePreferenceManager,
        understands: Understanding | None = None,
    ) -> None:
        """understands: asked for a text in which the rules find no work; None: nobody
        is."""
        self._preferences = preferences
        self._understands = understands

    # --- she has said something

    def welcome(self, talk: Talk) -> Reply:
        other = "pcm" if talk.language == "en" else "en"
        buttons = (
            Button(choices.make("guided"), talk.say("button_guided")),
            Button(choices.make("language", other), talk.say("button_other_language")),
            Button(choices.make("help"), talk.say("button_help")),
        )
        talk = replace(talk, state="asking", asked="")
        return Reply(talk, (Buttons(talk.say("welcome"), buttons),))

    def told(self, talk: Talk, text: str) -> Reply | None:
        """The text as wishes; None where it tells none."""
        is_asked = talk.state in ("new", "asking")
        columns = self._told_another(text, is_asked)
        if columns is None:
            columns = understand(text, is_asked)
        return self.drafted(talk, columns) if columns else None

    def _told_another(self, text: str, is_asked: bool) -> Row | None:
        """What the rules are sure of, and what another reader adds. None: there is none,
        it cannot say, or the rules need none."""
        if self._understands is None or not is_unclear(text, is_asked):
            return None
        others = self._understands(text)
        if others is None:
            return None
        return completed(understand_surely(text), checked(others))

    def filled_in(self, talk: Talk, form: Mapping[str, str]) -> Reply:
        columns = understand_form(form)
        return self.drafted(talk, columns) if columns else self.welcome(talk)

    def drafted(self, talk: Talk, columns: Row) -> Reply:
        """Shows what was understood; asks for the work where nobody knows it yet."""
        known = self.known(talk)
        talk = replace(talk, draft={**talk.draft, **replacing(columns)})
        if "job_roles" not in talk.draft and not known.get("job_roles"):
            return self.ask(talk, "work", talk.say("understood_part"))
        return self.confirm(talk)

    def confirm(self, talk: Talk, hint: str = "") -> Reply:
        talk = replace(talk, state="confirming", asked="", is_guided=False)
        merged = {**self.known(talk), **talk.draft}
        body = [
            hint,
            talk.say("understood"),
            wish_words.summary(talk.language, merged),
            talk.say("is_it_right"),
        ]
        buttons = (
            Button(choices.make("yes"), talk.say("button_yes")),
            Button(choices.make("change"), talk.say("button_change")),
        )
        said = "\n\n".join(filter(None, body))
        return Reply(talk, (Buttons(said, buttons),))

    # --- one field alone

    def change(self, talk: Talk) -> Reply:
        """Which one?"""
        merged = {**self.known(talk), **talk.draft}
        rows = [
            ListRow(
                choices.make("field", field),
                talk.say(f"field_{field}"),
                wish_words.words(talk.language, field, merged) or talk.say("any"),
            )
            for field in FIELDS
        ]
        message = ListMessage(talk.say("change_which"), talk.say("button_choose"), rows)
        return Reply(talk, (message,))

    def guide(self, talk: Talk) -> Reply:
        """Field by field, by lists: for whoever would rather not type."""
        return self.ask(replace(talk, is_guided=True, draft={}), FIELDS[0])

    def ask(self, talk: Talk, field: Field, hint: str = "") -> Reply:
        talk = replace(talk, state="asking", asked=field)
        body = [hint, self._draft_of(talk) if hint else "", talk.say(f"ask_{field}")]
        rows = [
            ListRow(choices.make("set", field, option), _option(talk, field, option))
            for option in OPTIONS[field]
        ]
        said = "\n\n".join(filter(None, body))
        return Reply(talk, (ListMessage(said, talk.say("button_choose"), rows),))

    def _draft_of(self, talk: Talk) -> str:
        lines = [
            wish_words.line(talk.language, field, talk.draft)
            for field in FIELDS
            if wish_words.words(talk.language, field, talk.draft)
        ]
        return "\n".join(lines)

    def answered(self, talk: Talk, field: Field, text: str) -> Reply:
        """Her answer to `ask`."""
        columns = self._answer(field, text)
        if not columns:
            return self.ask(talk, field, talk.say("not_understood"))
        if talk.is_guided:
            return self._guided_on(talk, field, columns)
        if not talk.has_preferences or talk.draft:
            return self.drafted(talk, columns)
        return self.save_alone(talk, field, columns)

    def _answer(self, field: Field, text: str) -> Row:
        if field == "work" and (told := self._told_another(text, True)) is not None:
            return {**CLEARED[field], **told} if "job_roles" in told else {}
        columns = understand_field(field, text)
        if len(text.split()) > 2:  # she may have told all the rest as well
            columns = {**understand(text), **columns}
        return columns

    def _guided_on(self, talk: Talk, field: Field, columns: Row) -> Reply:
        talk = replace(talk, draft={**talk.draft, **columns})
        later = FIELDS[FIELDS.index(field) + 1 :]
        return self.ask(talk, later[0]) if later else self.confirm(talk)

    def save_alone(self, talk: Talk, field: Field, columns: Row) -> Reply:
        if not self.save(talk, columns):
            return self.ask(talk, field, talk.say("not_understood"))
        said = wish_words.line(talk.language, field, self.known(talk))
        buttons = (
            Button(choices.make("jobs"), talk.say("button_jobs")),
            Button(choices.make("settings"), talk.say("button_change")),
        )
        body = talk.say("saved_field", line=said)
        return Reply(talk.at_rest(), (Buttons(body, buttons),))

    # --- what is saved

    def known(self, talk: Talk) -> Row:
        """Her saved preferences; none where she told none."""
        try:
            return self._preferences.get_user_preferences(talk.user_id)
        except NotFound:
            return {}

    def save(self, talk: Talk, columns: Row) -> bool:
        """At once, with its vector if the provider is quick: to do it again changes
        nothing. False where it cannot be saved."""
        try:
            self._preferences.save_preferences(talk.user_id, columns)
        except InputError:
            return False
        return True

    def accept(self, talk: Talk) -> Talk | None:
        """Save the draft; the talk after it, or None where it cannot be saved."""
        if talk.draft and not self.save(talk, talk.draft):
            return None
        has = talk.has_preferences or bool(talk.draft)
        return replace(talk, has_preferences=has).at_rest()


def _option(talk: Talk, field: Field, option: str) -> str:
    columns = understand_field(field, option)
    return wish_words.words(talk.language, field, columns) or talk.say("any")
