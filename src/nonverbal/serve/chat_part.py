"""The chat as a part of the server: what the model is, the WebSocket, answers as files, OpenAI's interface."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import torch
from fastapi import APIRouter
from starlette.websockets import WebSocket

from nonverbal.chat.typed import LONGEST
from nonverbal.mars.shared import SharedReader
from nonverbal.mars.store import Mars
from nonverbal.serve.chat_files import files_router
from nonverbal.serve.chat_hall import ChatLimits, Hall
from nonverbal.serve.chat_sampling import Knobs
from nonverbal.serve.chat_socket import ChatSocket, Eyes, NoEyes
from nonverbal.serve.chat_watch import Watch
from nonverbal.serve.engine import Engine, EngineConfig
from nonverbal.serve.openai_api import openai_router
from nonverbal.serve.parts import Lane, Part

STARTERS = (
    "Hello, how are you?",
    "What did you do last weekend?",
    "[smiles] I have great news!",
    "Do you think it will rain tomorrow?",
    "[frowns] You forgot my birthday.",
)
"""Lines to begin with."""
_SMALL = 30_000_000
"""Weights up to which one thread reads faster than several."""


class Chats:
    """The chats with one model, ready to be served.

    Attributes:
        hall: all of them.
    """

    def __init__(
        self,
        mars: Mars,
        name: str,
        limits: ChatLimits | None = None,
        config: EngineConfig | None = None,
        starters: Sequence[str] = STARTERS,
    ) -> None:
        """Args:
        mars: the model.
        name: what clients call it.
        limits: of chats.
        config: how they share the model.
        starters: lines to begin with.

        Raises:
            UserError: the model's attention cannot be shared by several chats.
        """
        self._name, self._starters = name, tuple(starters)
        self.hall = Hall(mars, Engine(SharedReader(mars.model), config), limits)
        self._staging = ThreadPoolExecutor(1, "motion")
        self._watch = Watch(mars.tokenizers, mars.vocabulary.config)

    def part(self) -> Part:
        """The part of the server."""
        router = APIRouter()
        router.add_api_route("/api/model", self._model)
        router.add_api_websocket_route("/api/chat", self._socket)
        router.include_router(files_router(self.hall))
        router.include_router(openai_router(self.hall, self._name, self._staging))
        lanes = (
            Lane("saved answers", ("/api/chat/",), 4, request_s=300.0),
            Lane("completions", ("/v1/",), 2 * self.hall.limits.chats, request_s=300.0),
        )
        return Part("chat", router, lanes, self._start, self._stop)

    async def _start(self) -> None:
        weights = sum(p.numel() for p in self.hall.mars.model.parameters())
        if weights <= _SMALL and self.hall.mars.model.device.type == "cpu":
            torch.set_num_threads(1)
        await asyncio.to_thread(self.hall.warm_up)
        self.hall.engine.start()

    async def _stop(self) -> None:
        await asyncio.to_thread(self.hall.engine.stop)
        self._watch.close()
        self._staging.shutdown(cancel_futures=True)

    async def _socket(self, socket: WebSocket) -> None:
        eyes: Eyes = NoEyes(self._watch.missing) if self._watch.missing else self._watch.eyes()
        await ChatSocket(socket, self.hall, self._staging, eyes).serve()

    async def _model(self) -> dict[str, Any]:
        config, mars = self.hall.config, self.hall.mars
        return {
            "name": self._name,
            "base": mars.info.base,
            "step_s": config.step_s,
            "fps": 25,
            "parts": [part.part for part in config.parts],
            "levels": {part.part: part.levels for part in config.parts},
            "codebook_size": {part.part: part.codebook_size for part in config.parts},
            "context": self.hall.context,
            "weights": sum(p.numel() for p in mars.model.parameters()),
            "sampling": asdict(Knobs()),
            "listens": config.listener,
            "can_watch": not self._watch.missing,
            "starters": list(self._starters),
            "notes": self._notes(),
            "longest": LONGEST,
        }

    def _notes(self) -> list[str]:
        notes = []
        if not self.hall.shown:
            notes.append("No open avatar can perform what this model does with face and body: it answers in words.")
        if self._watch.missing:
            notes.append(self._watch.missing)
        return notes
