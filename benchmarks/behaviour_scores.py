"""What known candidates score on behaviour that depends on words, and how often the detectors of events are right.

python benchmarks/behaviour_scores.py DATASET [TOKENIZER_FACE TOKENIZER_BODY]

DATASET is one of `nonverbal studio --truth-only`: what its people say and do is made again from its seed. Candidates
for the motion of held-out dialogues (validation and test):

- acted by the table: other people say the same and do what the table of habits makes likely (50 % or more), always
- another take: other people say the same, habits are drawn anew: what a perfect model of the people could reach
- nearest neighbour: the motion of the training turn with the likest words (TF-IDF), laid from the turn's beginning
- shuffled: another held-out dialogue, from its middle on
- mean pose: that of the training split
- through the tokenizers: the true motion, encoded and decoded
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.mars.event_scores import F1, MomentMeter, event_f1
from nonverbal.motion.events import KINDS, Events, body_events, face_events
from nonverbal.records import from_plain
from nonverbal.studio.acting.habits import HABITS, Doing, _occurrence, doings
from nonverbal.studio.acting.moments import Moment, moments_of
from nonverbal.studio.casting import cast_person, perform, streams
from nonverbal.studio.scene import build_scene
from nonverbal.studio.script.write import write_script
from nonverbal.studio.speech.rhythm import time_talk
from nonverbal.studio.talk import PARTICIPANTS, Talk
from nonverbal.studio.truth import imagined_source
from nonverbal.timeline import FPS, n_frames
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.store import load_tokenizer
from nonverbal.types import F32, Turn
from nonverbal.venus.segment import clip_id

OTHERS = 700_000  # added to a dialogue's seed, gives people and draws that no dialogue has
SHOWS = {
    "smile": (("smile", "laugh_face"), 0.33),
    "brows_up": (("brows_up", "wide_eyes"), 0.0),
    "brows_down": (("brows_down",), 0.3),
    "nod": (("nod",), 0.0),
    "shake": (("shake",), 0.0),
}
"""Kind of event -> habits that should bring it, from which size on."""

ONE_BROW = ("brow_left_up", "brow_right_up")
ALSO: dict[str, tuple[str, ...]] = {
    "smile": ("smile",),
    "brows_up": ONE_BROW,
    "brows_down": ("sneer", "squint", *ONE_BROW),
    "nod": ("nod_once", "laugh_face"),
    "shake": (),
}
"""Kind of event -> what may bring it besides."""

Rows = tuple[F32, F32]


def likely(moments: Sequence[Moment], _: np.random.Generator) -> list[Doing]:
    """What the table makes likely, at its mean size."""
    pairs = [(m, h) for m in moments for h in HABITS if h.moment == m.kind and h.probability >= 0.5]
    return [_occurrence(moment, habit, 1.0) for moment, habit in pairs]


def talk_of(seed: int, duration_s: float) -> tuple[Talk, Any]:
    """What is said in an imagined dialogue, and its scene."""
    writer, sets = streams(seed, "script", "scene")
    talk = time_talk(write_script(writer, duration_s), seed, duration_s)
    return talk, build_scene("split", talk, sets, 1280, 720)


def acted(seed: int, duration_s: float, draw: Callable[..., list[Doing]]) -> dict[str, Rows]:
    """The dialogue, played by other people."""
    talk, scene = talk_of(seed, duration_s)
    people = {p: cast_person(seed + OTHERS, p) for p in PARTICIPANTS}
    with mock.patch("nonverbal.studio.acting.act.doings", draw):
        return {p: (a.face, a.body) for p, a in perform(talk, scene, people, seed + OTHERS).items()}


class Neighbours:
    """The training split, searched by words."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.turns = [(i, turn) for i in dataset.ids("train") for turn in dataset.row(i)["turns"]]
        self.vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
        self.matrix = self.vectorizer.fit_transform([turn["text"] for _, turn in self.turns])
        means = [[rows.mean(axis=0) for rows in self.rows(i, p)] for i in dataset.ids("train") for p in PARTICIPANTS]
        self.mean = tuple(np.mean(part, axis=0).astype(np.float32) for part in zip(*means, strict=True))

    def rows(self, dialogue: str, participant: str) -> Rows:
        return self.dataset.column(dialogue, participant, "face"), self.dataset.column(dialogue, participant, "body")

    def resting(self, count: int) -> Rows:
        face, body = (np.tile(row, (count, 1)) for row in self.mean)
        return face, body

    def motion(self, dialogue: str, count: int) -> dict[str, Rows]:
        """Both participants' motion, listeners first, so that own words have the last say."""
        turns = self.dataset.row(dialogue)["turns"]
        best = (self.vectorizer.transform([turn["text"] for turn in turns]) @ self.matrix.T).toarray().argmax(axis=1)
        found = {p: self.resting(count) for p in PARTICIPANTS}
        for own in (False, True):
            for turn, index in zip(turns, best, strict=True):
                there, near = self.turns[index]
                who, like = (t["participant"] if own else _other(t["participant"]) for t in (turn, near))
                first, from_frame = round(turn["start_s"] * FPS), round(near["start_s"] * FPS)
                length = round((turn["end_s"] + 1.0) * FPS) - first
                for mine, theirs in zip(found[who], self.rows(there, like), strict=True):
                    piece = theirs[from_frame : from_frame + length][: count - first]
                    mine[first : first + len(piece)] = piece
        return found


def _other(participant: str) -> str:
    return PARTICIPANTS[1 - PARTICIPANTS.index(participant)]


