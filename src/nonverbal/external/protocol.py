"""What host and runner say to each other: one JSON object a line, arrays in files of a private folder.

The page docs/runner_protocol.md describes it for those who write runners.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nonverbal.records import from_plain
from nonverbal.verdicts import Reason

PROTOCOL = 1
"""Raised when a runner written for the old one would be misunderstood."""
MAX_LINE_BYTES = 1 << 16
"""A message is a few hundred bytes; a longer line is no message."""
DTYPES = ("bool", "uint8", "int32", "int64", "float32", "float64")
FORMATS = ("npy", "video")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_DIMENSION = re.compile(r"[1-9][0-9]{0,8}|[A-Z][A-Za-z0-9_]{0,15}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{0,300}")


class RunnerError(Exception):
    """A runner failed: why, in one sentence, with the last lines that it printed."""

    def __init__(self, reason: Reason, sentence: str, log: str = "") -> None:
        said = f"; the last it printed:\n{log}" if log else ""
        super().__init__(f"{reason}: {sentence}{said}")
        self.reason, self.sentence, self.log = reason, sentence, log

    @property
    def is_told(self) -> bool:
        """Whether the sentence is the runner's own, and says all there is to say."""
        return False


class NotReadyError(RunnerError):
    """The runner says that something it needs is missing: only the user can mend it, so it is not tried again."""

    @property
    def is_told(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """One array: its dtype, its shape of numbers and letters, and what its numbers mean.

    A letter stands for a size that is not known beforehand, the same one wherever it stands in a request and its
    answer: ``N`` frames, for instance.
    """

    dtype: str
    shape: tuple[str, ...] = ()
    unit: str = ""

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"the dtype is {self.dtype!r}, expected one of {', '.join(DTYPES)}")
        for dimension in self.shape:
            if not _DIMENSION.fullmatch(dimension):
                raise ValueError(f"a dimension is {dimension!r}, expected a number or a capital letter")
        _check_text(self.unit)

    def __str__(self) -> str:
        return f"{self.dtype} [{', '.join(self.shape)}]"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request that a runner answers.

    Attributes:
        takes, gives: arrays by name.
        batch: the most rows of a request, 0 for any number.
        format: how ``crops`` are handed over: "npy", or "video" for a lossless file.
        numbers: what the runner wants to be known beside, such as the margin of a crop.
    """

    takes: dict[str, ArraySpec] = field(default_factory=dict)
    gives: dict[str, ArraySpec] = field(default_factory=dict)
    batch: int = 0
    format: str = "npy"
    numbers: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (*self.takes, *self.gives, *self.numbers):
            if not _NAME.fullmatch(name):
                raise ValueError(f"an array or number is called {name!r}, expected letters, digits and _")
        if not 0 <= self.batch <= 100_000 or self.format not in FORMATS:
            raise ValueError(f"batch is {self.batch} and format {self.format!r}, expected 0 or more and npy or video")


@dataclass(frozen=True, slots=True)
class Hello:
    """Who the runner is.

    Attributes:
        name, version: of the model.
        runner: version of the program around it.
        kinds: what it can be asked.
        device: where it computes, such as "cpu" or "cuda:0".
        origin, licence: of the model, for lists and datasets.
    """

    protocol: int
    name: str
    version: str
    kinds: dict[str, Kind]
    runner: str = ""
    device: str = ""
    origin: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        if not (self.name and self.version and self.kinds):
            raise ValueError("the hello lacks a name, a version or kinds, expected all three")
        for text in (self.name, self.version, self.runner, self.device, self.origin, self.licence, *self.kinds):
            _check_text(text)

    @property
    def identity(self) -> str:
        """Model and versions in one line: results may differ where it differs."""
        return f"{self.name} {self.version}" + (f" (runner {self.runner})" if self.runner else "")


def read_hello(message: Mapping[str, Any]) -> Hello:
    """The `Hello` in a message.

    Raises:
        ValueError: it is of another protocol, or something in it is not as it should be.
    """
    spoken = message.get("protocol")
    if spoken != PROTOCOL:
        told = spoken if isinstance(spoken, int) else "none"
        raise ValueError(f"the runner speaks protocol {told}, expected {PROTOCOL}: take the runner of this release")
    return from_plain(Hello, {k: v for k, v in message.items() if k not in ("say", "id")}, "hello")


def to_line(message: Mapping[str, Any]) -> bytes:
    """One message as a line.

    Raises:
        ValueError: it is too long or holds what JSON cannot say.
    """
    line = json.dumps(message, allow_nan=False).encode("ascii") + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"a message of {len(line)} bytes, expected at most {MAX_LINE_BYTES}: put arrays into arrays")
    return line


def from_line(line: bytes) -> dict[str, Any] | None:
    """The message in a line, or None where a library printed something."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("say"), str) else None


def plain_text(text: object, chars: int = 500) -> str:
    """What a runner says as one line of printable text."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)[: 4 * chars]).split())[:chars]


def _check_text(text: str) -> None:
    if not _TEXT.fullmatch(text):
        raise ValueError(f"a text is {plain_text(text, 60)!r}, expected at most 300 characters without control ones")
