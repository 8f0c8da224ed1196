"""Every text that people read, by key, in English and Pidgin: texts.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from whatsapp_bot.bot.understanding.tongue import Language

TEXTS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    Path(__file__).with_name("texts.toml").read_text(encoding="utf-8")
)


def say(language: Language, key: str, **values: object) -> str:
    """The text with its {placeholders} filled in. KeyError for a key that there is not."""
    return TEXTS[key][language].strip().format(**values)
