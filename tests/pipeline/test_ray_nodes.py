"""A mixed cluster: stages run where their needs are met, nodes come and go, and nothing in the output tells."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from aftermath import artefact_hash, wait_until
from fake_stages import FakeCut, FakeFirst, FakeProbe, FakeRecord, FakeSecond, FakeThird, FakeWatch, fake_source
from ray_fixtures import NODE, AtStart, pools, simulated_cluster
from ray_stages import FakeLast, FakeReport, FakeWatchOnCard, FakeWhere

from nonverbal.pipeline import ray_pool
from nonverbal.pipeline.lock import claim
from nonverbal.pipeline.ray_pool import RayPool
from nonverbal.pipeline.run import RunResult, run
from nonverbal.pipeline.settings import EngineSettings
from nonverbal.pipeline.stage import Needs
from nonverbal.pipeline.store import JsonCodec
from nonverbal.types import Source
from nonverbal.verdicts import UserError

__all__ = ["pools"]

CARD = ["fake_watch", "fake_report"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle workers make room for others at once."""
    monkeypatch.setattr(ray_pool, "_REST_S", 0.5)


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[Any]:
    with simulated_cluster({"num_cpus": 2}, {"num_cpus": 1, "num_gpus": 1}) as started:
        yield started


def go_with_card(out: Path, *sources: Source, **settings: Any) -> RunResult:
    stages = [FakeFirst(first_s=0.6), FakeWhere(), FakeWatchOnCard(), FakeReport(), FakeLast()]
    with claim(out) as output:
        return run(output, sources, [FakeProbe(), FakeCut()], stages, EngineSettings(engine="ray", **settings))


def committed(out: Path, stage: str) -> list[FakeRecord]:
    return [JsonCodec(FakeRecord).read(p) for p in (out / ".nonverbal" / "artefacts" / stage).glob("*.json")]


def test_each_part_of_a_clip_runs_where_its_needs_are_met(tmp_path: Path, pools: list[RayPool]) -> None:
    source = fake_source(tmp_path, "a", 4)
    result = go_with_card(tmp_path / "out", source)
    assert (result.exit_code, result.ledger.clips.done) == (0, 4)
    on_card = {record.text for record in committed(tmp_path / "out", "fake_report")}
    assert len(on_card) == 1, "one process keeps its models over all clips"  # although it waits for the first ones
    card, pid = next(iter(on_card)).split()
    assert card == "0"
    elsewhere = [record.text.rpartition(" ") for record in committed(tmp_path / "out", "fake_where")]
    assert {cards for cards, _, _ in elsewhere} == {""}, "an ordinary worker sees a graphics card"
    assert pid not in {other for _, _, other in elsewhere}
    assert {record.number for record in committed(tmp_path / "out", "fake_last")} == {2.0}, "two threads on two cores"
    assert result.record is not None
    stages = [set(timing.stages) - {"commit"} for timing in result.record.units if timing.level == "clip"]
    assert sorted(map(sorted, stages)) == sorted(
        [["fake_first", "fake_where"]] * 4 + [sorted(CARD)] * 4 + [["fake_last"]] * 4
    )


def test_without_a_card_the_run_says_so_and_keeps_what_is_done(tmp_path: Path, cluster: Any) -> None:
    class Greedy(FakeWatchOnCard):
        needs = Needs(gpus=2)

    source = fake_source(tmp_path, "a", 2)
    Greedy.__module__, Greedy.__qualname__ = FakeWatchOnCard.__module__, FakeWatchOnCard.__qualname__
    stages = [FakeFirst(), Greedy(), FakeReport()]
    settings = EngineSettings(engine="ray", wait_for_nodes_s=1.0)
    with claim(tmp_path / "out") as output, pytest.raises(UserError, match=r"no node of the cluster has 1 CPU, 2 GPU"):
        run(output, [source], [FakeProbe(), FakeCut()], stages, settings)
    assert len(committed(tmp_path / "out", "fake_first")) == 2


def go_plain(out: Path, source: Source, **keywords: Any) -> RunResult:
    observer = keywords.pop("observer", None)
    stages = [FakeFirst(first_s=0.2), FakeWatch(), FakeSecond(), FakeThird()]
    with claim(out) as output:
        return run(output, [source], [FakeProbe(), FakeCut()], stages, EngineSettings(**keywords), observer)


@pytest.mark.slow
def test_a_node_that_goes_changes_nothing(tmp_path: Path, cluster: Any, pools: list[RayPool]) -> None:
    source = fake_source(tmp_path, "a", 24)
    here = go_plain(tmp_path / "local", source)
    doomed = cluster.add_node(**NODE)
    busy: list[int] = []

    def lose_one() -> None:
        busy.append(sum(seat.task is not None for seat in pools[0].seats))
        cluster.remove_node(doomed, allow_graceful=False)

    there = go_plain(tmp_path / "ray", source, engine="ray", observer=AtStart(12, lose_one))
    assert busy, "the node never went"
    assert (there.exit_code, there.ledger, there.fingerprint) == (0, here.ledger, here.fingerprint)
    assert artefact_hash(tmp_path / "ray") == artefact_hash(tmp_path / "local")
    assert there.record is not None
    assert len(there.record.units) <= 25 + busy[0], "more than one clip a worker was done again"


@pytest.mark.slow
def test_a_node_that_comes_is_taken_up(tmp_path: Path, cluster: Any) -> None:
    added: list[Any] = []
    source = fake_source(tmp_path, "b", 150)
    try:
        watch = AtStart(2, lambda: added.append(cluster.add_node(**NODE)))
        grown = go_plain(tmp_path / "grown", source, engine="ray", observer=watch)
    finally:
        for node in added:
            cluster.remove_node(node)
    assert grown.exit_code == 0
    assert grown.record is not None
    assert grown.record.workers > 3, "the new node was not taken up"


@pytest.mark.slow
def test_workers_on_a_cluster_die_with_a_driver_that_is_killed(tmp_path: Path, cluster: Any) -> None:
    source = fake_source(tmp_path, "a.mp4", 4, "fake_first 0 hang")
    command = [sys.executable, str(Path(__file__).parent / "fake_run.py"), str(tmp_path / "out"), "0", source.path]
    env = {**os.environ, "FAKE_ENGINE": "ray", "FAKE_ADDRESS": cluster.address}
    driver = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until(lambda: (tmp_path / "out/.nonverbal/artefacts/fake_third").exists(), 60.0)
        wait_until(lambda: len(committed(tmp_path / "out", "fake_third")) == 3, 30.0)
        assert worker_processes()
    finally:
        driver.kill()
        driver.wait()
    wait_until(lambda: worker_processes() == [], 20.0)


def worker_processes() -> list[psutil.Process]:
    """Worker processes under the nodes of this test's cluster."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "nonverbal.pipeline.worker" in process.cmdline():
                found.append(process)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found
