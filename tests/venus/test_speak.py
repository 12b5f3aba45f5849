from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from people import GRID, GRID_TALK, babble, drawn_track, sighting_of, syllables, watched

from nonverbal.backends.active_speakers import CHOICES
from nonverbal.pipeline.stage import Job
from nonverbal.timeline import spans_to_mask
from nonverbal.types import Source, Span, SpeakerSegment, Track
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.speak import Speak
from nonverbal.venus.speaking import Speaking, shared

T = 300
REST = 0.01 + 0.001 * np.random.default_rng(9).standard_normal(T)
CHEWING = 0.025 + 0.025 * np.sin(2 * np.pi * 1.5 * np.arange(T) / 25)


def speak(tracks: list[Track], samples, *segments: tuple[str, float, float]) -> Speaking:
    job = Job(Source("s", "unused", 0))
    job.__dict__["audio"] = SimpleNamespace(samples=samples)  # what `cached_property` would keep
    names = tuple(sorted({s[0] for s in segments}))
    talk = Diarization(tuple(SpeakerSegment(*s) for s in segments), names)
    return Speak().run(job, {"watch": sighting_of(*tracks, count=T), "diarize": talk})


def test_the_talker_is_told_from_the_one_at_rest() -> None:
    curve = syllables(T, 1)
    talker, rest = speak([drawn_track(0.05 * curve), drawn_track(REST, x=300)], babble(curve), ("S0", 0, 12)).scores
    assert talker.mean() > 0.7
    assert rest.mean() < 0.05


def test_of_two_moving_mouths_the_one_in_step_wins() -> None:
    curve = syllables(T, 1)
    tracks = [drawn_track(CHEWING), drawn_track(0.05 * curve, x=300), drawn_track(0.05 * syllables(T, 7), x=500)]
    chewing, talker, other = speak(tracks, babble(curve), ("S0", 0, 12)).scores
    assert talker.mean() > 0.6
    assert chewing.mean() < 0.15
    assert other.mean() < 0.15


def test_chewing_and_silent_mouthing_without_a_voice_count_for_nothing() -> None:
    silence = np.zeros(T * 640, np.float32)
    tracks = [drawn_track(CHEWING), drawn_track(0.05 * syllables(T, 1), x=300)]
    for scores in speak(tracks, silence, ("S0", 0, 12)).scores:  # diarized by mistake, but silent
        assert not scores.any()
    for scores in speak(tracks, babble(syllables(T, 1))).scores:  # loud, but no speech
        assert not scores.any()


def test_a_voice_from_off_camera_is_nobodys() -> None:
    voice = babble(syllables(T, 1))
    (rest,) = speak([drawn_track(REST)], voice, ("S0", 0, 12)).scores
    (chewing,) = speak([drawn_track(CHEWING)], voice, ("S0", 0, 12)).scores
    assert rest.mean() < 0.05
    assert chewing.mean() < 0.35


def test_frames_without_a_face_or_outside_the_talk_score_zero() -> None:
    curve = syllables(T, 1)
    opening = 0.05 * curve
    opening[100:150] = np.nan
    (scores,) = speak([drawn_track(opening)], babble(curve), ("S0", 0, 8)).scores
    assert not scores[100:150].any()
    assert not scores[200:].any()
    assert scores[:100].mean() > 0.5


@pytest.mark.parametrize("lag", [-12, 12])
def test_lips_far_from_their_sound_are_judged_in_the_time_of_the_sound(lag: int) -> None:
    """The talk lasts 200 frames; the lips have it half a second later or earlier."""
    curve = np.concatenate([np.zeros(50), syllables(T - 100, 1), np.zeros(50)])
    found = speak([drawn_track(0.05 * np.roll(curve, lag)), drawn_track(REST, x=300)], babble(curve), ("S0", 2, 10))
    assert found.lag_frames == lag
    assert found.sync > 0.4
    assert found.scores[0][50:250].mean() > 0.6
    assert found.scores[1].mean() < 0.05


def test_a_track_that_covers_a_part_of_the_clip_is_scored_in_its_own_frames() -> None:
    curve = syllables(T, 1)
    late = drawn_track(0.05 * curve[120:], start_frame=120)
    (scores,) = speak([late], babble(curve), ("S0", 0, 12)).scores
    assert len(scores) == T - 120
    assert scores.mean() > 0.6


def test_two_voices_at_once_may_be_two_mouths() -> None:
    one, two = syllables(T, 1), syllables(T, 2)
    tracks = [drawn_track(0.05 * one), drawn_track(0.05 * two, x=300)]
    both = speak(tracks, babble(one, 1) + babble(two, 2), ("S0", 0, 12), ("S1", 0, 12)).scores
    alone = speak(tracks, babble(one, 1) + babble(two, 2), ("S0", 0, 12)).scores
    assert both[0].mean() + both[1].mean() > alone[0].mean() + alone[1].mean() + 0.1


def test_one_voice_is_shared_by_at_most_one_person() -> None:
    odds = np.asarray([[0.0, 3.0, -np.inf, 500.0], [0.0, 3.0, -np.inf, -np.inf]])
    one, two = np.ones(4, int), np.full(4, 2)
    assert shared(odds, one)[:, 0] == pytest.approx([1 / 3, 1 / 3])
    assert shared(odds, one).sum(axis=0).max() <= 1.0
    assert shared(odds, two)[:, 1] == pytest.approx([0.9526, 0.9526], abs=1e-4)
    assert np.isfinite(shared(odds, one)).all()


def test_nobody_on_screen_gives_no_scores() -> None:
    assert speak([], babble(syllables(T, 1)), ("S0", 0, 12)).scores == ()


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=", ".join(choice.name for choice in CHOICES)):
        Speak(active_speaker_model="psychic")


def test_who_talks_in_a_real_dialogue_though_the_listeners_mouth_moves(shared_media: Path) -> None:
    """The left listener's frames loop eight by eight with the mouth opening, three times a second."""
    job, sighting = watched(shared_media / GRID, 9.0)
    left, right = Speak().run(job, {"watch": sighting, "diarize": GRID_TALK}).scores
    spans = {
        name: spans_to_mask([Span(s.start_s, s.end_s) for s in GRID_TALK.segments if s.speaker == name], 225)
        for name in GRID_TALK.speakers
    }
    talk = spans["S0"] | spans["S1"]
    assert ((left > right) == spans["S0"])[talk].mean() > 0.95
    assert (left > 0.5)[spans["S1"]].mean() < 0.05
    assert (left > 0.5)[spans["S0"]].mean() > 0.9
    assert (right > 0.5)[spans["S1"]].mean() > 0.9


def test_who_talks_first_in_a_real_dialogue_with_both_mouths_moving(shared_media: Path) -> None:
    job, sighting = watched(shared_media / "dialogue/latentsync_pair_8s.mp4", 8.0)
    talk = Diarization((SpeakerSegment("S0", 0.0, 4.0), SpeakerSegment("S1", 4.0, 8.0)), ("S0", "S1"))
    left, right = Speak().run(job, {"watch": sighting, "diarize": talk}).scores
    assert left[:100].mean() - left[100:].mean() > 0.05
    assert right[100:].mean() - right[:100].mean() > 0.05
