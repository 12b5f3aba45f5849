"""A run on a Ray cluster: the same results, books and verdicts as on one machine, whoever dies on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aftermath import artefact_hash
from fake_stages import FakeFirst, fake_source
from ray_fixtures import AtStart, pools, simulated_cluster

from nonverbal.pipeline.ray_pool import RayPool
from nonverbal.pipeline.run import RunResult
from nonverbal.pipeline.store import JsonCodec, Quarantine
from nonverbal.verdicts import UserError

Go = Callable[..., RunResult]
__all__ = ["pools"]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[Any]:
    with simulated_cluster({}) as started:
        yield started


@pytest.fixture
def local(go: Go, tmp_path: Path) -> Callable[..., tuple[RunResult, str]]:
    """Runs on this machine first: what came out, and its hash; the output makes room for another."""

    def _local(*sources: Any, **settings: Any) -> tuple[RunResult, str]:
        result = go(*sources, **settings)
        digest = artefact_hash(tmp_path / "out")
        (tmp_path / "out").rename(tmp_path / "local")
        return result, digest

    return _local


def quarantined(tmp_path: Path) -> list[Quarantine]:
    """The records of everything set aside."""
    paths = (tmp_path / "out" / ".nonverbal" / "artefacts").rglob("*.quarantine.json")
    return [JsonCodec(Quarantine).read(path) for path in paths]


def test_results_and_books_are_those_of_one_machine(go: Go, local: Any, tmp_path: Path) -> None:
    sources = [
        fake_source(tmp_path, "a", 4, "fake_first 0 reject", "fake_watch 1 raise_reject"),
        fake_source(tmp_path, "b", 2, "fake_probe -1 reject"),
    ]
    here, digest = local(*sources)
    there = go(*sources, engine="ray")
    assert artefact_hash(tmp_path / "out") == digest
    assert (there.exit_code, there.ledger, there.funnel, there.fingerprint) == (
        here.exit_code,
        here.ledger,
        here.funnel,
        here.fingerprint,
    )
    assert there.record is not None
    assert {timing.unit_id for timing in there.record.units} == {o.unit.unit_id for o in there.outcomes}
    assert there.record.explained > 0.5
    assert all(timing.peak_mb > 10 for timing in there.record.units)
    assert sorted(path.name for path in (tmp_path / "out" / ".nonverbal").iterdir()) == [
        "artefacts",
        "attempts",
        "lock",
        "runs",
    ]
    assert list((tmp_path / "out" / ".nonverbal" / "attempts").iterdir()) == []


def test_a_second_run_asks_for_no_worker(go: Go, tmp_path: Path, pools: list[RayPool]) -> None:
    source = fake_source(tmp_path, "a", 1)
    go(source)
    assert go(source, engine="ray").record is None
    assert pools == []


def test_a_worker_process_that_dies_costs_one_try(go: Go, local: Any, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 3, f"fake_second 1 once {tmp_path / 'dead'}")
    _, digest = local(source)
    (tmp_path / "dead").unlink()
    result = go(source, engine="ray")
    assert (result.exit_code, result.ledger.clips.done) == (0, 3)
    assert (tmp_path / "dead").exists()
    assert artefact_hash(tmp_path / "out") == digest


def test_an_actor_that_is_killed_changes_nothing(go: Go, local: Any, tmp_path: Path, pools: list[RayPool]) -> None:
    first = FakeFirst(first_s=0.05)
    source = fake_source(tmp_path, "a", 8)
    here, digest = local(source, first=first)

    def kill() -> None:
        seat = next(seat for seat in pools[0].seats if seat.task is not None)
        pools[0].ray.kill(seat.actor)

    result = go(source, engine="ray", first=first, workers=2, observer=AtStart(3, kill))
    assert (result.exit_code, result.ledger) == (0, here.ledger)
    assert result.record is not None
    assert len(result.record.units) == 1 + 8 + 1, "exactly one clip was begun twice"
    assert artefact_hash(tmp_path / "out") == digest


def test_verdicts_on_what_misbehaves_are_those_of_one_machine(go: Go, tmp_path: Path) -> None:
    tricks = ["segfault", "hoard", "hang_with_child", "raise", "flood"]
    source = fake_source(tmp_path, "a", 6, *(f"fake_second {i} {trick}" for i, trick in enumerate(tricks)))
    result = go(source, engine="ray", tries=1, no_progress_s=3, max_memory_gb=0.4)
    assert result.exit_code == 3
    assert result.ledger.clips.done == 2
    assert result.ledger.clips.quarantined == {"E_CRASH": 2, "E_OOM": 1, "E_TIMEOUT": 1}
    told = quarantined(tmp_path)
    assert all(record.stage == "fake_second" for record in told)
    messages = "\n".join(sorted(record.message for record in told))
    for words in ("died of SIGSEGV in stage fake_second", "of 0.4 GB", "no progress for 3 s", "KeyError: 'a fake bug'"):
        assert words in messages
    assert any("fake decoder chatter" in record.log for record in told)
    assert any("in _raise" in record.traceback for record in told)


def test_a_unit_that_takes_its_node_down_every_time_is_set_aside(go: Go, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 4, "fake_first 1 kill_parent")
    result = go(source, engine="ray", max_losses=2, workers=2)
    assert result.exit_code == 3
    assert (result.ledger.clips.done, result.ledger.clips.quarantined) == (3, {"E_CRASH": 1})
    (record,) = quarantined(tmp_path)
    assert "was lost 2 times in stage fake_first" in record.message


def test_a_node_that_does_not_share_the_folder_is_named(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pools: list[RayPool]
) -> None:
    source = fake_source(tmp_path, "a", 1)
    reserve = RayPool.reserve

    def elsewhere(self: RayPool, kinds: Any) -> None:
        Path(self.check.path).unlink()  # what a node sees that has another disk mounted there
        reserve(self, kinds)

    monkeypatch.setattr(RayPool, "reserve", elsewhere)
    with pytest.raises(UserError, match=r"node \S+ of the cluster does not share the output folder .* put it where"):
        go(source, engine="ray")


def test_what_a_blind_node_calls_changed_is_not_held_against_the_file(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mount that goes away on one node must not put its clips into quarantine."""
    source = fake_source(tmp_path, "a", 1, "fake_first 0 touch")
    unchanged = []

    def here(self: RayPool, seat: Any) -> bool:
        unchanged.append(seat.task.unit.unit_id)
        return len(unchanged) == 1

    monkeypatch.setattr(RayPool, "_unchanged_here", here)
    with pytest.raises(UserError, match="sees another file at"):
        go(source, engine="ray")


def test_missing_package_and_full_disk_stop_the_run_as_on_one_machine(go: Go, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="pip install"):
        go(fake_source(tmp_path, "a", 2, "fake_first 0 no_package"), engine="ray")
    result = go(fake_source(tmp_path, "b", 2, "fake_first 0 full"), engine="ray")
    assert (result.exit_code, result.ledger.balanced) == (74, True)


def test_what_no_node_can_hold_is_said(go: Go, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 1)
    with pytest.raises(UserError, match=r"no node of the cluster has 1 CPU, 0 GPU and 4000 GB .*there are: 2 CPU"):
        go(source, engine="ray", max_memory_gb=4000.0, wait_for_nodes_s=0.5)
    assert quarantined(tmp_path) == []
