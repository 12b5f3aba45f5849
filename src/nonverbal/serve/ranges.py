"""Byte ranges of files: one at a time, and never more of a file at once than a few megabytes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from nonverbal.serve.errors import ApiError
from nonverbal.serve.library_media import MediaFile

MOST_BYTES = 4 << 20
"""Of one answer to a range; players ask for the next one."""
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")  # as many digits as 2**63 has


def span_of(text: str, size: int) -> tuple[int, int]:
    """First byte and end of a Range header for a file of `size` bytes, at most `MOST_BYTES` long.

    Raises:
        ApiError: 416; it is no single range, or lies outside the file.
    """
    found = _RANGE.fullmatch(text.strip().replace(" ", ""))
    first, last = found.groups() if found else ("", "")
    if first:
        start, end = int(first), min(int(last) + 1 if last else size, size)
    else:
        start, end = max(size - int(last or 0), 0), size
    if not (first or last) or start >= end:
        sentence = f"This range is none of the {size:,} bytes of the file; ask for one range such as bytes=0-1023."
        raise ApiError(416, sentence, "range", {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    return start, min(end, start + MOST_BYTES)


def range_response(file: MediaFile, request: Request) -> Response:
    """The range of a file that a request asks for, or all of it.

    Raises:
        ApiError: 416 for a range that cannot be had.
    """
    etag = f'"{file.source_id[:32]}"'
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "Cache-Control": "private, max-age=3600"}
    asked, status, start, end = request.headers.get("range"), 200, 0, file.size_bytes
    if asked is not None and request.headers.get("if-range", etag) == etag:
        start, end = span_of(asked, file.size_bytes)
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=file.media_type)
    return StreamingResponse(_pieces(file, start, end), status, headers, file.media_type)


async def _pieces(file: MediaFile, start: int, end: int) -> AsyncIterator[bytes]:
    pieces = file.read(start, end)
    while (piece := await anyio.to_thread.run_sync(next, pieces, None)) is not None:
        yield piece
