"""Harmful language is scored and flagged."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from recordings import job_with, music

from nonverbal.backends import profanity
from nonverbal.backends.harm_models import languages_of
from nonverbal.pipeline.stage import Needs
from nonverbal.types import Turn, Word
from nonverbal.venus.harm import Harm
from nonverbal.venus.transcribe import Transcript
from nonverbal.verdicts import UserError
from small_classifier import make_classifier


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


def test_several_labels_are_stored_and_the_highest_decides(tmp_path: Path) -> None:
    model = str(make_classifier(tmp_path / "model", ("toxic", "insult", "threat")))
    spoken = transcript("you are bad", "the river is cold")
    stage = Harm(harm_model=model, harm_threshold=0.6)
    told = stage.run(job_with(music(0.1)), {"transcribe": spoken})
    for turn in told.turns:
        assert [score.label for score in turn.harm_scores] == ["toxic", "insult", "threat"]
        assert turn.harm == max(score.score for score in turn.harm_scores)
        assert turn.harmful == (turn.harm >= 0.6)
    assert [t.text for t in told.turns] == [t.text for t in spoken.turns]
    insults = replace(stage, harm_labels=("insult",)).run(job_with(music(0.1)), {"transcribe": spoken})
    assert [t.harm for t in insults.turns] == [t.harm_scores[1].score for t in told.turns]
    assert [t.harm_scores for t in insults.turns] == [t.harm_scores for t in told.turns]


def test_languages_are_those_of_the_model_or_those_named(tmp_path: Path) -> None:
    model = str(make_classifier(tmp_path / "model", ("toxic",)))
    german = replace(transcript("you are bad"), language="de")
    job = job_with(music(0.1))
    assert Harm(harm_model=model).run(job, {"transcribe": german}) == german
    named = Harm(harm_model=model, harm_languages=("de", "fr")).run(job, {"transcribe": german})
    assert named.turns[0].harm is not None
    assert languages_of("detoxify:multilingual") == ("en", "es", "fr", "it", "pt", "ru", "tr")


def test_profanity_has_one_label_and_one_language() -> None:
    with pytest.raises(ValueError, match="harm_labels names 'toxic', but profanity has profanity"):
        Harm(harm_labels=("toxic",))
    with pytest.raises(ValueError, match="but tox-block knows English alone"):
        Harm(harm_model="tox-block", harm_languages=("en", "de"))
    (told,) = Harm().run(job_with(music(0.1)), {"transcribe": transcript("You stupid idiot")}).turns
    assert [(s.label, s.score) for s in told.harm_scores] == [("profanity", told.harm)]


def test_a_card_is_asked_for_where_the_model_runs_on_one() -> None:
    assert Harm().needs == Needs()
    assert Harm(harm_model="org/model", harm_device="cuda").needs == Needs(gpus=1.0)
    assert Harm().backends()[0].default
