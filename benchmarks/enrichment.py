"""What the rules read of real postings, how fast, and what an import feels of it."""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path

from benchmarks import scratch
from benchmarks.invented_postings import invent_postings
from whatsapp_bot.enrichment.posting_text import PostingText
from whatsapp_bot.enrichment.rules import read_by_rules
from whatsapp_bot.intake.files import read_records
from whatsapp_bot.intake.importer import JobImporter
from whatsapp_bot.records import Enrichment

EXAMPLES = """examples:
  python -m benchmarks.enrichment FOLDER/jobs_real.jsonl.gz
  python -m benchmarks.enrichment FOLDER/jobs_real.jsonl.gz --rows 5000 --rounds 5
"""
TRIGGERS = ("job_to_enrich", "job_to_enrich_changed")
# A board's own categories, where one of the rules' functions is the same.
SAME = {
    "Accounting, Auditing & Finance": "Accounting and Finance",
    "Admin & Office": "Administration",
    "Building & Architecture": "Building and Architecture",
    "Creative & Design": "Design and Media",
    "Customer Service & Support": "Customer Service",
    "Driver & Transport Services": "Driving and Transport",
    "Engineering & Technology": "Engineering",
    "Estate Agents & Property Management": "Real Estate",
    "Farming & Agriculture": "Agriculture",
    "Food Services & Catering": "Hospitality and Catering",
    "Health & Safety": "Quality, Health and Safety",
    "Hospitality & Leisure": "Hospitality and Catering",
    "Human Resources": "Human Resources",
    "Legal Services": "Legal",
    "Marketing & Communications": "Marketing and Communications",
    "Medical & Pharmaceutical": "Health Care",
    "Product & Project Management": "Project and Product Management",
    "Quality Control & Assurance": "Quality, Health and Safety",
    "Research, Teaching & Training": "Teaching and Research",
    "Sales": "Sales",
    "Software & Data": "Software and Data",
    "Supply Chain & Procurement": "Supply Chain and Procurement",
    "Trades & Services": "Trades",
}

Posting = Mapping[str, object]
Pair = tuple[Posting, Enrichment]


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("postings", type=Path, metavar="FILE", help="JSONL, gzip too")
    parser.add_argument("--rows", type=int, default=5_000, help="to import")
    parser.add_argument("--rounds", type=int, default=5, help="of imports")
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    postings = [line.record for line in read_records(options.postings) if line.record]
    start = time.perf_counter()
    pairs = [(each, read_by_rules(PostingText.of(each))) for each in postings]
    seconds = time.perf_counter() - start
    print(f"{len(pairs):,} postings, {1e3 * seconds / len(pairs):.2f} ms each")
    described = [pair for pair in pairs if PostingText.of(pair[0]).is_described]
    _print_coverage("all with a description", described)
    _print_coverage(
        "of them Nigerian", [p for p in described if p[0]["country"] == "NG"]
    )
    _print_agreement(
        "function as the board's category",
        ((SAME.get(str(job.get("category"))), e.job_function) for job, e in pairs),
    )
    _print_agreement(
        "seniority as the posting's level",
        ((job.get("experience_level"), e.seniority) for job, e in pairs),
    )
    _print_agreement(
        "arrangement as the posting's",
        ((job.get("work_arrangement"), e.work_arrangement) for job, e in pairs),
    )
    _compare_imports(options.rows, options.rounds)


def _print_coverage(what: str, pairs: list[Pair]) -> None:
    shares = {
        field.name: sum(bool(getattr(found, field.name)) for _, found in pairs)
        for field in fields(Enrichment)
    }
    print(
        f"{what}, {len(pairs):,}: "
        + ", ".join(
            f"{name} {count / len(pairs):.0%}" for name, count in shares.items()
        )
    )


def _print_agreement(what: str, labels: Iterable[tuple[object, str | None]]) -> None:
    """Of those that have both."""
    both = [(label, found) for label, found in labels if label]
    said = [pair for pair in both if pair[1]]
    same = sum(label == found for label, found in said)
    print(
        f"{what}: {same:,} of {len(said):,} ({same / len(said):.0%}); "
        f"{len(both) - len(said):,} not said"
    )


def _compare_imports(rows: int, rounds: int) -> None:
    """With the triggers and without, in turns, each into a server of its own."""
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds):
        for has_triggers in (number % 2 == 0, number % 2 != 0):
            seconds[has_triggers].append(_import_seconds(rows, has_triggers))
    with_it, without = (statistics.median(seconds[each]) for each in (True, False))
    print(
        f"import of {rows:,}: {with_it:.2f} s with the triggers, {without:.2f} s "
        f"without, {with_it / without:.3f} times (medians of {rounds}); all: "
        f"{[round(s, 2) for s in seconds[True]]}, {[round(s, 2) for s in seconds[False]]}"
    )


def _import_seconds(rows: int, has_triggers: bool) -> float:
    with scratch.scratch() as place:
        path = place.folder / "postings.jsonl"
        lines = itertools.islice(invent_postings(rows), rows)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        if not has_triggers:
            with place.app.database.transaction() as cursor:
                for trigger in TRIGGERS:
                    cursor.raw.execute(
                        f"ALTER TABLE canonical_jobs DISABLE TRIGGER {trigger}"
                    )
        importer = JobImporter(place.app.parser, on_skip=lambda number, reason: None)
        start = time.perf_counter()
        importer.import_file(path, "benchmark")
        return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
