"""Who may talk to the server: Host, Origin and token are checked before anything else looks at a request."""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
from urllib.parse import parse_qsl, quote, urlencode

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nonverbal.serve.errors import ApiError, refuse
from nonverbal.serve.settings import ServerConfig, address_of

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::\d{1,5})?")
_SAFE = ("GET", "HEAD")
_OPEN_PATHS = ("/healthz",)
"""Paths that tell nothing and so need no token: for monitors."""

FIXED_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=(), display-capture=(), usb=(), payment=()",
    "cache-control": "no-store",
}


def content_policy(host: str) -> str:
    """The content security policy of every answer; `host` has been checked. Older Firefox needs ws: spelled out."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
        f"connect-src 'self' blob: ws://{host} wss://{host}; media-src 'self' blob:; worker-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a header that may come once.

    Raises:
        ApiError: it came twice, so that nobody knows which one others go by.
    """
    found = [value for key, value in scope["headers"] if key == name]
    if len(found) > 1:
        raise ApiError(400, f"The header {name.decode()} came {len(found)} times, expected once.", "double_header")
    return found[0].decode("latin-1") if found else None


class Headers:
    """Puts the headers that keep a browser safe on every answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = False

        async def dressed(message: Message) -> None:
            nonlocal accepted
            accepted = accepted or message["type"] == "websocket.accept"
            refusable = "websocket.http.response" in scope.get("extensions", {})
            if message["type"] == "websocket.close" and not accepted and refusable:
                await refuse(scope, receive, dressed, ApiError(404, "There is nothing at this address.", "not_found"))
                return
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                own = list(message.get("headers", []))
                given = {name.lower() for name, _ in own}
                policy = content_policy(scope.get("state", {}).get("host", "127.0.0.1"))
                every = {**FIXED_HEADERS, "content-security-policy": policy}
                own += [(k.encode(), v.encode()) for k, v in every.items() if k.encode() not in given]
                message = {**message, "headers": own}
            await send(message)

        await self._app(scope, receive, dressed)


class Gate:
    """Lets a request in whose Host is one of ours, whose Origin is the server's own, and which has the token."""

    def __init__(self, app: ASGIApp, config: ServerConfig) -> None:
        self._app = app
        self._config = config
        names = {"localhost", *(name.lower() for name in config.allow_hosts)}
        self._names = names if config.is_local else names | {config.host.lower(), socket.gethostname().lower()}
        self._secret = config.secret.encode()
        self._session = _derived(self._secret, b"session")
        self._cookie = f"nonverbal-{_derived(self._secret, b'cookie')[:8]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            host = self._checked_host(scope)
            scope.setdefault("state", {})["host"] = host
            _check_origin(scope, host)
            entered = self._check_token(scope)
        except ApiError as error:
            await refuse(scope, receive, send, error)
            return
        await (entered or self._app)(scope, receive, send)

    def _checked_host(self, scope: Scope) -> str:
        """The Host header in lower case.

        Raises:
            ApiError: it is none of ours: a page of somebody else may have pointed its own name here (DNS rebinding).
        """
        host = (header(scope, b"host") or "").lower()
        found = _HOST.fullmatch(host)
        address = address_of(found[1]) if found else None
        # an address in place of a name cannot be rebound, but on this machine only its own addresses are ours
        fits = address is not None and (address.is_loopback or not self._config.is_local)
        if not found or not (fits or found[1] in self._names):
            sentence = f"This server does not go by the name {ascii(host)[:80]}; call it by the address it printed"
            raise ApiError(421, f"{sentence}, or start it with --allow-hosts.", "unknown_host")
        return host

    def _check_token(self, scope: Scope) -> ASGIApp | None:
        """Nothing for who may pass; the answer for who brings the token in the address.

        Raises:
            ApiError: there is no right token.
        """
        if not self._secret or scope["path"] in _OPEN_PATHS or self._is_known(scope):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if scope["type"] == "http" and scope["method"] == "GET" and len(given) == 1 and self._fits(given[0]):
            return self._entrance(scope, [pair for pair in query if pair[0] != "token"])
        sentence = "This server asks for its token: open the address it printed when it started. "
        raise ApiError(
            401,
            sentence + "If you have done so in this browser before, load this page once more.",
            "token_missing",
            {"WWW-Authenticate": "Bearer"},
        )

    def _is_known(self, scope: Scope) -> bool:
        bearer = header(scope, b"authorization") or ""
        if bearer[:7].lower() == "bearer " and self._fits(bearer[7:].strip()):
            return True
        return any(hmac.compare_digest(value.encode(), self._session.encode()) for value in self._cookies(scope))

    def _cookies(self, scope: Scope) -> list[str]:
        """Values of our cookie, which are never quoted: reading many quotes can take Python seconds."""
        given = [v.decode("latin-1") for k, v in scope["headers"] if k == b"cookie"]
        pairs = [pair.strip().partition("=") for text in given for pair in text.split(";")]
        return [value for name, _, value in pairs if name == self._cookie]

    def _fits(self, token: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "replace"), self._secret)

    def _entrance(self, scope: Scope, rest: list[tuple[str, str]]) -> ASGIApp:
        """To the same page without the token in its address; the cookie does not tell the token to other ports."""
        path = "/" + quote(scope["path"].lstrip("/\\"), safe="/")  # never //elsewhere
        answer = RedirectResponse(path + (f"?{urlencode(rest)}" if rest else ""), 303)
        answer.set_cookie(self._cookie, self._session, httponly=True, samesite="strict", path="/")
        return answer


def _check_origin(scope: Scope, host: str) -> None:
    """See that no other page stands behind a request that does something, or that reads what is not a page.

    Raises:
        ApiError: it comes from another origin.
    """
    origin, site = header(scope, b"origin"), header(scope, b"sec-fetch-site")
    acts = scope["type"] == "websocket" or scope["method"] not in _SAFE
    if origin is not None and acts and origin.lower() not in (f"http://{host}", f"https://{host}"):
        raise ApiError(403, "This request comes from a page of another origin, which this server refuses.", "origin")
    if site in (None, "same-origin", "none"):
        return
    if acts or header(scope, b"sec-fetch-mode") != "navigate" or header(scope, b"sec-fetch-dest") != "document":
        raise ApiError(403, "This request comes from a page of another site, which this server refuses.", "origin")


def _derived(secret: bytes, purpose: bytes) -> str:
    return hmac.new(secret, b"nonverbal " + purpose, hashlib.sha256).hexdigest()
