"""Titles read, and how alike they are."""

from __future__ import annotations

import pytest

from whatsapp_bot.matching import titles


def like(role: str, title: str) -> float:
    return titles.likeness(titles.read_title(role), titles.read_title(title))


@pytest.mark.parametrize(
    ("role", "title"),
    [
        ("Data Analyst", "Senior Data Analyst"),
        ("Data Analyst", "Data Analyst II (Lagos)"),
        ("Driver", "Chauffeur needed urgently in Lekki"),
        ("Registered Nurse", "RN"),
        ("Customer Care Representative", "Customer Service Representatives"),
        ("Backend Developer", "Back-End Engineer"),
        ("HR Manager", "Human Resources Manager"),
        ("Accountant", "Accounts Officer"),
        ("Safety Officer", "HSE Officer"),
        ("Bike man", "Dispatch Rider"),
        ("Cook", "Head Chef"),
        ("Maths Teacher", "Mathematics Tutor"),
        ("Cleaner", "Cleaning"),
    ],
)
def test_the_same_work_in_other_words_is_the_same_role(role: str, title: str) -> None:
    assert like(role, title) == pytest.approx(1.0)


def test_nearer_work_scores_higher() -> None:
    exact, business, entry, driver = (
        like("Data Analyst", title)
        for title in ("Data Analyst", "Business Analyst", "Data Entry Clerk", "Driver")
    )
    assert exact > business > entry >= driver == 0.0
    assert 0.2 < business < 0.6
    assert entry < 0.3


@pytest.mark.parametrize(
    ("role", "title"),
    [
        ("HSE Officer", "Loan Officer"),
        ("Software Developer", "Business Development Manager"),
        ("Accountant", "Account Manager"),
        ("Nurse", "Nurse Recruiter"),
        ("Civil Engineer", "Mechanical Engineer"),
        ("Security Guard", "Cyber Security Analyst"),
    ],
)
def test_work_that_only_sounds_alike_is_not_the_role(role: str, title: str) -> None:
    assert like(role, title) < 0.5


def test_the_order_of_words_does_not_matter() -> None:
    assert like("Sales Manager", "Manager, Sales") > 0.9
