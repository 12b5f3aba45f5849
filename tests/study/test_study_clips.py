"""Clips as raters get them: equal sizes, no tags, altered copies, and every way in which folders can be wrong."""

from __future__ import annotations

import io
import shutil
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from studies import motion_folders, take_of

from nonverbal.formats.motion_file import write_motion
from nonverbal.formats.take import Take
from nonverbal.media.encode import Mp4Writer
from nonverbal.media.probe import Limits, probe
from nonverbal.serve.wire import unpack
from nonverbal.study.conditions import gather, named
from nonverbal.study.design import Side
from nonverbal.study.film_stimuli import FilmStimuli, padding
from nonverbal.study.motion_stimuli import MotionStimuli
from nonverbal.study.stimulus import altered_order
from nonverbal.verdicts import UserError


def write_film(path: Path, seed: int = 0, frames: int = 30, width: int = 96, sound: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(seed)
    samples = 0.1 * dice.standard_normal(frames * 640 if sound else 0).astype(np.float32)
    with Mp4Writer(path, width, 96, 25, samples, 16_000) as writer:
        for number in range(frames):
            picture = np.full((96, width, 3), 40 + 4 * number, np.uint8)
            picture[:, :8] += dice.integers(0, 5 * seed + 1, (96, 8, 3), dtype=np.uint8)
            writer.add(picture)


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("films")
    for k, name in enumerate(("one", "two")):
        for i in range(2):
            write_film(root / name / f"clip{i}.mp4", seed=3 * k + i)
    return root


def brightness(path: Path) -> list[int]:
    """How bright the middle of each picture is, in steps of the film's own."""
    with av.open(str(path)) as file:
        return [round((int(f.to_ndarray(format="gray")[48, 60]) - 40) / 4) for f in file.decode(video=0)]


def test_films_lose_their_tags_and_differ_in_no_size(films, tmp_path):
    shutil.copytree(films, tmp_path, dirs_exist_ok=True)
    tagged = tmp_path / "one" / "clip0.mp4"
    with av.open(str(films / "one" / "clip0.mp4")) as source, av.open(str(tagged), "w") as out:
        out.metadata["title"], out.metadata["comment"] = "secret model", "one"
        streams = {s.index: out.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    assert b"secret model" in tagged.read_bytes()
    stimuli = FilmStimuli(gather([str(tmp_path / "one"), str(tmp_path / "two")], 10, 0), seed=0)
    assert len({stimuli.get(1, side).path.stat().st_size for side in (Side(0), Side(1))}) == 1
    stimuli.alter([(0, "frozen"), (1, "shuffled")])
    for item, sides in ((0, (Side(0), Side(1), Side(0, "frozen"))), (1, (Side(0), Side(1), Side(0, "shuffled")))):
        paths = [stimuli.get(item, side).path for side in sides]
        assert len({path.stat().st_size for path in paths}) == 1
        for path in paths:
            held = path.read_bytes()
            assert b"secret" not in held
            assert b"Lavf" not in held
            info = probe(path, Limits(min_duration_s=0.1))
            assert (info.duration_s, info.has_audio, info.title) == (pytest.approx(1.2), True, "")
    assert brightness(stimuli.get(0, Side(0)).path) == list(range(30))
    assert set(brightness(stimuli.get(0, Side(0, "frozen")).path)) == {15}
    jumbled = brightness(stimuli.get(1, Side(0, "shuffled")).path)
    assert sorted(jumbled) == list(range(30))
    assert jumbled != list(range(30))
    assert stimuli.has_sound()
    folder = stimuli.get(0, Side(0)).path.parent
    stimuli.close()
    assert not folder.exists()


@pytest.mark.parametrize("count", [16, 17, 300, 70_000])
@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_padding_has_the_length_it_says(count: int, kind: str):
    data = padding(count, kind)
    assert len(data) == count
    if kind == "mp4":
        assert int.from_bytes(data[:4], "big") == count
    else:
        assert int.from_bytes(data[2:9], "big") == count - 9


def test_webm_is_copied_too(tmp_path):
    for k, name in enumerate(("a", "b")):
        (tmp_path / name).mkdir()
        with av.open(str(tmp_path / name / "x.webm"), "w") as out:
            stream = out.add_stream("libvpx", rate=25)
            stream.width = stream.height = 64
            for i in range(20):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 10 * i + k, np.uint8), format="rgb24")
                out.mux(stream.encode(frame.reformat(format="yuv420p")))
            out.mux(stream.encode(None))
    stimuli = FilmStimuli(gather([str(tmp_path / "a"), str(tmp_path / "b")], 10, 0), seed=0)
    stimuli.alter([(0, "frozen")])
    held = [stimuli.get(0, side) for side in (Side(0), Side(1), Side(0, "frozen"))]
    assert len({s.path.stat().st_size for s in held}) == 1
    assert {s.media_type for s in held} == {"video/webm"}
    for stimulus in held:
        assert len(brightness(stimulus.path)) == 20
    assert not stimuli.has_sound()
    stimuli.close()


