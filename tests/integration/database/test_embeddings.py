from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import psycopg2
import pytest

from tests.acceptance.rows import Rows
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.embeddings import EmbeddingStore, EmbeddingUpkeep
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.errors import DatabaseError, SchemaMissing
from whatsapp_bot.records import THINGS, Claim, EmbeddingModel, Row, Thing

MAX_ATTEMPTS = 5
OTHER = EmbeddingModel("other", "other", None, 3, "roles-1", False)


class Things:
    """Jobs or people, and the store of their embeddings."""

    def __init__(self, rows: Rows, database: DatabaseManager, thing: Thing) -> None:
        self.rows = rows
        self.thing = thing
        self.store = EmbeddingStore(database, thing, "m")
        self.upkeep = EmbeddingUpkeep(database)

    def add(self) -> int:
        if self.thing == "job":
            return self.rows.add_job("Welder")
        return self.rows.add_user("Welder")

    def add_many(self, count: int) -> list[int]:
        return [self.add() for _ in range(count)]

    def change(self, thing_id: int) -> None:
        """Its text, as anybody may at any time."""
        table, key = {
            "job": ("canonical_jobs", "id"),
            "user": ("user_preferences", "user_id"),
        }[self.thing]
        self.rows.run(
            f"UPDATE {table} SET salary_min = coalesce(salary_min, 0) + 1"
            f" WHERE {key} = %s",
            thing_id,
        )

    def delete(self, thing_id: int) -> None:
        table = "canonical_jobs" if self.thing == "job" else "users"
        self.rows.run(f"DELETE FROM {table} WHERE id = %s", thing_id)

    def set(self, assignment: str, thing_id: int | None = None) -> None:
        self.rows.run(
            f"UPDATE {self.thing}_embeddings SET {assignment}"
            f" WHERE %s IS NULL OR {self.thing}_id = %s",
            thing_id,
            thing_id,
        )

    def claim(self, lease_seconds: float = 60) -> list[Claim]:
        return self.store.claim_due(10, lease_seconds)

    def embed(self, thing_id: int, *vector: float) -> None:
        """Due or not."""
        self.set("due_at = now()", thing_id)
        (claim,) = self.store.claim(thing_id, 60)
        assert self.store_vectors([claim], vector or (1, 2, 3)) == 1

    def store_vectors(self, claims: Sequence[Claim], *vectors: Sequence[float]) -> int:
        hashes = {claim.id: hash_of(str(claim.id)) for claim in claims}
        return self.store.store(claims, hashes, np.array(vectors, dtype=np.float32))

    def vector(self, thing_id: int) -> str | None:
        return self.rows.vector(self.thing, thing_id)

    def state(self, thing_id: int) -> Row:
        names = (
            "due_at <= now() AS is_due",
            "round(extract(epoch FROM due_at - now()))::int AS seconds",
            "revision",
            "attempts",
            "last_error",
            "text_hash",
            "embedded_at",
            "checked_at",
        )
        values = self.rows.run(
            f"SELECT {', '.join(names)} FROM {self.thing}_embeddings"
            f" WHERE {self.thing}_id = %s AND model = 'm'",
            thing_id,
        )
        if not values:
            return {}
        labels = [name.rpartition(" ")[2] for name in names]
        return dict(zip(labels, values[0], strict=True))

    def status(self, thing_id: int) -> str:
        state = self.state(thing_id)
        if not state:
            return "gone"
        if state["is_due"] is None:
            return "settled"
        return "due" if state["is_due"] else "put off"


def hash_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def about(seconds: float) -> object:
    """A moment that was `seconds` away when it was set, a little while ago."""
    return pytest.approx(seconds - 15, abs=16)


@pytest.fixture(params=THINGS)
def things(
    request: pytest.FixtureRequest,
    rows: Rows,
    database: DatabaseManager,
    models: ModelStore,
) -> Things:
    return Things(rows, database, request.param)


# --- claim


def test_a_claim_leases_the_row(things: Things) -> None:
    thing_id = things.add()
    assert things.claim() == [Claim(thing_id, 1, None, has_vector=False)]
    assert things.state(thing_id)["seconds"] == about(60)
    assert things.claim() == []
    assert things.store.claim(thing_id, 60) == []


