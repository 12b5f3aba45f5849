"""What is true of a podcast, in the dataset's own form: turns, words, both participants' motion, RTTM.

A truth says of every frame what a perfect observer of the picture would: parts out of the picture are not valid and
hold zeros, like in any dataset of ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nonverbal import __version__
from nonverbal.avatar.mesh import Avatar
from nonverbal.avatar.pose import HEAD_TILT_RAD, head_frames
from nonverbal.dataset.manifest import ModelUse
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.schema import ClipMotion
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.write import WriteResult
from nonverbal.motion.rotations import F, axis_angle_from_matrix, matrix_about, swing_between
from nonverbal.pipeline.stage import Codec
from nonverbal.pipeline.store import JsonCodec, commit
from nonverbal.records import dumps
from nonverbal.spaces import get_space
from nonverbal.studio.scene import BODY_TO_CAMERA, Scene, View
from nonverbal.studio.talk import PARTICIPANTS, Performance, SpokenLine, Talk
from nonverbal.timeline import FPS
from nonverbal.types import PARTS, Bool, Clip, Motion, Source, Turn, Word
from nonverbal.venus.assemble import FinishedClip, assemble
from nonverbal.venus.segment import clip_id
from nonverbal.weights import sha256_of

_FACE_BOX_M = np.array([(x, y, z) for x in (-0.072, 0.072) for y in (0.055, -0.115) for z in (0.0, -0.03)])
"""Corners of an average face's box from between the eyes: x to the person's left, y up, z forward."""

_GAZE_TILT = HEAD_TILT_RAD * np.array([0.0, 1.0, 0.0, 1.0])
_SIGHT = np.array([0.0, 0.0, 1.0])
_ENDS_SENTENCE = (".", "?", "!")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The transcript of a talk, as assembly wants it: participants A and B are the speakers S0 and S1."""

    language: str
    turns: tuple[Turn, ...]


_MOTION, _SPOKEN = MotionCodec(), JsonCodec(Spoken)


@dataclass(frozen=True, slots=True, eq=False)
class Filmed:
    """One participant as the cameras see them, T frames.

    Attributes:
        view: [T] index of the view that shows them, -1 where none does.
        in_picture: [T, 6] what of them is to be seen, columns as in `PARTS`.
    """

    performance: Performance
    avatar: Avatar
    view: F
    in_picture: Bool


def transcript(talk: Talk) -> Spoken:
    """The turns of a talk: consecutive lines of one participant make one; laughs have no words and make none."""
    groups: list[list[SpokenLine]] = []
    for line in talk.lines:
        if not line.words:
            continue
        if groups and groups[-1][-1].line.participant == line.line.participant:
            groups[-1].append(line)
        else:
            groups.append([line])
    return Spoken("en", tuple(_turn(group) for group in groups))


def _turn(lines: Sequence[SpokenLine]) -> Turn:
    spoken = [word for line in lines for word in line.words]
    words = tuple(Word(w.word, w.start_s, w.end_s, 1.0) for w in spoken)
    ends = [i + 1 for i, w in enumerate(words[:-1]) if w.word.endswith(_ENDS_SENTENCE)]
    speaker = f"S{PARTICIPANTS.index(lines[0].line.participant)}"
    text = " ".join(w.word for w in words)
    return Turn(speaker, words[0].start_s, words[-1].end_s, text, words, (0, *ends))


def true_motion(filmed: Filmed, scene: Scene) -> Motion:
    """The motion of one participant in the cameras that show them."""
    act, valid = filmed.performance, filmed.in_picture
    count = len(valid)
    head_pose, bbox = np.zeros((count, 6)), np.zeros((count, 4))
    for index, view in enumerate(scene.views):
        rows = np.flatnonzero(filmed.view == index)
        if len(rows):
            head_pose[rows], bbox[rows] = _head_in_view(filmed, scene, view, rows)
    part = {name: valid[:, [column]] for column, name in enumerate(PARTS)}
    body = np.array(act.body)
    for name, columns in get_space("smplx117").groups.items():
        body[:, columns] *= part[name]
    return Motion(
        participant=act.participant,
        face_space="arkit52",
        body_space="smplx117",
        fps=FPS,
        face=(act.face * part["face"]).astype(np.float32),
        body=body.astype(np.float32),
        validity=valid.astype(np.uint8),
        confidence=valid.astype(np.float32),
        head_pose=(head_pose * part["head"]).astype(np.float32),
        gaze=((act.gaze + _GAZE_TILT) * part["gaze"]).astype(np.float32),
        bbox=(bbox * part["face"]).astype(np.float32),
        speaking=act.speaking.astype(np.uint8),
    )


