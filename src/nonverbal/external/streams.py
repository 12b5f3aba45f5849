"""One participant's crops on their way to one runner, batch by batch, and what came back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.external.crops import Boxes, body_boxes, face_boxes
from nonverbal.external.host import Runner
from nonverbal.external.layouts import LAYOUTS, OPTIONAL
from nonverbal.external.protocol import Kind
from nonverbal.motion.estimate import PersonView
from nonverbal.pipeline.stage import Job
from nonverbal.types import U8

_MARGIN = 1.25


@dataclass(frozen=True, slots=True)
class Asked:
    """What a runner is told of the person that it is asked about: clip, name in it, size of the picture."""

    clip: str
    participant: str
    picture_px: tuple[int, int]


def stream(runner: Runner, kind: str, view: PersonView, who: Asked, wanted: tuple[float, int]) -> Stream:
    """The crops of one person for one runner; `wanted` is margin (0: the runner's) and most pictures of a batch."""
    asked = runner.hello.kinds[kind]
    margin = wanted[0] or asked.numbers.get("margin", _MARGIN)
    batch = min(wanted[1], asked.batch or wanted[1])
    return Stream(who, kind, runner, _boxes(kind, view, asked, margin, who.picture_px), batch)


@dataclass(eq=False)
class Stream:
    """One participant's crops for one runner, batch by batch, and what came back."""

    who: Asked
    kind: str
    runner: Runner
    boxes: Boxes
    batch: int
    _waiting: list[int] = field(default_factory=list)
    _crops: list[U8] = field(default_factory=list)
    _found: dict[str, NDArray[Any]] = field(default_factory=dict)

    def see(self, row: int, rgb: U8, job: Job) -> None:
        """Takes the crop of a frame where there is one."""
        if not self.boxes.valid[row]:
            return
        height, width = _sides(self._asked)
        self._crops.append(self.boxes.cut(rgb, row, height, width))
        self._waiting.append(row)
        if len(self._waiting) == self.batch:
            self.ask(job)

    def ask(self, job: Job) -> None:
        """Has the waiting crops estimated."""
        if not self._waiting:
            return
        rows = np.asarray(self._waiting)
        extra = {"frame": rows.astype(np.int32), "box_px": self.boxes.corners_px[rows]}
        arrays = {"crops": np.stack(self._crops)} | {k: v for k, v in extra.items() if k in self._asked.takes}
        share = float(rows[-1]) / max(len(self.boxes.valid), 1)
        options = {
            "clip": self.who.clip,
            "participant": self.who.participant,
            "picture_px": list(self.who.picture_px),
        }
        answer = self.runner.ask(self.kind, arrays, options, lambda done: job.tick(share))
        for name, values in answer.items():
            whole = self._found.setdefault(name, np.zeros((len(self.boxes.valid), *values.shape[1:]), values.dtype))
            whole[rows] = values
        self._waiting, self._crops = [], []

    def rows(self, raw: bool) -> Iterator[tuple[tuple[str, str, str], NDArray[Any]]]:
        """What is kept of the arrays, for all frames, zero where the runner saw nothing; none if it was never asked."""
        valid = self._found.get("valid")
        if valid is None:
            return
        for name, values in self._found.items():
            if raw or name in ("valid", *OPTIONAL, *LAYOUTS[self.kind]):
                seen = valid.reshape(-1, *[1] * (values.ndim - 1))
                yield (self.who.participant, self.kind, name), values * seen

    @property
    def _asked(self) -> Kind:
        return self.runner.hello.kinds[self.kind]


def _sides(asked: Kind) -> tuple[int, int]:
    """Height and width of the crops."""
    return int(asked.takes["crops"].shape[1]), int(asked.takes["crops"].shape[2])


def _boxes(kind: str, view: PersonView, asked: Kind, margin: float, picture_px: tuple[int, int]) -> Boxes:
    height, width = _sides(asked)
    if kind == "face":
        return face_boxes(view.landmarks_px, view.face_valid, width / height, margin)
    face = np.where(view.face_valid[:, None], view.face_box_px, 0.0).astype(np.float32)
    return body_boxes(view.pose_px, view.pose_visibility, view.pose_valid, face, picture_px, width / height, margin)
