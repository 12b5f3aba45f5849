"""Which tokenizers `tokenizers.py` compares: tables as rows, rows as configurations, and the runs behind them.

All rows of a table are trained on the same data with the same seeds for the same number of steps. Two rows may share a
run (what the paper's table calls ours is also a row of every ablation); it is trained once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nonverbal.records import dumps
from nonverbal.tokens.config import TokenizerConfig, spaces_of
from nonverbal.tokens.methods import method_config
from nonverbal.tokens.train import TRAINING, TrainConfig

TABLES = ("paper", "loss", "joint", "codebook", "frames", "levels", "quantiser")

CODES, FRAMES_HALVINGS = 512, 3
"""9 bits a token and 8 frames a token, whatever a method's own paper used: the rate at which methods are compared."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: a label, and of each measured part the tokenizer that makes it.

    Attributes:
        configs: part -> configuration; a joint tokenizer stands under both parts.
        note: what must be known to compare it with the other rows, such as more bits; empty where nothing.
    """

    label: str
    configs: dict[str, TokenizerConfig]
    note: str = ""

    @property
    def bits_per_s(self) -> float:
        """Bits a second of all different tokenizers of the row together."""
        return sum({dumps(config): config.bits_per_s for config in self.configs.values()}.values())


@dataclass(frozen=True, slots=True)
class Table:
    """A comparison.

    Attributes:
        title: names what differs between its rows.
        both_parts: bits are those of face and body together, since one of its tokenizers holds both.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    both_parts: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One tokenizer to be trained."""

    config: TokenizerConfig
    training: TrainConfig
    data: str
    """Content hash of the dataset it is trained on."""

    @property
    def name(self) -> str:
        """Folder of the run: equal names, equal runs."""
        digest = hashlib.sha256(dumps(self).encode()).hexdigest()[:12]
        return f"{self.config.method}-{self.config.part}-{self.training.seed}-{digest}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All tables with the runs they need.

    Attributes:
        runs: each once, one seed after the other, so that whatever is finished first can be looked at.
    """

    tables: tuple[Table, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Asked:
    """What is to be compared."""

    tables: tuple[str, ...] = TABLES
    parts: tuple[str, ...] = ("face", "body")
    seeds: tuple[int, ...] = (0, 1, 2)
    methods: tuple[str, ...] = ("vq", "rvq", "fsq", "guo2024", "ng2023")
    preset: str = "laptop"
    steps: int = 1500
    face_space: str = "arkit52"
    body_space: str = "smplx117"

    def config(self, method: str, part: str) -> TokenizerConfig:
        """A method's configuration at the compared rate: 8 frames a token; codes and levels as the method has them."""
        spaces = spaces_of(part, self.face_space, self.body_space)
        return replace(method_config(method, spaces, self.preset), halvings=FRAMES_HALVINGS)

    def row(self, label: str, method: str, note: str = "", /, **changes: object) -> Row:
        """A row whose parts have tokenizers of their own."""
        return Row(label, {part: replace(self.config(method, part), **changes) for part in self.parts}, note)


def make_plan(asked: Asked, data: str) -> Plan:
    """The tables asked for, without rows of other methods, and their runs on the dataset with the hash `data`."""
    tables = [_MAKERS[name](asked) for name in asked.tables]
    kept = [replace(t, rows=tuple(row for row in t.rows if _methods(row) <= set(asked.methods))) for t in tables]
    tables = [table for table in kept if table.rows]
    runs = {run.name: run for seed in asked.seeds for table in tables for run in runs_of(table.rows, asked, seed, data)}
    return Plan(tuple(tables), tuple(runs.values()))


def runs_of(rows: Sequence[Row], asked: Asked, seed: int, data: str) -> list[Run]:
    """The runs of some rows with one seed."""
    training = replace(TRAINING[asked.preset], steps=asked.steps, seed=seed)
    return [Run(config, training, data) for row in rows for config in row.configs.values()]


def _methods(row: Row) -> set[str]:
    return {config.method for config in row.configs.values()}


def _paper(asked: Asked) -> Table:
    more = "more bits"
    rows = (
        asked.row("ours, VQ 512 codes", "vq", codebook_size=CODES),
        asked.row("Ng et al. 2023, 512 codes", "ng2023", codebook_size=CODES),
        asked.row("Guo et al. 2024, base level, 512 codes", "guo2024", codebook_size=CODES, levels=1),
        asked.row("Guo et al. 2024, 3 levels of 8 codes", "guo2024", codebook_size=8, levels=3),
        asked.row("ours, RVQ 6 levels of 512 codes", "rvq", more, codebook_size=CODES, levels=6),
        asked.row("Guo et al. 2024, 6 levels of 512 codes", "guo2024", more, codebook_size=CODES, levels=6),
    )
    return Table("paper", "Methods at one rate", rows)


def _loss(asked: Asked) -> Table:
    base = {part: asked.config("vq", part).loss for part in asked.parts}
    rows = []
    for kind, label in (("l1", "L1"), ("smooth_l1", "smooth L1"), ("l2", "L2")):
        configs = {p: replace(asked.config("vq", p), loss=replace(base[p], kind=kind)) for p in asked.parts}
        rows.append(Row(label, configs))
    return Table("loss", "Distance that training makes small", tuple(rows))


def _joint(asked: Asked) -> Table:
    """Both parts, whatever parts were asked for: one codebook of 512 x 512 codes at equal bits would be no codebook."""
    asked = replace(asked, parts=("face", "body"))
    one, two = asked.config("vq", "joint"), asked.config("rvq", "joint")
    one, two = replace(one, codebook_size=CODES), replace(two, codebook_size=CODES, levels=2)
    rows = (
        asked.row("face and body apart, 512 codes each", "vq", codebook_size=CODES),
        Row("joint, 512 codes", dict.fromkeys(asked.parts, one), "half the bits"),
        Row("joint, 2 levels of 512 codes", dict.fromkeys(asked.parts, two)),
    )
    return Table("joint", "One codebook for face and body, or two", rows, both_parts=True)


def _codebook(asked: Asked) -> Table:
    rows = [asked.row(f"{codes} codes", "vq", codebook_size=codes) for codes in (128, 256, 512, 1024)]
    return Table("codebook", "Codes", tuple(rows))


def _frames(asked: Asked) -> Table:
    rows = [asked.row(f"{2**halvings} frames a token", "vq", halvings=halvings) for halvings in (2, 3, 4)]
    return Table("frames", "Frames a token", tuple(rows))


def _levels(asked: Asked) -> Table:
    rows = [asked.row(f"{n} level{'s'[: n - 1]}", "rvq", codebook_size=CODES, levels=n) for n in (1, 2, 4, 6)]
    return Table("levels", "Residual levels of 512 codes", tuple(rows))


def _quantiser(asked: Asked) -> Table:
    rows = (
        asked.row("VQ, 512 codes", "vq", codebook_size=CODES),
        asked.row("FSQ, 8 x 8 x 8", "fsq", codebook_size=CODES, fsq_grid=(8, 8, 8)),
    )
    return Table("quantiser", "A learned codebook, or a fixed grid", rows)


_MAKERS = {
    "paper": _paper,
    "loss": _loss,
    "joint": _joint,
    "codebook": _codebook,
    "frames": _frames,
    "levels": _levels,
    "quantiser": _quantiser,
}
