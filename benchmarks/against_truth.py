"""A dataset of one dialogue against what is known of it: turns, panels, diarization error, word error, word times.

    python benchmarks/against_truth.py DATASET ../shared/media/dialogue/grid_dialogue_9s

The truth gives the extent of each recording, in which the speech lies with silence before and after it; so the
diarization error is printed as it is, and against the truth cut to where there is sound.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nonverbal.dataset.read import open_dataset
from nonverbal.media.audio import RATE_HZ, read_audio
from nonverbal.records import from_plain
from nonverbal.timeline import mask_to_spans
from nonverbal.types import F32, PARTS, Dialogue, SpeakerSegment
from nonverbal.venus.truth import diarization_error, plain_words, read_rttm, word_error_rate

LOUD_DBFS = -35.0


@dataclass(frozen=True)
class Said:
    """A true turn: who said what, between which edges of the recording."""

    speaker: str
    start: float
    end: float
    text: str
    clip: str


def show_turns(dialogue: Dialogue, truth: Sequence[Said]) -> None:
    print("turns:", *(t.participant for t in dialogue.turns), "; truth:", *(t.speaker for t in truth))
    for turn, said in zip(dialogue.turns, truth, strict=False):
        inside = sum(said.start <= w.start_s and w.end_s <= said.end for w in turn.words)
        print(f"  {turn.participant} {turn.start_s:5.2f}-{turn.end_s:5.2f} {turn.text!r}")
        print(f"  {said.speaker} {said.start:5.2f}-{said.end:5.2f} {said.text!r} (truth)")
        times = "  ".join(f"{w.word} {w.start_s:.2f}-{w.end_s:.2f}" for w in turn.words)
        print(f"    {times}; {inside} of {len(turn.words)} words inside the true turn")
    heard, meant = " ".join(t.text for t in dialogue.turns), " ".join(t.text for t in truth)
    print(f"word error rate {word_error_rate(plain_words(meant), plain_words(heard)):.1%}")


def show_diarization(dialogue: Dialogue, truth: Sequence[SpeakerSegment], samples: F32) -> None:
    found = [
        SpeakerSegment(motion.participant, span.start_s, span.end_s)
        for motion in dialogue.participants
        for span in mask_to_spans(motion.speaking == 1)
    ]
    loud = [cut_to_sound(segment, samples) for segment in truth]
    for name, want in (("as it is", truth), (f"cut to sound above {LOUD_DBFS:.0f} dBFS", loud)):
        error = diarization_error(want, found)
        parts = f"missed {error.missed_s:.2f} s, false {error.false_alarm_s:.2f} s, confused {error.confused_s:.2f} s"
        print(f"DER without collar, truth {name}: {error.rate:.1%} ({parts} of {error.total_s:.2f} s)")
    starts = [abs(turn.start_s - segment.start_s) for turn, segment in zip(dialogue.turns, loud, strict=False)]
    ends = [abs(turn.end_s - segment.end_s) for turn, segment in zip(dialogue.turns, loud, strict=False)]
    for name, errors in (("first word's start", starts), ("last word's end", ends)):
        print(f"{name} against the sound: {', '.join(f'{e * 1000:.0f}' for e in errors)} ms")


def cut_to_sound(segment: SpeakerSegment, samples: F32, step_s: float = 0.02) -> SpeakerSegment:
    """From the first to the last stretch of `step_s` in the segment that is louder than LOUD_DBFS."""
    step = round(step_s * RATE_HZ)
    piece = samples[round(segment.start_s * RATE_HZ) : round(segment.end_s * RATE_HZ)]
    power = np.square(piece[: len(piece) // step * step].reshape(-1, step)).mean(axis=1)
    loud = np.flatnonzero(10 * np.log10(power + 1e-12) > LOUD_DBFS)
    begin_s, end_s = (segment.start_s + edge * step_s for edge in (loud[0], loud[-1] + 1))
    return SpeakerSegment(segment.speaker, float(begin_s), float(end_s))


def show_panels(dialogue: Dialogue, panels: dict[str, list[float]]) -> None:
    for motion in dialogue.participants:
        name, valid = motion.participant, motion.validity.mean(axis=0)
        seen = motion.bbox[motion.validity[:, 0] == 1]
        centres = (seen[:, :2] + seen[:, 2:]) / 2
        x0, y0, width, height = panels[name]
        inside = ((centres >= [x0, y0]) & (centres < [x0 + width, y0 + height])).all(axis=1)
        shares = ", ".join(f"{part} {share:.0%}" for part, share in zip(PARTS, valid, strict=True))
        print(f"participant {name}: {np.mean(inside):.1%} of faces in panel {name}; valid {shares}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("truth", type=Path, help="name without suffix of the video, and of its .json and .rttm")
    arguments = parser.parse_args()
    known: dict[str, Any] = json.loads(arguments.truth.with_suffix(".json").read_text())
    turns = from_plain(tuple[Said, ...], known["turns"])
    segments = read_rttm(arguments.truth.with_suffix(".rttm"), arguments.truth.name)
    for dialogue in open_dataset(arguments.dataset):
        clip = dialogue.clip
        show_turns(dialogue, turns)
        show_diarization(
            dialogue, segments, read_audio(arguments.truth.with_suffix(".mp4"), clip.start_s, clip.end_s).samples
        )
        show_panels(dialogue, known["panels"])


if __name__ == "__main__":
    main()
