"""Documents: every step comes once an epoch, each document is a conversation, and epochs cut elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_models import motion_tokenizers, small_tokenizer
from small_training import STREAM, build_dialogues, small, talk, talks

from nonverbal.dataset.read import Dataset
from nonverbal.mars import examples as examples_module
from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.documents import Cutting, cut, whole_texts
from nonverbal.mars.examples import OWN, SHOWN, SPOKEN, Examples, check_table, load_examples, text_mark
from nonverbal.mars.rehearsal import encode_texts, read_texts
from nonverbal.mars.signs import TEXT
from nonverbal.mars.store import vocabulary_of
from nonverbal.mars.stream import Conversation, decode, encode
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.tokens.chosen import Loaded
from nonverbal.tokens.table import TokenTable
from nonverbal.tokens.table_write import write_tokens
from nonverbal.verdicts import UserError


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return small()[1]


@pytest.fixture(scope="module")
def some(vocabulary: Vocabulary) -> Examples:
    return talks(vocabulary)


def read(examples: Examples, vocabulary: Vocabulary, cutting: Cutting, epoch: int | None = 0) -> list[Conversation]:
    """The documents of an epoch, as conversations."""
    documents = cut([examples], None, cutting, 0, epoch)
    gathered = [documents.gather(i)[0] for i in range(len(documents))]
    assert [len(ids) for ids in gathered] == documents.lengths.tolist()
    assert max(documents.lengths) <= cutting.context
    return [decode(ids, vocabulary) for ids in gathered]


def steps_of(conversations: list[Conversation]) -> Counter[object]:
    return Counter((m.role, step) for one in conversations for m in one.messages for step in m.steps)


@pytest.mark.parametrize("context", [48, 96, 300, 5000])
@pytest.mark.parametrize("epoch", [None, 0, 1])
def test_every_step_comes_once_and_every_document_is_a_conversation(
    some: Examples, vocabulary: Vocabulary, context: int, epoch: int | None
) -> None:
    whole = [talk(seed) for seed in range(6)]
    found = read(some, vocabulary, Cutting(context), epoch)
    assert steps_of(found) == steps_of(whole)
    assert {one.system for one in found} == {"Talk."}
    ends = sum(message.closed for one in found for message in one.messages)
    assert ends == sum(len(one.messages) for one in whole)
    if epoch is None and context == 5000:
        assert found == whole


def test_documents_are_full_unless_a_message_begins_anew(some: Examples, vocabulary: Vocabulary) -> None:
    lengths = cut([some], None, Cutting(96), 0, 0).lengths
    assert lengths.mean() > 48


def test_epochs_cut_elsewhere_and_equal_ones_alike(some: Examples) -> None:
    def ends(seed: int, epoch: int) -> list[list[int]]:
        return cut([some], None, Cutting(96), seed, epoch).pieces.tolist()

    assert ends(0, 0) == ends(0, 0)
    assert ends(0, 0) != ends(0, 1)
    assert ends(0, 0) != ends(1, 0)


def test_marks_tell_speaking_from_listening(vocabulary: Vocabulary) -> None:
    conversation = talk(3)
    stream, marks = encode(conversation, vocabulary), talks(vocabulary, range(3, 4)).marks
    assert ((marks & OWN > 0) == stream.response).all()
    for message, first, last in zip(conversation.messages, stream.messages[:-1], stream.messages[1:], strict=True):
        kinds = set((marks[first:last] & OWN).tolist()) - {0}
        assert kinds <= {SPOKEN if message.role == "assistant" else SHOWN}


def test_the_partner_types_as_often_as_is_asked(some: Examples, vocabulary: Vocabulary) -> None:
    whole = [m for seed in range(6) for m in talk(seed).messages if m.role == "user"]
    words = [" ".join(word for step in m.steps for word in step.holder.words) for m in whole]
    found = read(some, vocabulary, Cutting(300, typed_share=1.0))
    typed = Counter(m.text for one in found for m in one.messages if m.role == "user" and not m.steps)
    heard = Counter(word for word in words if word)
    assert typed
    assert not typed - heard
    told = [m for one in found for m in one.messages if m.role == "user" and m.steps]
    assert not any(step.holder.words for m in told for step in m.steps)
    half = read(some, vocabulary, Cutting(300, typed_share=0.5))
    share = sum(m.role == "user" and not m.steps for one in half for m in one.messages)
    assert 0 < share < len(whole)


def test_texts_are_rehearsed_by_ratio(some: Examples, vocabulary: Vocabulary) -> None:
    texts = encode_texts(["I was just about to say that. " * 9, "Really?"], vocabulary)
    documents = cut([some], texts, Cutting(64, rehearsal_ratio=0.4), 0, 0)
    plain = [i for i in range(len(documents)) if (vocabulary.kinds[documents.gather(i)[0]] == TEXT).all()]
    share = documents.lengths[plain].sum() / documents.lengths.sum()
    assert share == pytest.approx(0.4, abs=0.03)
    assert all((documents.gather(i)[1] == SPOKEN).all() for i in plain)
    once = whole_texts(texts, 64)
    read_back = vocabulary.text.decode(np.concatenate([once.gather(i)[0] for i in range(len(once))]).tolist())
    assert read_back == "I was just about to say that. " * 9 + "Really?"


def test_texts_are_read_from_files(tmp_path: Path) -> None:
    plain, lines, bad = (tmp_path / name for name in ("a.txt", "b.jsonl", "bad.jsonl"))
    plain.write_text("One.\nStill one.\n\nTwo.\n")
    lines.write_text('{"text": "One."}\n\n{"text": "Two."}\n')
    assert list(read_texts(plain)) == ["One.\nStill one.", "Two."]
    assert list(read_texts(lines)) == ["One.", "Two."]
    bad.write_text('{"text": "One."}\n{"words": 2}\n')
    with pytest.raises(UserError, match='line 2 has no "text", expected a text file with blank lines'):
        list(read_texts(bad))
    with pytest.raises(UserError, match="cannot be read as text"):
        list(read_texts(tmp_path / "absent.txt"))


def test_a_context_too_short_for_a_step_is_said(some: Examples) -> None:
    with pytest.raises(UserError, match=r"context: got 24 tokens, expected at least \d+, as long as a step"):
        cut([some], None, Cutting(24), 0, 0)


@pytest.fixture(scope="module")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, TokenTable]:
    dataset = build_dialogues(tmp_path_factory.mktemp("examples") / "ds")
    tokenizer = motion_tokenizers()["face"]
    return dataset, write_tokens(dataset, {"face": Loaded(Path("face"), tokenizer, tokenizer.hash)}).table


def vocabulary_for(table: TokenTable, **changes: object) -> tuple[Vocabulary, str]:
    info, tokenizer = table.part("face"), small_tokenizer()
    part = replace(PartVocab("face", info.codebook_size, info.num_codebooks, info.tokenizer_hash), **changes)  # type: ignore[arg-type]
    return vocabulary_of(StreamConfig((part,), 0.32), tokenizer, len(tokenizer)), text_mark(tokenizer)


def test_a_split_is_encoded_once(dialogues: tuple[Dataset, TokenTable], monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, table = dialogues
    vocabulary, mark = vocabulary_for(table)
    first = load_examples(dataset, table, "train", vocabulary, mark)
    people = sum(len(dataset.row(i)["participants"]) for i in dataset.ids("train"))
    assert len(first) >= people  # harmful turns cut some in two
    for begin, message, _ in first.streams.tolist():
        assert (first.ids[begin : begin + 3] == first.ids[:3]).all()
        assert begin < first.messages[message, 0]
    with monkeypatch.context() as patch:
        patch.setattr(examples_module, "conversations", lambda *args: pytest.fail("encoded again"))
        again = load_examples(dataset, table, "train", vocabulary, mark)
    assert (again.ids == first.ids).all()
    assert (again.marks == first.marks).all()
    path = Path(again.ids.filename)  # type: ignore[attr-defined]
    path.write_bytes(path.read_bytes()[:-4])
    whole = load_examples(dataset, table, "train", vocabulary, mark)
    assert len(whole.ids) == len(first.ids)
    silent, _ = vocabulary_for(table)
    other = Vocabulary(replace(silent.config, partner_motion=False), silent.text, silent.format, silent.base_size)
    assert load_examples(dataset, table, "train", other, mark).origin != first.origin


def test_what_does_not_fit_is_said(dialogues: tuple[Dataset, TokenTable]) -> None:
    dataset, table = dialogues
    wrong, mark = vocabulary_for(table, tokenizer_hash="0" * 64)
    with pytest.raises(UserError, match=r"tokens of 'face' were made by the tokenizer \w{12}, expected 000000000000"):
        load_examples(dataset, table, "train", wrong, mark)
    few, _ = vocabulary_for(table, codebook_size=2)
    with pytest.raises(UserError, match=r"face has \d+ levels of \d+ codes, expected \d+ levels of 2"):
        check_table(table, few)
    right, _ = vocabulary_for(table)
    with pytest.raises(UserError, match=r"no dialogue in the split 'nowhere'; it has train \d+"):
        load_examples(dataset, table, "nowhere", right, mark)


def test_streams_without_parts_need_no_table(dialogues: tuple[Dataset, TokenTable]) -> None:
    tokenizer = small_tokenizer()
    words = vocabulary_of(replace(STREAM, parts=()), tokenizer, len(tokenizer))
    found = load_examples(dialogues[0], None, "train", words, text_mark(tokenizer))
    assert (found.marks & OWN).any()
