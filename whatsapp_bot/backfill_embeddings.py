"""Embed what has no vector yet, by hand: chosen rows, their cost first, then progress."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from whatsapp_bot import backfilling, bootstrap, door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.backfill import BackfillStore, Choice
from whatsapp_bot.embeddings.backfill_plan import BackfillPlan, Work, make_plan
from whatsapp_bot.embeddings.backfill_run import BackfillRun, Result
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.index_keeper import IndexKeeper
from whatsapp_bot.embeddings.local_provider import LocalProvider
from whatsapp_bot.embeddings.model_choice import price_for
from whatsapp_bot.embeddings.prices import BATCH_SHARE, dollars
from whatsapp_bot.embeddings.provider import EmbeddingProvider
from whatsapp_bot.errors import ConfigError, EmbeddingDenied
from whatsapp_bot.ids import Ids
from whatsapp_bot.records import THINGS, EmbeddingModel, Thing

EXAMPLES = """examples:
  python -m whatsapp_bot.backfill_embeddings --dry-run       what it would do and cost
  python -m whatsapp_bot.backfill_embeddings                 users, then jobs
  python -m whatsapp_bot.backfill_embeddings --jobs-only --limit 1000 --budget 0.50
  python -m whatsapp_bot.backfill_embeddings --ids 1,5,10-20,100-200 --force
  python -m whatsapp_bot.backfill_embeddings --batch-size 20 --delay 6    a free tier
  python -m whatsapp_bot.backfill_embeddings --batch-api --yes   half the price, a day

