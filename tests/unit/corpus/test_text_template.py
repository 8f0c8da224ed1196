from __future__ import annotations

import pytest

from whatsapp_bot.corpus.text_template import TextTemplate
from whatsapp_bot.errors import ConfigError, InputError

SAMPLE = TextTemplate(
    "Title: {title}\nGenre: {genre}\nBPM: {bpm:.0f}\nKey: {musical_key}\n"
    "Mood: {mood_primary}, {mood_secondary}\nEnergy: {energy_level:.2f}\n"
    "Tags: {vibe_tags}\nDescription: {raw_analysis}"
)


def test_every_column_has_its_line() -> None:
    fields = {
        "title": "life could",
        "genre": "misc",
        "bpm": 103.36,
        "musical_key": "F",
        "mood_primary": "chill",
        "mood_secondary": "warm",
        "energy_level": "0.7",
        "vibe_tags": ["dusty", "slow"],
        "raw_analysis": "A moderate, relaxed tempo.",
    }
    assert SAMPLE.text(fields) == (
        "Title: life could\nGenre: misc\nBPM: 103\nKey: F\nMood: chill, warm\n"
        "Energy: 0.70\nTags: dusty, slow\nDescription: A moderate, relaxed tempo."
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": "a", "mood_primary": "chill"}, "Title: a\nMood: chill"),
        ({"title": "a", "mood_secondary": "warm"}, "Title: a\nMood: warm"),
        ({"title": "a", "genre": "", "bpm": None, "vibe_tags": []}, "Title: a"),
        ({"title": "  a  ", "genre": " "}, "Title: a"),
        ({}, ""),
        ({"title": None}, ""),
    ],
)
def test_what_is_missing_is_left_out(fields: dict[str, object], expected: str) -> None:
    assert SAMPLE.text(fields) == expected


def test_words_around_the_fields_stay() -> None:
    template = TextTemplate("News\n{title} ({source})\nend")
    assert template.text({"title": "Oil", "source": "Reuters"}) == (
        "News\nOil (Reuters)\nend"
    )
    assert template.text({}) == ""  # words alone say nothing of the row


def test_braces_may_be_doubled() -> None:
    assert TextTemplate("{{{a}}}").text({"a": "x"}) == "{x}"


def test_a_value_that_cannot_be_formatted_is_named() -> None:
    with pytest.raises(InputError, match="bpm is 'fast', which '.0f' cannot format"):
        SAMPLE.text({"title": "a", "bpm": "fast"})
    with pytest.raises(InputError, match="title is a blob"):
        SAMPLE.text({"title": b"\0"})


@pytest.mark.parametrize("template", ["", "Title", "{", "{}", "{title!r}", "{a} {"])
def test_a_template_that_cannot_be_read_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="template"):
        TextTemplate(template)
