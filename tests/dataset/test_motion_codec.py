"""Motion files: exact inverses, equal bytes, no copies, and verdicts on motion that does not fit."""

from __future__ import annotations

import dataclasses
import gc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nonverbal.dataset.content import read_summary
from nonverbal.dataset.motion_codec import MotionCodec, column_view, motion_of_row
from nonverbal.dataset.schema import ARRAY_COLUMNS, ClipMotion
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source
from nonverbal.types import Motion
from nonverbal.verdicts import Reason, RejectedError

CLIP = synthetic_clip(synthetic_source(0))


def assert_same(one: ClipMotion, other: ClipMotion) -> None:
    assert one.clip_id == other.clip_id
    assert len(one.participants) == len(other.participants)
    for a, b in zip(one.participants, other.participants, strict=True):
        for name in Motion.__slots__:
            assert np.array_equal(getattr(a, name), getattr(b, name)), name
            assert getattr(a, name).__class__ is getattr(b, name).__class__, name


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.integers(0, 70), seed=st.integers(0, 2**31), clip_id=st.text("0123456789abcdef", min_size=1))
def test_reading_is_the_inverse_of_writing(tmp_path: Path, frames: int, seed: int, clip_id: str) -> None:
    clip = dataclasses.replace(CLIP, clip_id=clip_id, end_s=CLIP.start_s + frames / 25)
    motion = synthetic_motion(clip, seed)
    MotionCodec().write(tmp_path / "m.parquet", motion)
    assert_same(MotionCodec().read(tmp_path / "m.parquet"), motion)


def test_equal_motion_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        MotionCodec().write(tmp_path / name, synthetic_motion(CLIP, 3))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_arrays_are_views_into_the_buffers_of_arrow(tmp_path: Path) -> None:
    """The slow reference is the buffer's own address range: a copy would lie outside."""
    MotionCodec().write(tmp_path / "m.parquet", synthetic_motion(CLIP))
    table = pq.read_table(tmp_path / "m.parquet").combine_chunks()
    for row in range(2):
        for name in ARRAY_COLUMNS:
            view = column_view(table[name], row)
            values = table[name].chunk(0)
            while pa.types.is_list(values.type) or pa.types.is_fixed_size_list(values.type):
                values = values.values
            buffer = values.buffers()[1]
            address = view.__array_interface__["data"][0]
            assert buffer.address <= address, name
            assert address + view.nbytes <= buffer.address + buffer.size, name


def test_reading_allocates_nothing_beside_arrow(tmp_path: Path) -> None:
    MotionCodec().write(tmp_path / "m.parquet", synthetic_motion(CLIP))
    table = pq.read_table(tmp_path / "m.parquet")
    gc.collect()  # what others left behind may go at any time, and the pool is everybody's
    before = pa.total_allocated_bytes()
    motion = motion_of_row(table, 1)
    assert pa.total_allocated_bytes() <= before
    assert not any(getattr(motion, name).flags.owndata for name in ARRAY_COLUMNS)
    assert not any(getattr(motion, name).flags.writeable for name in ARRAY_COLUMNS)


def test_rows_are_found_in_any_chunk_and_slice(tmp_path: Path) -> None:
    parts = [synthetic_motion(dataclasses.replace(CLIP, end_s=CLIP.start_s + n), n) for n in (1, 2, 3)]
    for i, part in enumerate(parts):
        MotionCodec().write(tmp_path / str(i), part)
    table = pa.concat_tables([pq.read_table(tmp_path / str(i)) for i in range(3)])
    joined = table.combine_chunks()
    for row in range(6):
        expected = parts[row // 2].participants[row % 2]
        for found in (motion_of_row(table, row), motion_of_row(joined, row), motion_of_row(joined.slice(row), 0)):
            assert np.array_equal(found.face, expected.face)
            assert np.array_equal(found.speaking, expected.speaking)


def test_the_footer_tells_what_the_rows_hold(tmp_path: Path) -> None:
    motion = synthetic_motion(CLIP)
    MotionCodec().write(tmp_path / "m.parquet", motion)
    summary = read_summary(tmp_path / "m.parquet")
    first = motion.participants[0]
    assert (summary.clip_id, summary.n_frames, summary.fps) == (CLIP.clip_id, 100, 25.0)
    assert summary.rows["A"].valid_frames == tuple(int(column.sum()) for column in first.validity.T)
    assert summary.rows["A"].speaking_frames == int(first.speaking.sum())
    assert summary.rows["A"].digests["face"] != summary.rows["B"].digests["face"]


def broken(motion: ClipMotion, column: str, values: np.ndarray) -> ClipMotion:
    first, second = motion.participants
    return ClipMotion(motion.clip_id, (dataclasses.replace(first, **{column: values}), second))


@pytest.mark.parametrize("width", [51, 53, 61, 68])
def test_a_wrong_number_of_columns_is_named(tmp_path: Path, width: int) -> None:
    motion = broken(synthetic_motion(CLIP), "face", np.zeros((100, width), np.float32))
    with pytest.raises(
        RejectedError, match=rf"column face: got float32 \[100, {width}\], expected float32 \[100, 52\]"
    ) as e:
        MotionCodec().write(tmp_path / "m.parquet", motion)
    assert e.value.reject.reason is Reason.E_SCHEMA


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_motion_that_is_not_finite_is_refused(tmp_path: Path, bad: float) -> None:
    values = np.zeros((100, 117), np.float32)
    values[7, 3] = bad
    with pytest.raises(RejectedError, match="column body: 1 values are NaN or infinite") as e:
        MotionCodec().write(tmp_path / "m.parquet", broken(synthetic_motion(CLIP), "body", values))
    assert e.value.reject.reason is Reason.E_NONFINITE


def test_participants_of_unequal_length_are_refused(tmp_path: Path) -> None:
    one = synthetic_motion(CLIP).participants[0]
    other = synthetic_motion(dataclasses.replace(CLIP, end_s=CLIP.start_s + 1)).participants[1]
    with pytest.raises(ValueError, match="one layout and length"):
        MotionCodec().write(tmp_path / "m.parquet", ClipMotion("x", (one, other)))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(64) + b"PAR1", b"not parquet at all"])
def test_what_is_no_motion_file_is_a_plain_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.parquet").write_bytes(content)
    with pytest.raises((ValueError, OSError)):
        MotionCodec().read(tmp_path / "m.parquet")


def test_parquet_of_other_columns_is_a_plain_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "m.parquet")
    with pytest.raises(ValueError, match="not the motion of a clip"):
        MotionCodec().read(tmp_path / "m.parquet")


def test_a_flipped_byte_in_a_page_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    MotionCodec().write(path, synthetic_motion(CLIP))
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    with pytest.raises((ValueError, OSError)):
        MotionCodec().read(path)