def test_a_lease_that_ran_out_can_be_claimed_again(things: Things) -> None:
    thing_id = things.add()
    first = things.claim()
    things.set("due_at = now()")  # a minute later
    assert things.claim() == first
    assert things.status(thing_id) == "put off"


def test_one_row_can_be_claimed(things: Things) -> None:
    first, second = things.add_many(2)
    assert [claim.id for claim in things.store.claim(first, 60)] == [first]
    assert (things.status(first), things.status(second)) == ("put off", "due")


def test_a_claim_tells_what_was_embedded(things: Things) -> None:
    thing_id = things.add()
    things.embed(thing_id)
    things.change(thing_id)
    (claim,) = things.claim()
    revision = things.state(thing_id)["revision"]
    assert claim == Claim(thing_id, revision, hash_of(str(thing_id)), has_vector=True)
    assert revision > 1


def test_the_newest_come_first_and_not_more_than_asked_for(things: Things) -> None:
    old, new, newest = things.add_many(3)
    things.set("fresh_on = CURRENT_DATE - 2", old)
    things.set("fresh_on = CURRENT_DATE - 1", new)
    claims = [things.store.claim_due(2, 60) for _ in range(2)]
    assert [{claim.id for claim in some} for some in claims] == [{new, newest}, {old}]


def test_of_one_day_the_last_comes_first(things: Things) -> None:
    ids = things.add_many(3)
    claimed = [things.store.claim_due(1, 60)[0].id for _ in ids]
    assert claimed == ids[::-1]


def test_a_row_that_somebody_else_is_claiming_is_passed_by(
    things: Things, database_url: str
) -> None:
    ids = things.add_many(4)
    other = psycopg2.connect(database_url)
    with other.cursor() as cursor:
        cursor.execute(
            f"SELECT {things.thing}_id FROM {things.thing}_embeddings"
            " ORDER BY 1 DESC LIMIT 2 FOR UPDATE"
        )
        held = {thing_id for (thing_id,) in cursor.fetchall()}
    claimed = {claim.id for claim in things.claim()}
    assert (claimed, claimed | held) == (set(ids) - held, set(ids))
    assert things.store.claim(max(held), 60) == []
    other.rollback()
    other.close()
    assert {claim.id for claim in things.claim()} == held


def test_each_model_has_a_queue_of_its_own(
    things: Things, models: ModelStore, database: DatabaseManager
) -> None:
    models.add(OTHER)
    thing_id = things.add()
    assert [claim.id for claim in things.claim()] == [thing_id]
    other = EmbeddingStore(database, things.thing, "other")
    assert [claim.id for claim in other.claim_due(10, 60)] == [thing_id]


def test_what_the_texts_are_made_of_is_read_by_id(things: Things) -> None:
    first, second = things.add_many(2)
    read = things.store.read_things([first, second, 4711])
    assert set(read) == {first, second}
    name, value = {"job": ("title", "Welder"), "user": ("job_roles", ["Welder"])}[
        things.thing
    ]
    assert read[first][name] == value


# --- store


def test_a_vector_that_is_stored_settles_its_row(things: Things) -> None:
    thing_id = things.add()
    claims = things.claim()
    things.set("attempts = 2, last_error = 'refused'")
    assert things.store_vectors(claims, [1, 2, 3]) == 1
    assert things.vector(thing_id) == "[1,2,3]"
    state = things.state(thing_id)
    assert (state["seconds"], state["attempts"], state["last_error"]) == (None, 0, None)
    assert bytes(state["text_hash"]) == hash_of(str(thing_id))
    assert state["embedded_at"] == state["checked_at"] is not None


def test_vector_i_belongs_to_claim_i_in_whatever_order(things: Things) -> None:
    ids = things.add_many(5)
    claims = sorted(things.claim(), key=lambda claim: claim.id % 3)
    assert things.store_vectors(claims, *([claim.id, 0, 1] for claim in claims)) == 5
    for thing_id in ids:
        assert things.vector(thing_id) == f"[{thing_id},0,1]"
        text_hash = bytes(things.state(thing_id)["text_hash"])
        assert text_hash == hash_of(str(thing_id))


