"""A chat over a WebSocket: lines in; words, tokens and motion out as they are made (docs/wire_format.md)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from nonverbal.serve.chat_hall import ChatRoom, Hall
from nonverbal.serve.chat_sampling import Knobs, read_knobs
from nonverbal.serve.chat_turn import Faces, TurnRun
from nonverbal.serve.errors import ApiError
from nonverbal.serve.wire import VERSION
from nonverbal.verdicts import UserError

_TRY_AGAIN, _AWAY = 1013, 1001
_LONGEST_REASON = 120
_LARGEST_PICTURE = 200_000
_PATIENCE_S = 2.0  # for a client to take in the end of an answer that was stopped

Tell = Callable[[dict[str, Any]], Awaitable[None]]


class Eyes(Protocol):
    """What sees the user of one chat."""

    def look(self, picture: bytes, tell: Tell) -> None:
        """Take in a picture of now; `tell` what it shows later. A newer picture replaces one that waits.

        Raises:
            UserError: nobody looks at pictures here.
        """

    def faces(self, steps: int) -> Faces | None:
        """The face of the last so many steps at most; None where nobody was seen."""

    def close(self) -> None:
        """Forget everything."""


class NoEyes:
    """Where nobody looks; `why` says so in a sentence."""

    def __init__(self, why: str) -> None:
        self._why = why

    def look(self, picture: bytes, tell: Tell) -> None:
        raise UserError(self._why)

    def faces(self, steps: int) -> Faces | None:
        return None

    def close(self) -> None:
        return None


class ChatSocket:
    """One client."""

    def __init__(self, socket: WebSocket, hall: Hall, staging: Executor, eyes: Eyes) -> None:
        """Args:
        staging: where motion is made, beside the model's thread.
        eyes: what sees the user.
        """
        self._socket, self._hall, self._staging, self._eyes = socket, hall, staging, eyes
        self._running: tuple[TurnRun, asyncio.Task[None]] | None = None
        self._patience: asyncio.Timeout | None = None

    async def serve(self) -> None:
        """From the handshake to the end."""
        await self._socket.accept()
        try:
            with self._hall.room() as room:
                await self._serve_in(room)
        except ApiError as error:
            with suppress(OSError):
                await self.refuse(str(error.detail), error.code)
                await self._close(_TRY_AGAIN, str(error.detail))
        except OSError:
            return  # the client has left
        finally:
            self._eyes.close()

    async def _serve_in(self, room: ChatRoom) -> None:
        try:
            await self.send({"type": "ready", "chat": room.id, "version": VERSION})
            while True:
                try:
                    async with asyncio.timeout(self._hall.limits.idle_s) as self._patience:
                        message = await self._socket.receive()
                except TimeoutError:
                    await self._close(_AWAY, "Nothing was said or taken in for a long time; load the page again.")
                    break
                finally:
                    self._patience = None
                if message["type"] == "websocket.disconnect":
                    break
                await self._take(room, message)
        finally:
            await self._stop()

    async def _take(self, room: ChatRoom, message: Any) -> None:
        """Do what one message asks for; a mistake is told, and the chat goes on."""
        try:
            if message.get("bytes") is not None:
                self._look(message["bytes"])
            else:
                await self._obey(room, _plain(message.get("text") or ""))
        except UserError as error:
            await self.refuse(str(error), "invalid_value")

    async def _obey(self, room: ChatRoom, told: dict[str, Any]) -> None:
        kind = told.get("type")
        if kind == "say":
            typed, knobs = self._hall.typed(told.get("text")), read_knobs(told.get("sampling"), Knobs())
            await self._stop()
            room.count += 1
            turn = TurnRun(self, self._hall, room, typed, knobs)
            self._running = turn, asyncio.create_task(self._run(turn))
        elif kind == "stop":
            await self._stop()
        elif kind == "reset":
            await self._stop()
            room.talk = self._hall.new_talk()
        else:
            raise UserError(f"type: got {str(kind)[:40]!r}, expected say, stop or reset")

    def _look(self, picture: bytes) -> None:
        if len(picture) > _LARGEST_PICTURE:
            raise UserError(f"picture: got {len(picture)} bytes, expected at most {_LARGEST_PICTURE}")
        self._eyes.look(picture, self.send)

    async def _run(self, turn: TurnRun) -> None:
        """One turn; whoever takes nothing in any more has had their last."""
        if not await turn.run(self._staging, self._eyes.faces) and self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def _stop(self) -> None:
        """End the answer that is under way; nothing of it runs afterwards."""
        running, self._running = self._running, None
        if running is None:
            return
        turn, task = running
        await turn.halt()
        await asyncio.wait([task], timeout=_PATIENCE_S)
        task.cancel()
        await asyncio.wait([task])

    async def refuse(self, sentence: str, code: str) -> None:
        """Tell a mistake."""
        await self.send({"type": "error", "message": sentence, "code": code})

    async def send(self, message: dict[str, Any]) -> None:
        """One message as JSON."""
        await self._give(json.dumps(message, ensure_ascii=False, allow_nan=False))

    async def send_motion(self, chunk: bytes) -> None:
        """One chunk of motion."""
        await self._give(chunk)

    async def _give(self, data: str | bytes) -> None:
        if self._socket.application_state is not WebSocketState.CONNECTED:
            raise OSError("the chat is over")
        try:
            await (self._socket.send_text(data) if isinstance(data, str) else self._socket.send_bytes(data))
        except WebSocketDisconnect as error:
            raise OSError("the client has left") from error

    async def _close(self, code: int, reason: str) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect, OSError):
                await self._socket.close(code, reason.encode()[:_LONGEST_REASON].decode(errors="ignore"))


def _plain(text: str) -> dict[str, Any]:
    """The JSON object of a message.

    Raises:
        UserError: it is none.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError('message: got no JSON, expected such as {"type": "say", "text": "Hello"}') from error
    if not isinstance(found, dict):
        raise UserError('message: got JSON that is no object, expected such as {"type": "say", "text": "Hello"}')
    return found
