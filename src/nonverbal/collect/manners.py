"""How politely the network is asked: pauses, rates, tries, and how many bytes may come."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nonverbal.collect.addresses import host_of
from nonverbal.media.names import clean_text
from nonverbal.verdicts import Reason, RejectedError, UserError

PAGE_BYTES = 32 << 20
"""Most bytes of anything that is not media: pages, thumbnails, playlists."""
TRIED_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same question may get another one."""
_MIN_PROGRESS_BYTES = 1024
_LONGEST_BACKOFF_S = 60.0


@dataclass(frozen=True)
class Manners:
    """Pauses and limits.

    Raises:
        UserError: one of them is negative.
    """

    pause_s: float = 1.0
    """Seconds between two requests to one host, give or take a half by chance."""
    video_pause_s: float = 2.0
    """Further seconds between two videos, likewise."""
    rate_limit: float = 4e6
    """Bytes a second, over all; 0 for as fast as it goes."""
    tries: int = 5
    """How often something that fails is asked for, with growing pauses."""
    backoff_s: float = 1.0
    """First of those pauses in seconds; each further one is twice as long, up to a minute."""
    longest_wait_s: float = 300.0
    """Longest wait in seconds that a server may ask for; if it asks for more, its videos are left for later."""
    timeout_s: float = 20.0
    """Seconds without an answer, or with less than a kilobyte, after which a connection is given up."""
    max_bytes: int = 0
    """Bytes after which the run ends; the next one goes on. 0 for any number."""

    def __post_init__(self) -> None:
        if self.tries < 1 or self.timeout_s <= 0:
            raise UserError(f"tries={self.tries}, timeout_s={self.timeout_s:g}: expected at least 1 and more than 0")
        for name in ("pause_s", "video_pause_s", "rate_limit", "backoff_s", "longest_wait_s", "max_bytes"):
            if getattr(self, name) < 0:
                raise UserError(f"{name}={getattr(self, name)}, expected 0 or more")


class EnoughError(Exception):
    """The run has fetched as many bytes as it may: not a verdict on any video."""


@dataclass
class Gate:
    """What every request and every byte passes; `bytes_fetched` counts them all.

    Attributes:
        limit_bytes: most bytes of one answer, see `allowing`.
        in_transfer: requests are parts of one file, and follow each other without pauses.
    """

    manners: Manners
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    bytes_fetched: int = 0
    limit_bytes: int = PAGE_BYTES
    in_transfer: bool = False
    on_bytes: Callable[[int], None] = field(default=lambda count: None)
    _ready_s: float = 0.0
    _last: dict[str, float] = field(default_factory=dict)
    _random: random.Random = field(default_factory=random.Random)

    @contextmanager
    def allowing(self, limit_bytes: int) -> Iterator[None]:
        """Inside, answers may be that long, and requests follow each other without pauses but the first."""
        before = self.limit_bytes, self.in_transfer
        self.limit_bytes, self.in_transfer = limit_bytes, True
        try:
            yield
        finally:
            self.limit_bytes, self.in_transfer = before

    def before_request(self, url: str) -> None:
        """Waits for the host's pause to pass.

        Raises:
            EnoughError: no byte may come any more.
        """
        self.check_budget()
        host = host_of(url)
        wait_s = self._last.get(host, -1e9) + self._about(self.manners.pause_s) - self.clock()
        if wait_s > 0 and not self.in_transfer:
            self.sleep(wait_s)
        self._last[host] = self.clock()

    def between_videos(self) -> None:
        """The pause before the next video."""
        self.sleep(self._about(self.manners.video_pause_s))

    def count(self, n_bytes: int) -> None:
        """Notes bytes that came, and holds the next ones back to keep to the rate."""
        self.bytes_fetched += n_bytes
        self.on_bytes(n_bytes)
        if self.manners.rate_limit:
            now = self.clock()
            self._ready_s = max(self._ready_s, now) + n_bytes / self.manners.rate_limit
            if self._ready_s - now > 0.05:  # shorter sleeps are less exact than they are long
                self.sleep(self._ready_s - now)
        self.check_budget()

    def check_budget(self) -> None:
        """Raises EnoughError once the run has had its bytes."""
        if 0 < self.manners.max_bytes <= self.bytes_fetched:
            raise EnoughError(f"--max-bytes {self.manners.max_bytes} is reached")

    def check_length(self, n_bytes: int, url: str) -> None:
        """Refuses an answer that is, or turns out to be, longer than it may be.

        Raises:
            RejectedError: E_TOO_BIG.
        """
        if n_bytes > self.limit_bytes:
            raise RejectedError(
                Reason.E_TOO_BIG,
                f"{clean_text(host_of(url))} sends more than {self.limit_bytes:,} bytes, which is the most that is "
                "taken of one file; raise --max-source-bytes if that is right for a video",
            )

    def wait(self, attempt: int, retry_after: str | None) -> bool:
        """Waits before try number `attempt` + 1; False where there is to be none.

        Args:
            attempt: tries made so far, from 1.
            retry_after: the header of the answer: seconds or a date.
        """
        if attempt >= self.manners.tries:
            return False
        wait_s = min(self.manners.backoff_s * 2.0 ** (attempt - 1), _LONGEST_BACKOFF_S)
        asked_s = asked_wait_s(retry_after)
        if asked_s > self.manners.longest_wait_s:
            return False
        self.sleep(max(self._about(wait_s), asked_s))
        return True

    def _about(self, seconds: float) -> float:
        return seconds * self._random.uniform(0.5, 1.5)


@dataclass
class Pulse:
    """Tells a connection that stands still, or drips, from one that is slow."""

    timeout_s: float
    since_s: float
    n_bytes: int = 0

    def beat(self, now_s: float, n_bytes: int) -> bool:
        """Notes bytes; False once less than a kilobyte came in the time that one waits."""
        self.n_bytes += n_bytes
        if now_s - self.since_s < self.timeout_s:
            return True
        alive = self.n_bytes >= _MIN_PROGRESS_BYTES
        self.since_s, self.n_bytes = now_s, 0
        return alive


def asked_wait_s(retry_after: str | None, now: Callable[[], float] = time.time) -> float:
    """The seconds that a Retry-After header asks for; 0 where it says nothing that can be read."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now())
    except (TypeError, ValueError, OverflowError):
        return 0.0
