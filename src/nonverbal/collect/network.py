"""The one way to the network for yt-dlp: checked addresses, pauses, tries, counted and bounded answers."""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import socket
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from typing import Any

from yt_dlp.networking._urllib import (
    HTTPHandler,
    ProxyHandler,
    RedirectHandler,
    UrllibRH,
    handle_response_read_exceptions,
)
from yt_dlp.networking.common import Request, Response
from yt_dlp.networking.exceptions import (
    CertificateVerifyError,
    HTTPError,
    IncompleteRead,
    RequestError,
    TransportError,
)

from nonverbal.collect.addresses import Hosts, host_of
from nonverbal.collect.manners import TRIED_AGAIN, EnoughError, Gate, Pulse
from nonverbal.verdicts import RejectedError

_BLOCK_BYTES = 1 << 16
_WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_HEAD_LIMIT = 3.0
"""Times the timeout that the head of an answer may take, however steadily it drips."""


def guarded_handler(gate: Gate, hosts: Hosts) -> Callable[..., UrllibRH]:
    """yt-dlp makes its request handlers itself; this makes one that knows the gate."""
    return functools.partial(GuardedRH, gate, hosts)


class GuardedRH(UrllibRH):
    """yt-dlp's handler on urllib, without data:, ftp: and file:, every byte of it through the gate."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")

    def __init__(self, gate: Gate, hosts: Hosts, **settings: Any) -> None:
        super().__init__(**settings)
        self._gate, self._hosts = gate, hosts

    def _create_instance(
        self, proxies: dict[str, str], cookiejar: Any, legacy_ssl_support: bool | None = None
    ) -> urllib.request.OpenerDirector:
        opener = urllib.request.OpenerDirector()
        for handler in (
            ProxyHandler(proxies),
            _GuardedHTTP(self._hosts, context=self._make_sslcontext(legacy_ssl_support=legacy_ssl_support)),
            urllib.request.HTTPCookieProcessor(cookiejar),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _GuardedRedirect(self._hosts),
        ):
            opener.add_handler(handler)
        opener.addheaders = []
        return opener

    def _prepare_headers(self, request: Request, headers: Any) -> None:
        headers.setdefault("Accept-Encoding", "gzip, deflate")

    def _send(self, request: Request) -> Response:
        """The answer to a request, after as many tries as good manners allow.

        Raises:
            RequestError: there is none; a `RejectedError` or `EnoughError` is its cause where that is why.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._ask(request)
            except HTTPError as error:
                again = error.status in TRIED_AGAIN and self._gate.wait(
                    attempt, error.response.get_header("Retry-After")
                )
                if not again:
                    raise
                error.close()
            except CertificateVerifyError:
                raise
            except TransportError as error:
                if _is_final(error) or not self._gate.wait(attempt, None):
                    raise

    def _ask(self, request: Request) -> Response:
        try:
            self._hosts.check_url(request.url)
            if self.proxies:
                self._check_name(request.url)
            self._gate.before_request(request.url)
            return self._metered(super()._send(request), request)
        except HTTPError as error:
            raise HTTPError(self._metered(error.response, request), error.redirect_loop) from error
        except (RejectedError, EnoughError) as error:
            raise RequestError(cause=error) from error

    def _check_name(self, url: str) -> None:
        """Looks where a host leads that a proxy will connect to; a proxy may know names that are not known here."""
        with contextlib.suppress(OSError):
            self._hosts.resolve(host_of(url), 80)

    def _metered(self, answer: Response, request: Request) -> Response:
        meter = _Meter(answer, self._gate, request.method != "HEAD")
        return Response(meter, url=answer.url, headers=answer.headers, status=answer.status, reason=answer.reason)


