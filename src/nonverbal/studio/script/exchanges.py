"""Kinds of exchanges a podcast is made of: each adds a few lines to the desk, by one participant and then the other."""

from __future__ import annotations

from nonverbal.studio.script import phrases
from nonverbal.studio.script.desk import Desk, other
from nonverbal.studio.script.hinges import HINGES
from nonverbal.studio.script.topics import Tone
from nonverbal.studio.talk import Act

_MOOD: dict[Tone, float] = {"+": 0.6, "-": -0.45, "0": 0.05, "?": -0.05}
_STORY_LINES = (2, 4)
"""Sentences of a story that are said in one go, before the listener may have a word."""


def greet(desk: Desk) -> None:
    """Both say hello."""
    desk.say("A", "greet", 0.6, desk.pick(phrases.GREETINGS), nods=False)
    desk.say("B", "greet", 0.6, desk.pick(phrases.GREETINGS_BACK))


def part(desk: Desk) -> None:
    """Both say goodbye."""
    desk.say("A", "part", 0.5, desk.pick(phrases.FAREWELLS), nods=False)
    desk.say("B", "part", 0.6, desk.pick(phrases.FAREWELLS_BACK))


def question(desk: Desk) -> None:
    """A question, an answer that fits, a reaction, perhaps a follow-up."""
    asker = desk.asker()
    teller = other(asker)
    ask, answers = desk.pick(desk.topic.questions)
    desk.say(asker, "ask", 0.1, ask)
    tone, answer = answers[int(desk.rng.integers(len(answers)))]
    if desk.chance(0.2):
        desk.say(teller, "think", 0.0, desk.pick(phrases.THINKING), answer, gap_s=float(desk.rng.uniform(0.4, 1.0)))
    elif tone == "?" and desk.chance(0.5):
        desk.say(teller, "think", -0.1, desk.pick(phrases.UNSURE), gap_s=0.6)
    else:
        desk.say(teller, "tell", _MOOD[tone], answer)
    if desk.chance(0.7):
        react(desk, asker, tone)
    if desk.chance(0.45):
        desk.say(asker, "ask", 0.1, desk.pick(phrases.FOLLOW_UPS))
        desk.say(teller, "tell", _MOOD[tone] / 2, desk.pick(phrases.FOLLOWED_UP))


def react(desk: Desk, who: str, tone: Tone) -> None:
    """What the listener says to glad, sad or plain news."""
    if tone == "+":
        desk.say(who, "exclaim", 0.8, desk.pick(phrases.EXCLAMATIONS), gap_s=float(desk.rng.uniform(-0.25, 0.2)))
    elif tone == "-":
        desk.say(who, "comfort", -0.4, desk.pick(phrases.PITIES))
    elif desk.chance(0.5):
        desk.say(who, "agree", 0.2, desk.pick(phrases.AGREEMENTS))
    else:
        desk.say(who, "doubt", -0.2, desk.pick(phrases.DOUBTS))


def claim(desk: Desk) -> None:
    """An opinion and what the other thinks of it; some fall into the other's last words to disagree."""
    lead = desk.teller()
    said, agreeing, opposing = desk.pick(desk.topic.claims)
    desk.say(lead, "tell", 0.2, said)
    if desk.chance(0.5):
        opening = (desk.pick(phrases.AGREEMENTS),) if desk.chance(0.4) else ()
        desk.say(other(lead), "agree", 0.4, *opening, desk.pick(agreeing))
        return
    gap_s = float(desk.rng.uniform(-0.6, 0.3))
    opening = (desk.pick(phrases.DISAGREEMENTS),) if desk.chance(0.5) else ()
    desk.say(other(lead), "disagree", -0.35, *opening, desk.pick(opposing), gap_s=gap_s)
    kind: Act = "doubt" if desk.chance(0.5) else "disagree"
    pool = phrases.DOUBTS if kind == "doubt" else phrases.DISAGREEMENTS
    desk.say(lead, kind, -0.3, desk.pick(pool))
    if desk.chance(0.5):
        desk.say(
            other(lead),
            "agree",
            0.1,
            "[Fine|Okay|All right], [maybe we are both right|you win|let's agree to disagree].",
        )


