"""The table of ratings: torn lines, formulas, two writers, full disks, damage."""

from __future__ import annotations

import csv
import errno
import os
from dataclasses import replace
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studies import design_of, simulated, write_table

from nonverbal.pipeline.lock import OutputError
from nonverbal.study.durable_csv import DurableCsv, cell, read_rows, uncell
from nonverbal.study.ratings import COLUMNS, read_ratings
from nonverbal.verdicts import UserError

HEAD = ("a", "b")


@given(st.text())
def test_no_cell_begins_like_a_formula_and_all_come_back(text: str):
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert uncell(cell(text)) == text


LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(LINE, LINE), max_size=5))
def test_rows_come_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "t.csv"
    table = DurableCsv(path, HEAD)
    table.append(rows)
    table.close()
    assert read_rows(path, HEAD) == rows


def test_a_cell_is_one_line(tmp_path):
    table = DurableCsv(tmp_path / "t.csv", HEAD)
    for text in ("two\nlines", "back\rspace"):
        with pytest.raises(ValueError, match="line break"):
            table.append([("1", text)])
    table.close()
    assert read_rows(tmp_path / "t.csv", HEAD) == []


def test_a_torn_line_is_cut_and_what_was_confirmed_stays(tmp_path):
    path = tmp_path / "t.csv"
    table = DurableCsv(path, HEAD)
    table.append([("1", "2"), ("3", "4")])
    table.close()
    whole = path.read_bytes()
    for kept in range(len("a,b\n"), len(whole)):
        path.write_bytes(whole[:kept])
        before = read_rows(path, HEAD)
        table = DurableCsv(path, HEAD)
        table.append([("5", "6")])
        table.close()
        assert read_rows(path, HEAD) == [*before, ("5", "6")]
    path.write_bytes(b"a")
    DurableCsv(path, HEAD).close()
    assert read_rows(path, HEAD) == []


def test_a_second_writer_is_refused(tmp_path):
    table = DurableCsv(tmp_path / "t.csv", HEAD)
    with pytest.raises(UserError, match="another study writes it"):
        DurableCsv(tmp_path / "t.csv", HEAD)
    table.close()
    DurableCsv(tmp_path / "t.csv", HEAD).close()


def test_foreign_tables_are_left_alone(tmp_path):
    path = tmp_path / "t.csv"
    for text in ("name,age\nx,1\n", "no table", "\0\0\0"):
        path.write_text(text)
        with pytest.raises(UserError, match=r"expected the columns a,b|is no table of ratings"):
            DurableCsv(path, HEAD)
        assert path.read_text() == text


def test_threads_write_whole_rows(tmp_path):
    path = tmp_path / "t.csv"
    table = DurableCsv(path, HEAD)
    threads = [Thread(target=lambda k=k: [table.append([(str(k), "x" * 500)]) for _ in range(20)]) for k in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    table.close()
    rows = read_rows(path, HEAD)
    assert sorted(rows) == sorted([(str(k), "x" * 500) for k in range(5)] * 20)


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    table = DurableCsv(path, HEAD)
    table.append([("1", "2")])
    real = os.write

    def half(file: int, data: bytes) -> int:
        if len(data) < 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data[: len(data) - 3])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OutputError, match="no space"):
        table.append([("3", "456789")])
    monkeypatch.undo()
    assert path.read_text() == "a,b\n1,2\n"
    table.append([("3", "4")])
    table.close()
    assert read_rows(path, HEAD) == [("1", "2"), ("3", "4")]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file; expected a folder"):
        DurableCsv(tmp_path / "file" / "t.csv", HEAD)
    with pytest.raises(UserError, match="is a folder; expected the name of a table"):
        DurableCsv(tmp_path, HEAD)


def test_ratings_come_back_and_the_last_answer_counts(tmp_path):
    ratings = simulated(design_of(), 2, [1, 0, 0])
    again = replace(ratings[5], answer="tie", seconds=3.0)
    write_table([*ratings, again], tmp_path / "r.csv")
    found = read_ratings(tmp_path / "r.csv")
    assert found == [again if r is ratings[5] else r for r in ratings]


def test_a_spreadsheet_may_have_saved_the_table(tmp_path):
    ratings = simulated(design_of(), 1, [1, 0, 0])
    write_table(ratings, tmp_path / "r.csv")
    data = (tmp_path / "r.csv").read_bytes()
    (tmp_path / "r.csv").write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))
    assert read_ratings(tmp_path / "r.csv") == ratings


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("answer", "both", "row 2: answer is 'both', expected left, right, tie"), ("kind", "", "kind is ''"),
        ("seconds", "nan", "seconds is nan"), ("position", "x", "row 2: invalid literal"), ("left", "", "left is ''"),
        ("preferred", "nobody", "preferred is 'nobody'"),
    ],
)  # fmt: skip
def test_damage_is_told_by_row(tmp_path, column: str, value: str, told: str):
    write_table(simulated(design_of(), 1, [1, 0, 0])[:1], tmp_path / "r.csv")
    rows = list(csv.reader((tmp_path / "r.csv").open()))
    rows[1][COLUMNS.index(column)] = value
    with (tmp_path / "r.csv").open("w") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(UserError, match=told):
        read_ratings(tmp_path / "r.csv")


def test_missing_and_short_tables(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_ratings(tmp_path / "none.csv")
    (tmp_path / "r.csv").write_text(",".join(COLUMNS) + "\nonly,three,cells\n")
    with pytest.raises(UserError, match=r"row 2 has 3 cells, expected 16"):
        read_ratings(tmp_path / "r.csv")
    (tmp_path / "r.csv").write_bytes(",".join(COLUMNS).encode() + b"\n\xff\xfe\n")
    with pytest.raises(UserError, match="no table in UTF-8"):
        read_ratings(tmp_path / "r.csv")