def test_films_that_would_tell_the_conditions_apart(films, tmp_path):
    for what, told in (
        (lambda p: write_film(p, frames=50), r"lasts 2\.0 s, but 1\.2 s"),
        (lambda p: write_film(p, width=128), "size is 128 x 96"),
        (lambda p: write_film(p, sound=False), "sound is none, but some"),
        (lambda p: p.write_bytes(b"no film"), "begins with"),
    ):  # fmt: skip
        shutil.rmtree(tmp_path / "two", ignore_errors=True)
        shutil.copytree(films / "two", tmp_path / "two")
        what(tmp_path / "two" / "clip1.mp4")
        with pytest.raises(UserError, match=told):
            FilmStimuli(gather([str(films / "one"), str(tmp_path / "two")], 10, 0), seed=0)


def test_motion_is_sent_in_chunks_of_one_size(tmp_path):
    given = motion_folders(tmp_path, ("true", "model"), ("x", "y"), seconds=3.0)
    stimuli = MotionStimuli(gather(given, 10, 0), seconds=1.0, seed=0)
    assert [(i.name, i.seconds) for i in stimuli.items] == [("x", 1.0), ("y", 1.0)]
    assert stimuli.items[1].first_s == pytest.approx(2.0)
    assert [w.word for w in stimuli.words(1)] == ["well", "then"]
    assert stimuli.words(1)[0].start_s == pytest.approx(0.2)
    sides = (Side(0), Side(1), Side(0, "frozen"), Side(0, "shuffled"))
    assert len({len(stimuli.get(item, side).data) for item in (0, 1) for side in sides}) == 1
    shown = unpack(stimuli.get(1, Side(0)).data)
    assert shown.face == pytest.approx(take_of(1, 3.0).face[50:75], abs=1e-4)
    assert shown.gaze is not None
    frozen = unpack(stimuli.get(1, Side(0, "frozen")).data)
    assert (frozen.face == shown.face[12]).all()


@pytest.mark.slow  # networks come along with the arms at rest
def test_a_face_alone_gets_a_body_at_rest_and_eyes(tmp_path):
    given = motion_folders(tmp_path, ("true", "model"), ("x",))
    face = take_of(7).face
    write_motion(Take("face only", 25.0, "arkit52", face), tmp_path / "model" / "x.motion.safetensors")
    stimuli = MotionStimuli(gather(given, 10, 0), 2.0, 0)
    assert len(stimuli.get(0, Side(0)).data) == len(stimuli.get(0, Side(1)).data)
    shown = unpack(stimuli.get(0, Side(1)).data)
    assert (shown.body == shown.body[0]).all()
    assert shown.body.any()
    assert shown.gaze.any()


