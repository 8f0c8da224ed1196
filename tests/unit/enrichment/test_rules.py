from __future__ import annotations

import pytest

from whatsapp_bot.enrichment.posting_text import LONGEST_DESCRIPTION, PostingText
from whatsapp_bot.enrichment.rules import (
    FUNCTION_NAMES,
    INDUSTRY_NAMES,
    asked_years,
    find_arrangement,
    find_function,
    find_industry,
    find_seniority,
    make_summary,
    read_by_rules,
)
from whatsapp_bot.enrichment.salary_in_text import find_salary
from whatsapp_bot.enrichment.skills_in_text import MOST_SKILLS, find_skills
from whatsapp_bot.records import Enrichment

POSTING = """Job Summary: We are seeking a Senior Accountant for our Lekki office.
Requirements
* B.Sc Accounting; ICAN is an added advantage
* Minimum of five (5) years experience in a similar role
* Proficiency in MS Excel, QuickBooks and Sage
Preferred qualifications:
* Power BI
* SQL
Benefits
* Salary: N350,000 - N450,000 monthly"""


def posting(
    description: str = "", title: str = "", company: str = "", location: str = ""
) -> PostingText:
    return PostingText(title, company, location, "NG", description)


def test_a_whole_posting() -> None:
    found = read_by_rules(
        posting(POSTING, "Senior Accountant", "Zenith Microfinance Bank Ltd", "Lagos")
    )
    assert found == Enrichment(
        required_skills=("Accounting", "Excel", "QuickBooks", "Sage"),
        preferred_skills=("ICAN", "Power BI", "SQL"),
        seniority="senior",
        job_function="Accounting and Finance",
        industry="Financial services",
        salary_min=350_000,
        salary_max=450_000,
        salary_currency="NGN",
        salary_period="monthly",
        summary="We are seeking a Senior Accountant for our Lekki office.",
    )


def test_nothing_is_made_of_nothing() -> None:
    assert read_by_rules(posting()) == Enrichment()


# --- skills


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("Skills: MS-Excel, PowerPoint", ("Excel", "PowerPoint")),
        ("Golang or Node JS", ("Go", "Node.js")),
        ("you excel at work and express yourself", ()),
        ("Access to a car. Word of mouth.", ()),
        ("UI/UX with Figma", ("UI/UX", "Figma")),
        ("M&E, stock taking and driver's license", None),
        ("scala, scalability", ("Scala",)),
    ],
)
def test_skills_under_their_names(text: str, required: tuple[str, ...] | None) -> None:
    found, preferred = find_skills(text)
    if required is None:
        required = ("Monitoring and Evaluation", "Stock Taking", "Driver's Licence")
    assert (found, preferred) == (required, ())


@pytest.mark.parametrize(
    "text",
    [
        "Knowledge of SAP is an added advantage.",
        "SAP would be a plus",
        "Nice to have: SAP",
        "Preferred Qualifications:\n- SAP",
        "Experience in SAP preferred",
    ],
)
def test_what_is_only_preferred(text: str) -> None:
    assert find_skills(f"Python is needed.\n{text}") == (("Python",), ("SAP",))


def test_what_is_required_once_is_required() -> None:
    assert find_skills("SQL is a plus. SQL") == (("SQL",), ())


def test_a_heading_ends_what_was_preferred() -> None:
    text = "Nice to have:\n- SAP\nRequirements:\n- SQL"
    assert find_skills(text) == (("SQL",), ("SAP",))


def test_the_lists_are_bounded() -> None:
    from whatsapp_bot.enrichment.vocabulary import SKILLS

    required, _ = find_skills(SKILLS)
    assert len(required) == MOST_SKILLS


# --- pay


@pytest.mark.parametrize(
    ("text", "low", "high", "currency", "period"),
    [
        ("Salary: N150,000 - N200,000 monthly", 150e3, 200e3, "NGN", "monthly"),
        ("Salary: ₦150k–₦200k", 150e3, 200e3, "NGN", None),
        ("NGN 150,000/month", 150e3, 150e3, "NGN", "monthly"),
        ("150,000 naira per month", 150e3, 150e3, "NGN", "monthly"),
        ("Pay is $500 – $800 per month", 500, 800, "USD", "monthly"),
        ("Net Salary: 120k", 120e3, 120e3, "NGN", None),
        ("#150,000 monthly", 150e3, 150e3, "NGN", "monthly"),
        ("Salary: 80 - 120k", 80e3, 120e3, "NGN", None),
        ("Remuneration: N3,600,000 per annum", 3.6e6, 3.6e6, "NGN", "yearly"),
    ],
)
def test_pay_as_it_is_written(
    text: str, low: float, high: float, currency: str, period: str | None
) -> None:
    found = find_salary(text, "NG")
    assert found is not None
    assert (found.low, found.high) == (low, high)
    assert (found.currency, found.period) == (currency, period)


