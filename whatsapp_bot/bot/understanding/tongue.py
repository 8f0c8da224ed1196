"""Which of our two languages she writes in."""

from __future__ import annotations

import re
from typing import Final, Literal

from whatsapp_bot.bot.understanding.plain import plain, words_of

Language = Literal["en", "pcm"]  # ISO 639: English, Nigerian Pidgin
LANGUAGES: Final[tuple[Language, ...]] = ("en", "pcm")
_PIDGIN: Final = words_of("""dey wetin abeg una wey sabi comot commot waka sef oya shey mek pesin wia belle gats
    gatz wahala abi biko una dem nau sha pikin nor dat dis watin weytin dey's haba jare oga
    kain jor wan""")
_PIDGIN_PHRASES: Final = re.compile(
    r"\b(?:(?:you|we|e|dem|i) (?:fit|no|don)|(?:we|e|dem) go|no (?:fit|go)|i wan|no be|make i|make una|i don|e don|i no|e no|no get|i fit|how far|no dey|"
    r"na (?:im|so|wetin|me|my)|i be|well well|i need am|give me work|show me work|i get)\b"
)
_ENGLISH: Final = re.compile(
    r"\b(?:i am|im|i would|id like|i want to|i need a|looking for|do you|can you|could you|"
    r"i have|please find|interested in|thank you|my name is|are there|what are|how do)\b"
)


def language_of(text: str) -> Language | None:
    """None where it does not show: a place's name is the same in both."""
    said = plain(text)
    if _PIDGIN & set(said.split()) or _PIDGIN_PHRASES.search(said):
        return "pcm"
    if _ENGLISH.search(said):
        return "en"
    return None
