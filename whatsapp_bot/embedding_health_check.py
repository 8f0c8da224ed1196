"""Facts about the system, a line each; exit 1 if one is false."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

from whatsapp_bot import door
from whatsapp_bot.alerts.health import alert_facts
from whatsapp_bot.bootstrap import App
from whatsapp_bot.bot.health import people_facts
from whatsapp_bot.embeddings.index_keeper import IndexKeeper
from whatsapp_bot.embeddings.model_choice import price_for
from whatsapp_bot.embeddings.prices import dollars
from whatsapp_bot.errors import EmbeddingError, ProviderPaused
from whatsapp_bot.records import THINGS, EmbeddingFacts, PaceFacts, TaskRun, Thing
from whatsapp_bot.whatsapp.api_versions import version_fact
from whatsapp_bot.whatsapp.health import inbox_facts, outbox_facts

EXAMPLES = """examples:
  python -m whatsapp_bot.embedding_health_check
  python -m whatsapp_bot.embedding_health_check --json | jq .facts
  python -m whatsapp_bot.embedding_health_check --no-probe     do not call the provider
"""
EXCELLENT, GOOD = 80.0, 60.0  # percent covered, users and jobs alike
LATE_SECONDS = 15 * 60.0  # a row that is due for longer is served by nobody
PROBE_SECONDS = 10.0
FAILURES_SHOWN = 5
# How long each task may be silent, in seconds: twice its default interval.
SILENT_SECONDS = {
    "embed_due": 3600.0,
    "reconcile": 7200.0,
    "refresh_stale": 172800.0,
    "find_people": 1800.0,  # many jobs for many people take their time
    "send_digests": 1800.0,
}


@dataclass(frozen=True)
class Fact:
    is_true: bool
    text: str


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument(
        "--no-probe",
        action="store_true",
        help="do not ask the provider for a vector (it costs a token)",
    )
    options = parser.parse_args(argv)
    return door.run(lambda app: check(app, options.json, not options.no_probe))


def check(app: App, as_json: bool, with_probe: bool) -> int:
    embeddings = {thing: app.store(thing).facts() for thing in THINGS}
    facts = gather(app, embeddings, with_probe)
    grade = grade_of(embeddings)
    is_healthy = all(fact.is_true for fact in facts)
    if as_json:
        sys.stdout.write(_as_json(grade, is_healthy, facts, embeddings) + "\n")
    else:
        for fact in facts:
            sys.stdout.write(f"{'ok  ' if fact.is_true else 'FAIL'} {fact.text}\n")
        sys.stdout.write(f"     grade: {grade}\n")
    return 0 if is_healthy else door.FAILED


def grade_of(embeddings: dict[Thing, EmbeddingFacts]) -> str:
    lowest = min(facts.coverage for facts in embeddings.values())
    if lowest >= EXCELLENT:
        return "EXCELLENT"
    return "GOOD" if lowest >= GOOD else "NEEDS ATTENTION"


def gather(
    app: App, embeddings: dict[Thing, EmbeddingFacts], with_probe: bool
) -> list[Fact]:
    """All facts, true and false. Raises DatabaseError when there is no asking."""
    facts = [_database(app), _model(app), _provider(app, with_probe)]
    for thing in THINGS:
        facts += _coverage(thing, embeddings[thing])
        facts += _failures(app, thing, embeddings[thing])
    facts += [_enrichment(app), _index(app)]
    facts += [_task(run) for run in app.tasks.list()]
    return [*facts, _money(app, embeddings), *_whatsapp(app)]


def _database(app: App) -> Fact:
    versions = app.upkeep.server_versions()
    server, pgvector = versions["server"], versions["pgvector"]
    recent = tuple(int(part) for part in pgvector.split(".")[:2]) >= (0, 8)
    return Fact(recent, f"{app.place}: PostgreSQL {server}, pgvector {pgvector}")


def _model(app: App) -> Fact:
    live, wanted = app.live_model, app.wanted_model
    others = [model.name for model in app.models.list() if not model.is_live]
    filling = f"; being filled: {', '.join(others)}" if others else ""
    if live.name == wanted.name:
        return Fact(
            True, f"live model {live.name}, {live.dimensions} dimensions{filling}"
        )
    text = f"live model {live.name}, but the settings ask for {wanted.name}{filling}"
    return Fact(wanted.name in others, text)


def _provider(app: App, with_probe: bool) -> Fact:
    service = app.services.live()
    name = app.live_model.name
    if service is None:
        return Fact(False, f"no key is set for {name}")
    if with_probe:
        try:
            service.probe(PROBE_SECONDS)
        except ProviderPaused:
            pass  # the breaker knows why
        except EmbeddingError as error:
            return Fact(False, f"the provider of {name} does not answer: {error}")
    pace = app.pace(app.live_model).facts()
    if pace.failures:
        return _left_alone(name, pace)
    return Fact(
        True, f"the provider of {name} " + ("answers" if with_probe else "is well")
    )


def _left_alone(name: str, pace: PaceFacts) -> Fact:
    text = (
        f"the provider of {name} is left alone ({pace.reason}) since "
        f"{pace.failing_seconds:.0f} s, tried again in "
        f"{max(pace.wait_seconds or 0, 0):.0f} s: {pace.message}"
    )
    return Fact(pace.is_well, text)


def _money(app: App, embeddings: dict[Thing, EmbeddingFacts]) -> Fact:
    usage = app.ledger.today()
    budget = app.settings.embedding_daily_budget_usd
    price = price_for(app.live_model, app.settings)
    waiting = sum(facts.due + facts.missing for facts in embeddings.values())
    tokens = app.ledger.tokens_per_text(app.live_model.name)
    text = (
        "today: {requests} requests, {texts} texts, {tokens} tokens, "
        "${dollars:.4f}".format(**usage)
        + (f" of ${budget:g}" if budget is not None else "")
        + f"; the {waiting} rows due will cost ${dollars(waiting * tokens, price):.4f}"
    )
    return Fact(budget is None or usage["dollars"] <= budget, text)


def _whatsapp(app: App) -> list[Fact]:
    """None where it is not set up."""
    settings, edge = app.settings, app.edge
    if settings.whatsapp_phone_number_id is None:
        return []
    budget = settings.whatsapp_daily_budget_usd
    facts = [
        version_fact(settings.whatsapp_api_version, date.today()),
        *inbox_facts(edge.inbox.facts()),
        *outbox_facts(edge.number.facts(), budget),
        *people_facts(app.conversations.people_facts()),
        *alert_facts(app.alerts.facts(datetime.now(UTC), settings.alert_days)),
    ]
    return [Fact(is_true, text) for is_true, text in facts]


def _coverage(thing: Thing, facts: EmbeddingFacts) -> list[Fact]:
    what = "users" if thing == "user" else "live jobs"
    empty = f", {facts.empty} say nothing to embed" if facts.empty else ""
    return [
        Fact(
            facts.coverage >= EXCELLENT,
            f"{what}: {facts.embedded} of {facts.eligible} have a vector "
            f"({facts.coverage:.1f}%){empty}",
        ),
        Fact(
            facts.oldest_due_seconds < LATE_SECONDS,
            f"{what}: {facts.due} due now"
            + (
                f", the oldest for {facts.oldest_due_seconds:.0f} s"
                if facts.due
                else ""
            ),
        ),
        Fact(
            facts.missing + facts.lost + facts.invalid == 0,
            f"{what}: {facts.missing} unknown to the daemon, {facts.lost} vectors lost, "
            f"{facts.invalid} invalid",
        ),
    ]


def _failures(app: App, thing: Thing, facts: EmbeddingFacts) -> list[Fact]:
    if not facts.failed:
        return []
    rows = app.store(thing).failures(FAILURES_SHOWN)
    shown = "; ".join(f"{thing} {row['id']}: {row['last_error']}" for row in rows)
    more = "; ..." if facts.failed > len(rows) else ""
    return [Fact(False, f"{thing}s refused: {facts.failed} ({shown}{more})")]


def _enrichment(app: App) -> Fact:
    facts = app.enrichment.store.facts()
    text = (
        "enriched jobs: {made}, by a chat model {by_chat}, due {due}, refused {failed}"
    ).format(**facts)
    return Fact(True, f"{text}; read by {app.enrichment.reader.name}")


def _index(app: App) -> Fact:
    count = app.models.count_job_vectors(app.live_model.name)
    if IndexKeeper(app.models).lacks_index(app.live_model):
        return Fact(
            False, f"{count} vectors and no vector index: is the daemon running?"
        )
    if app.models.has_index(app.live_model.name):
        return Fact(True, f"vector index over {count} vectors")
    return Fact(True, f"no vector index needed for {count} vectors")


def _task(run: TaskRun) -> Fact:
    if run.last_error:
        return Fact(False, f"task {run.task} failed: {run.last_error}")
    if run.seconds_since_ok is None:
        return Fact(True, f"task {run.task} runs for the first time")
    limit = SILENT_SECONDS.get(run.task)
    is_late = limit is not None and run.seconds_since_ok > limit
    return Fact(
        not is_late, f"task {run.task} went well {run.seconds_since_ok:.0f} s ago"
    )


def _as_json(
    grade: str,
    is_healthy: bool,
    facts: list[Fact],
    embeddings: dict[Thing, EmbeddingFacts],
) -> str:
    things = {
        f"{thing}s": asdict(values) | {"coverage": round(values.coverage, 1)}
        for thing, values in embeddings.items()
    }
    report = {"healthy": is_healthy, "grade": grade, **things}
    return json.dumps(report | {"facts": [asdict(fact) for fact in facts]}, indent=2)


if __name__ == "__main__":
    sys.exit(main())
