"""Place names read, and how far apart they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp_bot.matching import places
from whatsapp_bot.matching.places import Place, Step


def only(text: str, country: str = "") -> Place:
    (place,) = places.find(text, country)
    return place


def apart(wanted: str, job: str) -> Step:
    return max(
        places.distance(w, p) for w in places.find(wanted) for p in places.find(job)
    )


@pytest.mark.parametrize(
    ("wanted", "job", "step"),
    [
        ("Lagos", "Yaba, Lagos, Nigeria", Step.SAME_CITY),
        ("Yaba", "Lekki", Step.SAME_CITY),
        ("VI", "Victoria Island", Step.SAME_CITY),
        ("PH", "Port Harcourt & Rivers State, Nigeria", Step.SAME_CITY),
        ("FCT", "Garki, Abuja", Step.SAME_CITY),
        ("Lagos State", "Lagos", Step.SAME_CITY),
        ("Benin", "Benin City, Edo State", Step.SAME_CITY),
        ("Aba", "Umuahia", Step.SAME_STATE),
        ("Lagos", "Badagry, Lagos", Step.SAME_STATE),
        ("Kano", "Kano State", Step.SAME_STATE),
        ("Warri", "Rest of Nigeria (Delta), Nigeria", Step.SAME_STATE),
        ("Ibadan", "Kano, Nigeria", Step.SAME_COUNTRY),
        ("Lagos", "Nigeria (remote)", Step.SAME_COUNTRY),
        ("Lagos", "Nairobi, Kenya", Step.ELSEWHERE),
        ("Lagos", "Lagos, Portugal", Step.ELSEWHERE),
        ("Lagos", "Cotonou, Benin Republic", Step.ELSEWHERE),
    ],
)
def test_places_stand_as_far_apart_as_people_say(
    wanted: str, job: str, step: Step
) -> None:
    assert apart(wanted, job) is step


def test_a_name_inside_another_word_is_not_a_place() -> None:
    assert only("Abaji").city == "abuja"
    assert only("Aba").state == "abia"
    assert only("Oyo").state == "oyo"
    assert places.distance(only("Oyo"), only("Oyoko")) is Step.UNKNOWN


def test_us_and_uk_are_countries_only_in_capitals() -> None:
    assert only("Remote, US").country == "US"
    assert only("Leeds, UK").country == "GB"
    assert not any(p.country for p in places.find("come and join us"))


def test_the_rows_own_country_completes_a_place() -> None:
    assert only("", "NG").country == "NG"
    assert only("Springfield", "United States") == Place(
        "Springfield", "springfield", "", "US"
    )


def test_niger_is_a_state_in_text_and_a_country_in_the_country_field() -> None:
    assert only("Niger").state == "niger"
    assert places.country_code("Niger") == "NE"
    assert places.country_code("NG") == places.country_code("Nigeria") == "NG"


@pytest.mark.parametrize(
    ("text", "country", "place"),
    [
        ("Manila, PH", "", Place("Manila", "manila", "", "PH")),
        ("Cebu, PH", "", Place("Cebu", "cebu", "", "PH")),
        ("Cebu, PH (hybrid)", "PH", Place("Cebu", "cebu", "", "PH")),
        ("Remote, PH", "PH", Place("Philippines", "", "", "PH")),
    ],
)
def test_ph_after_a_place_outside_nigeria_is_the_country(
    text: str, country: str, place: Place
) -> None:
    assert only(text, country) == place


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("PH", ""),
        ("Rumuola, PH", ""),
        ("Lagos, PH", ""),
        ("Abuja or Uyo, PH", ""),
        ("Mile 3, PH, Rivers State", ""),
        ("Mile 3, PH", "NG"),
        ("Remote, PH", ""),
    ],
)
def test_ph_is_port_harcourt_where_nigeria_is_spoken_of(
    text: str, country: str
) -> None:
    assert "port harcourt" in {p.city for p in places.find(text, country)}


def test_words_for_anywhere_name_no_place() -> None:
    for text in ("Remote", "Anywhere", "work from home", "", "📍", "12345"):
        assert places.find(text) == ()


def test_a_town_outside_the_gazetteer_is_still_the_same_town() -> None:
    assert apart("Gbongan", "Gbongan, Osun State") is Step.SAME_CITY


def test_several_places_are_all_kept_and_the_wider_ones_dropped() -> None:
    labels = [p.label for p in places.find("Enugu / Onitsha, Anambra State, Nigeria")]
    assert labels == ["Enugu", "Onitsha"]


def test_a_wish_for_a_state_is_granted_by_any_town_in_it() -> None:
    assert places.is_granted(only("Delta"), Step.SAME_STATE)
    assert places.is_granted(only("Nigeria"), Step.SAME_COUNTRY)
    assert not places.is_granted(only("Warri"), Step.SAME_STATE)


@pytest.mark.parametrize(
    ("text", "city", "state"),
    [
        ("Santa Clara, California", "santa clara", "california"),
        ("Seattle, Washington", "seattle", "washington"),
        ("Ohio", "", "ohio"),
    ],
)
def test_american_states_are_known(text: str, city: str, state: str) -> None:
    found = only(text)
    assert (found.city, found.state, found.country) == (city, state, "US")


@pytest.mark.parametrize("state", ["Abia", "Borno", "Ekiti", "Jigawa", "Zamfara"])
def test_every_state_is_in_nigeria(state: str) -> None:
    assert only(f"{state} State").country == "NG"


def test_the_gazetteer_has_the_36_states_and_the_capital_territory() -> None:
    found = [place for name in places.NAMES for place in places.find(name)]
    assert len({p.state for p in found if p.state and p.country == "NG"}) == 37


@given(st.text(max_size=400), st.text(max_size=20))
def test_any_text_is_read_without_complaint(text: str, country: str) -> None:
    for place in places.find(text, country):
        assert place.label
        assert places.distance(place, place) is not Step.ELSEWHERE


@given(st.sampled_from(sorted(places.NAMES)), st.sampled_from(sorted(places.NAMES)))
def test_distance_is_the_same_in_both_directions(one: str, other: str) -> None:
    assert apart(one, other) is apart(other, one)


def test_a_state_is_not_read_where_the_posting_is_in_another_country() -> None:
    assert {place.country for place in places.find("Niger", "Benin Republic")} == {"BJ"}
    assert [place.state for place in places.find("Niger", "Nigeria")] == ["niger"]
    assert [place.state for place in places.find("Niger")] == ["niger"]
