"""Which of the forms that a video comes in are fetched: the smallest that are good enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DIRECT = ("http", "https")
IN_PARTS = ("m3u8_native", "m3u8", "http_dash_segments")
_MIN_AUDIO_KBPS = 48.0


@dataclass(frozen=True, slots=True)
class Format:
    """One form of a video.

    Attributes:
        side_px: the shorter side of the picture; 0 where it is not told.
        size_bytes: as told, or from rate and duration; 0 where nothing is told.
        raw: yt-dlp's own record, with headers and cookies: never to be written down.
    """

    format_id: str
    url: str
    ext: str
    protocol: str
    side_px: int
    rate_kbps: float
    size_bytes: int
    has_audio: bool
    has_video: bool
    language_preference: int
    raw: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to fetch: sound and picture apart, or one file with both (`picture` alone, then)."""

    sound: Format | None
    picture: Format

    @property
    def size_bytes(self) -> int:
        return self.picture.size_bytes + (self.sound.size_bytes if self.sound else 0)


def choose(info: Mapping[str, Any], min_side_px: int, apart: bool) -> Choice | None:
    """The formats to fetch, or None where there is nothing with sound and picture.

    Args:
        apart: whether sound and picture are preferred in files of their own, so that the sound can be heard first.
    """
    found = [f for f in (_format(raw, info) for raw in info.get("formats") or [info]) if f is not None]
    sounds = [f for f in found if f.has_audio and not f.has_video]
    pictures = [f for f in found if f.has_video and not f.has_audio]
    both = [f for f in found if f.has_video and f.has_audio]
    separate = Choice(_quietest(sounds), _smallest(pictures, min_side_px)) if sounds and pictures else None
    whole = Choice(None, _smallest(both, min_side_px)) if both else None
    if separate is None or whole is None:
        return separate or whole
    tall_enough = _is_tall_enough(whole.picture, min_side_px)
    return separate if apart or not tall_enough else whole


def _format(raw: Mapping[str, Any], info: Mapping[str, Any]) -> Format | None:
    protocol = str(raw.get("protocol") or str(raw.get("url") or "").split(":")[0])
    if raw.get("has_drm") is True or not raw.get("url") or protocol not in (*DIRECT, *IN_PARTS):
        return None
    audio, video = raw.get("acodec") != "none", raw.get("vcodec") != "none"
    if not (audio or video):
        return None
    rate = _number(raw.get("tbr")) or _number(raw.get("vbr")) + _number(raw.get("abr"))
    size = _number(raw.get("filesize")) or _number(raw.get("filesize_approx"))
    size = size or rate * 125.0 * _number(info.get("duration"))
    return Format(
        format_id=str(raw.get("format_id") or ""),
        url=str(raw["url"]),
        ext=str(raw.get("ext") or ""),
        protocol=protocol,
        side_px=_side_px(raw),
        rate_kbps=rate,
        size_bytes=int(size),
        has_audio=audio,
        has_video=video,
        language_preference=int(_number(raw.get("language_preference"), -1.0)),
        raw=raw,
    )


def _side_px(raw: Mapping[str, Any]) -> int:
    height = _number(raw.get("height"))
    return int(min(height, _number(raw.get("width")) or height))


def _number(value: object, default: float = 0.0) -> float:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else default


def _cost(found: Format) -> tuple[float, ...]:
    """Small first; a direct file before one in parts, MP4 before others, as both make less work."""
    return (found.size_bytes or found.rate_kbps * 1e6, found.protocol not in DIRECT, found.ext not in ("mp4", "m4a"))


def _smallest(found: Sequence[Format], min_side_px: int) -> Format:
    """The smallest that is tall enough; where none is, the tallest; heights that are not told count as enough."""
    tall = [f for f in found if _is_tall_enough(f, min_side_px)]
    if tall:
        return min(tall, key=lambda f: (f.side_px, *_cost(f)))
    return min(found, key=lambda f: (-f.side_px, *_cost(f)))


def _is_tall_enough(found: Format, min_side_px: int) -> bool:
    return found.side_px == 0 or found.side_px >= min_side_px


def _quietest(found: Sequence[Format]) -> Format:
    """The smallest sound that is not worse than speech needs, in the language that the video was made in."""
    best = max(f.language_preference for f in found)
    own = [f for f in found if f.language_preference == best]
    enough = [f for f in own if f.rate_kbps >= _MIN_AUDIO_KBPS]
    return min(enough, key=_cost) if enough else max(own, key=lambda f: (f.rate_kbps, f.size_bytes))
