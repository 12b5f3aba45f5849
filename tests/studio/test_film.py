"""Performances in front of cameras: pictures, and the truth that belongs to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nonverbal.avatar.dress import Lighting, dress
from nonverbal.avatar.look import random_look
from nonverbal.avatar.mesh import make_avatar, random_identity
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.validate import validate
from nonverbal.motion.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.studio.film import Cast, film, film_log
from nonverbal.studio.grade import Grade, Recorder, backdrop
from nonverbal.studio.scene import Layout, Scene, build_scene
from nonverbal.studio.talk import Line, Performance, Phone, SpokenLine, SpokenWord, Talk
from nonverbal.studio.truth import TrueDialogue, imagined_source, rttm, transcript, true_motion, write_truth
from nonverbal.types import PARTS

COUNT = 30


def said(participant: str, text: str, start_s: float, end_s: float) -> SpokenLine:
    words = text.split(" ") if text else []
    edges = np.linspace(start_s, end_s, len(words) + 1)
    spoken = tuple(
        SpokenWord(w, a, b, (Phone("a", a, b),)) for w, a, b in zip(words, edges[:-1], edges[1:], strict=True)
    )
    return SpokenLine(Line(participant, text, "tell" if text else "laugh", 0.0, 0.0), start_s, end_s, spoken)


TALK = Talk(
    (
        said("A", "Hello there. How are you?", 0.1, 0.6),
        said("A", "Well?", 0.62, 0.7),
        said("B", "", 0.7, 0.8),
        said("B", "Fine.", 0.9, 1.1),
    ),
    COUNT / 25,
)


def performance(participant: str, **changes: np.ndarray) -> Performance:
    body = np.zeros((COUNT, len(SMPLX117_JOINTS), 3), np.float32)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        body[:, SMPLX117_JOINTS.index(f"{side}_shoulder"), 2] = sign * 1.2
        body[:, SMPLX117_JOINTS.index(f"{side}_elbow"), 1] = sign * 1.7
    none = np.zeros((COUNT, 3), np.float32)
    still = Performance(
        participant, np.zeros((COUNT, 52), np.float32), np.zeros((COUNT, 4), np.float32), body.reshape(COUNT, -1),
        none, none, np.zeros(COUNT, np.bool_),
    )  # fmt: skip
    return replace(still, **changes)


def cast_of(*acts: Performance) -> list[Cast]:
    rng = np.random.default_rng(4)
    return [Cast(act, dress(make_avatar(random_identity(rng)), random_look(rng), 256)) for act in acts]


def scene_of(layout: Layout = "split") -> Scene:
    return build_scene(layout, TALK, np.random.default_rng(0), 640, 360)


def pictures(cast: list[Cast], scene: Scene) -> np.ndarray:
    walls = [
        backdrop(np.random.default_rng(1), v.box_px[2] - v.box_px[0], v.box_px[3] - v.box_px[1]) for v in scene.views
    ]
    recorder = Recorder(Grade(2.0, 0.5, (1.0, 1.0, 1.0), 22), 3, scene.width_px, scene.height_px)
    return np.stack(list(film(cast, scene, walls, [Lighting()] * len(scene.views), recorder)))


def test_the_same_performances_give_the_same_pictures() -> None:
    cast, scene = cast_of(performance("A"), performance("B")), scene_of()
    one, two = pictures(cast, scene), pictures(cast, scene)
    assert one.shape == (COUNT, 360, 640, 3)
    np.testing.assert_array_equal(one, two)


def test_only_what_moves_changes_the_picture() -> None:
    """A's jaw opens: A's half changes around the mouth, B's half does not."""
    face = np.zeros((COUNT, 52), np.float32)
    face[:, ARKIT52_NAMES.index("jawOpen")] = 1.0
    scene = scene_of()
    calm = pictures(cast_of(performance("A"), performance("B")), scene)
    open_ = pictures(cast_of(performance("A", face=face), performance("B")), scene)
    change = np.abs(open_[0].astype(int) - calm[0]).max(axis=2)
    np.testing.assert_array_equal(change[:, 320:], 0)
    cast = cast_of(performance("A", face=face), performance("B"))
    left, top, right, bottom = true_motion(film_log(cast[0], scene), scene).bbox[0]
    rows, columns = np.nonzero(change > 25)
    assert len(rows) > 20
    assert (columns > left).all()
    assert (columns < right).all()
    assert (rows > (top + bottom) / 2).mean() > 0.95


