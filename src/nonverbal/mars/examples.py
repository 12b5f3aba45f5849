"""A dataset's conversations as ids in arrays on disk, encoded once: each dialogue as each of its participants lives it.

    ids      [N] int32, all conversations one after the other, a memory map
    marks    [N] uint8, what each token is to the model: `SPOKEN`, `SHOWN`, or given; `STEP` where a step begins
    typed    [T] int32, the partner's messages once more as text without steps
    places   where conversations and messages begin

The files lie in DATASET/arrays and are named by all they follow from: dataset, tokens table, stream and text tokenizer.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from nonverbal.dataset.manifest import ARRAYS_DIR
from nonverbal.dataset.read import Dataset
from nonverbal.mars.conversation import stretches
from nonverbal.mars.of_two import nothing_of_two, of_two
from nonverbal.mars.stream import ROLES, Conversation, Message, encode
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.pipeline.lock import output_error
from nonverbal.records import dumps, to_plain
from nonverbal.ticks import Tick, silent
from nonverbal.tokens.table import TokenTable
from nonverbal.verdicts import UserError

SPOKEN, SHOWN, STEP = 1, 2, 4
"""Bits of a mark: the model's in its own turn; the model's while its partner holds the floor; a step begins here."""
OWN = SPOKEN | SHOWN
"""Everything that the model is to learn to say and do."""

FORMAT_VERSION = 1
_KINDS = ("ids.i32", "marks.u8", "typed.i32", "places.npz")
"""How the files of a set end; the last is written last."""


@dataclass(frozen=True, eq=False)
class Examples:
    """The conversations of one split of one dataset.

    Attributes:
        ids: [N] int32.
        marks: [N] uint8.
        typed: [T] int32, whole messages.
        streams: [S, 3] first token, first message and the message after the last of each conversation.
        messages: [M, 3] first token, the token after the last, and the length of the header.
        typed_bounds: [M, 2] where a message stands in `typed`; nothing for the model's own and for silent ones.
        origin: names the contents, for records.
    """

    ids: NDArray[np.int32]
    marks: NDArray[np.uint8]
    typed: NDArray[np.int32]
    streams: NDArray[np.int64]
    messages: NDArray[np.int64]
    typed_bounds: NDArray[np.int64]
    origin: str

    def __len__(self) -> int:
        """How many conversations there are."""
        return len(self.streams)


def load_examples(
    dataset: Dataset,
    table: TokenTable | None,
    split: str,
    vocabulary: Vocabulary,
    text: str,
    tick: Tick = silent,
) -> Examples:
    """The conversations of a split, from DATASET/arrays, where they are written if they are not there yet.

    Args:
        dataset: where the dialogues come from.
        table: its tokens; None where the stream has no parts.
        split: train, validation or test.
        vocabulary: its configuration says what is told.
        text: `text_mark` of the base's tokenizer.
        tick: is told how far the writing has come.

    Raises:
        UserError: the split has no dialogue of two, or the table is of other tokenizers or another dataset.
        OutputError: the arrays cannot be written.
    """
    there = of_two(dataset, split)
    if not there.ids:
        raise UserError(nothing_of_two(dataset, split, there.left_out))
    if table is not None:
        table.check(dataset)
        check_table(table, vocabulary)
    stem = (
        dataset.root / ARRAYS_DIR / f"{dataset.content_hash[:16]}-{split}-streams-{_mark(table, vocabulary, text)[:16]}"
    )
    try:
        found = _open(stem)
        if found is None:
            _write(stem, dataset, table, split, vocabulary, tick)
            found = _open(stem)
    except OSError as error:
        raise output_error(error, stem.parent) from error
    assert found is not None
    if not len(found):
        raise UserError(
            f"{dataset.root}: no conversation in the split {split!r}: its turns are all harmful, or there are none"
        )
    return found


def examples_of(conversations: Iterable[Conversation], vocabulary: Vocabulary, origin: str = "") -> Examples:
    """Conversations in memory; `origin` names them for records."""
    places = _Places()
    arrays = [places.add(conversation, vocabulary) for conversation in conversations]
    ids, marks, typed = (np.concatenate(some) for some in zip(*arrays, strict=True))
    found = places.arrays()
    del found["sizes"]
    return Examples(ids, marks, typed, **found, origin=origin)


def check_table(table: TokenTable, vocabulary: Vocabulary) -> None:
    """See that the codes of a table are those of the vocabulary.

    Raises:
        UserError: a part is missing, or its codes are of another tokenizer or out of range.
    """
    for part in vocabulary.config.parts:
        info = table.part(part.part)
        if part.tokenizer_hash and info.tokenizer_hash != part.tokenizer_hash:
            raise UserError(
                f"{table.path}: the tokens of {part.part!r} were made by the tokenizer {info.tokenizer_hash[:12]}, "
                f"expected {part.tokenizer_hash[:12]}; codes mean nothing to another one: give the --tokenizers that "
                "made the table, or run `nonverbal tokenize` with these"
            )
        if info.codebook_size > part.codebook_size or info.num_codebooks < part.levels:
            raise UserError(
                f"{table.path}: {part.part} has {info.num_codebooks} levels of {info.codebook_size} codes, expected "
                f"{part.levels} levels of {part.codebook_size}; give the --tokenizers that made the table"
            )


def conversations(
    dataset: Dataset, table: TokenTable | None, split: str, vocabulary: Vocabulary, tick: Tick = silent
) -> Iterator[Conversation]:
    """Every dialogue of two in a split as each of both lives through it, harmful turns cut out."""
    config = vocabulary.config
    ids = of_two(dataset, split).ids
    for number, dialogue_id in enumerate(ids):
        row = dataset.row(dialogue_id)
        codes = {
            who: {p.part: table.codes(dialogue_id, who, p.part) for p in config.parts} if table is not None else {}
            for who in row["participants"]
        }
        for me in row["participants"]:
            for stretch in stretches(row, codes, me, config):
                yield stretch.conversation
        tick(f"{split} conversations", number + 1, len(ids))


def text_mark(tokenizer: PreTrainedTokenizerFast) -> str:
    """Hash of how a tokenizer cuts text, whatever control tokens it was given later."""
    plain = json.loads(tokenizer.backend_tokenizer.to_str())
    return hashlib.sha256(dumps([plain[k] for k in ("normalizer", "pre_tokenizer", "model")]).encode()).hexdigest()


def _mark(table: TokenTable | None, vocabulary: Vocabulary, text: str) -> str:
    """Hash of all that the arrays follow from beside the dataset's content."""
    chat = vocabulary.format
    frame = [list(chat.begin), *(list(ids) for role in ROLES for ids in (chat.open(role), chat.close(role)))]
    codes = "" if table is None else table.info.file.sha256
    made_of = [FORMAT_VERSION, codes, to_plain(vocabulary.config), vocabulary.base_size, frame, text]
    return hashlib.sha256(dumps(made_of).encode()).hexdigest()


