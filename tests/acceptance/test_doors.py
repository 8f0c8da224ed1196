"""What all commands share: help, exit codes, and errors of one line."""

from __future__ import annotations

import pytest

from tests.acceptance.processes import Bot
from whatsapp_bot.__main__ import DOORS

NO_DATABASE = "postgresql://nobody@127.0.0.1:1/nothing"


def test_without_a_command_the_commands_are_listed(bot: Bot) -> None:
    result = bot.run()
    assert (result.code, result.err) == (0, "")
    for name, what in DOORS.items():
        assert f"{name} " in result.out and what in result.out
    assert bot.run("--help") == result


def test_an_unknown_command_is_a_misuse(bot: Bot) -> None:
    result = bot.run("imprt-jobs")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: there is no command 'imprt-jobs'\n")
    assert "import-jobs" in result.err
    assert bot.run("import-jobs", "--no-such-option").code == 2


@pytest.mark.parametrize("name", DOORS)
def test_every_command_has_a_help_that_ends_with_examples(bot: Bot, name: str) -> None:
    result = bot.run(name, "--help", DATABASE_URL=NO_DATABASE)
    assert (result.code, result.err) == (0, "")
    usage, _, examples = result.out.partition("\nexamples:\n")
    assert usage.startswith("usage: ") and "--help" in usage
    assert "python -m whatsapp_bot" in examples


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("POLL_SECONDS", "soon", "it must be a number above 0"),
        ("EMBEDDING_BATCH_SIZE", "0", "it must be a whole number above 0"),
        ("STALE_TASK_AT", "25:00", "it must be a time such as 02:00"),
        ("EMBEDDING_TEMPLATE", "best", "it must be roles-2 or roles-1 or everything-1"),
    ],
)
def test_a_malformed_setting_is_one_line_that_names_it_and_its_value(
    bot: Bot, name: str, value: str, expected: str
) -> None:
    result = bot.run("scheduler-service", **{name: value})
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: {name} is {value!r}; {expected}\n"


@pytest.mark.parametrize(
    "command",
    [
        ("scheduler-service",),
        ("scheduler-service", "--once"),
        ("embedding-health-check",),
        ("match", "--list"),
        ("migrate",),
    ],
)
def test_a_database_that_cannot_be_reached_at_the_start_is_one_line_of_error(
    bot: Bot, command: tuple[str, ...]
) -> None:
    result = bot.run(*command, DATABASE_URL=NO_DATABASE)
    assert (result.code, result.out) == (1, "")
    (line,) = result.err.splitlines()
    assert line.startswith("error: PostgreSQL cannot be reached: ")


def test_a_url_that_is_none_is_one_line_of_error_that_does_not_quote_it(
    bot: Bot,
) -> None:
    result = bot.run("migrate", DATABASE_URL="my-secret-password")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: DATABASE_URL is not a PostgreSQL URL\n"


def test_a_database_without_tables_says_how_to_make_them(
    bot: Bot, empty_url: str
) -> None:
    here = {"DATABASE_URL": empty_url}
    result = bot.run("embedding-health-check", **here)
    assert (result.code, result.out) == (1, "")
    (line,) = result.errors
    assert line.startswith("error: the database lacks 001_")
    assert line.endswith("run `python -m whatsapp_bot migrate`")
    assert bot.run("migrate", "--status", **here).code == 1
    applied = bot.run("migrate", **here)
    assert applied.code == 0 and "001_" in applied.out
    assert bot.run("migrate", "--status", **here).code == 0
    assert "nothing to apply" in bot.run("migrate", **here).out
    assert bot.run("embedding-health-check", **here).code == 0
