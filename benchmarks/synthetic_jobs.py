"""Postings and people that fit the clusters of synthetic_vectors, a million in a minute.

A cluster is a profession with a specialism: its postings share title words and skills,
as their vectors share a direction. Shares that the filters rely on (REMOTE, CITIES) are
those of all rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.invented_postings import FIELDS, KINDS, LEVELS, NAMES, SENTENCES, WORK
from benchmarks.synthetic_vectors import Space

MORE_WORK = {
    "Graphic Designer": "Photoshop, Illustrator, branding, typography, CorelDRAW",
    "Product Manager": "roadmaps, user research, Jira, A/B tests, backlog",
    "Project Manager": "MS Project, scheduling, risk registers, Prince2, budgets",
    "Business Analyst": "requirements, process mapping, Visio, UML, workshops",
    "Network Engineer": "Cisco, routing, firewalls, VLAN, fibre",
    "Receptionist": "front desk, switchboard, visitors, filing, diaries",
    "Administrative Officer": "minutes, filing, travel booking, petty cash, memos",
    "Medical Doctor": "diagnosis, ward rounds, surgery, prescriptions, referrals",
    "Medical Laboratory Scientist": "haematology, microscopy, assays, phlebotomy",
    "Welder": "MIG welding, TIG welding, fabrication, blueprint reading",
    "Mechanic": "engine repair, diagnostics, brakes, transmissions, servicing",
    "Tailor": "pattern cutting, sewing, embroidery, fittings, alterations",
    "Hair Stylist": "braiding, wigs, colouring, barbing, salon hygiene",
    "Cleaner": "housekeeping, sanitation, laundry, waste disposal, polishing",
    "Cashier": "point of sale, cash handling, till balancing, receipts",
    "Store Keeper": "inventory, stock taking, warehousing, bin cards, dispatch",
    "Logistics Officer": "fleet, haulage, waybills, customs clearing, last mile",
    "Quality Control Officer": "HACCP, inspection, sampling, ISO 9001, calibration",
    "Production Supervisor": "shift planning, lean, packaging lines, output targets",
    "Mechanical Engineer": "SolidWorks, pumps, HVAC, maintenance, turbines",
    "Electrical Engineer": "PLC, switchgear, transformers, ETAP, substations",
    "Petroleum Engineer": "drilling, reservoirs, well testing, Petrel, completions",
    "HSE Officer": "risk assessment, NEBOSH, permits to work, toolbox talks",
    "Architect": "Revit, ArchiCAD, floor plans, rendering, 3ds Max",
    "Quantity Surveyor": "cost estimates, valuations, tender documents, take-off",
    "Real Estate Agent": "viewings, leases, valuation, listings, closing deals",
    "Lawyer": "litigation, contracts, due diligence, company law, drafting",
    "Internal Auditor": "audit plans, internal controls, risk, ACL, reconciliation",
    "Bank Teller": "deposits, withdrawals, KYC, vault, foreign exchange",
    "Credit Analyst": "loan appraisal, credit scoring, collateral, portfolio",
    "Insurance Advisor": "policies, claims, underwriting, prospecting, renewals",
    "Content Writer": "blog posts, editing, WordPress, scripts, proofreading",
    "Social Media Manager": "Instagram, TikTok, content calendar, engagement",
    "Video Editor": "Premiere Pro, After Effects, storyboards, colour grading",
    "Photographer": "lighting, retouching, Lightroom, studio, events",
    "Journalist": "interviews, reporting, news writing, fact checking, radio",
    "Waiter": "table service, orders, mixing drinks, banqueting, menus",
    "Hotel Manager": "reservations, occupancy, Opera PMS, guest relations",
    "Farm Manager": "poultry, irrigation, feed, greenhouse, harvest",
    "Agronomist": "soil tests, seedlings, pest control, extension work",
    "Lecturer": "curriculum, research, supervision, seminars, examination",
    "Nursery Teacher": "phonics, Montessori, play, storytelling, care",
    "Caregiver": "elderly care, feeding, bathing, companionship, mobility",
    "DevOps Engineer": "Kubernetes, Terraform, AWS, pipelines, monitoring",
    "Mobile Developer": "Flutter, Kotlin, Swift, app stores, Firebase",
    "Cybersecurity Analyst": "SIEM, penetration tests, SOC, phishing, forensics",
}
PROFESSIONS = {
    **WORK,
    **{title: skills.split(", ") for title, skills in MORE_WORK.items()},
}
# Of all rows; what is left is in Lagos.
CITIES = {
    "Abuja": 0.18, "Port Harcourt": 0.08, "Ibadan": 0.06, "Kano": 0.04,
    "Enugu": 0.035, "Benin City": 0.03, "Kaduna": 0.02, "Calabar": 0.015,
    "Jos": 0.01, "Yola": 0.004,
}  # fmt: skip
STATES = {
    "Abuja": "FCT", "Port Harcourt": "Rivers", "Ibadan": "Oyo", "Kano": "Kano",
    "Enugu": "Enugu", "Benin City": "Edo", "Kaduna": "Kaduna", "Jos": "Plateau",
    "Calabar": "Cross River", "Yola": "Adamawa", "Lagos": "Lagos",
}  # fmt: skip
REMOTE, HYBRID = 0.25, 0.15  # of all rows
PAID = 0.4  # postings that name their pay
LIVE_DAYS, OLD_DAYS = 58, 700  # how old a live and an old row are at most
DESCRIPTION_CHARACTERS = 1_000
VARIANTS = 8  # descriptions of a cluster; the first sentence is each posting's own
COLUMNS = (
    "id, source, source_id, first_seen_date, posted_date, title, company, location, "
    "country, description, url, salary_min, salary_max, salary_currency, "
    "salary_period, employment_type, work_arrangement, experience_level, years_min, "
    "skills, category, ai_job_titles, ai_city, ai_state, ai_country, "
    "ai_work_arrangement, ai_remote_allowed, ai_required_skills"
)

Person = dict[str, object]


@dataclass(frozen=True)
class Cluster:
    """What the postings of a cluster have in common."""

    profession: str
    field: str
    skills: tuple[str, ...]
    descriptions: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.profession} ({self.skills[0]}, {self.field})"


def describe_clusters(space: Space, seed: int = 1) -> list[Cluster]:
    chance = random.Random(seed)
    titles = list(PROFESSIONS)
    return [_cluster(titles[number], chance) for number in space.professions.tolist()]


def copy_lines(
    first_id: int, clusters: Sequence[Cluster], is_live: bool, chance: random.Random
) -> Iterator[str]:
    """Rows of canonical_jobs in COPY's text format, of COLUMNS; ids count up."""
    today = date.today()
    youngest, oldest = (0, LIVE_DAYS) if is_live else (LIVE_DAYS + 10, OLD_DAYS)
    days = [(today - timedelta(days=n)).isoformat() for n in range(oldest + 1)]
    names = [f"{name} {kind}" for name in NAMES for kind in KINDS]
    for number, cluster in enumerate(clusters, start=first_id):
        posted = days[chance.randint(youngest, oldest)]
        yield _line(number, cluster, posted, chance.choice(names), chance)