def test_off_air_is_not_valid_and_holds_zeros() -> None:
    scene = scene_of("cuts")
    shots = np.repeat([0, 1, 2], COUNT // 3)
    scene = replace(scene, shots=shots)
    cast = cast_of(performance("A"), performance("B"))
    motion = true_motion(film_log(cast[0], scene), scene)
    assert (motion.validity[shots == 1] == 0).all()
    assert (motion.body[shots == 1] == 0).all()
    assert (motion.head_pose[shots == 1] == 0).all()
    assert (motion.validity[shots == 0, PARTS.index("face")] == 1).all()


def test_a_head_that_looks_into_the_lens_has_no_rotation() -> None:
    """Wherever it stands in the picture: head rotations are told against the line of sight."""
    scene = scene_of("wide")
    for index, participant in enumerate("AB"):
        act = performance(participant)
        (cast,) = cast_of(act)
        first = true_motion(film_log(cast, scene), scene).head_pose[0]
        seat, view = scene.seats[participant], scene.views[0]
        assert abs(first[1]) == pytest.approx(abs(seat.yaw_rad), abs=0.5)
        # Turn the head by what is missing, in its own axes: now it looks at the lens.
        for _ in range(3):
            turn = true_motion(film_log(cast, scene), scene).head_pose[0, :3]
            body = np.array(cast.performance.body).reshape(COUNT, -1, 3)
            flip = np.diag([1.0, -1.0, -1.0])
            head = SMPLX117_JOINTS.index("head")
            fixed = matrix_from_axis_angle(body[0, head]) @ flip @ matrix_from_axis_angle(turn).T @ flip
            body[:, head] = axis_angle_from_matrix(fixed)
            cast = replace(cast, performance=replace(cast.performance, body=body.reshape(COUNT, -1).astype(np.float32)))
        turned = true_motion(film_log(cast, scene), scene).head_pose[0]
        assert np.linalg.norm(turned[:3]) < 0.01
        assert np.sign(turned[3]) == (-1, 1)[index]  # A sits left of the camera's axis
        assert view.shows == ("A", "B")


def test_consecutive_lines_make_a_turn_and_laughs_make_none() -> None:
    turns = transcript(TALK).turns
    assert [(t.participant, t.text) for t in turns] == [("S0", "Hello there. How are you? Well?"), ("S1", "Fine.")]
    assert turns[0].sentences == (0, 2, 5)
    assert rttm(TALK, "x").splitlines()[2] == "SPEAKER x 1 0.700 0.100 <NA> <NA> B <NA> <NA>"


def test_the_truth_is_a_valid_dataset_and_made_once(tmp_path: Path) -> None:
    scene, made = scene_of(), []

    def make() -> tuple:
        made.append(1)
        cast = cast_of(performance("A"), performance("B"))
        return transcript(TALK), tuple(true_motion(film_log(c, scene), scene) for c in cast)

    for _ in range(2):
        dialogue = TrueDialogue(imagined_source(5), COUNT / 25, make)
        write_truth(tmp_path / "truth", tmp_path / "work", [dialogue], {"studio": {"seed": 5}}, ())
    assert made == [1]
    assert validate(tmp_path / "truth") == []
    (found,) = open_dataset(tmp_path / "truth")
    assert [m.participant for m in found.participants] == ["A", "B"]
    assert found.turns[0].participant == "A"
    assert found.clip.end_s == 1.2
