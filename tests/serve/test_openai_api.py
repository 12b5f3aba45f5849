"""OpenAI's interface, used by the official client against a real server."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from live import running
from small_chat import small_mars

from nonverbal.serve.chat_hall import ChatLimits
from nonverbal.serve.chat_part import Chats
from nonverbal.serve.openai_answer import _prepared, _Text
from nonverbal.serve.openai_request import read_wish
from nonverbal.serve.settings import ServerConfig
from nonverbal.serve.wire import unpack
from nonverbal.verdicts import UserError

HI = [{"role": "user", "content": "Hello, are you there?"}]
MOST = 40


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, Chats]]:
    chats = Chats(small_mars(), "small", ChatLimits(chats=4))
    with running(ServerConfig(port=0), [chats.part()]) as port:
        yield port, chats


@pytest.fixture(scope="module")
def client(server: tuple[int, Chats]) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"http://127.0.0.1:{server[0]}/v1", api_key="none", max_retries=0, timeout=60)


def ask(client: openai.OpenAI, messages: Any = HI, **more: Any) -> Any:
    settings = {"seed": 1, "max_tokens": MOST} | more
    return client.chat.completions.create(model="small", messages=messages, **settings)


def test_a_whole_answer(client: openai.OpenAI) -> None:
    found = ask(client)
    choice = found.choices[0]
    assert found.object == "chat.completion"
    assert choice.message.role == "assistant"
    assert choice.finish_reason in ("stop", "length")
    assert found.usage.total_tokens == found.usage.prompt_tokens + found.usage.completion_tokens
    assert 0 < found.usage.completion_tokens <= MOST
    motion = choice.message.motion
    chunk = unpack(base64.b64decode(motion["data"]))
    assert motion["format"] == "nvmo1"
    assert chunk.n_frames % 8 == 0
    assert chunk.n_frames > 0
    assert " ".join(word for word, *_ in motion["words"]) == choice.message.content
    assert ask(client).choices[0].message == choice.message
    assert ask(client, seed=2).choices[0].message != choice.message


def test_a_stream_brings_the_same(client: openai.OpenAI) -> None:
    whole = ask(client)
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == whole.choices[0].message.content
    given = [delta.motion for delta in deltas if getattr(delta, "motion", None)]
    parts = [unpack(base64.b64decode(motion["data"])) for motion in given if motion["data"]]
    told = unpack(base64.b64decode(whole.choices[0].message.motion["data"]))
    np.testing.assert_allclose(np.concatenate([part.face for part in parts]), told.face, atol=1e-4)
    assert chunks[-1].usage == whole.usage
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == whole.choices[0].finish_reason


def test_history_and_system_count(client: openai.OpenAI, server: tuple[int, Chats]) -> None:
    talk: list[dict[str, Any]] = [
        {"role": "system", "content": "You are a doctor."},
        {"role": "user", "content": "Do you know what time it is?"},
        {"role": "assistant", "content": "That is great."},
        {"role": "user", "content": [{"type": "text", "text": "Really?"}]},
    ]
    found = ask(client, talk, extra_body={"motion": False})
    assert not hasattr(found.choices[0].message, "motion")
    prepared, last = _prepared(read_wish({"messages": talk}, "small"), server[1].hall)
    before = prepared.session.conversation
    assert before.system == "You are a doctor."
    said = [(m.role, " ".join(word for step in m.steps for word in step.holder.words)) for m in before.messages]
    assert said == [(one["role"], one["content"]) for one in talk[1:3]]
    assert last.role == "user"
    assert last.steps
    assert ask(client, [{"role": "user", "content": "Really? " * 100}]).choices[0].message.content is not None


def test_stop_texts_end_an_answer_before_them(client: openai.OpenAI) -> None:
    answers = {seed: ask(client, max_tokens=200, seed=seed).choices[0].message.content for seed in range(3)}
    seed, whole = max(answers.items(), key=lambda one: len(one[1]))
    assert len(whole) > 8
    stop = whole[3:5]
    found = ask(client, stop=[stop, "never said"], max_tokens=200, seed=seed).choices[0]
    assert found.message.content == whole[: whole.find(stop)]
    assert found.finish_reason == "stop"
    chunks = ask(client, stop=stop, max_tokens=200, stream=True, seed=seed)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == found.message.content


def test_temperature_zero_is_greedy(client: openai.OpenAI) -> None:
    one, other = ask(client, temperature=0, seed=1), ask(client, temperature=0, seed=2)
    assert one.choices[0].message == other.choices[0].message


@pytest.mark.parametrize(
    ("more", "kind", "sentence"),
    [
        ({"n": 2}, openai.BadRequestError, "expected 1"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError, "calls no tools"),
        ({"temperature": 7}, openai.BadRequestError, "from 0 to 2"),
        ({"max_tokens": 0}, openai.BadRequestError, "1 or more"),
        ({"response_format": {"type": "json_object"}}, openai.BadRequestError, "plain words"),
        ({"stop": ["a"] * 5}, openai.BadRequestError, "up to 4"),
        ({"messages": []}, openai.BadRequestError, "1 to 200"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, openai.BadRequestError, "the user's"),
        ({"messages": [{"role": "pirate", "content": "x"}]}, openai.BadRequestError, "pirate"),
        ({"messages": [{"role": "system", "content": "x " * 2000}, *HI]}, openai.BadRequestError, "shorten"),
        ({"model": "gpt-9"}, openai.NotFoundError, "this server has 'small'"),
    ],
)
def test_errors_are_those_of_the_official_client(
    client: openai.OpenAI, more: dict[str, Any], kind: type[openai.APIStatusError], sentence: str
) -> None:
    with pytest.raises(kind) as caught:
        client.chat.completions.create(**({"model": "small", "messages": HI, "max_tokens": 10} | more))
    assert sentence in caught.value.message


def test_models_and_health(client: openai.OpenAI, server: tuple[int, Chats]) -> None:
    assert [model.id for model in client.models.list()] == ["small"]
    assert client.models.retrieve("small").owned_by == "nonverbal"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("other")
    assert httpx.get(f"http://127.0.0.1:{server[0]}/healthz").json() == {"status": "ok"}


def test_who_hangs_up_leaves_nothing_running(client: openai.OpenAI, server: tuple[int, Chats]) -> None:
    stream = ask(client, stream=True, max_tokens=4000)
    next(iter(stream))
    stream.close()
    hall = server[1].hall
    for _ in range(300):
        if not hall.open and not hall.engine.active:
            break
        time.sleep(0.02)
    assert hall.open == hall.engine.active == 0


def test_unknown_fields_are_ignored_and_defaults_hold() -> None:
    wish = read_wish({"messages": HI, "user": "me", "store": True, "metadata": {}, "top_p": None}, "small")
    assert wish.motion
    assert not wish.stream
    assert wish.knobs.temperature == 0.8
    assert read_wish({"messages": HI, "max_tokens": 5, "max_completion_tokens": 7}, "small").most_tokens == 7
    with pytest.raises(UserError, match="true or false"):
        read_wish({"messages": HI, "stream": "yes"}, "small")


def test_text_before_a_stop_waits_until_it_is_certain() -> None:
    text = _Text(["be quiet"])
    assert text.add(["to", "be"]) == "to "
    assert text.add(["or"]) == "be or"
    assert text.add(["be"]) == " "
    assert not text.stopped
    assert text.add(["quiet", "now"]) == ""
    assert text.stopped
    assert text.rest() == ""
    open_end = _Text(["quiet"])
    assert open_end.add(["a", "q"]) == "a "
    assert open_end.rest() == "q"
