"""Any order of saves, claims, answers and repairs: no vector is lost, late or old."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.acceptance.rows import Rows
from tests.loopback.text_vectors import Floats
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.embeddings.embedding_text import Template, template_named
from whatsapp_bot.records import Claim

VALUES = 16
NEVER_STORED = -1
TITLES = ("Cook", "Nurse", "Welder", " ")  # the last: not live
WHICH = st.integers(0, 11)  # of however many there are
MOST_JOBS = 3
MAX_ATTEMPTS = 5
LEASE_SECONDS = 120


def vector_of(text: str) -> Floats:
    """Encodes the text: exact in half precision, another for each text."""
    digest = hashlib.sha256(text.encode()).digest()[:VALUES]
    return np.frombuffer(digest, np.uint8).astype(np.float32) / np.float32(256)


TEXTS = {tuple(vector_of(title)): title for title in TITLES}


@dataclass
class Job:
    """What the model knows. titles: all it ever had, the newest last."""

    titles: list[str]
    is_open: bool = True
    newest_stored: int = NEVER_STORED

    @property
    def is_live(self) -> bool:
        return self.is_open and bool(self.titles[-1].strip())

    def last_index(self, title: str) -> int:
        return max(i for i, old in enumerate(self.titles) if old == title)


@dataclass
class Batch:
    """What a worker has in hand: with the texts it read after the claim."""

    claims: list[Claim]
    texts: dict[int, str] | None = None


class Machine(RuleBasedStateMachine):
    def __init__(self, rows: Rows, app: App, store: EmbeddingStore) -> None:
        super().__init__()
        self.rows, self.app, self.store = rows, app, store
        self.template: Template = template_named("roles-1")
        self.jobs: dict[int, Job] = {}
        self.in_hand: list[Batch] = []

    @initialize(
        titles=st.lists(st.sampled_from(TITLES), min_size=1, max_size=MOST_JOBS)
    )
    def start(self, titles: list[str]) -> None:
        self.rows.run("DELETE FROM canonical_jobs; DELETE FROM embedding_cache")
        for title in titles:
            self.insert(title)

    # --- what people and feeds do

    @precondition(lambda self: len(self.jobs) < MOST_JOBS)
    @rule(title=st.sampled_from(TITLES))
    def insert(self, title: str) -> None:
        self.jobs[self.rows.add_job(title)] = Job([title])

    # One rule for all that is saved: workers are to have their turn as often.
    @rule(
        which=WHICH,
        what=st.sampled_from(("title", "salary", "closed", "open", "anew")),
        title=st.sampled_from(TITLES),
    )
    def save(self, which: int, what: str, title: str) -> None:
        job_id = self._job(which)
        if which % 2 and title.strip():  # one that was never paid for
            title = f"{title} {len(TEXTS)}"
            TEXTS[tuple(vector_of(title))] = title
        if what == "salary":
            self._update(job_id, "salary_min", len(title))
        if what in ("closed", "anew"):
            self._set_open(job_id, False)
        if what in ("title", "anew"):
            self._set_title(job_id, title)
        if what in ("open", "anew"):  # as a feed lists a posting that was gone
            self._set_open(job_id, True)

    # --- what workers do: several batches are in hand, whosever they are

    @rule(limit=st.integers(1, MOST_JOBS), reads=st.booleans())
    def claim(self, limit: int, reads: bool) -> None:
        if claims := self.store.claim_due(limit, LEASE_SECONDS):
            self.in_hand.append(Batch(claims))
            if reads:
                self._read(self.in_hand[-1])

    @precondition(lambda self: self.in_hand)
    @rule(which=WHICH, keeps=st.booleans())
    def answer(self, which: int, keeps: bool) -> None:
        """keeps: the same answer comes once more, from a worker that was slow."""
        batch = self._batch(which, keeps)
        if batch.texts is None:
            self._read(batch)
        self._store(batch)

    @precondition(lambda self: self.in_hand)
    @rule(which=WHICH, blames=st.booleans())
    def fail(self, which: int, blames: bool) -> None:
        """The provider's fault, or the texts'."""
        batch = self._batch(which)
        if blames:
            for claim in batch.claims:
                self.store.set_aside(claim, "refused", MAX_ATTEMPTS)
        else:
            self.store.give_back(batch.claims, 60)

    # --- time and repairs

    @rule()
    def time_passes(self) -> None:
        self.rows.run(
            "UPDATE job_embeddings SET due_at = now() - interval '1 s' WHERE due_at IS NOT NULL"
        )

    @rule(is_stale=st.booleans())
    def repair(self, is_stale: bool) -> None:
        """The tasks that run now and then."""
        if is_stale:
            self.rows.run(
                "UPDATE job_embeddings SET checked_at = now() - interval '9 d'"
            )
        self.app.upkeep.refresh_stale("job", 5)
        self.app.upkeep.expire_jobs()
        self.app.upkeep.reconcile("job")

    # --- what must hold

    @invariant()
    def live_jobs_and_no_others_have_a_row(self) -> None:
        found = self.rows.run("SELECT job_id FROM job_embeddings")
        live = {job_id for job_id, job in self.jobs.items() if job.is_live}
        assert {job_id for (job_id,) in found} == live

    @invariant()
    def each_vector_is_that_of_the_text_its_row_names(self) -> None:
        for job_id, text_hash, vector in self._vectors():
            title = TEXTS[tuple(vector)]
            assert title in self.jobs[job_id].titles
            assert bytes(text_hash) == self.template.text_hash(title)

    @invariant()
    def no_older_text_comes_over_a_newer_one(self) -> None:
        vectors = {
            job_id: TEXTS[tuple(vector)] for job_id, _, vector in self._vectors()
        }
        for job_id, job in self.jobs.items():
            title = vectors.get(job_id)
            # Without a row there is nothing to be older than.
            index = NEVER_STORED if title is None else job.last_index(title)
            assert title is None or index >= job.newest_stored
            job.newest_stored = index

    @invariant()
    def what_is_not_due_has_the_newest_text(self) -> None:
        settled = self.rows.run(
            "SELECT job_id, text_hash FROM job_embeddings"
            " WHERE due_at IS NULL AND last_error IS NULL"
        )
        for job_id, text_hash in settled:
            newest = self.jobs[job_id].titles[-1]
            assert text_hash is not None
            assert bytes(text_hash) == self.template.text_hash(newest), newest

    def teardown(self) -> None:
        """Let a healthy worker finish: every live job has its newest text's vector."""
        self.app.upkeep.retry_failed("job")
        for _ in range(2):  # once would do; the second finds nothing
            self.time_passes()
            self._store(self._read(Batch(self.store.claim_due(100, LEASE_SECONDS))))
        found = {job_id: TEXTS[tuple(vector)] for job_id, _, vector in self._vectors()}
        assert found == {
            job_id: job.titles[-1] for job_id, job in self.jobs.items() if job.is_live
        }
        assert (self.rows.due, self.rows.put_off) == (0, 0)
        self.live_jobs_and_no_others_have_a_row()

    # ---

    def _job(self, which: int) -> int:
        return sorted(self.jobs)[which % len(self.jobs)]

    def _batch(self, which: int, keeps: bool = False) -> Batch:
        which %= len(self.in_hand)
        return self.in_hand[which] if keeps else self.in_hand.pop(which)

    def _set_title(self, job_id: int, title: str) -> None:
        self._update(job_id, "title", title)
        self.jobs[job_id].titles.append(title)

    def _set_open(self, job_id: int, is_open: bool) -> None:
        self._update(job_id, "status", "active" if is_open else "closed")
        self.jobs[job_id].is_open = is_open

    def _update(self, job_id: int, column: str, value: object) -> None:
        self.rows.run(
            f"UPDATE canonical_jobs SET {column} = %s WHERE id = %s", value, job_id
        )

    def _read(self, batch: Batch) -> Batch:
        things = self.store.read_things([claim.id for claim in batch.claims])
        batch.texts = {
            claim.id: self.template.text("job", things.get(claim.id, {}))
            for claim in batch.claims
        }
        return batch

    def _store(self, batch: Batch) -> None:
        """As the service does: what needs no call is settled without one."""
        texts = batch.texts
        assert texts is not None
        hashes = {i: self.template.text_hash(text) for i, text in texts.items()}
        empty = [claim for claim in batch.claims if not texts[claim.id]]
        unchanged = [
            claim
            for claim in batch.claims
            if texts[claim.id]
            and claim.has_vector
            and claim.text_hash == hashes[claim.id]
        ]
        self.store.confirm(unchanged)
        self.store.clear(empty)
        settled = {claim.id for claim in empty + unchanged}
        changed = [claim for claim in batch.claims if claim.id not in settled]
        reused = self.store.reuse(changed, hashes)
        paid = [claim for claim in changed if claim.id not in reused]
        if paid:
            vectors = np.array([vector_of(texts[claim.id]) for claim in paid])
            self.store.store(paid, hashes, vectors)

    def _vectors(self) -> list[tuple[int, bytes, list[float]]]:
        return self.rows.run(
            "SELECT job_id, text_hash, embedding::vector::real[]"
            " FROM job_vectors JOIN job_embeddings USING (job_id, model)"
        )


