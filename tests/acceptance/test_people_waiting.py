"""The door of those who answer people."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from tests.acceptance.processes import Bot
from tests.acceptance.rows import Rows
from whatsapp_bot.config import PROJECT_FOLDER

PHONE = "2348012345678"


def test_an_operator_reads_answers_and_ends(bot: Bot, rows: Rows) -> None:
    user = rows.add_user()
    rows.run(
        "INSERT INTO contacts (user_id, wa_id, last_message_at) VALUES (%s, %s, now())",
        user,
        PHONE,
    )
    rows.run(
        "INSERT INTO conversations (user_id, state, needs_person_at)"
        " VALUES (%s, 'ready', now() - interval '95 minutes')",
        user,
    )
    rows.run(
        "INSERT INTO inbox (id, wamid, user_id, message, sent_at, due_at) VALUES"
        ' (1, \'w\', %s, \'{"type": "text", "text": {"body": "They took my money"}}\','
        "  now(), NULL)",
        user,
    )
    answered = bot.run("people-waiting", "--answer", str(user), "Who did?")
    assert (answered.code, answered.out) == (0, "")
    result = bot.run("people-waiting")
    assert result.code == 0
    head, until, hers, ours, _, count = result.out.splitlines()
    assert head.startswith(f"user {user}, en, waits since ")
    assert head.endswith("(1 h 35 min)")
    assert until.startswith("    can be answered until ")
    assert hers.endswith("  she  They took my money")
    assert ours.endswith("  we   Who did? [waiting]")
    assert count == "1 people wait for a person"
    assert PHONE not in result.out + result.err + answered.err

    done = bot.run("people-waiting", "--done", str(user))
    assert (done.code, done.out) == (0, "")
    assert bot.run("people-waiting").out == "0 people wait for a person\n"
    again = bot.run("people-waiting", "--done", str(user))
    assert again.code == 1
    assert again.errors == [f"error: user {user} does not wait for a person"]


def test_numbers_are_shown_on_a_terminal_alone(bot: Bot, rows: Rows) -> None:
    user = rows.add_user()
    rows.run("INSERT INTO contacts (user_id, wa_id) VALUES (%s, %s)", user, PHONE)
    rows.run(
        "INSERT INTO conversations (user_id, state, needs_person_at)"
        " VALUES (%s, 'ready', now())",
        user,
    )
    screen, terminal = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "whatsapp_bot", "people-waiting", "--phone"],
        cwd=PROJECT_FOLDER,
        env=bot.environ,
        stdout=terminal,
        check=True,
    )
    assert f"user {user} (+{PHONE}), en" in os.read(screen, 10_000).decode()
    os.close(screen)
    os.close(terminal)
    result = bot.run("people-waiting", "--phone")
    assert (result.code, result.out) == (2, "")
    assert "on a terminal, and nowhere else" in result.err
    wrong = bot.run("people-waiting", "--answer", "Ada", "Hello")
    assert wrong.code == 2
    assert "a whole number above 0" in wrong.err
