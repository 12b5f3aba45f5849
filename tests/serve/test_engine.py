"""Conversations on one model's thread: each as if alone, none held up by another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator

import pytest
from small_chat import engine_of, small_mars, talk_of

from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.stream import Message, Side, Step, decode
from nonverbal.serve.chat_talk import Event, Talk
from nonverbal.serve.engine import Engine, EngineConfig, Job, TooSlow
from nonverbal.verdicts import UserError


def line(words: str) -> Message:
    """A line of the partner's, a word a step."""
    unseen = small_mars().vocabulary.config.unseen
    return Message("user", tuple(Step(Side((word,), unseen)) for word in words.split()))


def begin(engine: Engine, talk: Talk, text: str = "Do you know", seed: int = 0, steps: int = 3) -> Job[Event]:
    sampling = SamplingConfig(seed=seed, max_steps=steps, max_words_per_step=2)
    return engine.submit(talk.session, talk.exchange(line(text), sampling))


async def all_of(job: Job[Event]) -> list[Event]:
    return [event async for event in job]


def test_answers_side_by_side_are_those_alone() -> None:
    lines = ["Hi", "Do you know what", "I was just about to say that", "Really?"]

    async def scene(together: bool) -> list[tuple[int, ...]]:
        async with engine_of(EngineConfig(piece=20)) as engine:
            talks = [talk_of(engine) for _ in lines]
            if together:
                jobs = [begin(engine, talk, text, i) for i, (talk, text) in enumerate(zip(talks, lines, strict=True))]
                await asyncio.gather(*(all_of(job) for job in jobs))
                assert engine.rounds < 0.7 * sum(len(talk.session.ids) for talk in talks)
            else:
                for i, (talk, text) in enumerate(zip(talks, lines, strict=True)):
                    await all_of(begin(engine, talk, text, i))
            return [talk.session.ids for talk in talks]

    one, other = asyncio.run(scene(together=True)), asyncio.run(scene(together=False))
    assert one == other
    assert len(set(one)) == len(lines)


def test_an_engine_makes_what_a_session_makes() -> None:
    sampling = SamplingConfig(seed=3, max_steps=3, max_words_per_step=2)
    session = Session(small_mars().model, small_mars().vocabulary)
    session.sample(sampling, 1)
    for step in line("Do you know").steps:
        session.listen(step.holder)
    session.end_partner_turn()
    said = list(session.reply())

    async def scene() -> list[Event]:
        async with engine_of() as engine:
            return await all_of(begin(engine, talk_of(engine), seed=3))

    events = asyncio.run(scene())
    assert [event for event in events if isinstance(event, Step)] == said


def test_a_stopped_answer_leaves_a_whole_conversation() -> None:
    async def scene() -> None:
        async with engine_of() as engine:
            talk = talk_of(engine)
            job = begin(engine, talk, steps=500)
            async for event in job:
                if isinstance(event, Step):
                    break
            await job.stop()
            assert engine.active == 0
            rounds = engine.rounds
            ids = talk.session.ids
            said = decode(ids, small_mars().vocabulary).messages
            assert [m.role for m in said] == ["user", "assistant"]
            assert said[-1] == talk.messages[-1]
            await asyncio.sleep(0.05)
            assert engine.rounds == rounds
            assert len(await all_of(begin(engine, talk))) > 2
            assert talk.session.ids[: len(ids)] == ids

    asyncio.run(scene())


def test_a_line_broken_off_goes_on_with_the_next_one() -> None:
    async def scene() -> None:
        async with engine_of() as engine:
            talk = talk_of(engine)
            job = begin(engine, talk, "I was just about to say that")
            async for _ in job:
                await job.stop()
                break
            heard = talk.messages[0]
            assert 0 < len(heard.steps) <= 7
            await all_of(begin(engine, talk))
            whole = decode(talk.session.ids, small_mars().vocabulary).messages[0]
            assert whole.steps == heard.steps + talk.messages[0].steps

    asyncio.run(scene())


def test_a_slow_reader_waits_alone_and_is_given_up() -> None:
    async def scene() -> None:
        async with engine_of(EngineConfig(waiting=2, patience_s=0.5)) as engine:
            slow, quick = begin(engine, talk_of(engine), steps=50), begin(engine, talk_of(engine))
            assert len(await all_of(quick)) > 3
            assert slow.waiting == 2  # nothing was made for it meanwhile
            until = time.monotonic() + 10
            while engine.active and time.monotonic() < until:
                await asyncio.sleep(0.02)
            assert engine.active == 0
            with pytest.raises(TooSlow):
                await all_of(slow)

    asyncio.run(scene())


def test_a_reader_who_catches_up_gets_everything_in_order() -> None:
    async def scene(wait_s: float, waiting: int) -> list[Event]:
        async with engine_of(EngineConfig(waiting=waiting)) as engine:
            found: list[Event] = []
            async for event in begin(engine, talk_of(engine), steps=6):
                await asyncio.sleep(wait_s)
                found.append(event)
            return found

    assert asyncio.run(scene(0.02, 1)) == asyncio.run(scene(0.0, 50))


def test_a_failure_ends_its_own_conversation_only() -> None:
    def broken(talk: Talk) -> Generator[Event | None, None, None]:
        yield from talk.session.hearing(line("Hi"))
        raise UserError("this line is at fault")

    async def scene() -> None:
        async with engine_of() as engine:
            good, talk = begin(engine, talk_of(engine)), talk_of(engine)
            bad: Job[Event] = engine.submit(talk.session, broken(talk))
            with pytest.raises(UserError, match="at fault"):
                await all_of(bad)
            assert len(await all_of(good)) > 3

    asyncio.run(scene())


def test_more_conversations_than_a_batch_holds_take_turns() -> None:
    async def scene() -> None:
        async with engine_of(EngineConfig(batch=2)) as engine:
            jobs = [begin(engine, talk_of(engine), seed=i) for i in range(5)]
            ends: list[int] = []

            async def follow(number: int) -> None:
                await all_of(jobs[number])
                ends.append(engine.rounds)

            await asyncio.gather(*map(follow, range(5)))
            assert min(ends) > 0.4 * max(ends)  # nobody was served last only

    asyncio.run(scene())


def test_an_engine_that_stops_ends_what_is_under_way() -> None:
    async def scene() -> list[Event]:
        async with engine_of() as engine:
            job = begin(engine, talk_of(engine), steps=500)
        return await all_of(job)

    assert len(asyncio.run(scene())) < 500
