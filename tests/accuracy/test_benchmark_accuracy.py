"""The command around the measurements: videos, build, takes; on a real video against its own dataset."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_talk import made_dialogue
from rich.console import Console

from nonverbal.accuracy import benchmark, films
from nonverbal.accuracy.benchmark import Accuracy
from nonverbal.accuracy.films import Film, Shot
from nonverbal.accuracy.measure import Take, measure
from nonverbal.accuracy.summary import summarise
from nonverbal.accuracy.table import ROWS
from nonverbal.accuracy.taking import MeasuredSettings, measured, take_all
from nonverbal.dataset.read import open_dataset
from nonverbal.pipeline.observe import Silent
from nonverbal.settings import BuildSettings, load_settings
from nonverbal.studio.truth import Spoken, TrueDialogue, file_source, write_truth
from nonverbal.types import Clip, Dialogue
from nonverbal.venus.segment import Segment
from nonverbal.venus.speak import Speak
from nonverbal.verdicts import UserError
from nonverbal.weights import sha256_of

NOBODY = Dialogue(Clip("", "", 0.0, 9.0), "en", (), ())


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("accuracy")


@pytest.fixture(scope="module")
def takes(shared_media: Path, work: Path) -> list[Take]:
    """A real dialogue, and a video that nobody speaks in, each with its own finding as the truth."""
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    videos = [shared_media / "dialogue" / "grid_dialogue_9s.mp4", shared_media / "odd" / "video_0.mov"]
    shots = [Shot(video.stem, video, sha256_of([video]), NOBODY) for video in videos]
    found = take_all(shots, work / "dataset", measured(BuildSettings()), Silent(), lambda path: None)
    return [replace(take, truth=take.found or NOBODY) for take in found]


def test_a_dataset_against_itself_is_perfect(takes: list[Take]) -> None:
    figures = summarise([measure(takes[0])]).figures
    perfect = {
        "kept": 1.0, "der": 0.0, "der_turns": 0.0, "speakers": 1.0, "wer": 0.0, "word_start": 0.0, "word_end_p95": 0.0,
        "attribution": 1.0, "attribution_voice": 1.0, "found_face": 1.0, "found_upper_body": 1.0, "mae52": 0.0,
        "jitter_face": 1.0, "jitter_head": 1.0, "jitter_upper_body": 1.0,
    }  # fmt: skip
    assert {name: figures[name].value for name in perfect} == pytest.approx(perfect, abs=1e-6)
    assert figures["r52"].value == pytest.approx(1.0, abs=1e-6)
    for name in ("head", "gaze", "upper_arm", "forearm", "collar", "head_joint"):
        assert figures[name].value == pytest.approx(0.0, abs=0.05), name
        assert figures[name].count > 300
    assert figures["asd_ap"].value > 0.95, "lips and voice say what diarization says on this clip"


def test_small_offsets_of_the_sound_are_recovered(takes: list[Take]) -> None:
    assert takes[0].evidence is not None
    found = {r.injected_ms: r.recovered_ms for r in takes[0].evidence.offsets}
    assert list(found) == sorted(found)
    assert (min(found), max(found)) == (-500, 500)
    for injected_ms in (-120, -80, -40, 0, 40, 80, 120):
        assert abs(found[injected_ms] - injected_ms) <= 40, "one frame"


def test_a_video_that_is_turned_down_is_a_take_with_its_reason(takes: list[Take]) -> None:
    assert takes[1].found is None
    assert takes[1].verdict.startswith("E_")
    assert summarise([measure(take) for take in takes]).rejected == ((takes[1].name, takes[1].verdict),)


def test_a_second_look_builds_nothing(takes: list[Take], work: Path, shared_media: Path) -> None:
    video = shared_media / "dialogue" / "grid_dialogue_9s.mp4"
    shot = Shot("again", video, sha256_of([video]), NOBODY)
    observer = _Counting()
    (take,) = take_all([shot], work / "dataset", measured(BuildSettings()), observer, lambda path: None)
    assert observer.started == 0
    assert take.evidence == takes[0].evidence


class _Counting(Silent):
    started = 0

    def on_unit_started(self, unit: Any) -> None:
        self.started += 1


def test_measuring_is_no_setting_of_the_dataset(takes: list[Take], work: Path) -> None:
    assert open_dataset(work / "dataset").manifest.config == _whole_videos(BuildSettings()).settled().resolved()
    assert load_settings(work / "dataset" / "dataset.json").segment.min_clip_s == 5.0


def _whole_videos(settings: BuildSettings) -> BuildSettings:
    return replace(settings, segment=replace(settings.segment, skip_intro_s=0.0, min_clip_s=5.0))


def test_all_settings_but_the_cut_are_the_users() -> None:
    mine = BuildSettings(segment=Segment(30.0, 3.0, 2.0), speak=Speak())
    settings = measured(mine)
    assert isinstance(settings, MeasuredSettings)
    assert settings.segment == Segment(0.0, 3.0, 3.0)
    assert [s.name for s in settings.clip_stages] == [*(s.name for s in mine.clip_stages), "evidence"]
    assert settings.speak == mine.speak


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"videos": 0}, "got 0 videos"),
        ({"minutes": 0.0}, "of 0.0 minutes"),
        ({"layouts": ()}, "in 0 layouts"),
        ({"seed": 1000}, "got seeds 1000 to 1003, expected 0 to 999"),
        ({"seed": 998}, "got seeds 998 to 1001"),
        ({"seed": -1}, "got seeds -1"),
    ],
)
def test_what_measures_nothing_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Accuracy(**wrong)


def test_seeds_and_layouts_follow_each_other() -> None:
    made = films.films(4, 1.5, 7, ("split", "wide"))
    assert [(f.seed, f.layout) for f in made] == [(7, "split"), (8, "wide"), (9, "split"), (10, "wide")]
    assert made[0].name == "seed7-split-1.5min"


def _studio(folder: Path, truth_of: Path) -> Path:
    """A folder such as the studio leaves, with the truth of the video `truth_of`."""
    dialogue = made_dialogue(41, 8.0)
    spoken = Spoken("en", tuple(replace(t, participant={"A": "S0", "B": "S1"}[t.participant]) for t in dialogue.turns))
    true = TrueDialogue(file_source(truth_of, "made"), 8.0, lambda: (spoken, dialogue.participants))
    write_truth(folder / "truth", folder / "work", [true], {}, [])
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "videos" / Film(7, "split", 2.0).name
    folder.mkdir(parents=True)
    (folder / "podcast.mp4").write_bytes(b"no video")
    return folder


def test_a_finished_video_is_used_with_its_truth_and_not_made_again(home: Path) -> None:
    assert not films.is_finished(home)
    _studio(home, home / "podcast.mp4")
    shot = films.shoot(Film(7, "split", 2.0), home.parent)
    assert (shot.name, shot.video) == ("seed7-split-2min", home / "podcast.mp4")
    assert shot.truth.clip.source_id == shot.source_id == sha256_of([shot.video])
    assert [t.participant for t in shot.truth.turns[:2]] == ["A", "B"]


def test_the_truth_of_another_video_is_refused(home: Path) -> None:
    other = home / "other.mp4"
    other.write_bytes(b"another video")
    _studio(home, other)
    with pytest.raises(UserError, match=r"holds 0 dialogues of podcast\.mp4, expected one"):
        films.load(home)


def test_the_command_prints_json_and_nothing_else(
    takes: list[Take],
    work: Path,
    shared_media: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    video = shared_media / "dialogue" / "grid_dialogue_9s.mp4"
    shot = Shot("grid", video, sha256_of([video]), takes[0].truth)
    monkeypatch.setattr(benchmark, "shoot", lambda film, folder, tick: shot)
    console = Console()
    picture = work / "accuracy.png"
    assert Accuracy(videos=1, work=work, json=True, picture=picture).run(console) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["figures"]["wer"] == {"value": 0.0, "count": 18, "of": "words"}
    assert picture.exists()
    assert Accuracy(videos=1, work=work).run(Console(width=80)) == 0
    text = capsys.readouterr().out
    assert [row.label for _, rows in ROWS for row in rows if row.label not in text] == []
    assert [section for section, _ in ROWS if section not in text] == []