class _GuardedHTTP(HTTPHandler):
    """Connects to addresses that were checked, never to a name that could be asked for twice."""

    def __init__(self, hosts: Hosts, context: Any) -> None:
        super().__init__(context=context)
        self._hosts = hosts
        self._line: socket.socket | None = None
        self._was_cut = False

    def do_open(self, connection: Any, req: urllib.request.Request, **settings: Any) -> Any:
        """Asks and reads the answer's head, which a server may let drip without any single wait being too long."""
        clock = threading.Timer(_HEAD_LIMIT * float(req.timeout or 20.0), self._cut)
        clock.daemon = True
        self._was_cut = False
        clock.start()
        try:
            answer = super().do_open(connection, req, **settings)
        finally:
            clock.cancel()
            if self._line is not None:
                self._line.close()
        if self._was_cut:  # to `http.client` an end is an end, even in the middle of the head
            answer.close()
            raise urllib.error.URLError(TimeoutError("the head of the answer never ended"))
        return answer

    def _cut(self) -> None:
        self._was_cut = True
        with contextlib.suppress(OSError, AttributeError):
            self._line.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(self._connections(http.client.HTTPConnection, req), req)

    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(self._connections(http.client.HTTPSConnection, req), req, context=self._context)

    def http_response(self, req: urllib.request.Request, resp: Any) -> Any:
        return resp  # still compressed: `_Meter` decompresses no more than is read

    https_request = HTTPHandler.http_request
    https_response = http_response

    def _connections(self, base: type, req: urllib.request.Request) -> Callable[..., Any]:
        proxied = "Ytdl-socks-proxy" in req.headers
        kind = self._make_conn_class(base, req)

        def connection(*args: Any, **settings: Any) -> Any:
            made = kind(*args, **settings)
            if not proxied:
                made._create_connection = self._connect
            return made

        return connection

    def _connect(self, address: tuple[str, int], timeout: float, source_address: Any = None) -> socket.socket:
        last: OSError | None = None
        for family, kind, protocol, _, place in self._hosts.resolve(*address):
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(timeout)
                made.connect(place)
                self._line = made.dup()  # TLS takes `made` over
                return made
            except OSError as error:
                made.close()
                last = error
        raise last or OSError(f"{address[0]} has no address")


class _GuardedRedirect(RedirectHandler):
    """Follows redirects to where a request would have been allowed, and takes no password along to another host."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        self._hosts.check_url(newurl)
        further = super().redirect_request(req, fp, code, msg, headers, newurl)
        if further is not None and host_of(req.full_url) != host_of(newurl):
            for name in ("Authorization", "Proxy-authorization"):
                further.headers.pop(name, None)
        return further


class _Meter(io.RawIOBase):
    """An answer's body: counted as it comes, decompressed no faster than it is read, cut where it is too long."""

    def __init__(self, answer: Response, gate: Gate, has_body: bool) -> None:
        self._answer, self._gate = answer, gate
        self._fp = answer.fp
        self._limit_bytes = gate.limit_bytes
        self._pulse = Pulse(gate.manners.timeout_s, time.monotonic())
        length = answer.headers.get("Content-Length") or ""
        told = length.isascii() and length.isdigit() and len(length) < 16 and has_body
        self._expected = int(length) if told else None
        self._raw = self._given = 0
        encoding = (answer.headers.get("Content-Encoding") or "").strip().lower()
        self._unpack = zlib.decompressobj(_WBITS[encoding]) if encoding in _WBITS else None

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes, or all of them; empty at the end."""
        if self.closed:
            return b""
        try:
            if size is not None and size >= 0:
                return self._some(size)
            parts = []
            while part := self._some(_BLOCK_BYTES):
                parts.append(part)
            return b"".join(parts)
        except (RejectedError, EnoughError) as error:
            raise RequestError(cause=error) from error
        except RequestError:
            raise
        except Exception as error:
            handle_response_read_exceptions(error)
            raise

    def _some(self, size: int) -> bytes:
        """At most `size` bytes, as they come; the limit holds for what is given out."""
        if self._unpack is None:
            data = self._fetch(min(size, _BLOCK_BYTES))
        else:
            data = b""
            while not data and not self._unpack.eof:
                packed = self._unpack.unconsumed_tail or self._fetch(_BLOCK_BYTES)
                if not packed:
                    break
                data = self._unpack.decompress(packed, max(1, size))
        self._given += len(data)
        with self._gate_limit():
            self._gate.check_length(self._given, self._answer.url)
        return data

    def _gate_limit(self) -> Any:
        return self._gate.allowing(self._limit_bytes)  # that of when the answer began

    def _fetch(self, size: int) -> bytes:
        data: bytes = self._fp.read1(size) if hasattr(self._fp, "read1") else self._fp.read(size)
        self._raw += len(data)
        self._gate.count(len(data))
        if data and not self._pulse.beat(time.monotonic(), len(data)):
            raise TransportError(f"{host_of(self._answer.url)} stopped sending")
        if not data and self._expected is not None and self._raw < self._expected and self._answer.status != 304:
            raise IncompleteRead(partial=self._raw, expected=self._expected - self._raw)
        return data

    def close(self) -> None:
        self._answer.close()
        super().close()


def _is_final(error: TransportError) -> bool:
    """Whether trying again gives the same: the name of the host is not known."""
    cause: Any = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return bool(cause.errno == socket.EAI_NONAME)
        reason = getattr(cause, "reason", None)
        cause = reason if isinstance(reason, BaseException) else (getattr(cause, "cause", None) or cause.__cause__)
    return False
