"""The controls over HTTP, the stream of changes, and the fake as a process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from typing import Any

import httpx2
import pytest

from tests.integration.whatsapp.fake_graph.conftest import START, Business
from tests.loopback.webhook_receiver import WebhookReceiver
from whatsapp_bot.config import PROJECT_FOLDER
from whatsapp_bot.whatsapp.fake_graph import FakeGraph, Person, __main__

MODULE = "whatsapp_bot.whatsapp.fake_graph"


def control(business: Business, name: str, **asked: object) -> dict[str, Any]:
    answer = business.post(asked, f"/control/{name}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_all_can_be_done_over_http(
    graph: FakeGraph, hook: WebhookReceiver, business: Business
) -> None:
    number = business.post({"name": "Ada"}, "/control/person").json()["number"]
    control(business, "act", person=number, write="Hello")
    assert graph.settle()  # or it may be doubled below
    template = {"name": "alert", "body": "{{1}} jobs", "buttons": [{"text": "Show"}]}
    assert business.post(template, "/control/template").status_code == 200
    control(business, "chaos", duplicate=1)
    assert control(business, "chaos", calm=True)["duplicate"] == 0
    control(business, "fault", what=131000, person=number)
    to = "+2340000000001"
    assert business.send(to).status_code == 500
    assert business.send(to, "Good day").status_code == 200
    assert control(business, "clock", turn=86_400)["now"] == START + 86_400
    assert business.send(to).status_code == 400
    control(business, "hold", hold=True)
    for act in (
        {"send": "sticker"},
        {"fill": {"role": "driver"}},
        {"marketing": "stop"},
        {"phone": "off"},
        {"block": True},
        {"number": "2340000000099"},
    ):
        control(business, "act", person=number, **act)
    control(business, "hold", hold=False)
    assert graph.settle()
    kinds = [message["type"] for message in hook.updates("messages")]
    assert kinds == ["text", "sticker", "interactive", "system"]
    state = business.client.get("/control/state").json()
    assert state["people"][0]["phone"] == "2340000000099"
    assert [message["body"] for message in state["messages"]][:2] == ["Hello", "Good day"]  # fmt: skip
    accepted = business.client.get(f"/control/accepted?person={number}").json()
    [message] = accepted["accepted"]
    assert message["payload"]["text"] == {"body": "Good day"}
    nobody = business.client.get("/control/accepted?person=9").json()
    assert nobody == {"accepted": [], "refused": [131000, 131047]}
    control(business, "webhook", url=None)
    assert graph.webhook_url is None


def test_the_clock_is_stopped_and_goes_on(business: Business) -> None:
    assert control(business, "clock", go=True)["is_stopped"] is False
    stopped = control(business, "clock", stop=True)
    assert stopped["is_stopped"] is True
    assert control(business, "clock")["now"] == stopped["now"]


@pytest.mark.parametrize(
    ("what", "asked", "says"),
    [
        ("person", {}, "name"),
        ("person", {"name": "Ada", "phone": "Ada"}, "digits"),
        ("person", {"name": "Ada", "phone": "+2348031234567"}, "nobody else's"),
        ("act", {"person": 1}, "write"),
        ("act", {"person": 9, "write": "Hi"}, "9"),
        ("act", {"person": 1, "press": "x"}, "to press"),
        ("act", {"person": 1, "send": "money"}, "sticker"),
        ("chaos", {"batch": 0}, "batch"),
        ("fault", {"what": 7}, "neither"),
        ("template", {"name": "a"}, "no template"),
        ("clock", {"turn": "soon"}, "soon"),
        ("person", ["Ada"], "object"),
    ],
)
def test_what_is_wrong_is_said(
    business: Business, ada: Person, what: str, asked: Any, says: str
) -> None:
    answer = business.post(asked, f"/control/{what}")
    assert answer.status_code == 400
    assert says in answer.json()["error"]


def test_a_page_of_another_site_cannot_use_it(business: Business, ada: Person) -> None:
    # What a browser sends there without asking first.
    plain = business.client.post(
        "/control/person",
        content=b'{"name": "Eve"}',
        headers={"content-type": "text/plain"},
    )
    assert plain.status_code == 415
    # A name that points to this machine.
    stranger = {"host": "evil.example"}
    assert business.client.get("/", headers=stranger).status_code == 400
    page = business.client.get("/simulator", follow_redirects=True)
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_whoever_watches_is_told_all_and_then_each_change(
    graph: FakeGraph, business: Business, ada: Person
) -> None:
    with business.client.stream("GET", "/control/events") as stream:
        lines = (line for line in stream.iter_lines() if line)
        everything = json.loads(next(lines).removeprefix("data: "))["everything"]
        assert [person["name"] for person in everything["people"]] == ["Ada"]
        ada.write("<b>Hello</b>\n")
        change = json.loads(next(lines).removeprefix("data: "))
        assert change["message"]["body"] == "<b>Hello</b>\n"
        assert change["message"]["status"] == "sent"


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_as_a_process_it_says_where_it_is_and_stops_cleanly(
    hook: WebhookReceiver, stop: signal.Signals, code: int
) -> None:
    options = ["--port", "0", "--webhook", hook.url, "--app-secret", "a secret"]
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE, *options],
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout and process.stderr
        base_url = process.stdout.readline().strip()
        with httpx2.Client(base_url=base_url, timeout=60) as client:
            client.post("/control/person", json={"name": "Ada"})
            client.post("/control/act", json={"person": 1, "write": "Hello"})
            assert hook.wait_for(lambda: len(hook.bodies) == 1)
        process.send_signal(stop)
        assert process.wait(60) == code
        assert process.stderr.read() == ""


def test_a_port_that_is_taken_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        signals = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        try:
            assert __main__.main(["--port", port]) == 2
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, signals)
    error = capsys.readouterr().err
    assert error.startswith(f"error: port {port} cannot be had")
    assert error.count("\n") == 1
