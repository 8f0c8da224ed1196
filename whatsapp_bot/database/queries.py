"""The statements of queries.sql, by name; read once."""

from __future__ import annotations

from pathlib import Path

from whatsapp_bot.records import THINGS

PARTS = ("job_columns", "plan_for_queue")  # of other statements


def parse_statements(path: Path) -> dict[str, str]:
    """The statements of a file by the names in its `-- name:` lines."""
    text = path.read_text(encoding="utf-8")
    statements: dict[str, str] = {}
    for block in text.split("-- name: ")[1:]:
        name, _, body = block.partition("\n")
        lines = [line for line in body.splitlines() if not line.startswith("--")]
        statements[name.strip()] = "\n".join(lines).strip()
    return statements


def _expand(statements: dict[str, str]) -> dict[str, str]:
    parts = {part: statements.pop(part) for part in PARTS}
    expanded: dict[str, str] = {}
    for name, body in statements.items():
        for part, words in parts.items():
            body = body.replace(f"{{{part}}}", words)
        for thing in THINGS if "{thing}" in name else ("",):
            expanded[name.replace("{thing}", thing)] = body.replace("{thing}", thing)
    return expanded


STATEMENTS = _expand(parse_statements(Path(__file__).with_name("queries.sql")))


def query(name: str) -> str:
    """The statement of that name; KeyError if there is none."""
    return STATEMENTS[name]
