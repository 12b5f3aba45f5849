"""Turns by vLLM, for a merged model's folder on a GPU; written to vLLM's documentation (0.10.1 to 0.31), not yet run.

Example::

    engine = VllmEngine(Path("model"), SamplingConfig(seed=1))
    turns = engine.perform(prompts)             # as `batch.perform`, without scripts

vLLM runs the model; which token comes next is decided here, by the same grammar, dice and temperatures as everywhere:
a logits processor leaves vLLM only the token chosen. So it needs the engine in this process, and one GPU.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from nonverbal.mars.batch import Prompt, ids_of, message_of
from nonverbal.mars.rows import Places
from nonverbal.mars.sampling import TOKENS_A_WORD, Chooser, Dice, SamplingConfig
from nonverbal.mars.stream import Message
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.mars.store import MarsCard

_ROW, _MOST = "nonverbal_row", "nonverbal_most_tokens"


class Guide:
    """Chooses the tokens of one turn: called with those said so far and the scores of the next, as vLLM does."""

    def __init__(self, vocabulary: Vocabulary, chooser: Chooser, row: int, most_tokens: int = 1 << 20) -> None:
        self._last = most_tokens - step_room(vocabulary, chooser.sampling)
        self._vocabulary, self._chooser = vocabulary, chooser
        self._places = Places(vocabulary, chooser.sampling, 1)
        self._dice = Dice(chooser.sampling.seed, [row])
        self._read, self._going = 0, True

    def __call__(self, said: Sequence[int], scores: Tensor) -> Tensor:
        """[size] minus infinity but for the token chosen.

        Args:
            said: the tokens of the turn so far.
            scores: [size] of the next one.
        """
        for read, token in enumerate(said[self._read :], self._read + 1):
            self._going = bool(self._places.take(np.array([token]), np.array([read < self._last]))[0])
        self._read = len(said)
        token = self._vocabulary.format.end_id
        if self._going:
            token = int(self._chooser.choose(scores[None], *self._places.choices(self._chooser), self._dice.roll())[0])
        chosen = torch.full_like(scores, -torch.inf)
        chosen[token] = 0
        return chosen


def step_room(vocabulary: Vocabulary, sampling: SamplingConfig) -> int:
    """Most tokens of a step."""
    return max(vocabulary.config.tokens_per_step, 1) + TOKENS_A_WORD * sampling.max_words_per_step


class VllmEngine:
    """A model's folder in vLLM."""

    def __init__(self, folder: Path, sampling: SamplingConfig | None = None) -> None:
        """Args:
        folder: of a merged model, as `save_mars` writes it.
        sampling: how turns are drawn.

        Raises:
            UserError: vLLM is not installed, or there is no model.
        """
        from nonverbal.mars.store import read_mars_card

        card = read_mars_card(folder)
        self._vocabulary = _vocabulary(folder, card)
        self._sampling = sampling or SamplingConfig()
        self._llm = _load(folder, self._vocabulary, self._sampling)

    def perform(self, prompts: Sequence[Prompt]) -> list[Message]:
        """The model's next turn in each conversation, as `batch.perform` without scripts.

        Raises:
            UserError: a prompt's last message is longer than the context.
        """
        from vllm import SamplingParams, TokensPrompt

        context = int(self._llm.llm_engine.model_config.max_model_len)
        budget = min(self._sampling.max_steps * step_room(self._vocabulary, self._sampling) + 1, context // 2)
        heads = [ids_of(prompt, self._vocabulary, "assistant", context - budget) for prompt in prompts]
        params = [
            SamplingParams(
                temperature=0.0,
                max_tokens=budget,
                stop_token_ids=[self._vocabulary.format.end_id],
                detokenize=False,
                extra_args={_ROW: row, _MOST: budget},
            )
            for row in range(len(heads))
        ]
        outputs = self._llm.generate([TokensPrompt(prompt_token_ids=head) for head in heads], params)
        end = self._vocabulary.format.end_id
        bodies = [[token for token in output.outputs[0].token_ids if token != end] for output in outputs]
        return [message_of(body, self._vocabulary, "assistant") for body in bodies]


def _vocabulary(folder: Path, card: MarsCard) -> Vocabulary:
    from transformers import AutoTokenizer

    from nonverbal.mars.store import vocabulary_of

    return vocabulary_of(card.stream, AutoTokenizer.from_pretrained(folder), card.base_size)


def _load(folder: Path, vocabulary: Vocabulary, sampling: SamplingConfig) -> Any:
    """vLLM with the grammar in it."""
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")  # the class below lives in this process only
    os.environ.setdefault("VLLM_USE_V2_MODEL_RUNNER", "0")  # the second runner has no processors of single requests
    try:
        from vllm import LLM
        from vllm.v1.sample.logits_processor import AdapterLogitsProcessor
    except ImportError as error:
        raise UserError(
            f"vLLM is not installed ({error}); pip install 'nonverbal[vllm]' on a machine with a GPU"
        ) from None
    chooser = Chooser(vocabulary, sampling, "cuda")

    class Constrained(AdapterLogitsProcessor):
        """Leaves each request of ours the one token chosen."""

        def is_argmax_invariant(self) -> bool:
            return False

        def new_req_logits_processor(self, params: Any) -> Callable[[Sequence[int], Tensor], Tensor] | None:
            asked = params.extra_args or {}
            return Guide(vocabulary, chooser, asked[_ROW], asked[_MOST]) if _ROW in asked else None

    return LLM(model=str(folder), logits_processors=[Constrained])
