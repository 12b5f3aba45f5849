"""F5, visible: the speakers are on screen, as moving people.

Three different things can be wrong: no face at all, fewer people or less of them than voices, and a picture that
does not move (a photograph or a drawing under a voice).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nonverbal.backends.looks import look_model
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.types import Track
from nonverbal.venus.linking import gather, link, seen_frames
from nonverbal.verdicts import Reason, Reject, UserError

if TYPE_CHECKING:
    from nonverbal.venus.watch import Sighting


@dataclass(frozen=True, slots=True)
class Visibility:
    """What F5 judged by.

    Attributes:
        persons: track ids of each distinct person, by first track.
        face_share: share of the clip in which at least one face is seen.
        person_share: share of the clip in which each person is seen, in the same order.
        still_share: share of pictures nearly identical to the one before.
        lip_range: how far the mouth of the liveliest person opens and closes, in face heights.
        shots: number of shots.
    """

    persons: tuple[tuple[int, ...], ...]
    person_share: tuple[float, ...]
    face_share: float
    still_share: float
    lip_range: float
    shots: int


@dataclass(frozen=True)
class Visible:
    """Rejects clips that do not show the speakers."""

    name: ClassVar[str] = "visible"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("watch", "diarize")
    codec: ClassVar[Codec | None] = JsonCodec(Visibility)

    face_min_share: float = 0.1
    """A clip with a face in a smaller share of its frames, 0 to 1, has no face."""
    person_min_share: float = 0.2
    """Share of the clip, 0 to 1, in which each of the speakers must be seen."""
    still_max_share: float = 0.9
    """A clip of which a larger share of pictures, 0 to 1, equals the one before is a still picture."""
    lip_min_range: float = 0.012
    """Lips of the liveliest person that open and close by less, in face heights, belong to a picture or a statue."""
    same_person_similarity: float | None = None
    """Likeness, -1 to 1, from which tracks of different shots are surely one person; below, it takes a clear lead over
    the likeness to the other speaker. None takes the one that was measured for the model of looks."""

    def __post_init__(self) -> None:
        if self.same_person_similarity is not None and not -1.0 <= self.same_person_similarity <= 1.0:
            raise UserError(f"same_person_similarity={self.same_person_similarity}, expected -1 to 1 or None")

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Visibility | Reject:
        sighting: Sighting = inputs["watch"]
        speakers = len(inputs["diarize"].speakers)
        model = look_model(sighting.identity_model)
        groups = link(sighting.tracks, model, self.same_person_similarity)
        persons = gather(sighting.tracks, groups, speakers, model)
        job.tick(0.5)
        facts = facts_of(sighting, persons)
        return self.verdict(facts, speakers) or facts

    def verdict(self, facts: Visibility, speakers: int) -> Reject | None:
        """What is wrong with a clip of so many speakers, if anything."""
        if facts.face_share < self.face_min_share:
            return Reject(
                Reason.E_NO_FACE,
                f"a face is seen in {facts.face_share:.1%} of the clip, expected at least {self.face_min_share:.0%}: "
                "faces are absent, turned away or too small; use a video with larger, frontal faces",
            )
        if facts.still_share > self.still_max_share or facts.lip_range < self.lip_min_range:
            return Reject(
                Reason.E_STILL,
                f"{facts.still_share:.0%} of the pictures equal the one before and the lips move by "
                f"{facts.lip_range:.4f} face heights, expected at most {self.still_max_share:.0%} and at least "
                f"{self.lip_min_range:g}: a still picture under the sound; use a video of the people talking",
            )
        enough = sum(share >= self.person_min_share for share in facts.person_share)
        if enough < speakers:
            seen = ", ".join(f"{share:.0%}" for share in sorted(facts.person_share, reverse=True)[:4])
            return Reject(
                Reason.E_FACE_LOST,
                f"{speakers} voices, but {len(facts.persons)} on screen, seen in {seen} of the clip; expected "
                f"{speakers} people seen in at least {self.person_min_share:.0%} each; use a video that shows all, "
                "or lower person_min_share",
            )
        return None


def facts_of(sighting: Sighting, persons: tuple[tuple[int, ...], ...]) -> Visibility:
    """The facts of a sighting whose tracks make up these persons."""
    count = max(sighting.n_frames, 1)
    seen = [seen_frames(sighting.tracks, person, sighting.n_frames) for person in persons]
    anyone = np.any(seen, axis=0) if seen else np.zeros(0, bool)
    return Visibility(
        persons,
        tuple(float(one.sum()) / count for one in seen),
        float(anyone.sum()) / count,
        float(sighting.still),
        max((lip_range(track) for track in sighting.tracks), default=0.0),
        len(sighting.shots),
    )


def lip_range(track: Track) -> float:
    """How far the inner lips part and close again, in face heights: the middle 90 % of the frames with a face."""
    marks = track.landmarks_px[track.face_valid]
    if len(marks) < 2:
        return 0.0
    height = np.maximum(np.linalg.norm(marks[:, 10] - marks[:, 152], axis=1), 1.0)
    opening = np.linalg.norm(marks[:, 13, :2] - marks[:, 14, :2], axis=1) / height
    low, high = np.percentile(opening, [5, 95])
    return float(high - low)
