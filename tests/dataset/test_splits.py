"""Splits: channels stay whole and stay where they are."""

from __future__ import annotations

from collections import Counter

import pytest

from nonverbal.dataset.splits import SplitConfig, assign_splits, group_of
from nonverbal.verdicts import UserError

GROUPS = [group_of(f"channel {i}", "") for i in range(2000)]


def test_shares_are_kept_to() -> None:
    counts = Counter(assign_splits(GROUPS, SplitConfig(0.7, 0.2)).values())
    assert counts["train"] / 2000 == pytest.approx(0.7, abs=0.04)
    assert counts["validation"] / 2000 == pytest.approx(0.2, abs=0.04)
    assert counts["test"] / 2000 == pytest.approx(0.1, abs=0.04)


def test_a_channel_keeps_its_split_when_others_come_and_go() -> None:
    config = SplitConfig()
    everything = assign_splits(GROUPS, config)
    some = assign_splits(reversed(GROUPS[::3]), config)
    assert some == {group: everything[group] for group in GROUPS[::3]}


@pytest.mark.parametrize("group", GROUPS[:60])
def test_a_single_channel_is_in_train(group: str) -> None:
    assert assign_splits([group], SplitConfig(0.1, 0.1)) == {group: "train"}


def test_train_is_never_empty_and_one_channel_only_is_moved() -> None:
    config = SplitConfig(0.01, 0.4)
    outside = [group for group, split in assign_splits(GROUPS, config).items() if split != "train"][:5]
    splits = assign_splits(outside, config)
    assert Counter(splits.values())["train"] == 1
    assert splits == assign_splits(list(reversed(outside)), config)


def test_sources_without_channel_are_their_own_group() -> None:
    assert group_of("", "abc") != group_of("", "abd")
    assert group_of("abc", "1") == group_of("abc", "2")
    assert group_of("abc", "") != group_of("", "abc")


@pytest.mark.parametrize("shares", [(0.0, 0.5), (0.8, 0.3), (1.2, 0.0), (0.5, -0.1)])
def test_shares_that_do_not_share_out_one_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(UserError, match=f"train_share={shares[0]}"):
        SplitConfig(*shares)
