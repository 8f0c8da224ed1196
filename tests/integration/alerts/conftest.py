"""People who want alerts, jobs that come, and a clock that the tests turn."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from tests.conftest import AppFactory, Factory
from whatsapp_bot.alerts.digests import Digests
from whatsapp_bot.alerts.job_finder import JobFinder
from whatsapp_bot.bootstrap import App, build_digests, build_job_finder
from whatsapp_bot.database.conversations import AlertChoice, write_alerts
from whatsapp_bot.records import Row

# After now, for triggers go by the database's clock; 10:00 in Lagos.
TOMORROW = datetime.combine(
    datetime.now(UTC).date() + timedelta(days=1), time(9), tzinfo=UTC
)
LATER = timedelta(minutes=6)  # than what is collected for an instant digest


class Town:
    def __init__(self, app: App) -> None:
        self.app = app
        self.now = TOMORROW
        self._make = Factory(app)
        self._numbers = itertools.count(1)
        self.finder: JobFinder = build_job_finder(app, lambda: self.now)
        self.digests: Digests = build_digests(app, lambda: self.now)

    # --- who is there

    def person(
        self, cadence: str = "instant", *, wrote_hours_ago: float = 1, **settings: Any
    ) -> int:
        """A driver in Lagos, who agreed to be told."""
        person = self._make.user(job_roles=["Driver"], preferred_locations=["Lagos"])
        choice = AlertChoice(cadence, self.now, "yes", "WhatsApp button")
        with self.app.database.transaction() as cursor:
            cursor.raw.execute(
                "INSERT INTO contacts (user_id, wa_id, template_consent_at)"
                " VALUES (%s, %s, now())",
                [person, f"23480{next(self._numbers):08}"],
            )
            write_alerts(cursor, person, choice)
        self.writes(person, wrote_hours_ago)
        for column, value in settings.items():
            self.run(
                f"UPDATE alert_settings SET {column} = %s WHERE user_id = %s",
                value,
                person,
            )
        return person

    def writes(self, person: int, hours_ago: float = 0) -> None:
        at = self.now - timedelta(hours=hours_ago)
        self.contact(person, last_message_at=at)

    def contact(self, person: int, **columns: Any) -> None:
        for column, value in columns.items():
            self.run(
                f"UPDATE contacts SET {column} = %s WHERE user_id = %s", value, person
            )

    def job(self, title: str = "Driver", company: str | None = None, **how: Any) -> int:
        """With its vector, and one of another employer each time."""
        company = company or f"Firm {next(self._numbers)}"
        where = {"location": "Ikeja, Lagos", "country": "NG"}
        job = self._make.job(title, company=company, **where | how)
        self.app.generator.embed_due()
        return job

    # --- what happens

    def find(self) -> int:
        self.app.generator.embed_due()
        return self.finder.hold_new_jobs()

    def tell(self) -> int:
        return self.digests.send_due()

    def pass_by(self, minutes: float = 0, **how: float) -> int:
        """Time goes by, and whoever is due then is looked at."""
        self.now += timedelta(minutes=minutes, **how)
        return self.tell()

    # --- what is there

    def run(self, statement: str, *values: object) -> list[Row]:
        with self.app.database.transaction() as cursor:
            cursor.raw.execute(statement, values)
            return cursor.raw.fetchall() if cursor.raw.description else []

    def value(self, statement: str, *values: object) -> Any:
        ((value,),) = (row.values() for row in self.run(statement, *values))
        return value

    def messages(self, person: int) -> list[dict[str, Any]]:
        rows = self.run(
            "SELECT message FROM outbox WHERE user_id = %s ORDER BY id", person
        )
        return [row["message"] for row in rows]

    def told(self, person: int) -> list[list[int]]:
        """The jobs of each list that she got; a template's are none."""
        return [jobs_of(message) for message in self.messages(person)]

    def pending(self, person: int) -> list[int]:
        rows = self.run(
            "SELECT job_id FROM pending_alerts WHERE user_id = %s ORDER BY 1", person
        )
        return [row["job_id"] for row in rows]

    def due_at(self, person: int) -> datetime | None:
        at: datetime | None = self.value(
            "SELECT due_at FROM alert_settings WHERE user_id = %s", person
        )
        return at


def jobs_of(message: dict[str, Any]) -> list[int]:
    if message["type"] == "template":
        return []
    (section,) = message["interactive"]["action"]["sections"]
    return [int(row["id"].split(":")[2]) for row in section["rows"]]


@pytest.fixture
def town(make_app: AppFactory) -> Town:
    return Town(
        make_app(
            WHATSAPP_PHONE_NUMBER_ID="1",
            WHATSAPP_TOKEN="token",
            WHATSAPP_ALERT_TEMPLATE="new_jobs",
            WHATSAPP_DAILY_BUDGET_USD="1",
            WHATSAPP_TEMPLATE_USD="0.05",
            WHATSAPP_SERVICE_USD="0.01",
        )
    )
