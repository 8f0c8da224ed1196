"""Help, small talk, a person to talk to, and what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from whatsapp_bot.bot import choices
from whatsapp_bot.bot.talk import Reply, Talk
from whatsapp_bot.whatsapp.messages import (
    Button,
    Buttons,
    ListMessage,
    ListRow,
    Text,
)

# What is offered by `help`: the actions of choices, and the keys of their words.
_ROWS: Final = (
    ("jobs", "row_jobs"),
    ("saved", "row_saved"),
    ("settings", "row_settings"),
    ("alerts", "row_alerts"),
    ("pause", "row_pause"),
    ("human", "row_human"),
    ("my_data", "row_my_data"),
    ("delete", "row_delete"),
    ("stop", "row_stop"),
)
# Kinds of message that cannot be read, by what Incoming.media calls them; any other is
# answered as "unknown".
MEDIA: Final = {
    "location": "media_location",
    "audio": "media_audio",
    "voice": "media_audio",
    "document": "media_document",
    "image": "media_image",
    "video": "media_image",
    "sticker": "media_sticker",
    "contacts": "media_contact",
    "contact": "media_contact",
}
_SILENT: Final = frozenset({"reaction"})  # asks for nothing


class Menu:
    def __init__(self, human_contact: str | None) -> None:
        self._human_contact = human_contact

    def help(self, talk: Talk) -> Reply:
        other = "pcm" if talk.language == "en" else "en"
        rows = [
            ListRow(choices.make(action), talk.say(key), talk.say(f"{key}_words"))
            for action, key in _ROWS
        ]
        rows.append(
            ListRow(
                choices.make("language", other),
                talk.say("button_other_language"),
                talk.say("row_language_words"),
            )
        )
        message = ListMessage(talk.say("help"), talk.say("button_menu"), rows)
        return Reply(talk.aside(), (message,))

    def human(self, talk: Talk, now: datetime) -> Reply:
        """An operator sees that she waits: conversations.needs_person_at."""
        said = talk.say("human")
        if self._human_contact:
            said = f"{said} {talk.say('human_contact', contact=self._human_contact)}"
        since = talk.needs_person_at or now
        return Reply(replace(talk.aside(), needs_person_at=since), (Text(said),))

    def about(self, talk: Talk) -> Reply:
        return Reply(talk.aside(), (Text(talk.say("about")),))

    def applying(self, talk: Talk) -> Reply:
        return Reply(talk.aside(), (Text(talk.say("applying")),))

    def thanks(self, talk: Talk) -> Reply:
        return Reply(talk.aside(), (Text(talk.say("thanks")),))

    def hired(self, talk: Talk) -> Reply:
        buttons = (
            Button(choices.make("stop"), talk.say("button_stop")),
            Button(choices.make("jobs"), talk.say("button_jobs")),
        )
        return Reply(talk.aside(), (Buttons(talk.say("hired"), buttons),))

    def greeting(self, talk: Talk) -> Reply:
        buttons = (
            Button(choices.make("jobs"), talk.say("button_jobs")),
            Button(choices.make("settings"), talk.say("button_change")),
            Button(choices.make("help"), talk.say("button_help")),
        )
        return Reply(talk.at_rest(), (Buttons(talk.say("greeting"), buttons),))

    def not_understood(self, talk: Talk) -> Reply:
        buttons = (
            Button(choices.make("jobs"), talk.say("button_jobs")),
            Button(choices.make("help"), talk.say("button_help")),
            Button(choices.make("human"), talk.say("button_human")),
        )
        return Reply(talk, (Buttons(talk.say("gibberish"), buttons),))

    def unreadable(self, talk: Talk, media: str) -> Reply:
        if media in _SILENT:
            return Reply(talk)
        return Reply(talk, (Text(talk.say(MEDIA.get(media, "media_unknown"))),))

    def speaks(self, talk: Talk) -> Reply:
        return Reply(talk, (Text(talk.say("language_set")),))
