"""Networks as active speaker models: which is chosen, what they see and hear, where they say nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from people import FACES_ONLY, babble, drawn_track, job_for, sighting_of, syllables

from nonverbal.backends.active_speakers import CHOICES, NETWORK_WEIGHTS
from nonverbal.backends.light_asd import LightASD
from nonverbal.backends.talk_network import network
from nonverbal.media.audio import read_audio
from nonverbal.pipeline.stage import Job
from nonverbal.types import Source, SpeakerSegment, Track
from nonverbal.venus import speak_networks
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.speak import Speak
from nonverbal.venus.speak_networks import CALIBRATIONS, NetworkSpeakers, extended, seen, sound_of
from nonverbal.verdicts import UserError

T = 60
BEST, *OTHERS = (choice.name for choice in CHOICES if choice.name in NETWORK_WEIGHTS)


def pictured(track: Track, seed: int = 0) -> Track:
    """The same with small noisy faces, black where no face is seen."""
    faces = np.random.default_rng(seed).integers(1, 256, (track.n_frames, 16, 16), dtype=np.uint8)
    return replace(track, faces=faces * track.face_valid[:, None, None])


@pytest.fixture
def any_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn weights, whose scores mean nothing but depend on all that is given."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = LightASD().eval()
        made.output.weight.data.mul_(20.0)
    monkeypatch.setattr(speak_networks, "network", lambda name: made)


def speak(tracks: list[Track], model: str = "light-asd", threads: int = 1, end_s: float = 2.4) -> list[np.ndarray]:
    job = Job(Source("s", "unused", 0), threads=threads)
    job.__dict__["audio"] = SimpleNamespace(samples=babble(syllables(T, 1)))
    talk = Diarization((SpeakerSegment("S0", 0.0, end_s),), ("S0",))
    stage = Speak(active_speaker_model=model)
    return list(stage.run(job, {"watch": sighting_of(*tracks, count=T), "diarize": talk}).scores)


def people() -> list[Track]:
    opening = 0.05 * syllables(T, 1)
    gap = opening.copy()
    gap[20:30] = np.nan
    tracks = [drawn_track(opening), drawn_track(gap, x=300), drawn_track(opening[35:], x=500, start_frame=35)]
    return [pictured(track, seed) for seed, track in enumerate(tracks)]


def test_scores_are_chances_where_a_face_is_seen_and_a_voice_heard(any_network: None) -> None:
    scores = speak(people(), end_s=2.0)
    assert [len(s) for s in scores] == [T, T, T - 35]
    assert not scores[1][20:30].any()
    assert not scores[0][51:].any()
    for own in scores:
        assert np.isfinite(own).all()
        assert own.min() >= 0.0
    assert (scores[0][:20] > 0).all()
    assert np.max(scores[0][35:] + scores[1][35:] + scores[2]) <= 1.0


def test_threads_and_repeats_change_no_bit(any_network: None) -> None:
    first = speak(people())
    for threads in (1, 2, 3):
        assert all(np.array_equal(a, b) for a, b in zip(first, speak(people(), threads=threads), strict=True))


def test_what_is_seen_during_a_gap_is_the_last_face(any_network: None) -> None:
    valid = np.asarray([0, 1, 1, 0, 0, 1], bool)
    faces = np.arange(6, dtype=np.uint8)[:, None, None] * valid[:, None, None].astype(np.uint8)
    track = replace(drawn_track(np.where(valid, 0.02, np.nan)), faces=faces)
    assert seen(track).ravel().tolist() == [1, 1, 2, 2, 2, 5]
    assert seen(track, 1).ravel().tolist() == [1, 2, 2, 2, 5, 5]
    assert seen(track, -2).ravel().tolist() == [1, 1, 1, 1, 2, 2]
    nobody = replace(track, face_valid=np.zeros(6, bool))
    assert seen(nobody).shape == (6, 1, 1)


def test_sound_ends_in_silence_and_scores_end_as_they_were() -> None:
    track = drawn_track(np.full(3, 0.02), start_frame=2)
    samples = np.arange(3 * 640, dtype=np.float32)
    assert sound_of(track, samples)[:640].tolist() == list(range(1280, 1920))
    assert not sound_of(track, samples)[640:].any()
    assert len(sound_of(track, samples[:100])) == 3 * 640
    assert extended(np.asarray([1, 2], np.float32), 4).tolist() == [1, 2, 2, 2]
    assert extended(np.zeros(0, np.float32), 2).tolist() == [-np.inf] * 2


def test_a_track_of_one_frame_gets_no_score_and_nobody_gets_none(any_network: None) -> None:
    (score,) = speak([pictured(drawn_track(np.full(1, 0.02)))])
    assert score.tolist() == [0.0]
    assert speak([]) == []


def test_faces_that_were_not_kept_are_one_sentence(any_network: None) -> None:
    with pytest.raises(UserError, match="set keep_faces"):
        speak([drawn_track(0.05 * syllables(T, 1))])


def test_progress_reaches_the_job(any_network: None) -> None:
    told: list[float] = []
    tracks = people()
    NetworkSpeakers("light-asd", tick=told.append).score(tracks, babble(syllables(T, 1)), [np.ones(T, bool)])
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder that is empty, and no other place to find any."""
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NONVERBAL_DOWNLOAD", raising=False)
    return tmp_path


