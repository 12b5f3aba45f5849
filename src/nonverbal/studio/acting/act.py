"""A talk acted: how one participant's face, eyes, head, trunk, arms and hands move while they speak and listen."""

from __future__ import annotations

import numpy as np

from nonverbal.motion.rotations import F, apply, axis_angle_from_matrix
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.studio.acting.arms import arms_body
from nonverbal.studio.acting.attention import angles_of, looks, saccades
from nonverbal.studio.acting.blinks import SHIFT_RAD, attracted, blink_times_s, lids, lids_following
from nonverbal.studio.acting.curves import humps
from nonverbal.studio.acting.face_acting import add_eyes, expression_face, put_together, speech_face
from nonverbal.studio.acting.facing import gaze_in_head, head_angles, head_on_chest, turn
from nonverbal.studio.acting.gesturing import plan_hands
from nonverbal.studio.acting.habits import doings
from nonverbal.studio.acting.moments import moments_of, phrase_ends_s
from nonverbal.studio.acting.quirks import quirks
from nonverbal.studio.acting.sitting import chest_angles, home_yaw_rad, laugh_shake, sway
from nonverbal.studio.acting.style import Style
from nonverbal.studio.talk import PARTICIPANTS, Performance, SpokenLine, Talk
from nonverbal.timeline import n_frames, spans_to_mask
from nonverbal.types import Span
from nonverbal.verdicts import UserError


def act(talk: Talk, participant: str, style: Style, partner: F, camera: F, seed: int) -> Performance:
    """How `participant` moves through `talk`, at 25 fps; the same arguments give the same bytes.

    Args:
        partner: [3] direction of the other person's eyes as seen from this one's, in seat axes.
        camera: [3] direction of the lens, likewise.

    Raises:
        UserError: the participant is unknown, the talk has no length, or a direction is zero or not finite.
    """
    count = _checked(talk, participant, partner, camera)
    towards = angles_of(np.stack([partner, camera]))
    names = ("looks", "habits", "head", "chest", "hands", "face", "quirks", "blinks")
    seeds = np.random.SeedSequence([seed, PARTICIPANTS.index(participant)]).spawn(len(names))
    rng = {name: np.random.default_rng(s) for name, s in zip(names, seeds, strict=True)}
    lines = tuple(talk.of(participant))
    speaking = spans_to_mask([Span(line.start_s, line.end_s) for line in lines], count)
    voiced = _voiced(lines, count)
    acts = doings(moments_of(talk, participant), rng["habits"])
    acts += quirks(voiced < 0.05, style, rng["quirks"])

    chest = chest_angles(acts, style, towards, count, rng["chest"])
    chest_turn = turn(chest)
    fixations = looks(talk, participant, style, towards, rng["looks"])
    saccade_s, direction = saccades(fixations, talk.duration_s, rng["looks"])
    head = turn(head_angles(fixations, acts, style, towards, voiced, rng["head"]))
    gaze = gaze_in_head(saccade_s, direction, head).astype(np.float32)

    home = turn(np.array([home_yaw_rad(towards), 0.0, 0.0]))
    plan = plan_hands(lines, style, apply(home.T, np.asarray(partner, dtype=np.float64)), talk.duration_s, rng["hands"])
    laughs = laugh_shake([a for a in acts if a.does == "laugh_face"], count)
    body = arms_body(plan, laughs, count, rng["hands"])
    body[:, SMPLX117_JOINTS.index("head")] = head_on_chest(head, chest_turn)

    speech, closed = speech_face(lines, style, count)
    face = put_together(speech, closed, expression_face(acts, lines, style, count), voiced, style, rng["face"])
    return Performance(
        participant=participant,
        face=add_eyes(face, gaze, _lids(lines, talk, style, gaze, (saccade_s, direction), rng["blinks"])),
        gaze=gaze,
        body=body.reshape(count, -1).astype(np.float32),
        chest=axis_angle_from_matrix(chest_turn).astype(np.float32),
        sway_m=sway(chest, rng["chest"]).astype(np.float32),
        speaking=speaking,
    )


def _checked(talk: Talk, participant: str, partner: F, camera: F) -> int:
    if participant not in PARTICIPANTS:
        raise UserError(f"no participant {participant!r}; expected one of {', '.join(PARTICIPANTS)}")
    if not talk.duration_s > 0:
        raise UserError(f"the talk lasts {talk.duration_s} s; expected more than 0")
    for name, direction in (("partner", partner), ("camera", camera)):
        length = float(np.linalg.norm(np.asarray(direction, dtype=np.float64)))
        if np.shape(direction) != (3,) or not np.isfinite(length) or length < 1e-6:
            raise UserError(
                f"the direction of the {name} is {direction!r}; expected three numbers that are not all zero"
            )
    return n_frames(talk.duration_s)


def _voiced(lines: tuple[SpokenLine, ...], count: int) -> F:
    """[count] 1 where words are said, with edges of 0.15 s."""
    spans = [(line.words[0].start_s, line.words[-1].end_s) for line in lines if line.words]
    start_s, end_s = np.array(spans).reshape(-1, 2).T
    edge_s = 0.15
    return np.clip(humps(count, start_s - 0.1, edge_s, end_s - start_s - 0.05, edge_s).sum(axis=1), 0.0, 1.0)


def _lids(
    lines: tuple[SpokenLine, ...],
    talk: Talk,
    style: Style,
    gaze: F,
    jumps: tuple[F, F],
    rng: np.random.Generator,
) -> F:
    """[T, 2] closure of both lids."""
    start_s, direction = jumps
    big = np.linalg.norm(np.diff(direction, axis=0, prepend=direction[:1]), axis=1) > SHIFT_RAD
    ends_s = np.array([end_s for line in lines for end_s in phrase_ends_s(line)])
    times_s = blink_times_s(talk.duration_s, style.blinks_per_min, attracted(ends_s, start_s[big], rng), rng)
    return np.maximum(lids(len(gaze), times_s, rng), lids_following(gaze))
