"""Given recordings as voices: a folder with sounds and a `lines.jsonl` that says who says what in which file.

One JSON object a line, in the order of the conversation::

    {"participant": "A", "audio": "a1.wav", "text": "Do you know what time it is?"}
    {"participant": "B", "audio": "b1.flac", "text": "Half past three.", "act": "tell", "mood": 0.2, "gap_s": 0.4,
     "words": [{"word": "Half", "start_s": 0.05, "end_s": 0.31}, ...]}

`act`, `mood` and `gap_s` mean what they mean in a `Line`. Words without times are spread over the sound by how long
their speech sounds usually take.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nonverbal.media.audio import mono_float
from nonverbal.media.container import open_media
from nonverbal.media.names import printable
from nonverbal.studio.script.gestures import with_gestures
from nonverbal.studio.script.grammar import Wording
from nonverbal.studio.speech.loudness import HOP_S, loud_frames
from nonverbal.studio.speech.pronounce import WordSounds, pronounce_lines
from nonverbal.studio.speech.rhythm import usual_pause_s, usual_s
from nonverbal.studio.speech.voices import Spoken
from nonverbal.studio.talk import ACTS, PARTICIPANTS, Line, Phone, SpokenWord
from nonverbal.types import F32
from nonverbal.verdicts import RejectedError, UserError

INDEX = "lines.jsonl"
_SUFFIXES = (".wav", ".flac")
_LONGEST_S = 120.0
_KEYS = frozenset({"participant", "audio", "text", "act", "mood", "gap_s", "words"})
_GAP_S = 0.3


@dataclass(frozen=True, slots=True)
class Take:
    """One recorded line; `spans` are the words' times in the sound, None where they were not given."""

    line: Line
    audio: Path
    spans: tuple[tuple[float, float], ...] | None


@dataclass(frozen=True)
class RecordedVoice:
    """Says the lines of a folder in the recorded sound, and no others."""

    folder: Path
    takes: tuple[Take, ...]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def lines(self) -> tuple[Line, ...]:
        """The conversation as recorded."""
        return tuple(take.line for take in self.takes)

    def say(self, line: Line, rng: np.random.Generator) -> Spoken:
        """The sound of a line of the folder; of several takes of the same words one by chance.

        Raises:
            UserError: no such line was recorded, or its sound is not usable.
        """
        takes = [t for t in self.takes if (t.line.participant, t.line.text) == (line.participant, line.text)]
        if not takes:
            raise UserError(f"{self.folder / INDEX} has no line of {line.participant} with the text {line.text!r}")
        take = takes[int(rng.integers(len(takes)))]
        samples, rate_hz = _read(take.audio)
        if not line.text:
            return Spoken(samples, rate_hz, ())
        (words,) = pronounce_lines([line.text])
        spoken = _spread(words, samples, rate_hz) if take.spans is None else _timed(words, take.spans)
        if spoken[-1].end_s > len(samples) / rate_hz + 0.05:
            raise UserError(
                f"the last word of {printable(take.audio)} ends at {spoken[-1].end_s:.2f} s, expected it within the "
                f"{len(samples) / rate_hz:.2f} s of sound; correct {INDEX}"
            )
        return Spoken(samples, rate_hz, tuple(spoken))


def open_recordings(folder: Path) -> RecordedVoice:
    """The recordings of a folder, their descriptions checked; sounds are read when they are needed.

    Raises:
        UserError: the folder, its index or an entry is not as described, or names a file outside the folder.
    """
    index = folder / INDEX
    if not index.is_file():
        raise UserError(f"{printable(folder)} has no {INDEX}, expected one entry a recording: participant, audio, text")
    try:
        text = index.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{printable(index)} is not UTF-8 text ({error.reason}), expected JSON lines") from error
    rows = [(n, row) for n, row in enumerate(text.splitlines(), 1) if row.strip()]
    takes = tuple(_take(folder, f"{printable(index)} line {n}", row) for n, row in rows)
    missing = [p for p in PARTICIPANTS if all(take.line.participant != p for take in takes)]
    if missing:
        raise UserError(f"{printable(index)} has no line of {' and '.join(missing)}, expected both A and B to speak")
    return RecordedVoice(folder, takes)


def _take(folder: Path, place: str, row: str) -> Take:
    entry = _entry(place, row)
    text = " ".join(str(entry["text"]).split())
    act = entry.get("act", "ask" if text.endswith("?") else "tell" if text else "laugh")
    if act not in ACTS or (act == "laugh") != (not text):
        raise UserError(
            f"{place}: act {act!r} with text {text!r}; expected one of {', '.join(ACTS)}, text but for laugh"
        )
    if entry["participant"] not in PARTICIPANTS:
        raise UserError(f"{place}: participant {entry['participant']!r}, expected A or B")
    mood, gap_s = _number(place, entry, "mood", 0.0, -1.0, 1.0), _number(place, entry, "gap_s", _GAP_S, -30.0, 30.0)
    shown = with_gestures(Wording(text), np.random.default_rng(len(text))) if text else Wording("")
    line = Line(entry["participant"], text, act, mood, gap_s, shown.emphasis, shown.cues)
    return Take(line, _inside(folder, place, entry["audio"]), _spans(place, text, entry.get("words")))


