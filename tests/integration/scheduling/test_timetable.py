from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.conftest import AppFactory
from whatsapp_bot.scheduling.tasks import Tasks
from whatsapp_bot.scheduling.timetable import make_timetable


def test_tasks_are_kept_on_their_timetable(make_app: AppFactory) -> None:
    app = make_app(USER_TASK_MINUTES="7", STALE_TASK_AT="03:15")
    tasks = Tasks(app, look=lambda: None, is_stopping=lambda: False)

    def guard(name: str, task: Callable[[], object]) -> None: ...

    def alert() -> None: ...

    timetable = make_timetable(app.settings, tasks, guard, alert)
    when = {(job.job_func.args[0], job.interval, job.unit) for job in timetable.jobs}  # type: ignore[union-attr]
    assert when == {
        ("embed_users", 7, "minutes"),
        ("embed_jobs", 15, "minutes"),
        ("expire_jobs", 60, "minutes"),
        ("reconcile", 60, "minutes"),
        ("poll_batches", 5, "minutes"),
        ("find_unread", 15, "minutes"),
        ("refresh_stale", 1, "days"),
    }
    with_whatsapp = replace(app.settings, whatsapp_phone_number_id="1")
    more = make_timetable(with_whatsapp, tasks, guard, alert).jobs[len(when) :]
    assert [(job.interval, job.unit) for job in more] == [
        (60, "minutes"),
        (1, "minutes"),
    ]
    assert more[1].job_func.func is alert  # type: ignore[union-attr]
