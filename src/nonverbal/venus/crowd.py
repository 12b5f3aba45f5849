"""Everyone followed through a clip: who begins, who goes on, who is lost, and which models look at whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nonverbal.backends import appearance
from nonverbal.backends.face_models import DEFAULT, gives_blendshapes
from nonverbal.timeline import FPS
from nonverbal.types import F32, U8, Track
from nonverbal.venus.person import Eyes, Person, Rows
from nonverbal.venus.tracking import Box, associate, centre, distance, size, territory

_UNCONFIRMED_S = 3.0  # landmarks the face detector has not agreed with for so long lie on no face
_SAME_FACE = 0.4  # two people whose faces are nearer than this, in face sizes, are one
_NEWCOMER_FRAMES = 12  # who appears within a shot may be a mistake: no costly body models before the face has lasted
_OTHER_FACE = 0.7  # a detected face nearer than this to a person's is his own


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings of `watch` that decide whom to follow, in frames and pixels; see there."""

    max_people: int
    face_min_px: float
    face_min_score: float
    track_min_frames: int
    track_lost_frames: int
    body_stride: int
    body_gap_frames: int
    keep_faces: bool = False
    face_model: str = DEFAULT


@dataclass
class Batch:
    """Consecutive pictures of one shot from grid frame `first`; `faces` are those detected in the first picture."""

    first: int
    cut: bool
    pictures: list[U8]
    faces: list[tuple[Box, float]] = field(default_factory=list)


class Crowd:
    """Takes the batches of a clip in order.

    Args:
        capacity: grid frames of the clip.
        describe: what people look like, see `Eyes`.
    """

    def __init__(self, limits: Limits, capacity: int, describe: Callable[[U8, F32], F32] = appearance.describe) -> None:
        self._limits, self._capacity, self._describe = limits, capacity, describe
        self._people: list[Person] = []
        self._tracks: list[Track] = []
        self._free: list[Eyes] = []
        self.shots: list[int] = []

    def begin(self, batch: Batch) -> list[Callable[[], None]]:
        """Matches the detected faces to people; returns one piece of work for each person, free to run in parallel."""
        if batch.cut:
            self._end(self._people, batch.first)
            self.shots.append(batch.first)
        self._match(batch)
        self._drop(batch.first)
        self._welcome(batch)
        self._divide(batch)
        return [self._work(person, batch) for person in self._people]

    def finish(self, count: int) -> tuple[Track, ...]:
        """Ends everyone and gives all tracks by first frame, then from left to right, numbered in that order."""
        self._end(self._people, count)
        order = sorted(self._tracks, key=lambda t: (t.start_frame, float(t.face_box_px[t.face_valid][0, 0])))
        self._tracks.clear()
        return tuple(replace(track, track_id=number) for number, track in enumerate(order))

    def close(self) -> None:
        """Ends all models."""
        for eyes in self._free + [person.eyes for person in self._people]:
            eyes.close()
        self._free.clear()
        self._people.clear()

    def _work(self, person: Person, batch: Batch) -> Callable[[], None]:
        return lambda: person.follow(batch.pictures, batch.first, self._limits.body_stride)

    def _match(self, batch: Batch) -> None:
        pairs, _, _ = associate([p.box for p in self._people], [box for box, _ in batch.faces])
        for i, j in pairs:
            person, (box, score) = self._people[i], batch.faces[j]
            if person.last_face < batch.first - 1:
                person.box = box
            person.confirmed, person.score = batch.first, score

    def _drop(self, now: int) -> None:
        limits = self._limits
        lost = [p for p in self._people if now - max(p.last_face, p.confirmed) > limits.track_lost_frames]
        unconfirmed = [p for p in self._people if now - p.confirmed > _UNCONFIRMED_S * FPS]
        for person in unconfirmed:
            person.last_face = min(person.last_face, person.confirmed)
        twins = [
            younger
            for i, younger in enumerate(self._people)
            if any(distance(older.box, younger.box) < _SAME_FACE for older in self._people[:i])
        ]
        gone = {id(p) for p in lost + unconfirmed + twins}
        self._end([p for p in self._people if id(p) in gone], now)

    def _welcome(self, batch: Batch) -> None:
        limits = self._limits
        for box, score in sorted(batch.faces, key=lambda face: (-size(face[0]), face)):
            known = any(distance(person.box, box) < _OTHER_FACE for person in self._people)
            fit = score >= limits.face_min_score and size(box) >= limits.face_min_px
            if fit and not known and len(self._people) < limits.max_people:
                eyes = self._free.pop() if self._free else Eyes(limits.face_model, self._describe)
                left = self._capacity - batch.first
                rows = Rows(left, limits.keep_faces, gives_blendshapes(limits.face_model))
                person = Person(batch.first, len(self.shots) - 1, box, score, eyes, rows)
                person.body_from = batch.first + (0 if batch.cut else _NEWCOMER_FRAMES)
                self._people.append(person)

    def _divide(self, batch: Batch) -> None:
        """Gives each person the part of the picture in which no other face stands."""
        sure = [box for box, score in batch.faces if score >= self._limits.face_min_score]
        for person in self._people:
            others = [other.box for other in self._people if other is not person]
            others += [box for box in sure if all(distance(box, p.box) >= _OTHER_FACE for p in self._people)]
            others = [box for box in others if 2.0 * size(box) >= size(person.box)]
            person.territory = territory(person.box, sorted(others, key=centre), batch.pictures[0])

    def _end(self, people: list[Person], now: int) -> None:
        limits = self._limits
        for person in list(people):
            end = min(person.last_face + 1, now)
            if person.faces(end) >= limits.track_min_frames:
                self._tracks.append(person.track(-1, end, limits.body_stride, limits.body_gap_frames))
            self._people.remove(person)
            self._free.append(person.eyes)
