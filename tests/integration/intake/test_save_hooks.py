from __future__ import annotations

import logging
import threading
from dataclasses import replace

import pytest

from tests.conftest import AppFactory, Factory
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.errors import InputError, NotFound


def warnings_of(caplog: pytest.LogCaptureFixture, action: str) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if getattr(record, "action", None) == action
    ]


def test_a_saved_posting_has_its_vector_at_once(app: App) -> None:
    job = app.parser.save_canonical_job({"id": "1", "title": "Nurse"}, source="test")
    facts = app.store("job").facts()
    assert job
    assert (facts.embedded, facts.due) == (1, 0)


def test_saved_preferences_have_their_vector_at_once(app: App) -> None:
    user = app.users.save("person-1", "Ada", "en")
    assert app.preference_manager.save_preferences(user, {"job_roles": ["Nurse"]})
    assert app.users.has_vector(user, app.live_model.name)


def test_one_preference_is_changed_alone(app: App) -> None:
    user = app.users.save("person-1", "Ada", "en")
    manager = app.preference_manager
    manager.save_preferences(user, {"job_roles": ["Nurse"], "salary_min": "250k"})
    manager.save_preferences(user, {"salary_min": 300_000})
    preferences = manager.get_user_preferences(user)
    assert preferences["job_roles"] == ["Nurse"]
    assert preferences["salary_min"] == 300_000


@pytest.mark.parametrize(
    "fault",
    [f.server_error(500), f.closed(), f.bad_key(), f.rate_limited(60), f.fewer()],
    ids=["500", "closed", "401", "429", "fewer"],
)
def test_a_provider_that_fails_does_not_touch_the_save(
    app: App, openai_server: OpenAIServer, fault: f.Fault
) -> None:
    openai_server.faults.always(fault)
    user = app.users.save("person-1", "Ada", "en")
    assert not app.preference_manager.save_preferences(user, {"job_roles": ["Nurse"]})
    assert app.users.get_preferences(user)["job_roles"] == ["Nurse"]
    facts = app.store("user").facts()
    assert (facts.embedded, facts.waiting) == (0, 1)


def test_a_provider_that_hangs_costs_no_more_than_the_time_limit(
    make_app: AppFactory,
    openai_server: OpenAIServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app(HOOK_TIMEOUT_SECONDS="0.2")
    leave = threading.Event()

    def hang(text: str) -> bool:
        leave.wait(20)
        return False

    openai_server.faults.poison(hang)
    try:
        with caplog.at_level(logging.WARNING):
            # Were it to wait for the provider, it would wait for `leave`, set below.
            job = app.parser.save_canonical_job({"id": "1", "title": "Cook"}, "test")
    finally:
        leave.set()
    assert job
    assert app.store("job").facts().waiting == 1
    assert len(warnings_of(caplog, "save_hook_failed")) <= 1
    assert [r.levelname for r in caplog.records].count("WARNING") == 1


def test_a_failure_of_our_own_does_not_touch_the_save_either(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    with app.database.transaction() as cursor:
        cursor.raw.execute("ALTER TABLE job_vectors RENAME TO elsewhere")
    with caplog.at_level(logging.WARNING):
        job = app.parser.save_canonical_job({"id": "1", "title": "Cook"}, "test")
    assert len(warnings_of(caplog, "save_hook_failed")) == 1
    with app.database.transaction() as cursor:
        cursor.raw.execute("SELECT title FROM canonical_jobs WHERE id = %s", (job,))
        assert cursor.raw.fetchone() == {"title": "Cook"}


def test_bad_input_saves_nothing_and_says_why(app: App) -> None:
    user = app.users.save("person-1", "Ada", "en")
    with pytest.raises(InputError, match="job_role"):
        app.preference_manager.save_preferences(user, {"job_role": ["Nurse"]})
    with pytest.raises(InputError, match="title"):
        app.parser.save_canonical_job({"id": "1"}, "test")
    with pytest.raises(NotFound):
        app.preference_manager.save_preferences(user + 1, {"job_roles": ["Nurse"]})
    with pytest.raises(NotFound):
        app.users.get_preferences(user)


def test_the_same_preferences_saved_twice_are_paid_once(
    app: App, openai_server: OpenAIServer
) -> None:
    user = app.users.save("person-1", "Ada", "en")
    for _ in range(2):
        assert app.preference_manager.save_preferences(user, {"job_roles": ["Nurse"]})
    assert openai_server.record.inputs_billed == 1


def test_hooks_follow_the_model_that_became_live(
    app: App, make: Factory, openai_server: OpenAIServer
) -> None:
    app.models.add(replace(app.live_model, name="next", dimensions=32))
    app.models.use("next")
    app.parser.save_canonical_job({"id": "1", "title": "Cook"}, "test")
    with app.database.transaction() as cursor:
        cursor.raw.execute("SELECT model FROM job_vectors")
        assert [row["model"] for row in cursor.raw.fetchall()] == ["next"]
