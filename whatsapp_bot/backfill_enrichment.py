"""Read what postings tell beyond their fields, by hand: its cost first, then progress."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

from whatsapp_bot import backfilling, bootstrap, door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.enrichments import EnrichmentChoice
from whatsapp_bot.embeddings.backfill_run import Result
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.model_choice import price_for
from whatsapp_bot.embeddings.prices import dollars
from whatsapp_bot.enrichment.enrichment_plan import EnrichmentPlan, make_plan
from whatsapp_bot.errors import EmbeddingDenied, EmbeddingError
from whatsapp_bot.ids import Ids

EXAMPLES = """examples:
  python -m whatsapp_bot.backfill_enrichment --dry-run       what it would do and cost
  python -m whatsapp_bot.backfill_enrichment                 all that is to be read
  python -m whatsapp_bot.backfill_enrichment --limit 500 --budget 0.50 --yes
  python -m whatsapp_bot.backfill_enrichment --ids 1,5,10-20 --force
  python -m whatsapp_bot.backfill_enrichment --batch-size 5 --delay 4    a free tier

Of live jobs: those that were not read yet, were read by an older version, lack their
vector or have one that no model made (wrong length, zeros, a constant, 0.414, 0.415,
0.416). Skills, seniority, function, industry, arrangement, pay and a summary go into
job_enrichments; the posting itself is never changed. By rules, or by ENRICHMENT_MODEL where
that is set. Then whatever of these jobs is due for its vector is embedded.
Interrupted at any moment, run it again to go on: the database knows what is done.
"""
Stop = Callable[[], bool]


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    return door.run(
        lambda app: _backfill(app, options),
        lambda settings: backfilling.adapted(settings, options, "enrichment"),
    )


def _parser() -> argparse.ArgumentParser:
    parser = door.parser(__doc__, EXAMPLES)
    backfilling.add_options(
        parser,
        force="anew, also what was read",
        ids="only these jobs",
        limit="newest, at most",
        batch="jobs claimed at once",
    )
    return parser


@dataclass(frozen=True)
class _Work:
    """What is to be done, and with what."""

    app: App
    options: argparse.Namespace
    plan: EnrichmentPlan

    @property
    def embedding_tokens(self) -> float:
        each = self.app.ledger.tokens_per_text(self.app.live_model.name)
        return self.plan.texts_to_embed * each

    @property
    def embedding_cost(self) -> float:
        price = price_for(self.app.live_model, self.app.settings)
        return dollars(self.embedding_tokens, price)

    @property
    def cost(self) -> float:
        return self.plan.dollars + self.embedding_cost


def _backfill(app: App, options: argparse.Namespace) -> int:
    work = _Work(app, options, _plan(app, options))
    sys.stdout.write(_describe(work))
    sys.stdout.flush()
    if options.dry_run or not work.plan.ids:
        return 0
    if not door.may_spend(work.cost, is_agreed=options.yes):
        return door.FAILED
    app.upkeep.forget_denials()
    app.upkeep.reconcile("job")
    should_stop = door.watch_signals()
    is_well = _enrich(work, should_stop)
    is_well = (should_stop() or _embed(work, should_stop)) and is_well
    if should_stop():
        sys.stderr.write(f"stopped; {backfilling.again(options)} to go on\n")
        return door.INTERRUPTED
    return 0 if is_well else door.FAILED


def _plan(app: App, options: argparse.Namespace) -> EnrichmentPlan:
    """Nothing is written yet, and nothing paid."""
    reader = app.enrichment.reader
    choice = EnrichmentChoice(
        ranges=Ids(options.ids).ranges() if options.ids else None,
        version=reader.version,
        is_free=reader.is_free,
        force=options.force,
        limit=options.limit,
    )
    template = template_named(app.settings.embedding_template)
    return make_plan(app.enrichment.store, reader, template, choice)


# --- what it says


def _describe(work: _Work) -> str:
    plan, settings = work.plan, work.app.settings
    seconds = plan.seconds(
        settings.enrichment_concurrency, settings.enrichment_delay_seconds
    )
    lines = [
        f"enrichment of {work.app.place}",
        f"reader     {work.app.enrichment.reader.version}",
        f"jobs       to do {len(plan.ids):,} of {plan.live:,} that can be found: "
        f"not read yet {plan.new:,}, a vector that no model made {plan.placeholders:,}, "
        f"texts to pay for {plan.to_pay:,}",
        _price_line(work),
        f"vectors    up to {plan.texts_to_embed:,} by {work.app.live_model.name}, "
        f"some {work.embedding_tokens:,.0f} tokens, ${work.embedding_cost:.4f}",
        f"time       some {seconds:,.0f} s",
    ]
    if not plan.ids:
        lines.append("there is nothing to do")
    return "\n".join(lines) + "\n"


def _price_line(work: _Work) -> str:
    plan = work.plan
    if work.app.enrichment.reader.is_free:
        return "cost       none: rules read them, since ENRICHMENT_MODEL names no chat model"
    return (
        f"tokens     some {plan.tokens:,}, ${plan.dollars:.4f}; ${plan.most_dollars:.4f} "
        "at most, unless answers are invalid"
    )


# --- what it does


def _enrich(work: _Work, should_stop: Stop) -> bool:
    """Whether all of it is read."""
    service = work.app.enrichment
    run = bootstrap.build_enrichment_run(work.app, work.plan.ids, should_stop)
    run.make_due(force=work.options.force)
    backfilling.run_shown(run, len(work.plan.ids), should_stop)
    result = run.results()["job"]
    _report("enriched", result)
    return _conclude(work, result, service.last_pause, should_stop())


def _embed(work: _Work, should_stop: Stop) -> bool:
    """Whether all that is due of these jobs has its vector."""
    service = work.app.services.live()
    if service is None:
        sys.stderr.write(f"no vectors: no key for {work.app.live_model.name}\n")
        return False
    stores = bootstrap.build_backfill_stores(
        work.app.database, work.app.live_model, ("job",)
    )
    run = bootstrap.build_backfill_run(
        work.app.settings, stores, service, {"job": work.plan.ids}
    )
    backfilling.run_shown(run, work.plan.texts_to_embed, should_stop)
    result = run.results()["job"]
    _report("embedded", result)
    pause = service.last_pause
    return _conclude(work, result, pause, should_stop())


def _report(done: str, result: Result) -> None:
    totals, refused = result.totals, result.refused
    sys.stdout.write(
        f"jobs: {done} {totals.embedded:,}, paid for before "
        f"{totals.reused + totals.unchanged:,}, failed {len(refused):,}, "
        f"left {result.left:,}\n"
    )
    backfilling.say_refused("job", f"is not {done}", refused)


def _conclude(
    work: _Work, result: Result, pause: EmbeddingError | None, is_stopped: bool
) -> bool:
    if result.left and not is_stopped:
        if isinstance(pause, EmbeddingDenied):
            raise pause
        why = pause or "others hold these rows"
        sys.stderr.write(
            f"not done: {why}; {backfilling.again(work.options)} to go on\n"
        )
    return not (result.left or result.refused)


if __name__ == "__main__":
    sys.exit(main())
