"""How well the events of listeners are found: on true motion and words, and on those that a build recovered.

python benchmarks/listening.py acted TRUTH_ONLY        against what was acted (`nonverbal studio --truth-only`)
python benchmarks/listening.py found FOUND TRUTH...    a built dataset against the events of the truths' own motion

An event counts as found where one of its kind and participant overlaps it, 0.3 s of slack at either end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from behaviour_scores import ALSO, SHOWS, talk_of
from nonverbal.accuracy.matching import match
from nonverbal.dataset.read import open_dataset
from nonverbal.studio.acting.habits import doings
from nonverbal.studio.acting.moments import moments_of
from nonverbal.studio.talk import PARTICIPANTS
from nonverbal.studio.truth import imagined_source
from nonverbal.timeline import merge_spans, overlap_s
from nonverbal.types import Dialogue, Event, Span
from nonverbal.venus.backchannels import KINDS, listener_events
from nonverbal.venus.segment import clip_id

SLACK_S = 0.3
_SHOWN = {"nod": "nod", "shake": "shake", "smile": "smile", "brow_raise": "brows_up"}

Counts = dict[str, np.ndarray]
"""Kind -> true, of them found, found, of them explained."""


def events_of(dialogue: Dialogue) -> tuple[Event, ...]:
    turns = [(turn.participant, turn) for turn in dialogue.turns]
    return listener_events(turns, dialogue.language, dialogue.participants)


def staged(seed: int, duration_s: float) -> tuple[list[Event], list[Event]]:
    """What listeners were told to do in an imagined dialogue, and all that may look like it, moods and others' acts."""
    talk, _ = talk_of(seed, duration_s)
    aside = ("backchannel", "laugh")
    floor = {
        p: merge_spans((Span(s.start_s, s.end_s) for s in talk.of(p) if s.line.act not in aside), 1.0)
        for p in PARTICIPANTS
    }
    should, may = [], []
    for index, p in enumerate(PARTICIPANTS):
        other = PARTICIPANTS[1 - index]
        words = [Event(p, "backchannel", s.start_s, s.end_s, other, 1.0, 1.0) for s in talk.of(p)
                 if s.line.act == "backchannel"]  # fmt: skip
        should += words
        may += words
        may += [Event(p, "backchannel", s.start_s, s.end_s, other, 0.0, 1.0) for s in talk.of(p)
                if s.line.act == "laugh"]  # fmt: skip
        may += [Event(p, "smile", s.start_s, s.end_s + 0.5, other, 1.0, 1.0) for s in talk.of(p) if s.line.mood > 0.2]
        draws = np.random.SeedSequence([seed, index]).spawn(2)[1]
        for act in doings(moments_of(talk, p), np.random.default_rng(draws)):
            for kind, shown in _SHOWN.items():
                names, least = SHOWS[shown]
                event, span = Event(p, kind, act.start_s, act.end_s, other, act.size, 1.0), Span(act.start_s, act.end_s)
                shares = [sum(overlap_s(span, s) for s in floor[who]) / span.duration_s for who in (p, other)]
                if act.does in names and act.size >= least and shares[0] <= 0.5 <= shares[1]:
                    should.append(event)
                if act.does in (*names, *ALSO[shown]):
                    may.append(event)
    return should, may


def count(should: Sequence[Event], may: Sequence[Event], found: Sequence[Event]) -> Counts:
    """How many of those that should be found are, and how many of the found ones are none of those that may be."""
    counts = {}
    for kind in KINDS:
        want, allowed, got = ([e for e in events if e.kind == kind] for events in (should, may, found))
        hit = sum(any(_near(one, other) for other in got) for one in want)
        explained = sum(any(_near(one, other) for other in allowed) for one in got)
        counts[kind] = np.array([len(want), hit, len(got), explained])
    return counts


def _near(one: Event, other: Event) -> bool:
    apart_s = max(one.start_s, other.start_s) - min(one.end_s, other.end_s)
    return one.participant == other.participant and apart_s < SLACK_S


def table(counts: Sequence[Counts]) -> None:
    print("| kind | true | found | precision | recall | F1 |\n|---|---|---|---|---|---|")
    for kind in KINDS:
        true, hit, found, explained = np.sum([c[kind] for c in counts], axis=0)
        precision, recall = explained / max(found, 1), hit / max(true, 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        print(f"| {kind} | {true} | {found} | {precision:.2f} | {recall:.2f} | {f1:.2f} |")


def against_acting(folder: Path) -> list[Counts]:
    dataset = open_dataset(folder)
    setting = dataset.manifest.config["studio"]
    duration_s = setting["minutes"] * 60
    counts, took_s = [], 0.0
    for number in range(len(dataset)):
        seed = setting["seed"] + number
        dialogue = dataset.dialogue(clip_id(imagined_source(seed).source_id, 0.0, int(duration_s * 1000) / 1000))
        since_s = time.perf_counter()
        found = events_of(dialogue)
        took_s += time.perf_counter() - since_s
        counts.append(count(*staged(seed, duration_s), found))
    print(f"{len(dataset)} dialogues of {duration_s:.0f} s; {took_s / len(dataset):.3f} s each")
    return counts


def against_truths(folder: Path, truths: Sequence[Path]) -> list[Counts]:
    built = {dialogue.clip.source_id: dialogue for dialogue in open_dataset(folder)}
    counts = []
    for path in truths:
        (truth,) = open_dataset(path)
        if truth.clip.source_id in built:
            pair = match(truth, built[truth.clip.source_id])
            events = [e if e.participant not in pair.names else
                      Event(pair.names[e.participant], e.kind, e.start_s, e.end_s, e.during, e.strength, e.confidence)
                      for e in events_of(built[truth.clip.source_id])]  # fmt: skip
            known = events_of(pair.truth)
            counts.append(count(known, known, events))
    print(f"{len(counts)} dialogues")
    return counts


if __name__ == "__main__":
    how, first, *rest = sys.argv[1:]
    table(against_acting(Path(first)) if how == "acted" else against_truths(Path(first), [Path(p) for p in rest]))
