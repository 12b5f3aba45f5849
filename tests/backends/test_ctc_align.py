"""Forced alignment: against every path there is, against planted words, and through a real network's files."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nonverbal.backends.ctc_align import STAR, Vocabulary, align_words, best_path
from nonverbal.backends.recognisers import Heard
from nonverbal.verdicts import UserError

LETTERS = Vocabulary({c: i + 2 for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ'")}, blank=0, delimiter=1)


def noise(frames: int, tokens: int, seed: int) -> np.ndarray:
    """Log-probabilities of a network that knows nothing."""
    logits = np.random.default_rng(seed).normal(0.0, 2.0, (frames, tokens))
    return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)


def planted(tokens: list[int], width: int, sure: float = 0.9) -> np.ndarray:
    """Log-probabilities of a network that is sure of one token a frame."""
    probs = np.full((len(tokens), width), (1.0 - sure) / (width - 1))
    probs[np.arange(len(tokens)), tokens] = sure
    return np.log(probs).astype(np.float32)


def collapsed(labels: tuple[int, ...]) -> list[int]:
    return [label for label, _ in itertools.groupby(labels) if label != 0]


def by_trying_all(log_probs: np.ndarray, tokens: list[int]) -> float:
    """The likelihood of the best path, found among all there are; stars are the label after the last token."""
    frames, width = log_probs.shape
    star = np.maximum(np.delete(log_probs, 0, axis=1).max(axis=1), log_probs[:, 0] + math.log(0.5))
    wide = np.column_stack([log_probs, star])
    wanted = [width if token == STAR else token for token in tokens]
    return max(
        (
            float(sum(wide[t, label] for t, label in enumerate(labels)))
            for labels in itertools.product({0, *wanted}, repeat=frames)
            if collapsed(labels) == wanted
        ),
        default=-math.inf,
    )


@pytest.mark.parametrize("tokens", [[], [1], [1, 2], [1, 1], [2, 1, 2], [1, STAR], [STAR, 2, 2], [STAR]])
@pytest.mark.parametrize(("frames", "seed"), [(1, 0), (2, 1), (4, 2), (6, 3), (6, 4)])
def test_no_path_is_likelier(tokens: list[int], frames: int, seed: int) -> None:
    log_probs = noise(frames, 3, seed)
    path = best_path(log_probs, tokens, blank=0)
    best = by_trying_all(log_probs, tokens)
    if path is None:
        assert best == -math.inf
        return
    labels = [0 if k < 0 else (3 if tokens[k] == STAR else tokens[k]) for k in path]
    star = np.maximum(log_probs[:, 1:].max(axis=1), log_probs[:, 0] + math.log(0.5))
    assert collapsed(tuple(labels)) == [3 if token == STAR else token for token in tokens]
    assert sum(np.column_stack([log_probs, star])[t, k] for t, k in enumerate(labels)) == pytest.approx(best, abs=1e-5)


def test_planted_words_are_found_where_they_are() -> None:
    h, i, y, o, u = (LETTERS.ids[c] for c in "HIYOU")
    sound = planted([0, 0, h, 0, i, i, 0, 1, 0, 0, y, o, u, u, 0], 29)
    found = align_words(sound, ["Hi,", "you!"], LETTERS)
    assert found is not None
    assert [(word.first, word.stop) for word in found if word] == [(2, 7), (10, 14)], "up to the mark between words"
    assert all(word and word.prob == pytest.approx(0.9, abs=1e-3) for word in found)


def test_a_number_is_a_star_between_its_neighbours() -> None:
    said = [0, *(LETTERS.ids[c] for c in "IN"), 1, 0, *(LETTERS.ids[c] for c in "TEN"), 1, 0, LETTERS.ids["A"], 0]
    found = align_words(planted(said, 29), ["in", "10", "a"], LETTERS)
    assert found is not None
    assert [(word.first, word.stop) for word in found if word] == [(1, 3), (5, 8), (10, 11)]


def test_a_word_without_any_letter_has_no_time() -> None:
    found = align_words(planted([0, LETTERS.ids["A"], 0], 29), ["a", "...", "'"], LETTERS)
    assert found is not None
    assert [word is None for word in found] == [False, True, True]


def test_a_repeated_letter_needs_a_frame_between() -> None:
    assert align_words(noise(3, 29, 0), ["egg"], LETTERS) is None
    assert align_words(noise(4, 29, 0), ["egg"], LETTERS) is not None


@pytest.mark.parametrize(
    ("word", "spelled"),
    [
        ("Café", "CAFE"),
        ("don’t", "DON'T"),
        ("naïve,", "NAIVE"),
        ("x-ray", "XRAY"),
        ("J3", "J*"),
        ("你好", "*"),
        ("—", ""),
    ],
)
def test_words_are_spelled_with_the_letters_there_are(word: str, spelled: str) -> None:
    letters = {i: c for c, i in LETTERS.ids.items()}
    assert "".join("*" if token == STAR else letters[token] for token in LETTERS.spell(word)) == spelled


def test_lower_case_networks_and_accents_of_their_own() -> None:
    german = Vocabulary({"|": 0, "a": 1, "ä": 2, "ß": 3, "s": 4}, blank=5, delimiter=0)
    assert german.spell("ÄSSAß") == (2, 4, 4, 1, 3)


words = st.lists(st.text("abcdé 3é'.-", min_size=1, max_size=4), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(words, st.integers(1, 60), st.integers(0, 1000), st.booleans())
def test_words_stay_in_order_and_inside(texts: list[str], frames: int, seed: int, spaced: bool) -> None:
    found = align_words(noise(frames, 29, seed), texts, LETTERS, spaced)
    spelled = [LETTERS.spell(text) for text in texts]
    if found is None:
        assert frames < 2 * sum(map(len, spelled)) + len(texts)
        return
    assert [word is None for word in found] == [not tokens for tokens in spelled]
    before = 0
    for word in filter(None, found):
        assert before <= word.first < word.stop <= frames
        assert 0.0 <= word.prob <= 1.0
        before = word.stop


@pytest.fixture(scope="module")
def tiny_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of the real kind with random weights, as `save_pretrained` writes it."""
    torch = pytest.importorskip("torch")
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        conv_dim=(16,) * 7, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, pad_token_id=0,
    )  # fmt: skip
    Wav2Vec2ForCTC(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    letters = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCFGYPBVK'XJQZ"]
    (folder / "vocab.json").write_text(json.dumps({c: i for i, c in enumerate(letters)}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False, "word_delimiter_token": "|"}))
    return folder


