"""The array, its sidecar and its checkpoint; killed at every step."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whatsapp_bot.corpus.npy_sink import Label, NpySink
from whatsapp_bot.corpus.plan import Corpus, CorpusText, make_plan
from whatsapp_bot.corpus.sink import Batch, Failure, Standing
from whatsapp_bot.corpus.sources import Source
from whatsapp_bot.corpus.text_template import TextTemplate
from whatsapp_bot.embeddings.provider import Vectors
from whatsapp_bot.errors import InputError, OutputError
from whatsapp_bot.records import Totals

ROWS, DIMENSIONS, BATCH = 7, 5, 3
VECTORS = np.random.default_rng(7).standard_normal((ROWS, DIMENSIONS), np.float32)
COST = Totals(requests=1, tokens=10, dollars=0.001)
LABEL = Label("ag_news", "train", "{text}")


class Killed(BaseException):
    """As kill -9: nothing of the process runs any more."""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    path = tmp_path / "rows.csv"
    path.write_text("text\n" + "\n".join(f"text {i}" for i in range(ROWS)) + "\n")
    return Corpus(Source(path), TextTemplate("{text}"), 100)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


class Bench:
    """A sink as a run drives it, without threads and providers."""

    def __init__(self, corpus: Corpus, folder: Path) -> None:
        self.corpus = corpus
        self.folder = folder
        self.plan = make_plan(corpus, None)

    def sink(self, **changes: Any) -> NpySink:
        values = {"label": LABEL, "model": "m", "dimensions": DIMENSIONS} | changes
        return NpySink(self.folder, **values)

    def look(self, **changes: Any) -> Standing:
        sink = self.sink(**changes)
        try:
            return sink.look(self.plan, self.corpus.texts)
        finally:
            sink.close()

    def run(
        self, failed: tuple[int, ...] = (), batches: int = 99, finish: bool = True
    ) -> None:
        """All batches that are not done, or the next few of them."""
        sink = self.sink()
        try:
            standing = sink.look(self.plan, self.corpus.texts)
            if standing.is_finished:
                return
            sink.begin()
            texts = list(self.corpus.texts())
            for start in range(0, ROWS, BATCH):
                chunk = [
                    t
                    for t in texts[start : start + BATCH]
                    if not self.done(standing, t)
                ]
                if chunk and batches:
                    batches -= 1
                    sink.store(batch_of(chunk, failed))
            if finish:
                sink.finish([failure_of(texts[row]) for row in failed])
        finally:
            sink.close()

    def done(self, standing: Standing, text: CorpusText) -> bool:
        return bool(standing.done[text.number])

    @property
    def array(self) -> Vectors:
        loaded: Vectors = np.load(self.folder / "train_embeddings.npy")
        return loaded

    @property
    def sidecar(self) -> dict[str, Any]:
        text = (self.folder / "train_metadata.json").read_text()
        about: dict[str, Any] = json.loads(text)
        return about


def failure_of(text: CorpusText) -> Failure:
    return Failure(text, "refused")


def batch_of(texts: list[CorpusText], failed: tuple[int, ...]) -> Batch:
    good = [text for text in texts if text.number not in failed]
    return Batch(
        good,
        VECTORS[[text.number for text in good]],
        [failure_of(text) for text in texts if text.number in failed],
        COST,
    )


@pytest.fixture
def bench(corpus: Corpus, folder: Path) -> Bench:
    return Bench(corpus, folder)


def test_the_array_and_what_is_said_of_it(bench: Bench) -> None:
    bench.run()
    assert bench.array.dtype == np.float32
    assert np.array_equal(bench.array, VECTORS)
    about = bench.sidecar
    assert {name: about[name] for name in ("model", "dimensions", "rows")} == {
        "model": "m",
        "dimensions": DIMENSIONS,
        "rows": ROWS,
    }
    assert (about["dataset"], about["split"]) == ("ag_news", "train")
    assert (about["calls"], about["tokens"], about["cost_usd"]) == (3, 30, 0.003)
    assert about["failed"] == [] and about["created_at"].startswith("20")
    assert sorted(path.name for path in bench.folder.iterdir()) == [
        "train_embeddings.npy",
        "train_metadata.json",
    ]


def test_it_can_be_mapped_into_memory(bench: Bench) -> None:
    bench.run()
    mapped = np.load(bench.folder / "train_embeddings.npy", mmap_mode="r")
    assert np.array_equal(mapped[3], VECTORS[3])


def test_a_finished_one_is_there_for_the_next(bench: Bench) -> None:
    bench.run()
    standing = bench.look()
    assert standing.is_finished and standing.done.all()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "other"}, "model was m and is other now"),
        ({"dimensions": 4}, "dimensions was 5 and is 4 now"),
    ],
)
@pytest.mark.parametrize("finish", [True, False], ids=["finished", "begun"])
def test_another_model_is_refused_with_the_reason(
    bench: Bench, changes: dict[str, Any], reason: str, finish: bool
) -> None:
    bench.run(batches=1 if not finish else 99, finish=finish)
    with pytest.raises(InputError, match=reason):
        bench.look(**changes)


@pytest.mark.parametrize("finish", [True, False], ids=["finished", "begun"])
def test_another_input_is_refused_with_the_reason(bench: Bench, finish: bool) -> None:
    bench.run(batches=1 if not finish else 99, finish=finish)
    path = bench.corpus.source.path
    path.write_text(path.read_text().replace("text 3", "text 3, changed"))
    bench.plan = make_plan(bench.corpus, None)
    with pytest.raises(InputError, match="the texts are not the same any more"):
        bench.look()


def test_a_reset_starts_anew(bench: Bench) -> None:
    bench.run()
    sink = bench.sink(model="other", anew=True)
    assert not sink.look(bench.plan, bench.corpus.texts).done.any()
    assert (bench.folder / "train_embeddings.npy").exists()  # until it begins
    sink.begin()
    sink.close()
    assert not (bench.folder / "train_embeddings.npy").exists()
    assert not (bench.folder / "train_metadata.json").exists()


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def save(path: Path, array: object) -> None:
    np.save(path, np.asarray(array))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: flip(path, 200),
        lambda path: flip(path, -1),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: save(path, VECTORS.astype(np.float64)),
        lambda path: save(path, VECTORS[:-1]),
        lambda path: save(path, VECTORS.reshape(DIMENSIONS, ROWS)),
        lambda path: save(path, np.where(np.eye(ROWS, DIMENSIONS), np.nan, VECTORS)),
    ],
    ids=["bit", "last bit", "cut", "empty", "float64", "row less", "turned", "nan"],
)
def test_a_damaged_array_is_noticed(
    bench: Bench, damage: Callable[[Path], None]
) -> None:
    bench.run()
    damage(bench.folder / "train_embeddings.npy")
    with pytest.raises(OutputError, match="is damaged.*--reset"):
        bench.look()


@pytest.mark.parametrize("text", [None, "", "{", "[]"])
def test_a_sidecar_that_is_gone_or_damaged_is_noticed(
    bench: Bench, text: str | None
) -> None:
    bench.run()
    sidecar = bench.folder / "train_metadata.json"
    sidecar.unlink() if text is None else sidecar.write_text(text)
    with pytest.raises(OutputError, match="cannot be read"):
        bench.look()


def test_what_is_begun_goes_on(bench: Bench) -> None:
    bench.run(batches=2, finish=False)
    assert bench.look().done.tolist() == [True] * 6 + [False]
    bench.run()
    assert np.array_equal(bench.array, VECTORS)
    assert bench.sidecar["calls"] == 3


def test_rows_that_are_not_as_they_were_written_are_done_again(bench: Bench) -> None:
    bench.run(batches=2, finish=False)
    flip(bench.folder / ".train_embeddings.npy.partial", 128 + 4)
    assert bench.look().done.tolist() == [False] * 3 + [True] * 3 + [False]
    bench.run()
    assert np.array_equal(bench.array, VECTORS)


def test_a_line_that_was_cut_off_never_happened(bench: Bench) -> None:
    bench.run(batches=2, finish=False)
    journal = bench.folder / ".checkpoint_train.jsonl"
    journal.write_bytes(journal.read_bytes()[:-5])
    assert bench.look().done.tolist() == [True] * 3 + [False] * 4
    bench.run()
    assert np.array_equal(bench.array, VECTORS)


def test_a_damaged_checkpoint_is_noticed(bench: Bench) -> None:
    bench.run(batches=2, finish=False)
    journal = bench.folder / ".checkpoint_train.jsonl"
    journal.write_bytes(b"\0" + journal.read_bytes()[1:])
    with pytest.raises(OutputError, match="checkpoint_train.jsonl is damaged"):
        bench.look()


def test_failed_rows_are_nan_and_listed_never_zeros(bench: Bench) -> None:
    bench.run(failed=(1, 6))
    assert np.flatnonzero(np.isnan(bench.array).all(axis=1)).tolist() == [1, 6]
    assert bench.sidecar["failed"] == [[1, 2, "refused"], [6, 7, "refused"]]
    standing = bench.look()
    assert standing.is_finished
    assert np.flatnonzero(~standing.done).tolist() == [1, 6]


def test_a_failed_row_is_tried_again(bench: Bench) -> None:
    bench.run(failed=(1,), finish=False)
    assert np.flatnonzero(~bench.look().done).tolist() == [1]
    bench.run()
    assert np.array_equal(bench.array, VECTORS)


def test_one_process_writes_at_a_time(bench: Bench) -> None:
    first = bench.sink()
    with pytest.raises(OutputError, match="another process is writing"):
        bench.sink()
    bench.sink(label=Label("ag_news", "test", "{text}")).close()
    first.close()
    bench.run()


def test_a_dry_look_leaves_no_trace(bench: Bench) -> None:
    assert not bench.look(dry=True).done.any()
    assert not bench.folder.exists()


def test_a_folder_that_cannot_be_made_is_said(bench: Bench) -> None:
    bench.folder.write_text("a file")
    with pytest.raises(OutputError, match="out: "):
        bench.sink()


# --- kill -9 before each of the calls that change a file

CHANGES = ("pwrite", "ftruncate", "fsync", "replace", "open")


@pytest.fixture
def kill_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Raise Killed at the n-th of these calls, and at all that follow: a dead process
    does nothing more."""
    count = {"left": -1}

    def arm(n: int) -> None:
        count["left"] = n

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def call(*values: Any, **named: Any) -> Any:
            if count["left"] == 0:
                raise Killed
            count["left"] -= 1
            return real(*values, **named)

        monkeypatch.setattr(os, name, call)

    for name in CHANGES:
        wrap(name)
    yield arm


def test_killed_before_any_change_the_bytes_are_those_of_one_run(
    corpus: Corpus,
    tmp_path: Path,
    kill_before: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Bench(corpus, tmp_path / "whole")
    whole.run(failed=(4,))
    expected = (tmp_path / "whole" / "train_embeddings.npy").read_bytes()
    monkeypatch.setattr("whatsapp_bot.corpus.npy_sink.SYNC_SECONDS", 0)
    was_killed, step = True, 0
    while was_killed:
        bench = Bench(corpus, tmp_path / f"killed-{step}")
        was_killed = False
        kill_before(step)
        try:
            bench.run(failed=(4,))
        except Killed:
            was_killed = True
        kill_before(-1)
        bench.run(failed=(4,))
        array = tmp_path / f"killed-{step}" / "train_embeddings.npy"
        assert array.read_bytes() == expected, step
        assert bench.look().is_finished, step
        assert bench.sidecar["checksum"] == whole.sidecar["checksum"], step
        names = sorted(path.name for path in bench.folder.iterdir())
        assert names == ["train_embeddings.npy", "train_metadata.json"], step
        step += 1
    assert step > 15
