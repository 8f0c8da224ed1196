"""What each error code of the Cloud API asks of us; pure.

Codes: Meta's page on error codes. A code that is not listed is no fault that sending again
would mend.
"""

from __future__ import annotations

import re
from enum import Enum


class Action(Enum):
    """What becomes of the message, and of whatever else the code is about."""

    STOP = "nothing is sent until a person acts; the message waits"
    SLOW_DOWN = "the whole number rests a little; the message waits"
    SLOW_PERSON = "she rests 4^n seconds; the message waits"
    RETRY = "the message is tried again, some times"
    PARK = "her window is closed; the message waits until she writes"
    STOP_ALERTS = "no alerts for a day; the message waits"
    DISABLE_TEMPLATE = "the template is not used until a person acts; the message waits"
    PAUSE_TEMPLATES = "she gets no template for a day; the message is given up"
    STOP_TEMPLATES = "she gets no template until she says so; the message is given up"
    COUNT_UNDELIVERED = "given up; after some, she gets no alerts until she writes"
    GIVE_UP = "the message is given up"


_ACTIONS = {
    Action.STOP: (0, 3, 10, 190, *range(200, 300), 131042),
    Action.SLOW_DOWN: (4, 80007, 130429),
    Action.SLOW_PERSON: (131056,),
    Action.RETRY: (1, 2, 131000, 131016, 131057),
    Action.PARK: (131047,),
    Action.STOP_ALERTS: (131048, 131064),
    Action.DISABLE_TEMPLATE: (
        *(132000, 132001, 132005, 132007, 132012, 132015, 132016),
    ),
    Action.PAUSE_TEMPLATES: (131049,),
    Action.STOP_TEMPLATES: (131050,),
    Action.COUNT_UNDELIVERED: (131026,),
    # Blocked by us, an experiment of Meta's, no BSUID allowed (and no phone known), a
    # number that a test number may not write to, and mistakes of ours.
    Action.GIVE_UP: (130403, 130472, 131062, 131030, 100, 131008, 131009),
}
BY_CODE = {code: action for action, codes in _ACTIONS.items() for code in codes}

WRONG_NUMBER = 33  # beside code 100: no such phone_number_id, or none of this token's

IN_WORDS = {
    190: "the token of WHATSAPP_TOKEN is expired or wrong",
    131030: "a test number may write to its allowed recipients only: add this one in "
    "Meta's app dashboard",
    131042: "Meta has no means of payment for this account",
    131048: "Meta restricts this number: too many people blocked or reported it",
    131064: "Meta limits templates: one was in the wrong category",
}


def action_for(
    code: int | None, subcode: int | None = None, http_status: int = 400
) -> Action:
    """code None: the answer had none, so it was not Meta's, or a setting is wrong."""
    if code == 100 and subcode == WRONG_NUMBER:
        return Action.STOP
    if code in BY_CODE:
        return BY_CODE[code]
    if http_status == 429:
        return Action.SLOW_DOWN
    if http_status >= 500:
        return Action.RETRY
    return Action.STOP if code is None else Action.GIVE_UP


def in_words(code: int | None, details: str) -> str:
    """For last_error and the health check; whatever may be a phone number is left out."""
    words = IN_WORDS.get(code) if code is not None else None
    return f"{code}: {words or re.sub(r'[0-9]{7,}', '...', details) or 'no details'}"
