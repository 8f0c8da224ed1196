"""Coverage, failed rows, spend; health and metrics."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.acceptance.rows import Rows
from tests.integration.web.conftest import TOKEN, Site
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer


def metrics_of(site: Site) -> dict[str, float]:
    """By name, its labels but the model in braces."""
    answer = site.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    pairs = (line.rsplit(" ", 1) for line in lines)
    return {
        re.sub(r',?model="[^"]*"', "", name).replace("{,", "{"): float(value)
        for name, value in pairs
    }


def test_coverage_is_of_both_kinds(site: Site, rows: Rows) -> None:
    rows.add_jobs(4)
    rows.add_user("Nurse")
    site.generate(limit=3)
    said = site.get("embeddings/coverage").json()
    assert said["model"] == site.app.live_model.name
    jobs, users = said["jobs"], said["users"]
    assert (jobs["eligible"], jobs["embedded"], jobs["coverage"]) == (4, 3, 75.0)
    assert (jobs["due"], jobs["missing"], jobs["invalid"]) == (1, 0, 0)
    assert (users["embedded"], users["coverage"]) == (0, 0.0)


def test_failed_rows_are_listed_by_pages_and_retried(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(3)
    bad = [rows.add_job(f"Poison taster {n}") for n in range(3)]
    openai_server.faults.poison(lambda text: "oison" in text)
    site.generate()
    first = site.get("embeddings/failures", entity_type="jobs", limit=2).json()
    assert [row["id"] for row in first["failures"]] == bad[:2]
    assert first["failures"][0]["attempts"] == 1
    assert first["failures"][0]["last_error"] and first["next_after"] == bad[1]
    second = site.get(
        "embeddings/failures", entity_type="jobs", limit=2, after=bad[1]
    ).json()
    assert [row["id"] for row in second["failures"]] == bad[2:]
    assert second["next_after"] is None
    users = site.get("embeddings/failures", entity_type="users").json()
    assert users["failures"] == []

    path = "/api/v1/admin/embeddings/failures/retry"
    one = {"entity_type": "jobs", "ids": [bad[0], 999_999]}
    assert site.client.post(path, json=one).json() == {"retried": 1}
    assert (rows.due, rows.put_off) == (1, 2)
    every = {"entity_type": "jobs"}
    assert site.client.post(path, json=every).json() == {"retried": 3}
    openai_server.faults.clear()
    assert site.generate().json()["successful"] == 3
    nothing = {"entity_type": "jobs", "ids": []}
    assert site.client.post(path, json=nothing).json() == {"retried": 0}


def test_spend_is_by_day_model_and_purpose(
    make_site: Callable[..., Site], rows: Rows, openai_server: OpenAIServer
) -> None:
    site = make_site(EMBEDDING_DAILY_BUDGET_USD="3")
    rows.add_jobs(5)
    site.generate()
    said = site.get("spend", days=1).json()
    (row,) = said["rows"]
    assert (row["purpose"], row["requests"], row["texts"]) == ("admin", 1, 5)
    assert row["tokens"] == openai_server.record.tokens_billed
    assert row["dollars"] == pytest.approx(row["tokens"] * 0.02 / 1e6)
    assert said["dollars_today"] == pytest.approx(row["dollars"])
    assert said["daily_budget"] == 3
    rows.run("UPDATE embedding_usage SET day = day - 1")
    assert site.get("spend", days=1).json()["rows"] == []
    assert len(site.get("spend", days=2).json()["rows"]) == 1


def test_it_is_alive_and_ready(site: Site) -> None:
    assert site.client.get("/healthz").json() == {"status": "ok"}
    answer = site.client.get("/readyz")
    assert answer.status_code == 200
    checks = {check["name"]: check["ok"] for check in answer.json()["checks"]}
    assert checks == {"database": True, "migrations": True, "provider": True}


def test_it_is_not_ready_while_a_migration_is_missing(site: Site, rows: Rows) -> None:
    rows.run("DELETE FROM schema_migrations WHERE name LIKE '010%%'")
    answer = site.client.get("/readyz")
    assert answer.status_code == 503
    assert "missing: 010_" in answer.text


def test_it_is_not_ready_while_the_provider_refuses_the_key_and_does_not_quote_it(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    openai_server.key = "another"
    rows.add_jobs(1)
    assert site.generate().json()["state"] == "failed"
    answer = site.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"][-1]["text"].endswith("left alone (denied)")


def test_being_limited_is_no_reason_to_send_requests_elsewhere(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(1)
    openai_server.faults.always(f.rate_limited(retry_after=60))
    site.generate()
    assert site.client.get("/readyz").status_code == 200


def test_metrics_are_the_facts_of_the_database(
    site: Site, rows: Rows, openai_server: OpenAIServer
) -> None:
    rows.add_jobs(3)
    rows.add_job("Poison taster")
    rows.add_user("Nurse")
    openai_server.faults.poison(lambda text: "oison" in text)
    site.generate()
    found = metrics_of(site)
    assert found["jobbot_database_up"] == 1
    assert found['jobbot_rows_due{thing="user"}'] == 1
    assert found['jobbot_rows_due{thing="job"}'] == 0
    assert found['jobbot_oldest_due_seconds{thing="user"}'] > 0
    assert found['jobbot_coverage_ratio{thing="job"}'] == 0.75
    assert found['jobbot_rows_embedded{thing="job"}'] == 3
    assert found['jobbot_rows_failed{kind="refused",thing="job"}'] == 1
    assert found['jobbot_provider_texts_total{purpose="admin"}'] == 3
    tokens = sum(
        value
        for name, value in found.items()
        if name.startswith("jobbot_provider_tokens_total")
    )
    assert tokens == openai_server.record.tokens_billed
    assert found["jobbot_spent_today_dollars"] == pytest.approx(tokens * 0.02 / 1e6)
    assert found["jobbot_daily_budget_dollars"] == 5
    calls = 'jobbot_provider_call_seconds_count{outcome="%s"}'
    assert found[calls % "rejected"] >= 1 and found[calls % "ok"] >= 1
    requests = "jobbot_http_request_seconds_count"
    route = "/api/v1/admin/embeddings/generate"
    assert found[f'{requests}{{method="POST",route="{route}",status="200"}}'] == 1


def test_labels_do_not_grow_with_what_is_asked(site: Site) -> None:
    for path in ("/api/v1/admin/jobs/123456", "/api/v1/admin/jobs/7", "/no/such/page"):
        site.client.get(path)
    site.client.request("BREW", "/pot")
    text = site.client.get("/metrics").text
    assert "123456" not in text and "such" not in text and "BREW" not in text
    assert TOKEN not in text
    found = metrics_of(site)
    assert (
        found[
            'jobbot_http_request_seconds_count{method="GET",'
            'route="/api/v1/admin/jobs/{job_id}",status="404"}'
        ]
        == 2
    )


def test_metrics_of_whatsapp_are_those_of_the_health_check(
    make_site: Callable[..., Site], rows: Rows
) -> None:
    site = make_site(
        WHATSAPP_PHONE_NUMBER_ID="1",
        WHATSAPP_APP_SECRET="s",
        WHATSAPP_DAILY_BUDGET_USD="3",
    )
    ada, bisi = rows.add_user("Nurse"), rows.add_user("Cook")
    rows.run(
        "INSERT INTO contacts (user_id, wa_id, stopped_at)"
        " VALUES (%s, '1', NULL), (%s, '2', now())",
        ada,
        bisi,
    )
    rows.run(
        "INSERT INTO conversations (user_id, state, needs_person_at)"
        " VALUES (%s, 'ready', now() - interval '1 hour')",
        ada,
    )
    rows.run(
        "INSERT INTO inbox (id, wamid, user_id, message, sent_at, received_at, due_at,"
        " last_error)"
        " SELECT n, n, %s, '{\"type\": \"text\"}', now(), now() - interval '2 hours',"
        "        CASE n WHEN 1 THEN now() END, CASE n WHEN 2 THEN 'KeyError' END"
        "   FROM generate_series(1, 3) n",
        ada,
    )
    rows.run(
        "INSERT INTO outbox (user_id, kind, message, is_template, state, due_at,"
        " accepted_at)"
        " SELECT %s, 'reply', '{\"type\": \"text\"}', false, state,"
        "        CASE WHEN state IN ('waiting', 'held', 'uncertain')"
        "             THEN now() - interval '3 hours' END,"
        "        CASE WHEN state IN ('accepted', 'read') THEN now() END"
        "   FROM unnest(ARRAY['waiting', 'held', 'uncertain', 'accepted', 'read',"
        "                     'failed', 'cancelled']) state",
        ada,
    )
    rows.run("INSERT INTO whatsapp_spend VALUES (CURRENT_DATE, 'reserved', 1, 0.25)")
    rows.run(
        "INSERT INTO whatsapp_numbers (phone_number_id, stop_reason, stopped_since)"
        " VALUES ('1', 'the token is wrong', now())"
    )
    found = {
        name.removeprefix("jobbot_"): value for name, value in metrics_of(site).items()
    }
    assert found['whatsapp_due{queue="inbox"}'] == 1
    assert 7_200 <= found['whatsapp_oldest_due_seconds{queue="inbox"}'] < 10_800
    assert found['whatsapp_set_aside{queue="inbox"}'] == 1
    assert found['whatsapp_due{queue="events"}'] == 0
    assert found['whatsapp_due{queue="outbox"}'] == 2  # what is held waits for money
    assert found['whatsapp_oldest_due_seconds{queue="outbox"}'] >= 10_800
    said = {
        "whatsapp_held": 1,
        "whatsapp_uncertain": 1,
        "whatsapp_failed_day": 1,
        "whatsapp_sent_today": 2,
        "whatsapp_spent_today_dollars": 0.25,
        "whatsapp_daily_budget_dollars": 3,
        "whatsapp_sender_stopped": 1,
        "whatsapp_alerts_stopped": 0,
        "whatsapp_people": 2,
        "whatsapp_people_stopped": 1,
        "whatsapp_people_waiting": 1,
        "alerts_pending": 0,
    }
    assert {name: found[name] for name in said} == said
    assert found["whatsapp_longest_waiting_seconds"] >= 3_600
    assert found["database_up"] == 1


def test_without_whatsapp_there_are_no_metrics_of_it(site: Site) -> None:
    assert not any("whatsapp" in name for name in metrics_of(site))
