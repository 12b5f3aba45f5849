"""Motion survives the wire, and what is no chunk is refused in one sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nonverbal.serve.wire import LARGEST, Chunk, Marks, pack, unpack
from nonverbal.verdicts import UserError


def _chunk(frames: int, seed: int, gaze: bool, marks: bool) -> Chunk:
    rng = np.random.default_rng(seed)
    known = None
    if marks:
        validity, speaking = rng.integers(0, 2, (frames, 6), np.uint8), rng.integers(0, 2, frames, np.uint8)
        known = Marks(validity, rng.random((frames, 6), np.float32), speaking)
    look = rng.uniform(-1, 1, (frames, 4)).astype(np.float32) if gaze else None
    body = rng.uniform(-3, 3, (frames, 117)).astype(np.float32)
    return Chunk(int(rng.integers(0, 1 << 31)), 25.0, rng.random((frames, 52), np.float32), body, look, known)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), st.integers(0, 99), st.booleans(), st.booleans())
def test_unpack_gives_back_what_pack_was_given(frames: int, seed: int, gaze: bool, marks: bool) -> None:
    sent = _chunk(frames, seed, gaze, marks)
    got = unpack(pack(sent))
    assert (got.first_frame, got.fps, got.n_frames) == (sent.first_frame, 25.0, frames)
    np.testing.assert_allclose(got.face, sent.face, atol=LARGEST["arkit52"] / 32767)
    np.testing.assert_allclose(got.body, sent.body, atol=LARGEST["smplx117"] / 32767)
    assert (got.gaze is None, got.marks is None) == (not gaze, not marks)
    if sent.gaze is not None and got.gaze is not None:
        np.testing.assert_allclose(got.gaze, sent.gaze, atol=1e-4)
    if sent.marks is not None and got.marks is not None:
        np.testing.assert_array_equal(got.marks.validity, sent.marks.validity)
        np.testing.assert_array_equal(got.marks.speaking, sent.marks.speaking)
        np.testing.assert_allclose(got.marks.confidence, sent.marks.confidence, atol=0.5 / 255 + 1e-6)


def test_the_layout_is_the_one_that_is_written_down() -> None:
    face, body = np.full((1, 52), 1.0, np.float32), np.full((1, 117), np.pi, np.float32)
    data = pack(Chunk(7, 25.0, face, body))
    assert data[:8] == b"NVMO\x01\x00\x34\x00"
    assert int.from_bytes(data[12:16], "little") == 7
    assert int.from_bytes(data[32:34], "little") == 32767
    assert int.from_bytes(data[32 + 104 : 32 + 106], "little") == 16384
    assert len(data) == 32 + 2 * (52 + 117)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda d: b"NVMX" + d[4:], "expected a chunk that begins"),
        (lambda d: d[:4] + b"\x02" + d[5:], "got version 2, expected 1"),
        (lambda d: d[:-1], "for 3 frames"),
        (lambda d: d[:10], "expected a chunk"),
    ],
)
def test_what_is_no_chunk_is_refused(damage, sentence: str) -> None:
    data = pack(_chunk(3, 0, gaze=False, marks=False))
    with pytest.raises(UserError, match=f"^motion: .*{sentence}"):
        unpack(damage(data))
