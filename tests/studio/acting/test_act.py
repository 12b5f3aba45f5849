"""A whole participant acted: ranges, smoothness, rates, and what the documentation says of them."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hand_talk import LONG, chat, spoken_line

from nonverbal.motion.looks import look_coefficients
from nonverbal.motion.rotations import matrix_from_axis_angle
from nonverbal.motion.skeleton import forward_kinematics
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.studio.acting.act import act
from nonverbal.studio.acting.attention import AWAY, PARTNER, angles_of, looks
from nonverbal.studio.acting.blinks import count_blinks
from nonverbal.studio.acting.facing import turn
from nonverbal.studio.acting.style import RESTS, Style, random_style
from nonverbal.studio.talk import ACTS, Performance, Talk
from nonverbal.timeline import FPS, frame_at
from nonverbal.verdicts import UserError

PARTNER_AT = np.array([0.45, 0.0, 0.9])
LENS_AT = np.array([-0.1, 0.02, 1.0])
TWO_MINUTES = chat(120.0)


def perform(talk: Talk, style: Style | None = None, participant: str = "A", seed: int = 1) -> Performance:
    return act(talk, participant, style or Style(), PARTNER_AT, LENS_AT, seed)


def column(performance: Performance, name: str) -> np.ndarray:
    return performance.face[:, ARKIT52_NAMES.index(name)]


@pytest.fixture(scope="module")
def played() -> Performance:
    return perform(TWO_MINUTES)


def test_shapes_types_and_ranges(played: Performance) -> None:
    for name, width in (("face", 52), ("gaze", 4), ("body", 117), ("chest", 3), ("sway_m", 3)):
        values = getattr(played, name)
        assert values.shape == (3000, width)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert played.face.min() >= 0.0
    assert played.face.max() <= 1.0
    assert np.abs(played.sway_m).max() < 0.08
    assert played.speaking.dtype == np.bool_
    assert 0.2 < played.speaking.mean() < 0.6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_coefficient_moves_within_two_minutes(seed: int) -> None:
    face = perform(TWO_MINUTES, random_style(np.random.default_rng(seed)), seed=seed).face
    rises = ((face[1:] >= 0.12) & (face[:-1] < 0.12)).sum(axis=0)
    still = [name for name, n in zip(ARKIT52_NAMES, rises, strict=True) if n < 2]
    assert not still


def test_left_and_right_go_together_but_not_quite(played: Performance) -> None:
    for name in ("mouthSmile", "browDown", "browOuterUp", "eyeBlink", "cheekSquint", "mouthPress"):
        left, right = column(played, name + "Left"), column(played, name + "Right")
        assert 0.85 < np.corrcoef(left, right)[0, 1] < 0.99999, name


def test_eye_looks_follow_exactly_from_gaze(played: Performance) -> None:
    for name, values in look_coefficients(played.gaze).items():
        assert column(played, name) == pytest.approx(values, abs=1e-6), name


def test_gaze_keeps_to_its_range(played: Performance) -> None:
    yaw, pitch = np.degrees(played.gaze[:, [0, 2]]), np.degrees(played.gaze[:, [1, 3]])
    assert np.abs(yaw).max() <= 25.01
    assert np.abs(pitch).max() <= 20.01
    inward = yaw[:, 1] - yaw[:, 0]
    assert np.median(inward) == pytest.approx(1.6, abs=0.01)


def test_eyes_meet_the_partner_whatever_the_head_does() -> None:
    """Where a look is on the partner, head and eyes together point there: the eyes make up for nods and turns."""
    talk = TWO_MINUTES
    played = perform(talk)
    chest = matrix_from_axis_angle(played.chest)
    head = chest @ matrix_from_axis_angle(played.body.reshape(-1, 39, 3)[:, SMPLX117_JOINTS.index("head")])
    yaw, pitch = played.gaze.reshape(-1, 2, 2).mean(axis=1).T
    eye = np.stack([np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw)], axis=-1)
    seen = np.degrees(angles_of(np.einsum("nij,nj->ni", head, eye)) - angles_of(PARTNER_AT))
    off = np.linalg.norm(seen, axis=1)
    assert np.mean(off < 4.0) > 0.5
    assert np.abs(np.diff(np.degrees(head[:, 0, 2]))).max() < 12.0


def test_speakers_look_away_more_than_listeners() -> None:
    talk = chat(1200.0, ("tell",))
    towards = angles_of(np.stack([PARTNER_AT, LENS_AT]))
    fixations = looks(talk, "A", Style(), towards, np.random.default_rng(0))
    times = (np.arange(int(talk.duration_s * FPS)) + 0.5) / FPS
    target = fixations.targets_at(times)
    own = np.zeros(len(times), dtype=bool)
    begin, end = np.zeros(len(times), dtype=bool), np.zeros(len(times), dtype=bool)
    for line in talk.of("A"):
        own |= (times >= line.start_s) & (times < line.end_s)
        begin |= (times >= line.start_s) & (times < line.start_s + 0.5)
        end |= (times >= line.end_s - 0.5) & (times < line.end_s)
    share = {name: float(np.mean(target[mask] == PARTNER)) for name, mask in
             {"speaking": own, "listening": ~own, "begin": begin, "end": end}.items()}  # fmt: skip
    assert share["speaking"] == pytest.approx(0.56, abs=0.06)
    assert share["listening"] == pytest.approx(0.86, abs=0.05)
    assert share["begin"] == pytest.approx(0.32, abs=0.10)
    assert share["end"] == pytest.approx(0.92, abs=0.06)
    assert np.mean(target == AWAY) > 0.1


@pytest.mark.parametrize("rate", [10.0, 17.0, 25.0])
def test_blinks_come_at_the_styles_rate_and_shut_the_eyes(rate: float) -> None:
    talk = chat(600.0)
    played = perform(talk, Style(blinks_per_min=rate))
    lid = column(played, "eyeBlinkLeft")
    assert count_blinks(lid) / 10.0 == pytest.approx(rate, rel=0.2)
    shut = np.flatnonzero((lid[1:-1] > 0.7) & (lid[1:-1] >= lid[:-2]) & (lid[1:-1] > lid[2:])) + 1
    assert (lid[shut] > 0.93).all()
    lengths = [np.sum(lid[max(i - 5, 0) : i + 7] > 0.25) for i in shut]
    assert 3 <= np.median(lengths) <= 8


def test_movement_is_smooth_and_of_human_speed() -> None:
    played = perform(chat(300.0), Style(gesture_rate=0.8))
    joints, _, _ = forward_kinematics(played.body)
    for wrist in ("left_wrist", "right_wrist"):
        path = joints[:, SMPLX117_JOINTS.index(wrist)]
        speed = np.linalg.norm(np.diff(path, axis=0), axis=1) * FPS
        acceleration = np.linalg.norm(np.diff(path, 2, axis=0), axis=1) * FPS**2
        assert 0.5 < speed.max() < 2.0
        assert acceleration.max() < 35.0
        assert (path[:, 2] > 0.10).all()  # in front of the trunk
    turns = matrix_from_axis_angle(played.body.reshape(len(played.body), 39, 3))
    steps = np.degrees(
        np.arccos(np.clip((np.trace(np.swapaxes(turns[:-1], -1, -2) @ turns[1:], axis1=-2, axis2=-1) - 1) / 2, -1, 1))
    )
    assert steps.max() < 30.0
    head = played.body.reshape(-1, 39, 3)[:, SMPLX117_JOINTS.index("head")]
    assert np.degrees(np.abs(np.diff(head, 2, axis=0))).max() < 8.0


def test_same_arguments_same_bytes_and_another_seed_another_play(played: Performance) -> None:
    again, other = perform(TWO_MINUTES), perform(TWO_MINUTES, seed=2)
    for field in fields(Performance):
        if field.name not in ("participant", "speaking"):
            assert getattr(played, field.name).tobytes() == getattr(again, field.name).tobytes()
            assert not np.array_equal(getattr(played, field.name), getattr(other, field.name))


def test_both_participants_move_on_their_own() -> None:
    a, b = perform(TWO_MINUTES), perform(TWO_MINUTES, participant="B")
    assert not np.allclose(a.body, b.body)
    assert not (a.speaking & b.speaking).any()


def test_a_participant_who_never_speaks_listens() -> None:
    talk = Talk((spoken_line("B", LONG, 1.0),), 10.0)
    played = perform(talk)
    assert not played.speaking.any()
    assert count_blinks(column(played, "eyeBlinkLeft")) >= 1
    assert column(played, "jawOpen").mean() < 0.03


def test_acts_show_on_the_face() -> None:
    """The same words with another meaning: asked with raised brows, or thrown as a reproach with lowered ones."""
    peaks = {}
    for what in ("ask", "blame"):
        line = spoken_line("A", LONG, 2.0, act=what, mood=-0.7 if what == "blame" else 0.0)  # type: ignore[arg-type]
        runs = [perform(Talk((line,), 8.0), seed=seed) for seed in range(8)]
        rows = slice(frame_at(line.start_s), frame_at(line.end_s))
        peaks[what] = [
            float(np.median([column(run, name)[rows].max() for run in runs]))
            for name in ("browOuterUpLeft", "browDownLeft")
        ]
    assert peaks["ask"][0] > 0.35 > peaks["blame"][0]
    assert peaks["blame"][1] > 0.5 > peaks["ask"][1]


def test_agreement_nods_and_disagreement_shakes() -> None:
    swings = {}
    for what in ("agree", "disagree", "tell"):
        line = spoken_line("A", LONG, 2.0, act=what)  # type: ignore[arg-type]
        runs = [perform(Talk((line,), 8.0), seed=seed) for seed in range(10)]
        rows = slice(frame_at(2.0), frame_at(3.4))
        head = np.array([np.degrees(run.body.reshape(-1, 39, 3)[rows, SMPLX117_JOINTS.index("head")]) for run in runs])
        swings[what] = np.median(np.abs(np.diff(head, axis=1)).sum(axis=1), axis=0)  # path of pitch, yaw, roll
    assert swings["agree"][0] > 1.6 * swings["tell"][0]
    assert swings["disagree"][1] > 1.6 * swings["tell"][1]


def test_laughter_shakes_jaw_and_shoulders() -> None:
    talk = Talk((spoken_line("A", "", 2.0, act="laugh", mood=0.8),), 6.0)
    played = perform(talk)
    rows, before = slice(52, 78), slice(0, 35)
    assert column(played, "mouthSmileLeft")[rows].max() > 0.6
    assert column(played, "jawOpen")[rows].max() > 0.25
    collar = played.body.reshape(-1, 39, 3)[:, SMPLX117_JOINTS.index("left_collar"), 2]
    assert np.abs(np.diff(collar[rows])).mean() > 4 * np.abs(np.diff(collar[before])).mean()


@pytest.mark.parametrize("act_name", ACTS)
def test_every_act_can_be_acted_alone(act_name: str) -> None:
    line = spoken_line("A", "" if act_name == "laugh" else "yes", 0.0, act=act_name)  # type: ignore[arg-type]
    played = perform(Talk((line,), line.end_s))
    assert np.isfinite(played.face).all()
    assert len(played.face) == int(np.ceil(line.end_s * 25))


def test_overlapping_lines_and_lines_at_the_edges_are_fine() -> None:
    lines = (spoken_line("A", LONG, 0.0), spoken_line("B", LONG, 0.5), spoken_line("A", "", 4.5, act="laugh"))
    talk = Talk(lines, 5.0)  # shorter than what is said
    assert len(perform(talk).face) == 125


def test_the_rest_pose_keeps_both_hands_in_front() -> None:
    talk = Talk((), 4.0)
    for rest in RESTS:
        joints, _, _ = forward_kinematics(perform(talk, Style(rest=rest)).body)
        wrists = joints[:, [SMPLX117_JOINTS.index("left_wrist"), SMPLX117_JOINTS.index("right_wrist")]]
        assert (np.abs(wrists[..., 0]) < 0.30).all()
        assert ((wrists[..., 1] > -0.42) & (wrists[..., 1] < -0.15)).all()
        assert (wrists[..., 2] > 0.18).all()


def test_turn_is_yaw_left_pitch_up() -> None:
    ahead = np.array([0.0, 0.0, 1.0])
    assert (turn(np.array([0.3, 0.0, 0.0])) @ ahead)[0] > 0.2
    assert (turn(np.array([0.0, 0.3, 0.0])) @ ahead)[1] > 0.2
    assert angles_of(turn(np.array([0.4, -0.2, 0.7])) @ ahead) == pytest.approx([0.4, -0.2])


def test_mistakes_are_named() -> None:
    with pytest.raises(UserError, match="no participant 'C'"):
        act(TWO_MINUTES, "C", Style(), PARTNER_AT, LENS_AT, 0)
    with pytest.raises(UserError, match="direction of the camera"):
        act(TWO_MINUTES, "A", Style(), PARTNER_AT, np.zeros(3), 0)
    with pytest.raises(UserError, match="lasts 0"):
        act(Talk((), 0.0), "A", Style(), PARTNER_AT, LENS_AT, 0)
    with pytest.raises(UserError, match="blinks_per_min is 60"):
        Style(blinks_per_min=60.0)
    with pytest.raises(UserError, match="rest is 'floor'"):
        replace(Style(), rest="floor")  # type: ignore[arg-type]
