"""Errors as a client gets them: JSON in OpenAI's form, a small page for people, and never an exception's text."""

from __future__ import annotations

import html
import json
import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nonverbal.verdicts import UserError

LOG = logging.getLogger("nonverbal.serve")
_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
_LONGEST = 400
REFUSED = "refused"
"""Stands in the state of a request that was one too many, for the connection to pause."""


class ApiError(HTTPException):
    """A refusal: its status, one sentence for people, and a code for programs."""

    def __init__(self, status: int, message: str, code: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(status, message, headers)
        self.code = code or HTTPStatus(status).name.lower()


def error_body(status: int, message: str, code: str = "") -> dict[str, Any]:
    """The JSON of an error, as OpenAI's clients read it."""
    kind = _KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
    code = code or HTTPStatus(status).name.lower()
    return {"error": {"message": message[:_LONGEST], "type": kind, "param": None, "code": code}}


def error_response(scope: Scope, error: ApiError) -> Response:
    """The error as a page where a browser asked for one, else as JSON."""
    status, headers = error.status_code, {**(error.headers or {}), "Cache-Control": "no-store"}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        scope.setdefault("state", {})[REFUSED] = True
    if _wants_page(scope):
        return Response(error_page(status, str(error.detail)), status, headers, "text/html; charset=utf-8")
    body = json.dumps(error_body(status, str(error.detail), error.code))
    return Response(body, status, headers, "application/json")


def error_page(status: int, message: str) -> str:
    """A page with one sentence; it needs no script, no style and no other file."""
    title = html.escape(f"{status} {HTTPStatus(status).phrase}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} - nonverbal</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>'
        f'<body><main role="alert"><h1>{title}</h1><p>{html.escape(message)}</p></main></body></html>'
    )


def _wants_page(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    if scope["path"].startswith(("/api/", "/v1/", "/media/", "/avatar/")):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def refuse(scope: Scope, receive: Receive, send: Send, error: ApiError) -> None:
    """Answer a request or a WebSocket that has not begun by an error."""
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": str(error.detail)[:120]})
        return
    await error_response(scope, error)(scope, receive, send)


def add_handlers(app: FastAPI) -> None:
    """Let every error that a route raises leave in one form."""

    async def refused(request: Request, error: Exception) -> Response:
        return error_response(request.scope, _as_api_error(error))

    for kind in (HTTPException, RequestValidationError, UserError):
        app.add_exception_handler(kind, refused)


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, HTTPException):
        sentence = {404: "There is nothing at this address.", 405: "This address does not take this method."}
        return ApiError(error.status_code, sentence.get(error.status_code, str(error.detail)), headers=_plain(error))
    if isinstance(error, RequestValidationError):
        return ApiError(422, _complaint(error), "invalid_value")
    return ApiError(400, str(error), "invalid_value")


def _plain(error: HTTPException) -> dict[str, str] | None:
    return dict(error.headers) if error.headers else None


def _complaint(error: RequestValidationError) -> str:
    """The first thing that is wrong with a request."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    got = "" if first["type"] == "missing" else f", got {str(first.get('input'))[:60]!r}"
    return f"{where}: {first['msg'].lower()}{got}"


class CatchErrors:
    """Outermost but for the headers: what nobody caught is written to the log and leaves as a plain 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:  # the last place before the network: nothing of the exception may leave
            LOG.exception("%s %s failed", scope["type"], ascii(scope["path"]))
            if not begun:
                error = ApiError(500, "The server failed at this; its log says why.", "internal_error")
                await refuse(scope, receive, send, error)
