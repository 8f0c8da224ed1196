from __future__ import annotations

import pytest

from whatsapp_bot.errors import ConfigError
from whatsapp_bot.ids import Ids


def test_ranges_and_single_ids() -> None:
    ids = Ids("1,5, 10-12,A-7")
    assert [i for i in range(20) if i in ids] == [1, 5, 10, 11, 12]
    assert "11" in ids and "A-7" in ids
    assert "A" not in ids and "05" not in ids


@pytest.mark.parametrize("text", ["", "1,,2", "5-1", ","])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--ids"):
        Ids(text)


def test_ranges_for_a_database_are_inclusive_pairs() -> None:
    assert Ids("1,5,10-20,100-200").ranges() == [(10, 20), (100, 200), (1, 1), (5, 5)]


@pytest.mark.parametrize("text", ["A-7", "1,x", "1.5", str(2**63)])
def test_what_is_no_row_number_is_refused_where_only_those_will_do(text: str) -> None:
    with pytest.raises(ConfigError, match=f"--ids has '?{text.split(',')[-1]}"):
        Ids(text).ranges()
