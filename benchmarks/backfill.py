"""The backfill over real postings: is a dry run right, and what does a kill cost?"""

from __future__ import annotations

import gzip
import importlib
import itertools
import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks import scratch
from benchmarks.loopback import SETTINGS
from tests.loopback.openai_server import OpenAIServer
from tests.loopback.text_vectors import embed_texts
from whatsapp_bot.config import PROJECT_FOLDER
from whatsapp_bot.embeddings.embedding_generator import SPARE_THREADS
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.intake.importer import JobImporter

EXAMPLES = """examples:
  python -m benchmarks.backfill FOLDER                   with its jobs_real.jsonl.gz
  python -m benchmarks.backfill FOLDER --kills 40 --tokenizer

--tokenizer: the provider bills by OpenAI's own tokenizer; needs the package bpe-openai.
"""
TEMPLATES = ("roles-2", "everything-1")
DIMENSIONS, DELAY = 64, 0.05
BATCH, CONCURRENCY = 50, 4
NAP_SECONDS = 0.01
COMMAND = ("whatsapp_bot", "backfill-embeddings", "--jobs-only")
RESET = """
    UPDATE job_embeddings SET due_at = now(), revision = nextval('embedding_revisions'),
        text_hash = NULL, embedded_at = NULL;
    DELETE FROM job_vectors; DELETE FROM embedding_cache"""
END_LEASES = "UPDATE job_embeddings SET due_at = now() WHERE due_at > now()"
FOUND = """
    SELECT j.title, v.embedding::text AS vector FROM canonical_jobs j
      LEFT JOIN job_vectors v ON v.job_id = j.id
     WHERE job_is_live(j.status, j.title, j.listed_date)"""


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--tokenizer", action="store_true")
    options = parser.parse_args(argv)
    source = options.folder / "jobs_real.jsonl.gz"
    return scratch.guarded(
        lambda: _run(
            source, options.rows, options.kills, options.seed, options.tokenizer
        )
    )


def _run(source: Path, rows: int, kills: int, seed: int, by_openai: bool) -> None:
    with OpenAIServer(dimensions=DIMENSIONS) as server:
        if by_openai:
            server.count_tokens = _openai_tokens()
        settings = {
            **SETTINGS,
            "OPENAI_BASE_URL": server.base_url,
            "EMBEDDING_DIMENSIONS": str(DIMENSIONS),
            "EMBEDDING_CONCURRENCY": str(CONCURRENCY),
        }
        with scratch.scratch(**settings) as place:
            print(scratch.describe_machine(place.app.database))
            _import(place, source, rows)
            print(
                "template\trows dry\trows real\tpaid dry\tpaid real\ttokens dry\tbilled"
            )
            for template in TEMPLATES:
                _dry_and_real(place, server, template)
            _kill(place, server, random.Random(seed), kills)


def _openai_tokens() -> Callable[[str], int]:
    encoding = importlib.import_module("bpe_openai").get_encoding("cl100k_base")
    return lambda text: len(encoding.encode(text))


def _import(place: scratch.Scratch, source: Path, rows: int) -> None:
    """As posted today: none is too old to be found."""
    path, today = place.folder / "postings.jsonl", date.today().isoformat()
    with gzip.open(source, "rt", encoding="utf-8") as lines, path.open("w") as file:
        for line in itertools.islice(lines, rows):
            file.write(json.dumps({**json.loads(line), "posted_date": today}) + "\n")
    importer = JobImporter(place.app.parser, on_skip=lambda number, reason: None)
    totals = importer.import_file(path, "real")
    print(f"{totals.new:,} of {rows:,} postings imported", flush=True)