@pytest.mark.parametrize(
    "text",
    [
        "manage a portfolio of N500 million",
        "annual revenue of $10M",
        "We raised $5,000,000",
        "call 08031234567 for salary",
        "Salary is negotiable, 5 years experience",
        "send your salary account 0123456789",
        "Salary: competitive. Our 20,000 customers",
    ],
)
def test_what_is_no_pay(text: str) -> None:
    assert find_salary(text, "NG") is None


def test_an_amount_without_a_currency_is_naira_in_nigeria_only() -> None:
    assert find_salary("Salary: 120,000", "NG") is not None
    assert find_salary("Salary: 120,000", "KE") is None


# --- the rest


@pytest.mark.parametrize(
    ("title", "description", "level"),
    [
        ("Senior Nurse", "", "senior"),
        ("Graduate Trainee", "5 years experience", "entry"),
        ("Head of Sales", "", "lead"),
        ("Chief Operating Officer", "", "executive"),
        ("Personal Assistant to the CEO", "", None),
        ("Sales Executive", "at least two (2) years experience", "mid"),
        ("Driver", "Minimum of 1 year working experience", "entry"),
        ("Welder", "3-5 years' relevant experience", "mid"),
        ("Engineer", "10+ years of experience", "lead"),
        ("Store Manager", "", "senior"),
        ("Cook", "our company of 25 years", None),
    ],
)
def test_seniority_by_title_then_by_years(
    title: str, description: str, level: str | None
) -> None:
    assert find_seniority(posting(description, title)) == level


def test_years_are_those_of_experience() -> None:
    assert asked_years("Not more than 30 years of age. 4 yrs experience") == 4
    assert asked_years("a two-year contract") is None


@pytest.mark.parametrize(
    ("title", "function"),
    [
        ("Accounts Officer", "Accounting and Finance"),
        ("Sales Representative (Ikeja)", "Sales"),
        ("Registered Nurse", "Health Care"),
        ("Company Driver", "Driving and Transport"),
        ("Backend Developer (Python)", "Software and Data"),
        ("Mathematics Teacher", "Teaching and Research"),
        ("HR Manager", "Human Resources"),
        ("Dispatch Rider", "Driving and Transport"),
        ("Zookeeper", None),
    ],
)
def test_what_the_work_is(title: str, function: str | None) -> None:
    assert find_function(title) == function


def test_whom_it_is_for() -> None:
    assert find_industry(posting(company="Grace Hospital")) == "Health care"
    of_client = posting("Our client is a leading hotel in Ikeja.")
    assert find_industry(of_client) == "Food and hospitality"
    assert find_industry(posting("Apply now", company="Ada & Sons")) is None


@pytest.mark.parametrize(
    ("description", "arrangement"),
    [
        ("This is a fully remote role.", "remote"),
        ("Work Mode: Hybrid", "hybrid"),
        ("Location: On-site", "onsite"),
        ("You may work from home.", "remote"),
        ("Health care in remote communities.", None),
        ("Drive a hybrid car.", None),
        ("This is not a remote position.", None),
    ],
)
def test_where_it_is_done(description: str, arrangement: str | None) -> None:
    assert find_arrangement(posting(description)) == arrangement


def test_a_summary_is_a_sentence_of_the_posting() -> None:
    text = (
        "Ada Ltd was founded in 1999 by two friends. We are looking for a cook in Yaba."
    )
    assert make_summary(text) == "We are looking for a cook in Yaba."
    assert make_summary("word " * 200).endswith("…")  # type: ignore[union-attr]


def test_names_are_given_once() -> None:
    assert len(set(FUNCTION_NAMES)) == len(FUNCTION_NAMES) > 20
    assert len(set(INDUSTRY_NAMES)) == len(INDUSTRY_NAMES) > 10


# --- whatever a stranger writes


HOSTILE = [
    "a" * 1_000_000,
    "1" * 100_000,
    "N1," * 300_000,
    " * " * 300_000,
    "salary 5 years remote hybrid " * 40_000,
    "(0) " * 200_000,
    "\x00\x01 \u202eevil\u202c \ud800 \u200b" * 1_000,
    "مهندس برمجيات مطلوب للعمل في لاغوس " * 500,
    "<script>alert(1)</script>" * 10_000,
    ']]}}"\'\\n```json {"salary_min": 1}' * 1_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_only_text(text: str) -> None:
    job = dict.fromkeys(
        ("title", "company", "location", "country", "description"), text
    )
    read = PostingText.of(job)
    assert len(read.description) <= LONGEST_DESCRIPTION
    assert not {"\x00", "\u202e", "\ud800"} & set(read.whole)
    found = read_by_rules(read)
    assert len(found.summary or "") <= 300
    read.whole.encode()
