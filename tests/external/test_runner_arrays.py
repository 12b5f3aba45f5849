"""Answers of runners are files of strangers: what is not as declared is refused before room is made for it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nonverbal.external.arrays import bind, read_answer, read_npz
from nonverbal.external.protocol import ArraySpec, RunnerError, from_line, read_hello, to_line

SPECS = {"x": ArraySpec("float32", ("N", "2")), "n": ArraySpec("int64")}


def npy(values: np.ndarray, **options: bool) -> bytes:
    file = io.BytesIO()
    np.save(file, values, **options)
    return file.getvalue()


def archive(path: Path, members: list[tuple[str, bytes]], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


def test_good_answers_come_as_they_were_written(tmp_path: Path) -> None:
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "a.npz", x=np.asfortranarray(x), n=np.int64(7))
        found = read_answer(tmp_path / "a.npz", SPECS, {"N": 3}, 10_000)
        assert np.array_equal(found["x"], x)
        assert found["n"] == 7


def test_letters_stand_for_one_size() -> None:
    sizes: dict[str, int] = {}
    bind(
        sizes,
        {"a": ArraySpec("bool", ("N",)), "b": ArraySpec("bool", ("S", "N"))},
        {"a": np.ones(2, bool), "b": np.ones((5, 2), bool)},
    )
    assert sizes == {"N": 2, "S": 5}
    with pytest.raises(ValueError, match="N=2"):
        bind(sizes, {"a": ArraySpec("bool", ("N",))}, {"a": np.ones(3, bool)})


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "text"])
def test_damaged_files_are_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.ones((3, 2), np.float32), n=np.int64(7))
    data = bytearray(path.read_bytes())
    data[data.index(b"\x00\x00\x80\x3f")] ^= 1
    path.write_bytes({"flip": bytes(data), "cut": bytes(data[:-30]), "empty": b"", "text": b"hello"}[damage])
    with pytest.raises(ValueError, match="no whole npz file"):
        read_npz(path, 10_000)


def test_claims_are_held_against_the_bytes_there_are(tmp_path: Path) -> None:
    vast = npy(np.zeros((2, 2), np.float32)).replace(b"(2, 2)", b"(9999999999999,)")
    with pytest.raises(ValueError, match="expected"):
        read_npz(archive(tmp_path / "vast.npz", [("x.npy", vast)]), 10_000)
    negative = npy(np.zeros((2, 2), np.float32)).replace(b"(2, 2)", b"(-2,-2)")
    with pytest.raises(ValueError, match="expected"):
        read_npz(archive(tmp_path / "negative.npz", [("x.npy", negative)]), 10_000)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = archive(tmp_path / "bomb.npz", [("x.npy", npy(np.zeros(1 << 20)))], zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 20_000
    with pytest.raises(ValueError, match="unpacks to"):
        read_npz(bomb, 1 << 20)


def test_objects_and_doubles_are_refused(tmp_path: Path) -> None:
    objects = npy(np.asarray([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="expected numbers"):
        read_npz(archive(tmp_path / "o.npz", [("x.npy", objects)]), 10_000)
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = archive(tmp_path / "t.npz", [("x.npy", npy(np.zeros(1)))] * 2)
    with pytest.raises(ValueError, match="one name"):
        read_npz(twice, 10_000)
    with pytest.raises(ValueError, match="no regular file"):
        read_npz(Path("/dev/null"), 10_000)


def test_infinity_is_an_own_reason(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.full((3, 2), np.inf, np.float32), n=np.int64(7))
    with pytest.raises(RunnerError, match="x holds NaN or infinity in 3 of 3 rows"):
        read_answer(tmp_path / "a.npz", SPECS, {"N": 3}, 10_000)


HELLO = {"say": "hello", "id": 1, "protocol": 1, "name": "m", "version": "1", "kinds": {"face": {}}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"protocol": 2}, "protocol 2, expected 1"),
        ({"protocol": "x"}, "protocol none"),
        ({"name": ""}, "lacks a name"),
        ({"name": "a\nb"}, "without control"),
        ({"version": 2}, "expected str"),
        ({"kinds": {"face": {"gives": {"../x": {"dtype": "bool"}}}}}, "letters, digits"),
        ({"kinds": {"face": {"gives": {"x": {"dtype": "object"}}}}}, "dtype"),
        ({"kinds": {"face": {"gives": {"x": {"dtype": "bool", "shape": ["-1"]}}}}}, "dimension"),
        ({"kinds": {"face": {"format": "jpeg"}}}, "npy or video"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_hello_is_believed_only_as_written_down(change: dict[str, object], words: str) -> None:
    assert read_hello(HELLO).identity == "m 1"
    with pytest.raises(ValueError, match=words):
        read_hello({**HELLO, **change})


def test_lines_that_are_no_messages_are_chatter() -> None:
    for line in (b"", b"epoch 3", b"[1]", b'{"a": 1}', b'{"say": 3}', b"[" * 5000, b"\xff\x00"):
        assert from_line(line) is None
    with pytest.raises(ValueError, match="at most"):
        to_line({"options": "x" * 100_000})
