"""The page in a real browser, against a bot that answers through the Graph API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.loopback.echo_bot import EchoBot
from tests.loopback.webhook_receiver import WebhookReceiver
from whatsapp_bot.whatsapp.fake_graph import (
    Account,
    ApprovedTemplate,
    FakeGraph,
    TemplateButton,
)

PATIENCE_MS = 60_000
PHONE, DESK = (360, 740), (1280, 800)
JOBS = [
    {"id": "job:1", "title": "Delivery driver", "description": "Ikeja · ₦180k"},
    {"id": "job:2", "title": "<script>alert(1)", "description": "<img src=x onerror=alert(2)>"},
]  # fmt: skip
ALERT = ApprovedTemplate(
    "alert", "{{1}} new jobs", buttons=[TemplateButton("Show jobs")], footer="Job bot"
)


@dataclass
class Screen:
    page: Page
    graph: FakeGraph
    bot: EchoBot

    def write(self, text: str) -> None:
        self.page.get_by_label("Message", exact=True).fill(text)
        self.page.keyboard.press("Enter")

    def last(self, by: str) -> Locator:
        """The newest message of "business" or "person"."""
        return self.page.locator(f"#chat > .{by}:not(.dots)").last

    def count(self, by: str) -> Locator:
        return self.page.locator(f"#chat > .{by}:not(.dots)")


@pytest.fixture
def graph() -> Iterator[tuple[FakeGraph, EchoBot]]:
    bot = EchoBot(Account(), JOBS)
    with (
        WebhookReceiver(Account().app_secret, bot.answer) as hook,
        FakeGraph(hook.url, templates=[ALERT]) as graph,
    ):
        bot.base_url = graph.base_url
        yield graph, bot
    bot.close()


@pytest.fixture
def open_screen(
    browser: Browser, graph: tuple[FakeGraph, EchoBot]
) -> Iterator[Callable[[tuple[int, int]], Screen]]:
    """Whatever goes wrong in the page's code fails the test."""
    troubles: list[str] = []
    pages: list[Page] = []

    def open_page(size: tuple[int, int]) -> Screen:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        pages.append(page)
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))  # fmt: skip
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)  # fmt: skip
        page.goto(graph[0].base_url)
        expect(page.locator("#people li")).to_have_count(1)
        return Screen(page, *graph)

    expect.set_options(timeout=PATIENCE_MS)
    yield open_page
    for page in pages:
        page.close()
    assert troubles == []


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def screen(
    open_screen: Callable[[tuple[int, int]], Screen], request: pytest.FixtureRequest
) -> Screen:
    return open_screen(request.param)


def test_a_conversation(screen: Screen) -> None:
    page = screen.page
    screen.write("I dey find *driver* work <script>alert(0)</script>")
    expect(screen.last("person").locator("strong")).to_have_text("driver")
    # Read: the bot said so, and the ticks show it.
    expect(screen.last("person").locator(".meta.read .hidden")).to_have_text("read")
    expect(screen.last("business").locator(".words")).to_have_text(
        "You said: I dey find driver work <script>alert(0)</script>"
    )
    expect(page.locator(".day")).to_have_text("Today")

    screen.write("jobs")
    page.get_by_role("button", name="See jobs").click()
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".option")).to_have_count(2)
    expect(sheet.locator("img, script")).to_have_count(0)
    expect(sheet.locator("small").last).to_have_text(JOBS[1]["description"])
    sheet.get_by_role("button", name=JOBS[1]["title"]).click()
    expect(sheet).to_be_hidden()
    expect(screen.last("person").locator(".words")).to_have_text(JOBS[1]["title"])
    expect(screen.last("person").locator(".quote")).to_be_visible()
    expect(screen.last("business").locator(".words")).to_have_text("You said: job:2")

    screen.write("buttons")
    page.get_by_role("button", name="Change it").click()
    expect(screen.last("business").locator(".words")).to_have_text(
        "You said: press:Change it"
    )
    screen.write("link")
    apply = page.get_by_role("link", name="Apply")
    expect(apply).to_have_attribute("href", "https://example.com/?job=7")
    expect(apply).to_have_attribute("rel", "noopener noreferrer")
    assert len(screen.graph.accepted()) == 6


