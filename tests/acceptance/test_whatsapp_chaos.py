"""Conversations through real processes that are killed, with a Meta that misbehaves."""

from __future__ import annotations

from pathlib import Path

from benchmarks.chaos_run import talk
from tests.acceptance.rows import Rows
from whatsapp_bot.database.database_manager import DatabaseManager


def test_every_message_is_answered_once_and_no_log_says_whose_it_was(
    database: DatabaseManager,
    database_url: str,
    rows: Rows,
    provider_environ: dict[str, str],
    home: Path,
) -> None:
    """No clock decides: what may have arrived is sent again only when the fake does not
    have it and nobody can be sending it, so that not one message may come twice."""
    environ = provider_environ | {
        "DATABASE_URL": database_url,
        "LOG_LEVEL": "DEBUG",
        "WHATSAPP_RESEND_SECONDS": "3600",
    }
    outcome, logs, secrets = talk(
        environ, database, home, talkers=60, at_once=60, kills=5, knows=True
    )
    assert outcome.check() == []
    assert (outcome.copies_unknowing, outcome.reordered_by_us) == (0, 0)
    assert outcome.priced == outcome.answers_due + outcome.answers_due // 60
    assert outcome.kills >= 5
    logs["PostgreSQL"] = Path(rows.value("SHOW data_directory"), "log").read_text()
    assert all(
        logs[worker].count("send_request_body") for worker in logs if "work" in worker
    )
    for name, log in logs.items():
        assert [word for word in secrets if word in log] == [], name