def test_the_vector_that_is_stored_is_the_one_that_was_sent_to_half_precision(
    rows: Rows, database: DatabaseManager, models: ModelStore
) -> None:
    models.add(replace(OTHER, dimensions=1536))
    job = rows.add_job("Welder")
    store = EmbeddingStore(database, "job", "other")
    vector = np.random.default_rng(7).normal(scale=0.03, size=(1, 1536))
    vector[0, :4] = (65504, -65504, 2**-24, 0)  # the ends of the range
    sent = vector.astype(np.float32)
    assert store.store(store.claim(job, 60), {job: b"x"}, sent) == 1
    stored = np.fromstring(str(rows.vector("job", job)).strip("[]"), sep=",")
    assert stored.astype(np.float16).tolist() == sent[0].astype(np.float16).tolist()


def test_a_row_that_changed_meanwhile_stays_due_and_keeps_its_old_vector(
    things: Things,
) -> None:
    changed, same = things.add_many(2)
    for thing_id in (changed, same):
        things.embed(thing_id, 9, 9, 9)
    things.set("due_at = now()")
    claims = things.claim()
    things.change(changed)
    assert things.store_vectors(claims, [1, 2, 3], [1, 2, 3]) == 1
    assert (things.status(changed), things.vector(changed)) == ("due", "[9,9,9]")
    assert (things.status(same), things.vector(same)) == ("settled", "[1,2,3]")


def test_a_late_writer_does_not_overwrite_a_newer_vector(things: Things) -> None:
    thing_id = things.add()
    late = things.claim()
    things.change(thing_id)
    things.embed(thing_id, 9, 9, 9)
    assert things.store_vectors(late, [1, 2, 3]) == 0
    assert things.vector(thing_id) == "[9,9,9]"


def test_a_row_that_was_deleted_meanwhile_stays_gone(things: Things) -> None:
    gone, here = things.add_many(2)
    claims = things.claim()
    things.delete(gone)
    assert things.store_vectors(claims, [1, 2, 3], [1, 2, 3]) == 1
    assert (things.vector(gone), things.vector(here)) == (None, "[1,2,3]")


def test_one_model_leaves_the_vectors_of_another_alone(
    things: Things, models: ModelStore, database: DatabaseManager
) -> None:
    models.add(OTHER)
    thing_id = things.add()
    other = EmbeddingStore(database, things.thing, "other")
    claims = other.claim_due(10, 60)
    other.store(claims, {thing_id: b"x"}, np.array([[7, 7, 7]], dtype=np.float32))
    things.embed(thing_id, 1, 2, 3)
    things.set("due_at = now()")
    things.store.clear(things.claim())
    assert things.vector(thing_id) == "[7,7,7]"


def test_a_batch_is_stored_whole_or_not_at_all(things: Things) -> None:
    first, second = things.add_many(2)
    claims = things.claim()
    with pytest.raises(DatabaseError, match="infinite"):
        things.store_vectors(claims, [1, 2, 3], [float("inf"), 1, 2])
    for thing_id in (first, second):
        assert (things.status(thing_id), things.vector(thing_id)) == ("put off", None)


def test_nothing_to_write_asks_nothing() -> None:
    store = EmbeddingStore(DatabaseManager("postgresql://127.0.0.1:1/x"), "job", "m")
    assert store.store([], {}, np.empty((0, 3), dtype=np.float32)) == 0
    store.confirm([])
    store.clear([])
    store.give_back([], 1)


# --- confirm, clear, give back


def test_a_text_that_is_still_the_same_is_confirmed(things: Things) -> None:
    thing_id = things.add()
    things.embed(thing_id)
    things.set("due_at = now(), checked_at = '2020-01-01', attempts = 2")
    before = things.state(thing_id)
    things.store.confirm(things.claim())
    state = things.state(thing_id)
    assert (state["seconds"], state["attempts"]) == (None, 0)
    assert state["checked_at"] > before["checked_at"]
    for unchanged in ("embedded_at", "text_hash", "revision"):
        assert state[unchanged] == before[unchanged]
    assert things.vector(thing_id) == "[1,2,3]"


