"""A dataset of one dialogue against what is known of it: turns, panels, diarization error, word error, word times.

python benchmarks/against_truth.py DATASET ../shared/media/dialogue/grid_dialogue_9s
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nonverbal.dataset.read import open_dataset
from nonverbal.timeline import mask_to_spans, merge_spans
from nonverbal.types import Dialogue, Motion, Span, SpeakerSegment
from nonverbal.venus.truth import diarization_error, plain_words, read_rttm, word_error_rate


def show_turns(dialogue: Dialogue, truth: list[dict[str, object]]) -> None:
    print(
        f"turns: {' '.join(t.participant for t in dialogue.turns)}; truth: {' '.join(str(t['speaker']) for t in truth)}"
    )
    for turn, said in zip(dialogue.turns, truth, strict=False):
        span = Span(float(str(said["start"])), float(str(said["end"])))
        inside = sum(span.start_s <= w.start_s and w.end_s <= span.end_s for w in turn.words)
        print(f"  {turn.participant} {turn.start_s:5.2f}-{turn.end_s:5.2f} {turn.text!r}")
        print(f"  {said['speaker']} {span.start_s:5.2f}-{span.end_s:5.2f} {said['text']!r} (cut, speech lies inside)")
        times = "  ".join(f"{w.word} {w.start_s:.2f}-{w.end_s:.2f}" for w in turn.words)
        print(f"    {times}; {inside} of {len(turn.words)} words inside the true turn")
    heard, meant = " ".join(t.text for t in dialogue.turns), " ".join(str(t["text"]) for t in truth)
    print(f"word error rate {word_error_rate(plain_words(meant), plain_words(heard)):.1%}")


def show_diarization(dialogue: Dialogue, rttm: Path, edge_tolerance_s: float = 0.3) -> None:
    """The error as it is, and without the stretches in which the truth itself is unsure: around its edges."""
    truth = read_rttm(rttm, rttm.stem)
    found = [_segment(m, span) for m in dialogue.participants for span in mask_to_spans(m.speaking == 1)]
    edges = [t for s in truth for t in (s.start_s, s.end_s)]
    unsure = merge_spans(Span(max(t - edge_tolerance_s, 0.0), t + edge_tolerance_s) for t in edges)
    for name, want, got in (
        ("DER without collar", truth, found),
        (
            f"DER where the truth is sure (+-{edge_tolerance_s} s left out)",
            _outside(truth, unsure),
            _outside(found, unsure),
        ),
    ):
        error = diarization_error(want, got)
        parts = f"missed {error.missed_s:.2f} s, false {error.false_alarm_s:.2f} s, confused {error.confused_s:.2f} s"
        print(f"{name} {error.rate:.1%} ({parts} of {error.total_s:.2f} s)")


def _outside(segments: Sequence[SpeakerSegment], holes: Sequence[Span]) -> list[SpeakerSegment]:
    """What is left of the segments outside the holes, which are sorted and disjoint."""
    edges = [-math.inf, *(t for hole in holes for t in (hole.start_s, hole.end_s)), math.inf]
    gaps = list(zip(edges[::2], edges[1::2], strict=True))
    cut = ((s.speaker, max(s.start_s, low), min(s.end_s, high)) for s in segments for low, high in gaps)
    return [SpeakerSegment(who, start_s, end_s) for who, start_s, end_s in cut if start_s < end_s]


def _segment(motion: Motion, span: Span) -> SpeakerSegment:
    return SpeakerSegment(motion.participant, span.start_s, span.end_s)


def show_panels(dialogue: Dialogue, panels: dict[str, list[float]]) -> None:
    for motion in dialogue.participants:
        seen = motion.bbox[motion.validity[:, 0] == 1]
        centres = (seen[:, :2] + seen[:, 2:]) / 2
        x0, y0, width, height = panels[motion.participant]
        inside = ((centres >= [x0, y0]) & (centres < [x0 + width, y0 + height])).all(axis=1)
        shares = dict(zip(("face", "head", "gaze", "body", "left", "right"), motion.validity.mean(axis=0), strict=True))
        text = ", ".join(f"{part} {share:.0%}" for part, share in shares.items())
        print(
            f"participant {motion.participant}: {np.mean(inside):.1%} of faces in panel {motion.participant}; valid {text}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("truth", type=Path, help="name without suffix of the .json and .rttm that hold the truth")
    arguments = parser.parse_args()
    truth = json.loads(arguments.truth.with_suffix(".json").read_text())
    for dialogue in open_dataset(arguments.dataset):
        show_turns(dialogue, truth["turns"])
        show_diarization(dialogue, arguments.truth.with_suffix(".rttm"))
        show_panels(dialogue, truth["panels"])


if __name__ == "__main__":
    main()