def person_wanting(cluster: Cluster, chance: random.Random) -> Person:
    """Preferences, by column, of someone whose work is that of the cluster."""
    return {
        "job_roles": [cluster.profession, f"{cluster.profession} {cluster.skills[0]}"],
        "technical_skills": list(cluster.skills),
        "industry_preferences": [cluster.field],
        "preferred_locations": [_city(chance)],
        "work_arrangements": chance.choice([[], [], ["remote"], ["onsite", "hybrid"]]),
        "years_of_experience": chance.randint(0, 12),
        "salary_min": chance.randrange(60_000, 600_000, 10_000),
        "salary_currency": "NGN",
        "willing_to_relocate": chance.random() < 0.3,
    }


def _cluster(profession: str, chance: random.Random) -> Cluster:
    skills, field = PROFESSIONS[profession], chance.choice(FIELDS)
    own = tuple(chance.sample(skills, min(4, len(skills))))
    variants = tuple(
        _description(profession, field, own, chance) for _ in range(VARIANTS)
    )
    return Cluster(profession, field, own, variants)


def _description(
    profession: str, field: str, skills: Sequence[str], chance: random.Random
) -> str:
    text = ""
    while len(text) < DESCRIPTION_CHARACTERS:
        text += " " + chance.choice(SENTENCES).format(
            title=profession,
            city="the city",
            field=field,
            years=chance.randint(1, 8),
            skill=chance.choice(skills),
        )
    return text[:DESCRIPTION_CHARACTERS]


def _city(chance: random.Random) -> str:
    drawn = chance.random()
    for city, share in CITIES.items():
        drawn -= share
        if drawn < 0:
            return city
    return "Lagos"


def _line(
    number: int, cluster: Cluster, posted: str, company: str, chance: random.Random
) -> str:
    drawn = chance.random()
    arrangement = (
        "remote"
        if drawn < REMOTE
        else "hybrid"
        if drawn < REMOTE + HYBRID
        else "onsite"
    )
    city = _city(chance)
    level = chance.choice(LEVELS)
    title = level + (cluster.title if chance.random() < 0.7 else cluster.profession)
    if chance.random() < 0.3:
        title += f" - {city}"
    pay = chance.randrange(60_000, 900_000, 5_000) if chance.random() < PAID else None
    first, second = chance.sample(cluster.skills, 2)
    skills = f'{{"{first}","{second}"}}'
    return "\t".join(
        (
            str(number), "synthetic", str(number), posted, posted, title, company,
            f"{city}, Nigeria", "Nigeria",
            f"{company} is hiring: {title}.{chance.choice(cluster.descriptions)}",
            f"https://jobs.example/{number}",
            str(pay or r"\N"), str(pay * 1.4 if pay else r"\N"), "NGN", "month",
            "contract" if chance.random() < 0.1 else "full-time", arrangement,
            level.strip() or r"\N", str(chance.randint(0, 8)), skills, cluster.field,
            f'{{"{cluster.profession}","{level}{cluster.profession}"}}',
            city, STATES[city], "Nigeria", arrangement,
            "t" if arrangement == "remote" else "f", skills,
        )
    ) + "\n"  # fmt: skip
