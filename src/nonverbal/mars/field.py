"""Everybody who gives motion for the same held-out people: a model, what it must beat, and what bounds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nonverbal.dataset.read import Dataset
from nonverbal.mars.baselines import Bigram, Contestant, MeanPose, Played, TrainingCodes, TrueTokens, Truth, Unigram
from nonverbal.mars.conversation import PartCodes
from nonverbal.mars.enact import Play, enact, play_of
from nonverbal.mars.evaluate_settings import EvaluationSettings
from nonverbal.mars.evaluation import HIDDEN, MODEL, Behaviour, Standing
from nonverbal.mars.held_out import Person, decoded, own_codes, retold, some_ids, told_frames
from nonverbal.mars.of_two import of_two
from nonverbal.mars.retrieval import Nearest, Shuffled, Takes
from nonverbal.mars.sampling import Draw, SamplingConfig
from nonverbal.mars.store import Mars
from nonverbal.mars.stream import decode
from nonverbal.mars.trial import Trial, TrueRun, events_of
from nonverbal.mars.windows import Window, windows
from nonverbal.motion.events import motion_events
from nonverbal.ticks import Tick, silent
from nonverbal.tokens.meshes import Mesh, MeshFiles, mesh_of
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.sparing_mesh import SparingMesh
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.verdicts import UserError

Observer = Callable[[str, Person, TrueRun, Played], None]
"""Shown what each contestant plays for each person."""


@dataclass(frozen=True, eq=False)
class Enacted:
    """A model's motion to the true words.

    Attributes:
        codes: its codes for each person, by dialogue and participant.
    """

    name: str
    codes: Mapping[tuple[str, str], PartCodes]
    tokenizers: Mapping[str, Tokenizer]

    def play(self, person: Person) -> Played:
        return decoded(self.codes[person.dialogue_id, person.participant], self.tokenizers, person.n_frames)


class Field:
    """Everybody who gives motion for the same people."""

    def __init__(
        self,
        mars: Mars,
        dataset: Dataset,
        people: Sequence[Person],
        settings: EvaluationSettings,
        takes: Takes | None,
        tick: Tick,
    ) -> None:
        """Args:
        takes: turns of the training split for the baselines; None without baselines.
        """
        self._mars, self._dataset, self._people, self._settings = mars, dataset, people, settings
        self._takes, self._tick = takes, tick
        self.parsed = self.outputs = 0

    def measure(self, observer: Observer | None) -> tuple[Behaviour, ...]:
        """The model first, then baselines, then bounds."""
        fps = self._dataset.manifest.fps
        meshes = _meshes(_spaces(self._mars), self._settings)
        runners = [
            (one, Trial(one.name, standing, meshes, self._settings.seed, fps))
            for one, standing in [*self._models(), *([] if self._takes is None else self._baselines(self._takes))]
        ]
        done, whole = 0, len(self._people) * len(runners)
        for person in self._people:
            true = true_run(person, self._dataset, self._mars)
            for one, trial in runners:
                self._tick("contestants x participants", done, whole)
                played = one.play(person)
                trial.add(true, played)
                if observer is not None:
                    observer(one.name, person, true, played)
                done += 1
        self._tick("contestants x participants", whole, whole)
        return tuple(trial.result() for _, trial in runners)

    def _models(self) -> list[tuple[Contestant, Standing]]:
        found: list[tuple[Contestant, Standing]] = [(self._enacted(MODEL, partner_seen=True), "model")]
        if not self._settings.no_hiding and self._mars.vocabulary.config.partner_motion:
            found.append((self._enacted(HIDDEN, partner_seen=False), "model"))
        return found

    def _enacted(self, name: str, partner_seen: bool) -> Enacted:
        people = [retold(person, self._mars.vocabulary, partner_seen) for person in self._people]
        codes, self_parsed, self_outputs = enacted(self._mars, people, self._settings, self._tick)
        self.parsed += self_parsed
        self.outputs += self_outputs
        return Enacted(name, codes, self._mars.tokenizers)

    def _baselines(self, takes: Takes) -> list[tuple[Contestant, Standing]]:
        mars, dataset, config = self._mars, self._dataset, self._mars.vocabulary.config
        ids = some_ids(dataset, "train", self._settings.train_dialogues)
        levels = {part.part: part.levels for part in config.parts}
        material = TrainingCodes.of(dataset, ids, mars.tokenizers, levels, self._tick)
        spaces, size, seed = takes.spaces, frames_per_step(mars), self._settings.seed
        held = dict.fromkeys(person.dialogue_id for person in self._people)
        others = of_two(dataset, self._settings.split).ids if len(held) < 2 else tuple(held)
        shuffled = Shuffled(Takes.of(dataset, others, spaces, config, size), config, size, seed)
        return [
            (Nearest(takes, config, size), "baseline"),
            (shuffled, "baseline"),
            (Bigram(material.pairs, mars.tokenizers, seed), "baseline"),
            (Unigram(material.pool, mars.tokenizers, seed), "baseline"),
            (MeanPose.of(dataset, ids, spaces), "baseline"),
            (TrueTokens(mars.tokenizers, levels), "bound"),
            (Truth(dataset, spaces), "bound"),
        ]


def enacted(
    mars: Mars, people: Sequence[Person], settings: EvaluationSettings, tick: Tick = silent
) -> tuple[dict[tuple[str, str], PartCodes], int, int]:
    """The model's codes for each person, by dialogue and participant; how many windows of them parse, and of how many.

    Every window begins with what truly was, so errors do not pile up over a conversation.
    """
    vocabulary = mars.vocabulary
    cut: list[tuple[int, int, Window]] = []
    plays: list[Play] = []
    for p, person in enumerate(people):
        for s, scene in enumerate(person.scenes):
            for window in windows(scene.stream, vocabulary, settings.context, settings.fresh):
                plays.append(play_of(window, scene.stream, vocabulary, len(plays)))
                cut.append((p, s, window))
    drawn = enact(mars.model, vocabulary, plays, sampling_of(settings), tick=tick)
    streams = [[scene.stream.ids.copy() for scene in person.scenes] for person in people]
    parsed = 0
    for (p, s, window), play, ids in zip(cut, plays, drawn, strict=True):
        streams[p][s][window.origin[play.drawn]] = ids[play.drawn]
        parsed += _parses(ids, mars)
    codes = {
        (person.dialogue_id, person.participant): own_codes(person, vocabulary, ids)
        for person, ids in zip(people, streams, strict=True)
    }
    return codes, parsed, len(plays)


def true_run(person: Person, dataset: Dataset, mars: Mars) -> TrueRun:
    """What a person truly did, where the model is asked for it."""
    motion = dataset.motion(person.dialogue_id, person.participant, smooth=True)
    rows, masks = {}, {}
    for space, told in told_frames(person, mars.vocabulary, mars.tokenizers).items():
        rows[space], mask = motion_rows(motion, (space,))
        masks[space] = mask & told[:, None]
    other = dataset.motion(person.dialogue_id, person.partner, smooth=True) if person.partner else None
    partner = None if other is None else motion_events(other)
    fps = dataset.manifest.fps
    return TrueRun(person.participant, person.turns, fps, rows, masks, events_of(rows, masks, fps), partner)


def sampling_of(settings: EvaluationSettings) -> SamplingConfig:
    """How an evaluation draws."""
    motion, words = Draw(settings.temperature, settings.top_p), Draw(settings.text_temperature, settings.top_p)
    return SamplingConfig(text=words, face=motion, body=motion, max_steps=settings.max_steps, seed=settings.seed)


def training_takes(mars: Mars, dataset: Dataset) -> Takes:
    """All turns of the training split."""
    ids = some_ids(dataset, "train", None)
    return Takes.of(dataset, ids, _spaces(mars), mars.vocabulary.config, frames_per_step(mars))


def frames_per_step(mars: Mars) -> int:
    """Frames of a motion step; 8 where the model has no motion."""
    return next((one.frames_per_token for one in mars.tokenizers.values()), 8)


def _spaces(mars: Mars) -> tuple[str, ...]:
    return tuple(space for one in mars.tokenizers.values() for space in one.spaces)


def _meshes(spaces: Sequence[str], settings: EvaluationSettings) -> dict[str, Mesh | None]:
    """The mesh of each space."""
    if settings.mesh == "none":
        return dict.fromkeys(spaces)
    kind = {space: settings.mesh if settings.mesh == "auto" or space == "smplx117" else "auto" for space in spaces}
    found = {space: mesh_of(space, kind[space], MeshFiles()) for space in spaces}
    return {space: None if mesh is None else SparingMesh(mesh) for space, mesh in found.items()}


def _parses(ids: np.ndarray, mars: Mars) -> bool:
    try:
        decode(ids, mars.vocabulary)
    except UserError:
        return False
    return True
