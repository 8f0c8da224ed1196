"""Postings as feeds send them, and what is saved of them."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatsapp_bot.errors import InputError
from whatsapp_bot.intake.cleaning import clean_text
from whatsapp_bot.intake.posting import ALIASES, Posting, parse_posting


def parse(**fields: object) -> Posting:
    return parse_posting({"title": "Cook", "id": 1, **fields}, "feed")


def test_a_posting_needs_a_title_an_id_and_a_source_and_nothing_else():
    posting = parse_posting({"title": " Cook ", "id": 17}, "feed")
    assert posting == Posting(source="feed", source_id="17", title="Cook")


def test_the_source_of_the_record_comes_before_that_of_the_file():
    assert parse(source="board").source == "board"
    assert parse(source="  ").source == "feed"


@pytest.mark.parametrize(
    ("record", "source", "message"),
    [
        ({"id": 1}, "feed", "posting has no title"),
        ({"id": 1, "title": " \0\u200b<b></b> "}, "feed", "posting has no title"),
        ({"id": 1, "title": ["a"]}, "feed", "posting has no title"),
        ({"id": 1, "title": "Cook"}, None, "posting has no source"),
        ({"id": 1, "title": "Cook"}, " ", "posting has no source"),
        ({"title": "Cook"}, "feed", "posting has no id"),
        ({}, None, "posting has no title"),
    ],
)
def test_what_cannot_be_saved_is_refused_in_a_sentence(record, source, message):
    with pytest.raises(InputError, match=message):
        parse_posting(record, source)


def test_an_id_is_derived_from_the_url_then_from_what_tells_postings_apart():
    def derived(**fields: object) -> str:
        return parse_posting({"title": "Cook", **fields}, "feed").source_id

    by_url = derived(url="https://a.ng/1", company="A")
    assert by_url.startswith("url-")
    assert by_url == derived(url="https://a.ng/1", company="B")
    by_text = derived(company="A", location="Lagos")
    assert by_text.startswith("text-")
    assert by_text == derived(company="a", location="LAGOS", description="new")
    assert by_text != derived(company="A", location="Abuja")
    assert derived(company="A") != derived(location="A")
    assert derived(description="x") != derived(description="y")


def test_long_ids_that_begin_alike_stay_apart():
    first, second = (parse(id="x" * 400 + end).source_id for end in "ab")
    assert first != second
    assert len(first) <= 300


def test_every_alias_is_read_however_it_is_spelled():
    values = {
        "posted_date": ("2026-11-20", date(2026, 11, 20)),
        "url": ("https://a.ng", "https://a.ng"),
        "skills": ("a;b", ("a", "b")),
        "salary_min": ("5", 5.0),
        "salary_max": ("5", 5.0),
        "salary_currency": ("NGN", "NGN"),
        "salary_period": ("monthly", "monthly"),
        "work_arrangement": ("remote", "remote"),
        "years_min": ("5", 5.0),
        "years_max": ("5", 5.0),
    }
    for field, aliases in ALIASES.items():
        if field == "is_active":
            continue
        raw, clean = values.get(field, ("text", "text"))
        for alias in aliases:
            for key in (alias, alias.upper(), alias.title().replace("_", "")):
                base = {"title": "Cook", "url": "https://b.ng"}
                base.pop(field, None)
                posting = parse_posting({**base, key: raw, "slug": "text"}, "feed")
                assert getattr(posting, field) == clean, key


def test_a_blank_value_does_not_hide_one_under_another_name():
    assert parse(title=" ", job_title="Nurse").title == "Nurse"
    assert parse(work_arrangement="flexible", remote=True).work_arrangement == "remote"


def test_names_in_objects_and_lists_are_read():
    assert parse(location={"name": "Lagos"}).location == "Lagos"
    assert parse(location=["Lagos", "Abuja"]).location == "Lagos, Abuja"
    assert parse(company={"display_name": "A"}).company == "A"
    assert parse(company={"x": "A"}).company is None


def test_one_line_fields_are_trimmed_and_freed_of_what_is_no_text():
    title = "  Head\x00 of\n\t R&amp;D \ud800\u200b Cafe\u0301 "
    assert parse(title=title).title == "Head of R&D \ufffd Caf\u00e9"


def test_long_values_are_cut_and_not_refused():
    posting = parse(
        title="t" * 999,
        company="c" * 999,
        description="d" * 30_000,
        skills=["s" * 200, *map(str, range(200))],
    )
    assert (len(posting.title), len(posting.company)) == (300, 300)
    assert len(posting.description) == 20_000
    assert (len(posting.skills), len(posting.skills[0])) == (100, 100)


def test_a_description_loses_its_markup_and_keeps_its_lines():
    html = (
        "<!-- note --><style>p {}</style><h1>Cook&nbsp;wanted</h1>"
        "<p class='a'>Rice &amp; beans</p><ul><li>Fast</li><li><b>Cl</b>ean</li></ul>"
        "Pay: ₦50k<br/>Call<script>x()</script> now"
    )
    expected = "Cook wanted\n\nRice & beans\n\n\nFast\n\nClean\n\nPay: ₦50k\nCall now"
    assert parse(description=html).description == expected
    escaped = html.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse(description=escaped).description == expected


@pytest.mark.parametrize(
    "text",
    [
        "a team of <5 engineers> and x<y",
        "write to <jobs@firm.ng> or <https://firm.ng>",
        "knows List<String>",
        "Lagos --> Abuja",
        "see https://a.ng/?a=1&copy=2&lang=en",
        "AT&T; R&D <3",
    ],
)
def test_text_that_only_looks_like_markup_stays(text):
    assert parse(description=text).description == text


def test_lines_are_kept_and_blank_ones_are_at_most_two():
    text = "a  b \r\n\r\n\r\n \r\n\r\nc\u2028d"
    assert parse(description=text).description == "a b\n\n\nc\nd"


@pytest.mark.parametrize(
    "text",
    ["<!--" * 20_000, "<a " * 30_000, "&amp;" * 20_000, "<b" * 20_000 + ">" * 20_000]
    + ["a" + "\u0345" * 40_000 + "\u0323" * 40_000, "&" + "amp;" * 20_000],
)
def test_no_text_takes_long(text):
    started = time.process_time()
    cleaned = clean_text(text)
    assert time.process_time() - started < 1
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Python, SQL;Excel", ("Python", "SQL", "Excel")),
        (["SQL", None, " ", "sql", 5, 2.0, {"a": 1}, ["x"], True], ("SQL", "5", "2")),
        ("R&amp;D; Sales", ("R&D", "Sales")),
        (None, ()),
        ({"a": 1}, ()),
        (7, ("7",)),
    ],
)
def test_lists_hold_each_text_once(value, expected):
    assert parse(skills=value).skills == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5.0),
        ("150,000", 150_000.0),
        ("₦150k", 150_000.0),
        ("N 150,000.50", 150_000.5),
        ("NGN 1.2m", 1_200_000.0),
        ("$0", 0.0),
        ("1e+05", 100_000.0),
        (-1, None),
        ("-5", None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (1e12 + 1, None),
        ("999999999999b", None),
        (True, None),
        ("1,5", None),
        ("negotiable", None),
        ("", None),
        ([5], None),
    ],
)
def test_amounts_are_numbers_or_none(value, expected):
    assert parse(salary_min=value).salary_min == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3.0), ("5+", 5.0), ("2 years", 2.0), ("1.5 yrs", 1.5), (60, 60.0)]
    + [(61, None), ("many", None), (-1, None), (True, None)],
)
def test_years_are_0_to_60_or_none(value, expected):
    assert parse(years_min=value).years_min == expected


def test_bounds_the_wrong_way_round_are_swapped():
    posting = parse(salary_min=9, salary_max=5, years_min=3, years_max=1)
    assert (posting.salary_min, posting.salary_max) == (5.0, 9.0)
    assert (posting.years_min, posting.years_max) == (1.0, 3.0)
    assert parse(ai_salary_min=9, ai_salary_max=5).ai_salary_min == 5.0


@pytest.mark.parametrize(
    "value",
    [
        date(2026, 11, 21),
        datetime(2026, 11, 21, 23, 59),
        "2026-11-21",
        "20261121",
        "2026-11-21T10:00:00Z",
        "2026-11-21T23:30:00-05:00",
        "2026-11-21 10:00:00",
        "2026-11-21 10:00:00 UTC",
        "2026-11-21T10:00:00.123456789+01:00",
        "21/11/2026",
        "21.11.2026 10:00",
        "Sat, 21 Nov 2026 10:00:00 GMT",
        "21 November 2026",
        1795219200,
        1795219200.5,
        1795219200000,
        "1795219200",
    ],
)
def test_dates_come_in_many_spellings(value):
    assert parse(posted_date=value).posted_date == date(2026, 11, 21)


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "2026",
        "1989-12-31",
        "2101-01-01",
        "11/21/2026",
        "31/02/2026",
        0,
        20261121,
    ]
    + [
        10**400,
        float("nan"),
        float("inf"),
        True,
        "21 Foo 2026",
        "0001-01-01",
        [],
        "x" * 99,
    ],
)
def test_what_is_no_date_of_our_time_is_none(value):
    assert parse(posted_date=value).posted_date is None


@pytest.mark.parametrize(
    ("field", "expected", "values"),
    [
        (
            "salary_period",
            "monthly",
            ["Monthly", "per month", "/month", "MONTH", "p.m."],
        ),
        ("salary_period", "yearly", ["annum", "pa", "per annum", "year", "annually"]),
        ("salary_period", "hourly", ["hour", "per hour", "/hr"]),
        ("salary_period", None, ["fixed", "net", "", 5]),
        ("salary_currency", "NGN", ["ngn", "₦", "Naira"]),
        ("salary_currency", "USD", ["$", "US$", "usd"]),
        ("salary_currency", "GBP", ["£"]),
        ("salary_currency", "EUR", ["€"]),
        ("salary_currency", None, ["dollars", "N", 123]),
        ("employment_type", "full-time", ["Full Time", "fulltime", "FULL_TIME"]),
        ("employment_type", "internship", ["Internships", ["INTERN", "FULL_TIME"]]),
        ("employment_type", "contract", ["Contractor", "freelance"]),
        ("employment_type", "shift based", ["Shift  Based"]),
        ("work_arrangement", "onsite", ["On-site", "on_site", "In office"]),
        ("work_arrangement", "remote", ["REMOTE", "Work from home", True]),
        ("work_arrangement", None, ["flexible", False, 3]),
        ("experience_level", "entry", ["Junior", "entry level", "ENTRY_LEVEL"]),
        ("experience_level", "senior", ["Sr.", "Senior Level"]),
        ("experience_level", "wizard", [" Wizard "]),
    ],
)
def test_terms_are_normalised(field, expected, values):
    for value in values:
        assert getattr(parse(**{field: value}), field) == expected, value


@pytest.mark.parametrize(
    "fields",
    [{"status": "Closed"}, {"status": "expired"}, {"status": "filled"}]
    + [{"is_active": False}, {"active": "false"}, {"status": "active", "is_active": 0}],
)
def test_a_posting_that_ended_is_closed(fields):
    assert parse(**fields).status == "closed"


@pytest.mark.parametrize("fields", [{}, {"status": "open"}, {"is_active": True}])
def test_any_other_posting_is_active(fields):
    assert parse(**fields).status == "active"


def test_only_links_that_open_are_kept():
    long = "https://a.ng/" + "x" * 1_900
    assert parse(url=long).url == long
    assert parse(url="https://a.ng/?a=1&amp;b=2").url == "https://a.ng/?a=1&b=2"
    for bad in (long + "x" * 200, "javascript:alert(1)", "a.ng", "https://a b"):
        assert parse(url=bad).url is None


def test_the_inferred_fields_of_an_enriched_posting_are_read():
    posting = parse(
        ai_job_titles=["Cook"],
        ai_remote_allowed="yes",
        ai_work_arrangement="On Site",
        ai_years_experience_min="2+",
        ai_salary_currency="₦",
        ai_summary="a\nb",
    )
    assert posting.ai_job_titles == ("Cook",)
    assert posting.ai_remote_allowed is True
    assert posting.ai_work_arrangement == "onsite"
    assert posting.ai_years_experience_min == 2.0
    assert posting.ai_salary_currency == "NGN"
    assert posting.ai_summary == "a\nb"


def test_the_content_hash_ignores_who_sent_it_and_sees_everything_else():
    posting = parse(description="x")
    assert len(posting.content_hash()) == 32
    moved = replace(posting, source="other", source_id="other")
    assert moved.content_hash() == posting.content_hash()
    others = {
        **dict.fromkeys(vars(posting), "other"),
        "posted_date": date(2026, 11, 21),
        "skills": ("other",),
    }
    for field in set(vars(posting)) - {"source", "source_id"}:
        changed = replace(posting, **{field: others[field]})
        assert changed.content_hash() != posting.content_hash(), field


def test_the_content_hash_is_the_same_in_every_process():
    digest = parse().content_hash().hex()
    assert digest.startswith("d5ae2dc9a0609cc7")


texts = st.text(max_size=30) | st.lists(
    st.sampled_from(
        [
            "<",
            ">",
            "&",
            "lt;",
            "amp;",
            "gt;",
            "#60;",
            "b",
            "/p",
            "br",
            "!--",
            "--",
            "script",
        ]
        + [
            " ",
            "\n",
            "\0",
            "\ud800",
            "\u0301",
            "\u0338",
            "\u200b",
            "İ",
            "ſ",
            "K",
            "5",
            "k",
            ",",
        ]
        + [
            "&lt;",
            "<b>",
            "</script>",
            "\u0958",
            "\u1e9b\u0323",
            "\x85",
            "\r\n",
            "2026-11-21",
        ]
    ),
    max_size=25,
).map("".join)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, 1e308, -0.0])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.just("name"), inner, max_size=3)
    ),
    max_leaves=6,
)
keys = st.sampled_from(
    [
        *vars(Posting("s", "i", "t")),
        *(a for aliases in ALIASES.values() for a in aliases),
    ]
)
any_records = st.dictionaries(keys | st.text(max_size=20), values, max_size=12)


@settings(max_examples=150, deadline=None)
@given(record=any_records)
def test_any_record_is_a_posting_or_an_input_error(record):
    try:
        parse_posting(record)
    except InputError as exc:
        assert str(exc).startswith("posting has no ")


@settings(max_examples=150, deadline=None)
@given(record=any_records, title=texts, text=texts)
def test_a_parsed_posting_parses_to_itself(record, title, text):
    record = {"title": "t" + title, "id": 1, "description": text, **record}
    try:
        posting = parse_posting(record, "feed")
    except InputError:
        return
    assert parse_posting(asdict(posting)) == posting
    as_sent = json.loads(json.dumps(asdict(posting), default=str))
    assert parse_posting(as_sent).content_hash() == posting.content_hash()


@settings(max_examples=100, deadline=None)
@given(record=any_records, random=st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_nothing(record, random):
    record = {"title": "Cook", "Title": "Chef", "id": 1, **record}
    shuffled = list(record.items())
    random.shuffle(shuffled)
    try:
        posting = parse_posting(record, "feed")
    except InputError:
        return
    assert (
        parse_posting(dict(shuffled), "feed").content_hash() == posting.content_hash()
    )
