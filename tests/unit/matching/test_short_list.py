from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.matching.test_ranking import MATCHES, match
from whatsapp_bot.matching.ranking import best_first
from whatsapp_bot.matching.short_list import short_list
from whatsapp_bot.records import Match


def listed(
    matches: list[Match], surpluses: list[int], limit: int, threshold: int = 0
) -> tuple[list[Match], int]:
    """Its best, where hopes are so much above the scores; and how many were judged."""
    judged = []

    def judge(found: Match) -> Match | None:
        judged.append(found)
        return found if found.match_score >= 20 else None

    pairs = zip(matches, surpluses, strict=True)
    hopes = ((each.match_score + surplus, each) for each, surplus in pairs)
    good = (
        m
        for m in short_list(hopes, judge, limit, threshold)
        if m.match_score >= threshold
    )
    return best_first(good)[:limit], len(judged)


@given(MATCHES, st.data(), st.integers(1, 25), st.sampled_from([0, 30, 60]))
def test_the_best_are_those_of_all(
    matches: list[Match], data: st.DataObject, limit: int, threshold: int
) -> None:
    size = len(matches)
    surpluses = data.draw(st.lists(st.integers(0, 40), min_size=size, max_size=size))
    least = max(threshold, 20)
    every = [m for m in matches if m.match_score >= least]
    mine, _ = listed(matches, surpluses, limit, threshold)
    assert mine == best_first(every)[:limit]


def test_what_cannot_be_among_the_best_is_not_judged() -> None:
    matches = [match(n, 90 if n <= 10 else 50) for n in range(1, 101)]
    mine, judged = listed(matches, [5] * 100, 5)
    assert [m.match_score for m in mine] == [90] * 5
    assert judged == 10  # those of the first look; no other can come near


def test_a_full_page_of_one_employer_is_no_reason_to_stop() -> None:
    matches = [match(n, 90, "acme") for n in range(1, 11)] + [match(99, 30, "bola")]
    mine, _ = listed(matches, [0] * 11, 5)
    assert 99 in [m.job_id for m in mine]


def test_the_newer_of_two_equals_is_not_missed() -> None:
    older = [match(n, 60, age=9) for n in range(1, 5)]
    newest = match(9, 60)
    mine, _ = listed([*older, newest], [3, 3, 3, 3, 0], 1)
    assert mine == [newest]
