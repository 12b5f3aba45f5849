"""The language of a clip."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import diarized, job_of

from nonverbal.timeline import merge_spans, overlap_s
from nonverbal.types import Span
from nonverbal.venus.language import Language, LanguageGuess, fullest_window
from nonverbal.verdicts import Reason, Reject


def test_english_is_heard_and_accepted(shared_media: Path) -> None:
    path = shared_media / "dialogue/grid_dialogue_9s.mp4"
    guess = Language().run(job_of(path), {"diarize": diarized(path)})
    assert isinstance(guess, LanguageGuess)
    assert guess.language == "en"
    assert guess.prob > 0.8
    assert guess.window_end_s <= 9.1


def test_russian_is_rejected_and_named(shared_media: Path) -> None:
    path = shared_media / "dialogue/latentsync_pair_8s.mp4"
    verdict = Language().run(job_of(path), {"diarize": diarized(path)})
    assert isinstance(verdict, Reject)
    assert verdict.reason is Reason.E_LANGUAGE
    assert "heard Russian (ru) with probability 0.9" in verdict.message
    assert "expected English (en)" in verdict.message


def test_a_doubtful_language_is_rejected() -> None:
    verdict = Language(languages=("en", "de")).verdict(LanguageGuess("de", 0.4, 0.0, 30.0))
    assert verdict is not None
    assert verdict.reason is Reason.E_LANGUAGE
    assert "at least 0.50" in verdict.message
    assert Language(languages=("de",), min_language_prob=0.3).verdict(LanguageGuess("de", 0.4, 0.0, 30.0)) is None


def test_the_window_holds_most_speech() -> None:
    speech = [Span(0, 5), Span(60, 70), Span(75, 85)]
    assert fullest_window(speech, 30.0, 100.0) == Span(55, 85)
    assert fullest_window(speech, 30.0, 30.0) == Span(0, 30)
    assert fullest_window([], 30.0, 100.0) == Span(0, 30)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 10)), max_size=8), st.integers(0, 70))
def test_no_other_window_holds_more(rows: list[tuple[int, int]], other: int) -> None:
    speech = [Span(a, a + b) for a, b in rows]
    best = fullest_window(speech, 30.0, 100.0)
    assert 0 <= best.start_s <= best.end_s <= 100.0

    def inside(window: Span) -> float:
        return sum(overlap_s(window, span) for span in merge_spans(speech))

    assert inside(best) >= inside(Span(other, other + 30)) - 1e-6


@pytest.mark.parametrize(
    "setting",
    [
        {"languages": ()},
        {"languages": ("en", "english")},
        {"min_language_prob": 1.5},
        {"language_model": "base"},
        {"language_model": "faster-whisper:base.en"},
        {"language_model": "whisper-base", "language_device": "gpu"},
    ],
)
def test_a_wrong_setting_names_itself(setting: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        Language(**setting)  # type: ignore[arg-type]


def test_the_stage_names_its_model_and_what_it_runs_on() -> None:
    (backend,) = Language().backends()
    assert (backend.name, backend.stage, backend.setting) == ("whisper-base", "language", "language_model")
    assert Language(language_device="cuda").needs.gpus == 1.0


def test_codes_may_have_commas_between() -> None:
    assert Language(languages=("en,de", " fr,")) == Language(languages=("en", "de", "fr"))
    with pytest.raises(ValueError, match="languages is empty"):
        Language(languages=(",",))