def heard(*texts: str) -> list[Heard]:
    return [Heard(text, math.nan, math.nan, 0.5) for text in texts]


def test_a_network_is_loaded_from_its_folder_and_aligns(tiny_network: Path) -> None:
    from nonverbal.backends.wav2vec2 import Wav2Vec2Aligner

    aligner = Wav2Vec2Aligner(str(tiny_network), "cpu")
    sound = np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)
    assert aligner.emissions(sound).shape == (99, 32)
    found = aligner.align(sound, heard("So,", "in", "1984", "—", "it", "rained."), "en")
    assert [word.word for word in found] == ["So,", "in", "1984", "—", "it", "rained."]
    assert [math.isnan(word.start_s) for word in found] == [False, False, False, True, False, False]
    edges = [t for word in found for t in (word.start_s, word.end_s) if not math.isnan(t)]
    assert edges == sorted(edges)
    assert 0.0 <= edges[0] < edges[-1] <= 2.0
    assert found == Wav2Vec2Aligner(str(tiny_network), "cpu").align(
        sound, heard("So,", "in", "1984", "—", "it", "rained."), "en"
    )


def test_sound_too_short_for_the_words_gives_no_times(tiny_network: Path) -> None:
    from nonverbal.backends.wav2vec2 import Wav2Vec2Aligner

    for samples in (0, 399, 400, 2000):
        found = Wav2Vec2Aligner(str(tiny_network), "cpu").align(
            np.zeros(samples, np.float32), heard("far", "too", "many"), "en"
        )
        assert all(math.isnan(word.start_s) for word in found)


def test_another_kind_of_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    from nonverbal.backends.wav2vec2 import Wav2Vec2Aligner

    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(UserError, match="is no CTC network"):
        Wav2Vec2Aligner(str(tmp_path), "cpu").align(np.zeros(16000, np.float32), heard("a"), "en")
