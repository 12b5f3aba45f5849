"""The routes of a study: agreeing, the pair to see next, its clips, the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from nonverbal.pipeline.lock import OutputError
from nonverbal.serve.errors import ApiError
from nonverbal.serve.parts import Lane, Part
from nonverbal.serve.ranges import span_of
from nonverbal.study.session import Refusal, Shown, StudySession
from nonverbal.study.stimulus import Stimulus

_PIECE = 1 << 18


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Agreement(_Strict):
    """What a new rater sends."""

    consent: bool


class Answers(_Strict):
    """What a rater sends about one pair; `answers` holds left, right or tie for each question."""

    ticket: str = Field(max_length=64)
    answers: dict[str, str] = Field(max_length=32)
    plays_left: int
    plays_right: int


def study_part(session: StudySession, avatar: str) -> Part:
    """The part of the server that runs `session`; `avatar` performs all motion."""
    router = APIRouter(prefix="/api/study")

    @router.get("")
    def about() -> dict[str, Any]:
        design = session.design
        return {
            "consent": design.consent, "questions": design.questions, "ties": design.ties, "media": design.media,
            "trials": session.n_trials, "avatar": f"/avatar/{avatar}.glb",
        }  # fmt: skip

    @router.post("/raters", status_code=201)
    def begin(agreement: Agreement) -> dict[str, Any]:
        if not agreement.consent:
            raise ApiError(422, "Nobody takes part without agreeing to it.", "consent")
        return _standing(session, _tried(session.begin))

    @router.get("/raters/{rater}")
    def standing(rater: str) -> dict[str, Any]:
        return _standing(session, rater)

    @router.get("/raters/{rater}/next")
    def following(rater: str) -> dict[str, Any]:
        shown = _tried(session.next, rater)
        found = _standing(session, rater)
        return found | {"trial": None if shown is None else _told(session, shown)}

    @router.post("/raters/{rater}/answers")
    def answer(rater: str, given: Answers) -> dict[str, Any]:
        _tried(session.answer, rater, given.ticket, given.answers, (given.plays_left, given.plays_right))
        return _standing(session, rater)

    @router.get("/clips/{name}")
    def clip(name: str, asked: str = Header(default="", alias="range")) -> Response:
        return _sent(_tried(session.clip, name), asked)

    async def shutdown() -> None:
        await asyncio.to_thread(session.close)

    return Part("study", router, (Lane("studies", ("/api/study",), 48, body_bytes=20_000),), shutdown=shutdown)


def _standing(session: StudySession, rater: str) -> dict[str, Any]:
    answered, trials = _tried(session.standing, rater)
    return {"rater": rater, "answered": answered, "trials": trials}


def _told(session: StudySession, shown: Shown) -> dict[str, Any]:
    """A trial for the page: nothing in it tells a check from a pair, or one condition from another."""
    left, right, sound = (f"/api/study/clips/{name}" for name in shown.names)
    item = shown.trial.item
    heard = session.stimuli.sound(item) is not None
    words = [[word.word, round(word.start_s, 3), round(word.end_s, 3)] for word in session.stimuli.words(item)]
    return {
        "ticket": shown.ticket, "practice": shown.trial.kind == "practice", "left": left, "right": right,
        "sound": sound if heard else None, "seconds": session.design.items[item].seconds, "words": words,
    }  # fmt: skip


def _tried(work: Any, *arguments: Any) -> Any:
    """What a session answers, its refusals in the server's form."""
    try:
        return work(*arguments)
    except Refusal as refusal:
        raise ApiError(refusal.status, str(refusal), refusal.code) from refusal
    except OutputError as error:
        sentence = (
            "The answer could not be stored, so please stay on this page, tell who runs the study, and try again."
        )
        raise ApiError(507, sentence, "not_stored") from error


def _sent(stimulus: Stimulus, asked: str) -> Response:
    """A clip, or the part of it that was asked for; without a date, a name or a mark of its own."""
    size = _size(stimulus)
    first, end = span_of(asked, size) if asked else (0, size)
    headers = {"Cache-Control": "no-store", "Accept-Ranges": "bytes", "Content-Length": str(end - first)}
    if asked:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    return StreamingResponse(_pieces(stimulus, first, end), 206 if asked else 200, headers, stimulus.media_type)


def _size(stimulus: Stimulus) -> int:
    if stimulus.data is not None:
        return len(stimulus.data)
    assert stimulus.path is not None
    return stimulus.path.stat().st_size


def _pieces(stimulus: Stimulus, first: int, end: int) -> Iterator[bytes]:
    if stimulus.data is not None:
        yield stimulus.data[first:end]
        return
    assert stimulus.path is not None
    with stimulus.path.open("rb") as file:
        file.seek(first)
        while first < end and (piece := file.read(min(_PIECE, end - first))):
            first += len(piece)
            yield piece
