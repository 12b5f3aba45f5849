"""One line of a chat and its answer, from the engine to a client: messages and motion in the order they are made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Protocol

from nonverbal.chat.exchange import Pace
from nonverbal.chat.typed import Typed
from nonverbal.mars.stream import Codes, Message, Side, Step
from nonverbal.serve.chat_hall import ChatRoom, Hall, Turn
from nonverbal.serve.chat_sampling import Knobs, sampling_of
from nonverbal.serve.chat_stage import DELAY_STEPS, Stage, step_message
from nonverbal.serve.chat_talk import Event, Heard, Listened
from nonverbal.serve.engine import Job, TooSlow
from nonverbal.serve.errors import LOG
from nonverbal.verdicts import UserError


@dataclass(frozen=True, slots=True)
class Faces:
    """Codes of the user's own face in the last steps, of the part with this number."""

    part: int
    codes: Sequence[Codes]


class Outlet(Protocol):
    """Where messages go; a slow client makes them wait. One who has left raises OSError."""

    async def send(self, message: dict[str, Any]) -> None: ...
    async def send_motion(self, chunk: bytes) -> None: ...
    async def refuse(self, sentence: str, code: str) -> None: ...


class TurnRun:
    """One turn under way."""

    def __init__(self, outlet: Outlet, hall: Hall, room: ChatRoom, typed: Typed, knobs: Knobs) -> None:
        self._outlet, self._hall, self._room, self._typed, self._knobs = outlet, hall, room, typed, knobs
        self._number = room.count
        self._began_s = time.monotonic()
        self._pace = Pace()
        self._job: Job[Event] | None = None
        self._steps: list[Step] = []
        self._own: Stage | None = None
        self._answer: Stage | None = None
        self._stopped = asyncio.Event()

    async def run(self, staging: Executor, faces: Callable[[int], Faces | None]) -> bool:
        """Hear and answer; mistakes are told. False where the client has left or takes nothing in.

        Args:
            staging: makes motion, one thing after the other.
            faces: the user's own face in the last so many steps.
        """
        try:
            talk = self._room.talk
            message = await asyncio.to_thread(self._hall.message, self._typed, talk.turns if talk else 0)
            seen = await asyncio.to_thread(faces, len(message.steps)) if message.steps else None
            await self._exchange(with_faces(message, seen), staging)
        except UserError as error:
            return await self._refused(str(error), "invalid_value")
        except (TooSlow, OSError):
            return False
        except Exception:  # the chat goes on after a turn that failed
            LOG.exception("a turn failed")
            return await self._refused("The server failed at this answer; its log says why.", "internal_error")
        return True

    async def halt(self) -> None:
        """The user wants no more of it: see that nothing of it runs in the engine any more."""
        self._stopped.set()
        if self._job is not None:
            await self._job.stop()

    async def _refused(self, sentence: str, code: str) -> bool:
        try:
            await self._outlet.refuse(sentence, code)
        except OSError:
            return False
        return True

    async def _exchange(self, message: Message, staging: Executor) -> None:
        talk, loop = self._room.talk, asyncio.get_running_loop()
        if talk is None or self._stopped.is_set():
            await self._end("stopped")
            return
        sampling = sampling_of(self._knobs, self._hall.config.step_s)
        self._job = self._hall.engine.submit(talk.session, talk.exchange(message, sampling))
        try:
            async for event in self._job:
                if self._stopped.is_set():
                    break
                if isinstance(event, Listened):
                    await self._listened(event.own, staging)
                elif isinstance(event, Heard):
                    await self._heard()
                else:
                    await self._step(event, staging)
            if self._answer is not None:
                await self._motion((await loop.run_in_executor(staging, self._answer.flush))[0])
        finally:
            await asyncio.shield(self._job.stop())
            reason = self._reason(sampling.max_steps)
            self._keep(talk.messages, reason)
        await self._end(reason)

    async def _listened(self, own: Side, staging: Executor) -> None:
        if not self._hall.shown:
            return
        if self._own is None:
            self._own = Stage(self._hall.mars, tells=False)
            await self._outlet.send({"type": "listening", "turn": self._number})
        await self._motion((await asyncio.get_running_loop().run_in_executor(staging, self._own.push, own))[0])

    async def _heard(self) -> None:
        self._pace.heard_s = time.monotonic() - self._began_s
        told = {"type": "heard", "turn": self._number, "delay_steps": DELAY_STEPS, "motion": self._hall.shown}
        await self._outlet.send(told)
        self._began_s = time.monotonic()
        if self._hall.shown:
            self._answer = Stage(self._hall.mars)

    async def _step(self, step: Step, staging: Executor) -> None:
        index, pace = len(self._steps), self._pace
        self._steps.append(step)
        pace.steps, pace.wall_s = len(self._steps), time.monotonic() - self._began_s
        pace.first_s = pace.first_s or pace.wall_s
        told, chunk = step_message(step, self._number, index, self._hall.config), b""
        if self._answer is not None:
            push = asyncio.get_running_loop().run_in_executor(staging, self._answer.push, step.holder)
            chunk, told["directions"] = await push
        await self._outlet.send(told)
        await self._motion(chunk)

    async def _motion(self, chunk: bytes) -> None:
        if chunk:
            await self._outlet.send_motion(chunk)

    def _reason(self, most: int) -> str:
        if self._stopped.is_set():
            return "stopped"
        return "length" if len(self._steps) >= most else "stop"

    def _keep(self, messages: Sequence[Message], reason: str) -> None:
        """What the model itself remembers of the turn; steps that were made but not sent any more belong to it."""
        heard = next((m for m in messages if m.role == "user"), Message("user"))
        said = next((m for m in messages if m.role == "assistant"), Message("assistant"))
        if said.steps:
            self._hall.keep(self._room, self._number, Turn(self._typed.text, self._knobs, heard, said, reason))

    async def _end(self, reason: str) -> None:
        pace, step_s = self._pace, self._hall.config.step_s
        figures = {"heard_s": pace.heard_s, "first_s": pace.first_s, "wall_s": pace.wall_s}
        rounded = {name: round(value, 4) for name, value in figures.items()}
        rounded["real_time"] = round(pace.real_time(step_s), 2)
        seconds = round(len(self._steps) * step_s, 3)
        told = {"type": "end", "turn": self._number, "reason": reason, "pace": rounded, "seconds": seconds}
        await self._outlet.send(told)


def with_faces(message: Message, seen: Faces | None) -> Message:
    """The message with the partner's own face in its last steps; what was seen before it began is left out."""
    if seen is None:
        return message
    steps = list(message.steps)
    count = min(len(steps), len(seen.codes))
    for i, codes in zip(range(len(steps) - count, len(steps)), seen.codes[len(seen.codes) - count :], strict=True):
        held = list(steps[i].holder.codes)
        held[seen.part] = codes
        steps[i] = replace(steps[i], holder=replace(steps[i].holder, codes=tuple(held)))
    return replace(message, steps=tuple(steps))
