"""Connections that are not kept by who sends nothing, half a request, or takes nothing in."""

from __future__ import annotations

import asyncio
import json
import re

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from nonverbal.serve.errors import REFUSED, error_body
from nonverbal.serve.security import FIXED_HEADERS, content_policy
from nonverbal.serve.settings import Limits

_LOOKS = 4  # while a connection may be idle
_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
_APART_S = 0.01  # between connections that are heard again, so that they do not all come at once


def guarded_protocol(limits: Limits) -> type[H11Protocol]:
    """uvicorn's HTTP protocol with the two limits it lacks: how many connections, and how long one may hang about.

    uvicorn bounds idle time between two requests only. Here a connection that is not being answered has
    `limits.idle_s` to bring its next request as a whole, or to take in what is left of the last answer. And who was
    told to try again later (429) is heard again on this connection after `limits.pause_s`, so that those who try again
    at once do not take the time of those who wait.
    """
    heard_again = 0.0

    class Guarded(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._idle_since = self.loop.time()
            self._left_bytes = 0
            if len(self.connections) > limits.connections:
                transport.abort()
                return
            self._look = self.loop.call_later(limits.idle_s / _LOOKS, self._look_after)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if hasattr(self, "_look"):
                self._look.cancel()

        def on_response_complete(self) -> None:
            self._idle_since = self.loop.time()
            if self.scope["state"].get(REFUSED) and not self.transport.is_closing():
                nonlocal heard_again
                heard_again = max(self.loop.time() + limits.pause_s, heard_again + _APART_S)
                self.loop.call_at(heard_again, super().on_response_complete)
            else:
                super().on_response_complete()

        def send_400_response(self, msg: str) -> None:
            """Answer what is no HTTP, unless an answer is under way, which then ends here."""
            if self.cycle is not None and not self.cycle.response_complete:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                self.transport.abort()
                return
            for event in _malformed():
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

        def handle_websocket_upgrade(self, event: h11.Request) -> None:
            """Let only whole handshakes through, since refusals of the next protocol lack our headers."""
            given = dict(self.headers)
            key = given.get(b"sec-websocket-key", b"")
            if event.method != b"GET" or given.get(b"sec-websocket-version") != b"13" or not _KEY.fullmatch(key):
                self.send_400_response("")
                return
            super().handle_websocket_upgrade(event)

        def _look_after(self) -> None:
            if self.transport.get_protocol() is not self:
                return  # a WebSocket by now
            now, left = self.loop.time(), self.transport.get_write_buffer_size()
            answering = self.cycle is not None and not self.cycle.response_complete
            if answering or left < self._left_bytes:
                self._idle_since = now
            self._left_bytes = left
            if now - self._idle_since > limits.idle_s:
                self.transport.abort()
                return
            self._look = self.loop.call_later(limits.idle_s / _LOOKS, self._look_after)

    return Guarded


def _malformed() -> list[h11.Event]:
    """The answer to what is no HTTP."""
    body = json.dumps(error_body(400, "This is no request in HTTP/1.1.", "malformed")).encode()
    told = {
        **FIXED_HEADERS,
        "content-security-policy": content_policy("127.0.0.1"),
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
    }
    head = h11.Response(status_code=400, headers=list(told.items()), reason=b"Bad Request")
    return [head, h11.Data(data=body), h11.EndOfMessage()]
