"""A vocabulary on top of a tiny tokenizer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from nonverbal.mars.chat_format import chat_format
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.text import text_codec
from nonverbal.mars.tiny import TinyConfig, tiny_tokenizer
from nonverbal.mars.vocabulary import Vocabulary

TEXTS = ["I was just about to say that.", "Do you know what time it is?", "Really? I don't know.", "That is great."] * 3


@pytest.fixture(scope="session")
def make_vocabulary() -> Callable[[StreamConfig], Vocabulary]:
    """A vocabulary of a configuration on top of a tiny tokenizer."""
    tokenizer = tiny_tokenizer(TEXTS, TinyConfig(vocabulary=300))
    codec, chat = text_codec(tokenizer), chat_format(tokenizer)
    return cache(lambda config: Vocabulary(config, codec, chat, len(tokenizer)))