def _dry_and_real(place: scratch.Scratch, server: OpenAIServer, template: str) -> None:
    _execute(place, RESET)
    setting = {"EMBEDDING_TEMPLATE": template}
    before = server.record.inputs_billed, server.record.tokens_billed
    dry = _command(place, "--dry-run", **setting)
    scratch.require(server.record.inputs_billed == before[0], "a dry run was billed")
    _command(place, "--yes", **setting)
    found = [
        int(_figure(pattern, dry))
        for pattern in (r"to do ([\d,]+)", r"pay for ([\d,]+)", r"some ([\d,]+), \$")
    ]
    stored = sum(row["vector"] is not None for row in _execute(place, FOUND))
    paid = server.record.inputs_billed - before[0]
    tokens = server.record.tokens_billed - before[1]
    print(
        f"{template}\t{found[0]:,}\t{stored:,}\t{found[1]:,}\t{paid:,}\t{found[2]:,}\t"
        f"{tokens:,} ({100 * (found[2] / tokens - 1):+.1f}%)",
        flush=True,
    )


def _command(place: scratch.Scratch, *options: str, **settings: str) -> str:
    """Its output; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", *COMMAND, *options],
        env={**place.environ, **settings},
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    scratch.require(done.returncode == 0, f"it ended with {done.returncode}")
    return done.stdout


def _kill(
    place: scratch.Scratch, server: OpenAIServer, chance: random.Random, kills: int
) -> None:
    """Runs that are cut off at random moments, then one to the end."""
    server.delay = DELAY
    in_hand = (CONCURRENCY + SPARE_THREADS) * BATCH
    for number in (signal.SIGINT, signal.SIGKILL):
        _execute(place, RESET)
        server.reset()
        server.delay = DELAY
        most, cut = 0, 0
        for _ in range(kills):
            before = _paid_twice(server)
            cut += _cut_off(place, server, number, chance.uniform(0.0, 1.0))
            most = max(most, _paid_twice(server) - before)
            _execute(place, END_LEASES)
            if not _execute(
                place, "SELECT FROM job_embeddings WHERE due_at IS NOT NULL LIMIT 1"
            ):
                _execute(place, RESET)
                server.reset()
                server.delay = DELAY
        before = _paid_twice(server)
        _command(place, "--yes", EMBEDDING_BATCH_SIZE=str(BATCH))
        most = max(most, _paid_twice(server) - before)
        _check_union(place)
        print(
            f"{number.name}: {cut} of {kills} runs cut off; the union is exact; paid "
            f"twice after one of them at most {most} texts (in hand: up to {in_hand})",
            flush=True,
        )


def _cut_off(
    place: scratch.Scratch, server: OpenAIServer, number: signal.Signals, seconds: float
) -> bool:
    """So long after its first request; whether it was still running."""
    requests = server.record.requests
    process = subprocess.Popen(
        [sys.executable, "-m", *COMMAND, "--yes"],
        env={**place.environ, "EMBEDDING_BATCH_SIZE": str(BATCH)},
        cwd=PROJECT_FOLDER,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while server.record.requests == requests and process.poll() is None:
        time.sleep(NAP_SECONDS)
    time.sleep(seconds)
    process.send_signal(number)
    return process.wait() != 0


def _paid_twice(server: OpenAIServer) -> int:
    return sum(count - 1 for count in server.record.texts.values())


def _check_union(place: scratch.Scratch) -> None:
    template = template_named(place.app.settings.embedding_template)
    rows = _execute(place, FOUND)
    texts = [template.text("job", row) for row in rows]
    expected = embed_texts(texts, DIMENSIONS)
    vectors = np.array([json.loads(row["vector"]) for row in rows])
    scratch.require(np.allclose(vectors, expected, atol=1e-3), "a vector is wrong")
    left = _execute(place, "SELECT FROM job_embeddings WHERE due_at IS NOT NULL")
    scratch.require(not left, f"{len(left)} rows are not settled")


def _execute(place: scratch.Scratch, statement: str) -> list[dict[str, object]]:
    with place.app.database.transaction() as cursor:
        cursor.raw.execute(statement)
        return cursor.raw.fetchall() if cursor.raw.description is not None else []


def _figure(pattern: str, output: str) -> str:
    match = re.search(pattern, output)
    scratch.require(match is not None, f"no {pattern} in {output}")
    assert match is not None
    return match[1].replace(",", "")


if __name__ == "__main__":
    sys.exit(main())
