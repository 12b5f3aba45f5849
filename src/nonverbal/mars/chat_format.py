"""How a base marks turns: token ids around system, user and assistant text, read off its own chat template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2.exceptions import TemplateError
from transformers import PreTrainedTokenizerBase

from nonverbal.mars.text import is_control
from nonverbal.verdicts import UserError

CHATML_START, CHATML_END = "<|im_start|>", "<|im_end|>"
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""The template of a base that brings none that serves."""

_GEMMA_TOKENS = {"<start_of_turn>", "<end_of_turn>"}
_GEMMA = (
    "{{ bos_token }}{% set head = '' %}{% set turns = messages %}{% if messages[0]['role'] == 'system' %}"
    "{% set head = messages[0]['content'] + '\n\n' %}{% set turns = messages[1:] %}{% endif %}{% for turn in turns %}"
    "{{ '<start_of_turn>' + ('model' if turn['role'] == 'assistant' else 'user') + '\n' + (head if loop.first else '')"
    " + turn['content'] + '<end_of_turn>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
"""For pretrained Gemma: its vocabulary has the tokens of a chat, but the template comes with the tuned models only."""

_SYSTEM, _USER, _ASSISTANT, _AGAIN = "qSYSTEMq", "qUSERq", "qASSISTANTq", "qAGAINq"
"""Sentinels: words that no template trims, and that stand in none."""

_DATE = "26 Jul 2024"
"""Llama's template writes today's date into the system text; its own default keeps streams the same on all days."""

Ids = tuple[int, ...]


@dataclass(frozen=True)
class ChatFormat:
    """Control ids around messages. For Qwen, with `|` between the fields, and Gemma, which has no system role::

    | <|im_start|>system\\n | ... | <|im_end|>\\n | <|im_start|>user\\n | ... | <|im_end|>\\n | <|im_start|>assistant\\n | ...
    <bos> | <start_of_turn>user\\n | ... | <end_of_turn>\\n | <start_of_turn>model\\n | ... | <end_of_turn>\\n
    """  # noqa: E501 - a drawing

    begin: Ids
    """What a conversation begins with: the base's beginning-of-sequence token, or nothing."""
    opens: Mapping[str, Ids]
    """What stands before a message of a role; "system" is missing where the base has no such role."""
    closes: Mapping[str, Ids]
    """What stands after it; the first id is `end_id`."""
    end_id: int
    """The one token that ends a message of any role."""

    @property
    def system_in_user(self) -> bool:
        """The base has no system role: its system text is the first part of the first user message."""
        return "system" not in self.opens

    def open(self, role: str) -> Ids:
        """The ids before a message of `role`: user, assistant, and system where there is such a role."""
        return self.opens[role]

    def close(self, role: str) -> Ids:
        """The ids after it."""
        return self.closes[role]

    def system(self, ids: Ids) -> Ids:
        """A whole system message around text ids; without a system role the bare ids, for the first user message."""
        return ids if self.system_in_user else (*self.opens["system"], *ids, *self.closes["system"])


def chat_format(tokenizer: PreTrainedTokenizerBase) -> ChatFormat:
    """The chat format of a tokenizer, from what its template puts around sentinels.

    Raises:
        UserError: there is no template, or one without a token that ends every message; `ensure_chat` gives another.
    """
    found = _format_of(tokenizer)
    if found is None:
        raise UserError(
            f"tokenizer {tokenizer.name_or_path or type(tokenizer).__name__}: got no chat template with one token at "
            "the end of every message; load it by `load_base`, which adds ChatML"
        )
    return found


def ensure_chat(tokenizer: PreTrainedTokenizerBase) -> str:
    """See that a tokenizer has a usable template; says whose it is then: own, gemma or chatml.

    ChatML may add two tokens, for which the model's embedding must have rows.
    """
    if _format_of(tokenizer) is not None:
        return "own"
    if set(tokenizer.all_special_tokens) | set(tokenizer.get_added_vocab()) >= _GEMMA_TOKENS:
        tokenizer.chat_template = _GEMMA
        return "gemma"
    tokenizer.add_tokens([CHATML_START, CHATML_END], special_tokens=True)
    tokenizer.chat_template = CHATML
    return "chatml"


def _format_of(tokenizer: PreTrainedTokenizerBase) -> ChatFormat | None:
    turns = (("user", _USER), ("assistant", _ASSISTANT), ("user", _AGAIN))
    rendered = _render(tokenizer, (("system", _SYSTEM), *turns)) or _render(tokenizer, turns)
    if rendered is None:
        return None
    pieces = _between(rendered, [text for text in (_SYSTEM, _USER, _ASSISTANT, _AGAIN) if text in rendered])
    if pieces is None:
        return None
    added = tokenizer.added_tokens_decoder.items()
    control = frozenset(i for i, token in added if is_control(token.content, token.special))
    ids = [tuple(tokenizer(piece, add_special_tokens=False)["input_ids"]) for piece in pieces]
    turn, back = (_split(i, control) for i in ids[-2:])
    if turn is None or back is None or turn[0][0] != back[0][0]:
        return None
    closes, opens = {"user": turn[0], "assistant": back[0]}, {"assistant": turn[1], "user": back[1]}
    begin: Ids = ids[0][:1] if ids[0][0] == tokenizer.bos_token_id != back[1][0] else ()
    if len(ids) == 4 and control & set(ids[1]):  # a system role; without one, Gemma puts only line ends there
        system = _split(ids[1], control)
        if system is None or system[0][0] != turn[0][0]:
            return None
        closes["system"], opens["system"] = system[0], ids[0][len(begin) :]
    return ChatFormat(begin, opens, closes, turn[0][0])


def _render(tokenizer: PreTrainedTokenizerBase, messages: tuple[tuple[str, str], ...]) -> str | None:
    """What the template makes of (role, content) pairs; None where there is none or it refuses, as Gemma 2's does."""
    plain = [{"role": role, "content": content} for role, content in messages]
    if not tokenizer.chat_template:
        return None
    try:
        return str(tokenizer.apply_chat_template(plain, tokenize=False, date_string=_DATE))
    except (TemplateError, ValueError, TypeError, KeyError):
        return None


def _between(text: str, sentinels: list[str]) -> list[str] | None:
    """What stands before each sentinel, up to the one before it; None where one is missing or out of order."""
    pieces = []
    for sentinel in sentinels:
        piece, found, text = text.partition(sentinel)
        if not found:
            return None
        pieces.append(piece)
    return pieces if len(pieces) >= 3 else None


def _split(ids: Ids, control: frozenset[int]) -> tuple[Ids, Ids] | None:
    """The close of one message and the open of the next: two control tokens, each with the text after it."""
    starts = [i for i, value in enumerate(ids) if value in control]
    if len(starts) < 2 or starts[0] != 0:
        return None
    return ids[: starts[1]], ids[starts[1] :]
