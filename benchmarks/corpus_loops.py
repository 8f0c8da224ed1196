"""What one would write to embed a CSV with wordllama: no checkpoint, no check.

Started by benchmarks.corpus, a process for each.
"""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from whatsapp_bot.embeddings import local_provider


def _one_by_one(model: Any, texts: list[str]) -> Any:
    return np.vstack([model.embed(text, norm=True) for text in texts])


def _all_at_once(model: Any, texts: list[str]) -> Any:
    return model.embed(texts, norm=True)


LOOPS: dict[str, Callable[[Any, list[str]], Any]] = {
    "one by one": _one_by_one,
    "all at once": _all_at_once,
}


def main(argv: list[str]) -> None:
    loop, source, target, count = argv
    with Path(source).open(newline="", encoding="utf-8") as file:
        rows = itertools.islice(csv.reader(file), int(count))
        texts = [f"{title} {description}" for _, title, description in rows]
    # The wheel's own loader looks into a folder that is not there.
    np.save(target, LOOPS[loop](local_provider._load(), texts))


if __name__ == "__main__":
    main(sys.argv[1:])
