"""embed-corpus as a process: what it makes, what it costs, and what survives a kill."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.processes import Bot, Process, Result, wait_until
from tests.acceptance.rows import Rows
from tests.acceptance.test_doors import NO_DATABASE
from tests.conftest import DIMENSIONS
from tests.loopback import faults as f
from tests.loopback.libsql_server import LibsqlServer, Trouble
from tests.loopback.openai_server import OpenAIServer
from tests.loopback.text_vectors import embed_texts
from whatsapp_bot.embeddings.local_provider import tokenizer_file
from whatsapp_bot.embeddings.token_count import TokenCounter

ROWS, BATCH, CONCURRENCY = 40, 5, 2
COLUMNS = ("--columns", "class,title,description")
TEMPLATE = ("--template", "{title} {description}")
LOCAL = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}


def title_of(i: int) -> str:
    return f'Oil prices "rise", day {i}'


def text_of(i: int) -> str:
    return f"{title_of(i)} Reuters - The {i}th rise of the week, analysts say."


class Corpus:
    """AG News as it is published: no header; class, title, description."""

    def __init__(self, bot: Bot, folder: Path) -> None:
        self._bot = bot
        self.source = folder / "train.csv"
        self.folder = folder / "vectors"
        self.array_path = self.folder / "train_embeddings.npy"
        self.write(ROWS)

    def write(self, rows: int) -> None:
        with self.source.open("w", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            for i in range(rows):
                description = text_of(i).removeprefix(title_of(i) + " ")
                writer.writerow([i % 4 + 1, title_of(i), description])

    def arguments(self, *more: str, sink: object = None) -> list[str]:
        place = str(sink or self.folder)
        return ["embed-corpus", str(self.source), place, *COLUMNS, *TEMPLATE, *more]

    def run(self, *more: str, sink: object = None, **environ: str) -> Result:
        pace = {
            "EMBEDDING_BATCH_SIZE": str(BATCH),
            "EMBEDDING_CONCURRENCY": str(CONCURRENCY),
        }
        return self._bot.run(*self.arguments(*more, sink=sink), **pace | environ)

    def start(self, *more: str) -> Process:
        return self._bot.start(
            "whatsapp_bot",
            *self.arguments("--yes", *more),
            EMBEDDING_BATCH_SIZE=str(BATCH),
            EMBEDDING_CONCURRENCY=str(CONCURRENCY),
        )

    @property
    def array(self) -> Any:
        return np.load(self.array_path)

    @property
    def sidecar(self) -> dict[str, Any]:
        text = (self.folder / "train_metadata.json").read_text()
        about: dict[str, Any] = json.loads(text)
        return about


@pytest.fixture
def corpus(bot: Bot, home: Path) -> Corpus:
    return Corpus(bot, home)


@pytest.fixture
def libsql(home: Path) -> Iterator[LibsqlServer]:
    with LibsqlServer(home / "turso.db", "secret") as server:
        yield server


def test_an_array_and_its_sidecar(corpus: Corpus, openai_server: OpenAIServer) -> None:
    result = corpus.run("--yes", "--dataset", "ag_news")
    assert result.code == 0, result.err
    assert corpus.array.shape == (ROWS, DIMENSIONS)
    assert corpus.array.dtype == np.float32
    expected = embed_texts([text_of(i) for i in range(ROWS)], DIMENSIONS)
    assert np.allclose(corpus.array, expected)
    about, record = corpus.sidecar, openai_server.record
    assert about["model"].endswith(f"/text-embedding-3-small/{DIMENSIONS}")
    assert (about["dimensions"], about["rows"]) == (DIMENSIONS, ROWS)
    assert (about["dataset"], about["split"]) == ("ag_news", "train")
    assert (about["calls"], about["tokens"]) == (ROWS // BATCH, record.tokens_billed)
    assert about["cost_usd"] == pytest.approx(
        record.tokens_billed * 0.02 / 1e6, abs=1e-6
    )
    assert set(record.request_sizes) == {BATCH}
    for words in (f"embedded {ROWS}", f"{ROWS // BATCH} requests", "tokens", "rows/s"):
        assert words in result.out


def test_two_files_are_one_command(
    corpus: Corpus, bot: Bot, home: Path, openai_server: OpenAIServer
) -> None:
    """AG News: train.csv and test.csv, neither with a header."""
    other = home / "test.csv"
    with other.open("w", newline="") as file:
        csv.writer(file).writerow([1, "Wall St. Bears", "Short-sellers again."])
    sources = ("embed-corpus", str(corpus.source), str(other))
    how = (*COLUMNS, *TEMPLATE, "--dataset", "ag_news", "--yes")
    result = bot.run(*sources, str(corpus.folder), *how)
    assert result.code == 0, result.err
    assert corpus.array.shape == (ROWS, DIMENSIONS)
    array = np.load(corpus.folder / "test_embeddings.npy")
    expected = embed_texts(["Wall St. Bears Short-sellers again."], DIMENSIONS)
    assert np.allclose(array, expected)
    about = json.loads((corpus.folder / "test_metadata.json").read_text())
    assert (about["dataset"], about["split"], about["rows"]) == ("ag_news", "test", 1)
    requests = openai_server.record.requests
    again = bot.run(*sources, str(corpus.folder), *how)
    assert again.out.count("using cached embeddings from ") == 2
    assert openai_server.record.requests == requests
    refused = bot.run(*sources, str(home / "vectors.db"), *how)
    assert refused.code == 2 and "a table takes one SOURCE" in refused.err


def test_what_is_finished_is_used_again(
    corpus: Corpus, openai_server: OpenAIServer
) -> None:
    corpus.run("--yes")
    requests = openai_server.record.requests
    result = corpus.run()
    assert result.code == 0
    assert result.out == f"using cached embeddings from {corpus.array_path}\n"
    assert openai_server.record.requests == requests
    for option in (("--dimensions", "32"), ("--model", "text-embedding-3-large")):
        refused = corpus.run("--yes", *option)
        assert refused.code == 1
        assert "does not fit" in refused.err and option[1] in refused.err
    corpus.write(ROWS + 1)
    refused = corpus.run("--yes")
    assert refused.code == 1 and "rows was 40 and is 41 now" in refused.err
    assert corpus.run("--yes", "--reset").code == 0
    assert len(corpus.array) == ROWS + 1


def test_without_a_database_the_local_model_works(corpus: Corpus) -> None:
    result = corpus.run(**LOCAL, DATABASE_URL=NO_DATABASE)
    assert result.code == 0, result.err
    assert corpus.array.shape == (ROWS, 256)
    assert corpus.sidecar["model"] == "local/wordllama-256"
    assert "the model runs here" in result.out
    hosted = corpus.run("--yes", "--split", "other", DATABASE_URL=NO_DATABASE)
    assert hosted.code == 1 and "PostgreSQL cannot be reached" in hosted.err


# --- interrupted


def hold_from(server: OpenAIServer, request: int) -> threading.Event:
    """Requests from this one on (counted from 0) are not answered until the event."""
    release = threading.Event()

    def hold(text: str) -> bool:
        if server.record.requests > request:
            release.wait(30)
        return False

    server.faults.poison(hold)
    return release


@pytest.fixture
def whole(corpus: Corpus, openai_server: OpenAIServer) -> bytes:
    """The bytes that one run makes."""
    corpus.run("--yes", "--split", "whole")
    openai_server.reset()
    return (corpus.folder / "whole_embeddings.npy").read_bytes()


@pytest.mark.parametrize("request_number", [0, 1, 3, 7])
def test_after_kill_9_the_union_is_exact_and_at_most_a_batch_is_paid_twice(
    corpus: Corpus, openai_server: OpenAIServer, whole: bytes, request_number: int
) -> None:
    release = hold_from(openai_server, request_number)
    process = corpus.start()
    wait_until(lambda: openai_server.record.requests > request_number)
    process.kill()
    assert not corpus.array_path.exists()
    release.set()
    openai_server.faults.clear()
    again = corpus.run("--yes")
    assert again.code == 0, again.err
    assert corpus.array_path.read_bytes() == whole
    in_flight = CONCURRENCY * BATCH
    assert sum(openai_server.record.texts.values()) <= ROWS + in_flight
    assert set(openai_server.record.texts) == {text_of(i) for i in range(ROWS)}


def test_ctrl_c_stores_the_batch_in_hand_and_the_next_run_pays_for_the_rest(
    corpus: Corpus, openai_server: OpenAIServer, whole: bytes
) -> None:
    release = hold_from(openai_server, 2)
    process = corpus.start()
    wait_until(lambda: openai_server.record.in_flight == CONCURRENCY)
    process.press_ctrl_c()
    release.set()
    assert process.wait() == 130
    sent = openai_server.record.requests
    assert f"embedded {sent * BATCH}, " in process.log
    assert "the same command goes on from here" in process.log
    openai_server.faults.clear()
    again = corpus.run("--yes", "--resume")
    assert again.code == 0, again.err
    assert f"done before {sent * BATCH}" in again.out
    assert corpus.array_path.read_bytes() == whole
    assert set(openai_server.record.texts.values()) == {1}  # nothing was paid twice
    assert corpus.sidecar["calls"] == ROWS // BATCH


@pytest.mark.parametrize("kind", ["file", "server"])
def test_a_killed_table_is_completed_exactly(
    corpus: Corpus,
    openai_server: OpenAIServer,
    libsql: LibsqlServer,
    home: Path,
    bot: Bot,
    kind: str,
) -> None:
    bot.environ["TURSO_AUTH_TOKEN"] = "secret"
    path = home / "out.db" if kind == "file" else libsql.path
    place = str(path) if kind == "file" else libsql.url
    release = hold_from(openai_server, 3)
    arguments = corpus.arguments("--yes", sink=place)
    pace = {"EMBEDDING_BATCH_SIZE": str(BATCH), "EMBEDDING_CONCURRENCY": "1"}
    process = bot.start("whatsapp_bot", *arguments, **pace)
    wait_until(lambda: openai_server.record.requests > 3)
    process.kill()
    release.set()
    openai_server.faults.clear()
    again = corpus.run("--yes", sink=place)
    assert again.code == 0 and f"done before {3 * BATCH}" in again.out, again.err
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT id, embedding FROM embeddings ORDER BY id")
    blobs = dict(rows.fetchall())
    connection.close()
    assert list(blobs) == list(range(1, ROWS + 1))
    expected = embed_texts([text_of(i) for i in range(ROWS)], DIMENSIONS)
    stored = np.stack([np.frombuffer(blob, "<f4") for blob in blobs.values()])
    assert np.allclose(stored, expected)
    assert sum(openai_server.record.texts.values()) <= ROWS + BATCH
    assert corpus.run(sink=place).out.startswith("using cached embeddings from")


def test_there_must_be_something_to_resume(corpus: Corpus) -> None:
    result = corpus.run("--resume", "--yes")
    assert result.code == 1
    assert "there is nothing to resume" in result.err
    assert corpus.run("--resume", "--reset").code == 2


# --- money


def test_a_dry_run_spends_nothing_and_agrees_with_the_real_one(
    corpus: Corpus, openai_server: OpenAIServer, bot: Bot
) -> None:
    counted = json.loads((Path(__file__).parent / "counted_texts.json").read_text())
    with corpus.source.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([1, text, ""] for text in counted)
    openai_server.count_tokens = counted.__getitem__
    dry = corpus.run("--dry-run", DATABASE_URL=NO_DATABASE)
    assert dry.code == 0, dry.err
    assert openai_server.record.requests == 0 and not corpus.folder.exists()
    real = corpus.run("--yes")
    assert real.code == 0, real.err
    described = re.search(r"to embed (\d+)", dry.out)
    assert described and int(described[1]) == len(corpus.array)
    tokens = re.search(r"some ([\d,]+)", dry.out)
    assert tokens
    guessed = int(tokens[1].replace(",", ""))
    assert guessed == pytest.approx(openai_server.record.tokens_billed, rel=0.05)


def test_nobody_is_charged_without_being_asked(
    corpus: Corpus, openai_server: OpenAIServer
) -> None:
    result = corpus.run()
    assert result.code == 1 and "add --yes" in result.err
    assert openai_server.record.requests == 0


def test_a_runs_budget_ends_it_and_the_next_goes_on(
    corpus: Corpus, openai_server: OpenAIServer
) -> None:
    price = {"EMBEDDING_PRICE_USD": "1000"}
    stopped = corpus.run("--yes", "--budget", "0.5", **price)
    assert stopped.code == 1
    assert "error: the run's budget of $0.5 is spent" in stopped.err
    spent = openai_server.record.tokens_billed * 1000 / 1e6
    assert 0 < spent <= 0.5
    assert corpus.run("--yes").code == 0
    assert set(openai_server.record.texts.values()) == {1}


def test_the_days_budget_holds_for_a_corpus_too(
    corpus: Corpus, rows: Rows, openai_server: OpenAIServer
) -> None:
    limits = {"EMBEDDING_PRICE_USD": "1000", "EMBEDDING_DAILY_BUDGET_USD": "0.5"}
    stopped = corpus.run("--yes", **limits)
    assert stopped.code == 1 and "the day's budget of $0.5" in stopped.err
    ((spent, purpose),) = rows.run(
        "SELECT dollars, purpose FROM embedding_usage WHERE requests > 0"
    )
    assert 0 < spent <= 0.5 and purpose == "corpus"
    assert rows.run("SELECT count(*) FROM embedding_models") == [(0,)]


def test_equal_texts_are_paid_once(corpus: Corpus, openai_server: OpenAIServer) -> None:
    lines = corpus.source.read_text().splitlines(keepends=True)
    corpus.source.write_text("".join(lines + lines[:12]))
    result = corpus.run("--yes")
    assert result.code == 0 and "with the text of an earlier row 12" in result.out
    assert openai_server.record.inputs_billed == ROWS
    assert np.array_equal(corpus.array[ROWS:], corpus.array[:12])


# --- failures


def test_a_refused_text_is_listed_and_the_others_are_stored(
    corpus: Corpus, openai_server: OpenAIServer
) -> None:
    openai_server.faults.poison(lambda text: "day 17 " in text)
    result = corpus.run("--yes")
    assert result.code == 1
    assert "row 18 has no vector: HTTP 400" in result.err
    assert "is not finished" in result.err and not corpus.array_path.exists()
    paid = openai_server.record.inputs_billed
    accepted = corpus.run("--yes", "--accept-failed")
    assert accepted.code == 0, accepted.err
    assert np.flatnonzero(~np.isfinite(corpus.array).all(axis=1)).tolist() == [17]
    assert corpus.sidecar["failed"][0][:2] == [17, 18]
    # Only the refused text, and the known good one that it is held against.
    assert openai_server.record.inputs_billed - paid <= 1


def test_a_refused_text_is_tried_again_by_the_next_run(
    corpus: Corpus, openai_server: OpenAIServer
) -> None:
    openai_server.faults.poison(lambda text: "day 17 " in text)
    assert corpus.run("--yes").code == 1
    openai_server.faults.clear()
    assert corpus.run("--yes").code == 0
    assert np.isfinite(corpus.array).all()


def test_bad_rows_do_not_stop_the_others(corpus: Corpus) -> None:
    text = corpus.source.read_text()
    corpus.source.write_text(text + '"1","a","b","too many"\n"1","",""\n')
    result = corpus.run("--yes", "--accept-failed")
    assert result.code == 0, result.err
    assert "row 41 has no vector: the row has more cells" in result.err
    assert "row 42 has no vector: there is nothing to embed" in result.err
    assert len(corpus.array) == ROWS + 2
    assert np.isnan(corpus.array[ROWS:]).all()


@pytest.mark.parametrize(
    "fault",
    [f.rate_limited(retry_after_ms=20), f.server_error(503), f.closed(), f.cut_short()],
    ids=["429", "503", "closed", "cut"],
)
def test_a_provider_that_stumbles_costs_no_row(
    corpus: Corpus, openai_server: OpenAIServer, fault: f.Fault
) -> None:
    openai_server.faults.push(f.NORMAL, fault)
    result = corpus.run("--yes")
    assert result.code == 0, result.err
    assert np.isfinite(corpus.array).all()


def test_unusable_vectors_are_never_stored(
    corpus: Corpus, openai_server: OpenAIServer
) -> None:
    openai_server.faults.push(f.with_zeros(0), f.with_nan(1))
    result = corpus.run("--yes")
    assert result.code == 1
    assert "unusable vector: all zero" in result.err
    assert "unusable vector: not finite" in result.err
    assert corpus.run("--yes").code == 0


def test_a_refused_key_is_exit_3(corpus: Corpus, openai_server: OpenAIServer) -> None:
    openai_server.key = "another"
    result = corpus.run("--yes")
    assert result.code == 3
    assert "refuses the API key" in result.err
    openai_server.key = None
    assert corpus.run("--yes").code == 0  # the next run asks again


def test_a_refused_token_is_exit_3_before_anything_is_paid(
    corpus: Corpus, openai_server: OpenAIServer, libsql: LibsqlServer
) -> None:
    result = corpus.run("--yes", sink=libsql.url, TURSO_AUTH_TOKEN="wrong")
    assert result.code == 3 and "check the token" in result.err
    assert "wrong" not in result.err.replace("wrong token", "")
    assert openai_server.record.requests == 0


def test_a_database_that_is_away_for_a_moment_loses_nothing_paid(
    corpus: Corpus, openai_server: OpenAIServer, libsql: LibsqlServer
) -> None:
    token = {"TURSO_AUTH_TOKEN": "secret"}
    assert corpus.run("--dry-run", sink=libsql.url, **token).code == 0
    normal = libsql.pipelines + 2  # of the next run: it looks, and makes the table
    libsql.trouble.clear()
    arrived = openai_server.record.requests

    def trouble(text: str) -> bool:
        if openai_server.record.requests == arrived + 1 and not libsql.trouble:
            libsql.trouble.extend([Trouble(503), Trouble(cut=True, is_done=True)])
        return False

    openai_server.faults.poison(trouble)
    result = corpus.run("--yes", sink=libsql.url, **token)
    assert result.code == 0 and libsql.pipelines > normal, result.err
    assert set(openai_server.record.texts.values()) == {1}


# --- settings and sources


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--template", "{titel}"), 2, "no row has 'titel'"),
        (("--template", "title"), 2, "names no column"),
        (("--template", "@nowhere.txt"), 1, "nowhere.txt"),
        (("--ids", "9-1"), 2, "--ids"),
        (("--ids", "900"), 1, "there are no such rows"),
        (("--split", "a/b"), 2, "--split"),
        (("--from", "samples"), 1, "only SQLite has tables"),
        (("--batch-size", "0"), 2, "whole number above 0"),
        (("--budget", "nan"), 2, "an amount in dollars"),
    ],
)
def test_a_mistake_is_one_line_and_costs_nothing(
    corpus: Corpus,
    openai_server: OpenAIServer,
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    result = corpus.run("--yes", *arguments)
    assert result.code == code
    assert message in result.err.splitlines()[-1]
    assert openai_server.record.requests == 0


def test_some_rows_of_an_sqlite_table(
    bot: Bot, home: Path, openai_server: OpenAIServer
) -> None:
    source = home / "samples.db"
    with sqlite3.connect(source) as connection:
        connection.execute(
            "CREATE TABLE samples (id INTEGER PRIMARY KEY, title, genre, bpm, mood)"
        )
        connection.executemany(
            "INSERT INTO samples VALUES (?, ?, ?, ?, ?)",
            [
                (i, f"loop {i}", "misc" if i % 2 else None, 90.4, "")
                for i in range(1, 301)
            ],
        )
    connection.close()
    (home / "sample.txt").write_text(
        "Title: {title}\nGenre: {genre}\nBPM: {bpm:.0f}\nMood: {mood}\n"
    )
    command = ["embed-corpus", str(source), str(home / "out.db"), "--from", "samples"]
    command += ["--id-column", "id", "--template", f"@{home}/sample.txt"]
    command += ["--table", "sample_embeddings", "--yes"]
    first = bot.run(*command, "--ids", "1,5,10-20,100-200")
    assert first.code == 0, first.err
    assert openai_server.record.inputs_billed == 114
    assert "Title: loop 1\nGenre: misc\nBPM: 90" in openai_server.record.texts
    assert "Title: loop 10\nBPM: 90" in openai_server.record.texts
    rest = bot.run(*command)
    assert rest.code == 0 and "done before 114" in rest.out
    assert openai_server.record.inputs_billed == 300


def test_gemini_by_its_base_url_is_normalised_by_us(
    corpus: Corpus, openai_server: OpenAIServer
) -> None:
    openai_server.faults.always(f.scaled(0.7))
    gemini = {
        "OPENAI_BASE_URL": "http://generativelanguage.googleapis.com/v1beta/openai/",
        "HTTP_PROXY": openai_server.base_url.removesuffix("/v1"),
        "EMBEDDING_MODEL": "gemini-embedding-001",
        "EMBEDDING_DIMENSIONS": "768",
        "EMBEDDING_BATCH_SIZE": "500",
    }
    result = corpus.run("--yes", **gemini)
    assert result.code == 0, result.err
    assert corpus.array.shape == (ROWS, 768)
    assert np.allclose(np.linalg.norm(corpus.array, axis=1), 1, atol=1e-6)
    assert openai_server.record.last_body["dimensions"] == 768
    assert openai_server.record.last_body["encoding_format"] == "float"
    assert "$0.15 per million" in result.out
    corpus.write(250)
    assert corpus.run("--yes", "--reset", **gemini).code == 0
    assert max(openai_server.record.request_sizes) == 100  # as many as it takes


def test_the_token_count_is_near_openais() -> None:
    counted = json.loads((Path(__file__).parent / "counted_texts.json").read_text())
    guessed = sum(TokenCounter(tokenizer_file()).count(list(counted)))
    assert guessed == pytest.approx(sum(counted.values()), rel=0.05)
