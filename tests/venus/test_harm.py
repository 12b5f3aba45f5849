"""Harmful language is scored and flagged."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from recordings import job_with, music

from nonverbal.backends import profanity
from nonverbal.types import Turn, Word
from nonverbal.venus.harm import Harm
from nonverbal.venus.transcribe import Transcript
from nonverbal.verdicts import UserError


def transcript(*texts: str) -> Transcript:
    return Transcript("en", tuple(Turn("S0", 0, 1, text, (Word(text, 0, 1, 1.0),)) for text in texts))


def test_an_insult_is_flagged_and_thanks_are_not() -> None:
    job = job_with(music(0.1))
    scored = Harm().run(job, {"transcribe": transcript("You stupid fucking idiot", "Thank you, see you tomorrow")})
    assert [t.harmful for t in scored.turns] == [True, False]
    assert scored.turns[0].text == "You stupid fucking idiot"
    strict = Harm(harm_threshold=0.0).run(job, {"transcribe": transcript("Thank you")})
    assert strict.turns[0].harmful


def test_the_classifier_of_english_does_not_judge_other_languages() -> None:
    spoken = replace(transcript("Guten Tag", "you stupid fucking idiot"), language="de")
    assert Harm(harm_threshold=0.0).run(job_with(music(0.1)), {"transcribe": spoken}) == spoken


def test_no_turns_and_empty_texts() -> None:
    assert Harm().run(job_with(music(0.1)), {"transcribe": Transcript("en", ())}).turns == ()
    assert profanity.harm_probabilities(["", " "]).tolist() == [0.0, 0.0]


def test_changed_files_are_not_unpickled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profanity, "_FILES", {"data/model.joblib": "0" * 64})
    profanity._classifier.cache_clear()
    monkeypatch.delitem(sys.modules, "profanity_check", raising=False)
    try:
        with pytest.raises(UserError, match="sha256"):
            profanity.harm_probabilities(["hello"])
        assert "profanity_check" not in sys.modules, "importing it would unpickle them"
    finally:
        profanity._classifier.cache_clear()


def test_a_wrong_threshold_names_itself() -> None:
    with pytest.raises(ValueError, match="harm_threshold"):
        Harm(harm_threshold=1.5)
