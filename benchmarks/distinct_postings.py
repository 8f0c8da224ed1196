"""Imports invented postings of which no two have a text in common."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from benchmarks.invented_postings import invent_postings
from benchmarks.scratch import require
from whatsapp_bot.bootstrap import App
from whatsapp_bot.intake.importer import JobImporter

DESCRIPTION_CHARACTERS = 190  # so that the text of everything-1 has some 400


def import_postings(app: App, folder: Path, count: int, first: int = 0) -> None:
    """Save `count` of them, from number `first` on; a file in the folder comes and goes."""
    path = folder / "postings.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for posting in _postings(count, first):
            file.write(json.dumps(posting) + "\n")
    importer = JobImporter(app.parser, on_skip=lambda number, reason: None)
    start = time.monotonic()
    totals = importer.import_file(path, "benchmark")
    path.unlink()
    require(totals.new == count, f"{totals.new} of {count} postings imported")
    print(f"{count:,} rows imported in {time.monotonic() - start:.1f} s", flush=True)


def _postings(count: int, first: int) -> Iterator[Mapping[str, object]]:
    today = date.today().isoformat()
    postings = itertools.islice(invent_postings(first + count), first, None)
    for number, posting in enumerate(postings, start=first):
        description = str(posting["description"])[:DESCRIPTION_CHARACTERS]
        title = f"{posting['title']}, post {number}"
        yield {
            **posting,
            "title": title,
            "description": description,
            "posted_date": today,
        }
