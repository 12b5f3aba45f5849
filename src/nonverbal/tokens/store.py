"""Tokenizers on disk: `tokenizer.json` says what one is, `weights.safetensors` holds the numbers; no pickles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from nonverbal.pipeline.store import commit
from nonverbal.record_files import RecordFile, sealed_text
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.scaling import Scaling
from nonverbal.tokens.seal import sealed
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.tokens.vqvae import MotionVQVAE
from nonverbal.verdicts import UserError

FORMAT_VERSION = 1
CARD_NAME = "tokenizer.json"
WEIGHTS_NAME = "weights.safetensors"


@dataclass(frozen=True)
class TokenizerCard:
    """The contents of ``tokenizer.json``.

    Attributes:
        format_version: of the two files.
        hash: the tokenizer's own hash, which loading checks.
        config: what it is made of.
        trained: how it came about: settings of the training, data, steps; for the record only.
    """

    format_version: int
    hash: str
    config: TokenizerConfig
    trained: dict[str, Any]


_FILE = RecordFile(
    "format_version",
    FORMAT_VERSION,
    "a folder that `nonverbal train-tokenizer` wrote",
    "copy or train the tokenizer again",
)


def save_tokenizer(tokenizer: Tokenizer, folder: Path, trained: dict[str, Any] | None = None) -> None:
    """Write a tokenizer into `folder`; a reader finds the old one or the new one, never half."""
    folder.mkdir(parents=True, exist_ok=True)
    own_hash = tokenizer.hash  # goes over all weights
    card = TokenizerCard(FORMAT_VERSION, own_hash, tokenizer.config, trained or {})
    write_tensors(folder / WEIGHTS_NAME, tokenizer.tensors(), {"hash": own_hash})
    write_text(folder / CARD_NAME, sealed_text(card))


def load_tokenizer(folder: Path, device: str = "cpu") -> Tokenizer:
    """The tokenizer in `folder`.

    Raises:
        UserError: there is none, a file is damaged, of another version or format, or the two files do not belong
            together; the message names the file.
    """
    card = read_card(folder)
    tensors, _ = read_tensors(folder / WEIGHTS_NAME)
    network = MotionVQVAE(card.config)
    weights = {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
    try:
        network.load_state_dict(weights)
        scaling = Scaling(tensors["scaling.mean"].numpy(), tensors["scaling.scale"].numpy())
    except (RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{folder / WEIGHTS_NAME}: does not fit {CARD_NAME} beside it ({reason}); copy both again"
        ) from error
    tokenizer = Tokenizer(card.config, network, scaling)
    if tokenizer.hash != card.hash:
        raise UserError(
            f"{folder / WEIGHTS_NAME}: got weights with the hash {tokenizer.hash[:16]}, expected {card.hash[:16]} as "
            f"{CARD_NAME} says; copy both files again"
        )
    network.to(device)
    return tokenizer


def read_card(folder: Path) -> TokenizerCard:
    """What ``tokenizer.json`` in `folder` says.

    Raises:
        UserError: it is missing, damaged or of another version.
    """
    return _FILE.read(TokenizerCard, folder / CARD_NAME)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a safetensors file.

    Raises:
        UserError: it is missing, cut short, or another format such as a pickle, which is never read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(2)
        if head in (b"PK", b"\x80\x02", b"\x80\x04", b"\x80\x05"):
            raise UserError(
                f"{path}: is a pickle or a zip of pickles, which can run code and is never read; expected safetensors: "
                "convert it where you trust it"
            )
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118 - no mapping
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"{path}: not found; expected the weights beside {CARD_NAME}") from None
    except (OSError, SafetensorError, ValueError) as error:
        raise UserError(f"{path}: not a whole safetensors file ({error}); copy or train it again") from error


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors to `path`, whole or not at all, with a hash over all of it."""
    # Not save_file, which hides what the system said when a disk is full, and lets nobody else read the file.
    data = save({k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()})
    parts = sealed(data, metadata)

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            file.writelines(parts)

    commit(path, write, read_tensors)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""

    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding="utf-8")

    commit(path, write, Path.read_bytes)
