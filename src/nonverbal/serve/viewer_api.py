"""The viewer's routes: every answer about a dataset, as JSON, motion on the wire, or bytes of a source."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nonverbal.serve.errors import ApiError
from nonverbal.serve.library import Library
from nonverbal.serve.library_map import MotionMap
from nonverbal.serve.library_media import MediaFolder
from nonverbal.serve.library_search import Order
from nonverbal.serve.library_search import Query as Wanted
from nonverbal.serve.parts import Lane, Part
from nonverbal.serve.ranges import range_response
from nonverbal.verdicts import UserError

T = TypeVar("T")
_MOST_COLUMNS = 16
_HEAVY_THREADS, _MOST_WAITING = 2, 24
_LANES = (
    Lane("searches and readings", ("/api/dialogues",), 40),
    Lane("media streams", ("/media/",), 12, request_s=600.0),
)
_Text = Annotated[str, Field(max_length=300)]


class _Page(BaseModel):
    model_config = ConfigDict(extra="forbid")
    offset: int = Field(0, ge=0, le=10_000_000)
    limit: int = Field(50, ge=1, le=200)


class DialoguePage(_Page):
    """What a list of dialogues may be asked for."""

    q: _Text = ""
    channel: str = Field("", max_length=1000)
    participant: _Text = ""
    split: _Text = ""
    language: _Text = ""
    min_s: FiniteFloat | None = None
    max_s: FiniteFloat | None = None
    min_words: int | None = None
    max_words: int | None = None
    harmful: bool = False
    sort: Order = "title"
    descending: bool = False

    def wanted(self) -> Wanted:
        """The query without the page."""
        return Wanted(**self.model_dump(exclude={"offset", "limit"}))


class ClipPage(_Page):
    """What a list of clips may be asked for."""

    verdict: _Text = ""


class Stretch(BaseModel):
    """Frames of motion."""

    model_config = ConfigDict(extra="forbid")
    first: int = Field(0, ge=0, le=2**31)
    frames: int = Field(250, ge=1, le=1500)
    smooth: bool = False


class Curves(BaseModel):
    """Lines to draw."""

    model_config = ConfigDict(extra="forbid")
    columns: str = Field(max_length=1000)
    points: int = Field(1000, ge=1, le=4000)
    smooth: bool = False


class Workers:
    """Threads for the work behind requests: few for what takes long, so that everybody else's goes on."""

    def __init__(self) -> None:
        self._heavy = anyio.CapacityLimiter(_HEAVY_THREADS)
        self._heavy_asked = 0  # the limiter's own count lags behind requests that come at the same moment
        self._light = anyio.CapacityLimiter(4)
        self._disk = anyio.CapacityLimiter(1)

    async def heavy(self, work: Callable[..., T], *arguments: Any) -> T:
        """Decoding motion.

        Raises:
            ApiError: 429; too much of it waits already, and would take the places of what is quick.
        """
        if self._heavy_asked >= _HEAVY_THREADS + _MOST_WAITING:
            sentence = f"{_MOST_WAITING} requests for motion wait already; try again shortly."
            raise ApiError(429, sentence, "too_many", {"Retry-After": "1"})
        self._heavy_asked += 1
        try:
            return await anyio.to_thread.run_sync(
                partial(work, *arguments), limiter=self._heavy, abandon_on_cancel=True
            )
        finally:
            self._heavy_asked -= 1

    async def light(self, work: Callable[..., T], *arguments: Any) -> T:
        """Searching, and reading a row."""
        return await anyio.to_thread.run_sync(partial(work, *arguments), limiter=self._light, abandon_on_cancel=True)

    async def disk(self, work: Callable[..., T], *arguments: Any) -> T:
        """Hashing a file."""
        return await anyio.to_thread.run_sync(partial(work, *arguments), limiter=self._disk, abandon_on_cancel=True)