def test_it_works_by_keyboard_and_nothing_is_wider_than_the_screen(
    screen: Screen,
) -> None:
    page = screen.page
    screen.write("jobs")
    page.get_by_role("button", name="See jobs").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="See jobs")).to_be_focused()
    screen.write("https://example.com/" + "x" * 300)
    expect(screen.count("business")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(UNNAMED) == []


# Controls that say nothing to who does not see them.
UNNAMED = """() => [...document.querySelectorAll("button, input, select, textarea, a")]
  .filter((control) => !control.textContent.trim() && !control.labels?.length
    && !control.getAttribute("aria-label")).map((control) => control.outerHTML)"""


def test_other_things_than_words_can_be_sent(screen: Screen) -> None:
    for name, kind in (("Sticker", "sticker"), ("CV (PDF)", "document")):
        screen.page.locator("#attach summary").click()
        screen.page.get_by_role("button", name=name).click()
        expect(screen.last("business").locator(".words")).to_have_text(
            f"You said: a {kind}"
        )


def test_one_can_be_several_people_and_turn_the_clock(
    open_screen: Callable[[tuple[int, int]], Screen],
) -> None:
    screen = open_screen(DESK)
    page, graph = screen.page, screen.graph
    screen.write("Hello from Ada")
    expect(screen.last("business").locator(".words")).to_contain_text("from Ada")
    page.get_by_label("Somebody else").fill("Chi & <b>co</b>")
    page.get_by_label("hides her phone number").check()
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#people [aria-current=true]")).to_contain_text("<b>co</b>")
    expect(screen.count("business")).to_have_count(0)
    screen.write("Hello from Chi")
    expect(screen.last("business").locator(".words")).to_contain_text("from Chi")
    expect(page.locator("#phone-controls")).to_contain_text("window open for")
    page.get_by_role("button", name="+1 day").click()
    expect(page.locator("#phone-controls")).to_contain_text("window closed")
    expect(page.locator(".day")).to_have_text("Yesterday")

    # What comes for somebody else waits for her; of a template, what a phone shows.
    alert = {
        "type": "template",
        "template": {
            "name": "alert",
            "language": {"code": "en"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "3"}]}],
        },
    }  # fmt: skip
    ada = graph.accepted()[0].payload["recipient"]
    screen.bot.post({"recipient": ada, **alert})
    expect(page.locator(".badge")).to_have_text("1")
    assert graph.wait_until(lambda: graph.accepted()[-1].status == "delivered")
    page.locator("#people button").first.click()
    expect(screen.last("business")).to_contain_text("3 new jobs")
    expect(screen.last("business")).to_contain_text("Job bot")
    expect(page.locator(".badge")).to_have_count(0)
    assert graph.wait_until(lambda: graph.accepted()[-1].status == "read")
    expect(page.locator("#cost")).to_have_text("cost $0.0516")
    expect(page.locator(".day")).to_have_count(2)
    page.get_by_role("button", name="Show jobs").click()
    expect(screen.last("business").locator(".words")).to_contain_text("You said")


def test_what_goes_wrong_is_switched_on_and_seen(
    open_screen: Callable[[tuple[int, int]], Screen],
) -> None:
    screen = open_screen(DESK)
    page = screen.page
    page.get_by_label("Webhooks twice").fill("1")
    expect(page.locator("#chaos-controls output").first).to_have_text("100 %")
    screen.write("Hello")
    # The echo bot does not mind that it heard it before.
    expect(screen.count("business")).to_have_count(2)
    page.get_by_role("button", name="All well again").click()
    expect(page.locator("#chaos-controls output").first).to_have_text("0 %")
    page.get_by_label("What it meets").select_option("131049 marketing cap")
    page.get_by_label("told later").check()
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("#log")).to_contain_text("200")
    screen.write("Once more")
    expect(screen.last("business").locator(".failed")).to_contain_text("131049")
    page.get_by_role("button", name="Off", exact=True).click()
    expect(page.get_by_role("button", name="Off", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_on_a_phone_people_and_controls_are_a_page_of_their_own(
    open_screen: Callable[[tuple[int, int]], Screen],
) -> None:
    screen = open_screen(PHONE)
    page = screen.page
    panel = page.get_by_role("complementary", name="Controls")
    expect(panel).to_be_hidden()
    page.get_by_role("button", name="People and controls").click()
    expect(panel.get_by_role("button", name="Close")).to_be_focused()
    panel.get_by_label("Somebody else").fill("Obi")
    panel.get_by_role("button", name="Add").click()
    expect(panel).to_be_hidden()
    screen.write("Hello from Obi")
    expect(screen.last("business").locator(".words")).to_contain_text("from Obi")
    page.get_by_role("button", name="People and controls").click()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_page_is_light_and_asks_nobody_else(
    open_screen: Callable[[tuple[int, int]], Screen], browser: Browser
) -> None:
    screen = open_screen(PHONE)
    base_url = screen.graph.base_url
    sizes: dict[str, int] = {}
    page = browser.new_page()
    page.on("response", lambda answer: sizes.update({answer.url: int(answer.headers.get("content-length", 0))}))  # fmt: skip
    page.goto(base_url)
    expect(page.locator("#people li")).to_have_count(1)
    page.close()
    assert all(re.match(f"{base_url}/|data:", url) for url in sizes)
    assert len(sizes) >= 5
    assert sum(sizes.values()) < 60_000
