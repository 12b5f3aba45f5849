"""How the local engine runs: limits and tries. No result depends on any of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from nonverbal.verdicts import UserError


@dataclass(frozen=True)
class EngineSettings:
    """Worker processes and the limits that keep one bad file from holding up the others."""

    workers: int = 0
    """Worker processes; 0 means one per core, and never more than there are units."""
    max_memory_gb: float = 3.0
    """A worker process that holds more is ended and its clip counts as E_OOM."""
    clip_limit_base_s: float = 600.0
    """A clip may take this many seconds plus `clip_limit_factor` times its duration; then it counts as E_TIMEOUT."""
    clip_limit_factor: float = 30.0
    """Wall seconds that a clip may take for each second it lasts, on top of `clip_limit_base_s`."""
    source_limit_s: float = 7200.0
    """Probing and cutting one source may take this many wall seconds; then it counts as E_TIMEOUT."""
    no_progress_s: float = 300.0
    """A stage that reports no progress for so long is taken for hung: E_TIMEOUT."""
    tries: int = 3
    """Failures (crash, timeout, out of memory) after which a source or clip is set aside in quarantine."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name in ("workers", "clip_limit_factor") else 1e-9
            if not value >= least:
                raise UserError(f"{field.name} is {value}: expected {'at least 0' if least == 0 else 'more than 0'}")


def available_cores() -> int:
    """Cores this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0))
