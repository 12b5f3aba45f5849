"""Reads a llama.cpp GGUF file into a Transformers model and tokenizer, its weights de-quantised."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from nonverbal.verdicts import UserError

_MAGIC = b"GGUF"


def load_gguf(path: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Model (float32) and tokenizer of one `.gguf` file; Gemma 3 270M takes a minute and a half, 2.7 GB of memory.

    Raises:
        UserError: it is missing, no GGUF file, cut short, of an architecture that Transformers does not read, or a
            package is missing.
    """
    if not path.is_file():
        raise UserError(f"base {path}: not found, expected a GGUF file")
    with path.open("rb") as file:
        magic = file.read(len(_MAGIC))
    if magic != _MAGIC:
        raise UserError(f"base {path}: begins with {magic!r}, expected {_MAGIC!r}; is it a GGUF file, and whole?")
    missing = [name for name in ("gguf", "accelerate") if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"a GGUF file needs {' and '.join(missing)}: pip install 'nonverbal[gemma]'")
    folder, file_name = str(path.resolve().parent), path.name
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file_name, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=file_name, local_files_only=True, dtype=torch.float32, trust_remote_code=False
        )
    except (
        OSError,
        ValueError,
        KeyError,
        IndexError,
        RuntimeError,
        ImportError,
        NotImplementedError,
        struct.error,
    ) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"base {path}: cannot be read as GGUF ({reason}); download it again") from error
    # The weights are plain floats now; with these two left in, the model could neither be saved nor read back.
    for owner, name in ((model.config, "quantization_config"), (model, "hf_quantizer")):
        if hasattr(owner, name):
            delattr(owner, name)
    return model, _plain(tokenizer, path)


def _plain(tokenizer: PreTrainedTokenizerBase, path: Path) -> PreTrainedTokenizerFast:
    """The same tokenizer without its model's own class, which would build it anew, slowly, on every load."""
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise UserError(f"base {path}: its tokenizer has no byte-pair form that Transformers reads; take another file")
    names = ("bos_token", "eos_token", "unk_token", "pad_token")
    special = {name: getattr(tokenizer, name) for name in names if getattr(tokenizer, name) is not None}
    plain = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer, clean_up_tokenization_spaces=False, **special
    )
    plain.chat_template = tokenizer.chat_template
    return plain
