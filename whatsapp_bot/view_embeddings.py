"""How the vectors of the live jobs look: counts, norms, neighbours and a picture."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from whatsapp_bot import door, embedding_picture
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.database.live_vectors import LiveSample, LiveVectors
from whatsapp_bot.errors import InputError
from whatsapp_bot.records import THINGS

EXAMPLES = """examples:
  python -m whatsapp_bot view-embeddings                        figures
  python -m whatsapp_bot view-embeddings --job 17               and its nearest jobs
  python -m whatsapp_bot view-embeddings --picture jobs.png     and a picture

The picture shows the two principal components of the live vectors, coloured by the job's
function or else its category. Two of hundreds of dimensions show little: whether related
jobs lie together is what the figure above it says.
"""
NEIGHBOURS = 10


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument(
        "--job", type=int, metavar="N", help="the nearest jobs of this one"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE.png")
    parser.add_argument(
        "--sample", type=int, default=5_000, metavar="N", help="jobs at most (5000)"
    )
    options = parser.parse_args(argv)
    if options.sample < 1:
        parser.error("--sample must be above 0")
    return door.run(lambda app: _view(app, options))


def _view(app: App, options: argparse.Namespace) -> int:
    sys.stdout.writelines(f"{line}\n" for line in _counts(app))
    live = LiveVectors(app.database, app.live_model.name)
    sample = live.sample(options.sample)
    if not len(sample.vectors):
        raise InputError("no live job has a vector yet: is the daemon running?")
    sys.stdout.writelines(f"{line}\n" for line in _figures(sample))
    if options.job is not None:
        sys.stdout.writelines(f"{line}\n" for line in _neighbours(live, options.job))
    if options.picture:
        points, share = embedding_picture.project(sample.vectors)
        title = (
            f"{len(points):,} live jobs, {app.live_model.name}: two principal "
            f"components, {share:.0%} of the variance"
        )
        embedding_picture.draw(options.picture, points, sample.categories, title)
        sys.stdout.write(f"picture    {options.picture}: {title}\n")
    return 0


def _counts(app: App) -> Iterator[str]:
    for model in app.models.list():
        state = "live" if model.is_live else "filling"
        counts = ", ".join(
            f"{EmbeddingStore(app.database, thing, model.name).facts().embedded:,} {thing}s"
            for thing in THINGS
        )
        yield f"{state:11}{model.name}: {model.dimensions} dimensions, {counts}"


def _figures(sample: LiveSample) -> Iterator[str]:
    norms = np.linalg.norm(sample.vectors, axis=1)
    yield (
        f"norms      of {len(norms):,} live jobs: {norms.min():.4f} to "
        f"{norms.max():.4f}, median {np.median(norms):.4f}"
    )
    found = embedding_picture.measure_togetherness(sample.vectors, sample.categories)
    if found is None:
        yield "together   too few jobs have a function or a category to say"
        return
    yield (
        f"together   {found.together:.0%} of a job's {embedding_picture.NEIGHBOURS} nearest "
        f"have its function or category; {found.by_chance:.0%} would by chance"
    )


def _neighbours(live: LiveVectors, job_id: int) -> Iterator[str]:
    rows = live.near(job_id, NEIGHBOURS + 1)
    if not rows:
        raise InputError(f"job {job_id} has no vector, or there is no such job")
    for row in rows:
        yield (
            f"{row['score']:10.3f} {row['title']} ({row['category'] or '-'}, job {row['id']})"
        )


if __name__ == "__main__":
    sys.exit(main())