def _entry(place: str, row: str) -> dict[str, Any]:
    try:
        entry = json.loads(row)
    except ValueError as error:
        raise UserError(
            f"{place} is not JSON ({error}), expected an object with participant, audio and text"
        ) from error
    if not isinstance(entry, dict) or not {"participant", "audio", "text"} <= set(entry) <= _KEYS:
        told = ", ".join(sorted(entry)) if isinstance(entry, dict) else type(entry).__name__
        raise UserError(f"{place} has {told}; expected participant, audio, text, and perhaps act, mood, gap_s, words")
    return entry


def _number(place: str, entry: dict[str, Any], key: str, default: float, low: float, high: float) -> float:
    value = entry.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise UserError(f"{place}: {key} is {value!r}, expected a number from {low:g} to {high:g}")
    return float(value)


def _inside(folder: Path, place: str, name: Any) -> Path:
    """The file, after links are followed, if it lies in the folder."""
    if not isinstance(name, str) or "\0" in name or Path(name).suffix.lower() not in _SUFFIXES:
        raise UserError(f"{place}: audio is {name!r}, expected a name ending in {' or '.join(_SUFFIXES)}")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UserError(f"{place}: {name!r} lies outside {printable(folder)}; only files in the folder are read")
    if not path.is_file():
        raise UserError(f"{place}: there is no file {name!r} in {printable(folder)}")
    return path


def _spans(place: str, text: str, words: Any) -> tuple[tuple[float, float], ...] | None:
    """Given times of the words, checked against the text and against each other."""
    if words is None:
        return None
    if not isinstance(words, list) or not all(
        isinstance(w, dict) and set(w) == {"word", "start_s", "end_s"} for w in words
    ):
        raise UserError(f"{place}: words is not a list of word, start_s and end_s")
    said = text.split(" ") if text else []
    if [w["word"] for w in words] != said:
        raise UserError(f"{place}: words {[w['word'] for w in words]} differ from the text's {said}")
    spans = tuple((_number(place, w, "start_s", 0, 0, 1e5), _number(place, w, "end_s", 0, 0, 1e5)) for w in words)
    edges = [edge for span in spans for edge in span]
    if any(a > b for a, b in pairwise(edges)) or any(b - a < 0.01 for a, b in spans):
        raise UserError(f"{place}: the words' times go back or are shorter than 0.01 s: {edges}")
    return spans


def _read(path: Path) -> tuple[F32, int]:
    """[S] mono samples of a whole file at its own rate."""
    try:
        with open_media(path) as media:
            if media.audio is None:
                raise UserError(f"{printable(path)} has no sound")
            rate_hz, parts, count = int(media.audio.sample_rate), [], 0
            for frame in media.container.decode(media.audio):
                parts.append(mono_float(frame))
                count += len(parts[-1])
                if count > _LONGEST_S * rate_hz:
                    raise UserError(f"{printable(path)} is longer than {_LONGEST_S:g} s; cut it at the line's end")
    except RejectedError as error:
        raise UserError(error.reject.message) from error
    samples = np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
    if not np.isfinite(samples).all() or not np.abs(samples).max(initial=0.0) > 1e-4:
        raise UserError(f"{printable(path)} is silent or holds values that are not finite, expected speech")
    return samples, rate_hz


def _spread(words: Sequence[WordSounds], samples: F32, rate_hz: int) -> list[SpokenWord]:
    """The words from the first to the last audible moment, in proportion to their usual lengths."""
    loud = np.flatnonzero(loud_frames(samples, rate_hz))
    start_s, end_s = loud[0] * HOP_S, min((loud[-1] + 1) * HOP_S, len(samples) / rate_hz)
    usual = [usual_s(word, final=i == len(words) - 1) for i, word in enumerate(words)]
    pauses = [usual_pause_s(word.mark) for word in words[:-1]] + [0.0]
    scale = (end_s - start_s) / (sum(map(sum, usual)) + sum(pauses))
    out = []
    for word, lengths, pause_s in zip(words, usual, pauses, strict=True):
        out.append(_spoken(word, start_s, start_s + sum(lengths) * scale))
        start_s = out[-1].end_s + pause_s * scale
    return out


def _timed(words: Sequence[WordSounds], spans: Sequence[tuple[float, float]]) -> list[SpokenWord]:
    return [_spoken(word, *span) for word, span in zip(words, spans, strict=True)]


def _spoken(word: WordSounds, start_s: float, end_s: float) -> SpokenWord:
    """The word with its sounds spread over its time."""
    shares = np.cumsum([0.0, *usual_s(word, final=False)])
    edges = (start_s + (end_s - start_s) * shares / shares[-1]).tolist()
    edges[-1] = end_s
    phones = tuple(Phone(s.symbol, a, b, s.stress) for s, (a, b) in zip(word.sounds, pairwise(edges), strict=True))
    return SpokenWord(word.word, start_s, end_s, phones)
