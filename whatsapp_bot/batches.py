"""Large fills at half the price: hand in what is due, fetch what is done, look."""

from __future__ import annotations

import argparse
import sys

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.embeddings.batch_service import BatchService
from whatsapp_bot.embeddings.model_choice import price_for
from whatsapp_bot.embeddings.prices import BATCH_SHARE, dollars
from whatsapp_bot.errors import InputError
from whatsapp_bot.records import THINGS, Batch, EmbeddingModel

EXAMPLES = """examples:
  python -m whatsapp_bot batches submit                  all that is due
  python -m whatsapp_bot batches submit --limit 10000 --yes
  python -m whatsapp_bot batches submit --model openai/text-embedding-3-large/3072
  python -m whatsapp_bot batches poll                    the daemon does it as well
  python -m whatsapp_bot batches list

The provider answers within a day, at half the price. Until then the rows wait; one whose
text changes meanwhile is embedded by the daemon as usual.
"""
LISTED = 20


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    commands = parser.add_subparsers(dest="command", required=True)
    submit = commands.add_parser("submit", help="hand in what is due")
    submit.add_argument(
        "--limit", type=door.positive, metavar="N", help="rows, at most"
    )
    submit.add_argument("--model", metavar="NAME", help="not the live one")
    submit.add_argument("--yes", action="store_true", help="do not ask")
    commands.add_parser("poll", help="fetch what is done")
    commands.add_parser("list", help="the newest batches, and how far each is")
    options = parser.parse_args(argv)
    return door.run(lambda app: COMMANDS[options.command](app, options))


def _submit(app: App, options: argparse.Namespace) -> int:
    model = app.models.get(options.model or app.live_model.name)
    service = _service(app, model)
    rows = sum(
        EmbeddingStore(app.database, thing, model.name).facts().due for thing in THINGS
    )
    rows = min(rows, options.limit or rows)
    average = app.ledger.tokens_per_text(model.name)
    cost = dollars(rows * average, price_for(model, app.settings) * BATCH_SHARE)
    sys.stdout.write(
        f"{model.name}: {rows} rows are due, some {rows * average:.0f} tokens, "
        f"${cost:.4f}\n"
    )
    if cost and not options.yes and not door.ask("Hand them in?"):
        return door.FAILED
    submitted = service.submit(options.limit)
    settled = submitted.settled
    sys.stdout.write(
        f"{submitted.texts} texts in {submitted.batches} batches, ${submitted.dollars:.4f} "
        f"reserved; paid for before {settled.reused}, unchanged {settled.unchanged}, "
        f"nothing to embed {settled.empty}\n"
    )
    if submitted.stopped:
        sys.stderr.write(f"the rest stays due: {submitted.stopped}\n")
        return door.FAILED
    return 0


def _service(app: App, model: EmbeddingModel) -> BatchService:
    service = app.batch_services.get(model)
    if service is None:
        raise InputError(
            f"{model.name} has no Batch API, or its provider's key is not set"
        )
    return service


def _poll(app: App, options: argparse.Namespace) -> int:
    for service in app.batch_services.all():
        totals = service.poll()
        sys.stdout.write(
            f"{service.model}: embedded {totals.embedded}, refused {totals.failed}, "
            f"due again {totals.given_back + totals.outrun}, ${totals.dollars:.4f}\n"
        )
    sys.stdout.write(f"{app.batches.count_open()} batches are open\n")
    return 0


def _list(app: App, options: argparse.Namespace) -> int:
    for batch in app.batches.newest(LISTED):
        sys.stdout.write(_line(batch) + "\n")
    return 0


def _line(batch: Batch) -> str:
    cost = f"${batch.dollars or 0:.4f}"
    if batch.dollars is None:
        cost = f"${batch.reserved:.4f} reserved"
    error = f"  {batch.last_error}" if batch.last_error else ""
    return (
        f"{batch.id:6}  {batch.created_at:%Y-%m-%d %H:%M}  {batch.state:10}"
        f"{batch.rows:8} rows {batch.texts:8} texts  {cost}  {batch.model}{error}"
    )


COMMANDS = {"submit": _submit, "poll": _poll, "list": _list}


if __name__ == "__main__":
    sys.exit(main())
