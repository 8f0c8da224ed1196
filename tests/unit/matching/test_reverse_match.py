from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from whatsapp_bot.matching.reverse_match import chosen

COSINES = st.lists(
    st.lists(st.floats(-1, 1, width=32), min_size=5, max_size=5), min_size=1, max_size=8
).map(lambda rows: np.array(rows, np.float32))


@given(COSINES, st.floats(-1, 1, width=32), st.integers(1, 6))
def test_what_is_chosen_is_the_largest_over_the_least(
    cosines: np.ndarray, least: float, most: int
) -> None:
    people, jobs = chosen(cosines, least, most)
    pairs = list(zip(people, -cosines[people, jobs], strict=True))
    assert pairs == sorted(pairs)
    for person, row in enumerate(cosines):
        mine = set(jobs[people == person].tolist())
        over = {job for job in range(5) if row[job] >= np.float32(least)}
        assert mine <= over
        assert len(mine) >= min(most, len(over))
        # Only equals of the last one may be more than were asked for.
        assert sum(row[job] > min(row[list(mine)]) for job in mine) < most or not mine
        assert all(row[left] <= row[taken] for left in over - mine for taken in mine)
