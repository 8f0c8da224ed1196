"""Postings of no real employer, with the lengths and the repetition of real ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

LEVELS = ["", "", "", "Senior ", "Junior ", "Lead ", "Assistant ", "Trainee ", "Head "]
WORK = {
    "Accountant": ["bookkeeping", "Excel", "IFRS", "tax returns", "payroll"],
    "Sales Representative": ["cold calling", "CRM", "negotiation", "field sales"],
    "Registered Nurse": ["patient care", "triage", "first aid", "medication"],
    "Software Engineer": ["Python", "SQL", "Docker", "REST APIs", "testing"],
    "Data Analyst": ["SQL", "Power BI", "statistics", "dashboards"],
    "Driver": ["defensive driving", "route planning", "vehicle checks"],
    "Customer Service Officer": ["telephone manners", "complaints", "live chat"],
    "Secondary School Teacher": ["lesson planning", "WAEC", "classroom management"],
    "Civil Engineer": ["AutoCAD", "site supervision", "bills of quantities"],
    "Digital Marketer": ["SEO", "Meta ads", "copywriting", "analytics"],
    "Procurement Officer": ["tenders", "supplier relations", "ERP"],
    "Chef": ["menu planning", "food safety", "continental dishes"],
    "Electrician": ["wiring", "solar installation", "fault finding"],
    "Pharmacist": ["dispensing", "stock control", "counselling"],
    "Human Resources Manager": ["recruitment", "appraisals", "labour law"],
    "Security Officer": ["access control", "patrols", "incident reports"],
}
FIELDS = [
    "Oil and Gas", "Retail", "Banking", "Telecoms", "Agriculture", "Logistics",
    "Real Estate", "Hospitality", "Education", "Health", "Manufacturing", "Energy",
]  # fmt: skip
CITIES = ["Lagos", "Abuja", "Port Harcourt", "Ibadan", "Kano", "Enugu", "Accra"]
NAMES = ["Palm", "Delta", "Savanna", "Zuma", "Lagoon", "Harmattan", "Baobab", "Sahel"]
KINDS = ["Foods", "Logistics", "Bank", "Clinics", "Energy", "Schools", "Stores"]
ARRANGEMENTS = ["onsite", "onsite", "onsite", "hybrid", "remote"]
SENTENCES = [
    "We are looking for a {title} to join our team in {city}.",
    "You will be responsible for {skill} and report to the head of {field}.",
    "The ideal candidate has at least {years} years of experience in {skill}.",
    "You work closely with colleagues from {field} and keep clear records.",
    "Good communication in English is required; {skill} is an advantage.",
    "We offer a competitive salary, health insurance and paid leave.",
    "Candidates who live in or near {city} are preferred.",
    "Prepare weekly reports on {skill} and propose improvements.",
    "A degree or an equivalent qualification in a related subject is expected.",
]
DAYS = 30


def invent_postings(count: int, seed: int = 1) -> Iterator[dict[str, object]]:
    """The same ones for the same seed; two thirds of the titles are unlike any other."""
    chance = random.Random(seed)
    today = date.today()
    for number in range(count):
        yield _posting(number, today, chance)


def _posting(number: int, today: date, chance: random.Random) -> dict[str, object]:
    role = chance.choice(list(WORK))
    city, field = chance.choice(CITIES), chance.choice(FIELDS)
    years = chance.randint(1, 10)
    title = _title(role, city, field, chance)
    salary = chance.randrange(80_000, 900_000, 5_000)
    return {
        "id": f"invented-{number}",
        "source": "invented",
        "title": title,
        "company": f"{chance.choice(NAMES)} {chance.choice(KINDS)}",
        "location": f"{city}, Nigeria",
        "description": _description(role, title, city, field, years, chance),
        "posted_date": (today - timedelta(days=number % DAYS)).isoformat(),
        "skills": chance.sample(WORK[role], 2),
        "work_arrangement": chance.choice(ARRANGEMENTS),
        "years_min": years,
        "salary_min": salary if chance.random() < 0.4 else None,
        "salary_currency": "NGN",
    }


def _title(role: str, city: str, field: str, chance: random.Random) -> str:
    title = f"{chance.choice(LEVELS)}{role}"
    if chance.random() < 0.7:
        title += f" ({chance.choice(WORK[role])}, {field})"
    if chance.random() < 0.5:
        title += f" - {city}"
    return title


def _description(
    role: str, title: str, city: str, field: str, years: int, chance: random.Random
) -> str:
    sentences = chance.sample(SENTENCES, chance.randint(3, len(SENTENCES)))
    return " ".join(
        sentence.format(
            title=title,
            city=city,
            field=field,
            years=years,
            skill=chance.choice(WORK[role]),
        )
        for sentence in sentences
    )
