"""Training: it learns, it goes on where it stopped, and it says what is wrong before it starts."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_motion import QUICK, motion_set, small_config

from nonverbal.tokens.loop import learning_rate
from nonverbal.tokens.methods import METHODS, PRESETS, method_config
from nonverbal.tokens.scaling import fit_scaling
from nonverbal.tokens.store import load_tokenizer
from nonverbal.tokens.train import (
    CHECKPOINT_NAME,
    LOG_NAME,
    TRAINING,
    TrainConfig,
    tokens_of_a_batch,
    train,
)
from nonverbal.tokens.usage import CodeUse
from nonverbal.verdicts import UserError

RESIDUAL = {"quantiser": "rvq", "levels": 3, "level_dropout": 0.5, "dropout": 0.2, "sample_temperature": 0.5}


def test_the_loss_falls_in_twenty_steps(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = []
    motion = motion_set([400, 300])
    motion.values[:] = np.outer(motion.values[:, 0], motion.values[0])  # all columns move together
    training = replace(QUICK, steps=20, learning_rate=5e-3, log_every=1)
    train(motion, motion, small_config(), training, tmp_path, lines.append)
    losses = [line["reconstruction"] for line in lines if "loss" in line]
    assert len(losses) == 20
    assert np.mean(losses[-3:]) < 0.9 * np.mean(losses[:3])
    checks = [line["validation"]["reconstruction"] for line in lines if "validation" in line]
    assert checks[-1] < checks[0]


@pytest.mark.parametrize("settings", [{}, RESIDUAL], ids=["vq", "rvq with every kind of chance"])
def test_a_run_that_goes_on_ends_as_one_that_never_stopped(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Weights, optimiser, random numbers and the place in the data, over an epoch's end, to the last bit."""
    motion, config = motion_set([150, 90]), small_config(**settings)
    whole = train(motion, None, config, replace(QUICK, steps=9), tmp_path / "whole")
    training = replace(QUICK, steps=9, checkpoint_every_s=0.0)

    def stop(line: dict[str, Any]) -> None:
        if line["step"] == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(motion, None, config, training, tmp_path / "parts", stop)
    seen: list[int] = []
    torch.manual_seed(99)
    parts = train(motion, None, config, training, tmp_path / "parts", lambda line: seen.append(line["step"]))
    assert seen[0] == 6
    assert parts.hash == whole.hash
    steps = [json.loads(line)["step"] for line in (tmp_path / "parts" / LOG_NAME).read_text().splitlines()]
    assert steps == [2, 4, 6, 8, 9]


def test_ctrl_c_saves_the_step_at_hand(tmp_path: Path) -> None:
    motion, config = motion_set([150, 90]), small_config()
    whole = train(motion, None, config, QUICK, tmp_path / "whole")

    def press(line: dict[str, Any]) -> None:
        if line["step"] == 4:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(motion, None, config, QUICK, tmp_path / "parts", press)
    seen: list[int] = []
    assert (
        train(motion, None, config, QUICK, tmp_path / "parts", lambda line: seen.append(line["step"])).hash
        == whole.hash
    )
    assert seen == [6]


def test_a_batch_is_as_large_as_its_valid_tokens() -> None:
    """Codes are dead by how often tokens come; gaps and small sets bring fewer than full batches."""
    assert tokens_of_a_batch(motion_set([160]), small_config(), QUICK) == pytest.approx(8 * 4)
    half = motion_set([160])
    half.mask[80:] = False
    assert tokens_of_a_batch(half, small_config(), QUICK) == pytest.approx(5 * 4)
    gappy = motion_set([160])
    gappy.mask[::2] = False
    assert tokens_of_a_batch(gappy, small_config(), QUICK) == pytest.approx(8 * 2)


def test_a_finished_run_is_not_done_again(tmp_path: Path) -> None:
    motion = motion_set([150])
    first = train(motion, None, small_config(), QUICK, tmp_path)
    seen: list[dict[str, Any]] = []
    assert train(motion, None, small_config(), QUICK, tmp_path, seen.append).hash == first.hash
    assert seen == []


