from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from whatsapp_bot.config import PROJECT_FOLDER, Settings
from whatsapp_bot.errors import ConfigError


def test_every_setting_has_a_default() -> None:
    assert Settings.from_env({}) == Settings()


def test_an_empty_variable_is_an_unset_one() -> None:
    assert Settings.from_env({"OPENAI_API_KEY": " ", "POLL_SECONDS": ""}) == Settings()


def test_each_variable_sets_its_field() -> None:
    settings = Settings.from_env(
        {"DATABASE_URL": "postgresql://x", "STALE_TASK_AT": "3:05", "STALE_DAYS": "7"}
    )
    assert settings.database_url == "postgresql://x"
    assert settings.stale_task_at == "03:05"
    assert settings.stale_days == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POLL_SECONDS", "soon"),
        ("POLL_SECONDS", "nan"),
        ("JOB_TASK_MINUTES", "0"),
        ("EMBEDDING_BATCH_SIZE", "1.5"),
        ("STALE_TASK_AT", "25:00"),
        ("STALE_TASK_AT", "noon"),
        ("LOG_LEVEL", "loud"),
        ("SIMULATOR", "maybe"),
    ],
)
def test_a_malformed_setting_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{name} is '{value}'"):
        Settings.from_env({name: value})


def test_secrets_are_not_shown() -> None:
    settings = Settings(openai_api_key="sk-1", database_url="postgresql://u:p@h/d")
    assert "sk-1" not in repr(settings)
    assert "u:p" not in repr(settings)


def test_the_example_file_names_every_variable_with_its_default() -> None:
    read = {setting.name.upper() for setting in fields(Settings)}
    example = Path(PROJECT_FOLDER, ".env.example").read_text("utf-8")
    shown = dict(re.findall(r"^#([A-Z_]+)=(\S*)", example, re.MULTILINE))
    assert set(shown) == read
    for setting in fields(Settings):
        name = setting.name.upper()
        if isinstance(setting.default, bool):
            assert setting.metadata["read"](shown[name]) is setting.default, name
        elif isinstance(setting.default, int | float) and name in shown:
            assert float(shown[name]) == setting.default, name
