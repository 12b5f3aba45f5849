"""`nonverbal studio` from the command line to files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from nonverbal.cli import main
from nonverbal.dataset.manifest import read_manifest
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.validate import validate
from nonverbal.media.probe import probe
from nonverbal.venus.truth import read_rttm

SMALL = ("--minutes", "0.2", "--width-px", "480", "--height-px", "272")


@pytest.fixture(scope="module")
def podcasts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same podcast made twice."""
    root = tmp_path_factory.mktemp("studio")
    for name in ("one", "two"):
        assert main(["studio", "--out", str(root / name), "--seed", "5", *SMALL]) == 0
    return [root / "one", root / "two"]


def test_the_same_seed_gives_the_same_video_and_the_same_truth(podcasts: list[Path]) -> None:
    one, two = podcasts
    for name in ("podcast.mp4", "podcast.rttm", "studio.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    first, second = (read_manifest(p / "truth") for p in podcasts)
    assert first.content_hash == second.content_hash
    assert first.files == second.files


def test_the_video_is_what_was_asked_for(podcasts: list[Path]) -> None:
    info = probe(str(podcasts[0] / "podcast.mp4"))
    assert (info.width_px, info.height_px, info.has_audio) == (480, 272, True)
    assert info.fps == pytest.approx(25.0)
    assert info.duration_s == pytest.approx(12.0, abs=0.05)


def test_the_truth_belongs_to_the_video(podcasts: list[Path]) -> None:
    truth = podcasts[0] / "truth"
    assert validate(truth) == []
    (dialogue,) = open_dataset(truth)
    assert dialogue.clip.source_id == hashlib.sha256((podcasts[0] / "podcast.mp4").read_bytes()).hexdigest()
    assert {turn.participant for turn in dialogue.turns} == {"A", "B"}
    assert [m.n_frames for m in dialogue.participants] == [300, 300]
    heard = read_rttm(podcasts[0] / "podcast.rttm", "podcast")
    for turn in dialogue.turns:
        for word in turn.words:
            middle = (word.start_s + word.end_s) / 2
            assert any(s.speaker == turn.participant and s.start_s <= middle <= s.end_s for s in heard)
    for motion in dialogue.participants:
        assert motion.speaking.any()
        assert motion.face.std(axis=0).max() > 0.05


def test_the_settings_and_the_cast_are_written_down(podcasts: list[Path]) -> None:
    noted = json.loads((podcasts[0] / "studio.json").read_text())
    assert noted["studio"]["seed"] == 5
    assert set(noted["cast"]) == {"A", "B"}
    assert read_manifest(podcasts[0] / "truth").config["studio"]["layout"] == "split"


def test_another_seed_gives_another_podcast(podcasts: list[Path], tmp_path: Path) -> None:
    assert main(["studio", "--out", str(tmp_path), "--seed", "6", "--truth-only", "--minutes", "0.2"]) == 0
    (other,), (known,) = open_dataset(tmp_path), open_dataset(podcasts[0] / "truth")
    assert " ".join(t.text for t in other.turns) != " ".join(t.text for t in known.turns)


def test_hours_without_pictures_are_made_once_and_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def make(name: str) -> str:
        arguments = ("--truth-only", "--hours", "0.05", "--minutes", "1", "--seed", "1200")
        assert main(["studio", "--out", str(tmp_path / name), *arguments]) == 0
        return read_manifest(tmp_path / name).content_hash

    first = make("a")
    assert "3 dialogues of 1 minutes" in " ".join(capsys.readouterr().out.split())
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "a" / "motion").iterdir()}
    assert make("a") == first == make("b")
    assert times == {p: p.stat().st_mtime_ns for p in (tmp_path / "a" / "motion").iterdir()}
    assert validate(tmp_path / "a") == []
    dialogues = list(open_dataset(tmp_path / "a"))
    assert len({d.turns[0].text + d.turns[1].text for d in dialogues}) == 3
    for dialogue in dialogues:
        assert all(m.validity.all() for m in dialogue.participants)
        assert dialogue.turns[-1].end_s > 50


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--minutes", "0"], "minutes=0: expected 0.1 to 180"),
        (["--hours", "2"], "--hours goes with --truth-only"),
        (["--width-px", "642"], "a picture of 642 x 720: expected multiples of 4"),
        (["--seed", "-1"], "seed=-1: expected 0 or more"),
        (["--voices", "joe", "nobody"], "nobody"),
        (["--truth-only", "--hours", "-1"], "hours=-1"),
    ],
)
def test_mistakes_get_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["studio", "--out", str(tmp_path / "x"), *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
