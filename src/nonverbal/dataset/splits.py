"""Which dialogues train a model and which test it: whole channels at a time, so that no person is in two splits.

The channel of a source (the source itself where none is known) is hashed to a number in [0, 1), which the shares cut
into train, validation and test::

    0                                  0.8        0.9        1
    |-------------- train --------------| validation |  test  |

So a channel keeps its split however many others come or go. The one exception: a dataset too small to have anything in
train gets the channel with the lowest number there, until another one falls into train by itself. Validation and test
may stay empty in a small dataset; nothing is moved into them.

Where splits are given from outside, as by a published dataset, they hold and the shares do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nonverbal.dataset.schema import SPLITS
from nonverbal.verdicts import UserError


@dataclass(frozen=True)
class SplitConfig:
    """How dialogues are shared out; what train and validation leave goes to test."""

    train_share: float = 0.8
    """Share of channels (of sources without one) that go to the train split."""
    validation_share: float = 0.1
    """Share of channels that go to the validation split; the rest is the test split."""

    def __post_init__(self) -> None:
        if not (0 < self.train_share <= 1 and 0 <= self.validation_share <= 1 - self.train_share + 1e-9):
            raise UserError(
                f"train_share={self.train_share} and validation_share={self.validation_share} do not share out 1: "
                "expected train_share above 0, validation_share at least 0, and a sum of at most 1"
            )


def group_of(channel: str, source_id: str) -> str:
    """What must stay together: the channel, else the source."""
    return f"channel:{channel}" if channel else f"source:{source_id}"


def assign_splits(groups: Iterable[str], config: SplitConfig, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Group -> split, whatever the order of `groups`; those in `given` get the split that stands there."""
    given = given or {}
    places = {group: _place(group) for group in groups}
    splits = {group: given.get(group) or _split_at(place, config) for group, place in places.items()}
    free = [group for group in places if group not in given]
    if free and "train" not in splits.values():
        splits[min(free, key=lambda g: (places[g], g))] = "train"
    return splits


def _place(group: str) -> float:
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:6], "big") / 2**48


def _split_at(place: float, config: SplitConfig) -> str:
    train, validation, test = SPLITS
    if place < config.train_share:
        return train
    return validation if place < config.train_share + config.validation_share else test
