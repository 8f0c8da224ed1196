from __future__ import annotations

from datetime import time, timedelta

import pytest

from tests.integration.alerts.conftest import LATER, Town
from whatsapp_bot.bot import choices
from whatsapp_bot.bot.conversation import Conversation
from whatsapp_bot.database.conversations import (
    AlertChoice,
    ConversationStore,
    write_alerts,
    write_pause,
)
from whatsapp_bot.database.database_manager import Cursor
from whatsapp_bot.whatsapp.messages import Incoming, ListMessage

# --- whom a job finds


def test_a_new_job_reaches_whom_it_suits_once(town: Town) -> None:
    person, nurse = town.person(), town.person(cadence="off")
    town.job("Surgeon")
    job = town.job()
    assert town.find() == 1
    assert town.find() == 0
    # It waits some minutes for others.
    assert town.tell() == 0
    assert town.pass_by(6) == 1
    assert town.told(person) == [[job]]
    assert town.messages(nurse) == []
    assert town.pass_by(days=2) == 0
    assert town.due_at(person) is None
    # What she was told counts as shown, and has the number that she may reply with.
    assert town.app.controller.search_jobs_for_user(person, 10, True).matches == ()
    data = town.value("SELECT data FROM conversations WHERE user_id = %s", person)
    assert data["page"] == [job]


def test_what_was_there_before_alerts_or_is_old_is_no_news(town: Town) -> None:
    person = town.person()
    old = town.job(posted_date=str(town.now.date() - timedelta(days=9)))
    town.run("DELETE FROM job_alerts")
    assert town.find() == 0
    assert town.app.jobs.find_live([old])
    assert town.pending(person) == []


def test_a_job_without_a_vector_waits_for_it(town: Town) -> None:
    town.person()
    town.job()
    town.run("UPDATE job_embeddings SET embedded_at = NULL, due_at = 'infinity'")
    assert town.find() == 0
    town.run("UPDATE job_embeddings SET embedded_at = now()")
    assert town.find() == 1


def test_the_same_job_from_another_source_is_told_once(town: Town) -> None:
    person = town.person()
    town.job(company="Dangote Ltd")
    town.find()
    again = town.job(company="DANGOTE")
    town.find()
    assert len(town.pending(person)) == 2
    assert town.pass_by(6) == 1
    assert [len(page) for page in town.told(person)] == [1]
    assert town.pending(person) == []
    town.job(company="Dangote Limited")
    assert town.find() == 0
    assert again


def test_what_ended_was_seen_or_no_longer_suits_is_not_told(town: Town) -> None:
    person = town.person()
    ended, seen, good = town.job(), town.job(), town.job()
    town.find()
    town.run("UPDATE canonical_jobs SET status = 'closed' WHERE id = %s", ended)
    town.app.controller.not_for_me(person, seen)
    assert town.pass_by(6) == 1
    assert town.told(person) == [[good]]
    last = town.job()
    town.find()
    town.run(
        "UPDATE user_preferences SET job_roles = '{Surgeon}' WHERE user_id = %s", person
    )
    town.app.generator.embed_due()
    assert last in town.pending(person)
    assert town.pass_by(6) == 0
    assert town.pending(person) == []
    assert town.due_at(person) is None


def test_ten_at_once_and_the_others_at_her_hour(town: Town) -> None:
    person = town.person()
    jobs = [town.job() for _ in range(10)]
    town.find()
    jobs += [town.job() for _ in range(3)]
    town.find()
    assert town.pass_by(6) == 1
    (first,) = town.told(person)
    assert len(first) == 10
    assert town.pass_by(30) == 0
    # 8:00 in Lagos, on the next day
    assert town.due_at(person) == town.now.replace(hour=7, minute=0) + timedelta(days=1)
    town.writes(person)
    assert town.pass_by(hours=22) == 1
    assert sorted(sum(town.told(person), [])) == jobs


# --- when


def test_once_a_day_at_her_hour(town: Town) -> None:
    person = town.person("daily", wrote_hours_ago=-1)
    first = town.job()
    town.find()
    assert town.pass_by(6) == 0
    second = town.job()
    town.find()
    assert town.pass_by(hours=20, minutes=50) == 0  # 6:56 in Lagos
    assert town.pass_by(hours=2) == 1
    assert [sorted(page) for page in town.told(person)] == [[first, second]]
    third = town.job()
    town.find()
    assert town.pass_by(hours=10) == 0
    town.writes(person)
    assert town.pass_by(hours=14) == 1
    assert town.told(person)[1:] == [[third]]


