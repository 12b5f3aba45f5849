"""The part of the vLLM engine that needs no vLLM: what it is told to say is what `perform` says."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from small_models import motion_tokenizers, small_model, small_tokenizer, stream_of
from talkers import CONFIGS, IDS, model_of, prompts

from nonverbal.mars.base import Base
from nonverbal.mars.batch import ids_of, message_of, perform
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.sampling import Chooser, SamplingConfig
from nonverbal.mars.store import new_mars, save_mars
from nonverbal.mars.vllm_engine import Guide, VllmEngine
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError


@pytest.mark.parametrize("config", CONFIGS[::3], ids=IDS[::3])
def test_guided_tokens_are_those_of_perform(
    make_vocabulary: Callable[[StreamConfig], Vocabulary], config: StreamConfig
) -> None:
    vocabulary = make_vocabulary(config)
    model, sampling = model_of(vocabulary), SamplingConfig(max_steps=3, max_words_per_step=1, seed=2)
    chooser, end = Chooser(vocabulary, sampling), vocabulary.format.end_id
    expected = perform(model, vocabulary, prompts(vocabulary, 3), None, sampling)
    for row, prompt in enumerate(prompts(vocabulary, 3)):
        head, said, guide = ids_of(prompt, vocabulary, "assistant", 4096), [], Guide(vocabulary, chooser, row)
        while not said or said[-1] != end:
            with torch.inference_mode():
                scores = model(input_ids=torch.tensor([[*head, *said]])).logits[0, -1]
            said.append(int(guide(said, scores).argmax()))
        assert message_of(said[:-1], vocabulary, "assistant") == expected[row]


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_one_is_told_what_to_install(tmp_path: Path) -> None:
    tokenizers, text = motion_tokenizers(), small_tokenizer()
    base = Base(small_model("llama", len(text)), text, "tiny", len(text), "chatml")
    save_mars(new_mars(base, stream_of(tokenizers), tokenizers, 0), tmp_path)
    with pytest.raises(UserError, match=r"pip install 'nonverbal\[vllm\]'"):
        VllmEngine(tmp_path)
