"""Whether a message asks us to stop writing; decided by rules alone.

A person who asks to be left alone must be, in whatever words (WhatsApp's policy: "You
must respect all requests"). Where a message may be read either way, it is a stop: to
come back takes one word.
"""

from __future__ import annotations

import re
from typing import Final

from whatsapp_bot.bot.understanding.plain import distance, plain, words_of

# Said around the word that counts, and changes nothing.
_AROUND: Final = words_of("""please pls plz plss abeg biko jare jor joor ejo e o oo oh ah ehn now nau na nah
    just kindly i say said a oga sir ma madam bros bro sis boss una you guys dear hey hi
    hello ok okay kk thanks thank this that thing things it dis dat the all everything me
    my am im with for again at once immediately right here bot sef ooo fa mana mbok ya
    completely totally forever sha already don do want to wan go fit must should can u ur
    your us make mek tire tired""")
# Alone they say it. The last lines are Hausa, Igbo, Yoruba and French.
_STOP: Final = words_of("""stop stops stopp stopall stopit stopnow stopped unsubscribe unsub unsubcribe
    unsuscribe unsubscrib desubscribe optout quit end enough arret deactivate
    daina tsaya kwusi kwụsị duro arretez arreter""")
_FORGIVEN: Final = ("stop", "unsubscribe", "optout")
# A letter away from "stop", and words of their own.
_OTHER_WORDS: Final = words_of("""shop step top stoop atop slop crop drop prop chop stow store stock spot strop
    star start stay stew sop steep stomp stope loop""")
_AIM: Final = (  # what is to end
    r"(?:send|sending|sendin|dey send|messag\w*|texting|text|texts|writ\w+|chat\w*|"
    r"disturb\w*|distub\w*|worry\w*|contact\w*|bother\w*|spam\w*|call(?:s|ing|in)?(?! cent)|alert\w*|"
    r"notif\w*|updat\w*|sms|broadcast\w*|whatsapp\w*|ping\w*|reply\w*|email\w*|"
    r"subscri\w+|service)"
)
_ORDERS: Final = re.compile(
    r"^(?:\w+ ){0,6}?(?:"
    # stop sending me messages; stop am; stop these alerts; cancel my subscription
    rf"(?:stop|cease|end|cancel|deactivate|halt) (?:\w+ ){{0,3}}?{_AIM}\b"
    # do not send me anything; no send me message; make una no dey disturb me
    rf"|(?:do not|dont|don t|no|nor|never|make una no|mek una no|make you no) "
    rf"(?:\w+ )?(?:dey |go |ever )*{_AIM} (?:\w+ ){{0,2}}?(?:me|my|i|us|again|anything|"
    r"message\w*|anymore|this)\b"
    # no more messages
    rf"|no more {_AIM}\b"
    # I no want this message again; I dont want your alerts
    rf"|(?:dont|do not|no|nor|no longer|not) (?:\w+ ){{0,1}}?(?:want|wan|need|wish|like|"
    rf"interested in)(?: to)?(?: \w+){{0,4}}? {_AIM}\b"
    r"|(?:i )?(?:dont|do not|no) (?:want|wan) (?:you|una|this|am|dis) (?:again|anymore)"
    # remove me; comot my number; take me off; delete my number
    r"|(?:remove|comot|commot|komot|comut|take) (?:me|my (?:number|no|name|contact|line))\b"
    r"|(?:delete|erase) my (?:number|no|name|contact|line)\b"
    r"|(?:leave|leaf|lef|free) me(?: alone| abeg| o| jare)?$|leave me alone|free me abeg"
    r"|let me be$|allow me (?:rest|breathe)|let me rest$|lemme rest$"
    r"|opt(?:ing)? (?:me )?out\b|sign me (?:out|off)\b|log me out|unsubscrib\w*"
    r"|block (?:me|my number|this number)|(?:its|e|don|e don) (?:do|don do)(?: me)?$"
    r"|i (?:am|m) (?:done|tired) (?:with|of) (?:you|una|this)\b"
    r")"
)
# "STOP, I have found a job", "stop the jobs": whoever begins with it means it, unless it
# is a thing or a trade.
_FIRST: Final = re.compile(
    r"(?:(?:please|pls|plz|abeg|biko|just|kindly|ok|okay|oya|hi|hello|hey) )*"
    r"(?:stop|unsubscribe|unsub)\b(?! (?:watch|motion|gap|over|loss|sign|and search)\b)"
)
_SIGNS: Final = frozenset("🛑⛔🚫✋")
_NEVER: Final = re.compile(
    r"\b(?:dont|do not|no|nor|never|make una no|shouldnt|should not|wont|cant) "
    r"(?:\w+ ){0,1}?(?:stop|unsubscribe|quit|end|remove|comot|leave|cancel)\b"
)


def is_stop(text: str) -> bool:
    """Whether she asks us to stop writing, in English or Pidgin, misspelt or not.

    "stop" inside of a sentence about something else is none: "bus stop attendant".
    """
    said = plain(text)
    if not said:
        return bool(_SIGNS.intersection(text))
    if _FIRST.match(said):
        return True
    if len(said) > 200 or _NEVER.search(said):
        return False
    if _is_spelled_out(said):
        return True
    words = [word for word in said.split() if word not in _AROUND]
    if words and len(said.split()) <= 8 and all(map(_means_stop, words)):
        return True
    return bool(_ORDERS.search(said))


def _is_spelled_out(said: str) -> bool:
    """ "S T O P", "s.t.o.p", "opt out"."""
    return said.replace(" ", "") in ("stop", "optout", "stopplease", "stopnow")


def _means_stop(word: str) -> bool:
    if word in _STOP:
        return True
    if word in _OTHER_WORDS or len(word) < 3:
        return False
    return any(
        len(known) - 1 <= len(word)
        and word[0] == known[0]
        and distance(word, known) <= (1 if len(known) < 9 else 2)
        for known in _FORGIVEN
    )