def test_auto_is_the_best_network_at_hand_or_synchrony(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auto = Speak()
    assert auto.active_speaker_model == "auto"
    assert auto.settled() == Speak(active_speaker_model="synchrony")
    assert not auto.wants_faces
    assert [backend.name for backend in auto.backends()] == ["synchrony"]
    (nowhere / NETWORK_WEIGHTS[OTHERS[0]].path).write_bytes(b"found, whatever it holds")
    assert auto.settled().active_speaker_model == OTHERS[0]
    (nowhere / NETWORK_WEIGHTS[BEST].path).write_bytes(b"found, whatever it holds")
    assert auto.settled().active_speaker_model == BEST
    assert auto.wants_faces
    (backend,) = auto.backends()
    assert "changed or damaged" in str(backend.problem())


def test_auto_takes_what_may_be_downloaded_and_a_name_is_taken_at_its_word(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NONVERBAL_DOWNLOAD", "1")
    assert Speak().settled().active_speaker_model == BEST
    named = Speak(active_speaker_model="light-asd-ava")
    assert named.settled() is named
    assert named.wants_faces
    assert [backend.name for backend in named.backends()] == ["light-asd-ava"]


def test_auto_that_was_not_settled_is_synchrony(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONVERBAL_DOWNLOAD", "1")
    tracks = people()
    for one, other in zip(speak(tracks, "auto"), speak(tracks, "synchrony"), strict=True):
        assert np.array_equal(one, other)


def test_every_network_is_calibrated() -> None:
    assert set(CALIBRATIONS) == set(NETWORK_WEIGHTS)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(NETWORK_WEIGHTS))
def test_a_talker_is_told_from_a_face_at_rest_beside_the_same_voice(
    name: str, shared_media: Path, shared_models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(shared_models))
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path))
    network.cache_clear()
    watch = replace(FACES_ONLY, keep_faces=True)
    files = ("dialogue/grid/bbaf2n.mpg", "faces/WolfgangLanger_Pexels.mp4")
    talker, still = (watch.run(job_for(shared_media / file, 0.0, 2.8), {}).tracks[0] for file in files)
    samples = read_audio(shared_media / files[0], 0.0, 2.8).samples
    voice = np.zeros(70, bool)
    voice[15:50] = True
    talks, rests = NetworkSpeakers(name, 2).score([talker, still], samples, [voice]).scores
    assert talks[voice].mean() > 0.7
    assert rests[voice].mean() < 0.2
