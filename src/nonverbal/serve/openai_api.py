"""OpenAI's interface: /v1/chat/completions whole or streamed, with motion in a field of its own; models, health."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import ExitStack, aclosing

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from nonverbal.serve.chat_hall import Hall
from nonverbal.serve.errors import LOG, ApiError, error_body
from nonverbal.serve.openai_answer import Completion
from nonverbal.serve.openai_request import read_wish
from nonverbal.verdicts import UserError


def openai_router(hall: Hall, model: str, staging: Executor) -> APIRouter:
    """The routes; `model` is the name by which clients ask for the model."""
    router = APIRouter()
    since = int(time.time())
    card = {"id": model, "object": "model", "created": since, "owned_by": "nonverbal"}

    @router.get("/healthz")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/v1/models")
    async def models() -> dict[str, object]:
        return {"object": "list", "data": [card]}

    @router.get("/v1/models/{name:path}")
    async def one_model(name: str) -> dict[str, object]:
        if name != model:
            raise ApiError(404, f"There is no model {name[:60]!r}; this server has {model!r}.", "model_not_found")
        return card

    @router.post("/v1/chat/completions")
    async def completions(request: Request) -> Response:
        try:
            told = json.loads(await request.body())
        except (ValueError, RecursionError) as error:
            raise ApiError(400, "The body is no JSON.", "invalid_json") from error
        wish = read_wish(told, model)
        place = ExitStack()
        place.enter_context(hall.place())
        try:
            completion = await Completion.of(wish, hall, model, staging)
        except BaseException:
            place.close()
            raise
        if wish.stream:
            return StreamingResponse(_streamed(completion, place), media_type="text/event-stream")
        with place:
            return JSONResponse(await _whole(completion, request))

    return router


async def _whole(completion: Completion, request: Request) -> dict[str, object]:
    """The answer in one piece; whoever has left by then gets none, and it is broken off."""
    async with aclosing(completion.pieces()) as pieces:
        async for _ in pieces:
            if await request.is_disconnected():
                break
    return completion.whole()


async def _streamed(completion: Completion, place: ExitStack) -> AsyncIterator[bytes]:
    """The answer as server-sent events; `place` is given back at the end."""
    with place:
        try:
            yield _event(completion.first())
            async with aclosing(completion.pieces()) as pieces:
                async for piece in pieces:
                    yield _event(completion.chunk(piece))
            for last in completion.last():
                yield _event(last)
            yield b"data: [DONE]\n\n"
        except UserError as error:
            yield _event(error_body(400, str(error), "invalid_value"))
        except Exception:  # the status has been sent, so that this is how a client can learn of it
            LOG.exception("a completion failed")
            yield _event(error_body(500, "The server failed at this answer; its log says why.", "internal_error"))


def _event(told: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(told, ensure_ascii=False, allow_nan=False).encode() + b"\n\n"