def test_whatever_the_order_each_live_job_ends_with_the_vector_of_its_newest_text(
    app: App, rows: Rows
) -> None:
    rows.run("UPDATE embedding_models SET dimensions = %s", VALUES)
    store = app.store("job")
    run_state_machine_as_test(
        lambda: Machine(rows, app, store),  # type: ignore[arg-type]
        settings=settings(
            max_examples=150,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_same_holds_on_long_walks_where_workers_and_savers_meet_all_the_time(
    app: App, rows: Rows, seed: int
) -> None:
    """Hypothesis finds the shortest way to a fault, but seldom walks far."""
    rows.run("UPDATE embedding_models SET dimensions = %s", VALUES)
    machine = Machine(rows, app, app.store("job"))
    dice = random.Random(seed)
    machine.start(["Cook", "Nurse", "Welder"])
    for _ in range(2000):
        step(machine, dice)
        machine.live_jobs_and_no_others_have_a_row()
        machine.each_vector_is_that_of_the_text_its_row_names()
        machine.no_older_text_comes_over_a_newer_one()
        machine.what_is_not_due_has_the_newest_text()
    machine.teardown()


def step(machine: Machine, dice: random.Random) -> None:
    which, yes = dice.randrange(12), dice.random() < 0.5
    what = dice.choice(("title", "title", "salary", "closed", "open", "anew"))
    kind = dice.choice(("save", "save", "claim", "claim", "answer", "answer", "other"))
    if kind == "save":
        machine.save(which, what, dice.choice(TITLES))
    elif kind == "claim":
        machine.claim(1 + which % MOST_JOBS, yes)
    elif machine.in_hand and kind == "answer":
        machine.answer(which, dice.random() < 0.2)
    elif machine.in_hand and yes:
        machine.fail(which, dice.random() < 0.5)
    elif dice.random() < 0.5:
        machine.time_passes()
    else:
        machine.repair(yes)
