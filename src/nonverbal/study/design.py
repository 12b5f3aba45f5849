"""Who sees which pair of clips, on which side, in which order: all of it follows from a seed and the rater's code.

Raters come numbered 0, 1, 2, ... For each pair of conditions the items stand in one shuffled row that all raters share;
a rater takes the next `share` of them, so every pair is rated equally often, give or take one:

    3 items, share 2     rater 0: a b     rater 1: c a'    rater 2: b' c'     ' sides changed, as on every second round

Neighbours in the row have opposite sides, so each rater sees each condition on both sides equally often. The rater's
own order is shuffled by seed and code; checks are spread over it and one practice pair comes first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from nonverbal.record_files import RecordFile, record_text
from nonverbal.records import dumps
from nonverbal.study.ratings import Kind
from nonverbal.verdicts import UserError

Alteration = Literal["", "frozen", "shuffled"]
"""What was done to a clip that a check is to be told from."""

DESIGN_FILE = RecordFile("design_version", 1, "the design of a study", "it belongs beside its table; copy it again")
_HASH_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Item:
    """Clips of one name, one a condition.

    Attributes:
        name: that they share.
        first_s: where in the clips the part that is shown begins.
        seconds: how long it is; the same for all conditions.
        hashes: sha256 of each condition's clip, in the order of the conditions.
    """

    name: str
    first_s: float
    seconds: float
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Design:
    """All that decides what is shown and asked. Equal designs have equal hashes, wherever their clips lie.

    Attributes:
        design_version: of this record.
        seed: of all shuffles.
        media: what the clips are.
        conditions: their names, in the order given.
        items: in the order of names.
        questions: asked of each pair.
        share: how many items each rater sees of each pair of conditions.
        checks: how many checks each rater sees.
        ties: whether a tie may be answered.
        consent: what raters agree to.
    """

    design_version: int
    seed: int
    media: Literal["motion", "video"]
    conditions: tuple[str, ...]
    items: tuple[Item, ...]
    questions: tuple[str, ...]
    share: int
    checks: int
    ties: bool
    consent: str

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Pairs of conditions by index."""
        return tuple(combinations(range(len(self.conditions)), 2))

    @property
    def digest(self) -> str:
        """The first characters of its sha256, which every rating carries."""
        return _digest(self)


@lru_cache(maxsize=16)
def _digest(design: Design) -> str:
    return hashlib.sha256(dumps(design).encode()).hexdigest()[:_HASH_DIGITS]


@dataclass(frozen=True, slots=True)
class Side:
    """A clip as it is shown: index of its condition, and what was done to it."""

    condition: int
    alteration: Alteration = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """Two clips of one item side by side; `item` is its index."""

    position: int
    kind: Kind
    item: int
    left: Side
    right: Side


def label(design: Design, side: Side) -> str:
    """How the table of ratings names a clip."""
    name = design.conditions[side.condition]
    return f"{name}:{side.alteration}" if side.alteration else name


