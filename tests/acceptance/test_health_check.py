"""The health check as a process: what it says, and that its exit code agrees."""

from __future__ import annotations

import json

from tests.acceptance.processes import Bot, Result
from tests.acceptance.rows import Rows
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer


def check(bot: Bot, *arguments: str, **environ: str) -> Result:
    return bot.run("embedding-health-check", *arguments, **environ)


def failed(result: Result) -> list[str]:
    return [line for line in result.out.splitlines() if line.startswith("FAIL")]


def test_an_empty_database_is_healthy(bot: Bot) -> None:
    result = check(bot)
    assert (result.code, failed(result)) == (0, [])
    assert "grade: EXCELLENT" in result.out


def test_a_job_that_waits_for_the_daemon_is_told_and_is_no_fault_yet(
    bot: Bot, rows: Rows
) -> None:
    rows.add_jobs(9)
    bot.embed_here()
    rows.add_job("Welder")
    result = check(bot, "--no-probe")
    assert (result.code, failed(result)) == (0, [])
    assert "ok   live jobs: 9 of 10 have a vector (90.0%)" in result.out
    assert "ok   live jobs: 1 due now" in result.out
    assert "grade: EXCELLENT" in result.out


def test_a_job_that_nobody_served_for_long_is_a_fault(bot: Bot, rows: Rows) -> None:
    rows.add_jobs(9)
    bot.embed_here()
    job_id = rows.add_job("Welder")
    rows.run(
        "UPDATE job_embeddings SET due_at = now() - interval '1 hour'"
        " WHERE job_id = %s",
        job_id,
    )
    result = check(bot, "--no-probe")
    assert result.code == 1
    (line,) = failed(result)
    assert "live jobs: 1 due now, the oldest for 36" in line


def test_the_coverage_gives_the_grade_and_below_80_percent_is_a_fault(
    bot: Bot, rows: Rows
) -> None:
    rows.add_jobs(8)
    bot.embed_here()
    for added, grade, code in ((2, "EXCELLENT", 0), (1, "GOOD", 1), (6, "NEEDS", 1)):
        for _ in range(added):
            rows.add_job("Welder")
        result = check(bot, "--no-probe")
        assert (result.code, bool(failed(result))) == (code, bool(code))
        assert f"grade: {grade}" in result.out


def test_a_vector_of_other_dimensions_is_a_fault_until_the_next_pass_replaces_it(
    bot: Bot, rows: Rows
) -> None:
    job_id, *_ = rows.add_jobs(5)
    bot.embed_here()
    right = rows.vector("job", job_id)
    rows.run("UPDATE job_vectors SET embedding = '[1,2,3]' WHERE job_id = %s", job_id)
    result = check(bot, "--no-probe")
    assert result.code == 1
    assert failed(result) == [
        "FAIL live jobs: 0 unknown to the daemon, 0 vectors lost, 1 invalid"
    ]
    bot.embed_here()
    assert rows.vector("job", job_id) == right
    assert check(bot, "--no-probe").code == 0


def test_lost_vectors_and_jobs_no_trigger_told_of_are_faults_until_the_next_pass(
    bot: Bot, rows: Rows
) -> None:
    job_id, *_ = rows.add_jobs(9)
    bot.embed_here()
    rows.run("DELETE FROM job_vectors WHERE job_id = %s", job_id)
    rows.run("SET session_replication_role = replica")
    rows.add_job("Welder")
    result = check(bot, "--no-probe")
    assert result.code == 1
    assert failed(result) == [
        "FAIL live jobs: 1 unknown to the daemon, 1 vectors lost, 0 invalid"
    ]
    bot.embed_here()
    assert rows.vectors() == 10
    assert check(bot, "--no-probe").code == 0


def test_the_json_agrees_with_the_exit_code_and_with_the_lines(
    bot: Bot, rows: Rows
) -> None:
    rows.add_jobs(3)
    bot.embed_here()
    good = check(bot, "--json", "--no-probe")
    report = json.loads(good.out)
    assert (good.code, report["healthy"], report["grade"]) == (0, True, "EXCELLENT")
    assert all(fact["is_true"] for fact in report["facts"])
    assert (report["jobs"]["embedded"], report["jobs"]["coverage"]) == (3, 100.0)
    rows.add_job("Welder")
    bad = check(bot, "--json", "--no-probe")
    report = json.loads(bad.out)
    assert (bad.code, report["healthy"], report["grade"]) == (1, False, "GOOD")
    assert (report["jobs"]["waiting"], report["jobs"]["due"]) == (1, 1)
    assert report["jobs"]["coverage"] == 75.0
    false = [fact["text"] for fact in report["facts"] if not fact["is_true"]]
    assert [f"FAIL {text}" for text in false] == failed(check(bot, "--no-probe"))


def test_the_provider_is_asked_for_one_vector_unless_told_not_to(
    bot: Bot, openai_server: OpenAIServer
) -> None:
    assert check(bot, "--no-probe").code == 0
    assert openai_server.record.requests == 0
    assert check(bot).code == 0
    assert openai_server.record.inputs_billed == 1


def test_a_provider_that_is_down_is_a_fault(
    bot: Bot, openai_server: OpenAIServer
) -> None:
    openai_server.faults.always(f.server_error(503))
    result = check(bot)
    assert result.code == 1
    (line,) = failed(result)
    assert "is left alone (down)" in line


def test_a_model_that_the_provider_does_not_know_is_a_fault(
    bot: Bot, openai_server: OpenAIServer
) -> None:
    openai_server.models = {"text-embedding-3-small"}
    assert check(bot).code == 0
    openai_server.models = {"another"}
    result = check(bot)
    assert result.code == 1
    (line,) = failed(result)
    assert "127.0.0.1 has no 'text-embedding-3-small': check the model" in line


def test_settings_that_ask_for_another_model_than_the_live_one_are_a_fault(
    bot: Bot, rows: Rows
) -> None:
    assert check(bot).code == 0
    result = check(bot, EMBEDDING_MODEL="another")
    assert result.code == 1
    (line,) = failed(result)
    assert "text-embedding-3-small/64, but the settings ask for " in line
    assert line.endswith("/another/64")


def test_a_live_model_whose_key_is_gone_is_a_fault(bot: Bot) -> None:
    hosted = {"OPENAI_BASE_URL": "", "OPENAI_API_KEY": "unused"}
    assert "openai/text-embedding-3-small/64" in bot.run("models", "list", **hosted).out
    result = check(bot, OPENAI_BASE_URL="", OPENAI_API_KEY="")
    assert result.code == 1
    another, no_key = failed(result)
    assert "but the settings ask for local/wordllama-256" in another
    assert no_key == "FAIL no key is set for openai/text-embedding-3-small/64"


def test_a_task_that_failed_is_a_fault_and_says_why(bot: Bot, rows: Rows) -> None:
    bot.embed_here()
    rows.run("ALTER TABLE user_vectors RENAME TO elsewhere")
    assert bot.embed_once().code == 1
    rows.run("ALTER TABLE elsewhere RENAME TO user_vectors")
    result = check(bot)
    assert result.code == 1
    (line,) = failed(result)
    assert line.startswith("FAIL task reconcile failed: SchemaMissing: ")
