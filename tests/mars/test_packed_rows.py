"""Packed rows: every document once, in few rows, and nothing of one document reaches another."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from small_training import QUICK, STREAM, small, talks

from nonverbal.mars.attention import packed
from nonverbal.mars.documents import Cutting, Documents, cut
from nonverbal.mars.examples import SHOWN, SPOKEN
from nonverbal.mars.packing import OPEN_ROWS, Row, gather_row, pack
from nonverbal.mars.targets import Targets
from nonverbal.mars.train import World
from nonverbal.mars.train_step import Step
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return small()[1]


@pytest.fixture(scope="module")
def documents(vocabulary: Vocabulary) -> Documents:
    return cut([talks(vocabulary)], None, Cutting(96), 0, 0)


def test_first_fit_as_drawn() -> None:
    rows = pack(np.array([7, 3, 5, 2, 3]), 10, np.arange(5))
    assert [row.tolist() for row in rows] == [[0, 1], [2, 3, 4]]
    rows = pack(np.array([7, 3, 5, 2, 3]), 10, np.array([2, 4, 0, 1, 3]))
    assert [row.tolist() for row in rows] == [[2, 4, 3], [0, 1]]


def test_every_document_is_in_one_row_and_rows_are_full() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 400, 3000)
    rows = pack(lengths, 1024, rng.permutation(3000))
    assert sorted(np.concatenate(rows).tolist()) == list(range(3000))
    assert max(lengths[row].sum() for row in rows) <= 1024
    assert lengths.sum() / (len(rows) * 1024) > 0.97
    alone = pack(np.full(3 * OPEN_ROWS, 600), 1024, np.arange(3 * OPEN_ROWS))
    assert len(alone) == 3 * OPEN_ROWS


def test_a_row_by_hand(documents: Documents, vocabulary: Vocabulary) -> None:
    row = gather_row(documents, [4, 1], Targets(vocabulary))
    (first, first_marks), (second, second_marks) = documents.gather(4), documents.gather(1)
    assert row.ids.tolist() == [*first, *second]
    assert row.positions.tolist() == [*range(len(first)), *range(len(second))]
    assert row.bounds.tolist() == [0, len(first), len(first) + len(second)]
    learnt = np.flatnonzero(np.concatenate([first_marks, second_marks]) & (SPOKEN | SHOWN))
    assert row.keep.tolist() == (learnt - 1).tolist()
    assert row.targets.tolist() == row.ids[learnt].tolist()
    everything = gather_row(documents, [4, 1], Targets(vocabulary, "all"))
    assert sorted({*range(len(row.ids))} - {*(everything.keep + 1).tolist()}) == [0, len(first)]


CPU = torch.device("cpu")


@pytest.mark.parametrize("device", ["cpu", "meta"], ids=["as on a CPU", "as on a GPU"])
@pytest.mark.parametrize("kind", ["llama", "qwen2", "gemma3"])
def test_a_packed_document_has_the_logits_it_has_alone(kind: str, device: str, documents: Documents) -> None:
    """Gemma's sliding window of 8 is far shorter than a document."""
    model, vocabulary = small(kind)
    row = gather_row(documents, range(5), Targets(vocabulary))
    bounds = row.bounds.tolist()
    with torch.inference_mode():
        with packed(model, torch.device(device)):
            found = model(
                input_ids=torch.tensor(row.ids)[None],
                position_ids=torch.tensor(row.positions)[None],
                cu_seq_lens_q=torch.tensor(row.bounds),
                use_cache=False,
            ).logits[0]
        for first, last in pairwise(bounds):
            alone = model(input_ids=torch.tensor(row.ids[first:last])[None]).logits[0]
            torch.testing.assert_close(found[first:last], alone, rtol=1e-4, atol=1e-4)


def step_of(vocabulary: Vocabulary, kind: str = "llama", **targets: object) -> Step:
    model, _ = small(kind)
    return Step(model, Targets(vocabulary, **targets), QUICK, CPU, World())  # type: ignore[arg-type]


def test_the_loss_of_a_row_is_that_of_its_documents(documents: Documents, vocabulary: Vocabulary) -> None:
    """Packed or one by one, in one row or in several: the same gradient."""
    targets = Targets(vocabulary)

    def gradient(rows: list[Row]) -> tuple[torch.Tensor, dict[str, float]]:
        run = step_of(vocabulary)
        found: list[torch.Tensor] = []
        run.optimiser.step = lambda *args: found.append(  # type: ignore[method-assign]
            torch.cat([weight.grad.flatten() for weight in run.model.parameters()])
        )
        meter = run.meter()
        with packed(run.model, CPU):
            run.train(rows, 0.0, meter)
        return found[0], meter.losses()

    together, losses = gradient([gather_row(documents, range(6), targets)])
    apart, same = gradient([gather_row(documents, [i], targets) for i in range(6)])
    torch.testing.assert_close(together, apart, rtol=1e-3, atol=1e-6)
    assert losses == pytest.approx(same, rel=1e-5)


def test_weights_and_names_of_losses(vocabulary: Vocabulary) -> None:
    targets = Targets(vocabulary, "response", {"text": 0.5, "face": 2.0}, level_weight=0.25)
    assert targets.names == ("end", "text", "face", "face1", "body")
    word, end = vocabulary.text.encode(" that")[0], vocabulary.format.end_id
    face, face1, body = vocabulary.first_id(0, 0) + 3, vocabulary.first_id(0, 1) + 3, vocabulary.first_id(1, 0)
    ids = np.array([word, end, face, face1, body, body])
    marks = np.array([SPOKEN, SPOKEN, SPOKEN, SHOWN, SHOWN, 0], np.uint8)
    assert targets.weights(ids, marks).tolist() == [0.5, 1.0, 2.0, 0.5, 1.0, 0.0]
    assert [targets.names[i] for i in targets.groups[ids]] == ["text", "end", "face", "face1", "body", "body"]
    listening = Targets(vocabulary, "listening").weights(ids, marks)
    assert listening.tolist() == [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]
    assert Targets(vocabulary, "all").weights(ids, marks).tolist() == [1.0] * 6


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({"hands": 1.0}, "got 'hands', expected some of end, text, face, body"),
        ({"face": -1.0}, "got -1.0 for face, expected 0 or more"),
        ({"end": 0.0, "text": 0.0, "face": 0.0, "body": 0.0}, "got 0 for everything, expected one above 0"),
    ],
)
def test_wrong_weights_are_said(vocabulary: Vocabulary, weights: dict[str, float], told: str) -> None:
    with pytest.raises(UserError, match=told):
        Targets(vocabulary, weights=weights)


def test_tokens_of_no_weight_are_not_even_computed(documents: Documents) -> None:
    _, vocabulary = small(stream=replace(STREAM))
    row = gather_row(documents, range(3), Targets(vocabulary, weights={"body": 0.0}))
    assert not np.isin(row.targets, vocabulary.first_id(1, 0) + np.arange(8)).any()


def test_a_base_that_caps_its_attention_is_refused() -> None:
    model, _ = small()
    model.config.attn_logit_softcapping = 50.0
    with pytest.raises(UserError, match="caps its attention"), packed(model, CPU):
        pass
