from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from whatsapp_bot import embedding_picture
from whatsapp_bot.embedding_picture import draw, group, measure_togetherness, project
from whatsapp_bot.errors import OutputError

PICK = np.random.default_rng(3)
CENTRES = PICK.standard_normal((3, 32)).astype(np.float32)
LABELS = [i % 3 for i in range(90)]
CLOUDS = (CENTRES[LABELS] + 0.1 * PICK.standard_normal((90, 32))).astype(np.float32)
CATEGORIES = [f"category {label}" for label in LABELS]


def test_related_vectors_lie_together_and_the_others_apart() -> None:
    points, share = project(CLOUDS)
    assert points.shape == (90, 2) and share > 0.8
    middles = [points[np.array(LABELS) == label].mean(axis=0) for label in range(3)]
    spread = max(
        np.linalg.norm(point - middles[label])
        for point, label in zip(points, LABELS, strict=True)
    )
    apart = min(
        np.linalg.norm(middles[a] - middles[b]) for a, b in ((0, 1), (0, 2), (1, 2))
    )
    assert apart > 2 * spread


def test_the_components_are_those_of_a_full_decomposition() -> None:
    unit = CLOUDS / np.linalg.norm(CLOUDS, axis=1, keepdims=True)
    centred = unit - unit.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    points, share = project(CLOUDS)
    assert np.allclose(np.abs(points), np.abs(left[:, :2] * values[:2]), atol=1e-4)
    assert share == pytest.approx(
        float((values[:2] ** 2).sum() / (values**2).sum()), rel=1e-4
    )


def test_the_picture_is_the_same_whichever_way_an_axis_points() -> None:
    assert np.array_equal(project(CLOUDS)[0], project(CLOUDS.copy())[0])


def test_togetherness_is_held_against_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_picture, "COMPARED_AT_ONCE", 7)
    found = measure_togetherness(CLOUDS, CATEGORIES)
    assert found is not None
    assert found.together == 1.0
    assert found.by_chance == pytest.approx(29 / 89)
    noise = PICK.standard_normal(CLOUDS.shape).astype(np.float32)
    mixed = measure_togetherness(noise, CATEGORIES)
    assert mixed is not None and mixed.together < 0.5


def test_rows_without_a_category_do_not_count() -> None:
    known: list[str | None] = [*CATEGORIES[:60], *[None] * 30]
    found = measure_togetherness(CLOUDS, known)
    assert found is not None and found.by_chance == pytest.approx(19 / 59)
    assert measure_togetherness(CLOUDS, [None] * 90) is None


def test_the_largest_categories_have_colours_and_the_others_are_grey() -> None:
    names: list[str | None] = [f"n{i}" for i in range(20) for _ in range(20 - i)]
    groups = group([*names, None])
    assert list(groups) == [*(f"n{i}" for i in range(12)), "others"]
    assert sum(map(len, groups.values())) == len(names) + 1


def test_a_picture_is_a_png(tmp_path: Path) -> None:
    path = tmp_path / "jobs.png"
    draw(path, project(CLOUDS)[0], CATEGORIES, "three clouds")
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(OutputError, match="No such file or directory"):
        draw(tmp_path / "none" / "x.png", project(CLOUDS)[0], CATEGORIES, "")
