"""A model that nobody trained, small enough to be talked with in tests, and what talks with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Any

from starlette.testclient import TestClient

from nonverbal.mars.base import load_base
from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.shared import SharedReader
from nonverbal.mars.store import Mars, new_mars
from nonverbal.mars.tiny import TinyConfig
from nonverbal.serve.app import create_app
from nonverbal.serve.chat_hall import ChatLimits
from nonverbal.serve.chat_part import Chats
from nonverbal.serve.chat_talk import Talk
from nonverbal.serve.engine import Engine, EngineConfig
from nonverbal.serve.settings import ServerConfig
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.tokenizer import Tokenizer
from random_tokenizers import random_tokenizer

LOCAL, CHAT = "http://127.0.0.1:8000", "ws://127.0.0.1:8000/api/chat"
TEXTS = ["I was just about to say that.", "Do you know what time it is?", "Really? I don't know.", "That is great."] * 3
SHORT = {"max_s": 1.0, "seed": 1}
"""Answers of three steps."""


def _tokenizer(space: str, seed: int) -> Tokenizer:
    config = TokenizerConfig(
        spaces=(space,), quantiser="rvq", width=8, depth=1, codebook_size=16, levels=2, code_width=4
    )
    return random_tokenizer(config, seed, scale=0.1)


@cache
def small_mars() -> Mars:
    """Its choices are far apart, so that rounding changes none."""
    tokenizers = {"face": _tokenizer("arkit52", 1), "body": _tokenizer("smplx117", 2)}
    parts = tuple(PartVocab(name, t.codebook_size, t.num_codebooks, t.hash) for name, t in tokenizers.items())
    base = load_base("tiny", TEXTS, 3, TinyConfig(width=32, layers=2, heads=2, kv_heads=1, context=512, vocabulary=300))
    mars = new_mars(base, StreamConfig(parts), tokenizers, 4)
    mars.model.get_output_embeddings().weight.data.mul_(8)
    return mars


@contextmanager
def client_of(limits: ChatLimits | None = None, config: EngineConfig | None = None) -> Iterator[TestClient]:
    """A client of a server of the chat alone; `client.chats` are its chats."""
    chats = Chats(small_mars(), "small", limits, config)
    app = create_app(ServerConfig(), [chats.part()])
    with TestClient(app, base_url=LOCAL, raise_server_exceptions=False) as client:
        client.chats = chats  # type: ignore[attr-defined]
        yield client


@asynccontextmanager
async def engine_of(config: EngineConfig | None = None) -> AsyncIterator[Engine]:
    """An engine at work."""
    engine = Engine(SharedReader(small_mars().model), config)
    engine.start()
    try:
        yield engine
    finally:
        await asyncio.to_thread(engine.stop)


def talk_of(engine: Engine) -> Talk:
    return Talk(small_mars(), engine.memory(), None)


def until_end(socket: Any) -> list[dict[str, Any] | bytes]:
    """All that comes until the end of an answer, or an error."""
    found: list[dict[str, Any] | bytes] = []
    while True:
        message = socket.receive()
        if message.get("bytes") is not None:
            found.append(message["bytes"])
            continue
        assert message.get("text"), message
        found.append(json.loads(message["text"]))
        if found[-1]["type"] in ("end", "error"):
            return found


def told(messages: list[dict[str, Any] | bytes], kind: str) -> list[dict[str, Any]]:
    """The messages of one kind."""
    return [message for message in messages if isinstance(message, dict) and message["type"] == kind]
