"""Drawing of tokens: shares, nuclei, dice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.sampling import ANY_TEXT, NO_TEXT, SAME_WORD, Chooser, Dice, Draw, SamplingConfig
from nonverbal.mars.signs import FIRST_PART
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

Make = Callable[[StreamConfig], Vocabulary]
PARTS = (PartVocab("face", 4, 2), PartVocab("body", 3))
ROWS = 4000


def draw(vocabulary: Vocabulary, sampling: SamplingConfig, scores: torch.Tensor, text: int = ANY_TEXT) -> np.ndarray:
    """Tokens after a whole step, drawn ROWS times."""
    state = vocabulary.grammar.names.index("step")
    states, texts, yes = np.full(ROWS, state), np.full(ROWS, text), np.ones(ROWS, bool)
    dice = Dice(sampling.seed, range(ROWS)).roll()
    return Chooser(vocabulary, sampling).choose(scores.expand(ROWS, -1), states, texts, yes, yes, dice)


def test_a_temperature_changes_no_share_of_words_motion_and_ends(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(StreamConfig(PARTS, system=""))
    scores = torch.full((1, vocabulary.size), -5.0)
    scores[0, vocabulary.first_id(0, 0)], scores[0, vocabulary.format.end_id] = 2.0, 1.0
    word = int(np.flatnonzero(vocabulary.grammar.word_starts)[0])
    scores[0, word] = 2.0
    allowed = torch.from_numpy(vocabulary.grammar.speech[vocabulary.grammar.names.index("step")])
    chances = torch.softmax(scores[0].masked_fill(~allowed, -torch.inf), 0).numpy()
    motion = chances[vocabulary.kinds == FIRST_PART].sum()
    for temperature in (0.05, 1.0, 20.0):
        each = Draw(temperature, 1.0)
        got = draw(vocabulary, SamplingConfig(each, each, each), scores)
        assert (vocabulary.kinds[got] == FIRST_PART).mean() == pytest.approx(motion, abs=0.03)
        assert (got == vocabulary.format.end_id).mean() == pytest.approx(chances[vocabulary.format.end_id], abs=0.03)
    greedy = draw(vocabulary, SamplingConfig(greedy=True), scores)
    assert len(set(greedy.tolist())) == 1


def test_shares_within_a_modality_are_those_of_the_model(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(StreamConfig(PARTS, system=""))
    scores = torch.full((1, vocabulary.size), -30.0)
    first = vocabulary.first_id(0, 0)
    chances = np.array([0.5, 0.3, 0.15, 0.05])
    scores[0, first : first + 4] = torch.from_numpy(np.log(chances)).float()
    got = draw(vocabulary, SamplingConfig(face=Draw(1.0, 1.0)), scores) - first
    assert np.bincount(got, minlength=4) / ROWS == pytest.approx(chances, abs=0.03)
    cut = draw(vocabulary, SamplingConfig(face=Draw(1.0, 0.79)), scores) - first
    assert np.bincount(cut, minlength=4) / ROWS == pytest.approx([5 / 8, 3 / 8, 0, 0], abs=0.03)
    cold = draw(vocabulary, SamplingConfig(face=Draw(0.5, 1.0)), scores) - first
    assert np.bincount(cold, minlength=4) / ROWS == pytest.approx(chances**2 / (chances**2).sum(), abs=0.03)


def test_text_is_let_through_as_asked(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(StreamConfig(PARTS, system=""))
    scores = torch.zeros((1, vocabulary.size))
    scores[0, vocabulary.kinds == 0] = 30.0
    words = draw(vocabulary, SamplingConfig(), scores)
    assert vocabulary.grammar.word_starts[words].all()
    assert (vocabulary.kinds[draw(vocabulary, SamplingConfig(), scores, NO_TEXT)] != 0).all()
    assert (vocabulary.kinds[draw(vocabulary, SamplingConfig(), scores, SAME_WORD)] != 0).all()  # none has begun


def test_rows_roll_the_same_whatever_stands_beside_them() -> None:
    several, one = Dice(3, [4, 9, 2]), Dice(3, [9])
    for turn in range(1500):  # past a refill
        if turn == 700:
            several.keep(np.array([1, 2]))
        rolled = several.roll()
        assert torch.equal(rolled[1 if turn < 700 else 0], one.roll()[0])
    assert not torch.equal(Dice(4, [9]).roll(), Dice(3, [9]).roll())


def test_scores_that_are_no_numbers_are_told(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(StreamConfig(PARTS, system=""))
    with pytest.raises(UserError, match="no numbers"):
        draw(vocabulary, SamplingConfig(), torch.full((1, vocabulary.size), torch.nan))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Draw(0.0), "temperature: got 0.0"),
        (lambda: Draw(1.0, 0.0), "top_p: got 0.0"),
        (lambda: SamplingConfig(max_steps=0), "max_steps: got 0"),
    ],
)
def test_settings_that_cannot_be(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make()
