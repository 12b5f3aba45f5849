"""How a build runs: on which machines, with which limits and tries. No result depends on any of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from typing import Literal

from nonverbal.verdicts import UserError


@dataclass(frozen=True)
class EngineSettings:
    """Worker processes and the limits that keep one bad file from holding up the others."""

    engine: Literal["local", "ray"] = "local"
    """Worker processes on this machine, or on all machines of a Ray cluster."""
    address: str = ""
    """With `ray`: HOST:PORT of the cluster's head, or `auto` on one of its machines; none means a cluster of this
    machine alone that ends with the run."""
    workers: int = 0
    """Worker processes; 0 means one per core (with `ray`, as many as fit), and never more than there are units."""
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
    max_losses: int = 5
    """With `ray`: machines or actors lost while a source or clip was at hand after which it is set aside, too."""
    wait_for_nodes_s: float = 60.0
    """With `ray`: how long to wait for a machine that offers what a stage needs when there is none."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(auto|[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5})?", self.address):
            raise UserError(f"address is {self.address!r}: expected HOST:PORT of a Ray cluster's head, or auto")
        if self.address and self.engine != "ray":
            raise UserError(f"address is {self.address!r}, but the engine is {self.engine}: add --engine ray")
        for field in fields(self):
            if field.name in ("engine", "address"):
                continue
            value = getattr(self, field.name)
            least = 0 if field.name in ("workers", "clip_limit_factor") else 1e-9
            if not value >= least:
                raise UserError(f"{field.name} is {value}: expected {'at least 0' if least == 0 else 'more than 0'}")


def available_cores() -> int:
    """Cores this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0))
