"""Which addresses may be asked: http and https at public hosts; everything else is refused before a byte is sent."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from nonverbal.media.names import clean_text
from nonverbal.verdicts import Reason, RejectedError

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa")

Resolved = tuple[Any, Any, int, str, tuple[Any, ...]]
"""One row of `socket.getaddrinfo`."""


@dataclass
class Hosts:
    """Says which hosts may be talked to.

    Attributes:
        allow_private: everything is public, for tests and intranets.
        granted: addresses of proxies that the user named; a page can never add to them.
    """

    allow_private: bool = False
    granted: set[str] = field(default_factory=set)

    def grant(self, proxy: str) -> None:
        """Lets connections through to the proxy, wherever it stands."""
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if parts.hostname:
            self.granted.add(parts.hostname.lower())
            try:
                rows = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
            except OSError:
                return  # the first request through it will say that it cannot be reached
            self.granted.update(str(row[4][0]) for row in rows)

    def check_url(self, url: str) -> None:
        """Refuses what is not http(s) or names a host of the own network by address or by name.

        Raises:
            RejectedError: E_ADDRESS.
        """
        parts = _split(url)
        if parts.scheme.lower() not in ("http", "https"):
            raise _refused(url, f"its protocol is {parts.scheme or 'none'}, expected http or https")
        host = (parts.hostname or "").rstrip(".").lower()
        if not host:
            raise _refused(url, "it names no host")
        if self.allow_private:
            return
        if host == "localhost" or host.endswith(_LOCAL_NAMES):
            raise _refused(url, f"{host} is a name of the own network")
        address = _literal(host)
        if address is not None and not is_public(address):
            raise _refused(url, f"{address} is no public address")

    def resolve(self, host: str, port: int) -> list[Resolved]:
        """The addresses of a host, to be connected to as they are: asking for the name again may give others.

        Raises:
            RejectedError: E_ADDRESS when any of them is not public.
            OSError: the name is not known.
        """
        rows: list[Resolved] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for row in rows:
            if host.lower() not in self.granted:
                self.check_address(str(row[4][0]), host)
        return rows

    def check_address(self, address: str, host: str = "") -> None:
        """Refuses an address that a connection is about to be opened to.

        Raises:
            RejectedError: E_ADDRESS.
        """
        if self.allow_private or address in self.granted:
            return
        found = _literal(address)
        if found is None or not is_public(found):
            raise _refused(host or address, f"it leads to {clean_text(address)}, which is no public address")


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address belongs to the open internet; IPv4 addresses inside of IPv6 ones are judged as such."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def without_secrets(url: str) -> str:
    """The address without user name and password, on one line: fit for records and messages."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return clean_text(url.split("@")[-1], 300)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return clean_text(urlunsplit((parts.scheme, host + port, parts.path, parts.query, "")), 2000)


def host_of(url: str) -> str:
    """The host of an address; empty where there is none."""
    try:
        return (_split(url).hostname or "").lower()
    except RejectedError:
        return ""


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise _refused(url, f"it cannot be read ({error})") from error


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is written as; also the odd spellings (127.1, 0x7f000001, 2130706433) that libc reads."""
    try:
        return ipaddress.ip_address(host.strip("[]").split("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)) if host[:1].isdigit() else None
    except (OSError, UnicodeError):
        return None


def _refused(url: str, why: str) -> RejectedError:
    name = url if "://" not in url else without_secrets(url)
    return RejectedError(
        Reason.E_ADDRESS,
        f"{clean_text(name, 300)} is not asked: {why}; give a public http(s) address, or --allow-private-hosts inside "
        "of a network of your own",
    )
