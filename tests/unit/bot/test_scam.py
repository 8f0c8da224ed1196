from __future__ import annotations

import pytest

from whatsapp_bot.bot.scam import warning

LINK = "https://jobs.example/1"


@pytest.mark.parametrize(
    ("description", "key"),
    [
        ("A registration fee of N5,000 applies.", "scam_fee"),
        ("Pay ₦3,000 for your form before the interview.", "scam_fee"),
        ("Candidates pay a refundable training fee.", "scam_fee"),
        ("You will buy the uniform at the office.", "scam_fee"),
        ("There is no registration fee.", None),
        ("We do not charge any application fee.", None),
        ("We never ask for a processing fee; report whoever does.", None),
        ("Free training, no fees.", None),
        ("Parents pay school fees at the front desk; you receipt them.", None),
        ("Send your BVN and account number.", "scam_identity"),
        ("Come with your NIN and ATM card.", "scam_identity"),
        ("Come to Nin Avenue, 7.", None),
        ("Drive our staff bus.", None),
        ("Send your CV on WhatsApp, 0803...", None),
    ],
)
def test_what_a_posting_with_a_link_warns_of(description: str, key: str | None) -> None:
    assert warning({"title": "Driver", "description": description, "url": LINK}) == key


@pytest.mark.parametrize(
    ("url", "description", "key"),
    [
        (None, "Chat us on WhatsApp.", "scam_chat"),
        (None, "WhatsApp us or write to hr@firm.example", None),
        (None, "Walk in at 7 Allen Avenue.", None),
        ("https://wa.me/234", "Drive.", "scam_chat"),
        ("https://chat.whatsapp.com/x", "Drive.", "scam_chat"),
    ],
)
def test_a_chat_is_no_employer(url: str | None, description: str, key: str) -> None:
    assert warning({"title": "Driver", "description": description, "url": url}) == key


def test_an_empty_posting_warns_of_nothing() -> None:
    assert warning({}) is None
