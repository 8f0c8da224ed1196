"""Whatever she sends, in whatever order: an answer within WhatsApp's limits, and silence
after STOP."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.bot.conftest import Person, PersonFactory, choices_of
from tests.unit.bot.test_messages import is_within_limits
from whatsapp_bot.bootstrap import App
from whatsapp_bot.bot.talk import STATES

SAID = st.one_of(
    st.sampled_from(
        (
            "driver work for Ikeja from 80k",
            "nurse, Abuja, 3 years, remote",
            "jobs|more|1|3|99|save|save 1|saved|not for me|not for me 2|settings|alerts",
            "alerts daily|alerts off|pause 2 weeks|resume|start|help|my data|delete my data",
            "human|pidgin|english|yes|no|thanks|hi|too far|80|5|any|anywhere|remote|asdfgh",
            "\0|\ud800|🙏|{}|{0}|%s|'; --|" + "x" * 5_000 + "|" + "9" * 400,
        )
    ).flatmap(lambda texts: st.sampled_from(texts.split("|"))),
    st.text(max_size=40),
)
ACTIONS = st.one_of(
    st.tuples(st.just("says"), SAID),
    st.tuples(st.just("presses"), st.integers(0, 20)),
    st.tuples(
        st.just("old"),
        st.sampled_from(
            [
                "1:yes",
                "1:change",
                "1:guided",
                "1:job:1",
                "1:job:-1",
                "1:save:2",
                "1:refuse:1",
                "1:why:1:far",
                "1:why:9:pay",
                "1:set:pay:100k",
                "1:set:work:any",
                "1:field:place",
                "1:widen:pay",
                "1:stop",
                "1:alerts:instant",
                "1:alerts:x",
                "1:language:pcm",
                "1:delete",
                "1:delete_no",
                "1:",
                "2:x",
                "1:pause",
            ]
        ),
    ),
    st.tuples(
        st.just("form"), st.dictionaries(st.sampled_from(["work", "pay", "x"]), SAID)
    ),
    st.tuples(
        st.just("media"), st.sampled_from(["sticker", "location", "reaction", "x"])
    ),
)


def act(person: Person, action: str, what: object) -> None:
    if action == "says":
        person.writes(str(what))
    elif action == "old":
        person.presses_id(str(what))
    elif action == "form":
        person.sends("form", form=what)
    elif action == "media":
        person.sends("other", media=what)
    elif action == "presses":
        offered = [id_ for message in person.read for id_, _ in choices_of(message)]
        if offered:
            person.presses_id(offered[int(str(what)) % len(offered)])


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actions=st.lists(ACTIONS, min_size=1, max_size=12))
def test_any_sequence_is_answered_and_stop_ends_it(
    actions: list[tuple[str, object]], someone: PersonFactory, jobs: list[int]
) -> None:
    person = someone()
    for action, what in actions:
        act(person, action, what)
        assert all(is_within_limits(message) for message in person.read)
    person.writes("stop it abeg")
    assert person.writes("jobs") == ""


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("text", ["STOP", "abeg stop", "no send me message again"])
def test_every_state_hears_stop(
    state: str, text: str, person: Person, app: App
) -> None:
    person.writes("driver in Lagos")
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "UPDATE conversations SET state = %s,"
            """ data = data || '{"asked": "work", "job": 1}'""",
            [state],
        )
    assert person.writes(text)
    assert len(person.read) == 1
    assert person.writes("jobs") == ""
