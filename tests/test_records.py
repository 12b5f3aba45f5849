"""Records to JSON and back, and the words an error uses."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal import records
from nonverbal.types import Turn, Word
from nonverbal.verdicts import Reason, Reject

times = st.floats(0, 1e6, allow_nan=False)
words = st.builds(Word, st.text(max_size=12), times, times, st.floats(0, 1), st.booleans())
turns = st.builds(
    Turn,
    participant=st.sampled_from("AB"),
    start_s=times,
    end_s=times,
    text=st.text(max_size=40),
    words=st.lists(words, max_size=5).map(tuple),
    sentences=st.lists(st.integers(0, 9), max_size=3).map(tuple),
    harm=st.none() | st.floats(0, 1),
    harmful=st.booleans(),
)


@given(turns)
def test_loads_undoes_dumps_to_the_last_bit(turn: Turn) -> None:
    assert records.loads(Turn, records.dumps(turn)) == turn


def test_equal_records_give_equal_bytes() -> None:
    assert records.dumps({"b": 1, "a": 2}) == records.dumps({"a": 2, "b": 1}) == '{"a":2,"b":1}'


def test_enums_survive() -> None:
    reject = Reject(Reason.E_SILENT, "quiet")
    assert records.loads(Reject, records.dumps(reject)) == reject


@dataclass(frozen=True)
class _Settings:
    clip_s: float = 600.0
    names: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"clips": 1}, "unknown key 'clips'; the keys are clip_s, names"),
        ({"clip_s": "long"}, "_Settings.clip_s: got 'long', expected float"),
        ({"names": "one"}, "_Settings.names: got str, expected a list"),
        ({"clip_s": True}, "expected float"),
        ([], "expected a table of settings"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        records.from_plain(_Settings, value)


def test_whole_numbers_serve_as_floats() -> None:
    assert records.from_plain(_Settings, {"clip_s": 30}) == _Settings(clip_s=30.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_no_record_holds_a_number_that_is_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        records.dumps(_Settings(clip_s=bad))
