"""The plan of the hands: which gestures are made, by which hand, and when hands set out, land, stay and retract.

A gesture is prepared, its stroke lands on the word, it is held, and the hand retracts unless the next one is near::

    rest ----prepare----> wind-up --stroke--> pose ====hold====> ----retract----> rest
                                            ^ word
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nonverbal.motion.rotations import F
from nonverbal.studio.acting.moments import stressed_vowel_s
from nonverbal.studio.acting.reaching import Pose
from nonverbal.studio.acting.strokes import BEAT_M, READY, REST_POSES, Stroke, moved, stroke_of
from nonverbal.studio.acting.style import RESTS, Rest, Style
from nonverbal.studio.talk import Gesture, SpokenLine

STROKE_S = 0.22
"""From the wind-up to the pose; the pose is reached `LANDS_AFTER_S` after the word's stressed vowel begins."""

LANDS_AFTER_S = 0.04
BEAT_HOLD_S = 0.15
BEAT_BEFORE_CUE_S, BEAT_AFTER_CUE_S = 0.9, 0.5
"""Stressed words nearer to a cue than this get no beat."""

IDLE_S = 1.0
"""Hands that have nothing to do for longer than this go back to rest."""

REST_CHANGE_S = (25.0, 60.0)
BOTH_HANDS_BEAT, OTHER_HAND_BEATS = 0.30, 0.12
"""Shares of beats made by both hands and by the hand that does not lead."""

_TOP_SPEED_M_S = 1.5
_TOP_TURN_RAD_S = 7.0
_MIDDLE = np.array([0.13, -0.25, 0.28])  # gesture size scales distances from here
_OWN_PLACE = frozenset(("hand_to_chin", "cross_arms", "hands_together", "point_self"))  # made at the body, at any size


@dataclass(frozen=True, slots=True)
class Key:
    """One movement of an arm: it sets out at `start_s` and arrives at `pose` after `duration_s`."""

    start_s: float
    duration_s: float
    pose: Pose


@dataclass(frozen=True, slots=True)
class Made:
    """A gesture that was made: the stroke's landing and the end of its hold, in seconds."""

    gesture: Gesture
    landing_s: float
    until_s: float
    wave_deg: float = 0.0


@dataclass(slots=True)
class ArmPlan:
    """The movements of one arm so far. `busy_s`: until then nothing else may start; `free_s`: the end of the hold."""

    start: Pose
    keys: list[Key] = field(default_factory=list)
    busy_s: float = 0.0
    free_s: float = 0.0
    at_rest: bool = True

    @property
    def pose(self) -> Pose:
        return self.keys[-1].pose if self.keys else self.start

    def go(self, start_s: float, duration_s: float, pose: Pose) -> None:
        self.keys.append(Key(start_s, duration_s, pose))


@dataclass(frozen=True, slots=True)
class _Wish:
    """A gesture that the words ask for, to land at `hit_s`."""

    hit_s: float
    gesture: Gesture
    line_end_s: float
    nth: int


@dataclass(slots=True)
class HandsPlan:
    """The movements of both arms, the leading one first, and the gestures that came of them."""

    style: Style
    rng: np.random.Generator
    arms: tuple[ArmPlan, ArmPlan]
    rest: Rest
    rest_until_s: float
    made: list[Made] = field(default_factory=list)

    def settle(self, before_s: float, used: Sequence[int]) -> None:
        """Brings idle arms to rest, and rests elsewhere when it is time, given that `used` arms set out about
        `before_s`."""
        for index, arm in enumerate(self.arms):
            soon = before_s - 0.8 if index in used else before_s
            if not arm.at_rest and soon - arm.free_s > IDLE_S:
                self._retract(index, arm.free_s)
        ready_s = max(arm.free_s for arm in self.arms) + 0.5
        while all(arm.at_rest for arm in self.arms) and max(ready_s, self.rest_until_s) < before_s - 2.0:
            at_s = max(ready_s, self.rest_until_s)
            others = [rest for rest in RESTS if rest != self.rest]
            away = self.rest == self.style.rest or self.rng.random() < 0.3
            self.rest = others[int(self.rng.integers(len(others)))] if away else self.style.rest
            self._retract(0, at_s)
            self._retract(1, at_s + float(self.rng.uniform(0.0, 0.25)))
            self.rest_until_s = at_s + float(self.rng.uniform(*REST_CHANGE_S)) / self.style.fidget
            ready_s = at_s + 1.5

    def strike(self, wish: _Wish, stroke: Stroke, arms: Sequence[int]) -> None:
        """Makes a gesture with `arms`, unless they cannot be there in time."""
        poses = [stroke.lead if i == 0 or stroke.other is None else stroke.other for i in range(len(arms))]
        land_s = wish.hit_s + LANDS_AFTER_S
        starts = [
            self._set_out_s(self.arms[i], moved(p, stroke.windup), land_s) for i, p in zip(arms, poses, strict=True)
        ]
        if any(start_s is None for start_s in starts):
            return
        until_s = land_s + stroke.hold_s
        if stroke.to_line_end:
            until_s = max(until_s, wish.line_end_s)
        for index, pose, start_s in zip(arms, poses, starts, strict=True):
            arm = self.arms[index]
            arm.go(float(start_s or 0.0), land_s - STROKE_S - float(start_s or 0.0), moved(pose, stroke.windup))
            arm.go(land_s - STROKE_S, STROKE_S, pose)
            arm.busy_s = until_s if stroke.to_line_end else land_s + 0.1
            arm.free_s, arm.at_rest = until_s, False
        self.made.append(Made(wish.gesture, land_s, until_s, stroke.wave_deg))

    def beat_from(self, index: int) -> Stroke:
        """A beat that falls from where the arm hovers, or from `READY` where it rests or is far from there."""
        arm, size = self.arms[index], self.style.gesture_size
        near = np.linalg.norm(np.subtract(arm.pose.wrist, READY.wrist)) < 0.14 and arm.pose.shape == READY.shape
        base = arm.pose if near and not arm.at_rest else moved(READY, size * self.rng.normal(0.0, 0.03, 3))
        base = moved(base, self.rng.normal(0.0, 0.012, 3) + 0.3 * (np.array(READY.wrist) - base.wrist))
        fall = BEAT_M * size * float(self.rng.uniform(0.7, 1.3))
        out = float(self.rng.normal(0.0, 0.02))
        lead = replace(moved(base, (out, -0.65 * fall, 0.02)), flex_deg=float(self.rng.uniform(-4.0, 12.0)))
        return Stroke(lead, windup=(-out, fall, -0.025), hold_s=BEAT_HOLD_S)

    def _set_out_s(self, arm: ArmPlan, windup: Pose, land_s: float) -> float | None:
        far_m, turn_rad = _between(arm.pose, windup)
        needs_s = max(0.20, 1.875 * far_m / _TOP_SPEED_M_S, 1.875 * turn_rad / _TOP_TURN_RAD_S)
        likes_s = (0.30 + 1.1 * far_m + 0.1 * turn_rad) * float(self.rng.uniform(0.9, 1.2))
        latest_s = land_s - STROKE_S
        if latest_s - needs_s < arm.busy_s:
            return None
        return max(latest_s - max(likes_s, needs_s), arm.busy_s)

    def _retract(self, index: int, at_s: float) -> None:
        arm = self.arms[index]
        rest = moved(REST_POSES[self.rest][index], self.rng.normal(0.0, 0.008, 3))
        far_m, turn_rad = _between(arm.pose, rest)
        duration_s = (0.45 + 1.2 * far_m + 0.1 * turn_rad) * float(self.rng.uniform(0.9, 1.25))
        arm.go(at_s, duration_s, rest)
        arm.busy_s, arm.free_s, arm.at_rest = at_s + 0.3 * duration_s, at_s + duration_s, True


