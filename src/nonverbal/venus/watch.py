"""watch: one pass over a clip's pictures that follows every person in it: faces, landmarks, lips, bodies, hands.

Pictures come in batches of a few frames. On a batch's first picture all faces are detected and matched to the
people followed so far; then each person is followed through the batch on an own thread. A cut ends the batch
and every track. Nothing in a batch depends on another person's models, so threads never change a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from nonverbal.backends import face_models, looks
from nonverbal.backends.mediapipe_faces import detect_faces
from nonverbal.backends.requirements import Backend
from nonverbal.media.video import read_frames
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.timeline import FPS, n_frames
from nonverbal.types import U8, Track
from nonverbal.venus.crowd import Batch, Crowd, Limits
from nonverbal.venus.shots import ShotFinder

_CONFIRM_SCORE = 0.3  # a weak detection is enough to confirm a face already followed, not to begin one
_CLOSE_ROUNDS = 4  # of so many searches within a shot one looks for small faces too, at three times the cost


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Everyone seen in a clip.

    Attributes:
        n_frames: grid frames of the clip.
        shots: the first frame of each shot, rising, beginning with 0.
        tracks: by first frame, then from left to right.
        still: share of pictures nearly identical to the one before, in [0, 1].
        face_model: which of `backends.face_models.CHOICES` saw the faces.
        identity_model: which of `backends.looks.CHOICES` described the tracks' looks.
    """

    n_frames: int
    shots: tuple[int, ...]
    tracks: tuple[Track, ...]
    width_px: int
    height_px: int
    still: float
    identity_model: str = "appearance"
    face_model: str = "mesh"


@dataclass(frozen=True)
class Watch:
    """Follows the people of a clip."""

    name: ClassVar[str] = "watch"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = None

    max_people: int = 4
    """People followed at the same time, the largest faces first."""
    face_min_px: float = 24.0
    """Faces smaller than this (mean of width and height) are not followed."""
    face_min_score: float = 0.5
    """Face detections below this score, 0 to 1, begin no track."""
    detect_every_frames: int = 6
    """Frames (of 1/25 s) between two searches for faces in the whole picture."""
    body_hz: float = 12.5
    """How often body and hands are measured; the frames between are interpolated."""
    body_gap_frames: int = 5
    """Body and hands are interpolated between measurements at most so many frames apart."""
    track_min_s: float = 0.8
    """People whose face is seen for a shorter time are dropped as flicker."""
    track_lost_s: float = 1.0
    """A track ends when its face was not seen for so long."""
    face_model: str = "mesh"
    """What sees faces: "mesh"; "landmarker" for learned coefficients and the head's turn; or "blend" for these and our
    own together, by both models. The two take weights to be downloaded (docs/face_models.md)."""
    identity_model: str = "appearance"
    """What tells people apart and knows them again, one of `backends.looks.CHOICES`."""
    keep_faces: bool = False
    """Keep grey pictures of the faces in memory until `speak` has run: networks that detect active speakers need them,
    and choosing one sets this."""

    def __post_init__(self) -> None:
        if self.max_people < 1 or self.detect_every_frames < 1 or self.body_gap_frames < 1:
            raise ValueError("max_people, detect_every_frames and body_gap_frames are counts: expected 1 or more")
        if not 1.0 <= self.body_hz <= FPS:
            raise ValueError(f"body_hz is {self.body_hz}, expected 1 to {FPS:g}")

    @property
    def limits(self) -> Limits:
        """The settings in frames."""
        return Limits(
            self.max_people,
            self.face_min_px,
            self.face_min_score,
            max(1, round(self.track_min_s * FPS)),
            round(self.track_lost_s * FPS),
            max(1, round(FPS / self.body_hz)),
            self.body_gap_frames,
            self.keep_faces,
            self.face_model,
        )

    def backends(self) -> tuple[Backend, ...]:
        """The optional and default models that `run` uses and that can be chosen.

        Raises:
            UserError: one that is chosen does not exist.
        """
        return face_models.backend_of(self.face_model), looks.backend_of(self.identity_model)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Sighting:
        """Reads the clip's pictures once, from first to last."""
        assert job.clip is not None, "watch works on clips"
        count = n_frames(job.clip.duration_s)
        frames = read_frames(Path(job.source.path), job.clip.start_s, job.clip.end_s, threads=job.threads)
        shots = ShotFinder()
        size_px = (0, 0)
        with (
            closing(Crowd(self.limits, count, looks.look_model(self.identity_model).describe)) as crowd,
            _Workers(job.threads) as workers,
        ):
            for batch in _batches(frames, shots, self.detect_every_frames):
                workers.join()
                job.tick(batch.first / max(count, 1))
                size_px = (batch.pictures[0].shape[1], batch.pictures[0].shape[0])
                workers.start(crowd.begin(batch))
            workers.join()
            tracks = crowd.finish(count)
            return Sighting(
                count, tuple(crowd.shots), tracks, *size_px, shots.still, self.identity_model, self.face_model
            )


class _Workers:
    """Runs pieces of work beside the caller on `threads` threads, or at once in the caller's own where there is one."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._running: list[Future[None]] = []

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def start(self, work: list[Callable[[], None]]) -> None:
        if self._pool is None:
            for piece in work:
                piece()
        else:
            self._running = [self._pool.submit(piece) for piece in work]

    def join(self) -> None:
        """Waits for what was started; an error in it is raised here."""
        for future in self._running:
            future.result()
        self._running = []


def _batches(frames: Iterator[U8], shots: ShotFinder, length: int) -> Iterator[Batch]:
    """Groups of at most `length` pictures that never reach over a cut, with the faces in their first picture."""
    last: Batch | None = None
    batch: Batch | None = None
    rounds = 0
    for i, rgb in enumerate(frames):
        cut = shots.is_cut(rgb)
        if batch is not None and (cut or len(batch.pictures) == length):
            _find_faces(batch, last, closely=batch.cut or rounds % _CLOSE_ROUNDS == 0)
            yield batch
            last, batch = batch, None
            rounds += 1
        if batch is None:
            batch = Batch(i, cut, [])
        batch.pictures.append(rgb)
    if batch is not None:
        _find_faces(batch, last, closely=batch.cut)
        yield batch


def _find_faces(batch: Batch, last: Batch | None, closely: bool) -> None:
    if last is not None and last.pictures[0] is batch.pictures[0]:
        batch.faces = last.faces
        return
    found = detect_faces(batch.pictures[0], _CONFIRM_SCORE, tiles=closely)
    batch.faces = [((x0, y0, x1, y1), score) for x0, y0, x1, y1, score in found]
