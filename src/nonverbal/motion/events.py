"""Smiles, raised and lowered brows, blinks, nods, shakes and strokes of the hands, found in rows of motion.

Each event has a beginning, an end, a peak and a size; `KINDS` holds the thresholds. docs/behaviour_metrics.md says how
often they are right about motion whose acting is known, and what a tokenizer leaves of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy  # loads its parts when they are used
from numpy.typing import NDArray

from nonverbal.motion.rotations import matrix_from_axis_angle
from nonverbal.motion.skeleton import forward_kinematics
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS, get_space
from nonverbal.timeline import FPS
from nonverbal.types import F32, PARTS, Bool, Motion
from nonverbal.verdicts import UserError

F = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of behaviour is told from its signal, a number a frame.

    Attributes:
        signal: what the signal is; an event's size has its unit.
        on: the least size.
        off: of a stretch, the height at which it begins and ends; of swings, the least size of each one.
        smooth_s: standard deviation of the bell that the signal is smoothed with before.
        least_s, most_s: how long an event lasts; shorter and longer ones are something else.
        join_s: stretches or swings nearer to each other than this belong to one event.
        swings: how many swings of the head make an event.
    """

    signal: str
    on: float
    off: float = 0.0
    smooth_s: float = 0.04
    least_s: float = 0.0
    most_s: float = np.inf
    join_s: float = 0.0
    swings: int = 0


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "smile": Kind("mean of both mouthSmile; it stands out by this over what is around it", 0.1, smooth_s=0.3),
        "brows_up": Kind("least of browInnerUp and both browOuterUp", 0.2, 0.12, least_s=0.16, join_s=0.1),
        "brows_down": Kind("mean of both browDown", 0.3, 0.2, 0.08, least_s=0.3, join_s=0.2),
        "blink": Kind("mean of both eyeBlink", 0.5, 0.35, 0.0, least_s=0.04, most_s=0.5),
        "nod": Kind("degrees the face dips before it rises again", 2.0, 1.0, join_s=0.5, swings=2),
        "shake": Kind("degrees the face turns to one side before it turns back", 3.5, 1.5, join_s=0.35, swings=3),
        "stroke": Kind("metres per second by which the faster wrist outruns what is around it", 0.25),
    }
)
"""Every kind of event, in the order of reports."""

FACE_KINDS, BODY_KINDS = ("smile", "brows_up", "brows_down", "blink"), ("nod", "shake", "stroke")

