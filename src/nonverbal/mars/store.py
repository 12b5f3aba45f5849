"""A model that talks with face and body, and its folder: what Transformers saves, `mars.json`, the motion tokenizers.

The folder loads with `AutoModelForCausalLM` and vLLM as it is. It may hold other files, such as a training's log.
`mars.json` names every file of the model by its hash and is written last: without it, there is no model yet.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from nonverbal.mars.base import Base, load_folder
from nonverbal.mars.chat_format import chat_format
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.gemma import NOTICE
from nonverbal.mars.grow import grow
from nonverbal.mars.text import text_codec
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.record_files import RecordFile, sealed_text
from nonverbal.tokens.store import load_tokenizer, save_tokenizer, write_text
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.verdicts import UserError
from nonverbal.weights import sha256_of

FORMAT_VERSION = 1
CARD_NAME = "mars.json"
_TOKENIZERS = "tokenizers"


@dataclass(frozen=True)
class MarsInfo:
    """Where a model comes from."""

    base: str
    """The base as the user named it."""
    chat: str
    """Whose chat template it has: own, gemma or chatml."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings of its training and the data's hash; for the record only."""


@dataclass
class Mars:
    """A language model with motion tokens, and what its ids mean."""

    model: PreTrainedModel
    """As many embedding rows as `vocabulary.size`."""
    tokenizer: PreTrainedTokenizerFast
    """Knows the motion tokens by name, with the vocabulary's ids."""
    vocabulary: Vocabulary
    """The ids of its streams."""
    tokenizers: dict[str, Tokenizer]
    """Motion tokenizers by part, one for each part of the vocabulary."""
    info: MarsInfo
    """Where it comes from."""


@dataclass(frozen=True)
class MarsCard:
    """The contents of `mars.json`.

    Attributes:
        format_version: of the folder.
        stream: what streams are made of; names the motion tokenizers by hash.
        base_size: how many ids are the base's.
        info: where the model comes from.
        files: sha256 of each file of the model, by its path in the folder.
    """

    format_version: int
    stream: StreamConfig
    base_size: int
    info: MarsInfo
    files: dict[str, str]


_FILE = RecordFile(
    "format_version",
    FORMAT_VERSION,
    "a folder that `nonverbal train` wrote to its end",
    "copy or train the model again",
)


def new_mars(base: Base, stream: StreamConfig, tokenizers: Mapping[str, Tokenizer], seed: int) -> Mars:
    """An untrained model: the base, grown in place by the motion tokens of `stream`.

    Raises:
        UserError: a motion tokenizer is missing or is not the one that `stream` names.
    """
    _check_tokenizers(stream, tokenizers, "the stream")
    vocabulary = vocabulary_of(stream, base.tokenizer, base.size)
    grow(base.model, base.tokenizer, vocabulary.tokens, seed)
    return Mars(base.model, base.tokenizer, vocabulary, dict(tokenizers), MarsInfo(base.name, base.chat))


def vocabulary_of(stream: StreamConfig, tokenizer: PreTrainedTokenizerFast, base_size: int) -> Vocabulary:
    """The ids of streams over a base's tokenizer, grown or not."""
    return Vocabulary(stream, text_codec(tokenizer), chat_format(tokenizer), base_size)


