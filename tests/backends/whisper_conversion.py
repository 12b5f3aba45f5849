"""Whisper base, which comes from packages in CTranslate2 form, as a model of transformers: the same numbers."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import numpy as np

from nonverbal.weights import whisper_base

_HALF = 4  # the number by which CTranslate2 calls float16
_LAYER_PARTS = {
    "ffn/layer_norm": "final_layer_norm",
    "ffn/linear_0": "fc1",
    "ffn/linear_1": "fc2",
    "self_attention/layer_norm": "self_attn_layer_norm",
    "attention/layer_norm": "encoder_attn_layer_norm",
}


def convert(folder: Path) -> Path:
    """Writes config, weights, tokenizer and preprocessor into `folder`."""
    import torch
    from safetensors.torch import save_file
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    source = whisper_base()
    facts = json.loads((source / "config.json").read_text())
    config = WhisperConfig(
        vocab_size=51865, d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8,
        decoder_attention_heads=8, encoder_ffn_dim=2048, decoder_ffn_dim=2048, suppress_tokens=None,
        begin_suppress_tokens=None, bos_token_id=50257, eos_token_id=50257, pad_token_id=50257,
        decoder_start_token_id=50258,
    )  # fmt: skip
    config.architectures = ["WhisperForConditionalGeneration"]
    state = {name: torch.from_numpy(value) for name, value in _renamed(_read(source / "model.bin")).items()}
    model = WhisperForConditionalGeneration(config)
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    assert all("proj_out" in name for name in missing), missing
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: v.half().contiguous() for k, v in state.items()}, folder / "model.safetensors", {"format": "pt"})
    config.save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)
    shutil.copy(source / "tokenizer.json", folder)
    tokens = {t["content"]: t["id"] for t in json.loads((source / "tokenizer.json").read_text())["added_tokens"]}
    languages = {name: i for name, i in tokens.items() if i in facts["lang_ids"]}
    special = {
        "alignment_heads": facts["alignment_heads"], "suppress_tokens": facts["suppress_ids"],
        "begin_suppress_tokens": facts["suppress_ids_begin"], "lang_to_id": languages, "is_multilingual": True,
        "task_to_id": {"transcribe": tokens["<|transcribe|>"], "translate": tokens["<|translate|>"]},
        "no_timestamps_token_id": tokens["<|notimestamps|>"], "decoder_start_token_id": 50258, "bos_token_id": 50257,
        "eos_token_id": 50257, "pad_token_id": 50257, "max_length": 448, "return_timestamps": False,
    }  # fmt: skip
    (folder / "generation_config.json").write_text(json.dumps(special))
    return folder


def _read(path: Path) -> dict[str, np.ndarray]:
    """Every float16 tensor of a CTranslate2 model of binary version 6."""
    data = path.read_bytes()
    at = 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from("<" + kind, data, at)
        at += struct.calcsize("<" + kind)
        return value

    def text() -> str:
        nonlocal at
        length = number("H")
        value = data[at : at + length - 1].decode()
        at += length
        return value

    number("I"), text(), number("I")
    found = {}
    for _ in range(number("I")):
        name, shape = text(), [number("I") for _ in range(number("B"))]
        kind, size = number("B"), number("I")
        if kind == _HALF:
            found[name] = np.frombuffer(data, np.float16, size // 2, at).reshape(shape).astype(np.float32)
        at += size
    return found


def _renamed(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    out = {}
    for name, value in found.items():
        half, _, rest = name.partition("/")
        parts = rest.split("/")
        leaf = {"gamma": "weight", "beta": "bias", "encodings": "weight"}.get(parts[-1], parts[-1])
        if parts[0].startswith("layer_") and parts[0] != "layer_norm":
            out |= _layer(f"model.{half}.layers.{parts[0][6:]}", "/".join(parts[1:-1]), leaf, value)
        else:
            middle = {"embeddings": "embed_tokens", "position_encodings": "embed_positions"}.get(parts[0], parts[0])
            out[f"model.{half}.{middle}.{leaf}"] = value
    return out


def _layer(base: str, part: str, leaf: str, value: np.ndarray) -> dict[str, np.ndarray]:
    if part in _LAYER_PARTS:
        return {f"{base}.{_LAYER_PARTS[part]}.{leaf}": value}
    attention = f"{base}.{'self_attn' if part.startswith('self') else 'encoder_attn'}"
    names = {
        ("self", 0): ("q_proj", "k_proj", "v_proj"), ("self", 1): ("out_proj",), ("cross", 0): ("q_proj",),
        ("cross", 1): ("k_proj", "v_proj"), ("cross", 2): ("out_proj",),
    }[("self" if part.startswith("self") else "cross", int(part[-1]))]  # fmt: skip
    pieces = zip(names, np.split(value, len(names)), strict=True)
    return {f"{attention}.{n}.{leaf}": v for n, v in pieces if (n, leaf) != ("k_proj", "bias")}
