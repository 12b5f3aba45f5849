"""The whole way, with real models: real and broken videos in, one dataset and a verdict for everything out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from faulty_talks import with_sound_of
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.validate import validate
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.timeline import Span, overlap_s
from nonverbal.types import Dialogue, SpeakerSegment
from nonverbal.venus.truth import diarization_error

pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")

FLAGS = ("--skip-intro-s", "0", "--min-clip-s", "2")
SENTENCES = ("place white in j three please", "lay white by s zero again", "set white with p two soon")


@dataclass(frozen=True)
class Result:
    inputs: Path
    out: Path
    code: int
    text: str

    def verdict(self, file_name: str) -> tuple[str, str]:
        """The verdict and the reason that stand in sources.parquet."""
        rows = pq.read_table(self.out / "sources.parquet").to_pylist()
        (row,) = [r for r in rows if r["file_name"] == file_name]
        return row["verdict"], row["reason"]

    @property
    def dataset(self) -> Dataset:
        return open_dataset(self.out)

    @property
    def dialogue(self) -> Dialogue:
        (dialogue,) = list(self.dataset)
        return dialogue


def _run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nonverbal", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "150", **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, env=environment)


@pytest.fixture(scope="module")
def result(shared_media: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """One build over good and bad inputs together."""
    root = tmp_path_factory.mktemp("build")
    inputs, out = root / "inputs", root / "out"
    inputs.mkdir()
    dialogue = shared_media / "dialogue" / "grid_dialogue_9s.mp4"
    shutil.copy(dialogue, inputs / "dialogue.mp4")
    shutil.copy(dialogue, inputs / "same again\n'--x.mp4")
    shutil.copy(shared_media / "dialogue" / "grid" / "bbaf2n.mpg", inputs / "one.mpg")
    shutil.copy(shared_media / "faces" / "no_face.mp4", inputs / "nobody.mp4")
    shutil.copy(shared_media / "speech" / "three_speakers.wav", inputs / "sound.wav")
    shutil.copy(shared_media / "odd" / "corrupted.mp4", inputs / "corrupt.mp4")
    with_sound_of(dialogue, shared_media / "speech" / "three_speakers.wav", inputs / "three.mp4")
    with_sound_of(shared_media / "faces" / "no_face.mp4", dialogue, inputs / "voices.mp4")
    with_sound_of(shared_media / "faces" / "single_face.mp4", dialogue, inputs / "alone.mp4")
    (inputs / "empty.mp4").touch()
    (inputs / "text.mp4").write_text("not a video\n")
    (inputs / "page.mp4").write_text("<!DOCTYPE html><html><body>404</body></html>")
    (inputs / "list.mp4").write_text("#EXTM3U\n#EXTINF:9,\ndialogue.mp4\n")
    (inputs / "half.mp4").write_bytes(dialogue.read_bytes()[: dialogue.stat().st_size // 2])
    (inputs / "loop.mp4").symlink_to("loop.mp4")
    done = _run("build", inputs, inputs / "sound.wav", "--out", out, *FLAGS)
    return Result(inputs, out, done.returncode, done.stdout + done.stderr)


def test_good_input_becomes_one_dialogue_whatever_stands_beside_it(result: Result) -> None:
    assert result.code == 0, result.text
    assert "Traceback" not in result.text
    assert len(result.dataset) == 1
    assert validate(result.out) == []


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("empty.mp4", {"E_EMPTY"}),
        ("text.mp4", {"E_NOT_MEDIA"}),
        ("page.mp4", {"E_NOT_MEDIA"}),
        ("list.mp4", {"E_NOT_MEDIA"}),
        ("half.mp4", {"E_NOT_MEDIA", "E_TRUNCATED"}),
        ("corrupt.mp4", {"E_DECODE", "E_TRUNCATED", "E_NO_AUDIO"}),
        ("loop.mp4", {"E_NAME"}),
        ("sound.wav", {"E_NO_VIDEO"}),
        ("one.mpg", {"E_ONE_SPEAKER"}),
        ("three.mp4", {"E_THREE_PLUS"}),
        ("nobody.mp4", {"E_NO_SPEECH"}),
        ("voices.mp4", {"E_NO_FACE"}),
        ("alone.mp4", {"E_FACE_LOST"}),
    ],
)
def test_bad_input_gets_its_reason_and_a_sentence(result: Result, name: str, reasons: set[str]) -> None:
    verdict, reason = result.verdict(name)
    assert verdict == "rejected"
    assert reason in reasons
    assert reason in result.text


def test_the_same_bytes_under_two_names_are_one_source(result: Result) -> None:
    rows = pq.read_table(result.out / "sources.parquet").to_pylist()
    assert len({r["source_id"] for r in rows}) == len(rows)
    assert sum(r["verdict"] == "kept" for r in rows) == 1


def test_the_books_balance(result: Result) -> None:
    rows = pq.read_table(result.out / "sources.parquet").to_pylist()
    assert len(rows) == 14
    assert "seen 14 = done 6 + rejected 8 + quarantined 0 + pending 0" in result.text


def test_turns_come_in_the_order_they_were_spoken(result: Result) -> None:
    turns = result.dialogue.turns
    assert [turn.participant for turn in turns] == ["A", "B", "A"]
    for turn, truth in zip(turns, SENTENCES, strict=True):
        assert turn.harm is not None
        said, meant = turn.text.lower(), truth.split()
        assert sum(word in said for word in meant) >= 3, (said, truth)


def test_each_participant_is_the_one_in_the_right_panel(result: Result, shared_media: Path) -> None:
    panels = json.loads((shared_media / "dialogue" / "grid_dialogue_9s.json").read_text())["panels"]
    for motion in result.dialogue.participants:
        x0, y0, width, height = panels[motion.participant]
        seen = motion.bbox[motion.validity[:, 0] == 1]
        centres = (seen[:, :2] + seen[:, 2:]) / 2
        assert len(centres) > 0.9 * motion.n_frames
        assert ((centres >= [x0, y0]) & (centres < [x0 + width, y0 + height])).all()


def test_who_speaks_when_is_close_to_the_truth(result: Result, shared_media: Path) -> None:
    lines = (shared_media / "dialogue" / "grid_dialogue_9s.rttm").read_text().splitlines()
    fields = [line.split() for line in lines]
    truth = [SpeakerSegment(f[7], float(f[3]), float(f[3]) + float(f[4])) for f in fields]
    found = [SpeakerSegment(t.participant, t.start_s, t.end_s) for t in result.dialogue.turns]
    assert diarization_error(truth, found).confused_s < 0.3
    for turn, segment in zip(result.dialogue.turns, truth, strict=True):
        inside = overlap_s(Span(turn.start_s, turn.end_s), Span(segment.start_s, segment.end_s))
        assert inside > 0.9 * (turn.end_s - turn.start_s)


def test_both_participants_are_kept_for_the_whole_clip(result: Result) -> None:
    for motion in result.dialogue.participants:
        assert motion.face.shape == (225, 52)
        assert motion.body.shape == (225, 117)
        assert 0.1 < motion.speaking.mean() < 0.8


def test_the_mouth_opens_with_the_words(result: Result) -> None:
    # Only B's lips rest while listening; the frames that stand for A's listening show parted lips.
    motion = result.dialogue.participants[1]
    jaw = motion.face[:, ARKIT52_NAMES.index("jawOpen")]
    assert jaw[motion.speaking == 1].mean() > 2 * jaw[motion.speaking == 0].mean()


def test_a_second_run_does_nothing(result: Result) -> None:
    before = {p: p.stat().st_mtime_ns for p in result.out.rglob("*") if p.is_file() and p.name != "lock"}
    _run("build", result.inputs, "--out", result.out, *FLAGS)
    done = _run("build", result.inputs, "--out", result.out, *FLAGS)
    after = {p: p.stat().st_mtime_ns for p in result.out.rglob("*") if p.is_file() and p.name != "lock"}
    assert done.returncode == 0
    assert after == before
    assert "unchanged" in done.stdout


def test_a_purged_source_leaves_no_trace(result: Result, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(result.out, out)
    (dialogue_id,) = open_dataset(out).ids()
    (clip,) = [row for row in open_dataset(out).clips() if row["clip_id"] == dialogue_id]
    traces = [text.encode() for text in (clip["source_id"], dialogue_id, "dialogue.mp4")]
    assert all(any(trace in content for content in _contents(out)) for trace in traces)
    assert _run("purge", out, "--source", clip["source_id"][:12]).returncode == 0
    assert not [content for content in _contents(out) for trace in traces if trace in content]
    assert validate(out) == []
    assert len(open_dataset(out)) == 0
    assert _run("purge", out, "--source", clip["source_id"]).returncode == 2


def _contents(folder: Path) -> list[bytes]:
    """Every name below a folder, and what stands in every file, tables as text; who held the lock says the command."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]
    tables = [
        json.dumps(pq.read_table(path).to_pylist(), default=str).encode() for path in files if path.suffix == ".parquet"
    ]
    return [*(os.fsencode(path) for path in folder.rglob("*")), *(path.read_bytes() for path in files), *tables]


