from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from people import GRID_TALK, drawn_track, sighting_of, watched

from nonverbal.backends.looks import look_model
from nonverbal.pipeline.stage import Job
from nonverbal.records import dumps, loads
from nonverbal.types import Source, SpeakerSegment, Track
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.identity import Identify, Identities, assign, evidence_of
from nonverbal.venus.linking import gather, link
from nonverbal.venus.speak import Speak
from nonverbal.venus.speaking import Speaking
from nonverbal.venus.visible import Visible
from nonverbal.verdicts import Reason, Reject

MODEL = look_model("appearance")
JOB = Job(Source("s", "unused", 0))
TALK = Diarization((SpeakerSegment("S0", 0, 4), SpeakerSegment("S1", 4, 8)), ("S0", "S1"))


def track(i: int, start: int, end: int, look: int) -> Track:
    return drawn_track(np.zeros(end - start), track_id=i, start_frame=start, look=look)


def identify(tracks: list[Track], scores: list[np.ndarray], talk: Diarization = TALK) -> Identities | Reject:
    inputs = {
        "watch": sighting_of(*tracks, count=200),
        "diarize": talk,
        "speak": Speaking(tuple(np.asarray(s, np.float32) for s in scores)),
        "visible": SimpleNamespace(persons=link(tracks, MODEL)),
    }
    return Identify().run(JOB, inputs)


def test_tracks_of_one_look_become_one_person_but_never_two_at_once() -> None:
    cut = [track(0, 0, 100, 0), track(1, 0, 100, 1), track(2, 100, 200, 1), track(3, 100, 200, 0)]
    assert link(cut, MODEL) == ((0, 3), (1, 2))
    twins = [track(0, 0, 100, 0), track(1, 50, 200, 0), track(2, 100, 150, 0)]
    groups = link(twins, MODEL)
    assert sorted(i for g in groups for i in g) == [0, 1, 2]
    assert all(not {0, 1} <= set(g) and not {1, 2} <= set(g) for g in groups)
    assert (0, 2) in groups


def test_linking_many_tracks_keeps_everyone_apart_who_met() -> None:
    random = np.random.default_rng(0)
    starts = random.integers(0, 1000, 40)
    tracks = [
        track(i, int(s), int(s) + int(random.integers(5, 80)), int(random.integers(3))) for i, s in enumerate(starts)
    ]
    groups = link(tracks, MODEL)
    assert sorted(i for g in groups for i in g) == list(range(40))
    for group in groups:
        assert len({int(tracks[i].appearance.argmax()) for i in group}) == 1
        spans = sorted((tracks[i].start_frame, tracks[i].end_frame) for i in group)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def looking(track: Track, *look: float) -> Track:
    vector = np.zeros(8, np.float32)
    vector[: len(look)] = look
    return dataclasses.replace(track, appearance=vector / np.linalg.norm(vector))


def test_a_person_under_another_cameras_colours_is_found_by_the_lead_over_the_other() -> None:
    """Tracks 2 and 3 are 0.8 like A and B, 4 is as much like both, 5 like neither."""
    tracks = [
        looking(track(0, 0, 100, 0), 1, 0),
        looking(track(1, 0, 100, 0), 0, 1),
        looking(track(2, 100, 130, 0), 0.8, 0.1, 0.6),
        looking(track(3, 130, 160, 0), 0.1, 0.8, 0.6),
        looking(track(4, 160, 180, 0), 0.7, 0.7),
        looking(track(5, 180, 200, 0), 0.3, 0.1, 0.9),
    ]
    groups = link(tracks, MODEL)
    assert len(groups) == 6
    assert gather(tracks, groups, 2, MODEL) == ((0, 2), (1, 3), (4,), (5,))


def test_the_second_person_is_not_the_first_one_under_another_camera() -> None:
    tracks = [
        looking(track(0, 0, 100, 0), 1, 0, 0),
        looking(track(1, 100, 180, 0), 0.8, 0.1, 0.6),  # the same, more often seen than the other one
        looking(track(2, 180, 200, 0), 0, 1, 0),
    ]
    assert gather(tracks, link(tracks, MODEL), 2, MODEL) == ((0, 1), (2,))


def test_two_rather_like_people_who_never_meet_stay_two() -> None:
    tracks = [looking(track(0, 0, 100, 0), 1, 0), looking(track(1, 100, 180, 0), 0.75, 0.66)]
    assert gather(tracks, link(tracks, MODEL), 2, MODEL) == ((0,), (1,))
    tracks[1] = looking(tracks[1], 0.8, 0.6)
    assert gather(tracks, link(tracks, MODEL), 2, MODEL) == ((0,), (1,))


