from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from people import DIRECTORS_CUT, FACES_ONLY, GRID, drawn_track, job_for, watched, write_video

from nonverbal.backends.mediapipe_hands import Hand
from nonverbal.media import video
from nonverbal.media.video import read_frames
from nonverbal.types import U8, Track
from nonverbal.venus import watch
from nonverbal.venus.hands import sided
from nonverbal.venus.person import bridge, mouth_region
from nonverbal.venus.watch import Sighting, Watch

ARRAYS = [f.name for f in dataclasses.fields(Track) if f.name not in {"track_id", "shot", "start_frame"}]


def check_track(track: Track) -> None:
    """Shapes and ranges as promised by `Track`; zeros where nothing was seen."""
    count = track.n_frames
    assert track.landmarks_px.shape == (count, 478, 3)
    assert track.lips.shape == (count, 32, 64)
    assert track.pose_px.shape == track.pose_world_m.shape == (count, 33, 3)
    assert track.hands_px.shape == (count, 2, 21, 3)
    assert abs(np.linalg.norm(track.appearance) - 1.0) < 1e-4
    for name in ARRAYS:
        assert np.isfinite(getattr(track, name)).all(), name
    for name in ("face_box_px", "face_score", "landmarks_px", "lips"):
        assert not getattr(track, name)[~track.face_valid].any(), name
    for name in ("pose_px", "pose_world_m", "pose_visibility"):
        assert not getattr(track, name)[~track.pose_valid].any(), name
    for name in ("hands_px", "hand_score"):
        assert not getattr(track, name)[~track.hand_valid].any(), name
    for name in ("face_score", "pose_visibility", "hand_score"):
        assert 0.0 <= getattr(track, name).min() <= getattr(track, name).max() <= 1.0


def same(a: Sighting, b: Sighting) -> bool:
    return a.shots == b.shots and all(
        x.start_frame == y.start_frame and all(np.array_equal(getattr(x, n), getattr(y, n)) for n in ARRAYS)
        for x, y in zip(a.tracks, b.tracks, strict=True)
    )


def test_two_people_with_faces_bodies_and_hands_the_same_on_one_thread_and_two(shared_media: Path) -> None:
    path = shared_media / "dialogue/latentsync_pair_8s.mp4"
    ticks: list[float] = []
    job = job_for(path, 0.0, 1.2, threads=2)
    job.tick = ticks.append
    sighting = Watch().run(job, {})
    left, right = sighting.tracks
    assert (sighting.n_frames, sighting.shots, sighting.width_px, sighting.height_px) == (30, (0,), 1080, 960)
    assert left.face_box_px[:, 2].max() < 540 < right.face_box_px[:, 0].min()
    for track in sighting.tracks:
        check_track(track)
        assert track.face_valid.all()
        assert track.pose_valid.all(), "no frame without a body after the last measurement"
    assert right.hand_valid.mean() > 0.7
    wrists, hands = right.pose_px[:, [15, 16], :2], right.hands_px[:, :, 0, :2]
    both = right.hand_valid.all(axis=1)
    assert (hands[both, 0, 0] > hands[both, 1, 0]).all()  # his left hand is on the right of the picture
    assert np.linalg.norm(wrists - hands, axis=-1)[right.hand_valid].max() < 100
    assert len(ticks) >= 5
    assert ticks == sorted(ticks)
    assert same(sighting, Watch().run(job_for(path, 0.0, 1.2, threads=1), {}))


def test_each_persons_track_stays_in_the_panel(shared_media: Path) -> None:
    _, sighting = watched(shared_media / GRID, 9.0)
    assert [(t.start_frame, t.end_frame) for t in sighting.tracks] == [(0, 225), (0, 225)]
    for track, low, high in zip(sighting.tracks, (0, 640), (640, 1280), strict=True):
        check_track(track)
        assert track.face_valid.all()
        assert low < track.landmarks_px[:, :, 0].min() < track.landmarks_px[:, :, 0].max() < high


def test_cuts_split_tracks_exactly(cut_video: Path) -> None:
    _, sighting = watched(cut_video, 9.0)
    starts = [round(25 * second) for second, _ in DIRECTORS_CUT]
    assert list(sighting.shots) == starts
    expected = [s for s, (_, view) in zip(starts, DIRECTORS_CUT, strict=True) for _ in range(2 if view == "W" else 1)]
    assert [t.start_frame for t in sighting.tracks] == expected


def test_a_face_that_leaves_ends_its_track(shared_media: Path) -> None:
    _, sighting = watched(shared_media / "faces/face_noface.mov", 4.0)
    (track,) = sighting.tracks
    assert (track.start_frame, track.end_frame) == (0, 60)
    assert 60 in sighting.shots


def test_nobody_is_seen_where_there_is_no_face(shared_media: Path) -> None:
    assert watched(shared_media / "faces/no_face.mp4", 3.0)[1].tracks == ()