def test_a_digest_whose_hour_nobody_worked_is_sent_after_it(town: Town) -> None:
    person = town.person("daily", wrote_hours_ago=-26)
    town.job()
    town.find()
    assert town.tell() == 0
    assert town.pass_by(hours=25) == 1
    assert town.told(person)


def test_nothing_is_sent_in_quiet_hours_or_a_pause(town: Town) -> None:
    quiet = town.person(quiet_from=time(9), quiet_to=time(12), wrote_hours_ago=0)
    away = town.person(wrote_hours_ago=0)
    with town.app.database.transaction() as cursor:
        write_pause(cursor, away, town.now + timedelta(hours=5))
    town.job()
    town.find()
    assert town.pass_by(6) == 0
    assert town.due_at(quiet) == town.now.replace(hour=11, minute=0)
    assert town.pass_by(hours=2) == 1
    assert town.told(quiet) and not town.told(away)
    assert town.pass_by(hours=2) == 0
    with town.app.database.transaction() as cursor:
        write_pause(cursor, away, None)  # resume: at once, not at the end of the pause
    assert town.tell() == 1
    assert town.told(away)


def test_off_or_stop_ends_what_was_pending(town: Town) -> None:
    off, stopped, gone = town.person(), town.person(), town.person()
    town.job()
    assert town.find() == 3
    with town.app.database.transaction() as cursor:
        write_alerts(cursor, off, AlertChoice("off"))
        town.app.edge.contacts.stop(cursor, stopped)
        town.app.edge.contacts.delete_person(cursor, gone)
    assert town.pass_by(6) == 0
    assert town.value("SELECT count(*) FROM pending_alerts") == 0
    assert town.value("SELECT count(*) FROM outbox") == 0
    with town.app.database.transaction() as cursor:
        write_alerts(cursor, off, AlertChoice("instant", town.now, "yes", "button"))
    assert town.pass_by(days=1) == 0


# --- outside of her window


def test_a_template_asks_and_its_button_shows_the_jobs(town: Town) -> None:
    person = town.person(wrote_hours_ago=30)
    jobs = sorted(town.job() for _ in range(2))
    town.find()
    assert town.pass_by(6) == 1
    (message,) = town.messages(person)
    body, button = message["template"].pop("components")
    assert message["template"] == {"name": "new_jobs", "language": {"code": "en"}}
    assert [value["text"] for value in body["parameters"]] == ["2", "Driver"]
    (payload,) = button["parameters"]
    assert payload == {"type": "payload", "payload": choices.make("found")}
    # She is not shown them before she answers, and asked again on no other occasion.
    assert town.pending(person) == jobs
    town.job(company="Acme")
    town.find()
    assert town.pass_by(6) == 0

    conversation = Conversation(
        ConversationStore(town.app.database),
        town.app.preference_manager,
        town.app.controller,
        town.app.edge.contacts,
    )
    pressed = Incoming(1, person, "choice", town.now, "Show jobs", payload["payload"])
    answer = conversation.answer(pressed)
    with town.app.database.transaction() as cursor:
        answer.store(cursor)
    (shown,) = answer.messages
    assert isinstance(shown, ListMessage) and len(shown.rows) == 3
    assert town.pending(person) == []
    # Nothing is left: her jobs as ever.
    assert "No other job" in str(conversation.answer(pressed).messages)


def test_who_answers_no_template_gets_fewer(town: Town) -> None:
    person = town.person("daily", wrote_hours_ago=100)
    days = []
    for day in range(9):
        town.job()
        town.find()
        if town.pass_by(days=1):
            days.append(day)
    assert days == [0, 1, 3, 7]
    town.writes(person, hours_ago=-1)
    town.now += timedelta(days=1, hours=2)
    town.job()
    town.find()
    assert town.pass_by(days=1) == 1
    assert town.value("SELECT templates FROM alert_settings") == 1


@pytest.mark.parametrize(
    "without",
    [
        {"template_consent_at": None},
        {"templates_stopped_at": "2026-01-01"},
        {"templates_paused_until": "infinity"},
    ],
)
def test_no_template_without_consent(town: Town, without: dict[str, object]) -> None:
    person = town.person(wrote_hours_ago=30)
    town.contact(person, **without)
    job = town.job()
    town.find()
    assert town.pass_by(6) == 0
    assert town.messages(person) == []
    # Until she writes herself.
    town.writes(person)
    assert town.pass_by(hours=22) == 1
    assert town.told(person) == [[job]]


