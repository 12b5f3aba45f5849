"""The built pages, read into memory at the start: what is not among them cannot be asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from nonverbal import __version__
from nonverbal.serve.errors import ApiError

PAGES = Path(__file__).with_name("pages")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".glb": "model/gltf-binary",
    ".txt": "text/plain; charset=utf-8",
}
_FOREVER = "private, max-age=31536000, immutable"
_UNBUILT = "The pages of this server have not been built yet; run `make web` once and start the server again."


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that may be asked for."""

    body: bytes
    media_type: str
    etag: str


def load_pages(folder: Path) -> dict[str, Asset]:
    """The files under `folder` that browsers know, by their path inside it; links are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in _TYPES and path.is_file() and not path.is_symlink():
            body = path.read_bytes()
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            found[path.relative_to(folder).as_posix()] = Asset(body, _TYPES[path.suffix], etag)
    return found


def answer_with(asset: Asset, request: Request, cache: str = "no-cache") -> Response:
    """The file, or 304 for a client that has it already."""
    headers = {"ETag": asset.etag, "Cache-Control": cache}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


def static_router(files: Mapping[str, Asset], parts: Sequence[str]) -> APIRouter:
    """Routes of the pages of `parts`, of the index, and of what they load."""
    router = APIRouter()

    def page(name: str, request: Request) -> Response:
        if name not in files:
            raise ApiError(503, _UNBUILT, "pages_missing", {"Retry-After": "60"})
        return answer_with(files[name], request)

    @router.get("/api/parts")
    async def known_parts() -> dict[str, object]:
        return {"parts": list(parts), "version": __version__}

    @router.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request) -> Response:
        return page("index.html", request)

    @router.api_route("/{name}", methods=["GET", "HEAD"])
    async def part_page(name: str, request: Request) -> Response:
        if name in parts:
            return page(f"{name}.html", request)
        if name in files and not name.endswith(".html"):
            return answer_with(files[name], request)
        raise ApiError(404, "There is no such page, or the part it belongs to is not running here.", "not_found")

    @router.api_route("/assets/{name:path}", methods=["GET", "HEAD"])
    async def asset(name: str, request: Request) -> Response:
        if f"assets/{name}" not in files:
            raise ApiError(404, "There is no such file.", "not_found")
        return answer_with(files[f"assets/{name}"], request, _FOREVER)  # their names hold a hash of the content

    return router
