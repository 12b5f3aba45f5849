"""Scripts: what holds for every one of them, how much they vary, and lines whose meaning hangs on face and body."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nonverbal.studio.script import exchanges, phrases
from nonverbal.studio.script.desk import Desk, estimate_s
from nonverbal.studio.script.gestures import with_gestures
from nonverbal.studio.script.grammar import Scope, Wording, joined, word_it
from nonverbal.studio.script.hinges import HINGES
from nonverbal.studio.script.numbers import clock, number_words, price, year_words
from nonverbal.studio.script.topics import all_topics, shared_pools
from nonverbal.studio.script.write import choose_lines, write_script
from nonverbal.studio.talk import ACTS, GESTURES, PARTICIPANTS, Cue, Line

WORD = re.compile(r"[A-Za-z]+(['-][A-Za-z]+)*[,.?!]?")


def script(seed: int, seconds: float) -> tuple[Line, ...]:
    return write_script(np.random.default_rng(seed), seconds)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(1.0, 200.0))
def test_what_holds_for_every_script(seed: int, seconds: float) -> None:
    lines = script(seed, seconds)
    assert lines[-1].act == "part"
    assert {line.participant for line in lines[:2]} == set(PARTICIPANTS)
    floor = ""
    for line in lines:
        words = line.text.split(" ")
        assert line.participant in PARTICIPANTS
        assert line.act in ACTS
        assert (line.act == "laugh") == (line.text == "")
        assert not line.text or all(WORD.fullmatch(word) for word in words), line.text
        assert re.match(r"[A-Z].*[.?!]$|$", line.text), line.text
        assert -1.0 <= line.mood <= 1.0
        assert all(0 <= i < len(words) for i in line.emphasis)
        assert all(0 <= cue.word < len(words) and cue.gesture in GESTURES for cue in line.cues)
        assert len({cue.word for cue in line.cues}) == len(line.cues)
        assert line.gap_s >= 0 or line.participant != floor, "an overlap is with the other"
        floor = line.participant if line.act != "backchannel" else floor
    asked = sum(estimate_s(line.text) + max(line.gap_s, 0.0) for line in lines)
    assert asked > seconds


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_nobody_says_five_lines_in_a_row(seed: int) -> None:
    """Nods and laughs apart; a story may go on after one, which makes four in one script of three hundred."""
    speakers = "".join(line.participant for line in script(seed, 200) if line.act not in ("backchannel", "laugh"))
    assert "AAAAA" not in speakers
    assert "BBBBB" not in speakers


def test_whoever_held_the_floor_gives_it_away() -> None:
    desk = Desk(np.random.default_rng(0))
    desk.words = {"A": 10, "B": 90}
    assert (desk.teller(), desk.asker()) == ("A", "B")
    for text in ("Yes.", "Well."):
        desk.add("A", "tell", 0.0, Wording(text))
    desk.laugh("B", 0.5, 0.1)
    assert (desk.floor, desk.teller(), desk.asker()) == ("A", "B", "B")


def test_both_talk_about_equally() -> None:
    for seed in range(8):
        words = Counter[str]()
        for line in script(seed, 300):
            words[line.participant] += len(line.text.split())
        assert 0.4 <= words["A"] / words.total() <= 0.6


def test_the_same_seed_writes_the_same_script() -> None:
    assert script(5, 90) == script(5, 90)
    assert script(5, 90) != script(6, 90)


def test_every_act_and_gesture_comes_up() -> None:
    lines = [line for seed in range(10) for line in script(seed, 300)]
    assert {line.act for line in lines} == set(ACTS)
    assert {cue.gesture for line in lines for cue in line.cues} == set(GESTURES)
    lengths = np.array([len(line.text.split()) for line in lines if line.text])
    assert lengths.min() == 1
    assert np.quantile(lengths, 0.95) <= 30
    assert lengths.max() >= 50, "a monologue of twenty seconds"


def test_sixty_minutes_hold_many_different_trigrams() -> None:
    """0.6 of about 10,000 trigrams were used once only when this was written."""
    trigrams = [t for seed in range(6) for t in _trigrams(script(seed, 600))]
    assert len(trigrams) > 9000
    assert len(set(trigrams)) / len(trigrams) > 0.55


def _trigrams(lines: tuple[Line, ...]) -> list[tuple[str, ...]]:
    words = [re.sub(r"[^a-z']", "", word.lower()) for line in lines for word in line.text.split()]
    return list(zip(words, words[1:], words[2:], strict=False))


@pytest.mark.parametrize("minutes", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_minute_is_said_twice(minutes: int) -> None:
    """No eighty words in a row, about half a minute, come twice, in one talk or in two."""
    seen: set[tuple[str, ...]] = set()
    whole = 0
    for seed in range(minutes // 10):
        words = [word for line in script(100 + seed, 600) for word in line.text.split()]
        minute = [tuple(words[i : i + 80]) for i in range(len(words) - 80)]
        whole += len(minute)
        seen.update(minute)
    assert len(seen) == whole


def test_hinges_have_the_same_words_and_show_the_difference() -> None:
    assert len(HINGES) >= 10
    for hinge in HINGES:
        scope, rng = Scope(shared_pools()), np.random.default_rng(0)
        worded = [word_it(reading.text, scope, rng) for reading in hinge.readings]
        assert len({w.text for w in worded}) == 1
        assert len(hinge.readings) >= 2
        shown = [(r.act, round(r.mood), w.cues) for r, w in zip(hinge.readings, worded, strict=True)]
        assert len(set(shown)) == len(shown), "body or face tells the readings apart"
        answers = [answer.text for reading in hinge.readings for answer in reading.answers]
        assert len(set(answers)) == len(answers), "no answer fits two readings"


def test_the_question_for_the_time_is_asked_or_blames() -> None:
    asks, blames = HINGES[0].readings
    wordings = [word_it(r.text, Scope({}), np.random.default_rng(0)) for r in (asks, blames)]
    assert {w.text for w in wordings} == {"Do you know what time it is?"}
    assert (asks.mood, blames.act) == (0.0, "blame")
    assert blames.mood < -0.5
    assert "cross_arms" in {cue.gesture for cue in wordings[1].cues}
    assert "late" in blames.answers[0].text


def test_every_template_can_be_worded() -> None:
    pools = [getattr(phrases, name) for name in dir(phrases) if name.isupper() and name != "SLOTS"]
    general = [template for pool in pools for template in pool]
    for topic in all_topics():
        rows = (*topic.stories, *topic.jokes, *topic.sums, *topic.lists)
        own = [text for row in rows for text in row] + [q for q, _ in topic.questions] + [c for c, _, _ in topic.claims]
        own += [text for _, answers in topic.questions for _, text in answers]
        own += [text for _, agreeing, opposing in topic.claims for text in (*agreeing, *opposing)]
        assert min(len(topic.questions), len(topic.claims), len(topic.stories)) >= 2
        assert min(len(topic.jokes), len(topic.sums), len(topic.lists)) >= 1
        assert all(agreeing and opposing for _, agreeing, opposing in topic.claims)
        for template in own + general:
            for seed in range(3):
                text = word_it(template, Scope(topic.pools), np.random.default_rng(seed)).text
                assert not re.search(r"[\[\]<>{}*|_0-9]|  ", text), text


def test_slots_keep_their_filler_and_numbered_slots_differ() -> None:
    scope = Scope({"dish": ("soup", "cake")})
    for seed in range(10):
        scope.chosen.clear()
        first, second, again = (
            word_it("<dish> <dish2> <dish>", scope, np.random.default_rng(seed)).text.lower().split(" ")
        )
        assert first == again != second


def test_marks_become_stress_and_gestures() -> None:
    worded = word_it("it was {big}*this big*, [|really]. and {small}tiny", Scope({}), np.random.default_rng(0))
    assert worded.text.startswith("It was this big")
    assert worded.emphasis[:2] == (2, 3)
    assert worded.cues[0] == Cue(2, "big")
    assert worded.cues[1].gesture == "small"
    assert "And tiny" in worded.text
    both = joined(Wording("Yes."), worded)
    assert both.cues[0] == Cue(3, "big")
    with pytest.raises(ValueError, match="bigg"):
        word_it("{bigg}word", Scope({}), np.random.default_rng(0))


def test_words_call_for_gestures() -> None:
    def cues(text: str) -> dict[str, str]:
        worded = with_gestures(Wording(text), np.random.default_rng(1))
        return {text.split(" ")[cue.word]: cue.gesture for cue in worded.cues}

    assert cues("I really don't know.")["know."] == "shrug"
    assert cues("That is a huge house.")["huge"] == "big"
    assert cues("Wait, that is mine.")["Wait,"] == "stop"
    assert cues("We can sit and wait.").get("wait.") != "stop"
    assert cues("Goodbye everybody.")["Goodbye"] == "wave"


def test_an_interruption_overlaps_the_other() -> None:
    desk = Desk(np.random.default_rng(0))
    desk.turn_to(all_topics()[0])
    exchanges.cut_in(desk)
    said = [line for line in desk.lines if line.act != "backchannel"]
    interrupted, cutting = said[-4:-2]
    assert cutting.gap_s < -0.4
    assert cutting.participant != interrupted.participant


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "zero"), (13, "thirteen"), (20, "twenty"), (45, "forty five"), (100, "one hundred"),
     (305, "three hundred and five"), (2000, "two thousand"), (12044, "twelve thousand and forty four"),
     (3150, "three thousand one hundred and fifty")],
)  # fmt: skip
def test_numbers_in_words(value: int, words: str) -> None:
    assert number_words(value) == words


def test_years_prices_and_times_in_words() -> None:
    assert year_words(1994) == "nineteen ninety four"
    assert year_words(1906) == "nineteen oh six"
    assert year_words(2000) == "two thousand"
    assert year_words(2012) == "twenty twelve"
    rng = np.random.default_rng(0)
    assert all(re.fullmatch(r"[a-z ]+ (dollars|cents)", price(rng)) for _ in range(50))
    assert all(re.fullmatch(r"[a-z' ]+", clock(rng)) for _ in range(50))
    with pytest.raises(ValueError, match="1000000 has no words"):
        number_words(1_000_000)


def test_written_lines_for_voices_that_can_say_anything() -> None:
    assert choose_lines({}, np.random.default_rng(5), 30) == script(5, 30)


def test_lines_whose_meaning_hangs_on_face_and_body_come_as_often_as_asked() -> None:
    texts = {word_it(h.readings[0].text, Scope(shared_pools()), np.random.default_rng(0)).text for h in HINGES}

    def share(hinges: float) -> float:
        lines = write_script(np.random.default_rng(4), 1200.0, hinges)
        return sum(line.text in texts for line in lines) / len(lines)

    assert share(0.0) < 0.5 * share(1.6) < 0.25 * share(20.0)
    assert write_script(np.random.default_rng(4), 60.0, 1.6) == script(4, 60.0)