def test_the_same_seed_gives_the_same_bytes_and_leaves_others_dice_alone(tmp_path: Path) -> None:
    motion = motion_set([150])
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one = train(motion, None, small_config(), QUICK, tmp_path / "1")
    assert (torch.get_rng_state() == before).all()
    two = train(motion, None, small_config(), QUICK, tmp_path / "2")
    other = train(motion, None, small_config(), replace(QUICK, seed=1), tmp_path / "3")
    assert (tmp_path / "1" / "weights.safetensors").read_bytes() == (
        tmp_path / "2" / "weights.safetensors"
    ).read_bytes()
    assert one.hash == two.hash != other.hash
    assert load_tokenizer(tmp_path / "1").hash == one.hash


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_on_gaps(tmp_path: Path, method: str) -> None:
    motion = motion_set([200, 100], ("smplx117",), lost=0.4)
    small = {"width": 8, "code_width": 3 if method == "fsq" else 8, "depth": 1}
    config = replace(method_config(method, ("smplx117",)), **small)
    tokenizer = train(motion, motion, config, QUICK, tmp_path)
    values, mask = next(motion.sequences())
    codes = tokenizer.encode(values, mask)
    assert codes.shape == (25, config.levels)
    assert np.isfinite(tokenizer.decode(codes)).all()


def test_garbage_in_gaps_changes_nothing_but_what_sees_it(tmp_path: Path) -> None:
    """A sequence that is invalid through and through must leave the weights as they would be without it."""
    clean = motion_set([160, 160])
    clean.mask[160:] = False
    dirty = motion_set([160, 160])
    dirty.mask[160:] = False
    dirty.values[160:] = 1e4
    assert (
        train(clean, None, small_config(), QUICK, tmp_path / "1").hash
        == train(dirty, None, small_config(), QUICK, tmp_path / "2").hash
    )


