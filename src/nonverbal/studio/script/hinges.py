"""Lines whose meaning hangs on face and body: the same words, said differently, call for different answers.

A text alone cannot tell which answer fits; mood, act and gesture can. "Do you know what time it is?" asks with a calm
face, and blames with a frown and crossed arms (the example of the VENUS paper).
"""

from __future__ import annotations

from dataclasses import dataclass

from nonverbal.studio.talk import Act


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other says; `text` in the notation of `grammar`."""

    act: Act
    mood: float
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to mean a line: what the speaker does and shows in face and hands, and answers that fit only it.

    `text` repeats the hinge's words; gestures stand in braces before the word they fall on, `*` before stressed words.
    """

    meaning: str
    act: Act
    mood: float
    text: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Hinge:
    """A line with at least two readings; all have the same words."""

    readings: tuple[Reading, ...]


HINGES: tuple[Hinge, ...] = (
    Hinge((
        Reading("asks for the time", "ask", 0.0, "Do you know what {palm_up}time it is?", (
            Answer("tell", 0.1, "It's about <clock>."),
            Answer("think", 0.0, "Let me look. It's [just after|almost] <clock>."),
        )),
        Reading("blames for being late", "blame", -0.8, "Do you {cross_arms}know what *time* it is?", (
            Answer("comfort", -0.5,
                   "I'm so sorry I'm late. The [train|bus] [didn't come|was stuck] for <n:20:50> minutes."),
            Answer("comfort", -0.4, "I know, I know. {stop}Please don't be angry, I came as fast as I could."),
        )),
    )),
    Hinge((
        Reading("is delighted", "exclaim", 0.9, "*Really*?", (
            Answer("tell", 0.7, "Yes! I still can't believe it myself."),
            Answer("tell", 0.6, "I promise, every word is true. Isn't it great?"),
        )),
        Reading("does not believe it", "doubt", -0.4, "{cross_arms}Really?", (
            Answer("disagree", -0.2, "You don't believe me. I can show you {palm_up}pictures."),
            Answer("disagree", -0.3, "Why are you looking at me like that? It's the truth."),
        )),
        Reading("is hurt", "blame", -0.8, "Really?", (
            Answer("comfort", -0.4, "I didn't mean it like that. I'm sorry."),
        )),
    )),
    Hinge((
        Reading("is glad", "exclaim", 0.8, "That is {palm_up}*great*.", (
            Answer("agree", 0.7, "Thank you! I'm so happy about it, too."),
            Answer("agree", 0.6, "Right? I knew that you would like it."),
        )),
        Reading("means the opposite", "blame", -0.6, "{cross_arms}That is *great*.", (
            Answer("comfort", -0.3, "I know, it's bad news. We will find a way."),
            Answer("comfort", -0.4, "You're angry. I would be, too."),
        )),
    )),
    Hinge((
        Reading("agrees", "agree", 0.5, "Sure.", (
            Answer("agree", 0.5, "Perfect, then it's a plan."),
            Answer("tell", 0.4, "Good, I'll write it down."),
        )),
        Reading("doubts", "doubt", -0.5, "{cross_arms}Sure.", (
            Answer("ask", -0.2, "You don't sound so sure. What's wrong?"),
            Answer("disagree", -0.2, "I mean it! You'll see."),
        )),
        Reading("does not care", "tell", -0.1, "{shrug}Sure.", (
            Answer("ask", 0.0, "We don't have to. What would you like to do?"),
        )),
    )),
    Hinge((
        Reading("admires", "exclaim", 0.8, "You did that {point_you}*yourself*?", (
            Answer("tell", 0.7, "Every bit of it. It took me <n:3:20> weeks."),
            Answer("tell", 0.6, "Yes, {point_self}me, with my own hands."),
        )),
        Reading("suspects help", "doubt", -0.3, "*You* did that {hand_to_chin}yourself?", (
            Answer("disagree", -0.1, "Well, my brother helped me a little. A lot, really."),
            Answer("disagree", -0.2, "Why is that so hard to believe?"),
        )),
        Reading("blames", "blame", -0.8, "You did {cross_arms}*that* yourself?", (
            Answer("comfort", -0.6, "Yes, it was my fault. I'll clean it up."),
        )),
    )),
    Hinge((
        Reading("offers comfort", "comfort", 0.2, "It's {palm_up}fine.", (
            Answer("agree", 0.4, "Thank you, that's kind of you."),
            Answer("agree", 0.3, "Good, I was worried about it."),
        )),
        Reading("is not fine at all", "blame", -0.7, "{cross_arms}It's *fine*.", (
            Answer("comfort", -0.3, "It's not fine, I can see it in your face. Talk to me."),
            Answer("comfort", -0.4, "I'm sorry. Tell me what I did."),
        )),
    )),
    Hinge((
        Reading("is curious", "ask", 0.3, "What are you {palm_up}doing?", (
            Answer("tell", 0.2, "I'm [drawing a map|making a list|looking for my pen]. Do you want to see?"),
        )),
        Reading("is shocked", "blame", -0.7, "What are you *{stop}doing*?", (
            Answer("exclaim", -0.5, "Sorry, sorry! I'll stop right now."),
            Answer("exclaim", -0.4, "Oh no, I thought it was mine."),
        )),
    )),
    Hinge((
        Reading("is impressed", "exclaim", 0.7, "You're *{big}unbelievable*.", (
            Answer("tell", 0.7, "Thank you! That means a lot to me."),
        )),
        Reading("has had enough", "blame", -0.8, "{cross_arms}You're *unbelievable*.", (
            Answer("comfort", -0.5, "I know, I said I would call. I forgot."),
            Answer("blame", -0.5, "Me? And who left me {point_away}there alone?"),
        )),
    )),
    Hinge((
        Reading("wants to know", "ask", 0.2, "Who {palm_up}told you that?", (
            Answer("tell", 0.1, "My neighbor, on <day>. She knows everything."),
        )),
        Reading("feels betrayed", "blame", -0.7, "*Who* {point_you}told you that?", (
            Answer("comfort", -0.5, "Nobody, I promise. I found it out by myself."),
            Answer("comfort", -0.4, "Please don't be mad. It just came up."),
        )),
    )),
    Hinge((
        Reading("invites", "greet", 0.6, "Are you {palm_up}coming?", (
            Answer("agree", 0.5, "Yes, I'd love to! Give me <n:2:10> minutes."),
        )),
        Reading("is impatient", "blame", -0.5, "Are you {cross_arms}*coming*?", (
            Answer("comfort", -0.3, "Yes, yes, I'm on my way. I just need my shoes."),
        )),
    )),
    Hinge((
        Reading("thanks", "agree", 0.7, "{hands_together}Thanks a lot.", (
            Answer("agree", 0.6, "You're very welcome. Any time."),
        )),
        Reading("complains", "blame", -0.6, "{cross_arms}Thanks a *lot*.", (
            Answer("comfort", -0.4, "Sorry. I should have asked you before."),
            Answer("comfort", -0.3, "I didn't know it was the last one."),
        )),
    )),
    Hinge((
        Reading("wonders", "think", 0.0, "I don't know what to {hand_to_chin}say.", (
            Answer("comfort", 0.2, "Take your time. There's no rush."),
        )),
        Reading("is touched", "exclaim", 0.9, "I don't know what to {hands_together}say.", (
            Answer("agree", 0.7, "Just say yes! You earned it."),
        )),
        Reading("is upset", "blame", -0.7, "{cross_arms}I *don't* know what to say.", (
            Answer("comfort", -0.5, "You're disappointed, and you have every right to be."),
        )),
    )),
    Hinge((
        Reading("means this size", "tell", 0.4, "It was {big}this big.", (
            Answer("exclaim", 0.6, "That {big}*big*? It would never fit in my car!"),
        )),
        Reading("means this tiny size", "tell", 0.3, "It was {small}this big.", (
            Answer("exclaim", 0.4, "That {small}*small*? How did you even find it?"),
        )),
    )),
    Hinge((
        Reading("points at the other", "ask", 0.2, "And then they {point_you}chose this one.", (
            Answer("exclaim", 0.7, "{point_self}*Me*? Why would they choose me?"),
        )),
        Reading("points at oneself", "tell", 0.6, "And then they {point_self}chose this one.", (
            Answer("exclaim", 0.7, "{point_you}*You*? Congratulations!"),
        )),
        Reading("points far away", "tell", 0.0, "And then they {point_away}chose this one.", (
            Answer("think", 0.1, "The one over {point_away}there? I wouldn't have taken that."),
        )),
    )),
    Hinge((
        Reading("says stop", "blame", -0.5, "That's {stop}*enough*.", (
            Answer("comfort", -0.3, "All right, I'll stop."),
        )),
        Reading("is satisfied", "tell", 0.4, "That's {palm_up}enough.", (
            Answer("agree", 0.4, "Are you sure? There's [plenty|a lot more] left."),
        )),
    )),
)  # fmt: skip
