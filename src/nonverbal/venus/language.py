"""F4, the language: heard in one window of 30 s with as much speech as possible, before anything is transcribed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nonverbal.backends import languages as tongues
from nonverbal.backends import recognisers
from nonverbal.backends.requirements import Backend
from nonverbal.pipeline.stage import Codec, Job, Needs
from nonverbal.pipeline.store import JsonCodec
from nonverbal.timeline import merge_spans, overlap_s
from nonverbal.types import Span
from nonverbal.venus.diarize import Diarization
from nonverbal.verdicts import Reason, Reject


@dataclass(frozen=True)
class LanguageGuess:
    """The language (ISO 639-1 code) heard in a window of the clip, with its probability in [0, 1]."""

    language: str
    prob: float
    window_start_s: float
    window_end_s: float


@dataclass(frozen=True)
class Language:
    """Rejects clips in other languages than the accepted ones."""

    name: ClassVar[str] = "language"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("diarize",)
    codec: ClassVar[Codec | None] = JsonCodec(LanguageGuess)

    languages: tuple[str, ...] = ("en",)
    """Accepted languages, codes as Whisper knows them (en, de, fr, zh, ...), with spaces or commas between."""
    language_model: str = recognisers.DEFAULT
    """What tells the language: whisper-base, faster-whisper:SIZE or transformers:NAME, as for the recogniser."""
    language_device: str = "cpu"
    """Where the language is told: cpu or cuda."""
    min_language_prob: float = 0.5
    """Probability, 0 to 1, that the language must reach; below, the clip is noisy or mixes languages."""

    def __post_init__(self) -> None:
        codes = tuple(code.strip() for given in self.languages for code in given.split(",") if code.strip())
        object.__setattr__(self, "languages", codes)  # "en,de" is what "en de" is, also in the stage's key
        if not self.languages:
            raise ValueError("languages is empty; expected at least one ISO 639-1 code such as en")
        tongues.check_codes(self.languages, "languages")
        recognisers.check_settings(self.language_model, self.language_device, "auto", "language_model")
        if recognisers.english_only(self.language_model):
            raise ValueError(
                f"language_model is {self.language_model!r}, which knows English only; take one without .en"
            )
        if not 0.0 <= self.min_language_prob <= 1.0:
            raise ValueError(f"min_language_prob is {self.min_language_prob}; expected 0 to 1")

    @property
    def needs(self) -> Needs:
        """A card where the language is told on one."""
        return Needs(gpus=1.0) if self.language_device == "cuda" else Needs()

    def backends(self) -> tuple[Backend, ...]:
        """The model that tells languages."""
        model, device = self.language_model, self.language_device
        return (recognisers.backend_of(model, device, self.name, "language_model", "telling languages apart"),)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> LanguageGuess | Reject:
        diarization: Diarization = inputs["diarize"]
        audio = job.audio
        duration_s = len(audio.samples) / audio.rate_hz
        window = fullest_window(
            (Span(s.start_s, s.end_s) for s in diarization.segments), min(recognisers.WINDOW_S, duration_s), duration_s
        )
        sound = audio.samples[round(window.start_s * audio.rate_hz) : round(window.end_s * audio.rate_hz)]
        model = recognisers.load(self.language_model, self.language_device, "auto")
        language, prob = model.detect_language(sound)
        job.tick(1.0)
        guess = LanguageGuess(language, round(prob, 6), round(window.start_s, 3), round(window.end_s, 3))
        return self.verdict(guess) or guess

    def verdict(self, guess: LanguageGuess) -> Reject | None:
        """Why the language is not accepted, or None."""
        accepted = ", ".join(map(tongues.name_of, self.languages))
        window = f"{guess.window_start_s:.0f}-{guess.window_end_s:.0f} s"
        heard = f"{tongues.name_of(guess.language)} with probability {guess.prob:.2f} at {window}"
        if guess.language not in self.languages:
            return Reject(
                Reason.E_LANGUAGE,
                f"heard {heard}, expected {accepted}; add it with --languages or give clips in an accepted language",
            )
        if guess.prob < self.min_language_prob:
            return Reject(
                Reason.E_LANGUAGE,
                f"heard {heard}, expected a probability of at least {self.min_language_prob:.2f} (noise, or languages "
                "are mixed); lower min_language_prob to keep such clips",
            )
        return None


def fullest_window(speech: Iterable[Span], length_s: float, duration_s: float) -> Span:
    """The window of `length_s` inside the clip that holds most speech; the earliest of equals.

    The best window begins where speech begins or ends where speech ends, so only those are tried.
    """
    spans = merge_spans(speech)
    last_start = max(0.0, duration_s - length_s)
    starts = sorted({min(max(t, 0.0), last_start) for s in spans for t in (s.start_s, s.end_s - length_s)} | {0.0})
    windows = [Span(start, start + length_s) for start in starts]
    return max(windows, key=lambda window: round(sum(overlap_s(window, span) for span in spans), 6))