def test_scaling_is_over_valid_frames_and_has_a_floor() -> None:
    motion = motion_set([500], lost=0.3)
    motion.values[:, 30] = 0.001 * motion.values[:, 30]
    motion.values[~motion.mask[:, 0], :22] = 1e3
    plain, floored = fit_scaling(motion, 0.0), fit_scaling(motion, 0.5)
    upper = motion.values[motion.mask[:, 0], :22]
    np.testing.assert_allclose(plain.mean[:22], upper.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(plain.scale[:22], upper.std(axis=0), rtol=1e-4)
    lower = motion.values[motion.mask[:, 2], 26:52]
    assert plain.scale[30] == pytest.approx(lower[:, 4].std(), rel=1e-3)
    assert floored.scale[30] == pytest.approx(0.5 * np.sqrt(lower.var(axis=0).mean()), rel=1e-3)
    values = motion.values[:5]
    np.testing.assert_allclose(plain.invert(plain.apply(values)), values, rtol=1e-3, atol=1e-3)


def test_a_column_that_never_moves_is_not_blown_up() -> None:
    motion = motion_set([50])
    motion.values[:, 23:26] = 0.25
    assert fit_scaling(motion, 0.0).scale[23:26].tolist() == [1.0, 1.0, 1.0]


def test_the_learning_rate_rises_then_falls_or_stays() -> None:
    level = TrainConfig(learning_rate=1.0, warmup_steps=10)
    assert [learning_rate(level, step, 1000) for step in (0, 4, 9, 500, 999)] == [0.1, 0.5, 1.0, 1.0, 1.0]
    cosine = replace(level, cosine=True)
    assert learning_rate(cosine, 9, 1000) == 1.0
    assert learning_rate(cosine, 505, 1000) == pytest.approx(0.505, abs=1e-3)
    assert learning_rate(cosine, 1000, 1000) == pytest.approx(0.01)
    assert learning_rate(level, 0, 20) == 0.5, "at most a tenth of all steps"


def test_perplexity_and_dead_codes_are_counted_by_hand() -> None:
    use = CodeUse(small_config(codebook_size=4), torch.device("cpu"))
    use.add(torch.tensor([[[0], [0], [1], [1], [-1]]]))
    assert use.numbers() == {"perplexity": pytest.approx(2.0), "dead_codes": 2.0}


def test_the_presets_are_complete() -> None:
    assert set(TRAINING) == set(PRESETS)
    paper = method_config("vq", ("flame53",), "paper")
    assert (paper.width, paper.code_width, paper.codebook_size, paper.frames_per_token) == (512, 512, 512, 8)
    assert (paper.ema_decay, paper.commitment, paper.loss.velocity_weight, paper.loss.kind) == (0.99, 0.02, 0.5, "l1")
    assert method_config("vq", ("smplx117",), "paper").code_width == 16
    training = TRAINING["paper"]
    assert (training.batch_size, training.epochs, training.learning_rate, training.warmup_steps) == (
        256,
        100,
        2e-4,
        2000,
    )
    with pytest.raises(UserError, match="expected one of vq, rvq, fsq, behaviour, guo2024, ng2023"):
        method_config("vae", ("flame53",))
    with pytest.raises(UserError, match="expected one of paper, laptop"):
        method_config("vq", ("flame53",), "huge")


def test_what_does_not_fit_is_said_before_a_step_is_made(tmp_path: Path) -> None:
    motion = motion_set([100])
    lost = motion_set([100], lost=1.1)
    cases = [
        (motion, small_config(("smplx117",)), QUICK, r"the motion is arkit52 at 25 fps, the tokenizer for smplx117"),
        (motion, small_config(fps=30.0), QUICK, r"at 30 fps"),
        (motion, small_config(halvings=5), QUICK, r"window_frames: got 16, expected a multiple of 32"),
        (lost, small_config(), QUICK, r"no valid frame"),
    ]
    for data, config, training, sentence in cases:
        with pytest.raises(UserError, match=sentence):
            train(data, None, config, training, tmp_path / "out")
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="PyTorch sees no GPU here"):
            train(motion, None, small_config(), replace(QUICK, device="cuda"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_run_in_the_folder_is_not_mixed_up(tmp_path: Path) -> None:
    motion = motion_set([100])
    train(motion, None, small_config(), QUICK, tmp_path)
    with pytest.raises(UserError, match=r"belongs to a run with tokenizer.width = 16, not 8; give another --out"):
        train(motion, None, small_config(width=8), QUICK, tmp_path)
    with pytest.raises(UserError, match=r"windows.frames = 100, not 120"):
        train(motion_set([120]), None, small_config(), QUICK, tmp_path)
    with pytest.raises(UserError, match=r"windows.origin = , not another"):
        train(replace(motion, origin="another"), None, small_config(), QUICK, tmp_path)
    (tmp_path / CHECKPOINT_NAME).write_bytes((tmp_path / CHECKPOINT_NAME).read_bytes()[:-9])
    with pytest.raises(UserError, match="not a whole safetensors file"):
        train(motion, None, small_config(), QUICK, tmp_path)


def test_a_loss_that_explodes_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no longer finite at step \d+: lower --learning-rate"):
        train(motion_set([100]), None, small_config(), replace(QUICK, steps=60, learning_rate=1e8), tmp_path)


@pytest.mark.gpu
def test_a_gpu_trains_as_well(tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("PyTorch sees no GPU")
    motion = motion_set([400])
    tokenizer = train(motion, motion, small_config(), replace(QUICK, device="cuda"), tmp_path)
    assert np.isfinite(tokenizer.decode(tokenizer.encode(motion.values))).all()


def test_the_training_settings_are_checked() -> None:
    for change in ({"batch_size": 0}, {"learning_rate": 0.0}, {"device": "tpu"}, {"warmup_steps": -1}):
        with pytest.raises(ValueError, match=next(iter(change))):
            TrainConfig(**change)  # type: ignore[arg-type]
