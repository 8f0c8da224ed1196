"""What a person insists on: with many, few and no jobs that fulfil it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import Factory
from whatsapp_bot.bootstrap import App
from whatsapp_bot.errors import InputError
from whatsapp_bot.matching.musts import Musts
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import Match, Row

MANY = 12
# must: her wishes, a posting that fulfils it, one that does not.
CASES: dict[str, tuple[Row, Row, Row]] = {
    "location: a city": (
        {"musts": ["location"], "preferred_locations": ["Lagos"]},
        {"location": "Yaba", "country": "NG"},
        {"location": "Lagos, Portugal"},
    ),
    "location: a state": (
        {"musts": ["location"], "preferred_locations": ["Delta State"]},
        {"location": "Warri/Delta", "country": "Nigeria"},
        {"location": "Benin City, Edo", "country": "Nigeria"},
    ),
    "location: a country": (
        {"musts": ["location"], "preferred_locations": ["Ghana"]},
        {"location": "Kumasi"},
        {"location": "Nairobi", "country": "KE"},
    ),
    "location: or remote": (
        {
            "musts": ["location"],
            "preferred_locations": ["Lagos"],
            "work_arrangements": ["remote", "onsite"],
        },
        {"location": "Nairobi, Kenya", "work_arrangement": "remote"},
        {"location": "Nairobi, Kenya"},
    ),
    "work_arrangement": (
        {"musts": ["work_arrangement"], "work_arrangements": ["remote"]},
        {"location": "Work from home, Abuja"},
        {"location": "Abuja"},
    ),
    "employment_type": (
        {"musts": ["employment_type"], "employment_types": ["internship"]},
        {"employment_type": "Internships"},
        {"employment_type": "Full Time"},
    ),
    "employment_type: full-time, which many do not say": (
        {"musts": ["employment_type"], "employment_types": ["full-time"]},
        {"employment_type": "Permanent"},
        {"employment_type": "Part Time"},
    ),
    "salary: in other money and time": (
        {"musts": ["salary"], "salary_min": 300_000, "salary_currency": "NGN"},
        {"salary_min": 30_000, "salary_currency": "USD", "salary_period": "yearly"},
        {"salary_max": 299_000, "salary_currency": "NGN", "salary_period": "monthly"},
    ),
    "experience: years": (
        {"musts": ["experience"], "years_of_experience": 1},
        {"years_min": 2},
        {"years_min": 5},
    ),
    "experience: a level": (
        {"musts": ["experience"], "experience_level": "entry"},
        {"experience_level": "entry"},
        {"experience_level": "senior"},
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Row, Row, Row]:
    found: tuple[Row, Row, Row] = request.param
    return found


@pytest.fixture(params=["embedding", "keyword"])
def matcher(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def add(make: Factory, count: int, company: str, posting: Row) -> None:
    for number in range(count):
        make.job("Nurse", company=f"{company} {number}", **posting)


def search(app: App, user: int, matcher: str, **options: Any) -> list[Match]:
    if matcher == "embedding":
        app.generator.embed_due()
    result = app.controller.search_jobs_for_user(user, **options)
    assert result.matcher == matcher
    return list(result.matches)


@pytest.mark.parametrize("count", [1, MANY])
def test_only_jobs_that_fulfil_it_are_shown_and_all_of_them(
    app: App, make: Factory, case: tuple[Row, Row, Row], matcher: str, count: int
) -> None:
    wishes, fulfils, breaks = case
    add(make, count, "Fulfils", fulfils)
    add(make, MANY, "Breaks", breaks)
    user = make.user(job_roles=["Nurse"], **wishes)
    matches = search(app, user, matcher, limit=2 * MANY)
    assert len(matches) == count
    assert all(str(match.company).startswith("Fulfils") for match in matches)
    assert not any("right now" in r for m in matches for r in m.match_reasons)


def test_where_nothing_fulfils_it_others_are_shown_and_say_so(
    app: App, make: Factory, case: tuple[Row, Row, Row], matcher: str
) -> None:
    wishes, _, breaks = case
    add(make, 2, "Breaks", breaks)
    user = make.user(job_roles=["Nurse"], **wishes)
    matches = search(app, user, matcher)
    assert len(matches) == 2
    for match in matches:
        reason = match.match_reasons[0]
        assert "right now" in reason or reason.startswith("pays less than your")


def test_the_least_important_is_given_up_first(
    app: App, make: Factory, matcher: str
) -> None:
    poor = {"salary_min": 90_000, "salary_currency": "NGN", "salary_period": "monthly"}
    rich = poor | {"salary_min": 900_000}
    make.job("Nurse", location="Yaba, Lagos", country="NG", **poor)
    make.job("Nurse", location="Kano", country="NG", **rich)
    user = make.user(
        job_roles=["Nurse"],
        preferred_locations=["Lagos"],
        salary_min=300_000,
        musts=["salary", "location"],
    )
    (match,) = search(app, user, matcher)
    assert match.location == "Yaba, Lagos"
    assert match.match_reasons[0] == (
        "pays less than your ₦300k: nothing that pays it fits"
    )


def test_what_she_was_shown_is_not_there_any_more(
    app: App, make: Factory, matcher: str
) -> None:
    add(make, 2, "Near", {"location": "Yaba, Lagos"})
    add(make, 1, "Far", {"location": "Kano"})
    user = make.user(
        job_roles=["Nurse"], preferred_locations=["Lagos"], musts=["location"]
    )
    search(app, user, matcher)
    app.controller.record_shown(
        user, app.controller.search_jobs_for_user(user, unseen=True)
    )
    (match,) = search(app, user, matcher, unseen=True)
    assert match.company == "Far 0"
    assert "outside Lagos: nothing there fits right now" in match.match_reasons


def test_a_posting_that_names_no_pay_is_kept_and_says_so(
    app: App, make: Factory, matcher: str
) -> None:
    make.job("Nurse")
    user = make.user(job_roles=["Nurse"], salary_min=300_000, musts=["salary"])
    (match,) = search(app, user, matcher)
    assert "names no pay that can be compared" in match.match_reasons


def test_a_must_without_a_wish_asks_for_nothing(
    app: App, make: Factory, matcher: str
) -> None:
    make.job("Nurse")
    user = make.user(job_roles=["Nurse"], musts=["salary", "location", "experience"])
    (match,) = search(app, user, matcher)
    assert match.match_reasons == ("matches the role you want: Nurse", "posted today")


def test_a_must_that_does_not_exist_is_refused(make: Factory) -> None:
    with pytest.raises(InputError, match="musts: 'colour' .* location, work_arr"):
        make.user(musts=["colour"])


PLACES = [
    "Lagos",
    "Yaba/Lagos",
    "Kano State",
    "Ikot Abasi",
    "Lagos, Portugal",
    "Remote",
]
PLACES += ["Accra", "Niger", "Abuja (hybrid)", "Warri, Delta", "Berlin; Kano", "?"]
COUNTRIES = ["NG", "Nigeria", "GH", "Benin Republic", "US", "Lagos State"]
amounts = st.none() | st.floats(0, 2e6) | st.sampled_from([0, 2_000, 20_000, 300_000])
postings = st.fixed_dictionaries(
    {},
    optional={
        "location": st.sampled_from(PLACES),
        "country": st.sampled_from(COUNTRIES),
        "work_arrangement": st.sampled_from(["remote", "hybrid", "onsite"]),
        "employment_type": st.sampled_from(["Permanent", "full-time", "contract", "x"]),
        "salary_min": amounts,
        "salary_max": amounts,
        "salary_currency": st.sampled_from(["NGN", "USD", "XXX"]),
        "salary_period": st.sampled_from(["hourly", "monthly", "yearly"]),
        "years_min": st.none() | st.integers(0, 12),
        "years_max": st.none() | st.integers(0, 12),
        "experience_level": st.sampled_from(["entry", "mid", "senior", "lead", "boss"]),
    },
)
people = st.fixed_dictionaries(
    {
        "musts": st.lists(
            st.sampled_from(
                ["location", "work_arrangement", "employment_type", "experience"]
                + ["salary"]
            ),
            min_size=1,
            unique=True,
        ),
        "preferred_locations": st.lists(
            st.sampled_from([*PLACES, "Nigeria", "Ghana", "Delta"]), max_size=2
        ),
        "work_arrangements": st.lists(st.sampled_from(["remote", "hybrid", "onsite"])),
        "employment_types": st.lists(
            st.sampled_from(["full-time", "contract", "internship"]), max_size=2
        ),
        "years_of_experience": st.none() | st.sampled_from([0, 0.5, 1, 2, 3, 10]),
        "salary_min": st.none() | st.sampled_from([50_000, 300_000, 2_000_000]),
        "salary_currency": st.none() | st.sampled_from(["NGN", "USD"]),
    }
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(
    [{"location": "Niger", "country": "Benin Republic"}],
    {"preferred_locations": ["Nigeria"], "musts": ["location"]},
)
@example(
    [{"location": "Lagos, Portugal", "country": "GH"}],
    {"preferred_locations": ["Nigeria"], "musts": ["location"]},
)
@given(st.lists(postings, min_size=1, max_size=12), people)
def test_the_database_never_leaves_out_what_fulfils_the_musts(
    app: App, make: Factory, jobs: list[Row], person: Row
) -> None:
    with app.database.transaction() as cursor:
        cursor.raw.execute("DELETE FROM canonical_jobs")
    for job in jobs:
        make.job("Nurse", **job)
    user = make.user(**person)
    with app.jobs.search(user) as found:
        musts = Musts.of(found.preferences, Wishes.of(found.preferences))
        passed = {row["id"] for row in found.find_newest(musts.filter, 100)}
        for row in found.find_newest(None, 100):
            assert row["id"] in passed or not musts.holds(row), row
