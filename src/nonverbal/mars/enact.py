"""Motion to words that are given: a model's own face and body drawn token by token, all else as it was.

    given     I was <FACE_12> <BODY_7>  | <FACE_40> <BODY_7> | just <FACE_3> <BODY_81>
    drawn     I was <FACE_.>  <BODY_.>  | <FACE_.>  <BODY_.> | just <FACE_.> <BODY_.>

The words and their times stay, so what comes out can be laid over what was: frame by frame and word by word. Unlike
`batch.perform`, which makes one turn, this goes through any stretch of a conversation, listening and speaking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedModel

from nonverbal.mars.rows import Rows
from nonverbal.mars.sampling import NO_TEXT, Chooser, Dice, SamplingConfig
from nonverbal.mars.stream import Stream
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.mars.windows import Window
from nonverbal.ticks import Tick, silent
from nonverbal.verdicts import UserError

BATCH = 12
"""Plays that go through the model at once; on a CPU more are no faster, as attention is bound by memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Play:
    """A sequence, some of whose codes are to be drawn.

    Attributes:
        ids: [n] int32; at the places to be drawn, any code of the level and part that stands there.
        drawn: [n] bool, true for codes alone, and never for the first token.
        luck: which random numbers it gets; equal ones for equal numbers.
    """

    ids: NDArray[np.int32]
    drawn: NDArray[np.bool_]
    luck: int


def play_of(window: Window, stream: Stream, vocabulary: Vocabulary, luck: int) -> Play:
    """The play in which the model's own motion is drawn in the fresh part of a window."""
    return Play(window.ids, own_motion(window, stream, vocabulary), luck)


def own_motion(window: Window, stream: Stream, vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """[n] the fresh tokens of a window that are codes of the model's own motion."""
    own = np.where(window.origin >= 0, stream.response[window.origin], False)
    own &= vocabulary.grammar.classes[window.ids] >= vocabulary.grammar.FIRST
    own[: max(window.fresh, 1)] = False
    return own


def enact(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    plays: Sequence[Play],
    sampling: SamplingConfig,
    batch: int = BATCH,
    tick: Tick = silent,
) -> list[NDArray[np.int64]]:
    """The ids of each play with the drawn ones in their places.

    Args:
        model: whose vocabulary holds all of `vocabulary`.
        vocabulary: of the plays.
        plays: in any order; those of like length go together.
        sampling: how motion is drawn.
        batch: how many go through the model at once.
        tick: told how many plays are done.

    Raises:
        UserError: a play asks to draw what is no code.
    """
    states, chooser = _states(vocabulary), Chooser(vocabulary, sampling, model.device)
    found = [play.ids.astype(np.int64) for play in plays]
    order = sorted(range(len(plays)), key=lambda i: (int(plays[i].drawn.sum()), len(plays[i].ids)))
    for first in range(0, len(order), batch):
        tick("motion to given words: scenes", first, len(order))
        chosen = [i for i in order[first : first + batch] if plays[i].drawn.any()]
        if chosen:
            _enact([found[i] for i in chosen], [plays[i] for i in chosen], model, chooser, states)
    tick("motion to given words: scenes", len(order), len(order))
    return found


def _enact(
    ids: list[NDArray[np.int64]],
    plays: Sequence[Play],
    model: PreTrainedModel,
    chooser: Chooser,
    states: NDArray[np.int64],
) -> None:
    """Draws into `ids`, one token of each row at a time; what is given between two drawn tokens is read in one go."""
    rows = Rows(model, len(ids))
    dice = Dice(chooser.sampling.seed, [play.luck for play in plays])
    places = [np.flatnonzero(play.drawn) for play in plays]
    left = np.arange(len(ids))
    starts = np.zeros(len(ids), np.int64)
    for turn in range(max(len(own) for own in places)):
        going = np.array([turn < len(places[i]) for i in left])
        if not going.all():
            left, starts = left[going], starts[going]
            rows.keep(np.flatnonzero(going))
            dice.keep(np.flatnonzero(going))
        ends = np.array([places[i][turn] for i in left])
        scores = rows.read([ids[i][a:b].tolist() for i, a, b in zip(left, starts, ends, strict=True)])
        at = np.array([states[ids[i][end]] for i, end in zip(left, ends, strict=True)])
        if (at < 0).any():
            raise UserError("a play: got a place to draw whose token is no code of face or body, expected one")
        closed = np.zeros(len(left), np.bool_)
        drawn = chooser.choose(scores, at, np.full(len(left), NO_TEXT), closed, ~closed, dice.roll())
        for i, end, token in zip(left, ends, drawn, strict=True):
            ids[i][end] = token
        starts = ends


def _states(vocabulary: Vocabulary) -> NDArray[np.int64]:
    """[size] for each code, a state of the grammar in which codes of its part and level are the motion that may follow.

    There are several such states, of who holds the floor and who listens; what may follow as motion is the same.
    """
    grammar = vocabulary.grammar
    of_class = np.full(int(grammar.classes.max()) + 1, -1, np.int64)
    for kind in range(len(of_class)):
        if grammar.code_place(kind) is not None:
            of_class[kind] = int(np.flatnonzero(grammar.table[:, kind] >= 0)[0])
    return of_class[grammar.classes]
