"""Talks made by hand, with phones of equal length, for tests of acting."""

from __future__ import annotations

from nonverbal.studio.talk import Act, Cue, Line, Phone, SpokenLine, SpokenWord, Talk

PHONE_S = 0.08
WORDS = {
    "mama": ["m", "ɑː", "m", "ə"],
    "baby": ["b", "eɪ", "b", "i"],
    "you": ["j", "uː"],
    "five": ["f", "aɪ", "v"],
    "think": ["θ", "ɪ", "ŋ", "k"],
    "yes": ["j", "ɛ", "s"],
    "no": ["n", "oʊ"],
    "huge": ["h", "j", "uː", "dʒ"],
    "maybe": ["m", "eɪ", "b", "i"],
}


def spoken_word(word: str, start_s: float) -> SpokenWord:
    phones = []
    for i, symbol in enumerate(WORDS[word.strip(".,?!")]):
        stress = 1 if i == 1 else 0
        phones.append(Phone(symbol, start_s + i * PHONE_S, start_s + (i + 1) * PHONE_S, stress))
    return SpokenWord(word, start_s, phones[-1].end_s, tuple(phones))


def spoken_line(
    participant: str, text: str, start_s: float, act: Act = "tell", mood: float = 0.0,
    emphasis: tuple[int, ...] = (), cues: tuple[Cue, ...] = (),
) -> SpokenLine:  # fmt: skip
    """The line said from `start_s` on; a laugh lasts 1.2 s."""
    words, at_s = [], start_s
    for word in text.split(" ") if text else []:
        words.append(spoken_word(word, at_s))
        at_s = words[-1].end_s
    end_s = at_s if words else start_s + 1.2
    return SpokenLine(Line(participant, text, act, mood, 0.3, emphasis, cues), start_s, end_s, tuple(words))


LONG = "mama you think baby yes five no huge mama you think baby yes five no huge."


def chat(seconds: float, acts: tuple[Act, ...] = ("tell", "ask", "agree", "joke", "think", "disagree")) -> Talk:
    """A and B say `LONG` in turns, 1 s apart, with a stressed word in every four."""
    lines, at_s, turn = [], 0.8, 0
    while True:
        act = acts[turn // 2 % len(acts)]
        line = spoken_line("AB"[turn % 2], LONG, at_s, act, mood=(-0.6, 0.0, 0.7)[turn % 3], emphasis=(3, 7, 11))
        if line.end_s > seconds - 0.5:
            return Talk(tuple(lines), seconds)
        lines.append(line)
        at_s, turn = line.end_s + 1.0, turn + 1
