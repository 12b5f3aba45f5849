"""Steps as motion, whole and in chunks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import motion_tokenizers, stream_of

from nonverbal.mars.config import StreamConfig
from nonverbal.mars.generate import Decoded, MotionStream, codes_of, decode_sides
from nonverbal.mars.stream import Side
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.tokens.vqvae import MotionVQVAE
from nonverbal.verdicts import UserError


def causal(tokenizers: dict[str, Tokenizer]) -> dict[str, Tokenizer]:
    """The same, causal."""
    found = {}
    for part, tokenizer in tokenizers.items():
        config = replace(tokenizer.config, causal=True)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            found[part] = Tokenizer(config, MotionVQVAE(config), tokenizer.scaling)
    return found


def sides_of(config: StreamConfig, length: int) -> list[Side]:
    rng = np.random.default_rng(0)
    codes = [
        tuple(tuple(rng.integers(0, p.codebook_size, p.levels).tolist()) for p in config.parts) for _ in range(length)
    ]
    return [Side(("I",) * (i % 3), row) for i, row in enumerate(codes)]


def streamed(stream: MotionStream, sides: list[Side]) -> list[Decoded]:
    return [*(stream.push(side) for side in sides), stream.flush()]


def joined(chunks: list[Decoded], part: str) -> np.ndarray:
    return np.concatenate([chunk.motion[part] for chunk in chunks])


def test_words_and_frames_of_steps() -> None:
    tokenizers = motion_tokenizers()
    config = stream_of(tokenizers)
    sides = sides_of(config, 4)
    got = decode_sides(sides, config, tokenizers, first_step=2)
    assert got.face is not None
    assert got.body is not None
    assert (got.face.shape, got.body.shape) == ((32, 52), (32, 117))
    assert [word.word for word in got.words] == ["I"] * 3
    assert [word.start_s for word in got.words] == pytest.approx([0.96, 1.28, 1.44])
    np.testing.assert_array_equal(got.face, tokenizers["face"].decode(codes_of(sides, config)["face"]))


def test_a_causal_stream_is_the_whole() -> None:
    tokenizers = causal(motion_tokenizers())
    config = stream_of(tokenizers)
    sides = sides_of(config, 12)
    chunks = streamed(MotionStream(config, tokenizers), sides)
    whole = decode_sides(sides, config, tokenizers)
    for part in ("face", "body"):
        assert [len(chunk.motion[part]) for chunk in chunks] == [8] * 12 + [0]
        np.testing.assert_allclose(joined(chunks, part), whole.motion[part], atol=1e-5)
    assert [w for chunk in chunks for w in chunk.words] == list(whole.words)


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_a_stream_that_looks_ahead_waits(delay: int) -> None:
    tokenizers = motion_tokenizers()
    config = stream_of(tokenizers)
    sides = sides_of(config, 12)
    chunks = streamed(MotionStream(config, tokenizers, delay), sides)
    whole = decode_sides(sides, config, tokenizers)
    for part in ("face", "body"):
        assert [len(c.motion[part]) for c in chunks] == [0] * delay + [8] * (12 - delay) + [8 * delay]
        assert joined(chunks, part).shape == whole.motion[part].shape
    assert [w for chunk in chunks for w in chunk.words] == list(whole.words)


def test_with_all_that_comes_a_stream_is_the_whole() -> None:
    tokenizers = motion_tokenizers()
    config = stream_of(tokenizers)
    sides = sides_of(config, 12)
    chunks = streamed(MotionStream(config, tokenizers, delay=12), sides)
    whole = decode_sides(sides, config, tokenizers)
    np.testing.assert_allclose(joined(chunks, "face"), whole.motion["face"], atol=1e-5)
    far = streamed(MotionStream(config, tokenizers, delay=2), sides)
    near = streamed(MotionStream(config, tokenizers, delay=0), sides)
    errors = [np.abs(joined(c, "face") - whole.motion["face"]).mean() for c in (near, far)]
    assert errors[1] < errors[0]


def test_seams_fade_over() -> None:
    tokenizers = motion_tokenizers()
    config = stream_of(tokenizers)
    sides = sides_of(config, 40)
    frames = joined(streamed(MotionStream(config, tokenizers), sides), "face")
    change = np.linalg.norm(np.diff(frames, axis=0), axis=1)
    seams = np.arange(7, len(change), 8)
    assert change[seams].mean() < 1.3 * np.delete(change, seams).mean()


@pytest.mark.parametrize("make", [motion_tokenizers, lambda: causal(motion_tokenizers())])
def test_a_part_that_is_not_seen_keeps_its_pose(make) -> None:
    tokenizers = make()
    config = stream_of(tokenizers)
    hidden = [Side((), ((), ())), *sides_of(config, 3), Side((), ((), (2,)))]
    frames = joined(streamed(MotionStream(config, tokenizers), hidden), "face")
    assert frames.shape == (40, 52)
    assert np.isfinite(frames).all()
    assert codes_of(hidden, config)["face"][[0, -1], 0].tolist() == [-1, -1]


def test_a_missing_tokenizer_is_told() -> None:
    tokenizers = motion_tokenizers()
    config = stream_of(tokenizers)
    with pytest.raises(UserError, match="expected one of body too"):
        decode_sides([], config, {"face": tokenizers["face"]})
    with pytest.raises(UserError, match="delay, look_back"):
        MotionStream(config, tokenizers, delay=-1)