def save_mars(mars: Mars, folder: Path) -> None:
    """Write the model into `folder`; a reader finds a whole model there or is told that there is none.

    Raises:
        UserError: adapters have not been merged, a weight is not finite, or model and vocabulary do not fit.
    """
    _check(mars, "the model")
    wrong = next((name for name, p in mars.model.named_parameters() if not bool(torch.isfinite(p).all())), None)
    if wrong is not None:
        raise UserError(f"the model: {wrong} holds NaN or infinity; train again with a lower learning rate")
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=folder, prefix=".saving-"))
    try:
        mars.model.save_pretrained(work)
        mars.tokenizer.save_pretrained(work)
        for weights in work.glob("*.safetensors"):  # which safetensors lets nobody else read
            weights.chmod((work / "config.json").stat().st_mode)
        for part, tokenizer in mars.tokenizers.items():
            save_tokenizer(tokenizer, work / _TOKENIZERS / part)
        if mars.info.base == "gemma":
            (work / "NOTICE").write_text(NOTICE, encoding="utf-8")
        names = sorted(str(path.relative_to(work)) for path in work.rglob("*") if path.is_file())
        files = {name: sha256_of([work / name]) for name in names}
        card = MarsCard(FORMAT_VERSION, mars.vocabulary.config, mars.vocabulary.base_size, mars.info, files)
        _publish(work, folder, card)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def load_mars(folder: Path, device: str = "cpu") -> Mars:
    """The model in `folder`, in evaluation mode, in the format it was saved in.

    Raises:
        UserError: there is none, a file is missing, damaged or was changed, or the parts do not belong together.
    """
    card = read_mars_card(folder)
    for name, sha256 in card.files.items():
        path = folder / name
        if not path.is_file():
            raise UserError(f"{path}: not found, but {CARD_NAME} names it; copy the whole folder again")
        if sha256_of([path]) != sha256:
            raise UserError(f"{path}: is cut short or was changed since it was saved; copy the folder again")
    model, tokenizer = load_folder(folder)
    parts = [part.part for part in card.stream.parts]
    tokenizers = {part: load_tokenizer(folder / _TOKENIZERS / part, device) for part in parts}
    vocabulary = vocabulary_of(card.stream, tokenizer, card.base_size)
    model.to(torch.device(device)).eval()
    mars = Mars(model, tokenizer, vocabulary, tokenizers, card.info)
    _check(mars, str(folder))
    return mars


def read_mars_card(folder: Path) -> MarsCard:
    """What `mars.json` in `folder` says.

    Raises:
        UserError: it is missing, damaged, of another version, or names files outside the folder.
    """
    card = _FILE.read(MarsCard, folder / CARD_NAME)
    outside = next((name for name in card.files if Path(name).is_absolute() or ".." in Path(name).parts), None)
    if outside is not None or any(not part.part.isidentifier() for part in card.stream.parts):
        raise UserError(f"{folder / CARD_NAME}: names {outside}, expected files inside the folder; copy it again")
    return card


def _publish(work: Path, folder: Path, card: MarsCard) -> None:
    """Move the files of `work` to `folder` in place of an older model's; the card goes first and comes last."""
    old = _files_of(folder)
    (folder / CARD_NAME).unlink(missing_ok=True)
    for name in old - set(card.files):
        (folder / name).unlink(missing_ok=True)
    for name in card.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).replace(folder / name)
    write_text(folder / CARD_NAME, sealed_text(card))


def _files_of(folder: Path) -> set[str]:
    """Files of the model that was saved in `folder` before; none where there is no card that can be read."""
    try:
        return set(read_mars_card(folder).files)
    except UserError:
        return set()


def _check(mars: Mars, where: str) -> None:
    """See that weights, names, ids and motion tokenizers belong together."""
    vocabulary, known = mars.vocabulary, mars.tokenizer.get_vocab()
    for i, name in enumerate(vocabulary.tokens):
        if known.get(name) != vocabulary.base_size + i:
            raise UserError(
                f"{where}: its tokenizer gives {name} the id {known.get(name)}, expected {vocabulary.base_size + i}; "
                "tokenizer.json and mars.json belong to two models: copy both from one"
            )
    rows = len(mars.model.get_input_embeddings().weight)
    if rows != vocabulary.size:
        raise UserError(
            f"{where}: its embedding has {rows} rows, expected {vocabulary.size}, one for each id; weights and "
            "mars.json belong to two models: copy both from one"
        )
    if any("lora_" in name for name, _ in mars.model.named_parameters()):
        raise UserError(f"{where}: has adapters beside its weights, expected plain weights; merge them by `merge_lora`")
    _check_tokenizers(vocabulary.config, mars.tokenizers, where)


def _check_tokenizers(stream: StreamConfig, tokenizers: Mapping[str, Tokenizer], where: str) -> None:
    for part in stream.parts:
        found = tokenizers[part.part].hash if part.part in tokenizers else "none"
        if found != part.tokenizer_hash:
            raise UserError(
                f"{where}: has the {part.part} tokenizer {found[:16]}, expected {part.tokenizer_hash[:16]}; codes mean "
                "nothing to another tokenizer: give the one the model was trained with"
            )
