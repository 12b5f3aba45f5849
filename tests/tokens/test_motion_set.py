"""One array of motion: every valid frame is in a window, none twice, gaps are held and told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_motion import motion_set
from small_talks import build_talks

from nonverbal.pipeline.lock import OutputError
from nonverbal.tokens.motion_set import load_motion_set, motion_rows
from nonverbal.verdicts import UserError


@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_windows_in_order_cover_every_frame(lengths: list[int], seed: int) -> None:
    """The release cut every utterance at 512 frames; here nothing is cut away, however long or short."""
    motion = motion_set(lengths)
    windows = motion.windows(16)
    seen = np.zeros(sum(lengths), int)
    for first, end in windows:
        assert any(first >= a and end == b for a, b in motion.bounds)
        seen[first : min(first + 16, end)] += 1
    assert seen.min() >= 1


@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_an_epoch_stays_inside_sequences_and_follows_from_its_seed(lengths: list[int], seed: int) -> None:
    motion = motion_set(lengths)
    windows = motion.windows(16, np.random.default_rng(seed))
    assert (windows == motion.windows(16, np.random.default_rng(seed))).all()
    for first, end in windows:
        start = next(a for a, b in motion.bounds if b == end)
        assert first >= start
        assert first + 16 <= end or end - start < 16


def test_epochs_begin_in_different_places() -> None:
    motion = motion_set([500])
    firsts = {tuple(sorted(motion.windows(64, np.random.default_rng((0, epoch)))[:, 0])) for epoch in range(4)}
    assert len(firsts) == 4


def test_windows_without_a_valid_frame_are_left_out() -> None:
    motion = motion_set([64])
    motion.mask[16:48] = False
    assert motion.windows(16)[:, 0].tolist() == [0, 48]


@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_window_stays_if_any_of_its_frames_is_valid(lengths: list[int], seed: int) -> None:
    motion, whole = motion_set(lengths), motion_set(lengths)
    motion.mask[:] = np.random.default_rng(seed).random(motion.mask.shape) > 0.98
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nonverbal.tokens.motion_set._CHUNK", 7)
        found = motion.windows(16)
    every = whole.windows(16)
    wanted = [w for w in every.tolist() if motion.mask[w[0] : min(w[0] + 16, w[1])].any()]
    assert found.tolist() == wanted
    assert motion.valid_frames == motion.mask.any(axis=1).sum()


def test_a_window_longer_than_its_sequence_repeats_the_end_and_says_so() -> None:
    motion = motion_set([5, 9])
    values, mask = motion.gather(motion.windows(8), 8)
    assert (values[0, 5:] == motion.values[4]).all()
    assert mask[0].all(axis=1).tolist() == [True] * 5 + [False] * 3
    assert mask[1].all()


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    return build_talks(tmp_path_factory.mktemp("talks"))


def test_gaps_repeat_the_nearest_valid_frame(talks) -> None:  # type: ignore[no-untyped-def]
    motion = talks.motion(talks.ids()[0], "A")
    values, mask = motion_rows(motion, ("arkit52", "smplx117"))
    assert values.shape == (motion.n_frames, 169)
    assert (mask[:, 0] == (motion.validity[:, 0] == 1)).all()
    valid = np.flatnonzero(mask[:, 0])
    for frame in np.flatnonzero(~mask[:, 0]):
        distance = np.abs(valid - frame)
        nearest = valid[distance == distance.min()]
        assert any((values[frame, :52] == motion.face[i]).all() for i in nearest)
    assert (values[mask[:, 0], :52] == motion.face[mask[:, 0]]).all()


def test_motion_in_another_space_is_refused(talks) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match=r"got motion in arkit52 and smplx117, expected flame53"):
        motion_rows(talks.motion(talks.ids()[0], "A"), ("flame53",))


def test_a_set_holds_every_participant_and_is_written_once(talks, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    motion = load_motion_set(talks, None, "body", tmp_path)
    assert list(motion.names) == [(i, who) for i in talks.ids() for who in talks.row(i)["participants"]]
    for (dialogue, who), (values, mask) in zip(motion.names, motion.sequences(), strict=True):
        wanted = motion_rows(talks.motion(dialogue, who, smooth=True), ("smplx117",))
        assert (values == wanted[0]).all()
        assert (mask == wanted[1]).all()
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    load_motion_set(talks, None, "body", tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == stamps


def test_arrays_that_are_not_whole_are_written_again(talks, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    wanted = np.array(load_motion_set(talks, None, "face", tmp_path).values)
    for kind, damage in (("values.f32", b"short"), ("mask.bool", b""), ("bounds.npy", b"no array")):
        next(tmp_path.glob(f"*.{kind}")).write_bytes(damage)
        assert (load_motion_set(talks, None, "face", tmp_path).values == wanted).all()
    next(tmp_path.glob("*.values.f32")).unlink()
    assert (load_motion_set(talks, None, "face", tmp_path).values == wanted).all()


def test_a_set_knows_what_it_was_made_of(talks, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sets = [load_motion_set(talks, None, part, tmp_path, smooth) for part, smooth in (("face", True), ("face", False))]
    assert len({motion.origin for motion in sets}) == 2
    assert all(motion.origin.startswith(talks.content_hash[:16]) for motion in sets)


def test_a_folder_that_cannot_be_written_to_is_said(talks, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write in .*file/arrays"):
        load_motion_set(talks, None, "face", tmp_path / "file" / "arrays")


def test_an_empty_split_names_those_there_are(talks, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    empty = next(name for name, count in talks.manifest.splits.items() if not count)
    with pytest.raises(UserError, match=f"no dialogue in the split '{empty}'.*train"):
        load_motion_set(talks, empty, "face", tmp_path)