def found_in(rows: Rows) -> dict[str, Events]:
    return face_events(np.asarray(rows[0]), "arkit52") | body_events(np.asarray(rows[1]), "smplx117")


def decoded(dataset: Dataset, dialogue: str, tokenizers: Sequence[Any]) -> dict[str, Rows]:
    """The true motion through the tokenizers of face and body."""
    made: dict[str, Rows] = {}
    for p in PARTICIPANTS:
        pairs = [(t, motion_rows(dataset.motion(dialogue, p, smooth=True), t.spaces)) for t in tokenizers]
        face, body = (t.decode(t.encode(rows, mask), len(rows)) for t, (rows, mask) in pairs)
        made[p] = face, body
    return made


def rightness(talk: Talk, seed: int, events: dict[str, dict[str, Events]]) -> dict[str, np.ndarray]:
    """Kind -> acted, of them found, found, of them brought by something, over both participants."""
    counts = {kind: np.zeros(4) for kind in SHOWS}
    for index, p in enumerate(PARTICIPANTS):
        moments = moments_of(talk, p)
        draws = np.random.SeedSequence([seed, index]).spawn(2)[1]  # the second of `acting.act`'s generators
        acts = doings(moments, np.random.default_rng(draws))
        moods = [Doing("smile", s.start_s, s.end_s + 0.5, 0.0) for s in talk.of(p) if s.line.mood > 0.2]
        for kind, (names, least) in SHOWS.items():
            found = events[p][kind]
            should = [a for a in acts if a.does in names and a.size >= least]
            may = [a for a in acts if a.does in (*names, *ALSO[kind])] + (moods if kind == "smile" else [])
            hit = [any((found.start_s < a.end_s + 0.3) & (found.end_s > a.start_s - 0.2)) for a in should]
            explained = [any(b < a.end_s + 0.3 and e > a.start_s - 0.2 for a in may)
                         for b, e in zip(found.start_s, found.end_s, strict=True)]  # fmt: skip
            counts[kind] += [len(should), sum(hit), len(found), sum(explained)]
    return counts


def main(folder: Path, tokenizer_folders: Sequence[Path]) -> None:
    dataset = open_dataset(folder)
    setting = dataset.manifest.config["studio"]
    duration_s = setting["minutes"] * 60
    count = n_frames(duration_s)
    number = len(dataset)
    seeds = {
        clip_id(imagined_source(setting["seed"] + n).source_id, 0.0, int(duration_s * 1000) / 1000): setting["seed"] + n
        for n in range(number)
    }
    held = [*dataset.ids("validation"), *dataset.ids("test")]
    neighbours = Neighbours(dataset)
    tokenizers = [load_tokenizer(path) for path in tokenizer_folders]
    candidates: dict[str, Callable[[str], dict[str, Rows]]] = {
        "acted by the table": lambda i: acted(seeds[i], duration_s, likely),
        "another take": lambda i: acted(seeds[i], duration_s, doings),
        "nearest neighbour": lambda i: neighbours.motion(i, count),
        "shuffled": lambda i: {
            p: tuple(np.roll(rows, count // 2, axis=0) for rows in neighbours.rows(held[held.index(i) - 1], p))
            for p in PARTICIPANTS
        },
        "mean pose": lambda i: dict.fromkeys(PARTICIPANTS, neighbours.resting(count)),
    }
    if tokenizers:
        candidates["through the tokenizers"] = lambda i: decoded(dataset, i, tokenizers)
    truth = {i: {p: found_in(neighbours.rows(i, p)) for p in PARTICIPANTS} for i in held}
    right: dict[str, np.ndarray] = {kind: np.zeros(4) for kind in SHOWS}
    for i in held:
        for kind, counts in rightness(talk_of(seeds[i], duration_s)[0], seeds[i], truth[i]).items():
            right[kind] += counts
    print("| kind | acted | found of them | events | explained | a minute |\n|---|---|---|---|---|---|")
    for kind in KINDS:
        every = sum(len(truth[i][p][kind]) for i in held for p in PARTICIPANTS)
        a, hit, found, explained = right.get(kind, np.zeros(4))
        shares = (
            f"{a:.0f} | {hit / a:.2f} | {every} | {explained / found:.2f}" if kind in right else f"– | – | {every} | –"
        )
        print(f"| {kind} | {shares} | {every / (len(held) * 2 * duration_s / 60):.1f} |")
    for name, make in candidates.items():
        report(name, dataset, held, truth, make)


def report(
    name: str, dataset: Dataset, held: Sequence[str], truth: dict[str, Any], make: Callable[[str], dict[str, Rows]]
) -> None:
    """One line of the table of moments, and one of the table of events."""
    meter, events = MomentMeter(), {kind: F1(0, 0, 0) for kind in KINDS}
    for i in held:
        turns = from_plain(tuple[Turn, ...], dataset.row(i)["turns"])
        made = {p: found_in(rows) for p, rows in make(i).items()}
        for p in PARTICIPANTS:
            meter.add(turns, p, truth[i][p], made[p], truth[i][_other(p)])
            for kind, f1 in event_f1(truth[i][p], made[p]).items():
                events[kind] += f1
    moments = meter.report()
    print(f"{name}: words {moments.words_f1:.2f}")
    print(
        "  moments",
        {k: (round(v.value or 0.0, 2), f"{v.truth}/{v.of}", v.candidate) for k, v in moments.counts.items()},
    )
    print("  events ", {kind: round(f1.value or 0.0, 2) for kind, f1 in events.items()}, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(path) for path in sys.argv[2:4]])
