"""Vectors as points on paper, and whether related ones lie together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from whatsapp_bot.errors import OutputError

Floats = npt.NDArray[np.float32]

NEIGHBOURS = 10
COMPARED_AT_ONCE = 500  # rows
SUBSPACE, ITERATIONS = 12, 30
COLOURS = 12  # the largest categories; the others are grey
OTHERS = "others"
GREY = 7  # of the drawing library's ten colours


@dataclass(frozen=True)
class Togetherness:
    """together: how many of the 10 nearest have the same category, 0 to 1. by_chance:
    how many would if the vectors said nothing."""

    together: float
    by_chance: float


def project(vectors: Floats) -> tuple[Floats, float]:
    """The two principal components, float32 (rows, 2), of the normalised vectors; the
    share of their variance that these show. Some 700 × rows × dimensions
    multiplications: subspace iteration, since only two of the axes are wanted."""
    centred = _normalised(vectors)
    centred = centred - centred.mean(axis=0)
    axes = np.random.default_rng(0).standard_normal((centred.shape[1], SUBSPACE))
    axes = axes.astype(np.float32)
    for _ in range(ITERATIONS):
        axes, _ = np.linalg.qr(centred.T @ (centred @ axes))
    points = centred @ axes
    values, turn = np.linalg.eigh(points.T @ points)
    points = points @ turn[:, ::-1][:, :2]
    # Of an axis and its opposite, always the same one.
    points = points * np.sign(points[np.abs(points).argmax(axis=0), [0, 1]])
    total = float(np.square(centred).sum())
    share = float(values[-2:].sum()) / total if total else 0.0
    return np.asarray(points, np.float32), share


def measure_togetherness(
    vectors: Floats, categories: Sequence[str | None]
) -> Togetherness | None:
    """Among the rows whose category is known; None where they are too few. Rows² ×
    dimensions multiplications."""
    known = [i for i, category in enumerate(categories) if category]
    if len(known) <= NEIGHBOURS:
        return None
    unit = _normalised(vectors[known])
    names, labels = np.unique(
        np.array([categories[i] for i in known]), return_inverse=True
    )
    same = 0
    for start in range(0, len(unit), COMPARED_AT_ONCE):
        rows = np.arange(start, min(start + COMPARED_AT_ONCE, len(unit)))
        scores = unit[rows] @ unit.T
        scores[np.arange(len(rows)), rows] = -np.inf  # not itself
        nearest = np.argpartition(-scores, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
        same += int((labels[nearest] == labels[rows, None]).sum())
    sizes = np.bincount(labels, minlength=len(names))
    pairs = len(unit) * (len(unit) - 1)
    return Togetherness(
        together=same / (len(unit) * NEIGHBOURS),
        by_chance=float((sizes * (sizes - 1)).sum() / pairs),
    )


def draw(
    path: Path, points: Floats, categories: Sequence[str | None], title: str
) -> None:
    """A PNG, a colour for each of the largest categories. Raises OutputError."""
    # Here and not above: it takes half a second, and no other command draws.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 8), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    groups = group(categories)
    colours = [f"C{i}" for i in range(10) if i != GREY] + ["black", "gold", "navy"]
    for number, (name, rows) in enumerate(groups.items()):
        colour = "lightgrey" if name == OTHERS else colours[number]
        axes.scatter(
            points[rows, 0],
            points[rows, 1],
            s=14,
            color=colour,
            label=f"{name} ({len(rows)})",
            # Grey below the colours.
            zorder=1 if name == OTHERS else 2,
        )
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    try:
        figure.savefig(path, format="png")
    except OSError as exc:
        raise OutputError(f"{path}: {exc.strerror or exc}") from exc


def group(categories: Sequence[str | None]) -> dict[str, list[int]]:
    """The rows of each of the largest categories, largest first, then of the others."""
    sizes = Counter(category for category in categories if category)
    names = [name for name, _ in sizes.most_common(COLOURS)]
    groups: dict[str, list[int]] = {name: [] for name in names}
    others = [i for i, category in enumerate(categories) if category not in groups]
    for i, category in enumerate(categories):
        if category in groups:
            groups[category].append(i)
    return groups | ({OTHERS: others} if others else {})


def _normalised(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
