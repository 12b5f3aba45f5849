"""The records that stages hand to each other: small, frozen, no behaviour beyond arithmetic on their own fields.

Time is float seconds, half-open ``[start_s, end_s)``. Inside a clip, second 0 is the clip's start; a
`Clip` says where that lies in its source. Frames are counted on the 25 Hz grid of `nonverbal.timeline`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

PARTS = ("face", "head", "gaze", "upper_body", "left_hand", "right_hand")
"""The parts that carry validity and confidence, in column order (see `Motion`)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of time ``[start_s, end_s)``.

    Raises:
        ValueError: the end lies before the start.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not self.end_s >= self.start_s:
            raise ValueError(f"a span ends before it starts: start_s={self.start_s}, end_s={self.end_s}")

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Prosody:
    """How a word was said, from the sound in which nobody else talks; None is unknown.

    Attributes:
        alone: share of the word, 0 to 1, in which nobody else talks; all else is measured there.
        voiced: share of that in which the vocal folds swing.
        pitch_hz: median fundamental frequency of the voiced frames.
        pitch_range_st: semitones from its 10th to its 90th percentile.
        pitch_slope_st_s: how it rises, or falls where negative, in semitones per second.
        energy_db: level against the median over all words of the same speaker in the dialogue.
        syllables_s: syllables per second of the words around it, pauses left out.
    """

    alone: float
    voiced: float | None = None
    pitch_hz: float | None = None
    pitch_range_st: float | None = None
    pitch_slope_st_s: float | None = None
    energy_db: float | None = None
    syllables_s: float | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word; `prob` in [0, 1]; `interpolated` where the recogniser gave no usable time of its own.

    `prosody` is None where it was not measured.
    """

    word: str
    start_s: float
    end_s: float
    prob: float
    interpolated: bool = False
    prosody: Prosody | None = None


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How surely a text is of one kind, 0 to 1; labels are the model's own."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Turn:
    """Consecutive words of one participant.

    `sentences` holds the index of the first word of each sentence in `words`. `harm` is the probability in
    [0, 1] that the text is harmful (None where it was not scored) and `harmful` whether it passed the threshold.
    `harm_scores` are the scores that `harm` is the greatest of, and those of further labels.
    """

    participant: str
    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...]
    sentences: tuple[int, ...] = (0,)
    harm: float | None = None
    harmful: bool = False
    harm_scores: tuple[LabelScore, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """What a listener does while someone else talks.

    Attributes:
        participant: who listens.
        kind: "backchannel" (a word such as "mhm"), "nod", "shake", "smile" or "brow_raise".
        during: the participant who talks.
        strength: how large it is: degrees for nods and shakes, face coefficients (0 to 1) for smiles and brows, words
            for backchannels (0 where a voice was heard and no word understood).
        confidence: of the words, or of the part that moves, 0 to 1, the mean over the event.
    """

    participant: str
    kind: str
    start_s: float
    end_s: float
    during: str
    strength: float
    confidence: float


@dataclass(frozen=True, slots=True)
class SpeakerSegment:
    """A stretch in which one diarized speaker talks; segments of different speakers may overlap."""

    speaker: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Source:
    """One media file ever seen. `source_id` is the sha256 of its bytes; text is cleaned of control characters."""

    source_id: str
    path: str
    size_bytes: int
    url: str = ""
    channel: str = ""
    title: str = ""
    licence: str = ""
    fetched_at: str = ""
    thumbnail: str = ""


@dataclass(frozen=True, slots=True)
class Clip:
    """A virtual cut ``[start_s, end_s)`` of a source, in seconds of the source's presentation time from its start.

    `clip_id` hashes (source_id, start, end) and serves as the dialogue's id.
    """

    clip_id: str
    source_id: str
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person followed without interruption through one shot, frame by frame on the 25 Hz grid.

    A track covers grid frames ``[start_frame, start_frame + T)``. All pixel coordinates are those of the
    upright full frame. Rows that are not valid hold zeros, never NaN.

    Attributes:
        face_box_px: [T, 4] x0, y0, x1, y1.
        face_score: [T] detector or landmark confidence in [0, 1].
        face_valid: [T] a face was seen in this very frame.
        landmarks_px: [T, 478, 3] MediaPipe face mesh with irises (468..472 the person's right iris, 473..477 the
            left); z in pixels of the same scale, smaller is nearer the camera.
        lips: [T, 32, 64] grey mouth region, aligned to the mouth corners.
        pose_px: [T, 33, 3] MediaPipe pose; z as above.
        pose_world_m: [T, 33, 3] metres, x right in the image, y down, z away from the camera, origin mid-hip.
        pose_visibility: [T, 33] in [0, 1].
        pose_valid: [T] the pose was measured or interpolated between two measurements.
        hands_px: [T, 2, 21, 3] index 0 the person's left hand, 1 the right.
        hand_score: [T, 2] in [0, 1].
        hand_valid: [T, 2].
        appearance: [E] unit-length embedding of the person's look, the mean over the track.
        faces: [T, 112, 112] grey face region as active speaker networks want it; empty where it was not asked for.
        blendshapes: [T, 52] learned face coefficients in the order of `ARKIT52_NAMES`; empty where no model gave them.
        head_turns: [T, 3, 3] learned head rotations against the line of sight, axes x right, y down, z away; empty
            where no model gave them.
    """

    track_id: int
    shot: int
    start_frame: int
    face_box_px: F32
    face_score: F32
    face_valid: Bool
    landmarks_px: F32
    lips: U8
    pose_px: F32
    pose_world_m: F32
    pose_visibility: F32
    pose_valid: Bool
    hands_px: F32
    hand_score: F32
    hand_valid: Bool
    appearance: F32
    faces: U8 = field(default_factory=lambda: np.zeros((0, 112, 112), np.uint8))
    blendshapes: F32 = field(default_factory=lambda: np.zeros((0, 52), np.float32))
    head_turns: F32 = field(default_factory=lambda: np.zeros((0, 3, 3), np.float32))

    @property
    def n_frames(self) -> int:
        return len(self.face_valid)

    @property
    def end_frame(self) -> int:
        return self.start_frame + self.n_frames


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Face, body and gaze of one participant over a whole clip, speaking or listening.

    Attributes:
        fps: frames per second of all rows.
        face: [T, D] in the space named by `face_space`.
        body: [T, 117] in the space named by `body_space`; axis-angle radians, each joint relative to its parent.
        validity: [T, 6] uint8 0 or 1, columns as in `PARTS`; values of invalid parts are zero.
        confidence: [T, 6] in [0, 1], zero where invalid.
        head_pose: [T, 6] head rotation (axis-angle, radians) and place of the point between the eyes (metres), axes
            x right, y down, z away from the camera. The place is in the camera frame. The rotation is told against
            the line of sight to the head, so the identity looks straight into the lens from anywhere in the picture.
        gaze: [T, 4] left yaw, left pitch, right yaw, right pitch in radians relative to the head; yaw grows
            towards the person's left, pitch grows upwards.
        bbox: [T, 4] face box x0, y0, x1, y1 in pixels of the upright frame.
        speaking: [T] uint8 0 or 1.
    """

    participant: str
    face_space: str
    body_space: str
    fps: float
    face: F32
    body: F32
    validity: U8
    confidence: F32
    head_pose: F32
    gaze: F32
    bbox: F32
    speaking: U8

    @property
    def n_frames(self) -> int:
        return len(self.face)


@dataclass(frozen=True, slots=True, eq=False)
class Dialogue:
    """Everything about one clip: who said what when, and both participants' motion."""

    clip: Clip
    language: str
    turns: tuple[Turn, ...]
    participants: tuple[Motion, ...]
    events: tuple[Event, ...] = ()
