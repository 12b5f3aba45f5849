"""Fits the body's models: linear maps in closed form, and layers on what the arm's leaves, as far as they help.

How much of the layers' correction is kept is settled on people who were not trained on, for each part by itself: with
few people layers learn the data by heart, which linear maps cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from nonverbal.fitting.body_examples import Examples
from nonverbal.motion.learned_body import ARM_ERRORS, ARM_OUTPUTS, CHEST, FINGERS, TAPS_FRAMES, Layers
from nonverbal.motion.learned_body_features import BENDS, CHORDS
from nonverbal.motion.rotations import F
from nonverbal.types import F32

GROUPS = {**ARM_OUTPUTS, "chest": CHEST}
"""The parts whose share of the correction is settled by itself, as columns."""
_FORESEEN = ("upper", "fore", "hand")
_CHORD_OF = (1, 2, 4, 3, 0)
"""Column among the chords of each finger in SMPL-X order."""
_SHARES = np.linspace(0.0, 1.0, 11)
_SOFT = 0.03
"""Errors below this many radians weigh as their squares, larger ones as they are."""
_CLIP = 4.0
_LEAST_SCALE = 0.02


@dataclass(frozen=True)
class Training:
    """How the networks are trained."""

    ridge: float = 300.0
    """Pull of the linear map towards zero, in examples."""
    width: int = 96
    """Units of the hidden layers."""
    epochs: int = 12
    """Passes over all examples."""
    batch: int = 512
    """Rows in a step."""
    learning_rate: float = 2e-3
    """Peak of the one-cycle schedule."""
    weight_decay: float = 0.05
    """Pull of the layers' weights towards zero."""
    dropout: float = 0.3
    """Share of features hidden in training."""
    seed: int = 0
    """Draws the first weights and the order of the examples."""


class Net(nn.Module):
    """A layer for each frame, one over all taps, one out: the network that `learned_body.Layers` runs."""

    def __init__(self, inputs: int, outputs: int, config: Training) -> None:
        super().__init__()
        self.drop = nn.Dropout(config.dropout)
        sizes = ((inputs, config.width), (config.width * len(TAPS_FRAMES), config.width), (config.width, outputs))
        self.layers = nn.ModuleList([nn.Linear(*size) for size in sizes])

    def forward(self, features: Tensor) -> Tensor:
        """[B, taps, D] -> [B, outputs]."""
        x = torch.relu(self.layers[0](self.drop(features)))
        x = torch.relu(self.layers[1](x.flatten(1)))
        out: Tensor = self.layers[2](x)
        return out


def fit_arm(examples: Examples, check: Examples, config: Training) -> dict[str, F32]:
    """Arrays of the arm's network, ready for `learned_body.models_from`.

    Args:
        check: examples of other people, which settle how much of the correction is kept.
    """
    mean, scale = _moments(examples.arm)
    inputs = np.clip((examples.arm - mean) / scale, -_CLIP, _CLIP).astype(np.float32)
    wanted = examples.arm_truth - examples.arm_base
    linear, offset = _ridge(inputs, wanted, config.ridge)
    net = _fit_layers(examples, inputs, wanted - (inputs @ linear + offset), config)
    weights, biases = (
        [getattr(layer, kind).detach().numpy().copy() for layer in net.layers] for kind in ("weight", "bias")
    )
    linear = np.pad(linear, ((0, 0), (0, len(_FORESEEN))))
    layers = Layers(mean, scale, linear, tuple(w.T.copy() for w in weights), tuple(biases))
    _settle_shares(layers, offset, check)
    arrays = {"mean": mean, "scale": scale, "linear": linear}
    arrays |= {f"weight{i}": layers.weights[i] for i in range(3)} | {f"bias{i}": layers.biases[i] for i in range(3)}
    return {f"arm.{key}": np.asarray(value, np.float32) for key, value in arrays.items()}


