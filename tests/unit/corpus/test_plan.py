from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from whatsapp_bot.corpus.plan import Corpus, Plan, make_plan
from whatsapp_bot.corpus.sources import Source
from whatsapp_bot.corpus.text_template import TextTemplate
from whatsapp_bot.errors import ConfigError, InputError
from whatsapp_bot.ids import Ids


def corpus_of(source: Source, template: str = "{text}") -> Corpus:
    return Corpus(source, TextTemplate(template), max_text_tokens=100)


def plan_of(source: Source, template: str = "{text}") -> Plan:
    return make_plan(corpus_of(source, template), lambda texts: [len(t) for t in texts])


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    rows = [{"text": "one"}, {"text": "two"}, {"text": ""}, {"text": "one"}, {"n": 1}]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\nnot json\n")
    return path


def test_a_plan_counts_what_is_to_be_paid(jsonl: Path) -> None:
    plan = plan_of(Source(jsonl))
    assert plan.rows == 6
    assert plan.has_text.tolist() == [True, True, False, True, False, False]
    assert plan.first.tolist()[:4] == [0, 1, 2, 0]
    nothing_done = np.zeros(6, np.bool_)
    assert plan.to_pay(nothing_done).tolist() == [True, True] + 4 * [False]
    assert plan.tokens[plan.to_pay(nothing_done)].sum() == 6
    faults = [text.fault for text in plan.faults]
    assert faults[0] == faults[1] and "nothing to embed" in str(faults[0])
    assert "not JSON" in str(faults[2])
    assert plan.example == "one"


def test_the_fingerprint_is_of_the_texts_in_order(tmp_path: Path, jsonl: Path) -> None:
    def fingerprint(*texts: str) -> str:
        path = tmp_path / "t.csv"
        path.write_text("text\n" + "\n".join(texts))
        return plan_of(Source(path)).fingerprint

    assert fingerprint("a", "b") == fingerprint("a", "b")
    assert len({fingerprint("a", "b"), fingerprint("b", "a"), fingerprint("ab")}) == 3


def test_a_csv_without_a_header_is_given_names(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text('"3","Oil, up","It ""rose"""\n"1","Talks","They talked"\n')
    source = Source(path, columns=["class", "title", "description"])
    texts = list(corpus_of(source, "{title} {description}").texts())
    assert [(t.number, t.id, t.text) for t in texts] == [
        (0, 1, 'Oil, up It "rose"'),
        (1, 2, "Talks They talked"),
    ]
    with pytest.raises(InputError, match="only a CSV is given column names"):
        plan_of(Source(tmp_path / "rows.jsonl", columns=["a"]))


def test_ids_choose_rows_by_place_or_by_column(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("sample,text\n" + "\n".join(f"{n * 10},t{n}" for n in range(1, 7)))
    by_place = corpus_of(Source(path, ids=Ids("2-3,6"))).texts()
    assert [(t.number, t.id, t.text) for t in by_place] == [
        (0, 2, "t2"),
        (1, 3, "t3"),
        (2, 6, "t6"),
    ]
    source = Source(path, id_column="sample", ids=Ids("20-30"))
    assert [t.id for t in corpus_of(source).texts()] == ["20", "30"]
    with pytest.raises(InputError, match="there are no such rows"):
        plan_of(Source(path, ids=Ids("99")))


def test_sqlite_by_table_and_by_query(tmp_path: Path) -> None:
    path = tmp_path / "samples.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE samples (id INTEGER PRIMARY KEY, title TEXT)")
        connection.executemany(
            "INSERT INTO samples VALUES (?, ?)", [(7, "kick"), (3, "snare"), (5, None)]
        )
    by_table = Source(path, table="samples", id_column="id")
    texts = list(corpus_of(by_table, "Title: {title}").texts())
    assert [(t.id, t.text) for t in texts] == [
        (3, "Title: snare"),
        (5, ""),
        (7, "Title: kick"),
    ]
    query = "SELECT id, title FROM samples WHERE id > 3 ORDER BY id DESC"
    by_query = Source(path, query=query, id_column="id")
    assert [t.id for t in corpus_of(by_query, "{title}").texts()] == [7, 5]
    with pytest.raises(InputError, match="there are: samples"):
        plan_of(Source(path, table="sample"))
    with pytest.raises(InputError, match="--from or --query"):
        plan_of(Source(path))
    with pytest.raises(InputError, match="no such column"):
        plan_of(Source(path, query="SELECT nowhere FROM samples"))


def test_a_column_that_no_row_has_is_a_mistake(jsonl: Path) -> None:
    with pytest.raises(ConfigError, match="no row has 'txet'.*there are: 'text'"):
        plan_of(Source(jsonl), "{txet}")


def test_two_rows_with_one_id_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,text\n1,a\n2,b\n1,c\n")
    with pytest.raises(InputError, match="1 rows have an id"):
        plan_of(Source(path, id_column="id"))


def test_ids_are_such_as_a_table_takes(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    ids = [7, "007", 10**30, 1.5, True, None, ""]
    path.write_text("".join(json.dumps({"id": i, "text": "t"}) + "\n" for i in ids))
    texts = list(corpus_of(Source(path, id_column="id")).texts())
    assert [t.id for t in texts] == [7, "007", "1" + "0" * 30, "1.5", 1, 6, 7]
    assert [t.fault for t in texts[5:]] == ["it has no 'id'"] * 2


def test_a_text_that_is_too_long_is_cut_and_its_hash_is_of_all_of_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text\n" + "word " * 500 + "\n" + "word " * 501 + "\n")
    first, second = corpus_of(Source(path)).texts()
    assert first.is_cut and first.text == second.text
    assert first.text_hash != second.text_hash
    assert plan_of(Source(path)).shortened == 2


def test_invalid_unicode_is_a_rows_own_fault(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "\\ud800"}\n{"text": "fine"}\n')
    first, second = corpus_of(Source(path)).texts()
    assert "Unicode" in str(first.fault) and second.fault is None
