"""Why something did not become data: stable reasons, each with what the user can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Stable verdict strings. Never rename one: users filter on them."""

    E_NAME = "E_NAME"
    E_EMPTY = "E_EMPTY"
    E_NOT_MEDIA = "E_NOT_MEDIA"
    E_TRUNCATED = "E_TRUNCATED"
    E_DECODE = "E_DECODE"
    E_FPS = "E_FPS"
    E_TOO_SMALL = "E_TOO_SMALL"
    E_TOO_LARGE = "E_TOO_LARGE"
    E_TOO_SHORT = "E_TOO_SHORT"
    E_TOO_LONG = "E_TOO_LONG"
    E_NO_AUDIO = "E_NO_AUDIO"
    E_NO_VIDEO = "E_NO_VIDEO"
    E_SILENT = "E_SILENT"
    E_NONFINITE = "E_NONFINITE"
    E_NO_PERSON = "E_NO_PERSON"
    E_NO_SPEECH = "E_NO_SPEECH"
    E_ONE_SPEAKER = "E_ONE_SPEAKER"
    E_THREE_PLUS = "E_THREE_PLUS"
    E_FEW_SPEAKERS = "E_FEW_SPEAKERS"
    E_LANGUAGE = "E_LANGUAGE"
    E_NO_FACE = "E_NO_FACE"
    E_FACE_LOST = "E_FACE_LOST"
    E_STILL = "E_STILL"
    E_AV_SYNC = "E_AV_SYNC"
    E_CHANGED = "E_CHANGED"
    E_TIMEOUT = "E_TIMEOUT"
    E_CRASH = "E_CRASH"
    E_OOM = "E_OOM"
    E_IO_FULL = "E_IO_FULL"
    E_IO_RO = "E_IO_RO"
    E_LOCKED = "E_LOCKED"
    E_HASH = "E_HASH"
    E_SCHEMA = "E_SCHEMA"
    E_ADDRESS = "E_ADDRESS"
    E_UNSUPPORTED = "E_UNSUPPORTED"
    E_REMOVED = "E_REMOVED"
    E_PRIVATE = "E_PRIVATE"
    E_MEMBERS = "E_MEMBERS"
    E_AGE = "E_AGE"
    E_REGION = "E_REGION"
    E_LIVE = "E_LIVE"
    E_DRM = "E_DRM"
    E_BOT_CHECK = "E_BOT_CHECK"
    E_FORBIDDEN = "E_FORBIDDEN"
    E_RATE_LIMIT = "E_RATE_LIMIT"
    E_FETCH = "E_FETCH"
    E_NO_FORMAT = "E_NO_FORMAT"
    E_TOO_BIG = "E_TOO_BIG"
    E_TAKEDOWN = "E_TAKEDOWN"


@dataclass(frozen=True, slots=True)
class Reject:
    """A filter's answer: the reason and one sentence saying what was found, what was expected and what to do."""

    reason: Reason
    message: str


class RejectedError(Exception):
    """Carries a `Reject` out of code too deep to return it; the runner treats it as if it had been returned."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reject = Reject(reason, message)


class UserError(ValueError):
    """A mistake in what the user gave: the command line prints its one sentence and no traceback."""