def fit_finger(examples: Examples, check: Examples, config: Training) -> dict[str, F32]:
    """Arrays of the finger map; the errors it foresees are those on `check`."""
    known = examples.hand_known
    mean, scale = _moments(examples.finger[known])
    inputs, others = (np.clip((e.finger[e.hand_known] - mean) / scale, -_CLIP, _CLIP) for e in (examples, check))
    wanted = (examples.finger_truth - examples.finger_base)[known]
    linear, bias = np.zeros((inputs.shape[1], FINGERS.stop + 1)), np.zeros(FINGERS.stop + 1)
    for joint in range(15):
        out = slice(3 * joint, 3 * joint + 3)
        seen = np.array([*range(BENDS.start + out.start, BENDS.start + out.stop), CHORDS.start + _CHORD_OF[joint // 3]])
        linear[seen, out], bias[out] = _ridge(inputs[:, seen], wanted[:, out], config.ridge)
    found = check.finger_base[check.hand_known] + others @ linear[:, FINGERS] + bias[FINGERS]
    off = (found - check.finger_truth[check.hand_known]).reshape(len(others), 15, 3)
    error = np.linalg.norm(off, axis=2).mean(axis=1)
    linear[:, -1:], bias[-1:] = _ridge(others, np.log(np.maximum(error, 0.01))[:, None], 10.0 * config.ridge)
    print(f"fingers: {error.mean():.3f} rad on other people")
    arrays = {"mean": mean, "scale": scale, "linear": linear, "bias": bias}
    return {f"finger.{key}": np.asarray(value, np.float32) for key, value in arrays.items()}


def _moments(features: F32) -> tuple[F32, F32]:
    return features.mean(axis=0), np.maximum(features.std(axis=0), _LEAST_SCALE)


def _ridge(inputs: F32, targets: F32, pull: float) -> tuple[F32, F32]:
    x, y = inputs.astype(np.float64), targets.astype(np.float64)
    offset = y.mean(axis=0)
    linear = np.linalg.solve(x.T @ x + pull * np.eye(x.shape[1]), x.T @ (y - offset))
    return linear.astype(np.float32), offset.astype(np.float32)


def _fit_layers(examples: Examples, inputs: F32, left: F32, config: Training) -> Net:
    """Layers for what the linear map has left; the columns after those are the logarithms of expected errors."""
    torch.manual_seed(config.seed)
    net = Net(inputs.shape[1], ARM_ERRORS.stop, config)
    with torch.no_grad():
        net.layers[2].weight.mul_(0.1)
        net.layers[2].bias.zero_()
    known = torch.from_numpy(examples.hand_known.astype(np.float32))
    rng = np.random.default_rng(config.seed)
    optimizer = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    steps = len(inputs) // config.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=max(config.epochs * steps, 1)
    )
    x, target, taps = torch.from_numpy(inputs), torch.from_numpy(left), torch.from_numpy(examples.taps)
    for epoch in range(config.epochs):
        total = 0.0
        order = torch.from_numpy(rng.permutation(len(inputs)))
        for batch in order[: steps * config.batch].split(config.batch):
            loss = _loss(net(x[taps[batch]]), target[batch], known[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"arm, pass {epoch + 1} of {config.epochs}: loss {total / max(steps, 1):.4f}", flush=True)
    return net.eval()


def _loss(out: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Lengths of what is off, part by part, and how well their logarithms were foreseen."""
    count = target.shape[1]
    away = out[:, :count] - target
    error = {part: _soft_length(away[:, columns]) for part, columns in GROUPS.items()}
    error["hand"] = error["hand"] * known
    loss = sum(error.values(), torch.zeros(len(out)))
    for i, part in enumerate(_FORESEEN):
        log_error = out[:, count + i].clamp(-5.0, 1.5)
        foreseen = error[part].detach() * torch.exp(-log_error) + log_error  # least at the logarithm of the mean error
        loss = loss + 0.05 * foreseen * (known if part == "hand" else 1.0)
    return loss.mean()


def _soft_length(difference: Tensor) -> Tensor:
    """[...] length of the last axis, round near zero."""
    return torch.sqrt((difference**2).sum(dim=-1) + _SOFT**2) - _SOFT


def _settle_shares(layers: Layers, offset: F32, check: Examples) -> None:
    """Scales the last layer, part by part, to what helps on `check`, and lifts foreseen errors to those seen there."""
    count = len(offset)
    x = np.clip((check.arm - layers.mean) / layers.scale, -_CLIP, _CLIP)
    straight = check.arm_base + x @ layers.linear[:, :count] + offset
    correction = layers.run(check.arm, check.taps) - x @ layers.linear
    errors: dict[str, F] = {}
    for part, columns in GROUPS.items():
        counted = check.hand_known if part == "hand" else np.ones(len(x), bool)
        ways = [straight + share * correction[:, :count] - check.arm_truth for share in _SHARES]
        tried = [np.linalg.norm(way[counted][:, columns], axis=1) for way in ways]
        best = int(np.argmin([t.mean() for t in tried]))
        errors[part], share = tried[best], _SHARES[best]
        print(f"arm, {part}: {tried[0].mean():.3f} -> {tried[best].mean():.3f} with {share:.1f} of the correction")
        layers.weights[2][:, columns] *= share
        layers.biases[2][columns] = share * layers.biases[2][columns] + offset[columns]
    for i, part in enumerate(_FORESEEN):
        counted = check.hand_known if part == "hand" else np.ones(len(x), bool)
        foreseen = np.exp(np.clip(correction[counted, count + i], -5.0, 1.5))
        layers.biases[2][count + i] += np.log(errors[part].mean() / foreseen.mean())