_LOOK_S = 0.16  # of the bell that holds looks and leaning; what is faster swings
_HALF_SWING_S = 0.2  # from the middle of a swing to its rest, at the 2 to 2.5 Hz of nods and shakes
_WRISTS = [SMPLX117_JOINTS.index(name) for name in ("left_wrist", "right_wrist")]
_HEAD = slice(3 * SMPLX117_JOINTS.index("head"), 3 * SMPLX117_JOINTS.index("head") + 3)


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Occurrences of one kind in order of time, [N] each: seconds from the first frame, and sizes (see `Kind.signal`).

    The peak of a stretch is the middle of the frames above half its height: where a plateau is highest is chance.
    """

    start_s: F
    end_s: F
    peak_s: F
    size: F

    def __len__(self) -> int:
        return len(self.peak_s)

    def where(self, chosen: Bool) -> Events:
        """Those of which `chosen` [N] is true."""
        return Events(self.start_s[chosen], self.end_s[chosen], self.peak_s[chosen], self.size[chosen])


def motion_events(motion: Motion) -> dict[str, Events]:
    """Every kind of event that the spaces of a motion define, over the frames in which its part is valid."""
    face, body = (motion.validity[:, PARTS.index(part)].astype(bool) for part in ("face", "upper_body"))
    return face_events(motion.face, motion.face_space, face, motion.fps) | body_events(
        motion.body, motion.body_space, body, motion.fps
    )


def face_events(face: F32, space: str, valid: Bool | None = None, fps: float = FPS) -> dict[str, Events]:
    """Smiles, raised and lowered brows, blinks.

    None of them is defined in ``flame53``, which gives {}: its 50 expression coefficients are principal components
    without a name each, and it has no eyelids.

    Args:
        face: [T, D] rows of `space`; best a whole dialogue's, as what is at the very edge of the rows cannot peak.
        space: ``arkit52`` or ``flame53``.
        valid: [T] the frames that count; all if None. No event reaches over a frame that does not.

    Raises:
        UserError: there is no such space, it is none of a face, a shape does not fit, or a valid number is not finite.
    """
    rows, spans = _checked(face, space, ("arkit52", "flame53"), valid)
    if space == "flame53":
        return {}
    signals = {
        "smile": _columns(rows, "mouthSmileLeft", "mouthSmileRight").mean(axis=1),
        "brows_up": _columns(rows, "browInnerUp", "browOuterUpLeft", "browOuterUpRight").min(axis=1),
        "brows_down": _columns(rows, "browDownLeft", "browDownRight").mean(axis=1),
        "blink": _columns(rows, "eyeBlinkLeft", "eyeBlinkRight").mean(axis=1),
    }
    find = {name: _apexes if name == "smile" else _stretches for name in FACE_KINDS}
    return {name: _in_spans(find[name], signals[name], spans, KINDS[name], fps) for name in FACE_KINDS}


def body_events(body: F32, space: str, valid: Bool | None = None, fps: float = FPS) -> dict[str, Events]:
    """Nods and shakes as in `head_events`, and strokes of either wrist against the chest.

    Args:
        body: [T, 117] rows of ``smplx117``.
        space: ``smplx117``.
        valid: [T] as in `face_events`.

    Raises:
        UserError: as `face_events`.
    """
    rows, spans = _checked(body, space, ("smplx117",), valid)
    strokes = _in_spans(_apexes, wrist_speed_m_s(rows, fps), spans, KINDS["stroke"], fps)
    return {**head_events(body, space, valid, fps), "stroke": strokes}


def head_events(body: F32, space: str, valid: Bool | None = None, fps: float = FPS) -> dict[str, Events]:
    """Nods and shakes, by the head against its parent joint: a tenth of the work of `body_events`.

    A nod dips at least twice and a shake turns at least three times: less is a beat of speech or a look.

    Args, Raises: as `body_events`.
    """
    rows, spans = _checked(body, space, ("smplx117",), valid)
    dip_deg, turn_deg = head_angles_deg(rows)
    return {
        "nod": _in_spans(_dips, dip_deg, spans, KINDS["nod"], fps),
        "shake": _in_spans(_turns, turn_deg, spans, KINDS["shake"], fps),
    }


def head_angles_deg(body: F) -> tuple[F, F]:
    """[T] degrees the face looks down and [T] to the person's left, against the head's parent, of ``smplx117``."""
    x, y, z = matrix_from_axis_angle(body[:, _HEAD])[..., 2].T
    return -np.degrees(np.arcsin(np.clip(y, -1.0, 1.0))), np.degrees(np.arctan2(x, z))


def wrist_speed_m_s(body: F, fps: float = FPS) -> F:
    """[T] speed of the faster wrist against the chest of an average adult, of ``smplx117``; 0 for a single frame."""
    if len(body) < 2:
        return np.zeros(len(body))
    places = forward_kinematics(body)[0][:, _WRISTS]
    return np.asarray(np.linalg.norm(np.gradient(places, 1.0 / fps, axis=0), axis=2).max(axis=1))


def _in_spans(
    find: Callable[[F, Kind, float], Events], signal: F, spans: Sequence[tuple[int, int]], kind: Kind, fps: float
) -> Events:
    """The events of each stretch ``[first, last)`` of frames by itself, in seconds of the whole signal."""
    parts = [(first / fps, find(signal[first:last], kind, fps)) for first, last in spans]
    start_s, end_s, peak_s = (
        np.concatenate([np.zeros(0), *(at_s + getattr(events, name) for at_s, events in parts)])
        for name in ("start_s", "end_s", "peak_s")
    )
    return Events(start_s, end_s, peak_s, np.concatenate([np.zeros(0), *(events.size for _, events in parts)]))


def _stretches(signal: F, kind: Kind, fps: float) -> Events:
    """Stretches above `kind.off` that reach `kind.on` and last as long as the kind does."""
    smooth = _smoothed(signal, kind.smooth_s, fps)
    starts, ends = _runs(smooth > kind.off)
    if not len(starts):
        return Events(*np.zeros((4, 0)))
    apart = starts[1:] - ends[:-1] > kind.join_s * fps
    starts, ends = starts[np.append(True, apart)], ends[np.append(apart, True)]
    size = np.maximum.reduceat(smooth, np.stack([starts, ends], axis=1).ravel()[: 2 * len(starts) - 1])[::2]
    middle = np.array([_middle(smooth[a:b]) for a, b in zip(starts, ends, strict=True)]) + starts
    lasts_s = (ends - starts) / fps
    found = Events(starts / fps, ends / fps, middle / fps, size)
    return found.where((size >= kind.on) & (lasts_s >= kind.least_s) & (lasts_s <= kind.most_s))


def _apexes(signal: F, kind: Kind, fps: float) -> Events:
    """Local maxima that stand out by `kind.on`; they begin and end halfway down."""
    smooth = _smoothed(signal, kind.smooth_s, fps)
    at, about = scipy.signal.find_peaks(smooth, prominence=kind.on, width=0.0, rel_height=0.5)
    begins, ends = about["left_ips"], about["right_ips"]
    return Events((begins + 0.5) / fps, (ends + 0.5) / fps, (at + 0.5) / fps, about["prominences"])


def _dips(angle_deg: F, kind: Kind, fps: float) -> Events:
    """Nods: what is left of the angle when looks and leaning are taken away, as later dips are small."""
    smooth = _smoothed(angle_deg, kind.smooth_s, fps)
    return _swings((smooth - _smoothed(angle_deg, _LOOK_S, fps),), kind, fps)


def _turns(angle_deg: F, kind: Kind, fps: float) -> Events:
    """Shakes: turns of the angle itself, as a quick look would leave swings at its corners."""
    smooth = _smoothed(angle_deg, kind.smooth_s, fps)
    return _swings((smooth, -smooth), kind, fps)


def _swings(sides: tuple[F, ...], kind: Kind, fps: float) -> Events:
    """Groups of at least `kind.swings` maxima, of any of the signals, that follow each other within `kind.join_s`."""
    peaks = [scipy.signal.find_peaks(side, prominence=kind.off) for side in sides]
    at = np.concatenate([frames for frames, _ in peaks])
    size = np.concatenate([about["prominences"] for _, about in peaks])
    order = np.argsort(at, kind="stable")
    at, size = at[order], size[order]
    groups = np.split(np.arange(len(at)), np.flatnonzero(np.diff(at) > kind.join_s * fps) + 1)
    groups = [g for g in groups if len(g) >= kind.swings and size[g].max() >= kind.on]
    first, last, best = (
        np.array([g[pick(g)] for g in groups], np.intp)
        for pick in (lambda g: 0, lambda g: -1, lambda g: int(np.argmax(size[g])))
    )
    at_s, until_s = (at + 0.5) / fps, len(sides[0]) / fps
    starts_s = np.maximum(at_s[first] - _HALF_SWING_S, 0.0)
    return Events(starts_s, np.minimum(at_s[last] + _HALF_SWING_S, until_s), at_s[best], size[best])


def _middle(heights: F) -> float:
    """Frames from the beginning to the middle of those above half the height."""
    return float(np.flatnonzero(heights >= 0.5 * heights.max()).mean()) + 0.5


def _runs(mask: Bool) -> tuple[F, F]:
    """First frames of the runs of true, and the frames after their last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return edges[::2], edges[1::2]


