"""`nonverbal evaluate tokenizer`: its tables, its files, and what it says when something is missing."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from small_evaluation import ALL, Place
from small_talks import FACE

from nonverbal.tokens.evaluate_command import EvaluateTokenizer, named
from nonverbal.tokens.evaluation import as_json
from nonverbal.tokens.evaluation_table import ERRORS, LIFE, best_of, tables
from nonverbal.verdicts import UserError


def test_folders_are_named_by_what_tells_them_apart(tmp_path: Path) -> None:
    assert list(named([tmp_path / "a" / "face", tmp_path / "b"])) == ["face", "b"]
    assert list(named([tmp_path / "a" / "face", tmp_path / "b" / "face"])) == ["a/face", "b/face"]
    with pytest.raises(UserError, match=r"got .*face twice"):
        named([tmp_path / "face", tmp_path / "b" / ".." / "face"])


def test_the_best_of_each_column_is_marked(place: Place) -> None:
    rows = [place.found.rows[0], replace(place.found.rows[0], name="b"), *place.found.rows[3:4]]
    report = rows[0].reconstruction["arkit52"]
    rows[1] = replace(rows[1], reconstruction={"arkit52": replace(report, parameter_mse=0.0, variance_ratio=0.9)})
    rows[0] = replace(rows[0], reconstruction={"arkit52": replace(report, variance_ratio=1.4)})
    columns = {column.heading: column for column in (*ERRORS, *LIFE)}
    assert best_of(columns["MSE"], rows, "arkit52") == {1}
    assert best_of(columns["var.\nratio"], rows, "arkit52") == {1}
    assert best_of(columns["MAE"], rows, "arkit52") == {0, 1}
    assert best_of(columns["diver-\nsity"], rows, "arkit52") == set()
    assert best_of(columns["MSE"], rows[1:], "arkit52") == set()


def command(place: Place, *names: str, **settings: object) -> EvaluateTokenizer:
    return EvaluateTokenizer(place.data.root, tuple(place.folders[name] for name in names), settings=ALL, **settings)  # type: ignore[arg-type]


def test_the_command_writes_json_and_plots(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(place, "face", out=tmp_path / "a", json=True).run(Console()) == 0
    written = (tmp_path / "a" / "evaluation.json").read_text()
    assert written == capsys.readouterr().out
    plain = json.loads(written)
    alone = replace(place.found, rows=tuple(row for row in place.found.rows if row.spaces == FACE))
    assert plain["rows"] == as_json(alone)["rows"]
    assert plain["dataset_hash"] == place.data.content_hash
    assert plain["settings"]["split"] == "all"
    assert plain["rows"][0]["hash"] == place.tokenizers["face"].hash
    pngs = sorted(path.name for path in (tmp_path / "a").glob("*.png"))
    assert pngs == ["codes.png", "cues.png", "overview.png", "trajectories.png"]
    assert command(place, "face", out=tmp_path / "b", json=True).run(Console()) == 0
    for name in ("evaluation.json", *pngs):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_the_command_prints_tables_and_writes_nothing(place: Place) -> None:
    console = Console(file=io.StringIO(), width=130)
    assert command(place, "face", "body").run(console) == 0
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("arkit52: how far off (no mesh", "smplx117: how far off (points of the mesh skeleton)", "mean pose"):
        assert words in text
    assert f"{place.found.rows[1].rate.bits_per_s:.1f}" in text
    assert "Bit rates differ" not in text


def test_different_bit_rates_are_pointed_out(place: Place) -> None:
    console = Console(file=io.StringIO(), width=130)
    command(place, "face", "joint").run(console)
    assert "Bit rates differ" not in console.file.getvalue()  # type: ignore[attr-defined]
    command(place, "body", "joint").run(console)
    assert "Bit rates differ" in console.file.getvalue()  # type: ignore[attr-defined]


def test_tables_of_plausible_numbers_fit_a_narrow_terminal(place: Place) -> None:
    console = Console(file=io.StringIO(), width=80)
    baselines = replace(place.found, rows=tuple(row for row in place.found.rows if row.is_baseline))
    for table in tables(baselines):
        console.print(table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("first frame ") == 4
    assert "…" not in text


def test_an_output_that_cannot_be_made_is_said_before_the_work(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nonverbal.tokens.evaluate.evaluate", None)  # as far as this it must not come
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file: cannot be written to \(.*\); give another folder with --out"):
        command(place, "face", out=tmp_path / "file").run(Console())


def test_a_missing_folder_is_named(place: Place, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gone"):
        EvaluateTokenizer(place.data.root, (tmp_path / "gone",), settings=ALL).run(Console())


def test_without_scikit_learn_the_rest_is_written(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    with pytest.raises(UserError, match=r"t-SNE of cues needs scikit-learn: run pip install 'nonverbal\[tokens\]'"):
        command(place, "face", out=tmp_path, json=True).run(Console())
    assert {path.name for path in tmp_path.iterdir()} == {
        "evaluation.json", "codes.png", "trajectories.png", "overview.png",
    }  # fmt: skip


def test_without_matplotlib_the_numbers_are_written(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UserError, match="plots need matplotlib"):
        command(place, "face", out=tmp_path, json=True).run(Console())
    assert [path.name for path in tmp_path.iterdir()] == ["evaluation.json"]
