"""Tokenizers as others see them: any length, gaps, streams, and every sentence for what does not fit."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_motion import motion_set, small_config
from small_talks import tiny_tokenizer

from nonverbal.records import dumps, to_plain
from nonverbal.tokens import tokenizer as module
from nonverbal.tokens.config import TokenizerConfig, spaces_of
from nonverbal.tokens.store import CARD_NAME, WEIGHTS_NAME, load_tokenizer, save_tokenizer
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.verdicts import UserError
from random_tokenizers import random_tokenizer

FACE, BODY = ("arkit52",), ("smplx117",)


@pytest.fixture(scope="module")
def face() -> Tokenizer:
    return tiny_tokenizer(FACE)


@given(st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_any_length_comes_back_with_its_length(face: Tokenizer, length: int) -> None:
    values = motion_set([length]).values
    codes = face.encode(values)
    assert codes.shape == (-(-length // face.frames_per_token), 1)
    assert (codes >= 0).all()
    assert face.decode(codes, length).shape == values.shape


def test_no_frames_are_no_tokens(face: Tokenizer) -> None:
    codes = face.encode(np.zeros((0, 52), np.float32))
    assert codes.shape == (0, 1)
    assert face.decode(codes).shape == (0, 52)


def test_long_motion_in_parts_is_what_it_is_whole(face: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    values = motion_set([700]).values
    codes, frames = face.encode(values), face.decode(face.encode(values))
    monkeypatch.setattr(module, "_CHUNK_TOKENS", 16)
    assert (face.encode(values) == codes).all()
    np.testing.assert_allclose(face.decode(codes), frames, atol=1e-5)


def test_a_hundred_thousand_frames_keep_their_end(face: Tokenizer) -> None:
    """The release cut tokens at 20.48 s."""
    values = np.resize(motion_set([5000]).values, (100_000, 52))
    codes = face.encode(values)
    assert len(codes) == 25_000
    assert (face.encode(values[-4000:])[500:] == codes[-500:]).all()


def test_what_gaps_hold_changes_no_code_far_from_them_and_has_none_itself(face: Tokenizer) -> None:
    values, mask = motion_set([400]).values.copy(), np.ones((400, 3), bool)
    mask[100:140] = False
    codes = face.encode(values, mask)
    assert (codes[25:35] == -1).all()
    assert (np.delete(codes, np.s_[25:35]) >= 0).all()
    values[100:140] = 9.0
    reach = face._reach_tokens
    changed = np.flatnonzero((face.encode(values, mask) != codes)[:, 0])
    assert ((changed >= 25 - reach) & (changed < 35 + reach)).all()


def test_gaps_decode_as_the_token_before(face: Tokenizer) -> None:
    codes = face.encode(motion_set([80]).values)
    gappy = codes.copy()
    gappy[[0, 5, 6]] = -1
    held = codes.copy()
    held[0], held[5:7] = codes[1], codes[4]
    assert (face.decode(gappy) == face.decode(held)).all()
    assert np.isfinite(face.decode(np.full((4, 1), -1))).all()


def test_fewer_levels_decode_too() -> None:
    residual = tiny_tokenizer(FACE, quantiser="rvq", levels=3)
    codes = residual.encode(motion_set([40]).values)
    assert codes.shape == (10, 3)
    assert residual.decode(codes[:, :1]).shape == (40, 52)
    assert not np.array_equal(residual.decode(codes[:, :1]), residual.decode(codes))


def test_a_stream_gives_what_decoding_at_once_gives() -> None:
    causal = tiny_tokenizer(FACE, causal=True)
    codes = causal.encode(motion_set([200]).values)
    codes[7] = -1
    stream = causal.stream()
    pushed = np.concatenate([stream.push(part) for part in np.split(codes, [1, 2, 9, 30])])
    np.testing.assert_allclose(pushed, causal.decode(codes), atol=1e-4)


def test_a_causal_token_does_not_know_what_comes() -> None:
    causal = tiny_tokenizer(FACE, causal=True)
    values = motion_set([200]).values
    codes, frames = causal.encode(values), causal.decode(causal.encode(values))
    assert (causal.encode(values[:100]) == codes[:25]).all()
    np.testing.assert_allclose(causal.decode(codes[:25]), frames[:100], atol=1e-5)


def test_the_face_to_others() -> None:
    joint = random_tokenizer(small_config((*FACE, *BODY), quantiser="rvq", levels=2, fps=30.0))
    assert (joint.part, joint.space, joint.spaces) == ("joint", "arkit52+smplx117", ("arkit52", "smplx117"))
    assert (joint.fps, joint.frames_per_token, joint.codebook_size, joint.num_codebooks) == (30.0, 4, 16, 2)
    assert joint.bits_per_s == pytest.approx(30 / 4 * 2 * 4)
    assert random_tokenizer(small_config(BODY)).part == "body"
    assert random_tokenizer(small_config(("flame53",))).part == "face"


def _nan(values: np.ndarray) -> np.ndarray:
    values = values.copy()
    values[7, 3] = np.nan
    return values


WRONG_MOTION = {
    "width": (lambda v: v[:, :51], r"got the shape \[20, 51\], expected \[T, 52\] numbers of arkit52"),
    "dimensions": (lambda v: v[0], r"got the shape \[52\]"),
    "nan": (_nan, r"1 of 20 frames hold NaN or infinity, the first at 7"),
}


@pytest.mark.parametrize("fault", WRONG_MOTION)
def test_motion_that_does_not_fit(face: Tokenizer, fault: str) -> None:
    change, sentence = WRONG_MOTION[fault]
    with pytest.raises(UserError, match=sentence):
        face.encode(change(motion_set([20]).values))


def test_a_mask_that_does_not_fit(face: Tokenizer) -> None:
    with pytest.raises(UserError, match=r"mask: got the shape \[20, 2\], expected \[20, ...\] for upper_face, jaw"):
        face.encode(motion_set([20]).values, np.ones((20, 2), bool))


WRONG_CODES = {
    "too large": (np.array([[0], [32]]), r"got 0 to 32, expected -1 to 31"),
    "too small": (np.array([[-2]]), r"got -2 to -2"),
    "levels": (np.zeros((3, 2), int), r"shape \[3, 2\], expected whole numbers \[L, 1 to 1\]"),
    "floats": (np.zeros((3, 1)), r"got float64"),
}


@pytest.mark.parametrize("fault", WRONG_CODES)
def test_codes_that_do_not_fit(face: Tokenizer, fault: str) -> None:
    codes, sentence = WRONG_CODES[fault]
    with pytest.raises(UserError, match=sentence):
        face.decode(codes)


def test_more_frames_than_there_are_and_streams_that_cannot_be(face: Tokenizer) -> None:
    with pytest.raises(UserError, match=r"n_frames: got 13, expected 0 to 12"):
        face.decode(np.zeros((3, 1), int), 13)
    with pytest.raises(UserError, match="train one with --causal"):
        face.stream()
    with pytest.raises(UserError, match="begins with a token of -1"):
        tiny_tokenizer(FACE, causal=True).stream().push(np.array([[-1]]))


@pytest.mark.parametrize("quantiser", [{}, {"quantiser": "rvq", "levels": 2}, {"quantiser": "fsq"}])
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, quantiser: dict[str, object]) -> None:
    grid = {"fsq_grid": (4, 8), "code_width": 2} if quantiser.get("quantiser") == "fsq" else {}
    saved = tiny_tokenizer(FACE, **quantiser, **grid)
    save_tokenizer(saved, tmp_path / "t")
    loaded = load_tokenizer(tmp_path / "t")
    values = motion_set([50]).values
    assert loaded.hash == saved.hash
    assert loaded.config == saved.config
    assert (loaded.encode(values) == saved.encode(values)).all()
    assert (loaded.decode(loaded.encode(values)) == saved.decode(saved.encode(values))).all()
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == [CARD_NAME, WEIGHTS_NAME]


def _cut(folder: Path) -> None:
    path = folder / WEIGHTS_NAME
    path.write_bytes(path.read_bytes()[:-100])


def _flip(folder: Path) -> None:
    path = folder / WEIGHTS_NAME
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def _pickle(folder: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, folder / WEIGHTS_NAME)


def _old_pickle(folder: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, folder / WEIGHTS_NAME, _use_new_zipfile_serialization=False)


def _other_size(folder: Path) -> None:
    card = folder / CARD_NAME
    card.write_text(card.read_text().replace('"width": 8', '"width": 16'))


DAMAGE = {
    "cut short": (_cut, r"weights.safetensors: not a whole safetensors file"),
    "one bit": (_flip, r"got weights with the hash [0-9a-f]{16}, expected"),
    "pickle": (
        _pickle,
        r"^[^:]*weights.safetensors: is a pickle or a zip of pickles, which can run code and is never read",
    ),
    "old pickle": (_old_pickle, r"is a pickle or a zip of pickles"),
    "no weights": (lambda f: (f / WEIGHTS_NAME).unlink(), r"weights.safetensors: not found"),
    "no card": (lambda f: (f / CARD_NAME).unlink(), r"tokenizer.json: not found; expected a folder that"),
    "broken card": (lambda f: (f / CARD_NAME).write_text("{"), r"cannot be read as JSON"),
    "version": (lambda f: (f / CARD_NAME).write_text('{"format_version": 99}'), r"format version 99, expected 1"),
    "card of another": (_other_size, r"does not fit tokenizer.json beside it \(.*size mismatch"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_tokenizer_gets_its_sentence(tmp_path: Path, damage: str) -> None:
    save_tokenizer(tiny_tokenizer(FACE), tmp_path)
    harm, sentence = DAMAGE[damage]
    harm(tmp_path)
    with pytest.raises(UserError, match=sentence):
        load_tokenizer(tmp_path)


WRONG_CONFIG = {
    "space": ({"spaces": ("arkit53",)}, UserError, "unknown parameter space"),
    "no space": ({"spaces": ()}, ValueError, "at least one parameter space"),
    "levels": ({"levels": 2}, ValueError, "only rvq has several"),
    "grid": ({"quantiser": "fsq", "fsq_grid": (3, 3)}, ValueError, "makes 9 codes, not 512"),
    "width": ({"width": 0}, ValueError, "width: got 0"),
    "halvings": ({"halvings": 9}, ValueError, "halvings: got 9"),
    "share": ({"ema_decay": 1.5}, ValueError, "ema_decay: got 1.5"),
}


@pytest.mark.parametrize("fault", WRONG_CONFIG)
def test_a_config_that_cannot_be(fault: str) -> None:
    change, kind, sentence = WRONG_CONFIG[fault]
    with pytest.raises(kind, match=sentence):
        TokenizerConfig(**({"spaces": FACE} | change))


def test_parts_and_their_spaces() -> None:
    assert spaces_of("joint", "flame53", "smplx117") == ("flame53", "smplx117")
    with pytest.raises(ValueError, match="expected face, body or joint"):
        spaces_of("hands", "flame53", "smplx117")
    groups = {g.name: (g.columns.start, g.columns.stop, g.part) for g in small_config((*FACE, *BODY)).groups}
    assert groups["lower_face"] == (26, 52, 0)
    assert groups["left_hand"] == (79, 124, 4)


def test_a_setting_that_came_later_leaves_the_hashes_of_before() -> None:
    plain = TokenizerConfig(("arkit52",))
    heavy = replace(plain, loss=replace(plain.loss, column_weights={"eyeBlink": 2.0}))
    old, new = (random_tokenizer(replace(config, width=8, depth=1, code_width=8)) for config in (plain, heavy))
    told = to_plain(old.config)
    del told["loss"]["column_weights"]
    digest = hashlib.sha256(dumps(told).encode())
    for name, tensor in sorted(old.tensors().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    assert old.hash == digest.hexdigest() != new.hash
