"""The loss against a plain loop, and that nothing invalid reaches it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_motion import small_config

from nonverbal.spaces import get_space
from nonverbal.tokens.config import LossConfig, TokenizerConfig
from nonverbal.tokens.loss import motion_loss


def plainly(found: np.ndarray, truth: np.ndarray, mask: np.ndarray, config: TokenizerConfig) -> tuple[float, float]:
    """Number by number."""

    def distance(a: float, b: float) -> float:
        d = abs(a - b)
        return {"l1": d, "l2": d * d, "smooth_l1": 0.5 * d * d if d < 1 else d - 0.5}[config.loss.kind]

    def mean(kind: str) -> float:
        parts = []
        for g, group in enumerate(config.groups):
            numbers = []
            for b in range(len(found)):
                for t in range(found.shape[1]):
                    for c in range(group.columns.start, group.columns.stop):
                        if kind == "values" and mask[b, t, g]:
                            numbers.append(distance(found[b, t, c], truth[b, t, c]))
                        if kind == "velocity" and t and mask[b, t, g] and mask[b, t - 1, g]:
                            numbers.append(
                                distance(found[b, t, c] - found[b, t - 1, c], truth[b, t, c] - truth[b, t - 1, c])
                            )
            parts.append(numbers)
        if not config.loss.grouped:
            return float(np.mean([number for numbers in parts for number in numbers]))
        weights = [config.loss.group_weights.get(group.name, 1.0) for group in config.groups]
        return float(np.average([np.mean(numbers) for numbers in parts], weights=weights))

    return mean("values"), mean("velocity")


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("kind", ["l1", "smooth_l1", "l2"])
def test_the_loss_is_what_a_loop_over_all_numbers_gives(kind: str, grouped: bool) -> None:
    rng = np.random.default_rng(0)
    loss = LossConfig(kind, 0.5, grouped, {"jaw": 3.0})  # type: ignore[arg-type]
    config = small_config(("arkit52",), loss=loss)
    found, truth = rng.normal(0, 1.5, (2, 2, 6, 52))
    mask = rng.random((2, 6, 3)) > 0.2
    parts = motion_loss(torch.from_numpy(found), torch.from_numpy(truth), torch.from_numpy(mask), config)
    assert (parts.values.item(), parts.velocity.item()) == pytest.approx(plainly(found, truth, mask, config))
    assert parts.total(loss).item() == pytest.approx(parts.values.item() + 0.5 * parts.velocity.item())


def test_invalid_frames_do_not_matter() -> None:
    """The release padded every utterance to 512 frames and let the padding into its loss."""
    rng = np.random.default_rng(0)
    found, truth = torch.from_numpy(rng.normal(0, 1, (2, 2, 10, 117)))
    mask = torch.from_numpy(rng.random((2, 10, 3)) > 0.4)
    config = small_config(("smplx117",))
    before = motion_loss(found, truth, mask, config)
    for i, group in enumerate(config.groups):
        part = truth[..., group.columns]
        part[~mask[..., i]] = 1e6
    after = motion_loss(found, truth, mask, config)
    assert (after.values, after.velocity) == (before.values, before.velocity)


def test_a_group_that_is_never_valid_adds_nothing() -> None:
    mask = torch.ones(1, 4, 3, dtype=torch.bool)
    mask[..., 1:] = False
    parts = motion_loss(torch.ones(1, 4, 117), torch.zeros(1, 4, 117), mask, small_config(("smplx117",)))
    assert parts.values.item() == pytest.approx(1 / 3)


def test_columns_weigh_what_they_are_told_within_their_group() -> None:
    plain = TokenizerConfig(("arkit52",), loss=LossConfig("l2", 0.0))
    heavy = replace(plain, loss=LossConfig("l2", 0.0, column_weights={"eyeBlink": 10.0}))
    truth, found = torch.zeros(1, 4, 52), torch.zeros(1, 4, 52)
    found[..., get_space("arkit52").columns.index("eyeBlinkLeft")] = 1.0
    mask = torch.ones(1, 4, 3, dtype=torch.bool)
    # 22 columns of the upper face, two of them blinks; three groups
    assert motion_loss(found, truth, mask, plain).values.item() == pytest.approx(1 / 22 / 3)
    assert motion_loss(found, truth, mask, heavy).values.item() == pytest.approx(10 / 40 / 3)
    with pytest.raises(ValueError, match="column_weights"):
        LossConfig(column_weights={"head": 0.0})
