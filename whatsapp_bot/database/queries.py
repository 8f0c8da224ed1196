"""The statements of queries.sql, by name; read once."""

from __future__ import annotations

import re
from pathlib import Path

from whatsapp_bot.records import THINGS


def parse_statements(path: Path) -> dict[str, str]:
    """The statements of a file by the names in its `-- name:` lines."""
    text = path.read_text(encoding="utf-8")
    statements: dict[str, str] = {}
    parts: dict[str, str] = {}
    _, *pieces = re.split(r"^-- (name|part): (.+)\n", text, flags=re.MULTILINE)
    for kind, name, body in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        lines = [line for line in body.splitlines() if not line.startswith("--")]
        whole = "\n".join(lines).strip()
        for part, its_text in parts.items():
            whole = whole.replace(f"{{{part}}}", its_text)
        (statements if kind == "name" else parts)[name] = whole
    return statements


def _expand(statements: dict[str, str]) -> dict[str, str]:
    expanded: dict[str, str] = {}
    for name, body in statements.items():
        for thing in THINGS if "{thing}" in name else ("",):
            expanded[name.replace("{thing}", thing)] = body.replace("{thing}", thing)
    return expanded


STATEMENTS = _expand(parse_statements(Path(__file__).with_name("queries.sql")))


def query(name: str) -> str:
    """The statement of that name; KeyError if there is none."""
    return STATEMENTS[name]
