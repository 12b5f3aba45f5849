"""A model's folder: what is saved comes back, and what does not belong together is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import TEXTS, motion_tokenizers, small_model, small_tokenizer, stream_of
from transformers import AutoModelForCausalLM, AutoTokenizer

from nonverbal.mars import store
from nonverbal.mars.base import load_base
from nonverbal.mars.lora import LoraSettings, add_lora
from nonverbal.mars.store import Mars, load_mars, new_mars, save_mars
from nonverbal.mars.tiny import TinyConfig
from nonverbal.tokens.store import save_tokenizer
from nonverbal.verdicts import UserError

SMALL = TinyConfig(width=32, layers=1, heads=2, kv_heads=1, vocabulary=300)


def _made(seed: int = 0) -> Mars:
    tokenizers = motion_tokenizers()
    return new_mars(load_base("tiny", TEXTS, seed, SMALL), stream_of(tokenizers), tokenizers, seed)


@pytest.fixture(scope="module")
def mars() -> Mars:
    return _made()


@pytest.fixture
def folder(mars: Mars, tmp_path: Path) -> Path:
    save_mars(mars, tmp_path / "model")
    return tmp_path / "model"


def _ids(mars: Mars) -> torch.Tensor:
    return torch.arange(0, mars.vocabulary.size, 3)[None]


def _logits(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return model(input_ids=ids).logits


def test_what_is_saved_comes_back(mars: Mars, folder: Path) -> None:
    read = load_mars(folder)

    assert torch.equal(_logits(read.model, _ids(mars)), _logits(mars.model, _ids(mars)))
    assert read.vocabulary.tokens == mars.vocabulary.tokens
    assert read.vocabulary.config == mars.vocabulary.config
    assert read.vocabulary.format == mars.vocabulary.format
    assert (read.vocabulary.kinds == mars.vocabulary.kinds).all()
    assert read.info == mars.info
    assert {part: t.hash for part, t in read.tokenizers.items()} == {p: t.hash for p, t in mars.tokenizers.items()}
    text = "Do you <FACE_3> know <|im_end|>?"
    assert read.vocabulary.text.encode(text) == mars.vocabulary.text.encode(text)


def test_others_load_it_without_this_package(mars: Mars, folder: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)

    assert torch.equal(_logits(model, _ids(mars)), _logits(mars.model, _ids(mars)))
    assert tokenizer.convert_tokens_to_ids("<FACE_0>") == mars.vocabulary.first_id(0, 0)
    assert len(tokenizer) == model.config.vocab_size == mars.vocabulary.size
    assert model.generation_config.eos_token_id == mars.vocabulary.format.end_id
    assert tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False).endswith("<|im_end|>\n")
    assert len({path.stat().st_mode for path in folder.glob("*") if path.is_file()}) == 1
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".json", ".safetensors", ".jinja"}


@pytest.mark.parametrize("kind", ["qwen2", "gemma3"])
def test_other_architectures_come_back_too(kind: str, tmp_path: Path) -> None:
    """Qwen2's folders bring a tokenizer class of their own, and here a padded embedding."""
    tokenizer = small_tokenizer()
    small_model(kind, len(tokenizer) + 11).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    tokenizers = motion_tokenizers()
    mars = new_mars(load_base(str(tmp_path / "base")), stream_of(tokenizers), tokenizers, 0)
    save_mars(mars, tmp_path / "model")

    read = load_mars(tmp_path / "model")

    assert torch.equal(_logits(read.model, _ids(mars)), _logits(mars.model, _ids(mars)))


def test_the_same_model_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    save_mars(_made(), tmp_path / "again")

    assert (tmp_path / "again" / "mars.json").read_bytes() == (folder / "mars.json").read_bytes()


def test_an_older_model_is_replaced_and_other_files_are_left(folder: Path) -> None:
    (folder / "train.jsonl").write_text("{}")
    (folder / "old.safetensors").write_bytes(b"x")
    card = json.loads((folder / "mars.json").read_text())
    card["files"]["old.safetensors"] = "0"
    (folder / "mars.json").write_text(json.dumps(card))

    save_mars(_made(seed=1), folder)

    assert load_mars(folder)
    assert (folder / "train.jsonl").exists()
    assert not (folder / "old.safetensors").exists()
    assert not list(folder.glob(".saving-*"))


