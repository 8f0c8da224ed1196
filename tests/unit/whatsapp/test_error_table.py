from __future__ import annotations

from datetime import date

import pytest

from whatsapp_bot.whatsapp.api_versions import version_fact
from whatsapp_bot.whatsapp.error_table import Action, action_for, in_words


@pytest.mark.parametrize(
    ("action", "codes"),
    [
        (Action.STOP, [0, 3, 10, 190, 200, 250, 299, 131042]),
        (Action.SLOW_DOWN, [4, 80007, 130429]),
        (Action.SLOW_PERSON, [131056]),
        (Action.RETRY, [1, 2, 131000, 131016, 131057]),
        (Action.PARK, [131047]),
        (Action.STOP_ALERTS, [131048, 131064]),
        (
            Action.DISABLE_TEMPLATE,
            [132000, 132001, 132005, 132007, 132012, 132015, 132016],
        ),
        (Action.PAUSE_TEMPLATES, [131049]),
        (Action.STOP_TEMPLATES, [131050]),
        (Action.COUNT_UNDELIVERED, [131026]),
        (
            Action.GIVE_UP,
            [130403, 130472, 131062, 131030, 100, 131008, 131009, 300, 999999],
        ),
    ],
)
def test_each_code_asks_for_one_thing(action: Action, codes: list[int]) -> None:
    assert {action_for(code) for code in codes} == {action}


@pytest.mark.parametrize(
    ("code", "subcode", "http_status", "action"),
    [
        (100, 33, 400, Action.STOP),  # the number is wrong: no message is to blame
        (None, None, 404, Action.STOP),
        (None, None, 302, Action.STOP),
        (None, None, 429, Action.SLOW_DOWN),
        (777777, None, 500, Action.RETRY),
        (131056, None, 500, Action.SLOW_PERSON),
    ],
)
def test_without_a_known_code_the_status_tells(
    code: int | None, subcode: int | None, http_status: int, action: Action
) -> None:
    assert action_for(code, subcode, http_status) is action


def test_words_name_nobody() -> None:
    assert in_words(1, "to +2348031234567") == "1: to +..."
    assert in_words(131030, "").startswith("131030: a test number may write")
    assert in_words(None, "") == "None: no details"


@pytest.mark.parametrize(
    ("version", "is_well"),
    [("v20.0", False), ("v21.0", True), ("v25.0", True), ("v99.0", True)],
)
def test_a_version_is_told_before_it_ends(version: str, is_well: bool) -> None:
    assert version_fact(version, date(2026, 11, 21))[0] is is_well
    assert version_fact("v21.0", date(2027, 1, 1))[0] is False
