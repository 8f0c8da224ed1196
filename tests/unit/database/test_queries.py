"""Every statement of queries.sql is used, and every statement that is used is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from whatsapp_bot.config import PROJECT_FOLDER
from whatsapp_bot.database.queries import STATEMENTS, query
from whatsapp_bot.records import THINGS

MODULES = sorted((PROJECT_FOLDER / "whatsapp_bot").rglob("*.py"))
# What takes the name of a statement first.
TAKERS = {"run", "rows", "row", "part", "execute_alone", "query", "_run_for", "_rows"}


def names_in(node: ast.expr) -> Iterator[str]:
    """The names that a string stands for: where it has a hole, each thing's."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        pattern = node.value.replace("{}", "\0")
    elif isinstance(node, ast.JoinedStr):
        pattern = "".join(
            str(part.value) if isinstance(part, ast.Constant) else "\0"
            for part in node.values
        )
    else:
        return
    yield from {pattern.replace("\0", thing) for thing in THINGS}


def used_in(tree: ast.Module) -> Iterator[str]:
    loops: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
            loops[ast.unparse(node.target)] = node.iter.elts
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and taker_of(node) in TAKERS:
            # execute_alone takes several names, the others one name and no more.
            for argument in node.args:
                for value in loops.get(ast.unparse(argument), [argument]):
                    yield from names_in(value)


def taker_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


@pytest.fixture(scope="module")
def used() -> set[str]:
    names: set[str] = set()
    for path in MODULES:
        if "database" in path.parts:
            names |= set(used_in(ast.parse(path.read_text(encoding="utf-8"))))
    return names


def test_every_statement_that_is_used_is_there(used: set[str]) -> None:
    assert used - set(STATEMENTS) == set()


def test_every_statement_is_used(used: set[str]) -> None:
    assert set(STATEMENTS) - used == set()


def test_a_name_with_a_hole_stands_for_each_thing() -> None:
    source = 'c.run("a_{}"); c.rows(f"b_{x}s"); query("c"); other("d"); c.run(name)'
    assert set(used_in(ast.parse(source))) == {
        *("a_user", "a_job", "b_users", "b_jobs", "c"),
    }


def test_names_are_not_given_twice() -> None:
    text = (PROJECT_FOLDER / "whatsapp_bot/database/queries.sql").read_text()
    names = re.findall(r"^-- name: (.*)$", text, re.MULTILINE)
    assert len(names) == len(set(names))


def test_a_statement_exists_for_each_thing_with_nothing_left_to_fill_in() -> None:
    assert "user_embeddings" in query("claim_due_users")
    assert "job_embeddings" in query("claim_due_jobs")
    assert "ai_job_titles" in query("find_newest_jobs")
    for name, text in STATEMENTS.items():
        # Names that are filled in when such a statement runs: CREATE INDEX takes no values.
        left = set(re.findall(r"{(\w+)}", name + text))
        assert left <= {
            "index",
            "dimensions",
            "model",
            "m",
            "ef_construction",
            "memory",
        }


def test_comments_do_not_reach_the_server() -> None:
    assert not any("--" in text for text in STATEMENTS.values())
    assert all(text.strip() for text in STATEMENTS.values())


def test_values_are_given_by_name() -> None:
    for name, text in STATEMENTS.items():
        assert not re.search(r"%(?!\(\w+\)s)", text), name


def test_a_name_that_does_not_exist_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        query("nonsense")