def story(desk: Desk) -> None:
    """A story in a few breaths, or in one long one, and what the listener makes of it."""
    teller = desk.teller()
    listener = other(teller)
    if desk.floor == teller or desk.chance(0.6):
        desk.say(listener, "ask", 0.3, desk.pick(phrases.STORY_ASKS))
    sentences = list(desk.pick(desk.topic.stories))
    breath = len(sentences) if desk.chance(0.35) else int(desk.rng.integers(*_STORY_LINES))
    mood = float(desk.rng.uniform(-0.2, 0.4))
    for first in range(0, len(sentences), breath):
        desk.say(teller, "tell", mood + 0.1 * first, *sentences[first : first + breath])
        if first + breath < len(sentences) and desk.lines[-1].participant == teller:
            desk.say(listener, "exclaim", 0.4, desk.pick(phrases.STORY_REACTIONS if first else phrases.FOLLOW_UPS[2:4]))
    if desk.chance(0.4):
        desk.laugh(listener, 0.7, float(desk.rng.uniform(-0.1, 0.3)))
    desk.say(listener, "exclaim", 0.6, desk.pick(phrases.STORY_REACTIONS))


def joke(desk: Desk) -> None:
    """A joke; the other laughs, sometimes both do."""
    teller = desk.teller()
    setup, punch = desk.pick(desk.topic.jokes)
    desk.say(teller, "joke", 0.5, desk.pick(phrases.JOKE_STARTS), setup, punch, nods=False)
    desk.laugh(other(teller), 0.9, float(desk.rng.uniform(0.0, 0.35)))
    if desk.chance(0.35):
        desk.laugh(teller, 0.7, -float(desk.rng.uniform(0.3, 0.7)))
    desk.say(other(teller), "exclaim", 0.7, desk.pick(phrases.AFTER_JOKES))


def sum_up(desk: Desk) -> None:
    """A question whose answer is a number."""
    asker = desk.asker()
    ask, answer = desk.pick(desk.topic.sums)
    desk.say(asker, "ask", 0.1, ask)
    desk.say(other(asker), "tell", 0.1, answer)
    if desk.chance(0.6):
        react(desk, asker, "+" if desk.chance(0.4) else "0")


def advice(desk: Desk) -> None:
    """Three things, counted on the fingers."""
    teller = desk.teller()
    title, *things = desk.pick(desk.topic.lists)
    desk.say(other(teller), "ask", 0.2, desk.pick(phrases.LIST_ASKS))
    desk.say(teller, "count", 0.2, title, *things)
    if desk.chance(0.6):
        desk.say(other(teller), "agree", 0.4, desk.pick(phrases.AGREEMENTS))


def hinge(desk: Desk) -> None:
    """A line whose meaning hangs on face and body, and an answer to what was meant."""
    lead = desk.teller()
    reading = desk.pick(desk.pick(HINGES).readings)
    desk.say(lead, reading.act, reading.mood, reading.text, nods=False)
    answer = reading.answers[int(desk.rng.integers(len(reading.answers)))]
    desk.say(other(lead), answer.act, answer.mood, answer.text)


def cut_in(desk: Desk) -> None:
    """Somebody is stopped in the middle of a sentence."""
    lead = desk.asker()
    said, _, _ = desk.pick(desk.topic.claims)
    desk.say(lead, "tell", 0.1, said, "And another thing.", nods=False)
    gap_s = -float(desk.rng.uniform(0.5, 1.0))
    desk.say(other(lead), "disagree", -0.2, desk.pick(phrases.CUT_INS), gap_s=gap_s)
    desk.say(lead, "agree", 0.0, desk.pick(phrases.AFTER_CUT_INS))
    desk.say(other(lead), "tell", 0.1, desk.pick(phrases.CUT_IN_POINTS))
