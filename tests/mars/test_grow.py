"""Vocabularies grown by motion tokens: ids that all agree on, rows that start as an average word."""

from __future__ import annotations

import pytest
import torch
from small_models import small_model, small_tokenizer

from nonverbal.mars.grow import fit_rows, grow, next_id
from nonverbal.verdicts import UserError

TOKENS = [f"<FACE_{i}>" for i in range(20)]


@pytest.mark.parametrize("spare", [0, 9, 50, -2])
@pytest.mark.parametrize("kind", ["llama", "qwen2", "gemma3"])
def test_ids_follow_the_tokenizer_s_last_and_words_keep_their_logits(kind: str, spare: int) -> None:
    """Whether the embedding was padded (Qwen), too short (Gemma 3), or has more rows than it will need."""
    tokenizer = small_tokenizer()
    size = len(tokenizer)
    model = small_model(kind, size + spare)
    old = min(size, size + spare)
    ids = torch.arange(3, 30)[None]
    with torch.inference_mode():
        before = model(ids).logits[..., :old]
    tied = model.get_input_embeddings().weight.data_ptr() == model.get_output_embeddings().weight.data_ptr()

    grow(model, tokenizer, TOKENS, seed=1)

    assert tokenizer.convert_tokens_to_ids(TOKENS) == list(range(size, size + 20))
    assert next_id(tokenizer) == len(tokenizer) == model.config.vocab_size == size + 20
    with torch.inference_mode():
        after = model(ids).logits
    assert after.shape[-1] == size + 20
    torch.testing.assert_close(after[..., :old], before)
    heads = [model.get_input_embeddings().weight, model.get_output_embeddings().weight]
    assert (heads[0].data_ptr() == heads[1].data_ptr()) is tied is (kind != "llama")
    for weight in heads:
        new, known = weight[old:].detach(), weight[:old].detach()
        assert (new - known.mean(0)).abs().max() < 0.2 * known.std()
        assert len(new.unique(dim=0)) == len(new)


def test_a_new_token_is_no_likelier_than_an_average_word() -> None:
    tokenizer = small_tokenizer()
    size = len(tokenizer)
    model = small_model("llama", size)

    grow(model, tokenizer, TOKENS)

    with torch.inference_mode():
        logits = model(torch.arange(3, 60)[None]).logits
    spread = logits[..., :size].std()
    assert (logits[..., size:].mean(-1) - logits[..., :size].mean(-1)).abs().max() < 0.1 * spread


def test_equal_seeds_give_equal_rows_and_leave_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    rows = []
    for seed in (1, 1, 2):
        tokenizer = small_tokenizer()
        model = small_model("llama", len(tokenizer))
        grow(model, tokenizer, TOKENS, seed)
        rows.append(model.get_input_embeddings().weight[-20:])

    assert torch.equal(rows[0], rows[1])
    assert not torch.equal(rows[0], rows[2])
    assert torch.equal(state, torch.get_rng_state())


def test_half_precision_and_a_bias_on_the_head_grow_too() -> None:
    model = small_model("llama", 50)
    model.lm_head = torch.nn.Linear(32, 50)
    model.to(torch.bfloat16)

    fit_rows(model, 60, 50)

    assert model.lm_head.bias.shape == (60,)
    assert torch.allclose(model.lm_head.bias[50:], model.lm_head.bias[:50].float().mean().to(torch.bfloat16))
    assert model.get_input_embeddings().weight.dtype == torch.bfloat16


def test_a_token_that_is_there_already_is_named() -> None:
    tokenizer = small_tokenizer()
    model = small_model("llama", len(tokenizer))
    grow(model, tokenizer, TOKENS)

    for wrong in (["<FACE_7>"], ["<BODY_1>", "<BODY_1>"]):
        with pytest.raises(UserError, match="in the vocabulary already"):
            grow(model, tokenizer, wrong)
    assert len(tokenizer) == model.config.vocab_size
