"""Training on streams: it learns, it goes on to the bit where it stopped, and it says what is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_training import QUICK, STREAM, small, small_data, talks

from nonverbal.mars.checkpoint import CHECKPOINT_NAME, load_trained
from nonverbal.mars.lora import LoraSettings, add_lora
from nonverbal.mars.rehearsal import encode_texts
from nonverbal.mars.train import LOG_NAME, TrainData, train
from nonverbal.mars.train_config import NG2023, TRAINING, TrainConfig
from nonverbal.mars.train_step import Step
from nonverbal.tokens.loop import learning_rate
from nonverbal.verdicts import UserError

Bytes = dict[str, bytes]


def run(out: Path, config: TrainConfig, observe: Any = lambda line: None, lora: bool = False) -> Bytes:
    """Train a small model; its weights as bytes."""
    model, vocabulary = small()
    data = replace(small_data(vocabulary), texts=encode_texts(["That is great. Really?"] * 3, vocabulary))
    trained = add_lora(model, [vocabulary.unseen_id], LoraSettings(dropout=0.1), 0) if lora else model
    train(trained, vocabulary, data, config, out, observe)
    return {name: weight.detach().numpy().tobytes() for name, weight in trained.named_parameters()}


def test_the_loss_falls_and_validation_is_told(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = []
    model, vocabulary = small()
    train(model, vocabulary, small_data(vocabulary), replace(QUICK, steps=40, log_every=1), tmp_path, lines.append)
    losses = [line["loss"] for line in lines if "loss" in line]
    assert len(losses) == 40
    assert np.mean(losses[-4:]) < 0.7 * losses[0]
    line = lines[0]
    assert set(line) == {
        "step", "of", "learning_rate", "tokens_per_s", "loss", "end", "text", "face", "face1", "body"
    }  # fmt: skip
    checks = [line["validation"] for line in lines if "validation" in line]
    assert set(checks[0]) == {"loss", "end", "text", "face", "face1", "body"}
    assert checks[-1]["loss"] < checks[0]["loss"]
    logged = [json.loads(line) for line in (tmp_path / LOG_NAME).read_text().splitlines()]
    assert logged == lines


VARIED = replace(QUICK, steps=50, typed_share=0.3, rehearsal_ratio=0.2)


@pytest.mark.parametrize(
    ("config", "lora"),
    [
        pytest.param(VARIED, False, id="full"),
        pytest.param(replace(VARIED, precision="bf16"), False, id="bf16", marks=pytest.mark.slow),
        pytest.param(replace(VARIED, recompute=True), True, id="lora with dropout", marks=pytest.mark.slow),
    ],
)
def test_a_run_that_goes_on_ends_as_one_that_never_stopped(tmp_path: Path, config: TrainConfig, lora: bool) -> None:
    """Weights, optimiser, random numbers and the place in the data, over ends of epochs, to the last bit."""
    whole = run(tmp_path / "whole", config, lora=lora)

    often, path = replace(config, checkpoint_every_s=0.0), tmp_path / "parts" / LOG_NAME
    for last in (18, 35):

        def stop(line: dict[str, Any], last: int = last) -> None:
            if line["step"] >= last:
                raise KeyboardInterrupt

        torch.manual_seed(99)
        with pytest.raises(KeyboardInterrupt):
            run(path.parent, often, stop, lora)
        path.write_text(path.read_text() + '{"step": 4')
    seen: list[int] = []
    parts = run(tmp_path / "parts", often, lambda line: seen.append(line["step"]), lora)
    assert parts == whole
    assert seen[0] == 36
    steps = [json.loads(line)["step"] for line in (tmp_path / "parts" / LOG_NAME).read_text().splitlines()]
    assert sorted(set(steps)) == [*sorted({*range(2, 51, 2), *range(3, 51, 3)})]


def test_ctrl_c_saves_the_step_at_hand(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", QUICK)

    def press(line: dict[str, Any]) -> None:
        if line["step"] == 4:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", QUICK, press)
    seen: list[int] = []
    assert run(tmp_path / "parts", QUICK, lambda line: seen.append(line["step"])) == whole
    assert seen == [6, 6]


def test_a_finished_run_is_not_done_again_and_can_be_read_back(tmp_path: Path) -> None:
    first = run(tmp_path, QUICK)
    seen: list[dict[str, Any]] = []
    assert run(tmp_path, QUICK, seen.append) == first
    assert seen == []
    model, _ = small()
    load_trained(model, tmp_path)
    assert {name: weight.detach().numpy().tobytes() for name, weight in model.named_parameters()} == first


def test_the_same_seed_gives_the_same_bytes_and_leaves_others_dice_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one = run(tmp_path / "1", QUICK)
    assert (torch.get_rng_state() == before).all()
    assert run(tmp_path / "2", QUICK) == one
    assert run(tmp_path / "3", replace(QUICK, seed=1)) != one


def test_attention_is_as_before_afterwards(tmp_path: Path) -> None:
    model, vocabulary = small()
    before = model.config._attn_implementation
    train(model, vocabulary, small_data(vocabulary), replace(QUICK, steps=1), tmp_path)
    assert model.config._attn_implementation == before
    assert not model.training


def test_ng2023_learns_the_listening_face_alone(tmp_path: Path) -> None:
    stream = replace(STREAM, parts=STREAM.parts[:1], partner_motion=False)
    model, vocabulary = small(stream=stream)
    lines: list[dict[str, Any]] = []
    config = replace(QUICK, **NG2023)
    train(model, vocabulary, TrainData((talks(vocabulary),)), config, tmp_path, lines.append)
    assert {"face", "face1"} == set(lines[0]) - {"step", "of", "learning_rate", "tokens_per_s", "loss"}


def test_another_run_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    run(tmp_path, QUICK)
    with pytest.raises(UserError, match=r"belongs to a run with training.learning_rate = 0.005, not 0.1; give another"):
        run(tmp_path, replace(QUICK, learning_rate=0.1))


def test_short_memory_and_lost_losses_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*args: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    model, vocabulary = small()
    with torch.no_grad():
        model.get_input_embeddings().weight[:] = float("nan")
    with pytest.raises(UserError, match="the loss is no longer finite at step 2: lower --learning-rate"):
        train(model, vocabulary, small_data(vocabulary), QUICK, tmp_path / "1")
    monkeypatch.setattr(Step, "train", short)
    with pytest.raises(UserError, match="with rows of 192 tokens and a context of 96: lower --row-tokens"):
        run(tmp_path / "2", QUICK)


def test_what_does_not_fit_is_said_before_a_step_is_made(tmp_path: Path) -> None:
    model, vocabulary = small()
    with pytest.raises(UserError, match=r"--context: got 9000, expected at most 2048, as far as the base model sees"):
        train(model, vocabulary, small_data(vocabulary), replace(QUICK, context=9000, row_tokens=9000), tmp_path)
    model.resize_token_embeddings(100)
    with pytest.raises(UserError, match=r"the model has 100 embeddings, expected at least the \d+ of the stream"):
        train(model, vocabulary, small_data(vocabulary), QUICK, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"context": 0}, "context: got 0, expected 1 or more"),
        ({"row_tokens": 10}, "row_tokens: got 10, expected at least the context of 96"),
        ({"learning_rate": 0.0}, "learning_rate: got 0.0, expected more than 0"),
        ({"rehearsal_ratio": 1.0}, "expected shares"),
        ({"seed": -1}, "seed: got -1, expected 0 or more"),
    ],
)
def test_wrong_settings_are_said(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        replace(QUICK, **wrong)


def test_the_paper_preset_is_the_papers() -> None:
    paper = TRAINING["paper"]
    assert (paper.learning_rate, paper.row_tokens, paper.loss_on, paper.precision, paper.cosine) == (
        1e-5, 4096, "response", "bf16", True
    )  # fmt: skip
    assert learning_rate(replace(paper, warmup_steps=10), 9, 1000) == 1e-5


WORKER = """
import sys
from dataclasses import replace
from pathlib import Path
from small_training import QUICK, small, small_data
from nonverbal.mars.distributed import joined
from nonverbal.mars.train import train
model, vocabulary = small()
config = replace(QUICK, steps=12, batch_rows=3, log_every=1, learning_rate=1e-3)
with joined("cpu") as world:
    train(model, vocabulary, small_data(vocabulary), config, Path(sys.argv[1]), world=world)
"""


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    """Sharded by FSDP2, three rows a step dealt to two: losses, weights and checkpoint as of one process."""
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    told = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for name, start in (("one", [sys.executable]), ("two", torchrun)):
        done = subprocess.run(
            [*start, str(worker), str(tmp_path / name), "99"], env=told, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
    logs = [[json.loads(s) for s in (tmp_path / n / LOG_NAME).read_text().splitlines()] for n in ("one", "two")]
    assert len(logs[0]) == len(logs[1]) == 16
    for one, two in zip(*logs, strict=True):
        one, two = one.get("validation", one), two.get("validation", two)
        names = set(one) - {"tokens_per_s"}
        assert {n: two[n] for n in names} == pytest.approx({n: one[n] for n in names}, rel=1e-4)
    alone, joint = small()[0], small()[0]
    load_trained(alone, tmp_path / "one")
    load_trained(joint, tmp_path / "two")
    for a, b in zip(alone.parameters(), joint.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-2, atol=1e-3)
    assert (tmp_path / "two" / CHECKPOINT_NAME).stat().st_size == (tmp_path / "one" / CHECKPOINT_NAME).stat().st_size
