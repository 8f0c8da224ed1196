"""A newcomer tries the whole bot: in a real browser, against the real processes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.processes import Bot, wait_until
from tests.acceptance.rows import Rows

PATIENCE_MS = 60_000
START_SECONDS = 120.0
PHONE = {"width": 360, "height": 740}
OPEN = re.compile(r"open (http://127\.0\.0\.1:\d+/simulator)\n")
# The model that needs no provider.
LOCAL = dict.fromkeys(("OPENAI_API_KEY", "OPENAI_BASE_URL", "EMBEDDING_DIMENSIONS"), "")
LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:(\d+))")


class Phone:
    """She writes and presses, and reads what is answered."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._answers = page.locator("#chat > .business:not(.dots)")

    def writes(self, text: str, answers: int = 1) -> str:
        def write() -> None:
            self.page.get_by_label("Message", exact=True).fill(text)
            self.page.keyboard.press("Enter")

        return self._hears(write, answers)

    def presses(self, words: str, answers: int = 1) -> str:
        """The newest button of these words."""
        button = self.page.get_by_role("button", name=words, exact=True).last
        return self._hears(button.click, answers)

    def chooses(self, button: str, row: str, answers: int = 1) -> str:
        self.page.get_by_role("button", name=button, exact=True).last.click()
        option = self.page.get_by_role("dialog").get_by_role("button", name=row)
        return self._hears(option.first.click, answers)

    def _hears(self, do: Callable[[], None], answers: int) -> str:
        """All that is answered, and nothing else was said meanwhile."""
        before = self._answers.count()
        do()
        expect(self._answers).to_have_count(before + answers)
        return "\n".join(self._answers.all_inner_texts()[before:])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Whatever goes wrong in the page's code fails the test."""
    troubles: list[str] = []
    page = browser.new_page(viewport=PHONE)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)  # fmt: skip
    yield page
    page.close()
    assert troubles == []


def test_a_newcomer_tries_the_whole_bot_with_one_command(
    bot: Bot, rows: Rows, page: Page
) -> None:
    example = bot.start("whatsapp_bot", "example", PORT="0", **LOCAL)
    wait_until(lambda: OPEN.search(example.log), START_SECONDS)
    page.goto(OPEN.findall(example.log)[0])
    expect(page.locator("#people li")).to_have_count(1)
    phone = Phone(page)
    _onboards_in_pidgin(phone)
    _looks_at_jobs(phone)
    expect(page.locator("#chat > .person .meta.read").first).to_be_visible()
    _says_what_she_thinks_of_them(phone)
    _has_alerts_and_stops_all(phone)
    _is_forgotten(phone, rows)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    example.press_ctrl_c()  # while the page still listens
    assert example.wait() == 0
    assert "Traceback" not in example.log and " ERROR " not in example.log
    page.goto("about:blank")


def _onboards_in_pidgin(phone: Phone) -> None:
    understood = phone.writes("I dey find driver work for Ikeja, salary from 80k")
    assert "Work: Driver\nPlace: Ikeja, Lagos\nPay: from ₦80k per month" in understood
    assert "E correct?" in understood and "Privacy" in understood


def _looks_at_jobs(phone: Phone) -> None:
    listed = phone.presses("Yes, show work", answers=2)
    assert "work dey for you, the best first:" in listed
    assert "1. " in listed and "e pass your ₦80k" in listed
    assert "Make I dey text you" in listed
    assert "No other work wey fit you dey now" in phone.writes("more")
    opened = phone.writes("1", answers=2)
    assert "Why e fit you: na the work wey you want: Driver" in opened
    link = phone.page.get_by_role("link", name="Apply").last
    expect(link).to_have_attribute("href", re.compile("https://jobs.example/"))
    again = phone.chooses("See am well", "2. ", answers=2)
    assert "Why e fit you:" in again


def _says_what_she_thinks_of_them(phone: Phone) -> None:
    assert "I don save am" in phone.presses("Save")
    assert "1. " in phone.writes("saved")
    phone.chooses("Choose", "1. ", answers=2)
    assert "Why?" in phone.presses("No be for me")
    assert "Thank you" in phone.presses("E too far")
    expect(phone.page.get_by_role("button", name="Change place")).to_be_visible()


def _has_alerts_and_stops_all(phone: Phone) -> None:
    assert "Job alert dey off" in phone.writes("alerts")
    assert "new work once e land" in phone.presses("Sharp sharp")
    assert "no go send you anything again" in phone.writes("abeg stop")
    phone.writes("jobs", answers=0)
    phone.writes("more", answers=0)
    # Messages are answered in order: those two were read, and not answered.
    assert "You say make we stop" in phone.writes("my data")
    assert "Welcome back!" in phone.writes("start")
    assert "Job alert dey off" in phone.writes("alerts")


def _is_forgotten(phone: Phone, rows: Rows) -> None:
    assert rows.value("SELECT count(*) FROM contacts") == 1
    assert "E no fit come back" in phone.writes("delete my data")
    assert "Everything don clear" in phone.presses("Yes, clear all")
    for table in ("contacts", "inbox", "conversations"):
        assert rows.value(f"SELECT count(*) FROM {table}") == 0
    assert "What work do you want" in phone.writes("hello")


def test_the_simulator_works_with_a_daemon_of_its_own_and_secrets_of_the_token(
    bot: Bot, rows: Rows
) -> None:
    on = {"SIMULATOR": "on", "ADMIN_TOKEN": "a token of the tests"}
    web = bot.start("whatsapp_bot", "admin-api", WEB_PORT="0", **on)
    wait_until(lambda: LISTENING.search(web.log))
    ((url, port),) = LISTENING.findall(web.log)
    with httpx2.Client(base_url=f"{url}/simulator", auth=("me", on["ADMIN_TOKEN"])) as client:  # fmt: skip

        def control(to: str, **asked: object) -> None:
            client.post(f"/control/{to}", json=asked).raise_for_status()

        def accepted() -> list[str]:
            told = client.get("/control/accepted").json()["accepted"]
            return [str(message) for message in told]

        control("person", name="Ada")
        control("act", person=1, write="How far")
        real = {"WHATSAPP_PHONE_NUMBER_ID": "1", "WHATSAPP_TOKEN": "real"}
        daemon = bot.start_daemon(WEB_PORT=port, **real, **on)
        wait_until(accepted)
        assert "Which work you dey find" in accepted()[0]
    assert "nothing goes to Meta" in daemon.log
    assert daemon.stop() == 0
    assert web.stop() == 0
    assert rows.value("SELECT count(*) FROM outbox WHERE attempts > 1") == 0
