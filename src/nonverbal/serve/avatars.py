"""The two avatars that pages load: made once in a process of their own, kept in the cache folder."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

import nonverbal.avatar
from nonverbal.serve.errors import LOG, ApiError
from nonverbal.serve.static import Asset, answer_with
from nonverbal.verdicts import UserError
from nonverbal.weights import cache_folder

NAMES = ("a", "b")
PERSON = 0
"""Seed of the cast, so that films and pages show the same people."""
_WAIT_S = 50.0  # below the longest time of a request


@dataclass
class Avatars:
    """The avatars of one server.

    Attributes:
        folder: where finished files are kept.
        at_once: begin with the server, and not with the first request for one.
        tasks: the work at hand, one for each avatar.
    """

    folder: Path = field(default_factory=lambda: cache_folder() / "avatars")
    at_once: bool = False
    tasks: dict[str, asyncio.Task[Asset]] = field(default_factory=dict)

    def start(self) -> None:
        """Begin to make what is missing; one after the other, so that pages and data get a core."""
        if self.tasks:
            return
        before: asyncio.Task[Asset] | None = None
        for name in NAMES:
            before = self.tasks[name] = asyncio.create_task(self._made(name, before))
            before.add_done_callback(_seen)

    async def stop(self) -> None:
        """Give up what is not finished."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def get(self, name: str) -> Asset:
        """The file of an avatar, as soon as it is made.

        Raises:
            ApiError: there is none of that name, it is still being made, or it cannot be made here.
        """
        if name not in NAMES:
            raise ApiError(404, f"There is no such avatar; the avatars are {' and '.join(NAMES)}.", "not_found")
        self.start()
        try:
            async with asyncio.timeout(_WAIT_S):
                return await asyncio.shield(self.tasks[name])
        except TimeoutError as error:
            sentence = "The avatar is being made, which happens once and takes a minute or two; try again shortly."
            raise ApiError(503, sentence, "avatar_not_ready", {"Retry-After": "5"}) from error
        except UserError as error:
            raise ApiError(503, f"The avatar cannot be made here: {error}", "avatar_missing") from error

    async def _made(self, name: str, before: asyncio.Task[Asset] | None) -> Asset:
        path = self.folder / f"{name}-{PERSON}-{_key()}.glb"
        if not path.is_file():
            if before is not None:
                await asyncio.wait([before])
            await _make(name, path)
        body = await asyncio.to_thread(path.read_bytes)
        return Asset(body, "model/gltf-binary", f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _seen(task: asyncio.Task[Asset]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        LOG.warning("an avatar cannot be made: %s", error)


async def _make(name: str, path: Path) -> None:
    """Let another process make an avatar: a minute of computing would make this one stutter.

    Raises:
        UserError: it could not; the sentence says why.
    """
    command = [sys.executable, "-m", "nonverbal.serve.avatars", name, str(path)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, told = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode == 2:
        raise UserError(told.decode(errors="replace").strip().splitlines()[-1])
    if process.returncode or not path.is_file():
        LOG.error("the avatar process ended with %s: %s", process.returncode, told.decode(errors="replace")[-2000:])
        raise UserError("making it failed; the server's log says why")


def _key() -> str:
    """Changes with the code that makes avatars, so that a file of an older release is not taken for a new one."""
    digest = hashlib.sha256()
    for path in sorted(Path(nonverbal.avatar.__path__[0]).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def avatar_router(avatars: Avatars) -> APIRouter:
    """The route of the avatar files."""
    router = APIRouter()

    @router.api_route("/avatar/{name}.glb", methods=["GET", "HEAD"])
    async def avatar(name: str, request: Request) -> Response:
        return answer_with(await avatars.get(name), request)

    return router


def write_avatar(name: str, path: Path) -> None:
    """Make one avatar and write its file, whole or not at all.

    Raises:
        UserError: a package is missing or the folder cannot be written to.
    """
    from nonverbal.avatar.dress import dress
    from nonverbal.avatar.glb import avatar_glb
    from nonverbal.studio.casting import cast_person

    person = cast_person(PERSON, name.upper())
    body = avatar_glb(dress(person.avatar, person.look))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".avatar-", delete=False) as stream:
            stream.write(body)
        Path(stream.name).replace(path)
    except OSError as error:
        raise UserError(f"{path.parent}: cannot be written to ({error.strerror}); set NONVERBAL_CACHE") from error


if __name__ == "__main__":
    os.nice(10)
    try:
        write_avatar(sys.argv[1], Path(sys.argv[2]))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
