"""A model's turns: ours, step by step and side by side, against plain `generate()` on the same weights in one run.

    python benchmarks/lm_generation.py [MODEL] [--turns 1000] [--steps 30] [--threads 1]

MODEL is the folder of a trained model; without it a tiny one with random weights is made, which is as fast as a trained
one. The partner has talked for `--heard` seconds, words, face and body, before each turn. Each turn has `--steps` steps
in ours; `generate()` draws as many tokens, with and without its cache, with no grammar, and what it draws is then read
by the same reader. The first step's time runs from the end of the partner's turn: told live, step by step
while the partner talks, or all at once. Faster than real time is a real-time factor below 1.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel

from nonverbal.mars.batch import perform
from nonverbal.mars.chat_format import chat_format
from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.grow import grow
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.store import load_mars
from nonverbal.mars.stream import Conversation, Message, Side, Step, Stream, decode, encode
from nonverbal.mars.text import text_codec
from nonverbal.mars.tiny import tiny_model, tiny_tokenizer
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

TEXTS = ["So I was just about to say that, you know, it is what it is.", "Really? Do you know what time it is?"] * 4
REPEATS = 5


def made_up() -> tuple[PreTrainedModel, Vocabulary]:
    """A tiny model with random weights, two levels of 512 codes a part."""
    tokenizer = tiny_tokenizer(TEXTS)
    config = StreamConfig((PartVocab("face", 512, 2), PartVocab("body", 512, 2)))
    vocabulary = Vocabulary(config, text_codec(tokenizer), chat_format(tokenizer), len(tokenizer))
    model = tiny_model(tokenizer, 0)
    grow(model, tokenizer, vocabulary.tokens, 0)
    return model.eval(), vocabulary


def partner(config: StreamConfig, steps: int, seed: int) -> list[Side]:
    """What a partner says and does: two words in every three steps, any codes."""
    rng = np.random.default_rng(seed)
    sides = []
    for i in range(steps):
        codes = [tuple(rng.integers(0, p.codebook_size, p.levels).tolist()) for p in config.parts]
        sides.append(Side(("really",) if i % 3 else (), tuple(codes)))
    return sides


def timed(action: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    found = action()
    return time.perf_counter() - start, found


def live(model: PreTrainedModel, vocabulary: Vocabulary, sides: list[Side], steps: int, told_live: bool) -> list[float]:
    """Seconds until each step of a turn, from the end of the partner's."""
    sampling = SamplingConfig(max_steps=steps)
    session = Session(model, vocabulary, sampling)
    if told_live:
        for side in sides:
            session.listen(side)
        start = time.perf_counter()
        session.end_partner_turn()
    else:
        start = time.perf_counter()
        session.hear(Message("user", tuple(Step(side) for side in sides)))
    script = [[["I"], [], ["was"]][i % 3] for i in range(steps)]  # so that every turn has as many steps
    return [time.perf_counter() - start for _ in session.reply(script)]


def listening(model: PreTrainedModel, vocabulary: Vocabulary, sides: list[Side]) -> float:
    """Seconds that a step of listening takes."""
    session = Session(model, vocabulary, SamplingConfig())
    return timed(lambda: [session.listen(side) for side in sides])[0] / len(sides)


def plain(model: PreTrainedModel, prompt: list[int], tokens: int, cache: bool) -> tuple[float, list[int]]:
    """Seconds that `generate()` takes for so many tokens, and what it gives."""
    torch.manual_seed(0)
    ids = torch.tensor([prompt])
    seconds, found = timed(
        lambda: model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=True,
            top_p=0.95,
            top_k=0,
            use_cache=cache,
        )
    )
    assert isinstance(found, torch.Tensor)
    return seconds, found[0, len(prompt) :].tolist()


def parses(prompt: list[int], said: list[int], vocabulary: Vocabulary) -> bool:
    """Whether a turn of plain tokens, cut at its first end, is a message."""
    end = vocabulary.format.end_id
    body = said[: said.index(end)] if end in said else said
    try:
        return bool(decode([*prompt, *body, *vocabulary.format.close("assistant")], vocabulary).messages[-1].steps)
    except UserError:
        return False


def prompt_of(vocabulary: Vocabulary, sides: list[Side]) -> Stream:
    message = Message("user", tuple(Step(side) for side in sides))
    return encode(Conversation((message,), vocabulary.config.system), vocabulary)


def share_that_parses(model: PreTrainedModel, vocabulary: Vocabulary, turns: int, steps: int) -> tuple[float, float]:
    """The share of our turns that decode to themselves, and tokens a second, 32 rows side by side."""
    streams = [prompt_of(vocabulary, partner(vocabulary.config, 4 + i % 9, i)) for i in range(turns)]
    seconds, found = timed(lambda: perform(model, vocabulary, streams, None, SamplingConfig(max_steps=steps)))
    assert isinstance(found, list)
    good, tokens = 0, 0
    for turn in found:
        stream = encode(Conversation((turn,)), vocabulary)
        tokens += int(stream.response.sum())
        good += decode(stream.ids, vocabulary).messages == (turn,)
    return good / turns, tokens / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--heard", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.model is None:
        model, vocabulary = made_up()
    else:
        mars = load_mars(args.model)
        model, vocabulary = mars.model, mars.vocabulary
    step_s = vocabulary.config.step_s
    sides = partner(vocabulary.config, round(args.heard / step_s), 0)
    live(model, vocabulary, sides[:2], 2, told_live=True)  # warm
    for told_live, name in ((True, "told live"), (False, "told at once")):
        runs = np.array([live(model, vocabulary, sides, args.steps, told_live) for _ in range(REPEATS)])
        later = np.diff(runs, axis=1)
        print(
            f"session, partner {name}: first step {np.median(runs[:, 0]) * 1e3:.0f} ms "
            f"(worst {runs[:, 0].max() * 1e3:.0f}), "
            f"then {1 / np.median(later):.1f} steps/s, real-time factor {np.median(later) / step_s:.2f} "
            f"(slowest step {later.max() / step_s:.2f})"
        )
    heard_s = listening(model, vocabulary, sides)
    print(f"session, listening: {heard_s * 1e3:.0f} ms a step, real-time factor {heard_s / step_s:.2f}")
    prompt = [*prompt_of(vocabulary, sides).ids.tolist(), *vocabulary.format.open("assistant")]
    tokens = args.steps * (vocabulary.config.tokens_per_step + 1)
    per_step = tokens / args.steps
    for cache in (True, False):
        seconds, said = plain(model, prompt, tokens, cache)
        rate = tokens / seconds / per_step
        print(
            f"generate(), cache {'on' if cache else 'off'}: {rate:.1f} steps' worth of tokens/s, real-time factor "
            f"{1 / rate / step_s:.2f}, parses: {'yes' if parses(prompt, said, vocabulary) else 'no'}"
        )
    share, rate = share_that_parses(model, vocabulary, args.turns, args.steps)
    print(f"side by side: {args.turns} turns, {share:.1%} parse, {rate:.0f} tokens/s, 32 rows")


if __name__ == "__main__":
    main()