def test_a_changed_setting_redoes_its_stage_and_what_follows_only(result: Result, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(result.out, out)
    artefacts = out / ".nonverbal" / "artefacts"
    before = {p: p.stat().st_mtime_ns for p in artefacts.rglob("*") if p.is_file()}
    done = _run("build", result.inputs, "--out", out, *FLAGS, "--harm-threshold", "0.99")
    assert done.returncode == 0, done.stderr
    new = {p.parent.name for p in artefacts.rglob("*") if p.is_file() and p not in before}
    assert new == {"harm"}
    assert all(p.stat().st_mtime_ns == mtime for p, mtime in before.items())
    (dialogue,) = list(open_dataset(out))
    assert not any(turn.harmful for turn in dialogue.turns)


def test_an_unwanted_language_is_turned_down_before_it_is_transcribed(result: Result, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(result.out, out)
    done = _run("build", result.inputs / "dialogue.mp4", "--out", out, *FLAGS, "--languages", "fr")
    assert done.returncode == 4
    assert "E_LANGUAGE" in done.stdout
    assert pq.read_table(out / "dialogues").num_rows == 0 if any((out / "dialogues").iterdir()) else True


def test_datasets_and_duckdb_read_it_without_our_code(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "hf"))
    from datasets import load_dataset

    loaded = load_dataset(str(result.out), cache_dir=str(tmp_path / "hf"))
    assert loaded["train"][0]["turns"][0]["participant"] == "A"
    motion = load_dataset(str(result.out), "motion", cache_dir=str(tmp_path / "hf"))["train"]
    assert sorted(motion["participant"]) == ["A", "B"]
    assert np.asarray(motion[0]["face"]).shape == (225, 52)
    tables = f"'{result.out}/dialogues/*.parquet' d JOIN '{result.out}/motion/*.parquet' m USING (dialogue_id)"
    query = f"SELECT m.participant, len(m.face) FROM {tables} ORDER BY 1"
    assert duckdb.sql(query).fetchall() == [("A", 225), ("B", 225)]
