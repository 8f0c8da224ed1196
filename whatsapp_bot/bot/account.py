"""Stop, start, alerts, her data and its end: what a person may always ask for.

None of it needs the embedding provider or a chat model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from whatsapp_bot.bot import choices, wish_words
from whatsapp_bot.bot.contacts import Contacts
from whatsapp_bot.bot.onboarding import Onboarding
from whatsapp_bot.bot.talk import Deed, Reply, Talk
from whatsapp_bot.database.conversations import (
    AlertChoice,
    ConversationStore,
    write_alerts,
    write_pause,
)
from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.messages import Button, Buttons, Text

CADENCES: Final = ("daily", "instant", "off")
_SHORT_DAY: Final = "%d %b %Y"


class Account:
    def __init__(
        self,
        store: ConversationStore,
        contacts: Contacts,
        onboarding: Onboarding,
        told_keys: Sequence[str] = (),
    ) -> None:
        """told_keys: of texts on who is told what she writes."""
        self._store = store
        self._told_keys = told_keys
        self._contacts = contacts
        self._onboarding = onboarding

    # --- stop and start

    def stop(self, talk: Talk) -> Reply:
        """One last word, and silence. Her consent to alerts ends with it."""
        deeds: tuple[Deed, ...] = (
            partial(self._contacts.stop, user_id=talk.user_id),
            partial(self._contacts.withdraw_consent, user_id=talk.user_id),
            partial(write_alerts, user_id=talk.user_id, choice=AlertChoice("off")),
        )
        if talk.is_stopped:
            return Reply(talk, (), deeds)
        after = replace(talk.at_rest(), is_stopped=True)
        return Reply(after, (Text(talk.say("stopped")),), deeds, is_last_word=True)

    def start(self, talk: Talk) -> Reply:
        after = replace(talk.at_rest(), is_stopped=False)
        # In any case: she may have been stopped elsewhere, by hand.
        deeds: tuple[Deed, ...] = (
            partial(self._contacts.resume, user_id=talk.user_id),
        )
        if not talk.has_preferences:
            return Reply(after, (), deeds).then(self._onboarding.welcome(after))
        buttons = (
            Button(choices.make("jobs"), talk.say("button_jobs")),
            Button(choices.make("alerts"), talk.say("button_alerts")),
            Button(choices.make("settings"), talk.say("button_change")),
        )
        return Reply(after, (Buttons(talk.say("started"), buttons),), deeds)

    # --- alerts

    def alerts(self, talk: Talk, now: datetime) -> Reply:
        """How they stand, and the ways to have them. Her consent is to these words."""
        settings = self._store.read_alerts(talk.user_id)
        said = self._alerts_said(talk, settings, now)
        return Reply(talk.aside(), (self._offer(talk, said),))

    def offer_alerts(self, talk: Talk) -> Reply:
        """Once, with the first list of jobs."""
        if talk.is_offered:
            return Reply(talk)
        talk = replace(talk, is_offered=True)
        if self._store.read_alerts(talk.user_id) is not None:
            return Reply(talk)
        return Reply(talk, (self._offer(talk, talk.say("alerts_offer")),))

    def _offer(self, talk: Talk, said: str) -> Buttons:
        buttons = [
            Button(choices.make("alerts", cadence), talk.say(f"button_{cadence}"))
            for cadence in CADENCES
        ]
        return Buttons(f"{said}\n\n{talk.say('alerts_consent')}", buttons)

    def set_alerts(self, talk: Talk, cadence: str, now: datetime, source: str) -> Reply:
        """source: how she said so, such as "button"."""
        said, words = talk.say(f"alerts_{cadence}"), talk.say("alerts_consent")
        if cadence == "off":
            choice = AlertChoice(cadence)
            agreed = partial(self._contacts.withdraw_consent, user_id=talk.user_id)
        else:
            if source != "button":  # which stood under these words
                said = f"{said} {words}"
            choice = AlertChoice(cadence, now, words, f"WhatsApp {source}")
            agreed = partial(
                self._contacts.consent_to_templates,
                user_id=talk.user_id,
                source=f"WhatsApp {source}: {words}",
            )
        deed = partial(write_alerts, user_id=talk.user_id, choice=choice)
        return Reply(talk.aside(), (Text(said),), (agreed, deed))

    def pause(self, talk: Talk, days: int, now: datetime) -> Reply:
        until = now + timedelta(days=days)
        deed = partial(write_pause, user_id=talk.user_id, until=until)
        said = talk.say("paused", until=until.strftime(_SHORT_DAY))
        return Reply(talk.aside(), (Text(said),), (deed,))

    def resume(self, talk: Talk, now: datetime) -> Reply:
        settings = self._store.read_alerts(talk.user_id)
        if settings is None or settings["cadence"] == "off":
            return self.alerts(talk, now)
        deed = partial(write_pause, user_id=talk.user_id, until=None)
        return Reply(talk.aside(), (Text(talk.say("resumed")),), (deed,))

    def _alerts_said(self, talk: Talk, settings: Row | None, now: datetime) -> str:
        if settings is None or settings["cadence"] == "off":
            return talk.say("alerts_are_off")
        until = settings["paused_until"]
        if until and until > now:
            return talk.say("paused", until=until.strftime(_SHORT_DAY))
        return talk.say(f"alerts_are_{settings['cadence']}")

    # --- her data

    def my_data(self, talk: Talk, now: datetime) -> Reply:
        facts = self._store.read_facts(talk.user_id)
        alerts = self._store.read_alerts(talk.user_id)
        wishes = wish_words.summary(talk.language, self._onboarding.known(talk))
        lines = (
            talk.say("data_head"),
            talk.say(
                "data_person",
                name=facts["name"] or "-",
                since=facts["created_at"].strftime(_SHORT_DAY),
            ),
            f"{talk.say('data_wishes')}\n{wishes}",
            talk.say("data_vector") if facts["has_vector"] else "",
            *map(talk.say, self._told_keys),
            talk.say(
                "data_jobs",
                shown=facts["shown"],
                saved=facts["saved"],
                refused=facts["refused"],
            ),
            self._alerts_said(talk, alerts, now),
            _consent_said(talk, alerts),
            talk.say("data_stopped") if talk.is_stopped else "",
            talk.say("data_end"),
        )
        return Reply(
            talk,
            (Text("\n\n".join(filter(None, lines))),),
            is_last_word=talk.is_stopped,
        )

    def ask_to_delete(self, talk: Talk) -> Reply:
        buttons = (
            Button(choices.make("delete_yes"), talk.say("button_delete_yes")),
            Button(choices.make("delete_no"), talk.say("button_delete_no")),
        )
        after = replace(talk.at_rest(), state="deleting")
        message = Buttons(talk.say("delete_sure"), buttons)
        return Reply(after, (message,), is_last_word=talk.is_stopped)

    def delete(self, talk: Talk) -> Reply:
        deed = partial(self._contacts.delete_person, user_id=talk.user_id)
        message = Text(talk.say("deleted"))
        return Reply(talk, (message,), (deed,), is_last_word=True, is_end=True)

    def keep(self, talk: Talk) -> Reply:
        message = Text(talk.say("kept"))
        return Reply(talk.at_rest(), (message,), is_last_word=talk.is_stopped)


def _consent_said(talk: Talk, alerts: Row | None) -> str:
    if not alerts or not alerts["consent_at"]:
        return ""
    when = alerts["consent_at"].strftime(_SHORT_DAY)
    return talk.say("data_consent", when=when, source=alerts["consent_source"] or "-")
