"""The embedding models: which is live, which is being filled, and the switch."""

from __future__ import annotations

import argparse
import sys

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.embeddings.model_choice import chosen_model, price_for
from whatsapp_bot.embeddings.prices import dollars
from whatsapp_bot.errors import InputError
from whatsapp_bot.records import THINGS, EmbeddingModel, Thing

EXAMPLES = """examples:
  python -m whatsapp_bot models list
  python -m whatsapp_bot models add                            that of the settings
  python -m whatsapp_bot models add text-embedding-3-large --dimensions 3072 --yes
  python -m whatsapp_bot models add local
  python -m whatsapp_bot models use openai/text-embedding-3-small/1536
  python -m whatsapp_bot models drop local/wordllama-256

The daemon fills a model that was added beside the live one, which answers until `use`.
Vectors of two models are never compared.
"""


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the models, and how far each is")
    add = commands.add_parser("add", help="fill a model beside the live one")
    add.add_argument("model", nargs="?", help="what its provider calls it, or local")
    add.add_argument("--dimensions", type=int, metavar="N")
    use = commands.add_parser("use", help="make a filled model the live one")
    use.add_argument("name")
    use.add_argument("--force", action="store_true", help="although it is not full")
    drop = commands.add_parser("drop", help="delete a model and its vectors")
    drop.add_argument("name")
    for command in (add, drop):
        command.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args(argv)
    return door.run(lambda app: COMMANDS[options.command](app, options))


def _list(app: App, options: argparse.Namespace) -> int:
    for model in app.models.list():
        state = "live" if model.is_live else "filling"
        coverage = ", ".join(
            f"{thing}s {_coverage(app, model, thing):.1f}%" for thing in THINGS
        )
        index = ", indexed" if app.models.has_index(model.name) else ""
        sys.stdout.write(f"{state:8}{model.name}  {coverage}{index}\n")
    return 0


def _add(app: App, options: argparse.Namespace) -> int:
    model = chosen_model(app.settings, options.model, options.dimensions)
    if model.name in [known.name for known in app.models.list()]:
        raise InputError(f"{model.name} is there already: see `models list`")
    rows = sum(app.store(thing).facts().eligible for thing in THINGS)
    average = app.ledger.tokens_per_text(app.live_model.name)
    cost = dollars(rows * average, price_for(model, app.settings))
    sys.stdout.write(
        f"{model.name}: {rows} rows, some {rows * average:.0f} tokens, ${cost:.4f}\n"
    )
    if cost and not options.yes and not door.ask("Fill it?"):
        return door.FAILED
    app.models.add(model)
    for thing in THINGS:
        app.upkeep.reconcile(thing)
    sys.stdout.write("the daemon fills it now; `models list` shows how far it is\n")
    return 0


def _use(app: App, options: argparse.Namespace) -> int:
    model = app.models.get(options.name)
    for thing in THINGS:
        lacking = app.models.count_uncovered(thing, app.live_model.name, model.name)
        if lacking and not options.force:
            raise InputError(
                f"{lacking} {thing}s have a vector of {app.live_model.name} and none of "
                f"{model.name}: let the daemon fill it, or add --force"
            )
    if app.models.has_index(app.live_model.name):
        sys.stderr.write("building its vector index\n")
        app.models.build_index(model)
    app.models.use(model.name)
    sys.stdout.write(f"{model.name} is live\n")
    return 0


def _drop(app: App, options: argparse.Namespace) -> int:
    count = app.models.count_job_vectors(app.models.get(options.name).name)
    question = f"Delete {options.name} and its vectors of {count} jobs?"
    if not options.yes and not door.ask(question):
        return door.FAILED
    app.models.drop(options.name)
    sys.stdout.write(f"{options.name} is gone\n")
    return 0


def _coverage(app: App, model: EmbeddingModel, thing: Thing) -> float:
    return EmbeddingStore(app.database, thing, model.name).facts().coverage


COMMANDS = {"list": _list, "add": _add, "use": _use, "drop": _drop}


if __name__ == "__main__":
    sys.exit(main())