def _smoothed(signal: F, std_s: float, fps: float) -> F:
    """Under a bell of this standard deviation; ends repeat."""
    if not std_s or not len(signal):
        return signal
    return np.asarray(scipy.ndimage.gaussian_filter1d(signal, std_s * fps, mode="nearest"))


def _columns(rows: F, *names: str) -> F:
    return rows[:, [ARKIT52_NAMES.index(name) for name in names]]


def _checked(rows: F32, space: str, fitting: tuple[str, ...], valid: Bool | None) -> tuple[F, list[tuple[int, int]]]:
    """Rows as float64, zero where not valid, and the stretches ``[first, last)`` of valid frames."""
    width = get_space(space).dim
    if space not in fitting:
        raise UserError(f"events: got rows of {space}, expected {' or '.join(fitting)}; face and body have a call each")
    if np.ndim(rows) != 2 or np.shape(rows)[1] != width:
        raise UserError(f"events: got rows {list(np.shape(rows))}, expected [T, {width}] of {space}")
    mask = np.ones(len(rows), bool) if valid is None else np.asarray(valid, bool)
    if mask.shape != (len(rows),):
        raise UserError(f"events: got {list(mask.shape)} valid flags for {len(rows)} frames, expected one a frame")
    values = np.where(mask[:, None], rows, 0).astype(np.float64)
    if not np.isfinite(values).all():
        frame = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise UserError(f"events: {space} is not finite at frame {frame}, which is said to be valid; repair the rows")
    return values, [(int(a), int(b)) for a, b in zip(*_runs(mask), strict=True)]
