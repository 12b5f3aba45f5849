"""Turns for clients who are slow, leave, or change their mind."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from small_chat import small_mars

from nonverbal.chat.typed import Typed
from nonverbal.mars.shared import SharedReader
from nonverbal.serve.chat_hall import Hall
from nonverbal.serve.chat_sampling import Knobs
from nonverbal.serve.chat_turn import TurnRun
from nonverbal.serve.engine import Engine, EngineConfig


class Client:
    """Takes in what it is sent; after `most` messages it waits for `gate`, and then has left."""

    def __init__(self, most: int = 10**6) -> None:
        self.most = most
        self.gate = asyncio.Event()
        self.kinds: list[str] = []

    async def send(self, message: dict[str, Any]) -> None:
        if len(self.kinds) >= self.most:
            await self.gate.wait()
            raise OSError("left")
        self.kinds.append(message["type"])

    async def send_motion(self, chunk: bytes) -> None:
        await self.send({"type": "motion"})

    async def refuse(self, sentence: str, code: str) -> None:
        await self.send({"type": sentence})


async def with_hall(scene: Any, config: EngineConfig | None = None) -> None:
    engine = Engine(SharedReader(small_mars().model), config)
    hall = Hall(small_mars(), engine)
    engine.start()
    try:
        with ThreadPoolExecutor(1) as staging:
            await scene(hall, staging)
    finally:
        await asyncio.to_thread(engine.stop)


def turn_of(hall: Hall, room: Any, client: Client, max_s: float) -> TurnRun:
    room.count += 1
    return TurnRun(client, hall, room, Typed("Hello there"), Knobs(max_s=max_s, seed=room.count))


def nobody(steps: int) -> None:
    return None


def test_a_slow_client_holds_up_nobody() -> None:
    async def scene(hall: Hall, staging: ThreadPoolExecutor) -> None:
        slow, quick = Client(most=4), Client()
        with hall.room() as one, hall.room() as other:
            waits = asyncio.create_task(turn_of(hall, one, slow, 60.0).run(staging, nobody))
            while len(slow.kinds) < 4:
                await asyncio.sleep(0.01)
            assert await turn_of(hall, other, quick, 1.0).run(staging, nobody)
            assert quick.kinds[-1] == "end"
            await asyncio.sleep(0.1)
            rounds = hall.engine.rounds
            await asyncio.sleep(0.2)
            assert hall.engine.rounds == rounds  # the slow one's queue is full, so nothing is made for it
            assert not waits.done()
            slow.gate.set()
            assert await waits is False
            assert hall.engine.active == 0
            assert one.turns  # what was said until then

    asyncio.run(with_hall(scene, EngineConfig(waiting=3)))


def test_who_takes_nothing_in_for_long_is_given_up() -> None:
    async def scene(hall: Hall, staging: ThreadPoolExecutor) -> None:
        client = Client(most=4)
        with hall.room() as room:
            waits = asyncio.create_task(turn_of(hall, room, client, 60.0).run(staging, nobody))
            until = time.monotonic() + 60
            while (len(client.kinds) < 4 or hall.engine.active) and time.monotonic() < until:
                await asyncio.sleep(0.02)
            assert hall.engine.active == 0
            client.gate.set()
            assert await waits is False

    asyncio.run(with_hall(scene, EngineConfig(waiting=3, patience_s=0.3)))


def test_a_turn_stopped_before_it_began_ends_at_once() -> None:
    async def scene(hall: Hall, staging: ThreadPoolExecutor) -> None:
        client = Client()
        with hall.room() as room:
            turn = turn_of(hall, room, client, 60.0)
            await turn.halt()
            assert await turn.run(staging, nobody)
        assert client.kinds == ["end"]
        assert hall.engine.rounds == 0

    asyncio.run(with_hall(scene))


def test_a_fault_of_ours_is_told_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret path /home/me")

    async def scene(hall: Hall, staging: ThreadPoolExecutor) -> None:
        monkeypatch.setattr(hall, "message", broken)
        client = Client()
        with hall.room() as room:
            assert await turn_of(hall, room, client, 1.0).run(staging, nobody)
        assert client.kinds == ["The server failed at this answer; its log says why."]

    asyncio.run(with_hall(scene))