def viewer_part(library: Library, media: MediaFolder | None = None) -> Part:
    """The dataset viewer as a part of the server."""
    router, workers = APIRouter(), Workers()
    charted = MotionMap(library.dataset.root, library.dataset.content_hash)
    _add_lists(router, library, workers, media is not None)
    _add_dialogues(router, library, workers, media)
    _add_motion(router, library, workers)
    if media is not None:
        _add_media(router, library, workers, media)

    @router.get("/api/map")
    async def motion_map() -> Response:
        return JSONResponse(charted.get())

    return Part("viewer", router, _LANES, shutdown=charted.stop)


def _add_lists(router: APIRouter, library: Library, workers: Workers, has_media: bool) -> None:
    summary = _encoded({**library.summary(), "has_media": has_media})

    @router.get("/api/dataset")
    async def dataset() -> Response:
        return Response(summary, media_type="application/json")

    @router.get("/api/dialogues")
    async def dialogues(asked: Annotated[DialoguePage, Query()]) -> Response:
        return JSONResponse(await workers.light(library.dialogues, asked.wanted(), asked.offset, asked.limit))

    @router.get("/api/clips")
    async def clips(asked: Annotated[ClipPage, Query()]) -> Response:
        return JSONResponse(await workers.light(library.clips, asked.verdict, asked.offset, asked.limit))


def _encoded(summary: dict[str, Any]) -> bytes:
    """JSON of what never changes.

    Raises:
        UserError: a number is not finite.
    """
    try:
        return json.dumps(summary, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise UserError(
            "dataset.json: holds a number that is not finite; restore it or build the dataset again"
        ) from error


def _add_dialogues(router: APIRouter, library: Library, workers: Workers, media: MediaFolder | None) -> None:
    @router.get("/api/dialogues/{dialogue_id}")
    async def dialogue(dialogue_id: str, harmful: bool = False) -> Response:
        found = await workers.light(library.dialogue, dialogue_id, harmful)
        has_media = media is not None and media.may_have(library.source_id(dialogue_id))
        return JSONResponse({**found, "media": f"/media/{dialogue_id}" if has_media else None})

    @router.get("/api/dialogues/{dialogue_id}/timeline")
    async def timeline(dialogue_id: str, bins: Annotated[int, Query(ge=1, le=4000)] = 600) -> Response:
        return JSONResponse(await workers.heavy(library.timeline, dialogue_id, bins))


def _add_motion(router: APIRouter, library: Library, workers: Workers) -> None:
    @router.get("/api/dialogues/{dialogue_id}/motion/{participant}")
    async def motion(dialogue_id: str, participant: str, asked: Annotated[Stretch, Query()]) -> Response:
        wanted = dialogue_id, participant, asked.first, asked.frames, asked.smooth
        return Response(await workers.heavy(library.chunk, *wanted), media_type="application/octet-stream")

    @router.get("/api/dialogues/{dialogue_id}/curve/{participant}")
    async def curve(dialogue_id: str, participant: str, asked: Annotated[Curves, Query()]) -> Response:
        columns = [name for name in asked.columns.split(",") if name]
        if not 1 <= len(columns) <= _MOST_COLUMNS:
            raise ApiError(400, f"columns: got {len(columns)}, expected 1 to {_MOST_COLUMNS} names between commas.")
        wanted = dialogue_id, participant, columns, asked.points, asked.smooth
        return JSONResponse(await workers.heavy(library.curve, *wanted))


def _add_media(router: APIRouter, library: Library, workers: Workers, media: MediaFolder) -> None:
    @router.api_route("/media/{dialogue_id}", methods=["GET", "HEAD"])
    async def source(dialogue_id: str, request: Request) -> Response:
        file = await workers.disk(media.open, library.source_id(dialogue_id))
        if file is None:
            sentence = "No file in the media folder has the content of this dialogue's source in a form browsers show."
            raise ApiError(404, sentence, "no_media")
        return range_response(file, request)
