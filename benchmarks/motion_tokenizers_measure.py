"""What `tokenizers.py` measures of a tokenizer: the meters of `nonverbal evaluate tokenizer` on an equal share of
everybody's motion, so that a limit on minutes leaves nobody out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from nonverbal.dataset.read import Dataset
from nonverbal.timeline import n_frames
from nonverbal.tokens.contestants import MEAN_POSE, Contestant, Learned, Person, Run, Trial, mean_pose
from nonverbal.tokens.evaluation import Measured
from nonverbal.tokens.meshes import mesh_of
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.sparing_mesh import SparingMesh
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.verdicts import UserError

HELD_OUT, REAL = "held out", "real"
"""The sets every tokenizer is measured on: the split it has not seen, and real videos."""

TRUTH = "truth"
"""Name of the line that tells what the true motion's own numbers are."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one tokenizer's motion of one part is like on one set: metric -> number."""

    split: str
    part: str
    values: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredSet:
    """A set to measure on: some splits' dialogues, at most `minutes` of all participants together (None: all).

    Attributes:
        name: HELD_OUT or REAL.
        split: None for all of them.
    """

    name: str
    dataset: Dataset
    split: str | None
    minutes: float | None

    @property
    def heard(self) -> bool:
        """Whether it is known who speaks, so that silence means something."""
        return any(self.dataset.row(i)["turns"] for i in self.dataset.ids(self.split))

    @property
    def people(self) -> list[Person]:
        """Everybody, each for as long from the start as leaves an equal share to all."""
        fps = self.dataset.manifest.fps
        rows = [self.dataset.row(i) for i in self.dataset.ids(self.split)]
        lengths = [(r["dialogue_id"], who, n_frames(r["duration_s"], fps)) for r in rows for who in r["participants"]]
        if not lengths:
            raise UserError(f"{self.dataset.root}: nobody to measure in the split {self.split}; add dialogues")
        share = max(frames for *_, frames in lengths)
        if self.minutes is not None:
            share = equal_share([frames for *_, frames in lengths], round(self.minutes * 60 * fps))
        return [Person(dialogue_id, who, min(frames, share)) for dialogue_id, who, frames in lengths]


def equal_share(lengths: Sequence[int], total: int) -> int:
    """The most frames that all of `lengths` may have when they may not have more than `total` together; at least 1.

    Short ones leave what they do not need to the others::

        lengths 10 50 50, total 90  ->  40
    """
    left = total
    for position, length in enumerate(sorted(lengths)):
        each = left // (len(lengths) - position)
        if length > each:
            return max(each, 1)
        left -= length
    return max(lengths)


def measure(tokenizer: Tokenizer, measured: MeasuredSet) -> list[Figures]:
    """The figures of a tokenizer, one `Figures` a part."""
    return _figures(_tried(Learned("", tokenizer), measured), measured)


def floors(measured: MeasuredSet, spaces: Sequence[str]) -> list[tuple[str, Figures]]:
    """What the numbers stand between, with names: the truth's own diversity, and the mean pose held throughout."""
    found = []
    for space in spaces:
        row = _tried(mean_pose(measured.dataset, measured.people, space), measured)
        (still,) = _figures(row, measured)
        diversity = row.reconstruction[space].diversity_true
        truth = {} if diversity is None else {"diversity": diversity}
        found += [(TRUTH, Figures(measured.name, still.part, truth)), (MEAN_POSE, still)]
    return found


def _tried(contestant: Contestant, measured: MeasuredSet) -> Measured:
    meshes = {space: _mesh(space) for space in contestant.spaces}
    trial = Trial(contestant, meshes, 0, measured.dataset.manifest.fps)
    for person in measured.people:
        motion = measured.dataset.motion(person.dialogue_id, person.participant, smooth=True)
        values, mask = motion_rows(motion, contestant.spaces)
        if mask[: person.frames].any():
            rows = slice(person.frames)
            trial.add(Run(values[rows], mask[rows], motion.speaking[rows]), None)
            trial.forget()
    return trial.result()


@cache
def _mesh(space: str) -> SparingMesh | None:
    mesh = mesh_of(space)
    return None if mesh is None else SparingMesh(mesh)


def _figures(row: Measured, measured: MeasuredSet) -> list[Figures]:
    """The numbers of a tokenizer or a baseline; what could not be measured is left out."""
    heard = measured.heard
    found = []
    for space, report in row.reconstruction.items():
        numbers = {
            "vmse": report.vmse_release,
            "rms_mm": report.vertex_rms_mm,
            "lvd": report.lvd_mm_per_frame,
            "mae": report.parameter_mae,
            "diversity": report.diversity_decoded,
            "fd": report.frechet_distance,
            "variance_ratio": report.variance_ratio,
            "acceleration_ratio": report.acceleration_ratio,
            "silent_ratio": row.still[space].silent_acceleration_ratio if heard else None,
        }
        if row.codes is not None:
            numbers["perplexity"] = sum(row.codes.perplexity) / len(row.codes.perplexity)
            numbers["utilisation"] = sum(row.codes.utilisation) / len(row.codes.utilisation)
        part = "body" if space == "smplx117" else "face"
        found.append(Figures(measured.name, part, {k: float(v) for k, v in numbers.items() if v is not None}))
    return found
