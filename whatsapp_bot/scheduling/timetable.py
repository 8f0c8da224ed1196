"""Which task the daemon does when."""

from __future__ import annotations

from collections.abc import Callable

import schedule

from whatsapp_bot.config import Settings
from whatsapp_bot.scheduling.tasks import Tasks

ALERT_MINUTES = 1
RETRY_MINUTES = 1  # of what a start needs


def make_timetable(
    settings: Settings,
    tasks: Tasks,
    guard: Callable[[str, Callable[[], object]], object],
    alert: Callable[[], None],
) -> schedule.Scheduler:
    """guard: runs a task of that name. alert: finds and tells people; must not raise."""
    timetable = schedule.Scheduler()
    every = timetable.every

    def add(when: schedule.Job, name: str, task: Callable[[], object]) -> None:
        when.do(guard, name, task)

    add(every(settings.user_task_minutes).minutes, "embed_users", tasks.look)
    add(every(settings.job_task_minutes).minutes, "embed_jobs", tasks.look)
    add(every(settings.expire_minutes).minutes, "expire_jobs", tasks.expire_jobs)
    add(every(settings.reconcile_minutes).minutes, "reconcile", tasks.reconcile)
    add(every(settings.batch_poll_minutes).minutes, "poll_batches", tasks.poll_batches)
    add(every(settings.enrich_task_minutes).minutes, "find_unread", tasks.find_unread)
    add(every().day.at(settings.stale_task_at), "refresh_stale", tasks.refresh_stale)
    if settings.whatsapp_phone_number_id is not None:
        add(every(60).minutes, "forget_messages", tasks.forget_messages)
        every(ALERT_MINUTES).minutes.do(alert)
    return timetable


def run_all(timetable: schedule.Scheduler) -> None:
    """At a start nobody knows what was missed."""
    for job in timetable.get_jobs():
        job.run()  # type: ignore[no-untyped-call]


def repeat_until_well(timetable: schedule.Scheduler, task: Callable[[], bool]) -> None:
    """task: whether it ended well."""
    timetable.every(RETRY_MINUTES).minutes.do(
        lambda: schedule.CancelJob if task() else None
    )
