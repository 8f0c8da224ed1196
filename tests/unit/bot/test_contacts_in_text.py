from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp_bot.bot.contacts_in_text import without_contacts


@pytest.mark.parametrize(
    "contact",
    [
        "08031234567",
        "+234 803 123 4567",
        "+234-(0)803-123-4567",
        "0803.123.4567",
        "0803,123,4567",
        "0 8 0 3 1 2 3 4 5 6 7",
        "0803\u200b123\u200d4567",
        "０８０３１２３４５６７",
        "0️⃣8️⃣0️⃣3️⃣1️⃣2️⃣3️⃣",
        "12345678901",
        "1234567",
        "zero eight zero three one two three four",
        "ada.obi+jobs@example.com",
        "ada at example dot com",
        "@ada_obi",
        "https://wa.me/2348031234567",
        "wa.me/message",
        "www.example.org/ada",
        "facebook.com/ada.obi",
    ],
)
def test_ways_to_reach_her_are_taken_out(contact: str) -> None:
    assert (
        without_contacts(f"cook for party, {contact} please")
        == "cook for party, please"
    )


@pytest.mark.parametrize(
    "text",
    [
        "from 150,000 to 200,000 a month",
        "1,500,000 yearly",
        "150,000 - 200,000",
        "90k, 3 years, 2 places",
        "two or three years in Lagos",
        "I sabi plait hair",
        "call center work",
    ],
)
def test_what_tells_of_work_stays(text: str) -> None:
    assert without_contacts(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("My name is Ngozi Eze and I cook", "and I cook"),
        ("my name na ngozi i dey cook", "i dey cook"),
        ("Name: Ada Obi\nWork: cook", "Work: cook"),
        ("my name's Ada, I cook", ", I cook"),
        ("I am called Ada. I cook", ". I cook"),
        ("dem dey call me Ngozi, I cook", "dem dey , I cook"),
    ],
)
def test_the_name_she_gives_is_taken_out(text: str, left: str) -> None:
    assert without_contacts(text) == left


@given(st.text(max_size=300), st.from_regex(r"[0-9]{7,20}", fullmatch=True))
def test_no_run_of_digits_is_left(around: str, digits: str) -> None:
    assert not re.search(r"\d{7,}", without_contacts(f"{around} {digits} {around}"))
