"""`nonverbal train-tokenizer`, from a dataset to a tokenizer; what a user gets wrong is one sentence."""

from __future__ import annotations

import io
import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from small_talks import build_talks

from nonverbal.dataset.read import Dataset
from nonverbal.pipeline import faults
from nonverbal.pipeline.lock import LockedError, OutputError, claim
from nonverbal.tokens.store import CARD_NAME, load_tokenizer
from nonverbal.tokens.train import CHECKPOINT_NAME
from nonverbal.tokens.train_command import TrainTokenizer
from nonverbal.verdicts import UserError


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return build_talks(tmp_path_factory.mktemp("talks"))


def command(talks: Dataset, out: Path, **flags: Any) -> TrainTokenizer:
    """A training of a moment."""
    return TrainTokenizer(talks.root, out, **({"steps": 2, "width": 8, "batch_size": 4} | flags))


def said(asked: TrainTokenizer, **console: Any) -> str:
    """What a command prints; it must succeed."""
    screen = Console(file=io.StringIO(), **({"width": 200} | console))
    assert asked.run(screen) == 0
    text: str = screen.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_a_dataset_becomes_a_tokenizer_that_all_may_read(talks: Dataset, tmp_path: Path) -> None:
    text = said(command(talks, tmp_path / "t", part="joint", method="rvq", levels=2, causal=True))
    tokenizer = load_tokenizer(tmp_path / "t")
    assert (tokenizer.part, tokenizer.num_codebooks, tokenizer.config.causal) == ("joint", 2, True)
    assert tokenizer.hash[:16] in text
    told = json.loads((tmp_path / "t" / CARD_NAME).read_text())["trained"]
    assert told["windows"]["origin"].startswith(talks.content_hash[:16])
    (tmp_path / "plain").touch()
    files = [path for path in (tmp_path / "t").iterdir() if path.is_file()]
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {stat.S_IMODE((tmp_path / "plain").stat().st_mode)}


def test_other_motion_of_the_same_length_does_not_go_on_with_a_run(talks: Dataset, tmp_path: Path) -> None:
    said(command(talks, tmp_path / "t"))
    with pytest.raises(UserError, match=r"belongs to a run with windows.origin = .*-smooth, not .*-raw; give another"):
        said(command(talks, tmp_path / "t", raw=True))


def test_arrays_of_what_the_dataset_held_before_are_removed(talks: Dataset, tmp_path: Path) -> None:
    arrays = talks.root / ".nonverbal" / "arrays"
    arrays.mkdir(exist_ok=True)
    (arrays / "0123456789abcdef-train-face-smooth.values.f32").write_bytes(b"old")
    (arrays / "notes.txt").write_text("of the user")
    said(command(talks, tmp_path / "t"))
    said(command(talks, tmp_path / "b", part="body"))
    names = {path.name for path in arrays.iterdir()}
    assert "0123456789abcdef-train-face-smooth.values.f32" not in names
    assert "notes.txt" in names
    for part in ("face", "body"):
        assert f"{talks.content_hash[:16]}-train-{part}-smooth.values.f32" in names


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"steps": 0}, "--steps: got 0, expected 1 or more"),
        ({"steps": -3}, "--steps: got -3, expected 1 or more"),
        ({"seed": -1}, "--seed: got -1, expected 0 or more"),
        ({"learning_rate": -1.0}, "learning_rate: got -1.0, expected more than 0"),
        ({"learning_rate": float("nan")}, "learning_rate: got nan, expected more than 0"),
        ({"batch_size": 0}, "batch_size: got 0, expected 1 or more"),
        ({"width": 0}, "width: got 0, expected 1 or more"),
        ({"levels": 3}, "levels: got 3 with the quantiser 'vq'; only rvq has several"),
        ({"halvings": 9}, "halvings: got 9, expected 0 to 6"),
        ({"method": "fsq", "codebook_size": 100}, "--codebook-size: the grid of fsq has 512 points"),
    ],
)
def test_a_flag_out_of_range_is_one_sentence(
    talks: Dataset, tmp_path: Path, flags: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        said(command(talks, tmp_path / "t", **flags))
    assert not (tmp_path / "t").exists()


def test_a_folder_that_cannot_be_had_is_one_sentence(talks: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "t"):
        with pytest.raises(OutputError, match=r"cannot write in .*file.*choose an output folder"):
            said(command(talks, out))
    with pytest.raises(UserError, match="holds a dataset, expected a folder for the tokenizer"):
        said(command(talks, talks.root))
    with claim(tmp_path / "t"), pytest.raises(LockedError, match="is in use by process"):
        said(command(talks, tmp_path / "t"))


def test_a_full_disk_loses_nothing_that_was_there(
    talks: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run of before stays whole, and the same command goes on once there is space."""
    said(command(talks, tmp_path / "t"))
    before = load_tokenizer(tmp_path / "t").hash
    (tmp_path / "t" / CHECKPOINT_NAME).unlink()

    with monkeypatch.context() as patch:
        faults._hits.clear()
        patch.setenv("NONVERBAL_FAULT", "before_fsync:full")
        with pytest.raises(OutputError, match=r"no space to write in .*run the same again"):
            said(command(talks, tmp_path / "t"))
    assert load_tokenizer(tmp_path / "t").hash == before
    said(command(talks, tmp_path / "t"))
    assert load_tokenizer(tmp_path / "t").hash == before


def test_the_bar_with_rate_and_time_left_fits_a_narrow_terminal(
    talks: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nonverbal.tokens import train

    monkeypatch.setitem(train.TRAINING, "laptop", replace(train.TRAINING["laptop"], log_every=2))
    text = said(command(talks, tmp_path / "t", steps=4), width=80, force_terminal=True, color_system=None)
    assert "4/4 loss " in text
    assert " frames/s 0:00:" in text
