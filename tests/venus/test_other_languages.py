"""Talk in other languages, from its sound to its turns; the voices are espeak's."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import job_with

from nonverbal.backends.espeak import speak
from nonverbal.types import SpeakerSegment
from nonverbal.venus.diarize import Diarization, Diarize
from nonverbal.venus.harm import Harm
from nonverbal.venus.language import Language, LanguageGuess
from nonverbal.venus.transcribe import Transcribe, Transcript
from nonverbal.verdicts import Reason, Reject

pytest.importorskip("espeakng_loader")
pytestmark = pytest.mark.slow

GERMAN = (
    "Guten Morgen, mein Freund. Wie geht es dir heute?",
    "Danke, mir geht es sehr gut. Wir fahren heute mit dem Zug nach Berlin.",
    "Das ist eine schöne Stadt. Wir waren dort vor zwei Jahren im Sommer.",
    "Ja, ich freue mich sehr auf die Reise.",
)
SPANISH = (
    "Buenos días, amigo mío. ¿Cómo estás hoy?",
    "Muy bien, gracias. Mañana vamos a la playa con los niños.",
    "Es una buena idea. Hace muy buen tiempo esta semana.",
    "Sí, el sol brilla todos los días.",
)
CHINESE = ("你好，今天天气很好。", "是的，我们去公园散步吧。", "我想喝一杯咖啡。")


def talk(lines: tuple[str, ...], voices: tuple[str, str], words_per_minute: int) -> tuple[np.ndarray, Diarization]:
    """16 kHz samples of two voices in turn with half a second between, and who speaks when."""
    parts, segments, at = [np.zeros(8000, np.float32)], [], 0.5
    for i, line in enumerate(lines):
        sound = speak(line, voices[i % 2], words_per_minute)
        length = round(len(sound.samples) * 16000 / sound.rate_hz)
        times = np.arange(length) * sound.rate_hz / 16000
        parts += [0.6 * np.interp(times, np.arange(len(sound.samples)), sound.samples), np.zeros(8000)]
        segments.append(SpeakerSegment(f"S{i % 2}", at, at + length / 16000))
        at += length / 16000 + 0.5
    return np.concatenate(parts).astype(np.float32), Diarization(tuple(segments), ("S0", "S1"))


@pytest.mark.parametrize(
    ("code", "voice", "lines", "phrases"),
    [
        ("de", "de", GERMAN, ("Wie geht es dir heute?", "Das ist eine schöne Stadt.")),
        ("es", "es", SPANISH, ("¿Cómo estás hoy?", "Es una buena idea.")),
    ],
)
def test_two_people_in_another_language(
    code: str, voice: str, lines: tuple[str, ...], phrases: tuple[str, ...]
) -> None:
    samples, _ = talk(lines, (f"{voice}+m3", f"{voice}+f4"), 140)
    job = job_with(samples)
    found = Diarize().diarize(samples, lambda done: None)
    assert found.speakers == ("S0", "S1")
    rejected = Language().run(job, {"diarize": found})
    assert isinstance(rejected, Reject)
    assert rejected.reason is Reason.E_LANGUAGE
    guess = Language(languages=("en", code), min_language_prob=0.3).run(job, {"diarize": found})
    assert isinstance(guess, LanguageGuess)
    assert guess.language == code
    transcript = Transcribe().run(job, {"diarize": found, "language": guess})
    assert isinstance(transcript, Transcript)
    assert [turn.participant for turn in transcript.turns] == ["S0", "S1", "S0", "S1"]
    text = " ".join(turn.text for turn in transcript.turns)
    assert all(phrase in text for phrase in phrases), text
    assert [len(turn.sentences) for turn in transcript.turns][::2] == [2, 2]
    scored = Harm().run(job, {"transcribe": transcript})
    assert [turn.text for turn in scored.turns] == [turn.text for turn in transcript.turns]


def test_chinese_is_heard_and_written_without_spaces() -> None:
    samples, diarized = talk(CHINESE, ("cmn+f2", "cmn+f5"), 110)
    job = job_with(samples)
    guess = Language(languages=("zh",), min_language_prob=0.1).run(job, {"diarize": diarized})
    assert isinstance(guess, LanguageGuess)
    transcript = Transcribe().run(job, {"diarize": diarized, "language": guess})
    assert isinstance(transcript, Transcript)
    text = "".join(turn.text for turn in transcript.turns)
    assert " " not in text
    assert all(said in text for said in ("你好", "我们", "一杯咖啡")), text
    assert all(turn.text == "".join(word.word for word in turn.words) for turn in transcript.turns)
    assert [turn.participant for turn in transcript.turns] == ["S0", "S1", "S0"]
