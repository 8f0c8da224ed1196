from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from whatsapp_bot.matching.ranking import MOST_OF_ONE_EMPLOYER, PAGE, best_first
from whatsapp_bot.records import Match

TODAY = date(2026, 11, 21)


def match(
    job_id: int,
    score: int = 50,
    employer: str | None = None,
    posting: str | None = None,
    age: int = 0,
) -> Match:
    listed = TODAY - timedelta(days=age)
    return Match(
        job_id, "Nurse", None, None, None, listed, score, (), posting, employer
    )


MATCHES = st.lists(
    st.builds(
        match,
        st.integers(1, 10_000),
        st.integers(0, 100),
        st.sampled_from([None, "a", "b", "c", "d", "e"]),
        st.sampled_from([None, *map(str, range(40))]),
        st.integers(0, 60),
    ),
    max_size=60,
    unique_by=lambda match: match.job_id,
)


def ids(matches: list[Match]) -> list[int]:
    return [match.job_id for match in matches]


def test_the_best_comes_first_and_of_equals_the_newer() -> None:
    page = best_first([match(1, 50, age=2), match(2, 50, age=1), match(3, 60, age=9)])
    assert ids(page) == [3, 2, 1]


def test_of_several_postings_of_a_job_the_best_is_kept() -> None:
    assert ids(best_first([match(1, 40, posting="x"), match(2, 90, posting="x")])) == [
        2
    ]


def test_an_employer_leaves_room_for_others() -> None:
    many = [match(n, 100 - n, "acme") for n in range(1, 13)]
    others = [match(n, 40, f"other {n}") for n in range(20, 30)]
    page = best_first([*many, *others])
    assert ids(page)[:PAGE] == [1, 2, *range(29, 21, -1)]
    assert ids(page)[PAGE : PAGE + 4] == [3, 4, 21, 20]


def test_a_short_list_is_not_emptied() -> None:
    page = best_first([match(n, 100 - n, "acme") for n in range(5)])
    assert ids(page) == [0, 1, 2, 3, 4]


def test_unknown_employers_are_not_one() -> None:
    page = best_first([match(n, 100 - n) for n in range(5)] + [match(9, 50, "acme")])
    assert ids(page) == [0, 1, 2, 3, 4, 9]


@given(MATCHES)
def test_no_job_is_there_twice_and_none_is_lost(matches: list[Match]) -> None:
    page = best_first(matches)
    keys = [match.posting_key or match.job_id for match in page]
    assert len(keys) == len(set(keys))
    assert set(keys) == {match.posting_key or match.job_id for match in matches}


@given(MATCHES)
def test_the_posting_that_is_kept_is_a_best_one(matches: list[Match]) -> None:
    for kept in best_first(matches):
        alike = [m for m in matches if m.posting_key == kept.posting_key is not None]
        assert all(other.match_score <= kept.match_score for other in alike)


@given(MATCHES)
def test_no_page_has_three_of_an_employer_while_there_are_others(
    matches: list[Match],
) -> None:
    ranked = best_first(matches)
    for start in range(0, len(ranked), PAGE):
        shown = Counter(m.employer_key for m in ranked[start : start + PAGE])
        full = {
            employer
            for employer, count in shown.items()
            if employer is not None and count >= MOST_OF_ONE_EMPLOYER
        }
        crowded = {e for e in full if shown[e] > MOST_OF_ONE_EMPLOYER}
        later = {m.employer_key for m in ranked[start + PAGE :]}
        assert not crowded or later <= full


@given(MATCHES)
def test_where_employers_differ_the_order_is_the_score(matches: list[Match]) -> None:
    strangers = [m for m in matches if m.employer_key is None]
    scores = [m.match_score for m in best_first(strangers)]
    assert scores == sorted(scores, reverse=True)


@given(MATCHES, st.randoms())
def test_the_order_they_come_in_does_not_matter(
    matches: list[Match], random: Random
) -> None:
    shuffled = list(matches)
    random.shuffle(shuffled)
    assert best_first(shuffled) == best_first(matches)