def test_recordings_are_cut_to_what_is_shown(tmp_path):
    given = motion_folders(tmp_path, ("true", "model"), ("x",), seconds=3.0)
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    conditions = gather(given, 10, 0)
    with pytest.raises(UserError, match="lacks a recording called x"):
        MotionStimuli(conditions, 1.0, 0, sounds)
    with wave.open(str(sounds / "x.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.repeat(np.arange(30, dtype="<i2") * 1000, 1600).tobytes())  # every 0.1 s louder
    heard = MotionStimuli(conditions, 1.0, 0, sounds).sound(0)
    with wave.open(io.BytesIO(heard.data)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert len(samples) == 16_000
    assert (samples[800], samples[-800]) == (pytest.approx(20_000, abs=300), pytest.approx(29_000, abs=300))
    (sounds / "x.flac").write_bytes(b"")
    with pytest.raises(UserError, match="more than one recording"):
        MotionStimuli(conditions, 1.0, 0, sounds)
    with pytest.raises(UserError, match="no such folder"):
        MotionStimuli(conditions, 1.0, 0, tmp_path / "none")


def test_motion_that_cannot_be_compared(tmp_path):
    given = motion_folders(tmp_path, ("true", "model"), ("x",))
    path = tmp_path / "model" / "x.motion.safetensors"
    for take, told in (
        (take_of(1, fps=30.0), "25 and 30 frames a second"),
        (take_of(1, seconds=0.4, words=False), r"0\.40 s in one condition"),
        (Take("flame", 25.0, "flame53", np.zeros((50, 53), np.float32)), "its face is flame53"),
    ):  # fmt: skip
        write_motion(take, path)
        with pytest.raises(UserError, match=told):
            MotionStimuli(gather(given, 10, 0), 10.0, 0)
    path.write_bytes(b"damaged")
    with pytest.raises(UserError, match="not a whole safetensors file"):
        MotionStimuli(gather(given, 10, 0), 10.0, 0)


def test_orders_of_altered_copies():
    assert (altered_order(10, 25.0, "frozen", 0) == 5).all()
    assert (altered_order(10, 25.0, "", 0) == np.arange(10)).all()
    order = altered_order(130, 25.0, "shuffled", 0)
    assert sorted(order) == list(range(130))
    assert (np.abs(order - np.arange(130)) < 50).all()
    assert (np.diff(order) != 1).sum() > 10


def test_a_dataset_is_a_condition(rated_talks, tmp_path):
    (true, again) = gather([f"true={rated_talks}", f"again={rated_talks}"], 2, 0)
    assert len(true.clips) == 2
    assert list(true.clips) == list(again.clips)
    stimuli = MotionStimuli((true, again), 1.0, 0)
    assert stimuli.get(0, Side(0)).data == stimuli.get(0, Side(1)).data
    name = next(iter(true.clips))
    write_motion(take_of(0), tmp_path / "model" / f"{name}.motion.safetensors")
    both = gather([f"true={rated_talks}", str(tmp_path / "model")], 9, 0)
    assert [list(c.clips) for c in both] == [[name], [name]]
    write_motion(take_of(0), tmp_path / "model" / "unknown.motion.safetensors")
    with pytest.raises(UserError, match=r"lacks 1 of 2 clips \(unknown\)"):
        gather([f"true={rated_talks}", str(tmp_path / "model")], 9, 0)


def test_folders_that_cannot_be_compared(tmp_path, films):
    motion_folders(tmp_path, ("a", "b"), ("x", "y"))
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    (tmp_path / "b" / "y.motion.safetensors").rename(tmp_path / "b" / "z.motion.safetensors")
    (tmp_path / "empty").mkdir()
    for given, told in (
        ([a], "1 conditions: expected 2 to 10"), ([a, str(tmp_path / "none")], "no such folder"),
        ([a, b], r"lacks 1 of 3 clips \(z\)"), ([a, str(tmp_path / "empty")], "holds no clip"),
        ([a, f"a={b}"], "two conditions are called 'a'"), ([a, str(films / "one")], "holds films and a motion"),
        ([a, f"x:y={b}"], "without ':'"), ([a, f"{'n' * 41}={b}"], "1 to 40 characters"),
        ([a, "x="], "expected NAME=FOLDER"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=told):
            gather(given, 10, 0)
    shutil.copy(films / "one" / "clip0.mp4", tmp_path / "a" / "w.mp4")
    with pytest.raises(UserError, match="holds films and motion"):
        gather([a, b], 10, 0)
    (tmp_path / "films").mkdir()
    for name in ("w.mp4", "w.webm"):
        shutil.copy(films / "one" / "clip0.mp4", tmp_path / "films" / name)
    with pytest.raises(UserError, match="two clips called 'w'"):
        gather([str(tmp_path / "films"), a], 10, 0)


def test_a_path_may_hold_an_equals_sign(tmp_path):
    (tmp_path / "x=1").mkdir()
    assert named(str(tmp_path / "x=1")) == ("x=1", tmp_path / "x=1")
    assert named("x=1") == ("x", Path("1"))
