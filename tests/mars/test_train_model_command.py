"""`nonverbal train`, from a dataset to a model's folder; what a user gets wrong is one sentence."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from small_models import motion_tokenizers
from small_training import build_dialogues

from nonverbal.dataset.read import Dataset
from nonverbal.mars.examples import text_mark
from nonverbal.mars.store import load_mars
from nonverbal.mars.train_command import Train, losses_told
from nonverbal.pipeline.lock import LockedError, claim
from nonverbal.tokens.store import save_tokenizer
from nonverbal.verdicts import UserError

Place = tuple[Dataset, Path, Path]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A dataset, and tokenizers of face and body."""
    root = tmp_path_factory.mktemp("train")
    for part, tokenizer in motion_tokenizers().items():
        tokenizer.encode(np.random.default_rng(0).normal(size=(96, tokenizer.config.dim)).astype(np.float32))
        save_tokenizer(tokenizer, root / part)  # the first motion that it sees sets the codebook up
    return build_dialogues(root / "ds"), root / "face", root / "body"


def command(place: Place, out: Path, **flags: Any) -> Train:
    """A training of a moment."""
    dataset, *tokenizers = place
    small = {"steps": 2, "width": 24, "layers": 1, "context": 256, "row_tokens": 512, "tokenizers": tuple(tokenizers)}
    return Train((dataset.root,), out, **(small | flags))


def said(asked: Train) -> str:
    """What a command prints; it must succeed."""
    screen = io.StringIO()
    assert asked.run(Console(file=screen, width=300)) == 0
    return screen.getvalue()


def test_a_dataset_becomes_a_model_and_the_same_again_changes_nothing(place: Place, tmp_path: Path) -> None:
    asked = command(place, tmp_path / "m", rehearsal="dataset", typed_share=0.5)
    text = said(asked)
    assert "tiny with" in text
    assert "tokens to learn from" in text
    mars = load_mars(tmp_path / "m")
    assert list(mars.tokenizers) == ["face", "body"]
    assert mars.info.settings["training"]["rehearsal_ratio"] == 0.2
    assert mars.info.settings["data"][0].startswith(place[0].content_hash[:16])
    before = (tmp_path / "m" / "mars.json").read_bytes()
    said(asked)
    assert (tmp_path / "m" / "mars.json").read_bytes() == before
    assert text_mark(mars.tokenizer), "the grown tokenizer cuts text as before"
    assert len(list((place[0].root / "tokens").glob("*.json"))) == 1


def test_adapters_are_merged(place: Place, tmp_path: Path) -> None:
    said(command(place, tmp_path / "m", lora=True, lora_rank=2))
    assert load_mars(tmp_path / "m").info.settings["lora_rank"] == 2


def test_a_model_of_words_and_no_motion(place: Place, tmp_path: Path) -> None:
    said(command(place, tmp_path / "words", tokenizers=()))
    assert load_mars(tmp_path / "words").vocabulary.config.parts == ()


def test_a_trained_model_is_trained_further(place: Place, tmp_path: Path) -> None:
    said(command(place, tmp_path / "first"))
    base = {"base": str(tmp_path / "first"), "width": None, "layers": None}
    said(command(place, tmp_path / "second", learning_rate=1e-9, **base))
    first, second = (load_mars(tmp_path / name) for name in ("first", "second"))
    for before, after in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.allclose(before, after, atol=1e-6), "what was learnt is where it goes on from"
    assert second.vocabulary.tokens == first.vocabulary.tokens
    for flags in ({"order": "motion_first"}, {"tokenizers": place[1:2]}):
        with pytest.raises(UserError, match="was trained on other streams"):
            command(place, tmp_path / "third", **base, **flags).run(Console(file=io.StringIO()))


def test_ng2023_tells_the_face_alone(place: Place, tmp_path: Path) -> None:
    said(command(place, tmp_path / "m", method="ng2023", tokenizers=place[1:2]))
    config = load_mars(tmp_path / "m").vocabulary.config
    assert ([part.part for part in config.parts], config.partner_motion, config.listener) == (["face"], False, True)
    line = json.loads((tmp_path / "m" / "train.jsonl").read_text().splitlines()[0])
    assert "face" in line
    assert "text" not in line


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"base": "no such thing", "width": None, "layers": None}, "base: got 'no such thing', expected tiny"),
        ({"context": 20}, "context: got 20 tokens, expected at least"),
        ({"context": 9999, "row_tokens": 9999}, "--context: got 9999, expected at most 4096"),
        ({"row_tokens": 100}, "row_tokens: got 100, expected at least the context of 256"),
        ({"rehearsal_ratio": 0.5}, "there is nothing to rehearse; give --rehearsal"),
        ({"rehearsal": "absent.txt"}, "absent.txt: cannot be read as text"),
        ({"method": "ng2023"}, "got face and body, expected that of the face alone"),
        ({"levels": 7}, "--levels: got 7, expected 1 to 1"),
        ({"weights": {"hands": 1.0}}, "weights: got 'hands', expected some of end, text, face, body"),
        ({"base": "gemma", "width": 8}, "--width: belongs to the base tiny, got gemma"),
    ],
)
def test_wrong_flags_are_said(place: Place, tmp_path: Path, flags: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        said(command(place, tmp_path / "m", **flags))


def test_other_tokenizers_than_those_of_the_table_are_said(place: Place, tmp_path: Path) -> None:
    said(command(place, tmp_path / "m"))
    for part, tokenizer in motion_tokenizers(1).items():
        save_tokenizer(tokenizer, tmp_path / part)
    others = (tmp_path / "face", tmp_path / "body")
    with pytest.raises(UserError, match=r"got the tokenizers face \w{12}, body \w{12}, but the tables are of others"):
        said(command(place, tmp_path / "other", tokenizers=others))


def test_empty_data_and_taken_folders_are_said(place: Place, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no data: give the folder of at least one dataset"):
        said(Train((), tmp_path / "m"))
    with pytest.raises(UserError, match="holds a dataset, expected a folder for the model"):
        said(command(place, place[0].root))
    empty = build_dialogues(tmp_path / "empty", 0)
    with pytest.raises(UserError, match="empty: holds no dialogue, so there is nothing to learn from"):
        said(Train((empty.root,), tmp_path / "m"))
    with claim(tmp_path / "busy"), pytest.raises(LockedError, match="is in use by process"):
        said(command(place, tmp_path / "busy"))


def test_losses_are_told_by_modality() -> None:
    line = {"step": 1, "of": 2, "loss": 3.0, "learning_rate": 1e-3, "tokens_per_s": 9.0, "text": 2.5, "face": 4.111}
    assert losses_told(line) == "text 2.50 face 4.11"


@pytest.mark.slow
def test_two_processes_write_one_model(place: Place, tmp_path: Path) -> None:
    """Sharded weights come back whole, adapters merged."""
    flags = "--steps 2 --width 24 --layers 1 --context 256 --row-tokens 512 --device cpu --lora --lora-rank 2"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    told = [
        "nonverbal",
        "train",
        str(place[0].root),
        "--tokenizers",
        *map(str, place[1:]),
        "--out",
        str(tmp_path / "m"),
    ]
    done = subprocess.run([*torchrun, *told, *flags.split()], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("tokens to learn from") == 1
    said(command(place, tmp_path / "one", lora=True, lora_rank=2, device="cpu"))
    two, one = load_mars(tmp_path / "m").model, load_mars(tmp_path / "one").model
    for a, b in zip(two.parameters(), one.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-2, atol=1e-3)