def test_where_there_is_nothing_to_embed_any_more_the_vector_goes(
    things: Things,
) -> None:
    thing_id = things.add()
    things.embed(thing_id)
    things.set("due_at = now(), attempts = 2, last_error = 'refused'")
    things.store.clear(things.claim())
    state = things.state(thing_id)
    assert things.vector(thing_id) is None
    assert (state["seconds"], state["attempts"], state["last_error"]) == (None, 0, None)
    assert (state["embedded_at"], state["text_hash"]) == (None, None)
    assert state["checked_at"] is not None


@pytest.mark.parametrize("seconds", [0, 300])
def test_rows_that_are_given_back_are_due_after_the_delay_with_no_attempt_counted(
    things: Things, seconds: int
) -> None:
    thing_id = things.add()
    things.set("attempts = 2, last_error = 'refused'")
    things.store.give_back(things.claim(), seconds)
    state = things.state(thing_id)
    assert state["is_due"] is (seconds == 0)
    assert state["seconds"] == about(seconds)
    assert (state["attempts"], state["last_error"]) == (2, "refused")


def test_a_row_that_was_settled_meanwhile_is_not_given_back(things: Things) -> None:
    thing_id = things.add()
    claims = things.claim()
    things.store_vectors(claims, [1, 2, 3])
    things.store.give_back(claims, 0)
    assert things.status(thing_id) == "settled"


@pytest.mark.parametrize("verb", ["confirm", "clear", "give back", "set aside"])
def test_nothing_is_written_about_a_row_that_changed_meanwhile(
    things: Things, verb: str
) -> None:
    thing_id = things.add()
    things.embed(thing_id)
    things.set("due_at = now()")
    claims = things.claim()
    things.change(thing_id)
    before = things.state(thing_id)
    {
        "confirm": lambda: things.store.confirm(claims),
        "clear": lambda: things.store.clear(claims),
        "give back": lambda: things.store.give_back(claims, 60),
        "set aside": lambda: things.store.set_aside(claims[0], "no", MAX_ATTEMPTS),
    }[verb]()
    after = things.state(thing_id)
    assert after | {"seconds": 0} == before | {"seconds": 0}
    assert things.vector(thing_id) == "[1,2,3]"


# --- set aside


def test_a_row_that_is_refused_waits_longer_each_time_and_then_rests(
    things: Things,
) -> None:
    thing_id = things.add()
    waits = []
    for _ in range(MAX_ATTEMPTS):
        things.set("due_at = now()")
        (claim,) = things.claim()
        things.store.set_aside(claim, "refused", MAX_ATTEMPTS)
        waits.append(things.state(thing_id)["seconds"])
    assert waits[:4] == [about(60 * minutes) for minutes in (1, 4, 16, 64)]
    assert waits[4] is None
    assert things.state(thing_id)["attempts"] == 5
    assert things.claim() == []


def test_a_row_that_rests_is_tried_anew_when_its_text_changes(things: Things) -> None:
    thing_id = things.add()
    (claim,) = things.claim()
    things.store.set_aside(claim, "refused", max_attempts=1)
    assert things.status(thing_id) == "settled"
    things.change(thing_id)
    state = things.state(thing_id)
    assert (state["is_due"], state["attempts"], state["last_error"]) == (True, 0, None)


def test_an_error_is_kept_short_and_may_hold_anything(things: Things) -> None:
    thing_id = things.add()
    (claim,) = things.claim()
    things.store.set_aside(claim, "100%s \0'é" + "x" * 1000, MAX_ATTEMPTS)
    error = things.state(thing_id)["last_error"]
    assert (error[:8], len(error)) == ("100%s 'é", 500)


def test_failures_are_listed_with_whether_they_were_given_up(things: Things) -> None:
    first, second, _ = things.add_many(3)
    claims = {claim.id: claim for claim in things.claim()}
    things.store.set_aside(claims[first], "no", max_attempts=1)
    things.store.set_aside(claims[second], "not yet", max_attempts=5)
    row = {"id": first, "attempts": 1, "last_error": "no", "given_up": True}
    other = {"id": second, "attempts": 1, "last_error": "not yet", "given_up": False}
    assert things.store.failures(10) == [row, other]
    assert things.store.failures(1) == [row]


# --- facts


