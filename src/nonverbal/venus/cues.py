"""P5 and P6 cues: the tracks of each participant into face, head, gaze, body and hands over the whole clip.

`speaking` is what the diarization says, on the grid: sound tells when a voice is there, and it goes on telling while a
hand, a cut or the frame hides the mouth. The speak scores are used for agreement alone: where two tracks of one
participant cover the same frame (a person seen twice in a split screen), the one whose lips follow that voice wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nonverbal.backends.mediapipe_hands import N_HAND
from nonverbal.backends.mediapipe_mesh import N_LANDMARKS
from nonverbal.backends.mediapipe_pose import N_POSE
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.schema import ClipMotion
from nonverbal.motion.camera import Camera
from nonverbal.motion.estimate import PersonView, estimate_motion
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.timeline import spans_to_mask
from nonverbal.types import F32, Bool, Motion, Span, Track
from nonverbal.venus.assemble import participant_of

if TYPE_CHECKING:
    from nonverbal.venus.diarize import Diarization
    from nonverbal.venus.identity import Identities
    from nonverbal.venus.speak import Speaking
    from nonverbal.venus.watch import Sighting


@dataclass(frozen=True)
class Cues:
    """Turns landmarks into motion for every participant, speaking or listening."""

    name: ClassVar[str] = "cues"
    version: ClassVar[int] = 3
    reads: ClassVar[tuple[str, ...]] = ("watch", "speak", "identity", "diarize")
    codec: ClassVar[Codec | None] = MotionCodec()

    field_of_view_deg: float = 60.0
    """Angle the camera is assumed to see along the longer side of the picture, in degrees: distances depend on it,
    rotations hardly (at most about 1 degree of head turn between 60 and 90)."""
    shoulder_min_visibility: float = 0.3
    """The body counts where the pose model gives both shoulders at least this visibility, 0 to 1."""

    def __post_init__(self) -> None:
        if not 5.0 <= self.field_of_view_deg <= 150.0:
            raise ValueError(f"field_of_view_deg is {self.field_of_view_deg}, expected 5 to 150")
        if not 0.0 <= self.shoulder_min_visibility <= 1.0:
            raise ValueError(f"shoulder_min_visibility is {self.shoulder_min_visibility}, expected 0 to 1")

    def run(self, job: Job, inputs: Mapping[str, Any]) -> ClipMotion:
        """One `Motion` a diarized speaker, named A, B in order of first speech."""
        assert job.clip is not None, "cues belong to a clip"
        sighting: Sighting = inputs["watch"]
        diarization: Diarization = inputs["diarize"]
        camera = Camera.from_field_of_view(sighting.width_px, sighting.height_px, self.field_of_view_deg)
        motions: list[Motion] = []
        for index, speaker in enumerate(diarization.speakers):
            speaking = speaking_mask(diarization, speaker, sighting.n_frames)
            tracks = tracks_of(speaker, sighting, inputs["identity"], inputs["speak"], speaking)
            view = gather(tracks, sighting.n_frames, sighting.face_model)
            name = participant_of(speaker)
            motions.append(estimate_motion(view, camera, name, speaking, self.shoulder_min_visibility))
            job.tick((index + 1) / len(diarization.speakers))
        return ClipMotion(job.clip.clip_id, tuple(motions))


def speaking_mask(diarization: Diarization, speaker: str, count: int) -> Bool:
    """[count] whether the frame lies in a segment of `speaker`."""
    spans = [Span(s.start_s, s.end_s) for s in diarization.segments if s.speaker == speaker]
    return spans_to_mask(spans, count)


def tracks_of(
    speaker: str, sighting: Sighting, identities: Identities, speaking: Speaking, voice: Bool
) -> tuple[Track, ...]:
    """The tracks assigned to `speaker`, those whose lips follow the `voice` [T] best last."""
    ids = {i for assigned in identities.assignments if assigned.speaker == speaker for i in assigned.track_ids}
    chosen = [
        (agreement(scores, voice[track.start_frame : track.end_frame]), -track.start_frame, -track.track_id, track)
        for track, scores in zip(sighting.tracks, speaking.scores, strict=True)
        if track.track_id in ids
    ]
    return tuple(track for *_, track in sorted(chosen, key=lambda entry: entry[:3]))


def agreement(scores: F32, voice: Bool) -> float:
    """Mean speak score while the voice is heard minus that while it is not, in [-1, 1]; zero where one is missing."""
    scores = scores[: len(voice)]
    if not voice.any() or voice.all():
        return 0.0
    return float(scores[voice].mean() - scores[~voice].mean())


def gather(tracks: Sequence[Track], count: int, face_model: str = "mesh") -> PersonView:
    """The tracks on one timeline of `count` frames; later tracks overwrite earlier ones where they saw something."""
    learned = bool(tracks) and all(len(track.blendshapes) for track in tracks)
    view = PersonView(
        face_box_px=np.zeros((count, 4), np.float32),
        face_score=np.zeros(count, np.float32),
        face_valid=np.zeros(count, bool),
        landmarks_px=np.zeros((count, N_LANDMARKS, 3), np.float32),
        pose_px=np.zeros((count, N_POSE, 3), np.float32),
        pose_world_m=np.zeros((count, N_POSE, 3), np.float32),
        pose_visibility=np.zeros((count, N_POSE), np.float32),
        pose_valid=np.zeros(count, bool),
        hands_px=np.zeros((count, 2, N_HAND, 3), np.float32),
        hand_score=np.zeros((count, 2), np.float32),
        hand_valid=np.zeros((count, 2), bool),
        blendshapes=np.zeros((count if learned else 0, len(ARKIT52_NAMES)), np.float32),
        head_turns=np.zeros((count if learned else 0, 3, 3), np.float32),
        face_model=face_model,
    )
    for track in tracks:
        rows = np.flatnonzero(track.face_valid | track.pose_valid)
        rows = rows[(rows + track.start_frame >= 0) & (rows + track.start_frame < count)]
        for name in PersonView.__dataclass_fields__:
            array = getattr(view, name)
            if isinstance(array, np.ndarray) and len(array):
                array[rows + track.start_frame] = getattr(track, name)[rows]
    return view
