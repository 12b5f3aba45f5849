"""The transcript of real recordings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from recordings import diarized, job_of, job_with, music

from nonverbal.backends import recognisers
from nonverbal.backends.recognisers import Heard
from nonverbal.pipeline.stage import Needs
from nonverbal.types import Span, SpeakerSegment
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.harm import Harm
from nonverbal.venus.language import LanguageGuess
from nonverbal.venus.transcribe import Transcribe, Transcript, voiced
from nonverbal.venus.truth import plain_words, word_error_rate
from nonverbal.verdicts import Reason, Reject

ENGLISH = LanguageGuess("en", 1.0, 0.0, 30.0)


@dataclass
class FixedRecogniser:
    """Hears the same words in every window; no recogniser at all."""

    words: tuple[Heard, ...]
    known: tuple[str, ...] = ("en",)

    def hears(self, language: str) -> bool:
        return language in self.known

    def detect_language(self, samples: np.ndarray) -> tuple[str, float]:
        return self.known[0], 1.0

    def hear(self, samples: np.ndarray, language: str, beam_size: int) -> tuple[Heard, ...]:
        return self.words


@lru_cache
def transcribed(path: Path) -> Transcript:
    transcript = Transcribe().run(job_of(path), {"diarize": diarized(path), "language": ENGLISH})
    assert isinstance(transcript, Transcript)
    return transcript


def test_the_split_screen_dialogue(shared_media: Path) -> None:
    transcript = transcribed(shared_media / "dialogue/grid_dialogue_9s.mp4")
    assert [t.participant for t in transcript.turns] == ["S0", "S1", "S0"]
    truth = ("place white in J three please", "lay white by S zero again", "set white with P two soon")
    for turn, said in zip(transcript.turns, truth, strict=True):
        assert word_error_rate(plain_words(said), plain_words(turn.text)) <= 0.2
    for turn, (start_s, end_s) in zip(transcript.turns, ((0.0, 2.69), (3.24, 5.82), (6.0, 8.76)), strict=True):
        assert start_s - 0.3 <= turn.start_s <= start_s + 0.7
        assert end_s - 0.9 <= turn.end_s <= end_s + 0.3


def test_the_telephone_call(shared_media: Path) -> None:
    path = shared_media / "speech/sample.wav"
    transcript = transcribed(path)
    said = " ".join(line.split(maxsplit=5)[5] for line in (shared_media / "speech/sample.stm").read_text().splitlines())
    assert word_error_rate(plain_words(said), plain_words(" ".join(t.text for t in transcript.turns))) < 0.2
    assert "".join(t.participant[-1] for t in transcript.turns) == "010101010"
    words = [word for turn in transcript.turns for word in turn.words]
    edges = [t for word in words for t in (word.start_s, word.end_s)]
    assert edges == sorted(edges)
    assert edges[-1] <= 30.0
    assert all(0.0 < word.prob <= 1.0 for word in words)
    assert sum(word.interpolated for word in words) < 0.1 * len(words)


def test_the_same_bytes_again(shared_media: Path) -> None:
    path = shared_media / "dialogue/grid_dialogue_9s.mp4"
    job = job_of(path)
    inputs = {"diarize": diarized(path), "language": ENGLISH}
    ticks: list[float] = []
    job.tick = ticks.append
    job.threads = 2
    assert Transcribe().run(job, inputs) == transcribed(path)
    assert ticks[-1] == 1.0


def test_no_words_are_invented_in_music() -> None:
    """Even where the diarization is wrong and calls music speech."""
    segments = (SpeakerSegment("S0", 0.0, 3.0), SpeakerSegment("S1", 3.0, 6.0))
    inputs = {"diarize": Diarization(segments, ("S0", "S1")), "language": ENGLISH}
    verdict = Transcribe().run(job_with(music(6.0)), inputs)
    assert isinstance(verdict, Reject)
    assert verdict.reason is Reason.E_NO_SPEECH


def test_no_words_are_invented_after_the_last_one(shared_media: Path) -> None:
    """Asked for words in the breath after the last one, the decoder said "you." here."""
    samples = job_of(shared_media / "speech/jfk.flac").audio.samples
    heard = recognisers.load("whisper-base", "cpu", "auto").hear(samples, "en", beam_size=5)
    assert heard[-1].word == "country."
    assert min(word.prob for word in heard) > 0.1


def test_stretches_without_a_voice_are_left_out(shared_media: Path) -> None:
    talk = job_of(shared_media / "speech/jfk.flac").audio.samples[: 3 * 16000]
    samples = np.concatenate([talk, music(3.0)]).astype(np.float32)
    assert voiced((Span(0.3, 2.0), Span(3.5, 5.5)), samples) == (Span(0.3, 2.0),)


def test_harm_scores_and_flags_but_deletes_nothing(shared_media: Path) -> None:
    transcript = transcribed(shared_media / "dialogue/grid_dialogue_9s.mp4")
    scored = Harm().run(job_of(shared_media / "speech/jfk.flac"), {"transcribe": transcript})
    assert [t.text for t in scored.turns] == [t.text for t in transcript.turns]
    assert all(t.harm is not None and 0.0 <= t.harm <= 1.0 and round(t.harm, 6) == t.harm for t in scored.turns)


@pytest.mark.parametrize(
    "setting",
    [
        {"transcribe_window_s": 31.0},
        {"beam_size": 0},
        {"recogniser": "large-v3"},
        {"aligner": "whisperx"},
        {"align_model": "org/model"},
        {"compute_type": "float16"},
    ],
)
def test_a_wrong_setting_names_itself(setting: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        Transcribe(**setting)  # type: ignore[arg-type]


def test_words_come_as_late_as_the_recogniser_is_early(monkeypatch: pytest.MonkeyPatch) -> None:
    speech = Span(1.0, 4.0)
    monkeypatch.setattr("nonverbal.venus.transcribe.voiced", lambda spans, samples: (speech,))
    # Of a window from 0.8 s on.
    fixed = FixedRecogniser((Heard("One", 0.5, 0.9, 1.0), Heard("two.", 1.0, 1.4, 1.0)))
    monkeypatch.setattr(recognisers, "load", lambda *_: fixed)
    talk = Diarization((SpeakerSegment("S0", 1.0, 4.0),), ("S0",))
    found = Transcribe().run(job_with(np.zeros(80_000, np.float32)), {"diarize": talk, "language": ENGLISH})
    assert isinstance(found, Transcript)
    times = [(word.start_s, word.end_s) for word in found.turns[0].words]
    assert times == [(1.33, 1.73), (1.83, 2.23)]


@dataclass
class FixedAligner:
    """Moves every word by the same time and finds no word that ends with "?"; no aligner at all."""

    by_s: float

    def align(self, samples: np.ndarray, heard: Sequence[Heard], language: str) -> tuple[Heard, ...]:
        return tuple(
            replace(word, start_s=math.nan, end_s=math.nan)
            if word.word.endswith("?")
            else replace(word, start_s=word.start_s + self.by_s, end_s=word.end_s + self.by_s, prob=0.1)
            for word in heard
        )


def with_words(
    monkeypatch: pytest.MonkeyPatch, heard: tuple[Heard, ...], language: str, stage: Transcribe | None = None
) -> Transcript | Reject:
    """What becomes of words that are heard in 5 s of sound, all of them voice."""
    speech = Span(0.2, 5.0)
    monkeypatch.setattr("nonverbal.venus.transcribe.voiced", lambda spans, samples: (speech,))
    monkeypatch.setattr(recognisers, "load", lambda *_: FixedRecogniser(heard, (language, "en")))
    talk = Diarization((SpeakerSegment("S0", 0.2, 5.0),), ("S0",))
    guess = LanguageGuess(language, 1.0, 0.0, 5.0)
    return (stage or Transcribe()).run(job_with(np.zeros(80_000, np.float32)), {"diarize": talk, "language": guess})


def test_times_of_the_aligner_count_and_words_it_misses_keep_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonverbal.backends.aligners.load", lambda *_: FixedAligner(0.1))
    heard = (Heard("One", 0.5, 0.9, 0.9), Heard("two?", 1.2, 1.6, 0.8), Heard("three.", 2.0, 2.4, 0.7))
    found = with_words(monkeypatch, heard, "en", Transcribe(aligner="wav2vec2"))
    assert isinstance(found, Transcript)
    (turn,) = found.turns
    assert [(w.start_s, w.interpolated) for w in turn.words] == [(0.6, False), (1.23, True), (2.1, False)]
    assert [w.prob for w in turn.words] == [0.9, 0.8, 0.7], "how sure a word is, the recogniser says"


def test_a_language_without_spaces_is_written_without(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = ("你好。", "我", "用", "Python", "写。")
    heard = tuple(Heard(piece, 0.5 + i / 2, 0.9 + i / 2, 0.9) for i, piece in enumerate(pieces))
    found = with_words(monkeypatch, heard, "zh")
    assert isinstance(found, Transcript)
    assert [(turn.text, turn.sentences) for turn in found.turns] == [("你好。我用Python写。", (0, 1))]
    assert [word.word for word in found.turns[0].words] == list(pieces)


def test_a_language_the_recogniser_does_not_know_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognisers, "load", lambda *_: FixedRecogniser(()))
    monkeypatch.setattr("nonverbal.venus.transcribe.voiced", lambda spans, samples: tuple(spans))
    talk = Diarization((SpeakerSegment("S0", 0.2, 5.0),), ("S0",))
    inputs = {"diarize": talk, "language": LanguageGuess("yue", 1.0, 0.0, 5.0)}
    verdict = Transcribe().run(job_with(np.zeros(80_000, np.float32)), inputs)
    assert isinstance(verdict, Reject)
    assert verdict.reason is Reason.E_LANGUAGE
    assert "heard Cantonese (yue), which the recogniser whisper-base does not know" in verdict.message


def test_the_stage_names_its_models_and_what_it_runs_on() -> None:
    assert [backend.name for backend in Transcribe().backends()] == ["whisper-base", "whisper"]
    assert Transcribe().needs == Needs()
    stage = Transcribe(recogniser="faster-whisper:turbo", aligner="wav2vec2", transcribe_device="cuda")
    assert stage.needs == Needs(gpus=1.0)
    models = [backend.model for backend in stage.backends(("en", "de"))]
    assert models[0] == "Whisper large-v3-turbo"
    assert models[1:] == [
        "wav2vec 2.0 base, 960 h, with CTC",
        "CTC network jonatasgrosman/wav2vec2-large-xlsr-53-german",
    ]
