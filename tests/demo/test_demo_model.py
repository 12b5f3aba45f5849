"""The model that ships: small enough, what its provenance says, and somebody to talk with."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nonverbal.chat.partner import Partner
from nonverbal.chat.typed import Typed, read_typed
from nonverbal.fitting.chat import SHIPPED
from nonverbal.fitting.chat_script import write_small_talk
from nonverbal.fitting.chat_talks import words_alone
from nonverbal.mars import demo_model as module
from nonverbal.mars.demo_model import PROVENANCE_NAME, demo_model, starters
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.store import Mars, load_mars
from nonverbal.mars.stream import Message, decode
from nonverbal.records import dumps, to_plain
from nonverbal.verdicts import UserError

MOST_BYTES = 15_000_000


@pytest.fixture(scope="module")
def mars() -> Mars:
    return load_mars(demo_model())


@pytest.fixture(scope="module")
def provenance() -> dict[str, Any]:
    return json.loads((demo_model() / PROVENANCE_NAME).read_text(encoding="utf-8"))


def test_it_is_small_and_holds_nothing_but_the_model() -> None:
    files = [path for path in demo_model().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    assert {path.suffix for path in files} <= {".json", ".safetensors", ".jinja"}


def test_it_computes_in_single_precision(mars: Mars) -> None:
    assert mars.model.dtype == torch.float32


def test_its_provenance_is_the_recipe_and_the_hash_is_of_all_inputs(mars: Mars, provenance: dict[str, Any]) -> None:
    assert provenance["recipe"] == json.loads(json.dumps(to_plain(SHIPPED)))
    inputs = [provenance["recipe"], provenance["data"], provenance["tokenizers"]]
    assert provenance["inputs"] == hashlib.sha256(dumps(inputs).encode()).hexdigest()
    assert provenance["tokenizers"] == {part: one.hash for part, one in mars.tokenizers.items()}
    assert provenance["licence"].startswith("Apache-2.0")


def test_it_remembers_no_further_than_it_was_trained_to(mars: Mars) -> None:
    assert mars.model.config.max_position_embeddings == SHIPPED.training.context


def test_it_answers_an_acted_line_in_words_face_and_body(mars: Mars) -> None:
    session = Session(mars.model, mars.vocabulary, SamplingConfig(seed=1, max_steps=20))
    message = Partner(mars.tokenizers, mars.vocabulary.config).message(Typed("Hello, how are you?"))
    for step in message.steps:
        own = session.listen(step.holder)
        assert own is not None
        assert all(own.codes)
    session.end_partner_turn()
    answer = list(session.reply())
    assert any(step.holder.words for step in answer)
    assert all(len(codes) == 2 for step in answer for codes in step.holder.codes)
    assert decode(session.ids, mars.vocabulary).messages[-1].role == "assistant"


def test_it_answers_typed_text(mars: Mars) -> None:
    session = Session(mars.model, mars.vocabulary, SamplingConfig(seed=1, max_steps=20))
    session.hear(Message("user", text="My dog died."))
    assert any(step.holder.words for step in session.reply())


def test_it_foretells_small_talk_that_it_never_read(mars: Mars) -> None:
    """A model that had learnt nothing would be at 7.6 nats a word token, the frequencies of words alone at about 5."""
    lines = [line for line in write_small_talk(np.random.default_rng(999_999), 60.0) if line.text]
    examples = words_alone([lines], mars.vocabulary, 0, 0.0)
    losses = []
    for begin, _, last in examples.streams.tolist():
        end = int(examples.messages[last - 1, 1])
        ids = torch.from_numpy(np.array(examples.ids[begin:end], np.int64))
        learnt = torch.from_numpy(np.array(examples.marks[begin:end] != 0))
        with torch.inference_mode():
            scores = mars.model(input_ids=ids[None]).logits[0]
        losses.append(torch.nn.functional.cross_entropy(scores[:-1], ids[1:], reduction="none")[learnt[1:]])
    assert torch.cat(losses).mean() < 1.8


def test_what_to_say_at_first_can_be_typed_and_is_answered_in_the_provenance(provenance: dict[str, Any]) -> None:
    assert len(starters()) == len(set(starters())) >= 5
    assert all(isinstance(read_typed(line), Typed) for line in starters())
    assert [said["you"] for said in provenance["held_out"]["answers"]] == list(starters())


def test_a_package_without_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_FOLDER", tmp_path)
    with pytest.raises(UserError, match="make fit"):
        demo_model()
