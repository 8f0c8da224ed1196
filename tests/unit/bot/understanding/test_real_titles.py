"""The titles of real postings, as people copy them into a message."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from whatsapp_bot.bot.understanding.commands import read_command
from whatsapp_bot.bot.understanding.stopping import is_stop
from whatsapp_bot.bot.understanding.wishes import understand

REAL_POSTINGS = Path(os.environ.get("JOBBOT_DATA", "nowhere")) / "jobs_real.jsonl.gz"
pytestmark = pytest.mark.skipif(
    not REAL_POSTINGS.exists(), reason="JOBBOT_DATA names no postings"
)


@pytest.fixture(scope="module")
def titles() -> set[tuple[str, str]]:
    with gzip.open(REAL_POSTINGS, "rt", encoding="utf-8") as lines:
        postings = [json.loads(line) for line in lines]
    return {(p["title"], p.get("country") or "") for p in postings if p.get("title")}


def test_none_is_a_stop_or_a_command(titles: set[tuple[str, str]]) -> None:
    assert [t for t, _ in titles if is_stop(t) or is_stop(f"{t} job")] == []
    assert [t for t, _ in titles if read_command(t)] == []


def test_nearly_each_nigerian_one_is_read_as_work(titles: set[tuple[str, str]]) -> None:
    short = [t for t, country in titles if country == "NG" and len(t) < 40]
    read = sum(bool(understand(f"{t} job in Lagos").get("job_roles")) for t in short)
    assert read / len(short) > 0.99
