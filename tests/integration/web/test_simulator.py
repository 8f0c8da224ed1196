"""The simulator within the web service: this machine only, or with the password."""

from __future__ import annotations

import socket
from datetime import date

import httpx2
import pytest

from tests.conftest import AppFactory
from tests.integration.web.conftest import TOKEN, running
from whatsapp_bot.admin_api import bound
from whatsapp_bot.alerts.digests import AlertTemplate
from whatsapp_bot.bootstrap import build_simulator, on_simulator
from whatsapp_bot.records import FoundJobs, Match
from whatsapp_bot.whatsapp.payloads import addressed, payload_of

MESSAGES = "/simulator/v25.0/106540352242922/messages"


def test_it_is_there_only_where_it_is_switched_on(make_app: AppFactory) -> None:
    assert build_simulator(make_app().settings, 8000) is None
    with running(make_app(), simulator=None) as site:
        assert site.client.get("/simulator/").status_code == 404


def test_it_asks_a_browser_for_the_password(make_app: AppFactory) -> None:
    app = make_app(SIMULATOR="on", ADMIN_TOKEN=TOKEN)
    simulator = build_simulator(app.settings, 8000)
    assert simulator and simulator.webhook_url == "http://127.0.0.1:8000/webhook"
    with (
        running(app, simulator) as site,
        httpx2.Client(
            base_url=site.base_url, follow_redirects=True, timeout=60
        ) as browser,
    ):
        asked = browser.get("/simulator")
        assert asked.status_code == 401
        assert asked.headers["www-authenticate"].startswith("Basic realm=")
        for password in ("wrong", "", f"{TOKEN} "):
            assert browser.get("/simulator", auth=("", password)).status_code == 401
        for malformed in ("Basic %", "Basic", "Basic bm9jb2xvbg=="):
            headers = {"authorization": malformed}
            assert browser.get("/simulator", headers=headers).status_code == 401
        page = browser.get("/simulator", auth=("me", TOKEN))
        assert page.url.path == "/simulator/"
        assert "Chat simulator" in page.text
        assert site.client.get("/simulator/control/state").status_code == 200
        # A password that a browser sends by itself opens nothing else.
        coverage = "/api/v1/admin/embeddings/coverage"
        assert browser.get(coverage, auth=("me", TOKEN)).status_code == 401
        # The fake of Meta's API asks for Meta's token, as Meta does.
        refused = browser.post(MESSAGES, json={})
        assert refused.json()["error"]["code"] == 190


def test_without_a_token_it_is_for_this_machine_only(make_app: AppFactory) -> None:
    app = make_app(SIMULATOR="on")
    with running(app, build_simulator(app.settings, 8000)) as site:
        assert site.client.get("/simulator/").status_code == 200
        for path in ("/simulator/", MESSAGES):
            stranger = site.client.get(path, headers={"host": "evil.example"})
            assert stranger.status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_answers_do_not_wait_for_the_clients_acknowledgement(host: str) -> None:
    with (
        bound(host, 0) as listener,
        socket.create_connection(listener.getsockname()[:2]),
    ):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_template_of_alerts_is_approved(make_app: AppFactory) -> None:
    settings = on_simulator(make_app(SIMULATOR="on").settings)
    simulator = build_simulator(settings, 8000)
    assert simulator and settings.whatsapp_alert_template
    ada = simulator.person("Ada")
    template = AlertTemplate(
        settings.whatsapp_alert_template, settings.whatsapp_alert_template_language
    )
    job = Match(1, "Driver", None, None, None, date(2026, 11, 20), 90, ())
    payload = payload_of(template.of(FoundJobs((1,), (job,))))
    headers = {"authorization": f"Bearer {settings.whatsapp_token}"}
    with running(make_app(SIMULATOR="on"), simulator) as site:
        answer = site.client.post(
            MESSAGES, json=addressed(payload, ada.phone, None, 1), headers=headers
        )
    assert answer.status_code == 200, answer.text
    assert ada.received()[0].body.startswith("1 new jobs fit what you look for")