def plan_hands(
    lines: Sequence[SpokenLine], style: Style, partner: F, duration_s: float, rng: np.random.Generator
) -> HandsPlan:
    """Everything both arms do while `lines` are said and while they are not.

    Args:
        partner: [3] unit direction of the partner in the chest's axes.
    """
    rest = REST_POSES[style.rest]
    first_change_s = float(rng.uniform(*REST_CHANGE_S)) / style.fidget
    plan = HandsPlan(style, rng, (ArmPlan(rest[0]), ArmPlan(rest[1])), style.rest, first_change_s)
    seen = partner * np.array([-1.0 if style.right_handed else 1.0, 1.0, 1.0])
    for wish in sorted(_wishes(lines, style, rng), key=lambda w: w.hit_s):
        if wish.gesture == "beat":
            draw = rng.random()
            index = 1 if draw < OTHER_HAND_BEATS else 0
            arms = (0, 1) if draw > 1.0 - BOTH_HANDS_BEAT else (index,)
            plan.settle(wish.hit_s, arms)
            stroke = plan.beat_from(arms[0])
            stroke = replace(stroke, other=stroke.lead) if len(arms) == 2 else stroke
        else:
            stroke = _sized(stroke_of(wish.gesture, seen, wish.nth), wish.gesture, style.gesture_size)
            arms = (0,) if stroke.other is None else (0, 1)
            plan.settle(wish.hit_s, arms)
        plan.strike(wish, stroke, arms)
    plan.settle(duration_s + 60.0, ())
    return plan


def _wishes(lines: Sequence[SpokenLine], style: Style, rng: np.random.Generator) -> Iterator[_Wish]:
    """The cues of `lines` and beats on their stressed words, but where a beat would keep the hands from a cue."""
    for spoken in lines:
        hits_s = [stressed_vowel_s(word) for word in spoken.words]
        wanted: dict[int, Gesture] = {}
        cued = {cue.word: cue.gesture for cue in spoken.line.cues if cue.word < len(hits_s)}
        for word in spoken.line.emphasis:
            drawn = rng.random() < style.gesture_rate
            if drawn and word < len(hits_s) and not any(_hinders(hits_s[word], hits_s[cue]) for cue in cued):
                wanted[word] = "beat"
        counted = 0
        for word, gesture in sorted({**wanted, **cued}.items()):
            yield _Wish(hits_s[word], gesture, spoken.end_s, counted)
            counted += gesture == "count"


def _hinders(beat_s: float, cue_s: float) -> bool:
    return -BEAT_AFTER_CUE_S < cue_s - beat_s < BEAT_BEFORE_CUE_S


def _between(a: Pose, b: Pose) -> tuple[float, float]:
    """How far a wrist goes, in metres, and how far its palm turns, in radians."""
    cosine = np.dot(a.palm, b.palm) / (np.linalg.norm(a.palm) * np.linalg.norm(b.palm))
    return float(np.linalg.norm(np.subtract(a.wrist, b.wrist))), float(np.arccos(np.clip(cosine, -1.0, 1.0)))


def _sized(stroke: Stroke, gesture: Gesture, size: float) -> Stroke:
    if gesture in _OWN_PLACE:
        return stroke
    lead = moved(stroke.lead, (size - 1.0) * (np.array(stroke.lead.wrist) - _MIDDLE))
    other = stroke.other and moved(stroke.other, (size - 1.0) * (np.array(stroke.other.wrist) - _MIDDLE))
    return replace(stroke, lead=lead, other=other)
