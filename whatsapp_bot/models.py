"""The embedding models: which is live, which is being filled, and the switch."""

from __future__ import annotations

import argparse
import sys

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.errors import InputError
from whatsapp_bot.records import THINGS, EmbeddingModel, Thing

EXAMPLES = """examples:
  python -m whatsapp_bot models list
  OPENAI_API_KEY=... python -m whatsapp_bot models add     fill that of the settings
  python -m whatsapp_bot models use openai/text-embedding-3-small/1536
  python -m whatsapp_bot models drop local/wordllama-256

The daemon fills a model that was added beside the live one, which answers until `use`.
Vectors of two models are never compared.
"""


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the models, and how far each is")
    commands.add_parser(
        "add", help="fill the model of the settings beside the live one"
    )
    use = commands.add_parser("use", help="make a filled model the live one")
    use.add_argument("name")
    drop = commands.add_parser("drop", help="delete a model and its vectors")
    drop.add_argument("name")
    options = parser.parse_args(argv)
    return door.run(lambda app: COMMANDS[options.command](app, options))


def _list(app: App, options: argparse.Namespace) -> int:
    for model in app.models.list():
        state = "live" if model.is_live else "filling"
        coverage = ", ".join(
            f"{thing}s {_coverage(app, model, thing):.1f}%" for thing in THINGS
        )
        sys.stdout.write(f"{state:8}{model.name}  {coverage}\n")
    return 0


def _add(app: App, options: argparse.Namespace) -> int:
    model = app.models.add(app.wanted_model)
    for thing in THINGS:
        app.upkeep.reconcile(thing)
    sys.stdout.write(f"{model.name} is {'live' if model.is_live else 'being filled'}\n")
    return 0


def _use(app: App, options: argparse.Namespace) -> int:
    model = app.models.get(options.name)
    for thing in THINGS:
        coverage = _coverage(app, model, thing)
        if coverage < 100:
            raise InputError(
                f"{model.name} covers {coverage:.1f}% of the {thing}s: let the daemon "
                "fill it first"
            )
    app.models.use(model.name)
    sys.stdout.write(f"{model.name} is live\n")
    return 0


def _drop(app: App, options: argparse.Namespace) -> int:
    app.models.drop(options.name)
    sys.stdout.write(f"{options.name} is gone\n")
    return 0


def _coverage(app: App, model: EmbeddingModel, thing: Thing) -> float:
    return EmbeddingStore(app.database, thing, model.name).facts().coverage


COMMANDS = {"list": _list, "add": _add, "use": _use, "drop": _drop}


if __name__ == "__main__":
    sys.exit(main())
