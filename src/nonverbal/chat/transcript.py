"""A chat as a JSON file: every turn in words with stage directions, and step by step with its codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nonverbal import __version__
from nonverbal.chat.exchange import Exchange
from nonverbal.mars.stream import Message, Side
from nonverbal.media.names import clean_text
from nonverbal.tokens.store import write_text
from nonverbal.verdicts import UserError

FORMAT_VERSION = 1


def save_chat(exchange: Exchange, path: Path, model: str) -> None:
    """Writes the conversation so far, whole or not at all.

    Args:
        exchange: the chat.
        path: of the file.
        model: what to note as the model.

    Raises:
        UserError: the name does not end in .json, or its folder cannot be written to.
    """
    if path.suffix.lower() != ".json" or path.is_dir():
        raise UserError(f"{path}: expected the name of a file that ends in .json")
    config = exchange.config
    plain = {
        "chat_version": FORMAT_VERSION,
        "tool": f"nonverbal {__version__}",
        "model": model,
        "tokenizers": {part.part: part.tokenizer_hash for part in config.parts},
        "step_s": config.step_s,
        "system": config.system,
        "messages": [_message(exchange, message) for message in exchange.messages],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); name another file") from error


def _message(exchange: Exchange, message: Message) -> dict[str, Any]:
    names = [part.part for part in exchange.config.parts]
    steps = []
    for step in message.steps:
        plain = _side(step.holder, names)
        steps.append(plain if step.listener is None else plain | {"listener": _side(step.listener, names)})
    words = " ".join(word for step in message.steps for word in step.holder.words)
    return {
        "role": message.role,
        "text": _clean(message.text or words),
        "described": _clean(exchange.described(message)),
        "listener": _clean(exchange.described(message, listener=True)) if message.role == "user" else "",
        "steps": steps,
    }


def _side(side: Side, names: list[str]) -> dict[str, Any]:
    codes = {name: list(row) for name, row in zip(names, side.codes, strict=True) if row}
    return {"words": _clean(" ".join(side.words)).split(), **codes}


def _clean(text: str) -> str:
    """Without control and escape characters: people read such files in terminals."""
    return clean_text(text, len(text))
