"""What the server is made of: parts with their routes, and the lanes in which their requests run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter


@dataclass(frozen=True, slots=True)
class Lane:
    """Requests whose path begins with one of `prefixes` share `parallel` places.

    Attributes:
        name: what the sentence of a refusal calls them.
        body_bytes: largest body of a request; None as everywhere else.
        request_s: longest time a request may take; None as everywhere else.
    """

    name: str
    prefixes: tuple[str, ...]
    parallel: int
    body_bytes: int | None = None
    request_s: float | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the server, such as the dataset viewer.

    Attributes:
        name: also the path of its page: "viewer", "chat" or "study".
        router: its routes.
        lanes: limits of its own; the longest prefix that fits counts.
        startup: runs before the first request.
        shutdown: runs after the last one.
    """

    name: str
    router: APIRouter
    lanes: Sequence[Lane] = ()
    startup: Callable[[], Awaitable[None]] | None = None
    shutdown: Callable[[], Awaitable[None]] | None = None