Only who can be matched: profiles from PROFILE_COMPLETENESS_MIN (40) on, active jobs.
Interrupted at any moment, run it again to go on: the database knows what is done. The
daemon may run beside it.
"""


def main(argv: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(argv)
    return door.run(
        lambda app: _backfill(app, options),
        lambda settings: backfilling.adapted(settings, options, "embedding"),
    )


def _parser() -> argparse.ArgumentParser:
    parser = door.parser(__doc__, EXAMPLES)
    add = parser.add_argument
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--users-only",
        "--candidates-only",
        dest="things",
        action="store_const",
        const=("user",),
    )
    only.add_argument(
        "--jobs-only", dest="things", action="store_const", const=("job",)
    )
    add("--model", metavar="NAME", help="not the live one: see `models list`")
    add("--batch-api", action="store_true", help="hand it in at half the price")
    backfilling.add_options(
        parser,
        force="anew, also what has its vector",
        ids="only these, of users and jobs alike",
        limit="newest, of each, at most",
        batch="texts a request",
    )
    parser.set_defaults(things=THINGS)
    return parser


@dataclass(frozen=True)
class _Work:
    """What is to be done, and with what."""

    app: App
    options: argparse.Namespace
    model: EmbeddingModel
    service: EmbeddingService
    stores: Mapping[Thing, BackfillStore]
    plan: BackfillPlan

    @property
    def provider(self) -> EmbeddingProvider:
        return self.service.provider

    @property
    def price(self) -> float:
        """Dollars per million tokens."""
        share = BATCH_SHARE if self.options.batch_api else 1.0
        return price_for(self.model, self.app.settings) * share

    @property
    def cost(self) -> float:
        return dollars(self.plan.tokens, self.price)


def _backfill(app: App, options: argparse.Namespace) -> int:
    work = _prepare(app, options)
    sys.stdout.write(_describe(work))
    sys.stdout.flush()
    if options.dry_run or not work.plan.rows:
        return 0
    if not door.may_spend(work.cost, is_agreed=options.yes):
        return door.FAILED
    app.upkeep.forget_denials()
    for thing in work.stores:
        app.upkeep.reconcile(thing)
    run = bootstrap.build_backfill_run(
        app.settings, work.stores, work.service, work.plan.ids
    )
    run.make_due(force=options.force)
    return _hand_in(work) if options.batch_api else _embed(work, run)


def _prepare(app: App, options: argparse.Namespace) -> _Work:
    """Nothing is written yet, and nothing paid."""
    model = _model(app, options.model)
    service = app.services.get(model)
    if service is None:
        raise ConfigError(f"set OPENAI_API_KEY for {model.name}")
    if options.batch_api and app.batch_services.get(model) is None:
        raise ConfigError(f"{model.name} has no Batch API")
    stores = bootstrap.build_backfill_stores(app.database, model, options.things)
    counter = bootstrap.build_token_counter(service.provider)
    plan = make_plan(
        stores,
        Choice(
            Ids(options.ids).ranges() if options.ids else None,
            app.settings.profile_completeness_min,
            options.force,
            options.limit,
        ),
        template_named(app.settings.embedding_template),
        service.provider.size.max_text_tokens,
        counter.count if counter else None,
    )
    return _Work(app, options, model, service, stores, plan)


def _model(app: App, name: str | None) -> EmbeddingModel:
    if name is None:
        return app.live_model
    found = [m for m in app.models.list() if name in (m.name, m.api_model)]
    if len(found) != 1:
        many = "several models are" if found else "there is no model"
        raise ConfigError(f"{many} {name!r}: see `models list`, and `models add`")
    return found[0]


# --- what it says


def _describe(work: _Work) -> str:
    lines = [
        f"backfill of {work.app.place}",
        f"model      {work.model.name}, {work.model.dimensions} dimensions",
        *(_thing_line(work, thing, each) for thing, each in work.plan.works.items()),
        _price_line(work),
    ]
    if not work.options.batch_api:
        lines.append(f"time       some {_seconds(work):,.0f} s")
    if not work.plan.rows:
        lines.append("there is nothing to do")
    return "\n".join(lines) + "\n"


def _thing_line(work: _Work, thing: Thing, each: Work) -> str:
    standing = each.standing
    which = "can be matched" if thing == "user" else "can be found"
    line = (
        f"{thing + 's':11}to do {len(each.ids):,} of {standing.matchable:,} that {which}: "
        f"to pay for {each.texts:,}, free {each.free:,}, nothing to embed {each.empty:,}"
    )
    if standing.incomplete:
        least = work.app.settings.profile_completeness_min
        line += f"; {standing.incomplete:,} profiles are below {least}%"
    return line


def _price_line(work: _Work) -> str:
    if isinstance(work.provider, LocalProvider):
        return "cost       none: the model runs here"
    return (
        f"tokens     some {work.plan.tokens:,}, ${work.cost:.4f} at ${work.price:g} per "
        "million"
    )


def _seconds(work: _Work) -> float:
    settings = work.app.settings
    batch_size = min(settings.embedding_batch_size, work.provider.size.max_texts)
    delay = settings.embedding_delay_seconds
    return work.plan.seconds(batch_size, settings.embedding_concurrency, delay)


# --- what it does


def _embed(work: _Work, run: BackfillRun) -> int:
    should_stop = door.watch_signals()
    index = IndexKeeper(work.app.models)
    index.drop_before_large_fill()
    backfilling.run_shown(run, work.plan.rows, should_stop)
    results = run.results()
    for thing, result in results.items():
        _report(thing, result)
    if not should_stop():
        index.build_missing()
    return _conclude(work, results, is_stopped=should_stop())


def _report(thing: Thing, result: Result) -> None:
    totals, refused = result.totals, result.refused
    sys.stdout.write(
        f"{thing}s: embedded {totals.embedded:,}, paid for before "
        f"{totals.reused + totals.unchanged:,}, nothing to embed {totals.empty:,}, "
        f"by others {result.by_others:,}, failed {len(refused):,}, left {result.left:,}\n"
    )
    backfilling.say_refused(thing, "has no vector", refused)


def _conclude(work: _Work, results: Mapping[Thing, Result], *, is_stopped: bool) -> int:
    left = sum(result.left for result in results.values())
    again = backfilling.again(work.options)
    if is_stopped:
        sys.stderr.write(f"stopped; {again} to go on\n")
        return door.INTERRUPTED
    pace = work.app.pace(work.model).facts()
    if left and pace.reason == "denied":
        raise EmbeddingDenied(pace.message)
    if left:
        why = work.service.last_pause or pace.message or "others hold these rows"
        sys.stderr.write(f"not done: {why}; {again} to go on\n")
    failed = any(result.refused for result in results.values())
    return door.FAILED if left or failed else 0


def _hand_in(work: _Work) -> int:
    service = work.app.batch_services.get(work.model)
    assert service is not None
    queue = bootstrap.build_chosen_rows(work.stores, work.plan.ids)
    submitted = service.submit(queue=queue)
    settled = submitted.settled
    sys.stdout.write(
        f"{submitted.texts:,} texts in {submitted.batches} batches, "
        f"${submitted.dollars:.4f} reserved; paid for before "
        f"{settled.reused + settled.unchanged:,}, nothing to embed {settled.empty:,}; the "
        "daemon, or `batches poll`, fetches the vectors\n"
    )
    if submitted.stopped:
        sys.stderr.write(f"the rest stays due: {submitted.stopped}\n")
        return door.FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
