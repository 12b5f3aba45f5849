"""What scale takes, against numbers worked out by hand and against real models and streams."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_models import small_model
from small_training import STREAM, small

from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.scaling import MODELS, Decoder, as_markdown, model_rows, token_rows, tokens_per_hour
from nonverbal.mars.stream import Conversation, Message, Side, Step, encode

DOC = Path(__file__).parents[2] / "docs" / "scaling.md"


def test_tokens_of_an_hour_by_hand() -> None:
    """11,250 steps: 2 own tokens, or 2 of the partner, <LISTENER> and 2 own; 11,700 tokens of text; all of it twice."""
    assert tokens_per_hour() == 2 * (11_250 * (2 + 5) / 2 + 11_700)
    assert tokens_per_hour(partner_motion=False) == 2 * (11_250 * (2 + 4) / 2 + 11_700)
    assert tokens_per_hour(listener=False) == 2 * (11_250 * (2 + 2) / 2 + 11_700)


def test_a_stream_has_the_motion_tokens_of_the_formula() -> None:
    """An hour without a word, half of it each one's turn, is half of what both live through but for the text."""
    stream = StreamConfig((PartVocab("face", 8, 2), PartVocab("body", 8, 2)), system="")
    _, vocabulary = small(stream=stream)
    seen = Side((), ((1, 2), (3, 4)))
    turns = (Message("user", (Step(seen, seen),) * 5625), Message("assistant", (Step(seen),) * 5625))
    ids = encode(Conversation(turns), vocabulary).ids
    frames = sum(len(vocabulary.format.open(m.role)) + len(vocabulary.format.close(m.role)) for m in turns)
    assert 2 * (len(ids) - frames) == tokens_per_hour(levels=2) - 2 * 11_700


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gemma3"])
def test_weights_are_those_of_a_real_model(kind: str) -> None:
    model = small_model(kind, 300)
    found = Decoder.of(model.config)
    matrices = sum(w.numel() for w in model.parameters() if w.ndim > 1)
    assert found.weights == matrices


def test_the_models_have_the_weights_they_are_called_by() -> None:
    """As Qwen and Meta print them: 0.49 B, 3.09 B, 8.03 B."""
    assert {name: round(m.weights / 1e9, 2) for name, m in MODELS.items()} == {"0.5B": 0.49, "3B": 3.09, "8B": 8.03}


def test_work_memory_and_hours_by_hand() -> None:
    model = Decoder(2, 8, 2, 1, 4, 16, 100, False)
    assert model.block_weights == 2 * (8 * 4 * 6 + 3 * 8 * 16)
    assert model.weights == model.block_weights + 1600
    assert model.flops_per_token(10) == 6 * (model.block_weights + 400 + 2 * 2 * 8 * 5)
    assert model.state_bytes() == 16 * model.weights
    assert model.gpu_bytes(4, 10) == 4 * model.weights + 10 * 8 * 38 + 4000
    assert model.hours(1e15, 2, 10, "A100", 0.5) == pytest.approx(model.flops_per_token(10) * 1e15 / 312e12 / 3600)


def test_the_document_holds_the_tables() -> None:
    text = DOC.read_text(encoding="utf-8")
    for rows in (token_rows(), model_rows()):
        assert as_markdown(rows) in text, "run python -m nonverbal.mars.scaling and put its tables into docs/scaling.md"
    assert STREAM.step_s == 0.32
