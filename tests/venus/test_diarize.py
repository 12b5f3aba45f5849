"""Who speaks when, on real recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recordings import diarized, job_of, job_with, music

from nonverbal.pipeline.store import JsonCodec
from nonverbal.types import SpeakerSegment
from nonverbal.venus.diarize import Diarization, Diarize, talk_shares
from nonverbal.venus.naming import drop_strays, rename
from nonverbal.venus.truth import diarization_error, read_rttm
from nonverbal.venus.voices import Windows
from nonverbal.verdicts import Reason, Reject


def order(found: Diarization) -> str:
    names = [s.speaker[-1] for s in found.segments]
    return "".join(b for a, b in zip(["", *names], names, strict=False) if a != b)


def test_the_split_screen_dialogue_is_a_b_a(shared_media: Path) -> None:
    found = diarized(shared_media / "dialogue/grid_dialogue_9s.mp4")
    assert found.speakers == ("S0", "S1")
    assert order(found) == "010"
    truth = read_rttm(shared_media / "dialogue/grid_dialogue_9s.rttm", "grid_dialogue_9s")
    error = diarization_error(truth, found.segments)
    assert error.confused_s == 0.0
    assert error.false_alarm_s < 0.1
    assert error.rate < 0.4, "the truth's edges are the cut files' and hold up to 0.5 s of silence each"
    assert Diarize().verdict(found) is None


@pytest.mark.parametrize(("name", "rttm", "worst"), [("sample", "sample", 0.08), ("dev00", "debug.development", 0.2)])
def test_two_like_voices_with_overlap(shared_media: Path, name: str, rttm: str, worst: float) -> None:
    """On the telephone, and in a meeting where the segmentation network takes both for one."""
    found = diarized(shared_media / f"speech/{name}.wav")
    truth = read_rttm(shared_media / f"speech/{rttm}.rttm", name)
    assert len(found.speakers) == 2
    assert diarization_error(truth, found.segments).rate < worst
    assert Diarize().verdict(found) is None


def test_first_left_then_right(shared_media: Path) -> None:
    found = diarized(shared_media / "dialogue/latentsync_pair_8s.mp4")
    assert [s.speaker for s in found.segments] == ["S0", "S1"]
    assert found.segments[1].start_s == pytest.approx(4.0, abs=0.2)


def test_three_speakers_are_rejected_with_their_shares(shared_media: Path) -> None:
    path = shared_media / "speech/three_speakers.wav"
    found = diarized(path)
    truth = [SpeakerSegment(k, a, b) for k, a, b in (("a", 1.7, 3.9), ("b", 6.2, 11.1), ("c", 12.8, 18.0))]
    assert diarization_error(truth, found.segments).rate < 0.05
    verdict = Diarize().verdict(found)
    assert verdict is not None
    assert verdict.reason is Reason.E_THREE_PLUS
    assert "3 voices share the talk (S0 17%, S1 40%, S2 43%)" in verdict.message


@pytest.mark.parametrize("name", ["speech/jfk.flac", "speech/6930-75918-0000.flac", "dialogue/grid/lwbsza.mpg"])
def test_one_speaker_is_rejected(shared_media: Path, name: str) -> None:
    result = Diarize().run(job_of(shared_media / name), {})
    assert isinstance(result, Reject)
    assert result.reason is Reason.E_ONE_SPEAKER


@pytest.mark.slow
@pytest.mark.parametrize("name", ["6930-75918-0000", "7902-96591-0000"])
def test_readers_stay_one_speaker(shared_media: Path, name: str) -> None:
    assert len(diarized(shared_media / f"speech/{name}.flac").speakers) == 1


@pytest.mark.slow
def test_katie_and_steve(shared_media: Path) -> None:
    found = diarized(shared_media / "speech/katiesteve_mono.wav")
    assert order(found) == "010101"


@pytest.mark.parametrize("samples", [np.zeros(32000), np.zeros(10), music(4.0)], ids=["silence", "10 samples", "music"])
def test_no_speech(samples: np.ndarray) -> None:
    result = Diarize().run(job_with(samples), {})
    assert isinstance(result, Reject)
    assert result.reason is Reason.E_NO_SPEECH


def test_results_do_not_depend_on_the_number_of_threads(shared_media: Path) -> None:
    import torch

    path = shared_media / "dialogue/latentsync_pair_8s.mp4"
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        again = Diarize().diarize(job_of(path).audio.samples, lambda done: None)
        assert torch.get_num_threads() == 2, "the caller's setting is left alone"
    finally:
        torch.set_num_threads(before)
    assert again == diarized(path)


def test_progress_rises_to_the_end(shared_media: Path) -> None:
    ticks: list[float] = []
    Diarize().diarize(job_of(shared_media / "speech/jfk.flac").audio.samples, ticks.append)
    assert ticks == sorted(ticks)
    assert ticks[0] > 0.0
    assert ticks[-1] <= 1.0
    assert len(ticks) >= 5


def talk(**seconds: float) -> Diarization:
    segments, now = [], 0.0
    for name, length in seconds.items():
        segments.append(SpeakerSegment(name, now, now + length))
        now += length
    return Diarization(tuple(segments), tuple(seconds))


def test_a_monologue_with_nods_is_one_speaker() -> None:
    verdict = Diarize().verdict(talk(S0=97.0, S1=3.0))
    assert verdict is not None
    assert verdict.reason is Reason.E_ONE_SPEAKER
    assert "S0 97%, S1 3%" in verdict.message
    assert Diarize(min_talk_share=0.02).verdict(talk(S0=97.0, S1=3.0)) is None


def test_shares_count_overlap_for_both_and_time_once() -> None:
    segments = (SpeakerSegment("S0", 0, 6), SpeakerSegment("S0", 4, 6), SpeakerSegment("S1", 4, 6))
    assert talk_shares(Diarization(segments, ("S0", "S1"))) == {"S0": 0.75, "S1": 0.25}


def test_a_stray_voice_is_left_out_or_joins_whom_it_sounds_like() -> None:
    active = np.zeros((100, 3), dtype=bool)
    active[:50, 0] = active[50:98, 1] = active[98:, 2] = True
    apart = np.eye(3, dtype=np.float32)
    assert (drop_strays(active, apart, 0.03) == active[:, :2]).all()
    alike = apart.copy()
    alike[2] = 0.6 * apart[1] + 0.8 * apart[2]
    assert drop_strays(active, alike, 0.03)[98:].tolist() == [[False, True]] * 2
    assert (drop_strays(active, alike, 0.01) == active).all()


def test_windows_take_a_wrong_first_name_back() -> None:
    """One first name covers two voices; the windows over frames 20-39 sound like the other one."""
    voice = np.eye(4, dtype=np.float32)
    windows = Windows(
        speaker=np.zeros(4, dtype=np.int64),
        first=np.array([0, 10, 20, 30]),
        last=np.array([10, 20, 30, 40]),
        vectors=voice[[0, 0, 1, 1]],
        talk_s=np.full(4, 2.0),
    )
    found = rename(np.ones((40, 1), dtype=bool), windows, np.array([0, 0, 1, 1]))
    assert found[:20].tolist() == [[True, False]] * 20
    assert found[20:].tolist() == [[False, True]] * 20


@pytest.mark.parametrize(
    "setting",
    [{"min_talk_share": 0.6}, {"diarize_step_s": 0.0}, {"same_voice_similarity": 0.2}],
    ids=lambda setting: next(iter(setting)),
)
def test_a_wrong_setting_names_itself(setting: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        Diarize(**setting)  # type: ignore[arg-type]


def test_the_artefact_comes_back_from_disk(tmp_path: Path) -> None:
    codec = Diarize.codec
    assert isinstance(codec, JsonCodec)
    value = talk(S0=1.5, S1=0.125)
    codec.write(tmp_path / "d.json", value)
    assert codec.read(tmp_path / "d.json") == value
