"""Files that are whole, broken, packed or not files at all."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatsapp_bot.errors import InputError
from whatsapp_bot.intake import files
from whatsapp_bot.intake.files import Line, read_records

TWO = [{"id": 1, "title": "Cook"}, {"id": 2, "title": "Drìver"}]


@pytest.fixture
def read(tmp_path):
    def write_and_read(name: str, content: bytes | str) -> list[Line]:
        path = tmp_path / name
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return list(read_records(path))

    return write_and_read


def records(lines: list[Line]) -> list[object]:
    return [line.record for line in lines if line.error is None]


def errors(lines: list[Line]) -> list[tuple[int, str]]:
    return [(line.number, line.error) for line in lines if line.error is not None]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "A.JSONL.GZ", "a.jsonl.gz"])
def test_a_line_is_a_record(read, tmp_path, name):
    text = "\n".join(json.dumps(record) for record in TWO)
    path = tmp_path / name
    path.write_bytes(
        gzip.compress(text.encode()) if "gz" in name.lower() else text.encode()
    )
    assert list(read_records(path)) == [Line(1, TWO[0], None), Line(2, TWO[1], None)]


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"jobs": x}])
def test_a_json_file_is_a_list_or_holds_one(read, wrap):
    for name in ("a.json", "a.json.gz"):
        lines = read(name, json.dumps(wrap(TWO)))
        assert lines == [Line(1, TWO[0], None), Line(2, TWO[1], None)]


@pytest.mark.parametrize(
    "content",
    [
        {"count": 2, "meta": {"jobs": [{"no": 1}]}, "tags": ["a"], "jobs": TWO},
        {"tags": [], "jobs": TWO},
        {"": TWO},
        {"a.b": TWO},
    ],
)
def test_the_first_list_of_objects_is_the_one(read, content):
    assert records(read("a.json", json.dumps(content))) == TWO


def test_an_empty_list_is_a_file_without_records(read):
    assert read("a.json", '{"jobs": []}') == read("a.json", "[]") == []


@pytest.mark.parametrize("content", ['{"title": "Cook"}', "3", '{"tags": ["a"]}'])
def test_json_without_a_list_of_objects_says_so(read, content):
    assert errors(read("a.json", content)) == [(1, "there is no list of records in it")]


def test_numbers_in_json_are_floats_and_not_decimals(read):
    assert records(read("a.json", '[{"a": 1.5, "b": 2}]')) == [{"a": 1.5, "b": 2}]


def test_json_elements_that_are_no_objects_are_told_by_position(read):
    lines = read("a.json", '[{"a": 1}, 3, [1], {"b": 2}]')
    assert records(lines) == [{"a": 1}, {"b": 2}]
    assert errors(lines) == [
        (2, "not an object but a number"),
        (3, "not an object but a list"),
    ]


@pytest.mark.parametrize("tail", [', {"a": ', ", NaN]", "] x", ', {"a": "\\x"}]'])
def test_json_that_breaks_gives_what_came_before_and_one_error(read, tail):
    lines = read("a.json", '[{"a": 1}, {"a": 2}' + tail)
    assert records(lines) == [{"a": 1}, {"a": 2}]
    assert [number for number, _ in errors(lines)] == [3]
    assert "nothing after it was read" in lines[-1].error
    assert "\n" not in lines[-1].error


def test_json_that_is_not_utf_8_is_one_short_error(read):
    (line,) = read("a.json", b'[{"a": "\xff"}]')
    assert "invalid bytes in UTF8 string." in line.error
    assert "\\n" not in line.error


def test_a_malformed_line_costs_only_itself(read):
    lines = read(
        "a.jsonl", b'{"a":1}\n{"a":\n3\n[1]\nnull\n{"a":"\xff"}\n\n  \n{"a":2}'
    )
    assert records(lines) == [{"a": 1}, {"a": 2}]
    assert lines[-1].number == 9
    assert errors(lines) == [
        (2, "not JSON: Expecting value at column 6"),
        (3, "not an object but a number"),
        (4, "not an object but a list"),
        (5, "not an object but null"),
        (6, "the line is not UTF-8"),
    ]


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a": ' + "9" * 5_000 + "}"])
def test_json_too_deep_or_too_long_for_python_is_an_error(read, line):
    lines = read("a.jsonl", line + '\n{"a": 1}')
    assert [number for number, _ in errors(lines)] == [1]
    assert records(lines) == [{"a": 1}]


def test_constants_that_are_no_json_become_none_in_jsonl(read):
    lines = read("a.jsonl", '{"a": NaN, "b": -Infinity}')
    assert records(lines) == [{"a": None, "b": None}]


def test_a_byte_order_mark_is_no_part_of_the_first_record(read):
    mark = b"\xef\xbb\xbf"
    assert records(read("a.jsonl", mark + b'{"a": 1}')) == [{"a": 1}]
    assert records(read("a.json", mark + b'[{"a": 1}]')) == [{"a": 1}]
    assert records(read("a.csv", mark + b"a\n1")) == [{"a": "1"}]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_line_that_is_too_long_is_skipped(read, monkeypatch, name):
    monkeypatch.setattr(files, "MAX_LINE_BYTES", 20)
    long = "x" * 95
    text = (
        f'{{"a": 1}}\n{long}\n{{"a": 2}}\n' if "json" in name else f"a\n1\n{long}\n2\n"
    )
    lines = read(name, text)
    assert [str(record["a"]) for record in records(lines)] == ["1", "2"]
    (error,) = errors(lines)
    assert error[1] == "the line is longer than 20 bytes"


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b'{"a": 1}\n' + b"x" * 60_000_000 + b'\n{"a": 2}\n')
    tracemalloc.start()
    lines = list(read_records(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [line.number for line in lines] == [1, 2, 3]
    assert peak < 5 * files.MAX_LINE_BYTES


def test_a_csv_row_is_a_record_and_an_empty_cell_is_none(read):
    lines = read("a.csv.gz", 'id, title ,\r\n1,"a\nb",x\r\n\r\n2,,\r\n,,\r\n3\r\n')
    assert lines == [
        Line(3, {"id": "1", "title": "a\nb"}, None),
        Line(5, {"id": "2", "title": None}, None),
        Line(7, {"id": "3", "title": None}, None),
    ]


def test_a_bad_csv_row_costs_only_itself(read):
    rows = [b"1,a,b", b"2,a\0", b"3,\xff", b"4," + b"x" * 140_000, b"5,\ra", b"6,f"]
    lines = read("a.csv", b"id,title\n" + b"\n".join(rows))
    assert records(lines) == [{"id": "6", "title": "f"}]
    said = dict(errors(lines))
    assert sorted(said) == [2, 3, 4, 5, 6]
    assert said[2] == "the row has more cells than the header has names"
    assert said[3] == "the row holds a NUL byte"
    assert said[4] == "the row is not UTF-8"
    assert "field larger" in said[5]


@pytest.mark.parametrize("header", [b"a,\xff", b"a,b\0", b"a,b,a", b",,", b"\n"])
def test_a_csv_without_usable_column_names_is_one_error(read, header):
    (line,) = read("a.csv", header + b"\n1,2\n3,4\n")
    assert line.number == 1
    assert line.error.startswith("no header: ")


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.jsonl.gz"])
def test_an_empty_file_has_no_records(read, name):
    assert read(name, b"") == []


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_gzip_that_is_cut_off_gives_what_came_before(tmp_path, cut):
    text = "".join(f'{{"a": "{hash(str(n))}"}}\n' for n in range(5_000)).encode()
    packed = gzip.compress(text)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(packed[: int(len(packed) * cut)])
    lines = list(read_records(path))
    assert len(lines) > 1_000
    assert all(line.record for line in lines[:-1])
    assert "cut off or damaged" in lines[-1].error


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b"{}", mtime=0)[:8]])
def test_a_gzip_that_cannot_be_unpacked_is_refused_at_once(tmp_path, content):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.jsonl\.gz: cannot be read"):
        read_records(path)


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.gz", "jsonl", "a.json.zip"])
def test_an_unknown_extension_is_refused_and_the_known_are_named(tmp_path, name):
    with pytest.raises(InputError, match=r"\.jsonl, \.ndjson, \.csv, \.json"):
        read_records(tmp_path / name)


def test_a_file_that_is_not_there_or_a_folder_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv: there is no such file"):
        read_records(tmp_path / "gone.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"folder\.csv: is a folder"):
        read_records(tmp_path / "folder.csv")


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "a.csv"
    path.touch()
    monkeypatch.setattr(files, "_open", refuse)  # root may read anything
    with pytest.raises(InputError, match=r"a\.csv: may not be read"):
        read_records(path)


def test_the_csv_limits_of_the_process_stay_as_they_are(read):
    before = csv.field_size_limit()
    read("a.csv", "a\n1")
    assert csv.field_size_limit() == before


pieces = st.sampled_from(
    [b"{", b"}", b"[", b"]", b'"', b",", b":", b"\n", b"\r", b"\0", b"\xff", b"\\u"]
    + [b'{"a":1}', b'[{"a":', b"a,b\n", b"NaN", b"1e999", b"\xef\xbb\xbf", b"\x1f\x8b"]
)
contents = st.binary(max_size=80) | st.lists(pieces, max_size=20).map(b"".join)
names = st.sampled_from(["a.jsonl", "a.csv", "a.json"])


def check_every_line(path: Path) -> None:
    try:
        lines = read_records(path)
    except InputError:
        return
    for line in lines:
        assert (line.record is None) != (line.error is None)
        assert "\n" not in (line.error or "")


@settings(max_examples=150, deadline=None)
@given(name=names, content=contents)
def test_any_bytes_are_records_and_errors(name, content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        check_every_line(path)


@settings(max_examples=150, deadline=None)
@given(name=names, content=contents, cut=st.integers(0, 120), flip=st.integers(0, 120))
def test_any_damage_to_a_gzip_is_records_and_errors(name, content, cut, flip):
    packed = bytearray(gzip.compress(content))
    packed[flip % len(packed)] ^= 0x55
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.gz"
        path.write_bytes(packed[: len(packed) - cut])
        check_every_line(path)
