"""Our own motion file: what goes in comes out, equal takes give equal bytes, and damage is named."""

from __future__ import annotations

import json
import pickle
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_takes import made_take
from safetensors.numpy import save_file

from nonverbal.formats.motion_file import SUFFIX, motion_bytes, read_motion, write_motion
from nonverbal.formats.take import Take
from nonverbal.types import Word
from nonverbal.verdicts import UserError

ARRAYS = ("face", "body", "gaze", "validity")


def same(one: Take, other: Take) -> bool:
    plain = {name: getattr(one, name) == getattr(other, name) for name in ("name", "fps", "words", "source", "licence")}
    spaces = (one.face_space, one.body_space) == (other.face_space, other.body_space)
    arrays = all(
        (a is None) == (b is None) and (a is None or np.array_equal(a, b))
        for a, b in ((getattr(one, name), getattr(other, name)) for name in ARRAYS)
    )
    return all(plain.values()) and spaces and arrays


def words(texts: list[str]) -> tuple[Word, ...]:
    return tuple(Word(text, 0.1 * i, 0.1 * i + 0.05, 0.5) for i, text in enumerate(texts))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 40), st.floats(1, 240), st.integers(0, 99), st.sampled_from(["arkit52", "flame53"]),
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4), st.sets(st.sampled_from(ARRAYS[1:])),
)  # fmt: skip
def test_what_goes_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory, count: int, fps: float, seed: int, space: str, texts: list[str],
    without: set[str],
) -> None:  # fmt: skip
    left_out = without | ({"body_space"} if "body" in without else set())
    take = replace(made_take(count, fps, seed, space), words=words(texts), **dict.fromkeys(left_out))
    path = tmp_path_factory.getbasetemp() / f"with a space{SUFFIX}"
    write_motion(take, path)
    assert same(read_motion(path), take)
    assert path.read_bytes() == motion_bytes(take)


def test_equal_takes_give_equal_bytes() -> None:
    assert motion_bytes(made_take()) == motion_bytes(made_take())
    assert motion_bytes(made_take()) != motion_bytes(made_take(seed=1))


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / f"a{SUFFIX}"
    write_motion(made_take(), path)
    before = path.read_bytes()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_motion(made_take(seed=1), tmp_path / "file" / f"a{SUFFIX}")
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"a{SUFFIX}", "file"]


def test_other_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ends in \.motion"):
        write_motion(made_take(), tmp_path / "a.safetensors")


def spoiled(path: Path, change: dict[str, object]) -> None:
    """Writes a motion file whose description says something else."""
    data = motion_bytes(made_take())
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    card = json.loads(header["__metadata__"]["nonverbal.motion"]) | change
    arrays = {k: np.ascontiguousarray(getattr(made_take(), k)) for k in ARRAYS}
    save_file(arrays, path, {"nonverbal.motion": json.dumps(card)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 9}, "format version 9, expected 1; use a matching release"),
        ({"fps": "fast"}, "description cannot be read.*fps"),
        ({"fps": float("nan")}, "nan frames a second"),
        ({"fps": float("inf")}, "inf frames a second"),
        ({"face_space": "arkit99"}, "unknown parameter space"),
        ({"face_space": None}, "both or neither"),
        ({"surprise": 1}, "unknown key 'surprise'"),
        ({"words": [["a", 1, 2, 3]]}, "description cannot be read"),
        ({"words": [{"word": "a", "start_s": -1, "end_s": 0, "prob": 1, "interpolated": False}]}, "lasts from -1"),
    ],
)
def test_descriptions_that_do_not_fit_are_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / f"a{SUFFIX}"
    spoiled(path, change)
    with pytest.raises(UserError, match=message):
        read_motion(path)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    data = motion_bytes(made_take())
    path = tmp_path / f"a b{SUFFIX}"
    for broken in (b"", b"x", data[:100], data[:-1], data + b"x", b"\xff" * 8 + data[8:], pickle.dumps([1])):
        path.write_bytes(broken)
        with pytest.raises(UserError, match=r"a b\.motion\.safetensors: not a whole safetensors file"):
            read_motion(path)
    with pytest.raises(UserError, match="cannot be opened"):
        read_motion(tmp_path / f"none{SUFFIX}")
    with pytest.raises(UserError, match="a folder"):
        read_motion(tmp_path)


def test_other_safetensors_are_named(tmp_path: Path) -> None:
    path = tmp_path / f"weights{SUFFIX}"
    save_file({"layer": np.zeros(3, np.float32)}, path)
    with pytest.raises(UserError, match="without motion"):
        read_motion(path)
    save_file({"layer": np.zeros(3, np.float32)}, path, {"nonverbal.motion": "{}"})
    with pytest.raises(UserError, match="holds the array layer"):
        read_motion(path)
    save_file({"face": np.zeros(3, np.float64)}, path, {"nonverbal.motion": "{}"})
    with pytest.raises(UserError, match=r"holds the array face \(F64\)"):
        read_motion(path)
    save_file({"face": np.zeros((3, 52), np.float32)}, path, {"nonverbal.motion": "[" * 100_000})
    with pytest.raises(UserError, match="description cannot be read"):
        read_motion(path)
