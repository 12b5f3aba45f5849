"""A single picture from an image file: a thumbnail."""

from __future__ import annotations

import os
from pathlib import Path

import av

from nonverbal.media.container import MAX_PIXELS
from nonverbal.media.layout import Layout
from nonverbal.media.names import check_file, printable
from nonverbal.types import U8
from nonverbal.verdicts import Reason, RejectedError

_MAX_BYTES = 32 << 20
_READERS = {b"\xff\xd8\xff": "jpeg_pipe", b"\x89PN": "png_pipe", b"RIF": "webp_pipe"}


def read_picture(path: Path, max_width_px: int) -> U8:
    """[H, W, 3] RGB of a JPEG, PNG or WebP file, upright, at most `max_width_px` wide.

    Raises:
        RejectedError: E_NAME, E_NOT_MEDIA, E_TOO_LARGE or E_DECODE.
    """
    name = printable(path)
    if check_file(path).st_size > _MAX_BYTES:
        raise RejectedError(
            Reason.E_TOO_LARGE, f"{name} is larger than {_MAX_BYTES} bytes, expected a thumbnail; give a smaller one"
        )
    with path.open("rb") as file:
        reader = _READERS.get(file.read(3))
    if reader is None:
        raise RejectedError(
            Reason.E_NOT_MEDIA, f"{name} is no picture, expected a JPEG, PNG or WebP thumbnail; fetch it again"
        )
    options = {"protocol_whitelist": "file", "max_pixels": str(MAX_PIXELS)}
    try:
        with av.open("file:" + os.fspath(path), format=reader, metadata_errors="replace", options=options) as image:
            stream = image.streams.video[0]
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            frame = next(image.decode(stream))
            return Layout.of(frame, stream, max_width_px).apply(frame)
    except (av.error.FFmpegError, StopIteration, IndexError) as error:
        raise RejectedError(Reason.E_DECODE, f"{name}: the picture cannot be decoded; fetch it again") from error
