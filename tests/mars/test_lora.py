"""Adapters in, trained, merged, saved, read back: the logits stay what they were."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_models import small_model, small_tokenizer
from transformers import AutoModelForCausalLM

from nonverbal.mars.grow import grow
from nonverbal.mars.lora import LoraSettings, add_lora, merge_lora
from nonverbal.verdicts import UserError

TOKENS = [f"<FACE_{i}>" for i in range(20)]


def _grown(kind: str) -> tuple[torch.nn.Module, range]:
    tokenizer = small_tokenizer()
    size = len(tokenizer)
    model = small_model(kind, size)
    grow(model, tokenizer, TOKENS)
    return model, range(size, size + len(TOKENS))


def _logits(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return model(input_ids=ids).logits


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gemma3"])
def test_merged_saved_and_read_back_the_logits_are_those_of_training(kind: str, tmp_path: Path) -> None:
    model, new_ids = _grown(kind)
    old_rows = model.get_input_embeddings().weight[: new_ids[0]].clone()
    new_rows = model.get_input_embeddings().weight[new_ids[0] :].clone()
    ids = torch.cat([torch.arange(5, 20), torch.tensor(new_ids)])[None]
    untrained = _logits(model, ids)

    adapted = add_lora(model, new_ids, LoraSettings(rank=4), seed=0)

    assert torch.equal(_logits(adapted, ids), untrained)
    told = {name.split(".")[-2] for name, p in adapted.named_parameters() if p.requires_grad}
    assert told == {"default", "trainable_tokens_delta"}
    optimiser = torch.optim.AdamW([p for p in adapted.parameters() if p.requires_grad], lr=1e-2)
    losses = []
    for _ in range(8):
        loss = adapted(input_ids=ids, labels=ids).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1
    adapted.eval()
    trained = _logits(adapted, ids)

    merged = merge_lora(adapted)
    merged.save_pretrained(tmp_path)
    read = AutoModelForCausalLM.from_pretrained(tmp_path)

    torch.testing.assert_close(_logits(merged, ids), trained, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(_logits(read, ids), trained, rtol=1e-4, atol=1e-5)
    for end in (read, merged):
        table = end.get_input_embeddings().weight
        assert torch.equal(table[: new_ids[0]], old_rows)  # words were never touched, tied head or not
        assert not torch.isclose(table[new_ids[0] :], new_rows).all(-1).any()
        assert (table.data_ptr() == end.get_output_embeddings().weight.data_ptr()) is (kind != "llama")
    assert not any("lora" in name or "token_adapter" in name for name, _ in merged.named_parameters())


def test_an_untied_head_learns_its_own_rows() -> None:
    model, new_ids = _grown("llama")

    adapted = add_lora(model, new_ids, LoraSettings(rank=2), seed=0)

    deltas = [name for name, p in adapted.named_parameters() if p.requires_grad and "trainable_tokens" in name]
    assert len(deltas) == 2
    assert any("lm_head" in name for name in deltas)


def test_adapters_follow_the_seed_alone() -> None:
    state = torch.get_rng_state()
    weights = []
    for seed in (3, 3, 4):
        adapted = add_lora(*_grown("llama"), LoraSettings(rank=2), seed)
        weights.append(torch.cat([p.flatten() for n, p in adapted.named_parameters() if "lora_A" in n]))

    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert torch.equal(state, torch.get_rng_state())


def test_adapters_that_diverged_are_not_merged() -> None:
    adapted = add_lora(*_grown("llama"), LoraSettings(rank=2), seed=0)
    with torch.no_grad():
        next(p for name, p in adapted.named_parameters() if "lora_B" in name).fill_(float("nan"))

    with pytest.raises(UserError, match="hold NaN or infinity"):
        merge_lora(adapted)


def test_a_merge_that_changes_the_model_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    adapted = add_lora(*_grown("llama"), LoraSettings(rank=2), seed=0)
    plain = adapted.unload

    def spoilt(**_: object) -> torch.nn.Module:
        model = plain()
        with torch.no_grad():
            model.lm_head.weight[0] += 1
        return model

    monkeypatch.setattr(adapted.base_model, "merge_and_unload", spoilt)

    with pytest.raises(UserError, match="merging moved the logits by"):
        merge_lora(adapted)


@pytest.mark.parametrize("wrong", [{"rank": 0}, {"alpha": 0}, {"dropout": 1.0}])
def test_settings_out_of_range_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match=f"lora {next(iter(wrong))}: got"):
        LoraSettings(**wrong)
