from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from whatsapp_bot.bot import onboarding
from whatsapp_bot.bot.menu import MEDIA
from whatsapp_bot.bot.texts import TEXTS, say
from whatsapp_bot.bot.understanding.tongue import LANGUAGES, language_of
from whatsapp_bot.whatsapp.messages import (
    LONGEST_BUTTON,
    LONGEST_ROW_DESCRIPTION,
    LONGEST_ROW_TITLE,
)

CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in Path(onboarding.__file__).parent.glob("*.py")
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_is_in_both_languages_with_the_same_placeholders(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    english, pidgin = (TEXTS[key][language] for language in LANGUAGES)
    assert english.strip() and pidgin.strip()
    assert placeholders(english) == placeholders(pidgin)


def test_every_text_is_asked_for() -> None:
    """By its name, or by what an f-string begins or ends with."""
    names = set(re.findall(r"""["']([a-z_]+)["']""", CODE))
    begins = tuple(re.findall(r"""(?:f|startswith\()["']([a-z]+_)["{]""", CODE))
    assert [
        key
        for key in TEXTS
        if key not in names
        and not key.startswith(begins)
        and key.removesuffix("_words") not in names
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_on_buttons_and_rows_have_room(language: str) -> None:
    for key, texts in TEXTS.items():
        text = texts[language]
        if key.startswith("button_"):
            assert len(text) <= LONGEST_BUTTON, key
        elif key.startswith("row_") and key.endswith("_words"):
            assert len(text) <= LONGEST_ROW_DESCRIPTION, key
        elif key.startswith(("row_", "field_")):
            assert len(text) <= LONGEST_ROW_TITLE, key


def test_texts_are_short() -> None:
    assert max(len(text) for texts in TEXTS.values() for text in texts.values()) < 300


def test_long_pidgin_texts_are_pidgin() -> None:
    """And not English that somebody copied."""
    long_ = [text["pcm"] for text in TEXTS.values() if len(text["pcm"].split()) > 7]
    assert sum(language_of(text) == "pcm" for text in long_) > 0.8 * len(long_)
    assert not any(
        language_of(text["en"]) == "pcm"
        for text in TEXTS.values()
        if "yarn" not in text["en"]
    )


def test_what_no_text_is_there_for_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("en", "no such key")


def test_each_kind_of_media_has_its_text() -> None:
    assert set(MEDIA.values()) <= set(TEXTS)
