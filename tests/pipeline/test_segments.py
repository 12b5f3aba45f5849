"""Where a unit's stages are cut, and what a worker does with a part of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fake_stages import FakeCut, FakeFirst, FakeProbe, FakeRecord, FakeSecond, FakeThird, FakeWatch, fake_source
from ray_stages import FakeLast, FakeReport, FakeWatchOnCard, FakeWhere

from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.segments import Segment, cut, whole
from nonverbal.pipeline.settings import EngineSettings
from nonverbal.pipeline.stage import Job, Needs
from nonverbal.pipeline.store import Store
from nonverbal.pipeline.unit import Watcher, file_mark, work
from nonverbal.settings import BuildSettings
from nonverbal.types import Clip
from nonverbal.verdicts import Reason, Reject, UserError

CARD = Needs(gpus=1)


@dataclass(frozen=True)
class FakeWide(FakeSecond):
    """Reads the watch, too, and wants more memory."""

    name: ClassVar[str] = "fake_wide"
    needs: ClassVar[Needs] = Needs(memory_gb=8)


def names(segments: tuple[Segment, ...]) -> list[tuple[list[str], Needs]]:
    return [(list(segment.stages), segment.needs) for segment in segments]


def test_stages_are_cut_where_their_needs_change() -> None:
    stages = [FakeFirst(), FakeWhere(), FakeWatchOnCard(), FakeReport(), FakeLast()]
    assert names(cut(stages)) == [
        (["fake_first", "fake_where"], Needs()),
        (["fake_watch", "fake_report"], CARD),
        (["fake_last"], Needs(cpus=2)),
    ]


def test_what_is_kept_in_memory_is_never_cut_from_its_readers() -> None:
    """The second is between the watch and its last reader, the third; the wide one asks for memory for all of them."""
    stages = [FakeFirst(), FakeWatch(), FakeSecond(), FakeWide(), FakeThird(), FakeWhere()]
    assert names(cut(stages)) == [
        (["fake_first"], Needs()),
        (["fake_watch", "fake_second", "fake_wide", "fake_third"], Needs(memory_gb=8)),
        (["fake_where"], Needs()),
    ]


def test_equal_needs_make_one_segment() -> None:
    stages = [FakeFirst(), FakeWatch(), FakeSecond(), FakeThird()]
    assert cut(stages) == whole(stages)


def test_the_stages_of_a_build_run_in_one_go() -> None:
    settings = BuildSettings()
    assert cut(settings.clip_stages) == whole(settings.clip_stages)


@pytest.fixture
def part(tmp_path: Path) -> Callable[..., tuple[list[str], Any]]:
    """Works on the part of a clip's stages that is named: what was begun, and the verdict."""
    plan = Plan((FakeProbe(), FakeCut()), (FakeFirst(), FakeWatch(), FakeSecond(), FakeThird()))
    store = Store(tmp_path / "artefacts", plan)
    store.make_folders()
    source = fake_source(tmp_path, "a", 1)
    clip = Clip("c" * 32, source.source_id, 0.0, 1.0)
    store.put("fake_probe", source.source_id, FakeRecord("probed", 0.1))

    def _part(*only: str, reject: str = "") -> tuple[list[str], Any]:
        begun: list[str] = []
        if reject:
            store.put_reject(reject, clip.clip_id, Reject(Reason.E_SILENT, "fake"))
        watcher = Watcher(begun.append, lambda stage, wall_s: None)
        return begun, work(plan, store, Job(source, clip), file_mark(source.path), watcher, only)

    return _part


def test_a_worker_does_its_part_and_nothing_else(part: Callable[..., tuple[list[str], Any]]) -> None:
    assert part("fake_first") == (["fake_first"], None)
    assert part("fake_first") == ([], None)
    assert part("fake_watch", "fake_second", "fake_third") == (["fake_watch", "fake_second", "fake_third"], None)


def test_an_old_rejection_counts_once_all_before_it_is_there(part: Callable[..., tuple[list[str], Any]]) -> None:
    """Else the clip would be booked as rejected by a stage that has not seen the new results before it."""
    begun, verdict = part("fake_first", reject="fake_third")
    assert (begun, verdict) == (["fake_first"], None)
    begun, verdict = part("fake_watch", "fake_second", "fake_third")
    assert begun == ["fake_watch", "fake_second"]
    assert verdict[0] == "fake_third"


@pytest.mark.parametrize("address", ["10.0.0.1:6379", "auto", "[::1]:6379", ""])
def test_addresses_of_clusters(address: str) -> None:
    assert EngineSettings(engine="ray", address=address).address == address


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "head:x", "; rm -rf /", "head:6379\n"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(UserError, match="expected HOST:PORT"):
        EngineSettings(engine="ray", address=address)


def test_an_address_without_ray_is_a_mistake() -> None:
    with pytest.raises(UserError, match="add --engine ray"):
        EngineSettings(address="auto")