def test_nobody_is_gathered_into_a_person_met_at_the_same_time() -> None:
    tracks = [
        looking(track(0, 0, 100, 0), 1, 0),
        looking(track(1, 0, 90, 0), 0, 1),
        looking(track(2, 50, 80, 0), 0.8, 0.1, 0.6),
    ]
    assert gather(tracks, link(tracks, MODEL), 2, MODEL) == ((0,), (1,), (2,))


def test_gathering_nobody_gives_nobody() -> None:
    assert gather([], (), 2, MODEL) == ()


def test_linking_nobody_gives_nobody() -> None:
    assert link([], MODEL) == ()
    assert link([track(0, 0, 9, 0)], MODEL) == ((0,),)


def test_each_speaker_gets_the_person_who_moves_the_lips_with_the_voice() -> None:
    first, second = np.r_[np.full(100, 0.9), np.zeros(100)], np.r_[np.zeros(100), np.full(100, 0.6)]
    found = identify([track(0, 0, 200, 0), track(1, 0, 200, 1)], [second, first])
    assert [(a.speaker, a.track_ids) for a in found.assignments] == [("S0", (1,)), ("S1", (0,))]
    assert [round(a.evidence, 2) for a in found.assignments] == [0.9, 0.6]
    assert loads(Identities, dumps(found)) == found


def test_the_listeners_tracks_stay_with_the_person() -> None:
    """S0 is seen talking in one shot and listening in the next; both are kept."""
    tracks = [track(0, 0, 100, 0), track(1, 100, 150, 0), track(2, 150, 200, 1)]
    found = identify(tracks, [np.full(100, 0.8), np.zeros(50), np.full(50, 0.8)])
    assert [a.track_ids for a in found.assignments] == [(0, 1), (2,)]


def test_a_person_always_moving_the_lips_does_not_take_the_other_ones_voice() -> None:
    """Everything counted, not who is the more likely one in each speaker's turns."""
    restless, talker = np.full(200, 0.7), np.r_[np.zeros(100), np.full(100, 0.6)]
    found = identify(
        [track(0, 0, 200, 0), track(1, 0, 200, 1)], [restless + np.r_[np.full(100, 0.1), np.zeros(100)], talker]
    )
    assert [a.track_ids for a in found.assignments] == [(0,), (1,)]


def test_fewer_people_than_voices_is_a_lost_face() -> None:
    verdict = identify([track(0, 0, 200, 0)], [np.r_[np.full(100, 0.9), np.zeros(100)]])
    assert isinstance(verdict, Reject)
    assert verdict.reason is Reason.E_FACE_LOST
    assert "1 person(s) on screen for 2 voices" in verdict.message


def test_a_voice_that_moves_nobodys_lips_is_a_lost_face() -> None:
    scores = [np.r_[np.full(100, 0.9), np.zeros(100)], np.zeros(200)]
    verdict = identify([track(0, 0, 200, 0), track(1, 0, 200, 1)], scores)
    assert isinstance(verdict, Reject)
    assert verdict.reason is Reason.E_FACE_LOST
    assert "S1 (4.0 s of talk)" in verdict.message


def test_overlapping_talk_is_evidence_for_neither() -> None:
    masks = [np.asarray([1, 1, 1, 0], bool), np.asarray([0, 0, 1, 1], bool)]
    evidence = evidence_of([np.asarray([1, 1, 0, 0.5], np.float32)], masks)
    assert evidence.tolist() == [[0.5, -0.5]]


def test_assignment_maximises_the_total() -> None:
    assert assign(np.asarray([[0.5, 0.4], [0.45, 0.0]], np.float32)) == {0: 1, 1: 0}
    assert assign(np.zeros((0, 2), np.float32)) == {}


def test_two_people_through_real_cuts(cut_video: Path) -> None:
    job, sighting = watched(cut_video, 9.0)
    inputs = {"watch": sighting, "diarize": GRID_TALK}
    inputs["visible"] = Visible().run(job, inputs)
    inputs["speak"] = Speak().run(job, inputs)
    found = Identify().run(job, inputs)
    assert [a.speaker for a in found.assignments] == ["S0", "S1"]
    # views L R W R L W R L, tracks of W from left to right
    assert [a.track_ids for a in found.assignments] == [(0, 2, 5, 6, 9), (1, 3, 4, 7, 8)]
    assert all(a.evidence > 0.2 and a.similarity > 0.9 for a in found.assignments)
