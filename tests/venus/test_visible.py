from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from people import FACES_ONLY, GRID, GRID_TALK, drawn_track, job_for, sighting_of, syllables, watched, write_video

from nonverbal.media.video import read_frames
from nonverbal.pipeline.stage import Job
from nonverbal.records import dumps, loads
from nonverbal.types import Source
from nonverbal.venus.visible import Visibility, Visible, lip_range
from nonverbal.venus.watch import Sighting
from nonverbal.verdicts import Reason, Reject, UserError

JOB = Job(Source("s", "unused", 0))
T = 250
TALKING = 0.05 * syllables(T, 1)


def judge(sighting: Sighting) -> Visibility | Reject:
    return Visible().run(JOB, {"watch": sighting, "diarize": GRID_TALK})


def only(opening, share: float):
    """`opening` in the first `share` of the clip, no face after."""
    return np.where(np.arange(T) < share * T, opening, np.nan)


def test_two_people_in_view_pass_with_their_facts(shared_media: Path) -> None:
    facts = judge(watched(shared_media / GRID, 9.0)[1])
    assert facts.persons == ((0,), (1,))
    assert facts.person_share == (1.0, 1.0)
    assert facts.face_share == 1.0
    assert facts.shots == 1
    assert facts.lip_range > 0.05
    assert loads(Visibility, dumps(facts)) == facts


CASES = {
    "nobody": (sighting_of(count=T), Reason.E_NO_FACE, "0.0% of the clip"),
    "a glimpse": (sighting_of(drawn_track(only(TALKING, 0.05))), Reason.E_NO_FACE, "5.2% of the clip"),
    "one person for two voices": (sighting_of(drawn_track(TALKING)), Reason.E_FACE_LOST, "seen in 100% of the clip"),
    "the second one leaves early": (
        sighting_of(drawn_track(TALKING), drawn_track(only(TALKING, 0.1), x=300, look=1)),
        Reason.E_FACE_LOST,
        "seen in 100%, 10% of the clip",
    ),
    "a still picture": (
        sighting_of(drawn_track(TALKING), drawn_track(TALKING, x=300, look=1), still=0.98),
        Reason.E_STILL,
        "98% of the pictures equal the one before",
    ),
    "a photograph under a moving camera": (
        sighting_of(drawn_track(np.full(T, 0.02)), drawn_track(np.full(T, 0.03), x=300, look=1)),
        Reason.E_STILL,
        "the lips move by 0.0000 face heights",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_missing_is_named(case: str) -> None:
    sighting, reason, text = CASES[case]
    verdict = judge(sighting)
    assert isinstance(verdict, Reject)
    assert verdict.reason is reason
    assert text in verdict.message


def test_a_listener_at_rest_beside_a_talker_is_no_photograph() -> None:
    still = drawn_track(np.full(T, 0.01), x=300, look=1)
    assert isinstance(judge(sighting_of(drawn_track(TALKING), still)), Visibility)


@pytest.mark.parametrize("zoom", [False, True])
def test_a_photograph_under_a_voice_is_still(shared_media: Path, tmp_path: Path, zoom: bool) -> None:
    """Held, or moved slowly as documentaries do."""
    picture = next(iter(read_frames(shared_media / GRID, 1.0, 2.0)))
    shift = [2 * i if zoom else 0 for i in range(50)]
    path = write_video(tmp_path / "photo.mp4", [picture[:400, s : s + 1160] for s in shift])
    verdict = judge(FACES_ONLY.run(job_for(path, 0.0, 2.0), {}))
    assert isinstance(verdict, Reject)
    assert verdict.reason is Reason.E_STILL


def test_lip_range_ignores_single_frames_gone_wrong() -> None:
    opening = np.full(T, 0.01)
    opening[7] = 0.3
    assert lip_range(drawn_track(opening)) < 0.001
    assert lip_range(drawn_track(TALKING)) > 0.02
    assert lip_range(drawn_track(np.full(3, np.nan))) == 0.0


def test_alike_enough_is_what_it_is_for_the_model_that_described_them() -> None:
    """Two people who never meet and are 0.9 alike: one for the default model, two for a network of faces."""
    tracks = [drawn_track(TALKING[:125]), drawn_track(TALKING[:125], track_id=1, start_frame=125)]
    tracks[1].appearance[:2] = 0.9, np.sqrt(1 - 0.9**2)
    sighting = sighting_of(*tracks)
    verdict = judge(sighting)
    assert isinstance(verdict, Reject)
    assert "2 voices, but 1 on screen" in verdict.message
    facts = judge(dataclasses.replace(sighting, identity_model="dlib_face"))
    assert isinstance(facts, Visibility)
    assert facts.persons == ((0,), (1,))
    stricter = Visible(same_person_similarity=0.95).run(JOB, {"watch": sighting, "diarize": GRID_TALK})
    assert isinstance(stricter, Visibility)
    assert stricter.persons == ((0,), (1,))
    with pytest.raises(UserError, match=r"same_person_similarity=1\.5, expected -1 to 1"):
        Visible(same_person_similarity=1.5)
