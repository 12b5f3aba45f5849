"""One contestant's motion against the truth, person by person, by all meters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nonverbal.mars.baselines import Played
from nonverbal.mars.evaluation import Behaviour, Standing
from nonverbal.mars.event_scores import F1, MomentMeter, event_f1
from nonverbal.mars.motion_metrics import Beats, MotionMeter, beat_alignment
from nonverbal.motion.events import Events, body_events, face_events
from nonverbal.tokens.meshes import Mesh
from nonverbal.types import F32, Bool, Turn

_FACES = ("arkit52", "flame53")


@dataclass(frozen=True, slots=True, eq=False)
class TrueRun:
    """What a person truly did, as far as contestants are asked for it.

    Attributes:
        rows: space -> [T, D].
        masks: space -> [T, G] groups that are valid and asked for.
        events: of these rows.
        partner: events of all of the partner's motion; None where nobody is.
    """

    participant: str
    turns: tuple[Turn, ...]
    fps: float
    rows: Mapping[str, F32]
    masks: Mapping[str, Bool]
    events: Mapping[str, Events]
    partner: Mapping[str, Events] | None

    @property
    def words_s(self) -> np.ndarray:
        """[N] when the person's words begin."""
        return np.array([w.start_s for t in self.turns if t.participant == self.participant for w in t.words])


class Trial:
    """A contestant with its meters."""

    def __init__(self, name: str, standing: Standing, meshes: Mapping[str, Mesh | None], seed: int, fps: float) -> None:
        self.name, self.standing, self._fps = name, standing, fps
        self._meters = {space: MotionMeter(space, mesh, seed, fps) for space, mesh in meshes.items()}
        self._moments = MomentMeter()
        self._events: dict[str, F1] = {}
        self._counts: dict[str, int] = {}
        self._beats = Beats(0.0, 0)
        self._frames = 0

    def add(self, true: TrueRun, played: Played) -> Mapping[str, Events]:
        """One person; the events of what was played."""
        events = events_of(played, true.masks, true.fps)
        self._moments.add(true.turns, true.participant, true.events, events, true.partner)
        for kind, f1 in event_f1(true.events, events).items():
            self._events[kind] = self._events.get(kind, F1(0, 0, 0)) + f1
            self._counts[kind] = self._counts.get(kind, 0) + len(events[kind])
        if "stroke" in events:
            self._beats = self._beats + beat_alignment(events["stroke"], true.words_s)
        for space, meter in self._meters.items():
            meter.add(true.rows[space], played[space], true.masks[space])
        self._frames += max(int(mask[:, 0].sum()) for mask in true.masks.values())
        return events

    def result(self) -> Behaviour:
        """Everything so far."""
        minutes = self._frames / self._fps / 60
        return Behaviour(
            name=self.name,
            standing=self.standing,
            moments=self._moments.report(),
            events=dict(self._events),
            motion={space: meter.report() for space, meter in self._meters.items()},
            beat_alignment=self._beats.alignment,
            events_per_min={kind: count / minutes for kind, count in self._counts.items()} if minutes else {},
        )


def events_of(rows: Played, masks: Mapping[str, Bool], fps: float) -> dict[str, Events]:
    """Events of some spaces' rows, where their first group is valid."""
    found: dict[str, Events] = {}
    for space, values in rows.items():
        find = face_events if space in _FACES else body_events
        found |= find(values, space, masks[space][:, 0], fps)
    return found
