"""How well a model foretells what was said and done: loss, perplexity and hits of each kind of token.

Only the tokens that the model is to say count (its own words and motion, the ends of its turns), each after all that
the window before it holds. A step without words is told by its first motion token, so the times of words weigh on the
motion's loss as well as on the text's.

Example::

    found = likelihood(mars.model, mars.vocabulary, streams)
    found["text"].perplexity, found["face level 0"].accuracy
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from nonverbal.mars.stream import Stream
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.mars.windows import Window, windows
from nonverbal.ticks import Tick, silent

CONTEXT, FRESH = 1024, 512
"""Most tokens that a window holds, and that are new in it: unless it is the first, the others are their past."""

_ROWS = 256  # of logits in full precision at a time: a vocabulary of 262,144 ids makes 1 MB a row

TEXT_GROUP, END_GROUP = "text", "ends of turns"


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How well some tokens were foretold.

    Attributes:
        tokens: how many there are.
        nll: mean negative log likelihood, in nats.
        accuracy: share of them that were the likeliest of all tokens.
    """

    tokens: int
    nll: float
    accuracy: float

    @property
    def perplexity(self) -> float:
        return math.exp(min(self.nll, 700.0))


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a model makes of each token of a window.

    Attributes:
        log_p: [n] float64 natural logarithm of its probability; 0 where it was not asked for.
        hit: [n] bool it was the likeliest.
    """

    log_p: NDArray[np.float64]
    hit: NDArray[np.bool_]


def likelihood(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    streams: Sequence[Stream],
    context: int = CONTEXT,
    fresh: int = FRESH,
    tick: Tick = silent,
) -> Mapping[str, Likelihood]:
    """Loss and hits by kind of token: `text`, each level of each part (`face level 0`), `ends of turns`, and `all`.

    Kinds of which there is no token are left out.

    Args:
        model: in evaluation mode.
        vocabulary: of the streams and the model.
        streams: whole conversations; they are cut into windows.
        context: most tokens of a window.
        fresh: most tokens that are scored in one.
        tick: told how many streams are done.
    """
    groups = token_groups(vocabulary)
    names = tuple(groups)
    number = np.full(vocabulary.size, -1, np.int64)
    for i, ids in enumerate(groups.values()):
        number[ids] = i
    count, nll, hits = np.zeros(len(names)), np.zeros(len(names)), np.zeros(len(names))
    for done, stream in enumerate(streams):
        tick("likelihood: conversations", done, len(streams))
        for window in windows(stream, vocabulary, context, fresh):
            wanted = asked(window, stream)
            if not wanted.any():
                continue
            scores = score(model, window.ids, wanted)
            group = number[window.ids[wanted]]
            count += np.bincount(group, minlength=len(names))
            nll -= np.bincount(group, scores.log_p[wanted], len(names))
            hits += np.bincount(group, scores.hit[wanted], len(names))
    tick("likelihood: conversations", len(streams), len(streams))
    found = {n: _mean(count[i], nll[i], hits[i]) for i, n in enumerate(names) if count[i]}
    return found | ({"all": _mean(count.sum(), nll.sum(), hits.sum())} if found else {})


def token_groups(vocabulary: Vocabulary) -> dict[str, NDArray[np.int64]]:
    """Name of each kind of token that a model says -> its ids."""
    groups = {TEXT_GROUP: np.array(sorted(vocabulary.text.text_ids), np.int64)}
    for i, part in enumerate(vocabulary.config.parts):
        for level in range(part.levels):
            groups[f"{part.part} level {level}"] = vocabulary.first_id(i, level) + np.arange(part.codebook_size)
    return groups | {END_GROUP: np.array([vocabulary.format.end_id], np.int64)}


def asked(window: Window, stream: Stream) -> NDArray[np.bool_]:
    """[n] the window's fresh tokens that the model is to say; never the very first, which nothing comes before."""
    wanted = np.where(window.origin >= 0, stream.response[window.origin], False)
    wanted[: max(window.fresh, 1)] = False
    return wanted


@torch.inference_mode()
def score(model: PreTrainedModel, ids: NDArray[np.integer], wanted: NDArray[np.bool_]) -> Scores:
    """The log likelihood of the `wanted` tokens of a sequence [n], each given those before it; not the first."""
    at = np.flatnonzero(wanted)
    assert len(at)
    assert at[0] > 0
    tokens = torch.from_numpy(np.asarray(ids, np.int64)).to(model.device)
    keep = torch.from_numpy(at - 1).to(model.device)
    logits = model(input_ids=tokens[None], use_cache=False, logits_to_keep=keep).logits[0]
    log_p, hit = np.zeros(len(ids)), np.zeros(len(ids), np.bool_)
    for first in range(0, len(at), _ROWS):
        rows, places = logits[first : first + _ROWS].float(), at[first : first + _ROWS]
        target = tokens[places]
        chosen = torch.log_softmax(rows, -1).gather(-1, target[:, None])[:, 0]
        log_p[places] = chosen.double().cpu().numpy()
        hit[places] = (rows.argmax(-1) == target).cpu().numpy()
    return Scores(log_p, hit)


def _mean(tokens: float, nll: float, hits: float) -> Likelihood:
    return Likelihood(int(tokens), float(nll / tokens), float(hits / tokens))
