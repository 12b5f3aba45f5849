"""Keys change with what a result depends on and with nothing else; a pipeline that cannot work is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from fake_stages import FakeCut, FakeFirst, FakeProbe, FakeSecond, FakeThird, FakeWatch
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.pipeline.plan import Plan, needed, stage_key
from nonverbal.pipeline.stage import Stage
from nonverbal.pipeline.wire import StageSpec

SOURCE_STAGES = (FakeProbe(), FakeCut())


def plan(*clip_stages: Any) -> Plan:
    return Plan(SOURCE_STAGES, clip_stages)


def test_a_changed_setting_changes_its_stage_and_what_reads_it() -> None:
    before = plan(FakeFirst(), FakeWatch(), FakeSecond(), FakeThird()).keys
    after = plan(FakeFirst(first_salt=1), FakeWatch(), FakeSecond(), FakeThird()).keys
    assert {name for name in before if before[name] != after[name]} == {"fake_first", "fake_third"}


def test_a_setting_of_a_source_stage_reaches_the_clips_that_read_it() -> None:
    before = plan(FakeFirst(), FakeWatch(), FakeThird()).keys
    after = Plan((FakeProbe(probe_salt=1), FakeCut()), (FakeFirst(), FakeWatch(), FakeThird())).keys
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"fake_probe", "fake_cut", "fake_first", "fake_third"}


def test_a_new_version_changes_the_key() -> None:
    @dataclass(frozen=True)
    class Newer(FakeProbe):
        version: ClassVar[int] = 2

    assert stage_key(Newer(), {}) != stage_key(FakeProbe(), {})


def test_only_missing_results_are_made_and_memory_only_for_their_readers() -> None:
    stages = (FakeFirst(), FakeWatch(), FakeSecond(), FakeThird())

    def names(*present: str) -> list[str]:
        return [stage.name for stage in needed(stages, present)]

    assert names() == ["fake_first", "fake_watch", "fake_second", "fake_third"]
    assert names("fake_first", "fake_second") == ["fake_watch", "fake_third"]
    assert names("fake_second", "fake_third") == ["fake_first"]
    assert names("fake_first", "fake_second", "fake_third") == []


@dataclass(frozen=True)
class FakeNode:
    """A stage of a random pipeline; not a class of one stage, so its contract is held by fields."""

    name: str
    reads: tuple[str, ...]
    codec: Any
    version: int = 1

    def run(self, job: Any, inputs: Any) -> Any:
        raise NotImplementedError


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[list[FakeNode], set[str]]:
    """Up to seven stages that read earlier ones, and the names of those whose results lie on disk."""
    stages: list[FakeNode] = []
    for i in range(draw(st.integers(1, 7))):
        earlier = [stage.name for stage in stages]
        reads = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        stages.append(FakeNode(f"s{i}", tuple(reads), draw(st.sampled_from([None, "disk"]))))
    written = [stage.name for stage in stages if stage.codec]
    return stages, set(draw(st.lists(st.sampled_from(written), unique=True)) if written else [])


@given(pipelines())
def test_what_is_needed_is_enough_and_nothing_more(drawn: tuple[list[FakeNode], set[str]]) -> None:
    stages, present = drawn
    chosen = [stage.name for stage in needed(stages, present)]

    def is_enough(names: list[str]) -> bool:
        """Runs the names in order: each finds what it reads, and at the end every result with a codec is there."""
        at_hand = set(present)
        for stage in stages:
            if stage.name in names:
                if not at_hand.issuperset(stage.reads):
                    return False
                at_hand.add(stage.name)
        return all(stage.name in at_hand for stage in stages if stage.codec)

    assert is_enough(chosen)
    assert not any(is_enough([name for name in chosen if name != left_out]) for left_out in chosen)
    assert not present.intersection(chosen)


def test_stages_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'fake_third' reads 'fake_watch', which no earlier stage writes"):
        plan(FakeFirst(), FakeThird(), FakeWatch())
    with pytest.raises(ValueError, match="two stages are named 'fake_first'"):
        plan(FakeFirst(), FakeFirst(first_salt=1))
    with pytest.raises(ValueError, match="'fake_watch' has no codec and no later stage reads it"):
        plan(FakeFirst(), FakeWatch())
    with pytest.raises(ValueError, match="last source stage must have a codec"):
        Plan((), ())


def test_two_stages_may_not_share_a_setting() -> None:
    @dataclass(frozen=True)
    class Other(FakeSecond):
        name: ClassVar[str] = "fake_other"

    with pytest.raises(ValueError, match="'fake_second' and 'fake_other' both have a setting 'second_salt'"):
        plan(FakeWatch(), FakeSecond(), Other())


@pytest.mark.parametrize("stage", [FakeProbe(7), FakeFirst(3, 0.1), FakeWatch()])
def test_a_stage_travels_as_text(stage: Stage) -> None:
    assert StageSpec.of(stage).build() == stage
