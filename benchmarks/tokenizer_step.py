"""Frames a second of a training step: ours, against the same network trained the plain way, side by side in one run.

    python benchmarks/tokenizer_step.py DATASET [--part face] [--preset laptop] [--seconds 3] [--repeats 7]

Plain is what one writes first, and what the paper's release does: an item is the speaker's motion in one turn, loaded
from the dataset, smoothed, cut or padded to 512 frames; a DataLoader stacks items, and the loss runs over all 512. A
second plain way holds every item in memory, which leaves the padding. Ours takes windows by index from one
memory-mapped array, filled up with the sequence's own frames. All three do the same network, loss and optimiser on as
many frames a step; what is counted are frames of real motion, so a padded frame costs time and counts nothing.

Operations are those of the convolutions, 2 x outputs x kernel x channels each, once forward and twice backward; the
quantiser's distances (below 1 %) are left out. With a GPU, also the paper's size in bfloat16, compiled, its share of
the GPU's peak, and the time that 100 epochs of VENUS would take: 14,910 hours, told of as a billion expressions (frames
of the one who talks), each frame once an epoch, at the speed measured here, on one GPU.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as Items

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.loop import device_of
from nonverbal.tokens.loss import motion_loss
from nonverbal.tokens.methods import PRESETS, method_config
from nonverbal.tokens.motion_set import MotionSet, load_motion_set, motion_rows
from nonverbal.tokens.scaling import Scaling, fit_scaling
from nonverbal.tokens.train import TRAINING, Step, TrainConfig, batches
from nonverbal.tokens.vqvae import MotionVQVAE
from nonverbal.verdicts import UserError

PADDED_FRAMES = 512
VENUS_FRAMES, EPOCHS = 1e9, 100
BF16_PEAK = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40": 181e12, "4090": 165e12}
"""Dense bfloat16 operations a second of GPUs, by a part of their name (makers' data sheets, the fastest version)."""

Stepper = Iterator[int]
"""Does a training step each time it is asked, and says how many frames of real motion were in it."""


@dataclass(frozen=True, eq=False)
class Setting:
    """What all ways of training share."""

    dataset: Dataset
    motion: MotionSet
    scaling: Scaling
    config: TokenizerConfig
    training: TrainConfig

    def network(self) -> MotionVQVAE:
        torch.manual_seed(self.training.seed)
        return MotionVQVAE(self.config)

    def optimiser(self, network: nn.Module) -> torch.optim.AdamW:
        training = self.training
        return torch.optim.AdamW(
            network.parameters(), training.learning_rate, training.betas, weight_decay=training.weight_decay
        )

    @property
    def frames_a_step(self) -> int:
        return self.training.batch_size * self.training.window_frames


def ours(setting: Setting) -> Stepper:
    """The loop of `tokens/train.py`."""
    device = device_of(setting.training.device)
    network = setting.network().to(device)
    step = Step(network, setting.optimiser(network), setting.scaling, setting.config, setting.training, device)
    for windows in batches(setting.motion, setting.training, 0, 1 << 60):
        values, mask = setting.motion.gather(windows, setting.training.window_frames)
        step.train(values, mask, setting.training.learning_rate)
        yield int(mask.any(axis=-1).sum())


class Turns(Items):
    """The speaker's motion in each turn of a dataset's train split, one turn an item."""

    def __init__(self, setting: Setting, keep: bool) -> None:
        self.setting, self.keep = setting, keep
        self.turns = [
            (i, turn["participant"], turn["start_s"], turn["end_s"])
            for i in setting.dataset.ids("train")
            for turn in setting.dataset.row(i)["turns"]
        ]
        self.kept: dict[int, dict[str, Tensor]] = {}

    def __len__(self) -> int:
        return len(self.turns)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if index in self.kept:
            return self.kept[index]
        dialogue_id, participant, start_s, end_s = self.turns[index]
        motion = self.setting.dataset.motion(dialogue_id, participant, smooth=True)
        values, mask = motion_rows(motion, self.setting.config.spaces)
        first, end = round(start_s * motion.fps), round(end_s * motion.fps)
        turn = self.setting.scaling.apply(values[first:end][:PADDED_FRAMES])
        padded = np.zeros((PADDED_FRAMES, values.shape[1]), np.float32)
        padded[: len(turn)] = turn
        valid = int(mask[first:end][:PADDED_FRAMES].any(axis=-1).sum())
        item = {"values": torch.from_numpy(padded), "valid": torch.tensor(valid)}
        if self.keep:
            self.kept[index] = item
        return item


def plain(setting: Setting, keep: bool) -> Stepper:
    """Turn after turn from a DataLoader, all frames of the padded batch alike; with `keep`, items are made once."""
    device = device_of(setting.training.device)
    network = setting.network().to(device).train()
    optimiser = setting.optimiser(network)
    items = Turns(setting, keep)
    if keep:
        _ = [items[i] for i in range(len(items))]
    loader = DataLoader(items, max(setting.frames_a_step // PADDED_FRAMES, 1), shuffle=True)
    while True:
        for batch in loader:
            truth = batch["values"].to(device)
            found = network(truth, truth.new_ones(len(truth), PADDED_FRAMES // setting.config.frames_per_token).bool())
            everything = truth.new_ones(*truth.shape[:2], len(setting.config.groups)).bool()
            distance = motion_loss(found.values, truth, everything, setting.config).total(setting.config.loss)
            optimiser.zero_grad(set_to_none=True)
            (distance + setting.config.commitment * found.commitment).backward()
            optimiser.step()
            yield int(batch["valid"].sum())


def frames_per_s(stepper: Stepper, seconds: float) -> float:
    """Frames of real motion a second, over at least `seconds`; the GPU has finished before the clock stops."""
    frames, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        frames += next(stepper)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return frames / (time.perf_counter() - begun)


def operations_per_frame(config: TokenizerConfig, frames: int) -> float:
    """Operations of a training step for one frame, windows being `frames` long."""
    network, count = MotionVQVAE(config), 0

    def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal count
        assert isinstance(layer, nn.Conv1d)
        count += 2 * output.numel() * layer.kernel_size[0] * layer.in_channels

    for layer in network.modules():
        if isinstance(layer, nn.Conv1d):
            layer.register_forward_hook(add)
    with torch.inference_mode():
        latents = network.encode_latents(torch.zeros(1, frames, config.dim))
        network.decode_latents(latents)
    return 3 * count / frames


def compare(setting: Setting, seconds: float, repeats: int) -> None:
    """Prints all ways beside each other, measured in turn so that all see the same machine."""
    ways: dict[str, Callable[[], Stepper]] = {
        "ours": lambda: ours(setting),
        "plain": lambda: plain(setting, keep=False),
        "plain, items held in memory": lambda: plain(setting, keep=True),
    }
    steppers = {name: make() for name, make in ways.items()}
    for stepper in steppers.values():
        next(stepper)  # starts the codebook, compiles
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, stepper in steppers.items():
            found[name].append(frames_per_s(stepper, seconds))
    lengths = [(end_s - start_s) * setting.config.fps for *_, start_s, end_s in Turns(setting, keep=False).turns]
    mean = float(np.mean(np.minimum(lengths, PADDED_FRAMES)))
    share = mean / PADDED_FRAMES
    print(
        f"{len(lengths)} turns of {mean / setting.config.fps:.1f} s on average, {share:.0%} of {PADDED_FRAMES} frames"
    )
    for name, speeds in found.items():
        ratios = np.array(found["ours"]) / np.array(speeds)
        told = (
            "" if name == "ours" else f"; ours is {np.median(ratios):.1f} x ({ratios.min():.1f} to {ratios.max():.1f})"
        )
        print(f"{name}: {np.median(speeds):,.0f} valid frames/s ({min(speeds):,.0f} to {max(speeds):,.0f}){told}")
    show_operations(setting, float(np.median(found["ours"])))


def show_operations(setting: Setting, speed: float) -> None:
    """Prints what a speed of valid frames means in operations and epochs of VENUS."""
    device = device_of(setting.training.device)
    each = operations_per_frame(setting.config, setting.training.window_frames)
    rate, name = each * speed, torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    peak = next((peak for part, peak in BF16_PEAK.items() if part in name), None)
    share = f", {rate / peak:.1%} of the {peak / 1e12:.0f} TFLOP/s of bfloat16" if peak else ""
    step = each * setting.frames_a_step
    hours = VENUS_FRAMES * EPOCHS / speed / 3600
    print(f"{name}: {step / 1e12:.3g} TFLOP a step of {setting.frames_a_step} frames, {rate / 1e12:.3g} TFLOP/s{share}")
    print(f"{EPOCHS} epochs of VENUS ({VENUS_FRAMES:.0e} frames): {hours:,.0f} h at {speed:,.0f} frames/s")


def setting_of(dataset: Dataset, part: str, preset: str, training: TrainConfig, sets: Path) -> Setting:
    motion = load_motion_set(dataset, "train", part, sets)
    config = method_config("vq", motion.spaces, preset)
    return Setting(dataset, motion, fit_scaling(motion, config.scale_floor), config, training)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--part", default="face", choices=("face", "body", "joint"))
    parser.add_argument("--preset", default="laptop", choices=tuple(PRESETS))
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    parser.add_argument("--sets", type=Path, default=Path(".bench/tokenizers/sets"), help="folder of the arrays")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    dataset = open_dataset(asked.dataset)
    on_cpu = replace(TRAINING[asked.preset], device="cpu")
    print(f"{asked.part}, preset {asked.preset}, CPU with {torch.get_num_threads()} threads")
    compare(setting_of(dataset, asked.part, asked.preset, on_cpu, asked.sets), asked.seconds, asked.repeats)
    if torch.cuda.is_available():
        print(f"{asked.part}, preset paper, GPU, bfloat16, compiled")
        on_gpu = replace(TRAINING["paper"], device="cuda")
        compare(setting_of(dataset, asked.part, "paper", on_gpu, asked.sets), asked.seconds, asked.repeats)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        raise SystemExit(str(error)) from error