def test_a_save_that_breaks_off_leaves_the_old_model_or_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store, "save_tokenizer", full)
        with pytest.raises(OSError, match="No space"):
            save_mars(_made(seed=1), folder)
    assert load_mars(folder)
    assert not list(folder.glob(".saving-*"))

    monkeypatch.setattr(store, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        save_mars(_made(seed=1), folder)
    with pytest.raises(UserError, match=r"mars\.json: not found; expected a folder that"):
        load_mars(folder)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "config.json", "tokenizers/face/weights.safetensors"]
)
def test_a_file_cut_short_or_missing_is_named(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(UserError, match=f"{name}: is cut short or was changed"):
        load_mars(folder)
    path.unlink()
    with pytest.raises(UserError, match=f"{name}: not found"):
        load_mars(folder)


def test_a_folder_of_something_else_is_refused(tmp_path: Path, folder: Path) -> None:
    for wrong in (tmp_path, tmp_path / "nowhere", folder / "config.json"):
        with pytest.raises(UserError, match=r"mars\.json: not found"):
            load_mars(wrong)
    (folder / "mars.json").write_text("[1]")
    with pytest.raises(UserError, match="format version None, expected 1"):
        load_mars(folder)
    (folder / "mars.json").write_text('{"format')
    with pytest.raises(UserError, match="cannot be read as JSON"):
        load_mars(folder)


def _change_card(folder: Path, **changes: object) -> None:
    """Change `mars.json`, whose own hashes then fit the files as they are now."""
    card = json.loads((folder / "mars.json").read_text()) | changes
    card["files"] = {name: store.sha256_of([folder / name]) for name in card["files"]}
    (folder / "mars.json").write_text(json.dumps(card))


def test_paths_out_of_the_folder_are_refused(folder: Path) -> None:
    card = json.loads((folder / "mars.json").read_text())
    card["files"]["../other.json"] = "0"
    (folder / "mars.json").write_text(json.dumps(card))

    with pytest.raises(UserError, match=r"names \.\./other\.json"):
        load_mars(folder)


def test_another_motion_tokenizer_is_refused(folder: Path) -> None:
    save_tokenizer(motion_tokenizers(seed=1)["face"], folder / "tokenizers" / "face")
    _change_card(folder)

    with pytest.raises(UserError, match=r"has the face tokenizer \w{16}, expected \w{16}"):
        load_mars(folder)


def test_ids_that_do_not_fit_are_refused(mars: Mars, folder: Path) -> None:
    _change_card(folder, base_size=mars.vocabulary.base_size - 1)
    with pytest.raises(UserError, match="its tokenizer gives <UNSEEN> the id"):
        load_mars(folder)
    _change_card(folder, base_size=mars.vocabulary.base_size)
    tensors = load_file(folder / "model.safetensors")
    tensors["model.embed_tokens.weight"] = tensors["model.embed_tokens.weight"][:-1].clone()
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": config["vocab_size"] - 1}))
    _change_card(folder)
    with pytest.raises(UserError, match=r"its embedding has \d+ rows, expected"):
        load_mars(folder)


def test_what_should_not_be_saved_is_not(tmp_path: Path) -> None:
    broken = _made()
    with torch.no_grad():
        broken.model.model.norm.weight[0] = float("nan")
    with pytest.raises(UserError, match=r"model\.norm\.weight holds NaN"):
        save_mars(broken, tmp_path / "a")
    adapted = _made()
    add_lora(adapted.model, [5], LoraSettings(rank=1), 0)
    with pytest.raises(UserError, match="has adapters beside its weights"):
        save_mars(adapted, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_stream_needs_the_tokenizers_it_names() -> None:
    tokenizers = motion_tokenizers()
    base = load_base("tiny", TEXTS, 0, SMALL)
    with pytest.raises(UserError, match="the stream: has the body tokenizer none"):
        new_mars(base, stream_of(tokenizers), {"face": tokenizers["face"]}, 0)
    assert len(base.tokenizer) == base.size


def test_gemma_s_notice_goes_along(tmp_path: Path) -> None:
    mars = _made()
    mars.info = store.MarsInfo("gemma", "gemma")
    save_mars(mars, tmp_path)

    assert "Gemma Terms of Use" in (tmp_path / "NOTICE").read_text()
