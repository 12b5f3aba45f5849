"""An answer as a file: GLB, CSV, BVH, MP4 or JSON, made in a process of its own so that chats go on."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from nonverbal import __version__
from nonverbal.chat.clip import gaze_of
from nonverbal.chat.describe import describe, directions
from nonverbal.chat.reel import reel_of
from nonverbal.formats.motion_file import SUFFIX, write_motion
from nonverbal.formats.take import Take
from nonverbal.mars.stream import Conversation, Message
from nonverbal.serve.chat_hall import Hall, Turn
from nonverbal.serve.chat_stage import tokens_of, words_of
from nonverbal.serve.errors import LOG, ApiError
from nonverbal.timeline import FPS

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "glb": "model/gltf-binary",
        "csv": "text/csv; charset=utf-8",
        "bvh": "text/plain; charset=utf-8",
        "mp4": "video/mp4",
        "json": "application/json",
    }
)
_AT_ONCE = 2
_PATIENCE_S = 240.0


def files_router(hall: Hall) -> APIRouter:
    """The route of saved answers."""
    router = APIRouter()
    places = asyncio.Semaphore(_AT_ONCE)

    @router.get("/api/chat/{chat}/{number}.{suffix}")
    async def answer(chat: str, number: int, suffix: str) -> Response:
        if suffix not in MEDIA_TYPES:
            raise ApiError(404, f"An answer can be saved as {', '.join(MEDIA_TYPES)}.", "no_such_kind")
        turn = hall.turn(chat, number)
        headers = {"Content-Disposition": f'attachment; filename="answer-{number}.{suffix}"'}
        if suffix == "json":
            body = json.dumps(await asyncio.to_thread(plain, turn, hall), indent=1, ensure_ascii=False).encode()
        else:
            take = await asyncio.to_thread(take_of, turn, hall, f"answer-{number}")
            async with places:
                body = await made(take, suffix)
        return Response(body, headers=headers, media_type=MEDIA_TYPES[suffix])

    return router


def take_of(turn: Turn, hall: Hall, name: str) -> Take:
    """The answer as a take, its motion decoded in one go.

    Raises:
        ApiError: no avatar can perform it.
    """
    if not hall.shown:
        raise ApiError(409, "No avatar can perform what this model does; save the answer as json.", "not_shown")
    reel = reel_of(Conversation((turn.said,)), hall.mars.tokenizers, hall.config)
    where = {"source": f"made by nonverbal {__version__}"}
    return Take(name, FPS, "arkit52", reel.face, "smplx117", reel.body, gaze_of(reel.face), reel.own, **where)  # type: ignore[arg-type]


def plain(turn: Turn, hall: Hall) -> dict[str, Any]:
    """A turn as JSON: what was said and done by both, step by step, with the codes of motion."""
    config = hall.config
    steps = [
        {
            "start_s": round(index * config.step_s, 3),
            "words": words_of(step.holder, index, config),
            "tokens": tokens_of(step.holder, config),
        }
        for index, step in enumerate(turn.said.steps)
    ]
    listened = [tokens_of(step.listener, config) if step.listener else None for step in turn.heard.steps]
    seen = [tokens_of(step.holder, config) for step in turn.heard.steps]
    return {
        "tool": f"nonverbal {__version__}",
        "tokenizers": {part.part: part.tokenizer_hash for part in config.parts},
        "step_s": config.step_s,
        "sampling": asdict(turn.knobs),
        "heard": {"text": turn.text, "seen": seen, "listener": listened},
        "answer": {
            "text": spoken(turn.said),
            "described": _described(turn, hall),
            "reason": turn.reason,
            "steps": steps,
        },
    }


def spoken(message: Message) -> str:
    """All words of a message."""
    return " ".join(word for step in message.steps for word in step.holder.words)


def _described(turn: Turn, hall: Hall) -> str:
    if not hall.shown:
        return spoken(turn.said)
    reel = reel_of(Conversation((turn.said,)), hall.mars.tokenizers, hall.config)
    return describe(reel.own, directions(reel.face, reel.body))


async def made(take: Take, suffix: str) -> bytes:
    """The bytes of a take in a format, from another process: films and avatars take seconds of computing.

    Raises:
        ApiError: it could not be made; the sentence says why.
    """
    with tempfile.TemporaryDirectory(prefix="nonverbal-answer-") as folder:
        source, target = Path(folder, f"{take.name}{SUFFIX}"), Path(folder, f"{take.name}.{suffix}")
        await asyncio.to_thread(write_motion, take, source)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "nonverbal.serve.chat_maker", str(source), str(target),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(_PATIENCE_S):
                _, told = await process.communicate()
        except TimeoutError as error:
            raise ApiError(503, "Making this file took too long; ask for a shorter answer.", "too_slow") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 2:
            raise ApiError(409, told.decode(errors="replace").strip().splitlines()[-1], "cannot_be_made")
        if process.returncode or not target.is_file():
            LOG.error("making a file ended with %s: %s", process.returncode, told.decode(errors="replace")[-2000:])
            raise ApiError(500, "Making this file failed; the server's log says why.", "internal_error")
        return await asyncio.to_thread(target.read_bytes)
