"""A real server on this machine for tests, and plain sockets to misbehave with."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn

from nonverbal.serve.app import create_app, listen, uvicorn_config
from nonverbal.serve.parts import Part
from nonverbal.serve.settings import ServerConfig


@contextmanager
def running(config: ServerConfig, parts: Sequence[Part]) -> Iterator[int]:
    """The port of a server that runs as long as the context."""
    with listen(config) as found:
        server = uvicorn.Server(uvicorn_config(create_app(config, parts), config))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [found]}, daemon=True)
        thread.start()
        until = time.monotonic() + 30
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        assert server.started
        try:
            yield found.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


def dial(port: int, *lines: str) -> socket.socket:
    """A connection on which `lines` have been sent, each with its end of line."""
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    line.sendall("".join(f"{text}\r\n" for text in lines).encode())
    return line


def ask(line: socket.socket, path: str) -> bytes:
    """The answer to one request on a connection that stays open; head and body may come one after the other."""
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    heard = b""
    while not (heard.count(b"\r\n\r\n") and heard.endswith(b"}")):
        piece = line.recv(65536)
        assert piece, f"the server hung up after {heard!r}"
        heard += piece
    return heard


def hear(line: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    heard = bytearray()
    try:
        while piece := line.recv(65536):
            heard += piece
    except ConnectionResetError:
        pass
    line.close()
    return bytes(heard)
