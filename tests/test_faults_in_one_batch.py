"""Every fault that fits into a file, in one folder beside good files: each gets its verdict and harms no other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest

from batch_of_faults import KEPT, SPOILED, UNREAD, Case, recorded
from faulty_media import make_video
from faulty_talks import retake
from nonverbal.dataset.content import dialogue_lines, read_summary
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.validate import validate
from nonverbal.pipeline.observe import RunRecord
from nonverbal.pipeline.store import JsonCodec

FLAGS = ("--skip-intro-s", "0", "--min-clip-s", "2", "--workers", "2")
GOOD = ("good.mp4", "mirrored.mp4")
MARK = "NONVERBAL_FAULT_BATCH"
MOST_MB = 2560


@dataclass(frozen=True)
class Result:
    inputs: Path
    out: Path
    temporary: Path
    code: int
    text: str

    def verdicts(self) -> dict[str, str]:
        """File name -> the reason of the source or of its clip, or `KEPT`."""
        sources = pq.read_table(self.out / "sources.parquet").to_pylist()
        clips = pq.read_table(self.out / "clips.parquet").to_pylist()
        by_source = {row["source_id"]: row for row in clips}
        found = {}
        for source in sources:
            row = by_source.get(source["source_id"], source) if source["verdict"] == "kept" else source
            found[source["file_name"]] = KEPT if row["verdict"] == "kept" else row["reason"]
        return found

    def lines(self, file_name: str) -> bytes:
        """What the content hash is made of, for the dialogue of one file."""
        dataset = open_dataset(self.out)
        (source,) = [row["source_id"] for row in dataset.sources() if row["file_name"] == file_name]
        (dialogue_id,) = [i for i in dataset.ids() if dataset.row(i)["source_id"] == source]
        row = {name: value for name, value in dataset.row(dialogue_id).items() if name != "split"}
        return dialogue_lines(row, read_summary(dataset.motion_path(dialogue_id)).rows)

    def motion(self, file_name: str) -> bytes:
        """The bytes of the motion file of one file's dialogue."""
        dataset = open_dataset(self.out)
        (source,) = [row["source_id"] for row in dataset.sources() if row["file_name"] == file_name]
        (path,) = [dataset.motion_path(i) for i in dataset.ids() if dataset.row(i)["source_id"] == source]
        return path.read_bytes()


def build(inputs: Path, out: Path, temporary: Path, timeout_s: float) -> Result:
    """The real command; its processes are marked, and their temporary files have a folder of their own."""
    temporary.mkdir()
    command = [sys.executable, "-m", "nonverbal", "build", str(inputs), "--out", str(out), *FLAGS]
    environment = {**os.environ, "COLUMNS": "150", "TMPDIR": str(temporary), MARK: str(out)}
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=timeout_s, check=False, env=environment
    )
    return Result(inputs, out, temporary, done.returncode, done.stdout + done.stderr)


def write(cases: list[Case], talk: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for one in cases:
        one.make(talk, folder / one.name)


def survivors(out: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(out):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def check_nothing_left(result: Result) -> None:
    """No process, no temporary file, no half result, and a dataset without a fault."""
    time.sleep(0.5)
    assert survivors(result.out) == []
    assert [p.name for p in result.temporary.rglob("*") if p.is_file()] == []
    assert [p for p in result.out.rglob("*") if p.name.endswith((".tmp", ".part"))] == []
    assert list((result.out / ".nonverbal" / "attempts").iterdir()) == []
    assert "Traceback" not in result.text
    assert validate(result.out) == []


@pytest.fixture(scope="module")
def unread(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The faults that need no model, without any good file."""
    root = tmp_path_factory.mktemp("unread")
    talk = make_video(root / "talk.mp4")
    write(UNREAD, talk, root / "inputs")
    return build(root / "inputs", root / "out", root / "tmp", 120)


@pytest.mark.parametrize("one", UNREAD, ids=lambda one: f"{one.row}-{one.name}")
def test_what_no_model_need_see(one: Case, unread: Result) -> None:
    assert unread.verdicts()[one.name] in one.gets


def test_nothing_is_left_of_what_was_turned_down(unread: Result) -> None:
    assert unread.code == 4, unread.text
    check_nothing_left(unread)
    assert len({one.row for one in UNREAD}) >= 20


@pytest.fixture(scope="module")
def batch(shared_media: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Result, list[Case]]:
    """All faults beside the good files, and the good files alone."""
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    root = tmp_path_factory.mktemp("batch")
    talk = shared_media / "dialogue" / "grid_dialogue_9s.mp4"
    clean = root / "clean"
    clean.mkdir()
    shutil.copy(talk, clean / GOOD[0])
    retake(talk, clean / GOOD[1], picture=lambda i, image: np.ascontiguousarray(image[:, ::-1]))
    cases = [*UNREAD, *SPOILED, *recorded(shared_media)]
    shutil.copytree(clean, root / "inputs")
    write(cases, talk, root / "inputs")
    together = build(root / "inputs", root / "out", root / "tmp", 3000)
    return together, build(clean, root / "clean-out", root / "clean-tmp", 600), cases


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_faults_beside_good_files(batch: tuple[Result, Result, list[Case]]) -> None:
    together, alone, cases = batch
    assert (together.code, alone.code) == (0, 0), together.text + alone.text
    found = together.verdicts()
    twins = {one.name for one in cases if one.row in (48, 57)}  # the bytes of the good file: one source with it
    named = {name: found.get(name, KEPT if name in twins else "nothing") for name in (one.name for one in cases)}
    wrong = {one.name: (named[one.name], sorted(one.gets)) for one in cases if named[one.name] not in one.gets}
    assert wrong == {}
    assert len([name for name in found if name in twins or name == GOOD[0]]) == 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_good_files_are_byte_for_byte_what_they_are_alone(batch: tuple[Result, Result, list[Case]]) -> None:
    together, alone, _ = batch
    known = {str(row["file_name"]) for row in open_dataset(together.out).sources()}
    twins = {one.name for one in SPOILED if one.row in (48, 57)}
    for name in GOOD:
        there = name if name in known else next(iter(known & twins))  # the same bytes: one source, under any name
        assert together.motion(there) == alone.motion(name)
        assert together.lines(there) == alone.lines(name)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_nothing_is_left_of_the_batch(batch: tuple[Result, Result, list[Case]]) -> None:
    together, _, _ = batch
    check_nothing_left(together)
    (path,) = (together.out / ".nonverbal" / "runs").iterdir()
    record: RunRecord = JsonCodec(RunRecord).read(path)
    peaks = [timing.peak_mb for timing in record.units]
    assert max(peaks) <= MOST_MB
    print(f"{len(peaks)} sources and clips, peak memory of a worker {max(peaks):.0f} MB, {record.wall_s:.0f} s")
    assert re.search(r"pending 0; clips", together.text)