def test_the_facts_add_up_in_every_state(things: Things) -> None:
    store = things.store
    assert (store.facts().eligible, store.facts().coverage) == (0, 100)
    ids = things.add_many(9)
    due, leased, settled, again, empty, refused, resting, lost, unknown = ids
    for thing_id in (settled, again, lost):
        things.embed(thing_id)
    claims = {claim.id: claim for claim in things.claim()}
    things.set("due_at = now() - interval '90 seconds'", due)
    things.change(again)
    things.store.clear([claims[empty]])
    things.store.set_aside(claims[refused], "no", MAX_ATTEMPTS)
    things.store.set_aside(claims[resting], "no", 1)
    things.rows.run(
        f"DELETE FROM {things.thing}_vectors WHERE {things.thing}_id = %s", lost
    )
    things.rows.run(
        f"DELETE FROM {things.thing}_embeddings WHERE {things.thing}_id = %s", unknown
    )
    facts = store.facts()
    assert (facts.embedded, facts.waiting, facts.missing, facts.empty) == (3, 4, 1, 1)
    assert facts.eligible + facts.empty == len(ids)
    assert (facts.due, facts.failed, facts.lost, facts.invalid) == (2, 2, 1, 0)
    assert 90 <= facts.oldest_due_seconds < 3600
    assert facts.coverage == pytest.approx(100 * 3 / 8)
    assert things.status(leased) == "put off"


def test_the_facts_are_those_of_one_model(
    things: Things, models: ModelStore, database: DatabaseManager
) -> None:
    models.add(OTHER)
    thing_id = things.add()
    things.embed(thing_id)
    other = EmbeddingStore(database, things.thing, "other")
    (claim,) = other.claim(thing_id, 60)
    other.set_aside(claim, "no", MAX_ATTEMPTS)
    things.rows.run(
        f"INSERT INTO {things.thing}_vectors VALUES (%s, 'other', '[0,0,0]')", thing_id
    )
    facts = things.store.facts()
    assert (facts.embedded, facts.waiting, facts.failed, facts.invalid) == (1, 0, 0, 0)
    assert things.store.failures(10) == []
    facts = other.facts()
    assert (facts.embedded, facts.waiting, facts.failed, facts.invalid) == (0, 1, 1, 1)
    assert [failure["id"] for failure in other.failures(10)] == [thing_id]


# --- upkeep


def test_what_nobody_looked_at_for_long_is_due_again(things: Things) -> None:
    old, recent, empty = things.add_many(3)
    things.embed(old)
    things.embed(recent)
    things.store.clear(things.store.claim(empty, 60))
    things.set("checked_at = now() - interval '31 days'", old)
    things.set("checked_at = now() - interval '31 days'", empty)
    things.set("checked_at = now() - interval '29 days'", recent)
    assert things.upkeep.refresh_stale(things.thing, 30) == 1
    statuses = [things.status(thing_id) for thing_id in (old, recent, empty)]
    assert statuses == ["due", "settled", "settled"]
    assert things.state(old)["revision"] == 1  # its text is the same
    assert things.upkeep.refresh_stale(things.thing, 30) == 0


def test_another_template_makes_all_of_a_model_due_and_what_is_at_work_is_outrun(
    things: Things, models: ModelStore
) -> None:
    models.add(OTHER)
    embedded, leased, resting = things.add_many(3)
    things.embed(embedded)
    claims = {claim.id: claim for claim in things.claim()}
    things.store.set_aside(claims[resting], "no", max_attempts=1)
    things.rows.run(
        f"UPDATE {things.thing}_embeddings SET due_at = NULL WHERE model = 'other'"
    )
    assert not things.upkeep.follow_template("m", "roles-1")
    assert things.rows.due == 0
    assert things.upkeep.follow_template("m", "everything-1")
    assert not things.upkeep.follow_template("m", "everything-1")
    for thing_id in (embedded, leased, resting):
        state = things.state(thing_id)
        assert (state["is_due"], state["attempts"]) == (True, 0)
    assert things.rows.due == 3
    assert things.store_vectors([claims[leased]], [1, 2, 3]) == 0
    assert things.vector(embedded) == "[1,2,3]"  # until there is a new one


