from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.loopback.webhook_receiver import updates_of
from whatsapp_bot.whatsapp.fake_graph.chaos import Chaos, Fault
from whatsapp_bot.whatsapp.fake_graph.errors import GraphError
from whatsapp_bot.whatsapp.fake_graph.updates import Account, Update, pack, sign

ACCOUNT = Account()
CONTACT = {"wa_id": "234"}
FIELDS = {"messages": "messages", "statuses": "messages", "user_preferences": "user_preferences"}  # fmt: skip


def update(kind: str, number: int) -> Update:
    value = {"contacts": [CONTACT], kind: [{"id": number}]}
    return Update(value, 0.0, kind, field=FIELDS[kind])


@given(
    st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=1_000), st.integers()
)
def test_each_update_is_told_once_however_they_are_put_together(
    kinds: list[str], seed: int
) -> None:
    updates = [update(kind, number) for number, kind in enumerate(kinds)]
    body = json.loads(pack(updates, ACCOUNT, random.Random(seed)))
    told = [(kind, told["id"]) for kind, told in updates_of(body)]
    assert sorted(told) == sorted((kind, number) for number, kind in enumerate(kinds))
    for entry in body["entry"]:
        assert entry["id"] == ACCOUNT.business_id
        for change in entry["changes"]:
            assert change["value"]["metadata"] == ACCOUNT.metadata
            assert change["value"]["contacts"] == [CONTACT]


def test_a_large_post_has_several_entries_and_changes_with_both_kinds_mixed() -> None:
    kinds = ["messages", "statuses"] * 500
    updates = [update(kind, number) for number, kind in enumerate(kinds)]
    entries = json.loads(pack(updates, ACCOUNT, random.Random(0)))["entry"]
    changes = [change for entry in entries for change in entry["changes"]]
    assert len(changes) > len(entries) > 1
    assert any({"messages", "statuses"} <= change["value"].keys() for change in changes)


def test_the_signature_is_the_hmac_of_the_raw_bytes() -> None:
    # RFC 4231, test case 2.
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign(b"what do ya want for nothing?", "Jefe") == f"sha256={digest}"


@pytest.mark.parametrize(
    "switches",
    [
        {"duplicate": 1.1},
        {"batch": 0},
        {"batch": 1_001},
        {"delay": -1},
        {"late_errors": [12]},
        {"chaos": 1},
        {"lost": None},
    ],
)
def test_a_switch_that_makes_no_sense_is_refused(switches: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Chaos().changed(switches)


def test_switches_change_one_by_one() -> None:
    chaos = (
        Chaos().changed({"batch": "10"}).changed({"lost": 0.5, "late_errors": [131047]})
    )
    assert chaos == Chaos(batch=10, lost=0.5, late_errors=(131047,))


@pytest.mark.parametrize("fault", [("502", 1), (7, 1), (131026, 0)])
def test_a_fault_that_is_none_is_refused(fault: tuple[object, int]) -> None:
    with pytest.raises(ValueError):
        Fault(fault[0], times=fault[1])  # type: ignore[arg-type]


def test_only_metas_codes_are_errors() -> None:
    with pytest.raises(ValueError):
        GraphError(7)
