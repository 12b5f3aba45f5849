"""Classifiers of harm: labels, windows and batches, and what is refused with which words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nonverbal.backends import harm_models, toxicity
from nonverbal.backends.harm_models import KNOWN, Labels, backend_of, flag_labels, read_labels
from nonverbal.verdicts import UserError
from small_classifier import make_classifier

LABELS = ("toxic", "insult", "male", "threat")
TEXTS = ["you are bad", "the river is cold", "", "you are kind " * 40, "so", "you you bad bad"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that gives each label a probability of its own."""
    return make_classifier(tmp_path_factory.mktemp("harm") / "several", LABELS)


@pytest.fixture(scope="module")
def one_label(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that gives each text one label."""
    return make_classifier(tmp_path_factory.mktemp("harm") / "one", ("neutral", "toxic"), several=False)


def reference(folder: Path, text: str, several: bool) -> np.ndarray:
    """One text of one window, alone, as the library's own manual has it."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        logits = AutoModelForSequenceClassification.from_pretrained(folder)(**tokens).logits
    return (torch.sigmoid(logits) if several else torch.softmax(logits, -1))[0].numpy()


def scores(folder: Path, texts: list[str], chosen: tuple[str, ...] = ()) -> np.ndarray:
    ticks: list[float] = []
    found = harm_models.load(str(folder), "cpu", chosen).score(texts, ticks.append)
    assert ticks == sorted(ticks)
    return found


def test_scores_are_those_of_the_library(folder: Path, one_label: Path) -> None:
    found = scores(folder, TEXTS)
    assert harm_models.load(str(folder), "cpu", ()).labels == ("toxic", "insult", "threat"), "mentions are left out"
    for text, row in zip(TEXTS, found, strict=True):
        if 0 < len(text) < 50:
            assert row == pytest.approx(reference(folder, text, True)[[0, 1, 3]], abs=1e-6)
    assert found[2].tolist() == [0.0, 0.0, 0.0], "no words, no harm"
    one = scores(one_label, TEXTS[:2], ("toxic",))
    assert one[0] == pytest.approx(reference(one_label, TEXTS[0], False), abs=1e-6)
    assert one.sum(axis=1) == pytest.approx([1.0, 1.0])


def test_a_mention_is_scored_where_it_is_asked_for(folder: Path) -> None:
    assert scores(folder, TEXTS[:1], ("male",)).shape == (1, 4)


def test_long_texts_have_the_score_of_their_worst_window(folder: Path) -> None:
    """32 tokens a window, two of them marks, 8 shared: each phrase of up to 8 words stands whole in one of them."""
    words = ["so"] * 70
    alone = scores(folder, ["so " * 30])[0]
    for place in (0, 27, 45, 66):
        spoiled = " ".join([*words[:place], "you", "are", "bad", *words[place:]])
        assert (scores(folder, [spoiled])[0] >= alone - 0.2).all()
        assert not np.allclose(scores(folder, [spoiled])[0], scores(folder, [" ".join(words)])[0], atol=1e-4)


def test_batches_change_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = scores(folder, TEXTS * 3)
    monkeypatch.setattr(toxicity, "_BATCH_TOKENS", 40)
    assert scores(folder, TEXTS * 3) == pytest.approx(together, abs=1e-6)
    assert np.array_equal(scores(folder, TEXTS), scores(folder, TEXTS)), "the same each time"
    assert sorted(i for batch in toxicity._batches([5, 30, 200, 5]) for i in batch) == [0, 1, 2, 3]
    assert list(toxicity._batches([])) == []


def test_no_texts(folder: Path) -> None:
    assert scores(folder, []).shape == (0, 3)
    assert scores(folder, ["", " "]).tolist() == [[0.0] * 3] * 2


def test_labels_that_are_none(folder: Path, one_label: Path) -> None:
    assert backend_of(str(folder)).problem() is None
    told = backend_of(str(folder), chosen=("hate",)).problem()
    assert told
    assert "harm_labels names 'hate', which is no label of the model: it has toxic, insult" in told
    told = backend_of(str(one_label)).problem()
    assert told
    assert "one of the labels neutral, toxic: say with --harm-labels which mean harm" in told
    assert backend_of(str(one_label), chosen=("toxic",)).problem() is None


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, "has the labels []"),
        ({"id2label": {"0": "a", "1": "a"}}, "expected 1 to 64 different ones"),
        ({"id2label": {"0": "a"}, "problem_type": "regression"}, "for regression"),
        ({"id2label": [1]}, "no readable configuration"),
        ([], "no readable configuration"),
        ("{", "no readable configuration"),
    ],
)
def test_configurations_that_are_none(tmp_path: Path, config: object, told: str) -> None:
    (tmp_path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    with pytest.raises(UserError, match=r"config\.json") as caught:
        read_labels(tmp_path)
    assert told in str(caught.value)


def test_labels_stand_in_the_order_of_the_outputs(tmp_path: Path) -> None:
    named = {"id2label": {"10": "k", "2": "c", "1": "b"}, "problem_type": "multi_label_classification"}
    (tmp_path / "config.json").write_text(json.dumps(named))
    assert read_labels(tmp_path) == Labels(("b", "c", "k"), True)
    (tmp_path / "config.json").write_text('{"id2label": {"0": "toxic"}}')
    assert read_labels(tmp_path).several, "one output alone has a probability of its own"


def test_detoxify_leaves_out_whom_a_text_is_about() -> None:
    unbiased = Labels(("toxicity", "insult", *sorted(harm_models.MENTIONS)), True)
    assert flag_labels(unbiased, ()) == ("toxicity", "insult")


def test_what_cannot_be_loaded_says_so(folder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    kept = {
        name: values for name, values in load_file(folder / "model.safetensors").items() if "classifier" not in name
    }
    save_file(kept, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match=r"lack classifier\.\w+: it is no trained classifier"):
        scores(copy, ["so"])
    spoiled = {name: values * np.nan for name, values in load_file(folder / "model.safetensors").items()}
    save_file(spoiled, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match="scores are not finite"):
        scores(copy, ["so"])
    (copy / "model.safetensors").write_bytes(b"no weights")
    harm_models.load.cache_clear()
    with pytest.raises(UserError, match="can be loaded"):
        scores(copy, ["so"])
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    told = backend_of(str(copy)).problem()
    assert told
    assert "has no model.safetensors" in told, "pickled weights are none"


def test_names_of_models() -> None:
    with pytest.raises(
        ValueError, match="harm_model is 'detoxify:huge' on cpu, expected one of: profanity, tox-block, d"
    ):
        harm_models.check_settings("detoxify:huge", "cpu")
    with pytest.raises(ValueError, match="profanity and tox-block run on cpu"):
        harm_models.check_settings("profanity", "cuda")
    with pytest.raises(ValueError, match="harm_device is 'tpu'"):
        harm_models.check_settings("org/model", "tpu")
    assert backend_of("detoxify:multilingual").licence == "Apache-2.0"
    assert [choice.name for choice in harm_models.CHOICES] == ["profanity", "tox-block", *KNOWN]


def test_a_model_that_is_not_there_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    told = backend_of("detoxify:original").problem()
    assert told
    assert "run hf download unitary/toxic-bert" in told
