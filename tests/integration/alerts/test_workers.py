"""Any number of workers, replays, and rows that are locked in that very moment."""

from __future__ import annotations

import threading
from datetime import timedelta

from tests.acceptance.processes import wait_until
from tests.integration.alerts.conftest import LATER, Town
from whatsapp_bot.bootstrap import build_digests, build_job_finder
from whatsapp_bot.errors import DatabaseUnavailable
from whatsapp_bot.records import Match, PersonMatches


def work(town: Town) -> None:
    """As a worker of its own would."""

    def clock() -> object:
        return town.now

    try:
        build_job_finder(town.app, clock).hold_new_jobs()  # type: ignore[arg-type]
        build_digests(town.app, clock).send_due()  # type: ignore[arg-type]
    except DatabaseUnavailable:
        pass  # two that crossed: the next look goes on


def test_many_workers_tell_each_job_once(town: Town) -> None:
    people = [town.person(wrote_hours_ago=-40) for _ in range(5)]
    jobs = [town.job() for _ in range(4)]
    for turn in range(60):
        if turn == 2:
            jobs += [town.job() for _ in range(4)]
        if turn == 4:  # as if all who held them had died: it is done again
            town.run("UPDATE job_alerts SET due_at = %s", town.now)
        if turn > 6 and not town.value("SELECT count(*) FROM pending_alerts"):
            break
        threads = [threading.Thread(target=work, args=(town,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        town.now += LATER
    for person in people:
        assert sorted(sum(town.told(person), [])) == jobs
        assert town.pending(person) == []


def test_what_is_found_while_a_digest_commits_makes_her_due_again(town: Town) -> None:
    person, job = town.person(), town.job()
    town.run("UPDATE alert_settings SET due_at = %s", town.now)
    (claimed,) = town.app.alerts.claim_people(town.now, timedelta(minutes=2), 1)
    match = Match(job, "Driver", None, None, None, town.now.date(), 70, ())
    found = [PersonMatches(person, (match,))]
    finder = threading.Thread(
        target=town.app.alerts.add_pending, args=(found, town.now, LATER)
    )
    with town.app.database.transaction() as cursor:
        town.app.alerts.told(cursor, claimed, town.now, None)
        finder.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        wait_until(lambda: town.value(waiting) == 1)
    finder.join()
    assert town.due_at(person) == town.now + LATER
    assert town.pending(person) == [job]