def _head_in_view(filmed: Filmed, scene: Scene, view: View, rows: F) -> tuple[F, F]:
    """[N, 6] head pose as in `Motion` and [N, 4] face box of the given frames in one view."""
    act, seat = filmed.performance, scene.seats[filmed.performance.participant]
    turn, eyes_m = head_frames(filmed.avatar, act.body[rows], act.chest[rows], act.sway_m[rows])
    in_camera = view.turn @ seat.turn @ turn
    between = view.to_camera(seat.to_room(eyes_m))
    sight = swing_between(_SIGHT, between)
    straight = matrix_about(0, np.array(HEAD_TILT_RAD))
    rotation = np.swapaxes(sight, -1, -2) @ in_camera @ BODY_TO_CAMERA @ straight
    corners = between[:, None] + np.einsum("nij,kj->nki", in_camera, _FACE_BOX_M)
    flat = view.camera.project(corners)
    left, top, right, bottom = view.box_px
    box = np.concatenate([flat.min(axis=1), flat.max(axis=1)], axis=1)
    box = np.clip(box, (left, top, left, top), (right, bottom, right, bottom))
    return np.concatenate([axis_angle_from_matrix(rotation), between], axis=1), box


def rttm(talk: Talk, recording: str) -> str:
    """Who is heard when, as an RTTM file (NIST RT-09): one line a stretch of talk, laughs included."""
    rows = (
        f"SPEAKER {recording} 1 {s.start_s:.3f} {s.end_s - s.start_s:.3f} <NA> <NA> {s.speaker} <NA> <NA>\n"
        for s in talk.segments()
    )
    return "".join(rows)


@dataclass(frozen=True, slots=True)
class TrueDialogue:
    """A dialogue of a truth dataset: the source it is the truth of, its length, and a function that makes its parts."""

    source: Source
    duration_s: float
    make: Callable[[], tuple[Spoken, tuple[Motion, ...]]]

    @property
    def clip(self) -> Clip:
        """The whole of the source, cut as the pipeline cuts it."""
        end_s = int(self.duration_s * 1000 + 1e-6) / 1000
        return Clip(clip_id(self.source.source_id, 0.0, end_s), self.source.source_id, 0.0, end_s)


def write_truth(
    root: Path, work: Path, dialogues: Iterable[TrueDialogue], config: dict[str, Any], models: Sequence[ModelUse]
) -> WriteResult:
    """Makes `root` the dataset of the given dialogues; `work` holds what they are made of, on the same file system.

    A dialogue whose parts are there already, made with the same `config`, is not made again.
    """
    key = hashlib.sha256(dumps([__version__, config]).encode()).hexdigest()[:12]
    finished, sources = [], []
    work.mkdir(parents=True, exist_ok=True)
    for dialogue in dialogues:
        clip = dialogue.clip
        motion, spoken = (work / f"{clip.clip_id}.{key}{codec.suffix}" for codec in (_MOTION, _SPOKEN))
        if not motion.exists():
            words, motions = dialogue.make()
            _commit(_SPOKEN, spoken, words)
            _commit(_MOTION, motion, ClipMotion(clip.clip_id, motions))
        finished.append(FinishedClip(clip, dialogue.source, key, motion, partial(_SPOKEN.read, spoken)))
        sources.append(SourceVerdict(dialogue.source))
    return assemble(root, finished, [], sources, SplitConfig(), config, models)


def _commit(codec: Codec, path: Path, value: Any) -> None:
    commit(path, lambda temporary: codec.write(temporary, value), lambda temporary: None)


def file_source(path: Path, title: str) -> Source:
    """The source record of a podcast that was just rendered."""
    return Source(sha256_of([path]), str(path), path.stat().st_size, channel=title, title=title, licence="CC0-1.0")


def imagined_source(seed: int, manner: str = "") -> Source:
    """The source of a dialogue that was never filmed: its id is a hash of what it is made from.

    Args:
        manner: what sets it apart from others of the same seed.
    """
    name = f"studio-{seed}{manner}-imagined"
    return Source(hashlib.sha256(name.encode()).hexdigest(), name, 0, channel=name, title=name, licence="CC0-1.0")


def everything_seen(performance: Performance, avatar: Avatar, view: int) -> Filmed:
    """A participant who is in the picture all the time, with everything the dataset tells of."""
    count = len(performance.face)
    return Filmed(performance, avatar, np.full(count, view), np.ones((count, len(PARTS)), np.bool_))