def share_of(n_items: int, n_conditions: int, pairs_per_rater: int) -> int:
    """Items of each pair of conditions that a rater sees, so that there are at most `pairs_per_rater` in all.

    Raises:
        UserError: not even one of each fits.
    """
    kinds = n_conditions * (n_conditions - 1) // 2
    share = min(n_items, pairs_per_rater // kinds)
    if share < 1:
        raise UserError(
            f"{pairs_per_rater} pairs a rater: {n_conditions} conditions make {kinds} kinds of pairs, and each rater "
            f"sees all kinds equally often; give --pairs-per-rater {kinds} or more"
        )
    return share


def altered(design: Design) -> tuple[tuple[int, Alteration], ...]:
    """Items of which an altered clip of the first condition is shown; the first is for practice, the others for checks.

    They are few, since each altered film has to be made.
    """
    row = _dice(design.seed, "checks").permutation(len(design.items))
    wanted = 1 + 2 * design.checks
    kinds: tuple[Alteration, ...] = ("frozen", "shuffled")
    rounds = (divmod(i, len(row)) for i in range(min(wanted, 2 * len(row))))
    return tuple((int(row[place]), kinds[(place + around) % 2]) for around, place in rounds)


def trials_of(design: Design, rater: str, number: int) -> tuple[Trial, ...]:
    """Everything that one rater sees, in order.

    Args:
        rater: the rater's code, which decides the order.
        number: how many raters came before, which decides the items and sides.
    """
    dice = _dice(design.seed, "rater", rater)
    shown = _apart([shown for kind in range(len(design.pairs)) for shown in _dealt(design, kind, number)], dice)
    practice, *pool = altered(design)
    chosen = dice.permutation(len(pool))[: design.checks]
    checks = [_against_itself(pool[i], bool((k + number) % 2)) for k, i in enumerate(chosen)]
    rest = _spread(shown, checks)
    first = _against_itself(practice, bool(number % 2))
    order: list[tuple[Kind, tuple[int, Side, Side]]] = [("practice", first), *rest]
    return tuple(Trial(i, kind, *what) for i, (kind, what) in enumerate(order))


def _dealt(design: Design, kind: int, number: int) -> list[tuple[int, Side, Side]]:
    """The items of one pair of conditions that rater `number` sees, with their sides."""
    count = len(design.items)
    row = _dice(design.seed, "items", str(kind)).permutation(count)
    first, second = (Side(condition) for condition in design.pairs[kind])
    dealt = []
    for at in range(number * design.share, (number + 1) * design.share):
        around, place = divmod(at, count)
        sides = (first, second) if (around + place + kind) % 2 == 0 else (second, first)
        dealt.append((int(row[place]), *sides))
    return dealt


def _against_itself(copy: tuple[int, Alteration], left: bool) -> tuple[int, Side, Side]:
    """A clip of the first condition beside an altered copy of it, which is on the left if `left`."""
    item, alteration = copy
    sides = (Side(0, alteration), Side(0)) if left else (Side(0), Side(0, alteration))
    return item, *sides


def _apart(shown: list[tuple[int, Side, Side]], dice: np.random.Generator) -> list[tuple[int, Side, Side]]:
    """A shuffle in which the same item comes twice in a row only where nothing else is left."""
    left = [shown[i] for i in dice.permutation(len(shown))]
    order: list[tuple[int, Side, Side]] = []
    while left:
        counts = Counter(item for item, _, _ in left)
        crowded = [item for item, n in counts.items() if 2 * n > len(left)]  # has to go now, or it will be in a row
        last = order[-1][0] if order else None
        fits = [i for i, what in enumerate(left) if what[0] != last and (not crowded or what[0] in crowded)]
        fits = fits or [i for i, what in enumerate(left) if what[0] != last] or [0]
        order.append(left.pop(fits[0]))
    return order


def _spread(
    shown: Sequence[tuple[int, Side, Side]], checks: Sequence[tuple[int, Side, Side]]
) -> list[tuple[Kind, tuple[int, Side, Side]]]:
    """The pairs in their order with the checks at even distances among them, neither first nor last."""
    order: list[tuple[Kind, tuple[int, Side, Side]]] = [("pair", what) for what in shown]
    for k in reversed(range(len(checks))):
        order.insert(max(1, round((k + 1) * len(shown) / (len(checks) + 1))), ("check", checks[k]))
    return order


def _dice(seed: int, *purpose: str) -> np.random.Generator:
    """Random numbers of their own for each purpose, the same on every machine."""
    text = "\0".join((str(seed), *purpose))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big"))


def keep_design(design: Design, path: Path) -> None:
    """Writes the design, or sees that the one which is there is the same.

    Raises:
        UserError: another design is there, so that the table beside it holds other ratings.
        OSError: it cannot be written.
    """
    if path.exists():
        other = DESIGN_FILE.read(Design, path)
        if other.digest != design.digest:
            raise UserError(f"{path}: {_difference(other, design)}; name another --out, or give what it was made with")
        return
    part = path.with_name(f".{path.name}.part")
    part.write_text(record_text(design), encoding="utf-8")
    part.replace(path)


def _difference(there: Design, given: Design) -> str:
    """The first thing in which two designs differ."""
    for name in Design.__dataclass_fields__:
        old, new = getattr(there, name), getattr(given, name)
        if old == new:
            continue
        if name != "items":
            return f"the study there has {name} {old!r}, this one {new!r}"
        names = {item.name for item in old} ^ {item.name for item in new}
        if names:
            return f"the study there has other items than this one, such as {min(names)!r}"
        changed = next(a.name for a, b in zip(old, new, strict=True) if a != b)
        return f"the clips of {changed!r} have changed since the study there began"
    return "the study there is another one"
