"""Where the server listens, who may talk to it, and how much it takes on at once."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import tyro

from nonverbal.verdicts import UserError

TOKEN_VARIABLE = "NONVERBAL_TOKEN"  # noqa: S105 - the name of a variable, no secret
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Limits:
    """How much the server takes on at once; what exceeds a limit is refused with a sentence, never queued."""

    parallel: int = 64
    """Requests at once; more are answered by 429."""
    sockets: int = 16
    """WebSockets at once."""
    connections: int = 512
    """Open connections; more are closed at once."""
    body_bytes: int = 1_000_000
    """Largest body of a request; more is answered by 413."""
    body_s: float = 15.0
    """A body must have come within this time, or it is answered by 408."""
    request_s: float = 60.0
    """A request that takes longer is cut off."""
    send_s: float = 30.0
    """A reader who takes in nothing for this long is dropped."""
    idle_s: float = 10.0
    """A connection on which no whole request comes for this long is closed."""
    pause_s: float = 1.0
    """A connection whose request was answered by 429 is not read from for this long, or a little longer."""
    message_bytes: int = 262_144
    """Largest message on a WebSocket; a larger one closes it."""
    messages_per_s: float = 60.0
    """Messages a second on a WebSocket, on average over two seconds; more close it."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise UserError(f"{name}={value}: expected more than 0")


@dataclass(frozen=True)
class ServerConfig:
    """Where the server listens and who may talk to it."""

    host: str = "127.0.0.1"
    """Address to listen on. Anything but this machine alone (127.0.0.1, ::1, localhost) needs a token."""
    port: int = 8000
    """Port; if it is taken, the next free one. 0 for any."""
    token: str = ""
    """Secret of 16 or more letters and digits that every request must bring; better given as NONVERBAL_TOKEN, since
    other users of the machine can read command lines."""
    allow_hosts: tuple[str, ...] = ()
    """Names under which the server may be called besides its address, such as that of a proxy."""
    pages: Path | None = None
    """Folder of built pages to show in place of those that come with the package."""
    limits: tyro.conf.Suppress[tyro.conf.Fixed[Limits]] = field(default_factory=Limits)
    """How much the server takes on at once."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise UserError(f"port {self.port}: expected 0 to 65535")
        for name in (self.host, *self.allow_hosts):
            if not (_NAME.fullmatch(name) or _address(name)):
                raise UserError(f"host {name!r}: expected an address such as 127.0.0.1 or ::1, or a name")
        if self.secret and not _TOKEN.fullmatch(self.secret):
            raise UserError("the token has another form than expected: 16 to 200 letters, digits, dots and dashes")
        if not self.is_local and not self.secret:
            raise UserError(
                f"host {self.host} can be reached from other machines: give a token of 16 or more letters and digits, "
                f"as --token or in {TOKEN_VARIABLE}, or leave --host away to serve this machine only"
            )

    @property
    def secret(self) -> str:
        """The token in force; empty where none is asked for."""
        return self.token or os.environ.get(TOKEN_VARIABLE, "")

    @property
    def is_local(self) -> bool:
        """Nobody but this machine can reach the server."""
        address = _address(self.host)
        return self.host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host in a URL spells, with brackets or without; None for a name."""
    return _address(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
