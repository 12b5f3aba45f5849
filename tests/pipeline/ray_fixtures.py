"""A small Ray cluster of several simulated nodes in this machine, for as long as a test module lasts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nonverbal.pipeline.observe import Silent
from nonverbal.pipeline.ray_pool import RayPool
from nonverbal.pipeline.unit import Unit

GIB = 1 << 30
NODE = {"num_cpus": 2, "memory": 8 * GIB, "object_store_memory": 80 << 20}


@contextmanager
def simulated_cluster(*nodes: dict[str, Any]) -> Iterator[Any]:
    """A cluster with these nodes, the first being its head, this process connected to it."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'nonverbal[ray]'")
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="nvray-")  # short: sockets lie inside, whose paths may have 107 bytes
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_TMPDIR", folder)
        patch.delenv("FAKE_MARK", raising=False)
        (Path(folder) / "ray").mkdir()
        cluster = Cluster()
        try:
            for i, node in enumerate(nodes):
                cluster.add_node(**NODE | node | ({"include_dashboard": False} if i == 0 else {}))
            ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR", namespace="nonverbal")
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


class AtStart(Silent):
    """Does something once, when work on so many clips has begun."""

    def __init__(self, count: int, act: Callable[[], None]) -> None:
        self.left, self.act = count, act

    def on_unit_started(self, unit: Unit) -> None:
        self.left -= unit.level == "clip"
        if self.left == 0:
            self.left = -1
            self.act()


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[RayPool]:
    """The pools that are opened during the test."""
    opened: list[RayPool] = []
    reserve = RayPool.reserve

    def noted(self: RayPool, kinds: Any) -> None:
        opened.append(self)
        reserve(self, kinds)

    monkeypatch.setattr(RayPool, "reserve", noted)
    return opened
