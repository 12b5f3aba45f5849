"""What listeners do is found, told apart from talk, and put down to who talks meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.dataset.schema import ClipMotion
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_source
from nonverbal.pipeline.stage import Job
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.types import PARTS, Motion, Turn, Word
from nonverbal.venus.backchannel_words import PHRASES, WORDS, is_backchannel
from nonverbal.venus.backchannels import Backchannels, listener_events
from nonverbal.venus.transcribe import Transcript
from nonverbal.venus.truth import plain_words

SECONDS = 20


def turn(who: str, start_s: float, text: str, word_s: float = 0.3) -> Turn:
    """Words of equal length, one right after the other."""
    parts = text.split()
    words = tuple(Word(w, start_s + word_s * i, start_s + word_s * (i + 1), 0.5) for i, w in enumerate(parts))
    return Turn(who, start_s, words[-1].end_s, text, words)


def motion(who: str, nod_s: float | None = None, smile_s: float | None = None, brows_s: float | None = None) -> Motion:
    """A person who sits still but for a nod, a smile and raised brows that begin at these times."""
    count = SECONDS * 25
    at_s = (np.arange(count) + 0.5) / 25
    face, body = np.full((count, 52), 0.02, np.float32), np.zeros((count, 117), np.float32)
    if nod_s is not None:
        phase = 2 * np.pi * 2.2 * (at_s - nod_s)
        dips = np.where((phase > 0) & (phase < 6 * np.pi), 5.0 * np.sin(phase), 0.0)
        body[:, 3 * SMPLX117_JOINTS.index("head")] = np.radians(dips)
    for stem, begin_s in (("mouthSmile", smile_s), ("brow", brows_s)):
        if begin_s is not None:
            columns = [i for i, name in enumerate(ARKIT52_NAMES) if name.startswith(stem) and "Down" not in name]
            face[:, columns] += 0.6 * np.exp(-(((at_s - begin_s - 0.5) / 0.3) ** 2))[:, None].astype(np.float32)
    ones = np.ones((count, len(PARTS)))
    return Motion(
        who, "arkit52", "smplx117", 25.0, face, body, ones.astype(np.uint8), (0.75 * ones).astype(np.float32),
        np.zeros((count, 6), np.float32), np.zeros((count, 4), np.float32), np.zeros((count, 4), np.float32),
        np.zeros(count, np.uint8),
    )  # fmt: skip


LONG = "so we went all the way down to the river and then we came back home again in the end of it all today"


def kinds(*turns: Turn, language: str = "en", motions: tuple[Motion, ...] = ()) -> list[tuple[str, str, str, float]]:
    found = listener_events([(t.participant, t) for t in turns], language, motions or (motion("A"), motion("B")))
    return [(e.kind, e.participant, e.during, e.start_s) for e in found]


def test_a_word_within_the_talk_of_another_is_an_event() -> None:
    assert kinds(turn("A", 1, LONG), turn("B", 4, "Mhm.")) == [("backchannel", "B", "A", 4.0)]
    pause = turn("A", 1, "we went to the river"), turn("B", 2.9, "Oh wow."), turn("A", 3.6, "and back")
    assert kinds(*pause) == [("backchannel", "B", "A", 2.9)]


@pytest.mark.parametrize(
    "turns",
    [
        (turn("A", 1, LONG), turn("B", 4, "But why?")),
        (turn("A", 1, "did you go?"), turn("B", 2.1, "Yeah."), turn("A", 2.6, "and then")),
        (turn("A", 1, "we went out"), turn("B", 2.1, "Yeah."), turn("B", 3.2, "so did we"), turn("A", 5, "I see it")),
        (turn("A", 1, LONG), turn("B", 12, "Yeah.")),
        (turn("A", 1, LONG), turn("B", 4, "yeah yeah yeah yeah yeah yeah")),
        (turn("A", 1, LONG), turn("B", 4, "Yeah but the river")),
    ],
    ids=["content", "an answer", "the beginning of a turn", "after the end", "too long", "content after it"],
)
def test_what_is_no_backchannel(turns: tuple[Turn, ...]) -> None:
    assert kinds(*turns) == []


def test_lists_are_those_of_the_language() -> None:
    talk = turn("A", 1, LONG), turn("B", 4, "Genau.")
    assert kinds(*talk, language="de") == [("backchannel", "B", "A", 4.0)]
    assert kinds(*talk, language="en") == kinds(*talk, language="xx") == []


def test_lists_hold_words_as_they_are_compared() -> None:
    for language, words in WORDS.items():
        assert all(plain_words(word) == [word] for word in words), language
        for phrase in PHRASES[language]:
            assert is_backchannel(plain_words(phrase), language), phrase


def test_movements_count_while_another_talks() -> None:
    talk = turn("A", 1, LONG), turn("B", 10, LONG)
    both = motion("A", nod_s=3, smile_s=13), motion("B", nod_s=3, smile_s=13, brows_s=5)
    found = kinds(*talk, motions=both)
    assert [(kind, who, during) for kind, who, during, _ in found] == [
        ("nod", "B", "A"), ("brow_raise", "B", "A"), ("smile", "A", "B"),
    ]  # fmt: skip
    assert kinds(*talk, motions=(motion("A"), motion("B", nod_s=18))) == [], "nobody talks then"


def test_who_talks_as_well_is_no_listener() -> None:
    both = turn("A", 1, LONG), turn("B", 2, LONG)
    assert kinds(*both, motions=(motion("A"), motion("B", nod_s=4))) == []


def test_a_short_voice_without_a_word_is_one_too() -> None:
    """Diarization hears most of what a recogniser leaves out of overlapped talk."""
    heard = motion("B")
    for first, last in ((4.0, 4.4), (6.0, 8.0), (18.0, 18.4)):
        heard.speaking[round(first * 25) : round(last * 25)] = 1
    talk = turn("A", 1, LONG)
    assert kinds(talk, motions=(motion("A"), heard)) == [("backchannel", "B", "A", 4.0)]
    (event,) = listener_events([("A", talk)], "en", (motion("A"), heard))
    assert (event.strength, event.confidence, event.end_s) == (0.0, 0.5, 4.4)
    assert kinds(talk, turn("B", 3.8, "But why?"), motions=(motion("A"), heard)) == [], "the voice of own words"


def test_a_nod_with_a_word_is_that_of_a_listener_still() -> None:
    found = kinds(turn("A", 1, LONG), turn("B", 3.2, "Yeah."), motions=(motion("A"), motion("B", nod_s=3)))
    assert [kind for kind, *_ in found] == ["nod", "backchannel"]


def test_of_three_it_is_who_talks_most_of_the_time() -> None:
    talk = turn("A", 1, "we went to the river and"), turn("C", 3, LONG)
    found = kinds(*talk, motions=(motion("A"), motion("B", nod_s=4), motion("C")))
    assert [(who, during) for _, who, during, _ in found] == [("B", "C")]


def test_sizes_and_confidence() -> None:
    (event,) = listener_events([("A", turn("A", 1, LONG))], "en", (motion("A"), motion("B", nod_s=3)))
    assert 4 < event.strength < 12, "degrees"
    assert event.confidence == 0.75
    (word,) = listener_events([(t.participant, t) for t in (turn("A", 1, LONG), turn("B", 4, "oh wow"))], "en", ())
    assert (word.strength, word.confidence) == (2.0, 0.5)


def test_the_stage_names_participants_as_the_dataset_does() -> None:
    clip = synthetic_clip(synthetic_source(0), 0.0, float(SECONDS))
    transcript = Transcript("en", (turn("S0", 1, LONG), turn("S1", 4, "Mhm.")))
    inputs = {"transcribe": transcript, "cues": ClipMotion(clip.clip_id, (motion("A"), motion("B", nod_s=6)))}
    listening = Backchannels().run(Job(synthetic_source(0), clip), inputs)
    assert [(e.kind, e.participant, e.during) for e in listening.events] == [
        ("backchannel", "B", "A"), ("nod", "B", "A"),
    ]  # fmt: skip
    silent = Transcript("en", ())
    assert Backchannels().run(Job(synthetic_source(0), clip), inputs | {"transcribe": silent}).events == ()
    with pytest.raises(ValueError, match="backchannel_max_s"):
        Backchannels(backchannel_max_s=0)
