"""Text to ids and back, never through a control token: what people say cannot end a turn or move a face."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer as Backend
from tokenizers import models
from transformers import PreTrainedTokenizerBase

from nonverbal.verdicts import UserError

_SPACE_MARK = "\u2581"
"""What SentencePiece vocabularies write for a space; as a character of its own it goes through byte tokens."""


class TextCodec:
    """Text to ids of a base's vocabulary and back, by a clone of its tokenizer that knows no added token.

    `decode(encode(text)) == text` for every text, or `encode` says that this vocabulary cannot hold it. The clone
    leaves out what would break that: Unicode normal forms (Qwen's NFC) and spaces put in front (Llama 2). So a piece
    gives the same ids wherever in a stream it stands.

    Attributes:
        text_ids: all ids that text can have; every other id of the vocabulary controls something.
    """

    def __init__(self, backend: Backend) -> None:
        added = backend.get_added_tokens_decoder()
        self._backend = _without_control(backend)
        vocab = self._backend.get_vocab()
        control = {i for i, token in added.items() if is_control(token.content, token.special)}
        names = ((f"<0x{byte:02X}>", byte) for byte in range(256))
        self._byte_ids = {byte: vocab[name] for name, byte in names if name in vocab}
        self.text_ids = frozenset(vocab.values()) - control

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, none of them a control id.

        Raises:
            UserError: half a surrogate pair, or a character that the vocabulary cannot hold.
        """
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UserError(
                f"text: got the lone surrogate U+{ord(text[error.start]):04X} at character {error.start}, expected "
                "Unicode text; read the source as UTF-8 with errors='replace'"
            ) from None
        ids: list[int] = self._backend.encode(text, add_special_tokens=False).ids
        return ids if self._holds(ids, text) else self._by_character(text)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; bytes that are no whole character become U+FFFD.

        Raises:
            UserError: an id is a control id or none of the base's vocabulary.
        """
        ids = [int(i) for i in ids]
        wrong = next((i for i in ids if i not in self.text_ids), None)
        if wrong is not None:
            raise UserError(f"ids: {wrong} is no id of text; split control tokens off before decoding text")
        text: str = self._backend.decode(ids, skip_special_tokens=False)
        return text

    def _holds(self, ids: list[int], text: str) -> bool:
        return self.text_ids.issuperset(ids) and self._backend.decode(ids, skip_special_tokens=False) == text

    def _by_character(self, text: str) -> list[int]:
        """Ids of one character after the other, which no merge can join to a control token; the rare way."""
        ids: list[int] = []
        for character in text:
            one: list[int] = self._backend.encode(character, add_special_tokens=False).ids
            if not self._holds(one, character):
                one = self._as_bytes(character)
            ids += one
        if not self._holds(ids, text):
            raise UserError("text: the base's tokenizer gives other text back; choose a base with byte-level tokens")
        return ids

    def _as_bytes(self, character: str) -> list[int]:
        if any(byte not in self._byte_ids for byte in character.encode()):
            raise UserError(
                f"text: the base's tokenizer cannot hold U+{ord(character):04X}; choose a base with byte-level tokens "
                "or leave the character out"
            )
        return [self._byte_ids[byte] for byte in character.encode()]


def text_codec(tokenizer: PreTrainedTokenizerBase) -> TextCodec:
    """The codec of a Hugging Face tokenizer; tokens added to it later change nothing.

    Raises:
        UserError: the tokenizer has no `tokenizers` backend.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Backend):
        raise UserError(
            f"tokenizer: got {type(tokenizer).__name__}, expected one with a tokenizer.json; choose another base"
        )
    return TextCodec(backend)


def is_control(content: str, special: bool) -> bool:
    """All added tokens are, but plain runs of spaces and line ends, which Gemma's tokenizer adds to have them whole."""
    return special or not (content.isspace() or set(content) == {_SPACE_MARK})


def _without_control(backend: Backend) -> Backend:
    """The same model of text, without control tokens and without all that changes text on the way in or out."""
    shell = Backend(models.BPE())  # a model of no tokens: writing down one of 262,144, as Gemma's, takes seconds
    for name in ("normalizer", "pre_tokenizer", "decoder"):
        if getattr(backend, name) is not None:
            setattr(shell, name, getattr(backend, name))
    plain = json.loads(shell.to_str())
    plain["normalizer"] = _only(plain["normalizer"], "normalizers", ("Replace",))
    plain["pre_tokenizer"] = _unprefixed(plain["pre_tokenizer"])
    plain["decoder"] = _only(_unprefixed(plain["decoder"]), "decoders", ("Strip",), keep=False)
    clone: Backend = Backend.from_str(json.dumps(plain))
    clone.model = backend.model
    known = backend.get_vocab(with_added_tokens=False)
    added = backend.get_added_tokens_decoder().values()
    clone.add_tokens([t for t in added if t.content in known and not is_control(t.content, t.special)])
    return clone


def _only(node: dict[str, Any] | None, children: str, types: Sequence[str], keep: bool = True) -> dict[str, Any] | None:
    """A chain of normalisers or decoders with only those of `types`, or without those."""
    if node is None:
        return None
    if node["type"] != "Sequence":
        return node if (node["type"] in types) is keep else None
    kept = [child for child in node[children] if (child["type"] in types) is keep]
    return dict(node, **{children: kept}) if kept else None


def _unprefixed(node: Any) -> Any:
    """The same steps, none of which puts a space in front of text or takes one away."""
    if isinstance(node, list):
        return [_unprefixed(child) for child in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _unprefixed(value) for key, value in node.items()}
    if "add_prefix_space" in changed:
        changed["add_prefix_space"] = False
    if "prepend_scheme" in changed:
        changed["prepend_scheme"] = "never"
    return changed
