"""How much a client may ask for: bodies, time, requests at once, messages; more is refused with a sentence."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nonverbal.serve.errors import LOG, ApiError, refuse
from nonverbal.serve.parts import Lane
from nonverbal.serve.settings import Limits

_BURST_S = 2.0
_LARGEST_HEAD = 16_384
_CLOSE = {"Connection": "close"}


class Limiter:
    """Counts what is under way, lane by lane, and holds each request and WebSocket to its limits."""

    def __init__(self, app: ASGIApp, limits: Limits, lanes: Sequence[Lane] = ()) -> None:
        self._app = app
        self._limits = limits
        self._everything = Lane("requests", ("/",), limits.parallel)
        # bodies may be slow to come, and must leave places for requests without one
        self._uploads = Lane("requests whose body has not come", ("/",), max(limits.parallel // 4, 1))
        self._sockets = Lane("WebSockets", ("/",), limits.sockets)
        ways = [(prefix, lane) for lane in lanes for prefix in lane.prefixes]
        self._ways = sorted(ways, key=lambda way: -len(way[0]))
        self._busy: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        lane = self._lane_of(scope["path"])
        places = [self._everything, lane, *([self._uploads] if _has_body(scope) else [])]
        places = [self._sockets] if scope["type"] == "websocket" else places
        full = next((place for place in places if self._busy[place.name] >= place.parallel), None)
        if full is not None:
            sentence = f"{full.parallel} {full.name} are under way, and no more are taken at once; try again shortly."
            await refuse(scope, receive, send, ApiError(429, sentence, "too_many", {"Retry-After": "1"}))
            return
        held = {place.name for place in places}
        self._busy.update(held)

        def body_is_here() -> None:
            if self._uploads.name in held:
                held.remove(self._uploads.name)
                self._busy[self._uploads.name] -= 1

        try:
            if scope["type"] == "websocket":
                await self._app(scope, *_watched_socket(receive, send, self._limits))
            else:
                await self._answer(scope, receive, send, lane, body_is_here)
        finally:
            self._busy.subtract(held)

    def _lane_of(self, path: str) -> Lane:
        return next((lane for prefix, lane in self._ways if path.startswith(prefix)), self._everything)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, lane: Lane, body_is_here: Callable[[], None]
    ) -> None:
        most, longest_s = lane.body_bytes or self._limits.body_bytes, lane.request_s or self._limits.request_s
        reader = _Sender(send, self._limits.send_s)
        try:
            _check_head(scope)
            _check_length(scope, most)
            async with asyncio.timeout(longest_s):
                await self._app(scope, _bounded(receive, most, self._limits.body_s, body_is_here), reader.send)
        except ApiError as error:
            if not reader.begun:
                await refuse(scope, receive, send, error)
        except TimeoutError:  # what has begun to leave is cut off, which the reader sees
            LOG.warning("%s took longer than %g s, or its reader took nothing in", ascii(scope["path"]), longest_s)
            if not reader.begun:
                sentence = f"This took longer than the {longest_s:g} s that a request may take."
                await refuse(scope, receive, send, ApiError(503, sentence, "too_slow", _CLOSE))


class _Sender:
    """Hands on what the application sends, and gives up on a reader who takes nothing in."""

    def __init__(self, send: Send, patience_s: float) -> None:
        self._send = send
        self._patience_s = patience_s
        self.begun = False

    async def send(self, message: Message) -> None:
        self.begun = True
        async with asyncio.timeout(self._patience_s):
            await self._send(message)


def _check_head(scope: Scope) -> None:
    size = (
        len(scope.get("raw_path", b"")) + len(scope["query_string"]) + sum(len(k) + len(v) for k, v in scope["headers"])
    )
    if size > _LARGEST_HEAD:
        raise ApiError(431, f"The address and headers of this request have {size:,} bytes, which is too many.", "head")


def _has_body(scope: Scope) -> bool:
    return any(n == b"transfer-encoding" or (n == b"content-length" and v != b"0") for n, v in scope["headers"])


def _check_length(scope: Scope, most: int) -> None:
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or len(value) > 15 or int(value) > most):
            raise _too_large(most)


def _too_large(most: int) -> ApiError:
    return ApiError(413, f"The body of this request is larger than the {most:,} bytes allowed.", "too_large", _CLOSE)


def _bounded(receive: Receive, most: int, within_s: float, body_is_here: Callable[[], None]) -> Receive:
    """`receive` that refuses a body that is too large, or not here `within_s` after it was first asked for."""
    taken = 0
    whole = False
    deadline = 0.0

    async def bounded() -> Message:
        nonlocal taken, whole, deadline
        if whole:
            return await receive()
        now = asyncio.get_running_loop().time()
        deadline = deadline or now + within_s
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError as error:
            sentence = f"The body of this request has not come within {within_s:g} s."
            raise ApiError(408, sentence, "body_too_slow", _CLOSE) from error
        taken += len(message.get("body", b""))
        whole = message["type"] != "http.request" or not message.get("more_body", False)
        if taken > most:
            raise _too_large(most)
        if whole:
            body_is_here()
        return message

    return bounded


def _watched_socket(receive: Receive, send: Send, limits: Limits) -> tuple[Receive, Send]:
    """Both ends of a WebSocket that is closed when messages are too large or too many, or nobody takes them in."""
    allowance, stamp, closed = limits.messages_per_s * _BURST_S, time.monotonic(), False

    async def close(code: int, reason: str) -> Message:
        nonlocal closed
        if not closed:
            closed = True
            await send({"type": "websocket.close", "code": code, "reason": reason})
        return {"type": "websocket.disconnect", "code": code, "reason": reason}

    async def watched_receive() -> Message:
        nonlocal allowance, stamp
        message = await receive()
        if message["type"] != "websocket.receive":
            return message
        now = time.monotonic()
        allowance = min(allowance + (now - stamp) * limits.messages_per_s, limits.messages_per_s * _BURST_S) - 1
        stamp = now
        if allowance < 0:
            return await close(1008, "too many messages")
        if _size(message) > limits.message_bytes:
            return await close(1009, f"messages may have {limits.message_bytes} bytes")
        return message

    async def watched_send(message: Message) -> None:
        nonlocal closed
        if closed:
            raise OSError("the WebSocket is closed")  # which Starlette takes for a client who has left
        closed = message["type"] == "websocket.close"
        try:
            async with asyncio.timeout(limits.send_s):
                await send(message)
        except TimeoutError as error:
            closed = True
            raise OSError("nobody takes in what the WebSocket sends") from error

    return watched_receive, watched_send


def _size(message: Message) -> int:
    text, data = message.get("text"), message.get("bytes")
    return len(text.encode("utf-8", "surrogatepass")) if text is not None else len(data or b"")
