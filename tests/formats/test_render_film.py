"""Takes as films: who is seen and heard, and what is refused."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from made_takes import made_take
from rich.console import Console

from nonverbal.dataset.read import open_dataset
from nonverbal.formats.film import FilmSettings, Sound, film_takes
from nonverbal.formats.motion_file import write_motion
from nonverbal.formats.open import open_takes
from nonverbal.formats.render_command import Render
from nonverbal.formats.sampling import cut
from nonverbal.formats.take import Take
from nonverbal.motion.skeleton import resting_body
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.types import Word
from nonverbal.verdicts import UserError

COUNT = 8
SMALL = FilmSettings(width_px=240, height_px=160, captions=False)


def sitting(count: int = COUNT, **face: float) -> Take:
    """Somebody sits still; the given coefficients hold in the second half."""
    rows = np.zeros((count, 52), np.float32)
    for name, value in face.items():
        rows[count // 2 :, ARKIT52_NAMES.index(name)] = value
    return Take("sitter", 25.0, "arkit52", rows, "smplx117", np.tile(resting_body(), (count, 1)))


def raised(count: int = COUNT) -> Take:
    """Both arms go up in the second half."""
    take = sitting(count)
    body = take.body.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        body[count // 2 :, 3 * SMPLX117_JOINTS.index(f"{side}_shoulder") + 2] = 0.9 * sign
    return replace(take, body=body)


def pictures(path: Path) -> np.ndarray:
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]).astype(int)


def sound_of(path: Path) -> tuple[np.ndarray, int]:
    with av.open(str(path)) as file:
        rate = file.streams.audio[0].rate
        return np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)]), rate


def tone(path: Path, silent_s: float, loud_s: float) -> Path:
    """Silence, then a tone."""
    at = np.arange(round((silent_s + loud_s) * 16000)) / 16000
    samples = np.where(at >= silent_s, 0.5 * np.sin(2 * np.pi * 440 * at), 0.0)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((32767 * samples).astype("<i2").tobytes())
    return path


def moved(frames: np.ndarray) -> tuple[float, float]:
    """How far pixels differ at most from the left and from the right half of the first picture to the last."""
    away = np.abs(frames[-1] - frames[0]).max(axis=2)
    return tuple(float(np.percentile(half, 99)) for half in np.split(away, 2, axis=1))


def test_two_people_side_by_side(tmp_path: Path) -> None:
    done = film_takes([raised(), sitting()], tmp_path / "one.mp4", SMALL)
    frames = pictures(done.path)
    assert frames.shape == (COUNT, 160, 240, 3)
    left, right = moved(frames)
    assert left > 60 > 12 > right
    film_takes([raised(), sitting()], tmp_path / "two.mp4", SMALL)
    assert done.path.read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"one.mp4", "two.mp4"}


def test_a_file_at_another_rate_keeps_its_time(tmp_path: Path) -> None:
    write_motion(replace(sitting(30, jawOpen=0.9), fps=50.0), tmp_path / "fast.motion.safetensors")
    takes = open_takes(tmp_path / "fast.motion.safetensors")
    film_takes(takes, tmp_path / "fast.mp4", SMALL)
    frames = pictures(tmp_path / "fast.mp4")
    assert len(frames) == 15
    away = np.abs(frames - frames[:1]).max(axis=(1, 2, 3))
    assert away[9] > 50 > 25 > away[5]


def test_a_face_alone_and_a_body_alone_can_be_seen(tmp_path: Path) -> None:
    whole = sitting(4, jawOpen=0.9)
    film_takes([replace(whole, body=None, body_space=None)], tmp_path / "face.mp4", SMALL)
    film_takes([replace(whole, face=None, face_space=None)], tmp_path / "body.mp4", SMALL)
    seen, unseen = (pictures(tmp_path / f"{name}.mp4") for name in ("face", "body"))
    assert np.abs(seen[3] - seen[0]).max() > 50 > 25 > np.abs(unseen[3] - unseen[0]).max()


def test_words_are_read_where_they_are_said(tmp_path: Path) -> None:
    said = replace(sitting(), words=(Word("Hello", 0.16, 0.3, 1.0),))
    film_takes([said], tmp_path / "words.mp4", replace(SMALL, captions=True))
    film_takes([said], tmp_path / "none.mp4", SMALL)
    below = np.s_[:, 140:]
    away = np.abs(pictures(tmp_path / "words.mp4")[below] - pictures(tmp_path / "none.mp4")[below]).max(axis=(1, 2, 3))
    assert away[:3].max() < 40 < away[5:].min()


def test_sound_begins_where_it_is_said_to(tmp_path: Path) -> None:
    take = sitting(25)
    film_takes([take], tmp_path / "loud.mp4", SMALL, Sound(tone(tmp_path / "tone.wav", 1.5, 1.5), 1.0))
    samples, rate = sound_of(tmp_path / "loud.mp4")
    loud = np.abs(samples) > 0.2
    assert 0.45 < np.flatnonzero(loud)[0] / rate < 0.56  # an AAC frame is 64 ms
    film_takes([take], tmp_path / "silent.mp4", SMALL)
    assert np.abs(sound_of(tmp_path / "silent.mp4")[0]).max() < 1e-3


def test_gaps_hold_the_last_that_was_seen(tmp_path: Path) -> None:
    """Unseen rows are zero, which would be a T-pose for a moment."""
    take = sitting()
    body, marks = take.body.copy(), np.ones((COUNT, 6), np.uint8)
    body[4:6], marks[4:6] = 0.0, 0
    film_takes([replace(take, body=body, validity=marks)], tmp_path / "gap.mp4", SMALL)
    assert np.percentile(np.abs(np.diff(pictures(tmp_path / "gap.mp4"), axis=0)), 99.5) < 12


def test_the_command(talks: Path, tmp_path: Path) -> None:
    console = Console(file=(tmp_path / "told.txt").open("w"), width=200)
    dialogue = open_dataset(talks).ids()[1]
    render = Render(talks, tmp_path / "new" / "talk.mp4", dialogue=dialogue[:8], start_s=0.4, end_s=0.6, size="240x160")
    assert render.run(console) == 0
    console.file.flush()
    told = (tmp_path / "told.txt").read_text()
    assert f"5 pictures of {dialogue[:12]}-A and {dialogue[:12]}-B" in told
    assert pictures(tmp_path / "new" / "talk.mp4").shape == (5, 160, 240, 3)
    alone = replace(render, participant="B", out=tmp_path / "alone.mp4")
    assert alone.run(console) == 0
    assert np.abs(pictures(tmp_path / "alone.mp4")[0] - pictures(tmp_path / "new" / "talk.mp4")[0]).max() > 60


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"size": "big"}, "--size is 'big', expected width x height in pixels"),
        ({"size": "642x360"}, "a picture of 642x360: expected multiples of 4 from 120 to 4320 pixels"),
        ({"size": "8000x100"}, "a picture of 8000x100"),
        ({"out": Path("clip.avi")}, "expected the name of a film that ends in .mp4"),
        ({"person": -1}, "person is -1"),
        ({"mesh": "smplx"}, "expected mesh and model file together"),
        ({"model_file": Path("SMPLX.npz")}, "expected mesh and model file together"),
        ({"start_s": 99.0}, "no frame lies from 99.0 to"),
        ({"audio": Path("nowhere.wav")}, "the sound: nowhere.wav"),
        ({"audio_start_s": float("nan")}, "--audio-start-s is nan, expected 0 or more"),
        ({"start_s": float("nan")}, "--start-s is nan, expected 0 or more"),
        ({"end_s": float("inf")}, "--end-s is inf, expected 0 or more"),
        ({"out": Path("/proc/clip.mp4")}, "/proc/clip.mp4: cannot be written"),
        ({"dialogue": "zz"}, "belong to a dataset's folder"),
    ],
)
def test_what_is_refused(tmp_path: Path, change: dict[str, object], sentence: str) -> None:
    write_motion(cut(made_take(), 0.0, 0.3), tmp_path / "made.motion.safetensors")
    render = Render(tmp_path / "made.motion.safetensors", tmp_path / "made.mp4")
    with pytest.raises(UserError) as error:
        replace(render, **change).run(Console(quiet=True))
    assert sentence in str(error.value)
    assert not list(tmp_path.glob("*.mp4*"))


def test_takes_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected one or two takes of equal length, got sitter"):
        film_takes([sitting(4), sitting(5)], tmp_path / "odd.mp4", SMALL)
    with pytest.raises(UserError, match="got none"):
        film_takes([], tmp_path / "none.mp4", SMALL)


def test_an_avatar_does_not_perform_flame(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="its face is in flame53, expected arkit52"):
        film_takes([made_take(face_space="flame53")], tmp_path / "flame.mp4", SMALL)


def test_sound_that_is_not_there_is_told(tmp_path: Path) -> None:
    short = tone(tmp_path / "short.wav", 0.0, 0.5)
    with pytest.raises(UserError, match=r"no sound lies from 9 s on"):
        film_takes([sitting()], tmp_path / "late.mp4", SMALL, Sound(short, 9.0))
    (tmp_path / "text.wav").write_text("nothing to hear")
    with pytest.raises(UserError, match=r"the sound: .*text\.wav"):
        film_takes([sitting()], tmp_path / "text.mp4", SMALL, Sound(tmp_path / "text.wav"))
    assert not list(tmp_path.glob("*.mp4*"))
