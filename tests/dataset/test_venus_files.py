"""Where published rows come from: both layouts, both kinds of file, the hub, and what can be wrong with each."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_server import COMMIT, REPOSITORY, serving
from rich.console import Console
from venus_maker import row, turned, write_jsonl, write_parquet

from nonverbal.dataset.import_command import ImportVenus
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.validate import validate
from nonverbal.dataset.venus_files import find_rows
from nonverbal.verdicts import UserError


def imported(source: str, out: Path, **options: object) -> tuple[str, str]:
    """Content hash and what was printed."""
    console = Console(file=io.StringIO(), width=100)
    assert ImportVenus(source, out, **options).run(console) == 0  # type: ignore[arg-type]
    assert validate(out) == []
    return open_dataset(out).content_hash, console.file.getvalue()  # type: ignore[attr-defined]


def test_every_layout_says_the_same(tmp_path: Path) -> None:
    """A list of records is a struct of lists in one version of `datasets`, a list of structs in others."""
    rows = [row(), row(segment=3, harmful_utterance_id=[2])]
    sources = (
        write_parquet(tmp_path / "lists.parquet", rows),
        write_parquet(tmp_path / "structs.parquet", rows, lists_of_structs=True),
        write_jsonl(tmp_path / "paper.jsonl", rows),
    )
    assert len({imported(str(path), tmp_path / path.stem)[0] for path in sources}) == 1


def test_what_the_library_datasets_writes_is_read(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the optional library datasets is not installed")
    value, records = datasets.Value, datasets.Sequence
    words = records({"word": value("string"), "start_time": value("float64"), "end_time": value("float64")})
    frame = {"utt_id": value("string"), "frame": value("string"), "features": records(value("float32"))}
    spoken = {"utterance_id": value("int64"), "speaker": value("int64"), "text": value("string")}
    spoken |= {"start_time": value("float64"), "end_time": value("float64"), "words": words}
    kinds = datasets.Features(
        video_id=value("string"),
        segment_id=value("int64"),
        conversation=records(spoken),
        facial_expression=records(frame),
        body_language=records(frame),
        harmful_utterance_id=records(value("int64")),
    )
    datasets.Dataset.from_list([turned(row())], features=kinds).to_parquet(tmp_path / "hub.parquet")
    write_parquet(tmp_path / "ours.parquet", [row()])
    hub, ours = (imported(str(tmp_path / f"{name}.parquet"), tmp_path / name)[0] for name in ("hub", "ours"))
    assert hub == ours


def test_the_summary_says_what_became_of_what(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "train.parquet", [row(), row(segment=1, conversation=[])])
    told = imported(str(source), tmp_path / "ds")[1]
    lines = [" ".join(line.strip("│").split()) for line in told.splitlines()]
    for expected in ("rows: kept │ 1", "rows: E_NO_SPEECH │ 1", "turns │ 3", "face frames kept │ 75"):
        assert expected in lines
    assert "E_NO_SPEECH train.parquet, row 1: 0 people talk, expected 2" in told


def test_no_row_kept_is_exit_code_1(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "train.parquet", [row(video="short")])
    assert ImportVenus(str(source), tmp_path / "ds").run(Console(file=io.StringIO())) == 1
    assert validate(tmp_path / "ds") == []


def test_splits_stand_in_names_of_files_or_folders(tmp_path: Path) -> None:
    for name in ("data/train-00000-of-00002.parquet", "test/part.jsonl", "contest.parquet", "v1/validation.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_rows(str(tmp_path), ("train", "validation", "test")).files
    assert [(file.split, file.name) for file in found] == [
        ("test", "test/part.jsonl"),
        ("validation", "v1/validation.parquet"),
        ("train", "contest.parquet"),
        ("train", "data/train-00000-of-00002.parquet"),
    ]


def test_rows_come_one_at_a_time_without_columns_nobody_reads(tmp_path: Path) -> None:
    """Ten minutes are 40 MB of numbers, and a row group may hold a thousand rows."""
    path = write_parquet(tmp_path / "train.parquet", [row(segment=i) for i in range(5)])
    table = pq.read_table(path).append_column("speaker_bbox", pa.array([[1.0]] * 5))
    pq.write_table(table, path, row_group_size=5)
    (file,) = find_rows(str(path), ("train",)).files
    batches = list(file.rows())
    assert [batch.num_rows for batch in batches] == [1] * 5
    assert file.count() == 5
    assert "speaker_bbox" not in batches[0].schema.names


def test_what_is_no_source_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="absent: not found; expected a file, a folder, or hub:OWNER/NAME"):
        find_rows(str(tmp_path / "absent"), ("train",))
    with pytest.raises(UserError, match=r"found no \.parquet and no \.jsonl file, expected rows of train"):
        find_rows(str(tmp_path), ("train",))
    with pytest.raises(UserError, match="--splits got trian, expected some of train, validation, test"):
        find_rows(str(tmp_path), ("trian",))
    write_parquet(tmp_path / "train.parquet", [row()])
    with pytest.raises(UserError, match="found train, expected rows of test"):
        find_rows(str(tmp_path), ("test",))


def test_what_is_no_row_is_a_sentence(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "train.parquet", [row()])
    whole = path.read_bytes()
    for damaged in (b"not parquet", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"train\.parquet: cannot be read \("):
            ImportVenus(str(path), tmp_path / "ds").run(Console(file=io.StringIO()))
    pq.write_table(pa.table({"video_id": ["a"], "text": ["b"]}), path)
    with pytest.raises(UserError, match=r"train\.parquet, row 0: no column 'segment_id'; expected the published VENUS"):
        ImportVenus(str(path), tmp_path / "ds").run(Console(file=io.StringIO()))
    (tmp_path / "train.jsonl").write_text('{"video_id": ')
    with pytest.raises(UserError, match=r"train\.jsonl: cannot be read"):
        ImportVenus(str(tmp_path / "train.jsonl"), tmp_path / "ds").run(Console(file=io.StringIO()))
    assert not (tmp_path / "ds").exists()


def test_the_hub_is_read_at_one_commit_and_its_code_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub", reason="the optional library huggingface_hub is not installed")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)  # whatever the environment says
    write_parquet(tmp_path / "repo" / "data" / "train-00000-of-00001.parquet", [row()])
    write_parquet(tmp_path / "repo" / "data" / "test-00000-of-00001.parquet", [row(video="bbbbbbbbbbb")])
    (tmp_path / "repo" / "VENUS-1K.py").write_text("raise SystemExit('remote code ran')")
    with serving(tmp_path / "repo", revision="v1") as (address, asked):
        origin = find_rows(f"hub:{REPOSITORY}@v1", ("train", "test"), address)
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr("nonverbal.dataset.venus_files.find_rows", lambda *given: origin)
            got = imported(f"hub:{REPOSITORY}@v1", tmp_path / "hub")[0]
        assert find_rows(f"hub:{REPOSITORY}", ("train",), address).told["revision"] == COMMIT
        with pytest.raises(UserError, match=r"@v2: the hub gave no answer \(.*404.*download the files and give their"):
            find_rows(f"hub:{REPOSITORY}@v2", ("train",), address)
    assert got == imported(str(tmp_path / "repo"), tmp_path / "local")[0]
    assert [path for path in asked if ("resolve" in path and COMMIT not in path) or path.endswith(".py")] == []
    told = open_dataset(tmp_path / "hub").manifest.config["import"]
    assert (told["source"], told["revision"]) == (f"hub:{REPOSITORY}", COMMIT)


def test_no_hub_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="hub:nowhere: expected hub:OWNER/NAME"):
        find_rows("hub:nowhere", ("train",))
    with pytest.raises(UserError, match="the hub gave no answer"):
        find_rows("hub:a/b", ("train",), "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match=r"needs huggingface_hub; run: pip install 'nonverbal\[hub\]'"):
        find_rows("hub:a/b", ("train",))
