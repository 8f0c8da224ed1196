"""embed-corpus on a corpus of AG News' shape, beside the loops that it replaces."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import scratch
from benchmarks.corpus_loops import LOOPS
from benchmarks.invented_news import TEST_ROWS, TRAIN_ROWS, write_news

EXAMPLES = """examples:
  python -m benchmarks.corpus                     120,000 and 7,600 rows
  python -m benchmarks.corpus --rows 20000        a smaller training set
"""
BY_ONE_ROWS = 10_000  # the slow loop's


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--rows", type=int, default=TRAIN_ROWS)
    options = parser.parse_args(argv)
    return scratch.guarded(lambda: _run(options.rows))


def _run(rows: int) -> None:
    with scratch.scratch() as place:
        print(scratch.describe_machine(place.app.database))
        print("what\trows\tseconds\trows/s\tpeak MB\tload\tothers")
        test, source = place.folder / "test.csv", place.folder / "train.csv"
        write_news(test, TEST_ROWS, seed=TEST_ROWS)
        write_news(source, rows, seed=rows)
        _measure(place, "ours", rows + TEST_ROWS, *_ours(place.folder, source, test))
        for loop in LOOPS:
            count = BY_ONE_ROWS if loop == "one by one" else rows
            target = str(place.folder / "loop.npy")
            arguments = ("benchmarks.corpus_loops", loop, str(source), target)
            _measure(place, loop, count, *arguments, str(count))


def _ours(folder: Path, *sources: Path) -> tuple[str, ...]:
    """Both files as one command."""
    return (
        "whatsapp_bot",
        "embed-corpus",
        *map(str, sources),
        str(folder / "vectors"),
        *("--columns", "class,title,description"),
        *("--template", "{title} {description}", "--dataset", "ag_news"),
    )


def _measure(place: scratch.Scratch, what: str, rows: int, *arguments: str) -> None:
    neighbours = scratch.Neighbours(place.folder)
    done = place.run(*arguments)
    print(
        f"{what}\t{rows:,}\t{done.seconds:.1f}\t{rows / done.seconds:,.0f}\t"
        f"{done.peak_mb}\t{neighbours.load:.2f}\t{neighbours.cores():.2f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
