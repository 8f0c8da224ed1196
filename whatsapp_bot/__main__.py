"""All doors under one name: python -m whatsapp_bot COMMAND."""

from __future__ import annotations

import importlib
import sys

DOORS = {
    "migrate": "apply the migrations that are missing",
    "scheduler-service": "the daemon: keep the vectors true",
    "admin-api": "embed, coverage, failed rows, spend over HTTP; health and metrics",
    "backfill-embeddings": "the daemon's work, once, on chosen rows, with its cost first",
    "backfill-enrichment": "skills, seniority, pay and more out of postings' own words",
    "embedding-health-check": "facts about the system; exit 1 if one is false",
    "import-jobs": "save the postings of a file",
    "import-users": "save the people of a file",
    "people-waiting": "who asked for a person: list, answer, end the waiting",
    "match": "the jobs for a person, as a table",
    "models": "list the embedding models; fill, use or drop one",
    "batches": "large fills at half the price, within a day",
    "view-embeddings": "how the vectors of the live jobs look: figures and a picture",
    "embed-corpus": "any corpus: rows of a file -> an array or a table of vectors",
    "example": "everything at once, on example postings and people",
}


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    name = arguments[0].replace("_", "-") if arguments else "--help"
    if name in DOORS:
        module = importlib.import_module(f"whatsapp_bot.{name.replace('-', '_')}")
        sys.argv[0] = f"whatsapp_bot {name}"
        return int(module.main(arguments[1:]))
    lines = [f"  {door:24}{what}" for door, what in DOORS.items()]
    is_help = name in ("-h", "--help", "help")
    out = sys.stdout if is_help else sys.stderr
    if not is_help:
        out.write(f"error: there is no command {arguments[0]!r}\n\n")
    out.write("usage: python -m whatsapp_bot COMMAND [--help]\n\n")
    out.write("\n".join(lines) + "\n")
    return 0 if is_help else 2


if __name__ == "__main__":
    sys.exit(main())