def test_no_more_is_sent_in_a_day_than_the_budget_allows(town: Town) -> None:
    people = [town.person(wrote_hours_ago=30) for _ in range(3)]
    town.run("INSERT INTO whatsapp_spend VALUES (CURRENT_DATE, 'marketing', 9, 0.88)")
    town.job()
    town.find()
    assert town.pass_by(6) == 2  # of 0.05 each
    assert sum(len(town.messages(person)) for person in people) == 2
    town.run("UPDATE whatsapp_spend SET dollars = 0")
    town.run("UPDATE outbox SET due_at = NULL")
    assert town.pass_by(hours=22) == 1


@pytest.mark.parametrize(
    ("held", "wrote_hours_ago"),
    [
        (
            "INSERT INTO whatsapp_templates VALUES ('new_jobs', 'infinity', 'paused')",
            30,
        ),
        (
            "INSERT INTO whatsapp_numbers (phone_number_id, alerts_stopped_until)"
            " VALUES ('1', 'infinity')",
            0,
        ),
    ],
)
def test_what_the_sender_would_hold_back_is_not_begun(
    town: Town, held: str, wrote_hours_ago: float
) -> None:
    person = town.person(wrote_hours_ago=wrote_hours_ago)
    job = town.job()
    town.find()
    town.run(held)
    assert town.pass_by(6) == 0
    assert town.pending(person) == [job]
    town.run("DELETE FROM whatsapp_templates")
    town.run("DELETE FROM whatsapp_numbers")
    assert town.pass_by(hours=22) == 1


# --- workers that die, and what happens in that very moment


def kill(*args: object, **how: object) -> int:
    raise KeyboardInterrupt


def test_a_worker_that_dies_between_claim_and_commit_loses_and_doubles_nothing(
    town: Town,
) -> None:
    person = town.person()
    job = town.job()
    # It claimed the job and died.
    assert town.app.alerts.claim_jobs(town.now, 3, LATER, 10) == [job]
    assert town.find() == 0
    town.now += 2 * LATER
    assert town.find() == 1
    town.now += LATER
    # Another one was killed before it committed.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(town.app.edge.outbox, "add", kill)
        with pytest.raises(KeyboardInterrupt):
            town.tell()
    assert town.messages(person) == [] and town.pending(person) == [job]
    assert town.tell() == 0
    town.now += timedelta(minutes=3)
    # Another one claimed the person, and was slow.
    (slow,) = town.app.alerts.claim_people(town.now, timedelta(minutes=2), 10)
    assert town.tell() == 0
    assert town.pass_by(3) == 1
    assert town.digests._look_at(slow) is False
    assert town.told(person) == [[job]]


def test_who_is_shown_a_job_in_that_moment_is_not_told_of_it(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = town.person()
    job = town.job()
    town.find()
    first_page = town.app.controller.first_page

    def while_she_asks(*args: object) -> object:
        monkeypatch.undo()
        conversation = Conversation(
            ConversationStore(town.app.database),
            town.app.preference_manager,
            town.app.controller,
            town.app.edge.contacts,
        )
        answer = conversation.answer(Incoming(1, person, "text", town.now, "jobs"))
        with town.app.database.transaction() as cursor:
            answer.store(cursor)
        return first_page(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(town.app.controller, "first_page", while_she_asks)
    assert town.pass_by(6) == 0
    assert town.pass_by(10) == 0
    assert town.messages(person) == []
    assert town.pending(person) == []
    assert job


def test_what_is_found_while_she_is_told_is_not_forgotten(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = town.person()
    first = town.job()
    town.find()
    second = town.job()
    has_room = town.app.edge.outgoing.has_room

    def while_it_is_told(cursor: Cursor, template: str | None) -> bool:
        monkeypatch.undo()
        assert town.finder.hold_new_jobs() == 1
        return has_room(cursor, template)

    monkeypatch.setattr(town.app.edge.outgoing, "has_room", while_it_is_told)
    assert town.pass_by(6) == 0
    assert town.pass_by(6) == 1
    assert [sorted(page) for page in town.told(person)] == [[first, second]]


def test_a_row_that_breaks_stops_no_other(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, other = town.person(zone="Atlantis/Sunk"), town.person()
    bad, good = town.job(), town.job()
    find_live = town.app.jobs.find_live

    def fail_for_bad(job_ids: list[int]) -> object:
        if bad in job_ids:
            raise ZeroDivisionError("by intention")
        return find_live(job_ids)

    monkeypatch.setattr(town.app.jobs, "find_live", fail_for_bad)
    assert town.find() == 2
    monkeypatch.undo()
    assert town.pass_by(6) == 2
    assert town.told(odd) == town.told(other) == [[good]]