def _open(stem: Path) -> Examples | None:
    """The arrays as `_write` left them; None where they are not, or not whole."""
    ids, marks, typed, places = (stem.parent / f"{stem.name}.{kind}" for kind in _KINDS)
    try:
        with np.load(places, allow_pickle=False) as file:
            found = {name: file[name] for name in ("streams", "messages", "typed_bounds", "sizes")}
        n, t = (int(size) for size in found.pop("sizes"))
        if (ids.stat().st_size, marks.stat().st_size, typed.stat().st_size) != (4 * n, n, 4 * t):
            return None
    except (FileNotFoundError, ValueError, EOFError, KeyError):
        return None
    return Examples(
        _map(ids, np.int32, n), _map(marks, np.uint8, n), _map(typed, np.int32, t), **found, origin=stem.name
    )


def _map(path: Path, dtype: type[np.generic], count: int) -> NDArray[Any]:
    return np.memmap(path, dtype, "r", shape=(count,)) if count else np.zeros(0, dtype)


def _write(
    stem: Path, dataset: Dataset, table: TokenTable | None, split: str, vocabulary: Vocabulary, tick: Tick
) -> None:
    """Ids conversation by conversation, and last the places, whose file says that all is there.

    Several processes may do so at once: each writes files of its own, and all write the same.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=stem.parent, prefix=".writing-") as folder:
        partial = [Path(folder) / f"{stem.name}.{kind}" for kind in _KINDS]
        places = _Places()
        with partial[0].open("wb") as ids, partial[1].open("wb") as marks, partial[2].open("wb") as typed:
            for conversation in conversations(dataset, table, split, vocabulary, tick):
                for file, array in zip((ids, marks, typed), places.add(conversation, vocabulary), strict=True):
                    file.write(array.tobytes())
        with partial[3].open("wb") as file:
            np.savez(file, allow_pickle=False, **places.arrays())
        for path in partial:
            path.replace(stem.parent / path.name)


class _Places:
    """Where everything stands, as the conversations come in."""

    def __init__(self) -> None:
        self._streams: list[tuple[int, int, int]] = []
        self._messages: list[tuple[int, int, int]] = []
        self._typed: list[tuple[int, int]] = []
        self._tokens = self._typed_tokens = 0

    def add(self, conversation: Conversation, vocabulary: Vocabulary) -> tuple[NDArray[Any], ...]:
        """Ids and marks of a conversation, and its typed messages."""
        stream = encode(conversation, vocabulary)
        marks = stream.response.astype(np.uint8)
        typed: list[int] = []
        first = len(self._messages)
        for message, begin, end in zip(
            conversation.messages, stream.messages[:-1].tolist(), stream.messages[1:].tolist(), strict=True
        ):
            if message.role == "user":
                marks[begin:end] *= SHOWN
            header = len(vocabulary.format.open(message.role))
            self._messages.append((self._tokens + begin, self._tokens + end, header))
            before = len(typed)
            typed += _typed(message, vocabulary)
            self._typed.append((self._typed_tokens + before, self._typed_tokens + len(typed)))
        marks[stream.steps] |= STEP
        self._streams.append((self._tokens, first, len(self._messages)))
        self._tokens += len(stream)
        self._typed_tokens += len(typed)
        return stream.ids, marks, np.array(typed, np.int32)

    def arrays(self) -> dict[str, NDArray[np.int64]]:
        """Name -> array, as `_open` reads them."""
        return {
            "streams": np.array(self._streams, np.int64).reshape(-1, 3),
            "messages": np.array(self._messages, np.int64).reshape(-1, 3),
            "typed_bounds": np.array(self._typed, np.int64).reshape(-1, 2),
            "sizes": np.array([self._tokens, self._typed_tokens], np.int64),
        }


def _typed(message: Message, vocabulary: Vocabulary) -> list[int]:
    """The ids of a message of the partner as if it had been typed; none where it has no words or is the model's."""
    words = " ".join(word for step in message.steps for word in step.holder.words)
    if message.role != "user" or not words:
        return []
    chat = vocabulary.format
    return [*chat.open("user"), *vocabulary.text.encode(words), *chat.close("user")]
