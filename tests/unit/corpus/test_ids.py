from __future__ import annotations

import pytest

from whatsapp_bot.corpus.ids import Ids
from whatsapp_bot.errors import ConfigError


def test_ranges_and_single_ids() -> None:
    ids = Ids("1,5, 10-12,A-7")
    assert [i for i in range(20) if i in ids] == [1, 5, 10, 11, 12]
    assert "11" in ids and "A-7" in ids
    assert "A" not in ids and "05" not in ids


@pytest.mark.parametrize("text", ["", "1,,2", "5-1", ","])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--ids"):
        Ids(text)
