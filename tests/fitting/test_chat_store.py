"""Models stored in half the space, and loaded as what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers.utils.logging import disable_progress_bar

from nonverbal.fitting.chat_store import round_tokenizer, round_weights, rounded, save_small
from nonverbal.fitting.chat_train import stream_of
from nonverbal.mars.base import load_base
from nonverbal.mars.store import Mars, load_mars, new_mars
from nonverbal.mars.tiny import TinyConfig
from nonverbal.tokens.chosen import load_chosen
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.store import load_tokenizer, save_tokenizer
from nonverbal.verdicts import UserError
from random_tokenizers import random_tokenizer

SIZES = TinyConfig(width=16, layers=1, heads=2, kv_heads=1, context=64, vocabulary=280)
SMALL = {"width": 8, "depth": 1, "codebook_size": 16, "code_width": 4, "quantiser": "rvq", "levels": 2}


def trained(folder: Path) -> dict[str, Path]:
    found = {}
    for part, space in (("face", "arkit52"), ("body", "smplx117")):
        config = TokenizerConfig(spaces=(space,), **SMALL)  # type: ignore[arg-type]
        save_tokenizer(random_tokenizer(config), folder / part)
        found[part] = folder / part
    return found


def small(folder: Path, rounds: bool = True) -> Mars:
    folders = trained(folder / "trained")
    if rounds:
        for part, path in folders.items():
            round_tokenizer(path, folder / "rounded" / part)
        folders = {part: folder / "rounded" / part for part in folders}
    chosen = load_chosen(folders.values())
    base = load_base("tiny", ["I was just about to say that."] * 3, 0, SIZES)
    return new_mars(base, stream_of(chosen), {part: one.tokenizer for part, one in chosen.items()}, 0)


@pytest.fixture(autouse=True)
def no_bars() -> None:
    disable_progress_bar()


def test_rounded_values_are_those_of_half_precision_and_whole_numbers_stay() -> None:
    values = torch.tensor([1.0, 1 / 3, 1e-3])
    assert torch.equal(rounded(values), values.half().float())
    assert rounded(values).dtype == torch.float32
    assert torch.equal(rounded(torch.tensor([70_001])), torch.tensor([70_001]))


def test_a_rounded_tokenizer_is_another_one_that_says_nearly_the_same(tmp_path: Path) -> None:
    face = trained(tmp_path)["face"]
    mark = round_tokenizer(face, tmp_path / "rounded")
    before, after = load_tokenizer(face), load_tokenizer(tmp_path / "rounded")
    assert after.hash == mark != before.hash
    codes = torch.arange(12).reshape(6, 2).numpy() % 16
    assert abs(before.decode(codes, 48) - after.decode(codes, 48)).max() < 0.02


def test_a_small_model_takes_half_the_space_and_loads_to_the_bit_in_single_precision(tmp_path: Path) -> None:
    mars = small(tmp_path)
    save_small(mars, tmp_path / "out")
    stored = load_file(tmp_path / "out" / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    again = load_mars(tmp_path / "out")
    assert again.model.dtype == torch.float32
    assert all(torch.equal(a, b) for a, b in zip(mars.model.parameters(), again.model.parameters(), strict=True))
    ids = torch.arange(20)[None]
    assert torch.equal(mars.model(input_ids=ids).logits, again.model(input_ids=ids).logits)
    assert {part: one.hash for part, one in again.tokenizers.items()} == {
        part: one.hash for part, one in mars.tokenizers.items()
    }


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_small(small(tmp_path / name), tmp_path / name / "out")
    one, two = (sorted((tmp_path / name / "out").rglob("*")) for name in ("one", "two"))
    assert [path.name for path in one] == [path.name for path in two]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, two, strict=True) if a.is_file())


def test_scales_of_motion_stay_exact(tmp_path: Path) -> None:
    save_small(small(tmp_path), tmp_path / "out")
    stored = load_file(tmp_path / "out" / "tokenizers" / "face" / "weights.safetensors")
    assert {tensor.dtype for name, tensor in stored.items() if name.startswith("scaling.")} == {torch.float32}
    assert any(tensor.dtype == torch.float16 for tensor in stored.values())


def test_a_tokenizer_that_was_not_rounded_is_refused_since_its_codes_could_be_others(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="hash"):
        save_small(small(tmp_path, rounds=False), tmp_path / "out")


def test_rounding_works_in_place(tmp_path: Path) -> None:
    model = torch.nn.Linear(3, 2)
    before = model.weight
    round_weights(model)
    assert model.weight is before
    assert torch.equal(model.weight, model.weight.half().float())
