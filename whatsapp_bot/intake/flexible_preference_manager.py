"""Saves what people want, then embeds it."""

from __future__ import annotations

from collections.abc import Mapping

from whatsapp_bot.database.users import UserStore
from whatsapp_bot.intake.profile import Person, parse_preferences
from whatsapp_bot.intake.save_hook import SaveHook
from whatsapp_bot.records import Row


class FlexiblePreferenceManager:
    def __init__(self, users: UserStore, hook: SaveHook) -> None:
        self._users = users
        self._hook = hook

    def save_preferences(self, user_id: int, preferences: Mapping[str, object]) -> bool:
        """Save the preferences that are given; the others stay as they are.

        When it returns, they are saved; True: their vector is up to date too. Raises
        InputError (nothing was saved), NotFound (no such user) or DatabaseError.
        """
        self._users.save_preferences(user_id, parse_preferences(preferences))
        return self._hook.saved("user", user_id)

    def save_person(self, person: Person) -> int:
        """Save a person from a file, without waiting for her vector; our own id."""
        user_id = self._users.save(person.external_id, person.name, person.language)
        self._users.save_preferences(user_id, person.preferences)
        return user_id

    def get_user_preferences(self, user_id: int) -> Row:
        """By column. Raises NotFound when she told none yet."""
        return self._users.get_preferences(user_id)
