"""Replies whose words a model makes itself, to histories that truly were, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from nonverbal.mars.batch import perform
from nonverbal.mars.evaluation import Speed
from nonverbal.mars.held_out import Person
from nonverbal.mars.retrieval import Takes, TextIndex
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.stream import Message
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.mars.windows import past
from nonverbal.ticks import Tick, silent

_BATCH = 16
_TIMED_TURNS, _TIMED_STEPS = 5, 40


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """What calls for a reply, and the true one.

    Attributes:
        prompt: [n] the stream up to the reply.
        heard: the partner's messages up to it, the newest last.
        truth: the words of the true reply.
    """

    prompt: NDArray[np.int32]
    heard: tuple[Message, ...]
    truth: str

    @property
    def heard_text(self) -> str:
        """The partner's last words."""
        return text_of(self.heard[-1])


def text_of(message: Message) -> str:
    """The words of whoever holds the floor."""
    return message.text or " ".join(word for step in message.steps for word in step.holder.words)


def calls(people: Sequence[Person], vocabulary: Vocabulary, most: int, context: int) -> list[Call]:
    """At most `most` replies with words, evenly spread over all there are; prompts of at most `context` tokens."""
    places = [
        (person, s, i + 1)
        for person in people
        for s, scene in enumerate(person.scenes)
        for i, (before, after) in enumerate(pairwise(scene.conversation.messages))
        if (before.role, after.role) == ("user", "assistant") and text_of(before) and text_of(after)
    ]
    chosen = np.unique(np.linspace(0, len(places) - 1, min(most, len(places))).astype(int))
    found = []
    for place in chosen.tolist():
        person, s, number = places[place]
        scene = person.scenes[s]
        messages = scene.conversation.messages
        window = past(scene.stream, vocabulary, int(scene.stream.messages[number]), context)
        heard = tuple(m for m in messages[:number] if m.role == "user")
        found.append(Call(window.ids, heard, text_of(messages[number])))
    return found


def replies(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    asked: Sequence[Call],
    sampling: SamplingConfig,
    tick: Tick = silent,
) -> list[Message]:
    """What the model answers to each."""
    found: list[Message] = []
    for first in range(0, len(asked), _BATCH):
        tick("free replies", first, len(asked))
        prompts = [call.prompt for call in asked[first : first + _BATCH]]
        found += perform(model, vocabulary, prompts, None, sampling, _BATCH)
    tick("free replies", len(asked), len(asked))
    return found


def retrieved(asked: Sequence[Call], takes: Takes, seed: int) -> dict[str, list[str]]:
    """Replies of the training data: to the nearest words of the partner, and random ones."""
    pairs = [
        (before.text, after.text)
        for (place, before), (other, after) in pairwise(zip(takes.places, takes.bouts, strict=True))
        if place == other and not before.speaks and after.speaks and before.text and after.text
    ]
    if not pairs:
        return {}
    nearest = TextIndex([heard for heard, _ in pairs]).nearest([call.heard_text for call in asked])
    random = np.random.default_rng(seed).integers(0, len(pairs), len(asked))
    return {
        "nearest neighbour": [pairs[i][1] for i in nearest],
        "random reply": [pairs[i][1] for i in random],
    }


def speed(
    model: PreTrainedModel, vocabulary: Vocabulary, asked: Sequence[Call], sampling: SamplingConfig, context: int
) -> Speed:
    """Times some replies, each after up to four messages of the partner's."""
    first_s, rates = [], []
    for call in asked[:_TIMED_TURNS]:
        session = Session(model, vocabulary, sampling, context=context)
        for message in call.heard[-4:-1]:
            session.hear(message)
        began = time.perf_counter()
        session.hear(call.heard[-1])
        turn = session.reply()
        if next(turn, None) is None:
            continue
        first = time.perf_counter()
        steps = sum(1 for _ in islice(turn, _TIMED_STEPS))
        first_s.append(first - began)
        if steps:
            rates.append(steps / (time.perf_counter() - first))
    return Speed(
        turns=len(first_s),
        first_step_s=float(np.median(first_s)) if first_s else 0.0,
        steps_per_s=float(np.median(rates)) if rates else 0.0,
        step_s=vocabulary.config.step_s,
        threads=torch.get_num_threads(),
        device=str(model.device),
    )
