"""The server: parts under one application, guarded, and run by uvicorn on this machine."""

from __future__ import annotations

import logging
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from math import ceil

import uvicorn
from fastapi import FastAPI
from rich.console import Console

from nonverbal import __version__
from nonverbal.serve.avatars import Avatars, avatar_router
from nonverbal.serve.connections import guarded_protocol
from nonverbal.serve.errors import LOG, CatchErrors, add_handlers
from nonverbal.serve.limits import Limiter
from nonverbal.serve.parts import Part
from nonverbal.serve.security import Gate, Headers
from nonverbal.serve.settings import ServerConfig
from nonverbal.serve.static import PAGES, load_pages, static_router
from nonverbal.verdicts import UserError

_PORTS_TRIED = 20
_GRACE_S = 3
_SWITCH_S = 0.0001  # after which a thread that computes lets the one in that answers; usually fifty times as long
_LARGEST_HEAD = 32_768  # bytes that are kept of a head that has not come as a whole


def create_app(config: ServerConfig, parts: Sequence[Part], avatars: Avatars | None = None) -> FastAPI:
    """All parts under one application; requests pass headers, errors, gate and limits in this order."""
    made = avatars or Avatars()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if made.at_once:
            made.start()
        begun: list[Part] = []
        try:
            for part in parts:
                if part.startup is not None:
                    await part.startup()
                begun.append(part)
            yield
        except Exception as error:  # uvicorn keeps it to itself; `serve` raises it again
            app.state.fault = error
            raise
        finally:
            for part in reversed(begun):
                if part.shutdown is not None:
                    await part.shutdown()
            await made.stop()

    app = FastAPI(title="nonverbal", version=__version__, docs_url=None, redoc_url=None, openapi_url=None,
                  redirect_slashes=False, lifespan=lifespan)  # fmt: skip
    add_handlers(app)
    app.add_middleware(Limiter, limits=config.limits, lanes=[lane for part in parts for lane in part.lanes])
    app.add_middleware(Gate, config=config)
    app.add_middleware(CatchErrors)
    app.add_middleware(Headers)
    app.include_router(avatar_router(made))
    for part in parts:
        app.include_router(part.router)
    app.include_router(static_router(load_pages(config.pages or PAGES), [part.name for part in parts]))
    return app


def listen(config: ServerConfig) -> socket.socket:
    """A socket that listens where `config` says; where the port is taken, on the next free one.

    Raises:
        UserError: the address is none of this machine's, or no port is free.
    """
    ports = [config.port] if config.port == 0 else range(config.port, min(config.port + _PORTS_TRIED, 65536))
    try:
        family, _, _, _, address = socket.getaddrinfo(config.host, 0, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise UserError(f"host {config.host}: is no address of this machine ({error.strerror})") from error
    for port in ports:
        # asyncio sends small answers at once only where the protocol is named; else they wait 40 ms for each other
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((address[0], port, *address[2:]))
            found.listen(128)
        except OSError as error:
            found.close()
            reason = error
            continue
        return found
    raise UserError(
        f"no port from {ports[0]} to {ports[-1]} can be had on {config.host} ({reason.strerror}); give another --port"
    ) from reason


def address_line(config: ServerConfig, port: int, path: str = "/") -> str:
    """The address to open in a browser, with the token if one is asked for."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    if config.host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound to
        host = socket.gethostname()
    return f"http://{host}:{port}{path}" + (f"?token={config.secret}" if config.secret else "")


def serve(
    config: ServerConfig, parts: Sequence[Part], console: Console, path: str = "/", open_browser: bool = False
) -> int:
    """Run the parts until interrupted; returns the exit code.

    Args:
        path: of the page whose address is printed.
        open_browser: show it in the user's browser.

    Raises:
        UserError: nothing can listen there, or a part cannot start.
    """
    sys.setswitchinterval(_SWITCH_S)
    with closing(listen(config)) as found:
        port = found.getsockname()[1]
        wanted, config = config.port, replace(config, port=port)
        app = create_app(config, parts, Avatars(at_once=True))
        server = uvicorn.Server(uvicorn_config(app, config))
        address = address_line(config, port, path)
        if wanted not in (0, port):
            console.print(f"Port {wanted} is taken; using {port}.")
        console.print(f"Open {address} in a browser; Ctrl+C ends the server.", markup=False, soft_wrap=True)
        if open_browser:
            webbrowser.open(address)
        try:
            with suppress(KeyboardInterrupt):  # how a server is meant to end
                server.run(sockets=[found])
        except SystemExit as error:  # how uvicorn says that a part could not start
            raise getattr(app.state, "fault", error) from error
    return 0


def uvicorn_config(app: FastAPI, config: ServerConfig) -> uvicorn.Config:
    """uvicorn without what a server on this machine does not need: proxies, its name, a log of addresses."""
    limits = config.limits
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # errors are in our own log, once
    if not LOG.handlers:
        LOG.addHandler(logging.StreamHandler())
    return uvicorn.Config(
        app,
        http=guarded_protocol(limits),
        ws="websockets-sansio",
        ws_max_size=limits.message_bytes,
        ws_max_queue=8,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=2 * limits.connections,
        timeout_keep_alive=ceil(limits.idle_s),  # whole seconds; `guarded_protocol` keeps to shorter ones
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
    )