def test_a_picture_shown_again_gives_the_same_rows(shared_media: Path, tmp_path: Path) -> None:
    """At 5 pictures a second each stands for five frames of the grid."""
    pictures = list(read_frames(shared_media / GRID, 0.0, 2.0))[::5]
    path = write_video(tmp_path / "slow.mp4", [p[:, :640] for p in pictures], fps=5)
    (track,) = Watch().run(job_for(path, 0.0, 2.0), {}).tracks
    check_track(track)
    assert track.n_frames == 50
    assert track.pose_valid.all()
    for name in ("landmarks_px", "lips", "face_box_px"):
        rows = getattr(track, name)
        assert all(np.array_equal(rows[i], rows[i - i % 5]) for i in range(50)), name


def test_people_beyond_the_limit_are_the_smaller_ones(shared_media: Path, tmp_path: Path) -> None:
    left, right = np.split(next(iter(read_frames(shared_media / GRID, 0.0, 1.0))), 2, axis=1)
    canvas = np.full((512, 1280, 3), 90, np.uint8)
    canvas[:, :640] = left
    canvas[128:384, 800:1120] = cv2.resize(right, (320, 256), interpolation=cv2.INTER_AREA)
    path = write_video(tmp_path / "two.mp4", [canvas] * 25)
    assert len(Watch(body_hz=1.0, max_people=2).run(job_for(path, 0.0, 1.0), {}).tracks) == 2
    (only,) = Watch(body_hz=1.0, max_people=1).run(job_for(path, 0.0, 1.0), {}).tracks
    assert only.face_box_px[0, 2] < 640
    assert len(Watch(body_hz=1.0, face_min_px=150).run(job_for(path, 0.0, 1.0), {}).tracks) == 1


@pytest.mark.parametrize("wrong", [{"max_people": 0}, {"body_hz": 0.0}, {"body_hz": 50.0}, {"detect_every_frames": 0}])
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Watch(**wrong)


def test_bridging_fills_short_gaps_by_straight_lines_and_leaves_long_ones() -> None:
    valid = np.asarray([1, 0, 1, 0, 0, 0, 1], bool)
    values = np.asarray([[0], [0], [4], [0], [0], [0], [9]], np.float32)
    bridge(valid, (values,), 2)
    assert valid.tolist() == [True, True, True, False, False, False, True]
    assert values[:, 0].tolist() == [0, 2, 4, 0, 0, 0, 9]


def hand(x: float) -> Hand:
    return Hand(np.full((21, 3), x, np.float32), 0.9)


def test_hands_go_to_the_nearest_wrist_and_folded_hands_keep_their_side() -> None:
    wrists = {0: np.asarray([100, 100], np.float32), 1: np.asarray([60, 60], np.float32)}
    near_left, near_right = hand(98.0), hand(65.0)
    assert sided([near_right, near_left], wrists, {}, 30.0) == {0: near_left, 1: near_right}
    assert sided([hand(300.0)], wrists, {}, 30.0) == {}
    between = hand(81.0)  # nearer the left wrist by a hair, but it was the right hand a moment ago
    assert list(sided([between], wrists, {}, 60.0)) == [0]
    assert list(sided([between], wrists, {1: np.asarray([80, 80], np.float32)}, 60.0)) == [1]


def test_the_mouth_region_is_turned_upright() -> None:
    picture = np.full((200, 200, 3), 200, np.uint8)
    for turned in (0, 30, -60):
        angle = np.deg2rad(turned)
        marks = np.zeros((478, 3), np.float32)
        for corner, sign in ((61, -1), (291, 1)):
            marks[corner, :2] = 100 + sign * 20 * np.cos(angle), 100 + sign * 20 * np.sin(angle)
        drawn = picture.copy()
        cv2.line(drawn, *(tuple(int(v) for v in marks[c, :2]) for c in (61, 291)), (0, 0, 0), 5)
        lips = mouth_region(drawn, marks)
        assert lips[14, 18:46].max() < 90
        assert lips[[2, 28]].min() > 190


def test_a_face_without_mouth_width_gives_no_region() -> None:
    assert not mouth_region(np.full((20, 20, 3), 9, np.uint8), drawn_track(np.zeros(1)).landmarks_px[0] * 0).any()


def test_each_picture_is_decoded_once(shared_media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Path] = []
    decoded: list[int] = []
    decode = video._ClipReader._decode

    def counted_frames(path: Path, *arguments: Any, **options: Any) -> Iterator[U8]:
        passes.append(path)
        return read_frames(path, *arguments, **options)

    def counted_decode(reader: Any, packet: Any) -> Any:
        frames = decode(reader, packet)
        decoded.append(len(frames))
        return frames

    monkeypatch.setattr(watch, "read_frames", counted_frames)
    monkeypatch.setattr(video._ClipReader, "_decode", counted_decode)
    FACES_ONLY.run(job_for(shared_media / GRID, 0.0, 9.0), {})
    assert len(passes) == 1
    assert sum(decoded) == 225
