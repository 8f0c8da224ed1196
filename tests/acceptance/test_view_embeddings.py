from __future__ import annotations

from pathlib import Path

from tests.acceptance.processes import Bot
from tests.acceptance.rows import Rows

LOCAL = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}


def fill(bot: Bot, rows: Rows) -> None:
    assert bot.run("example", "--once", **LOCAL).code == 0


def test_figures_neighbours_and_a_picture(bot: Bot, rows: Rows, home: Path) -> None:
    fill(bot, rows)
    ((job,),) = rows.run(
        "SELECT id FROM canonical_jobs WHERE title = 'Forklift Operator'"
    )
    picture = home / "jobs.png"
    result = bot.run(
        "view-embeddings", "--job", str(job), "--picture", str(picture), **LOCAL
    )
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[0] == (
        "live       local/wordllama-256: 256 dimensions, 12 users, 329 jobs"
    )
    assert "of 329 live jobs" in lines[1] and "median 1.0000" in lines[1]
    assert lines[2].startswith("together")
    assert lines[3].split()[:3] == ["1.000", "Forklift", "Operator"]
    scores = [float(line.split()[0]) for line in lines[3:14]]
    assert scores == sorted(scores, reverse=True) and len(scores) == 11
    assert picture.read_bytes().startswith(b"\x89PNG")
    few = bot.run("view-embeddings", "--sample", "20", **LOCAL)
    assert "of 20 live jobs" in few.out


def test_what_cannot_be_shown_is_one_line(bot: Bot, rows: Rows) -> None:
    empty = bot.run("view-embeddings", **LOCAL)
    assert empty.code == 1
    assert empty.errors == [
        "error: no live job has a vector yet: is the daemon running?"
    ]
    fill(bot, rows)
    missing = bot.run("view-embeddings", "--job", "999999", **LOCAL)
    assert missing.code == 1 and "job 999999 has no vector" in missing.err
    assert bot.run("view-embeddings", "--sample", "0").code == 2