def test_a_template_is_followed_whole_or_not_at_all(
    things: Things, models: ModelStore
) -> None:
    (thing_id,) = things.add_many(1)
    things.embed(thing_id)
    things.rows.run("ALTER TABLE user_embeddings RENAME TO gone")
    with pytest.raises(SchemaMissing):
        things.upkeep.follow_template("m", "everything-1")
    things.rows.run("ALTER TABLE gone RENAME TO user_embeddings")
    assert models.get("m").template == "roles-1"
    assert things.upkeep.follow_template("m", "everything-1")
    assert things.status(thing_id) == "due"


def test_failed_rows_can_be_retried(things: Things) -> None:
    resting, waiting, embedded = things.add_many(3)
    things.embed(embedded)
    claims = {claim.id: claim for claim in things.claim()}
    things.store.set_aside(claims[resting], "no", max_attempts=1)
    things.store.set_aside(claims[waiting], "no", max_attempts=5)
    assert things.upkeep.retry_failed(things.thing) == 2
    assert {claim.id for claim in things.claim()} == {resting, waiting}
    assert things.state(resting)["attempts"] == 0
    assert things.status(embedded) == "settled"


def test_a_row_that_no_trigger_made_is_found(things: Things) -> None:
    lost, kept = things.add_many(2)
    things.embed(kept)
    table = f"{things.thing}_embeddings"
    things.rows.run(f"DELETE FROM {table} WHERE {things.thing}_id = %s", lost)
    assert things.store.facts().missing == 1
    assert things.upkeep.reconcile(things.thing) == 1
    assert (things.status(lost), things.status(kept)) == ("due", "settled")
    assert things.upkeep.reconcile(things.thing) == 0


def test_a_row_for_a_model_that_was_added_later_is_found(
    things: Things, models: ModelStore, database: DatabaseManager
) -> None:
    thing_id = things.add()
    models.add(OTHER)
    assert things.upkeep.reconcile(things.thing) == 1
    other = EmbeddingStore(database, things.thing, "other")
    assert [claim.id for claim in other.claim_due(10, 60)] == [thing_id]


def test_a_vector_that_was_lost_is_made_anew(things: Things) -> None:
    thing_id = things.add()
    things.embed(thing_id)
    things.rows.run(f"DELETE FROM {things.thing}_vectors")
    assert things.store.facts().lost == 1
    assert things.upkeep.reconcile(things.thing) == 1
    (claim,) = things.claim()
    # Without the hash, or the text would count as unchanged.
    assert claim == Claim(thing_id, 2, None, has_vector=False)
    assert things.upkeep.reconcile(things.thing) == 0


@pytest.mark.parametrize("vector", ["[1,2]", "[1,2,3,4]", "[0,0,0]"])
def test_a_vector_that_should_never_have_been_stored_is_made_anew(
    things: Things, vector: str
) -> None:
    good, bad = things.add_many(2)
    things.embed(good)
    things.embed(bad)
    things.rows.run(
        f"UPDATE {things.thing}_vectors SET embedding = %s WHERE {things.thing}_id = %s",
        vector,
        bad,
    )
    assert things.store.facts().invalid == 1
    assert things.upkeep.reconcile(things.thing) == 1
    assert (things.status(good), things.status(bad)) == ("settled", "due")
    assert (things.vector(good), things.vector(bad)) == ("[1,2,3]", None)
    assert things.store.facts().invalid == 0


def test_the_next_due_row_is_known_for_the_models_that_are_asked_about(
    things: Things, models: ModelStore
) -> None:
    models.add(OTHER)
    seconds = things.upkeep.seconds_to_next_due
    assert seconds(["m", "other"]) is None
    thing_id = things.add()
    assert seconds(["m"]) == 0
    things.set("due_at = now() - interval '1 hour'")
    assert seconds(["m"]) == 0
    things.set("due_at = now() + interval '5 minutes'")
    assert seconds(["m"]) == about(300)
    things.rows.run(
        f"UPDATE {things.thing}_embeddings SET due_at = NULL WHERE model = 'm'"
    )
    assert things.status(thing_id) == "settled"
    assert seconds(["m"]) is None
    assert seconds(["m", "other"]) == about(300)
    assert seconds([]) is None
