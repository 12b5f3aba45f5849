"""Which words, and when: each recogniser and aligner that can run here, against studio films and real recordings.

    python benchmarks/words.py --films .bench/accuracy/videos --media ../shared/media [--use RECOGNISER+ALIGNER ...]

Of studio films the times of all words are known. Of the telephone call those of each turn are, so that there only the
first words of turns have a start and the last ones an end. Columns for starts and then for ends: median and 90th
percentile of the distance in ms, and the signed median, which is below 0 where they are found too early. x is how many
seconds of sound a core hears and aligns in one. Who cannot run says why.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nonverbal.accuracy.films import load
from nonverbal.backends import aligners, recognisers
from nonverbal.media.container import open_media
from nonverbal.pipeline.stage import Job
from nonverbal.types import Clip, Source
from nonverbal.venus.diarize import Diarization, Diarize
from nonverbal.venus.language import LanguageGuess
from nonverbal.venus.transcribe import Transcribe, Transcript
from nonverbal.venus.truth import align_words, plain_words

_JFK = (
    "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country."
)  # fmt: skip


@dataclass(frozen=True)
class Timed:
    """A plain word and its edges in seconds, not numbers where nobody knows them."""

    word: str
    start_s: float
    end_s: float


@dataclass
class Score:
    """Sums over the recordings of one kind."""

    wrong: int = 0
    said: int = 0
    seconds: float = 0.0
    cost_s: float = 0.0
    starts_s: tuple[float, ...] = ()
    ends_s: tuple[float, ...] = ()

    def row(self) -> str:
        """WER, word count, error of starts and ends, speed."""
        edges = [
            f"{np.median(np.abs(e)) * 1000:5.0f} {np.quantile(np.abs(e), 0.9) * 1000:5.0f} {np.median(e) * 1000:+5.0f}"
            if len(e)
            else f"{'-':>5} {'-':>5} {'-':>5}"
            for e in (np.array(self.starts_s), np.array(self.ends_s))
        ]
        wer, speed = 100 * self.wrong / self.said, self.seconds / self.cost_s
        return f"{wer:6.1f} {self.said:6} {edges[0]}  {edges[1]} {speed:6.1f}"


def timed(rows: Iterable[tuple[str, float, float]]) -> list[Timed]:
    """Plain words of written ones; of "23", the start goes to "twenty" and the end to "three"."""
    out = []
    for text, start_s, end_s in rows:
        parts = plain_words(text)
        last = len(parts) - 1
        out += [
            Timed(p, start_s if i == 0 else math.nan, end_s if i == last else math.nan) for i, p in enumerate(parts)
        ]
    return out


def recordings(films: Path, media: Path) -> list[tuple[str, Path, list[Timed]]]:
    """Kind, file and truth of each."""
    found = []
    for home in sorted(films.iterdir()) if films.is_dir() else ():
        shot = load(home)
        words = sorted((w for turn in shot.truth.turns for w in turn.words), key=lambda w: w.start_s)
        found.append(("studio", shot.video, timed((w.word, w.start_s, w.end_s) for w in words)))
    if media.is_dir():
        stm = [line.split(maxsplit=5) for line in (media / "speech/sample.stm").read_text().splitlines()]
        call = timed((row[5], float(row[3]), float(row[4])) for row in stm)
        found.append(("telephone", media / "speech/sample.wav", call))
        found.append(("speech", media / "speech/jfk.flac", timed([(_JFK, math.nan, math.nan)])))
    return found


def job_of(path: Path) -> Job:
    """The whole file, decoded before the clock runs."""
    with open_media(path) as opened:
        job = Job(Source("", str(path), path.stat().st_size), Clip("", "", 0.0, opened.container.duration / 1e6))
    job.audio  # noqa: B018
    return job


def measure(stage: Transcribe, job: Job, talk: Diarization, truth: list[Timed], score: Score) -> None:
    """Adds one recording."""
    began = time.process_time()
    found = stage.run(job, {"diarize": talk, "language": LanguageGuess("en", 1.0, 0.0, 30.0)})
    score.cost_s += time.process_time() - began
    score.seconds += len(job.audio.samples) / job.audio.rate_hz
    turns = found.turns if isinstance(found, Transcript) else ()
    got = timed((word.word, word.start_s, word.end_s) for turn in turns for word in turn.words)
    pairs = align_words([w.word for w in truth], [w.word for w in got])
    hits = [(truth[i], got[j]) for i, j in pairs if i is not None and j is not None and truth[i].word == got[j].word]
    score.wrong += len(pairs) - len(hits)
    score.said += len(truth)
    score.starts_s += tuple(b.start_s - a.start_s for a, b in hits if math.isfinite(b.start_s - a.start_s))
    score.ends_s += tuple(b.end_s - a.end_s for a, b in hits if math.isfinite(b.end_s - a.end_s))


def main() -> None:
    """One row a kind of recording and pair of models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=Path, default=Path(".bench/accuracy/videos"))
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    pairs = [f"{r.name}+{a.name}" for r in recognisers.CHOICES for a in aligners.CHOICES]
    parser.add_argument("--use", nargs="+", default=pairs)
    arguments = parser.parse_args()
    known = [(kind, job_of(path), truth) for kind, path, truth in recordings(arguments.films, arguments.media)]
    talks = [Diarize().diarize(job.audio.samples, lambda done: None) for _, job, _ in known]
    edges = f"{'50':>5} {'90':>5} {'early':>5}"
    print(f"{'recogniser + aligner':<44} {'kind':<9} {'WER %':>6} {'words':>6} {edges}  {edges} {'x':>6}")
    for name in arguments.use:
        recogniser, _, aligner = name.rpartition("+")
        stage = Transcribe(recogniser=recogniser, aligner=aligner)
        if told := next((told for b in stage.backends() if (told := b.problem())), None):
            print(f"{name:<44} cannot run: {told}")
            continue
        loaded = recognisers.load(recogniser, "cpu", "auto")
        loaded.hear(np.zeros(16000, np.float32), "en", 1)  # weights load before the clock runs
        scores: dict[str, Score] = {}
        for (kind, job, truth), talk in zip(known, talks, strict=True):
            measure(stage, job, talk, truth, scores.setdefault(kind, Score()))
        for kind, score in scores.items():
            print(f"{name:<44} {kind:<9} {score.row()}", flush=True)


if __name__ == "__main__":
    main()
