"""What listeners say without wanting the floor, by language: words, and phrases of several words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType


def _set(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(","))


WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _set(
            "mhm, mm, mmm, mmhm, mmhmm, hmm, hm, huh, uhhuh, aha, ah, oh, ooh, wow, yeah, yep, yup, yes, okay, "
            "right, sure, really, exactly, absolutely, totally, definitely, true, cool, great, nice, haha, ha"
        ),
        "de": _set("mhm, hm, hmm, aha, ah, ach, oh, ja, jaja, jo, genau, okay, klar, stimmt, echt, gut, wirklich"),
        "fr": _set("mhm, hm, hmm, ah, oh, oui, ouais, voilà, exactement, okay, bon, bien, vraiment"),
        "es": _set("mhm, hm, hmm, ajá, ah, oh, sí, claro, exacto, vale, bueno, ya, okay, verdad"),
        "it": _set("mhm, hm, hmm, ah, oh, sì, già, certo, esatto, okay, bene, vero, davvero"),
        "pt": _set("mhm, hm, hmm, ah, oh, sim, pois, claro, exato, okay, tá, certo, verdade"),
        "nl": _set("mhm, hm, hmm, aha, ah, oh, ja, jaja, precies, oké, okay, klopt, echt"),
        "ru": _set("мгм, угу, ага, хм, ах, ох, о, да, точно, ясно, понятно, конечно, правда, окей"),
    }
)
"""Language -> words; an utterance of nothing else is one."""

PHRASES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _set(
            "i see, i know, of course, no way, got it, uh huh, mm hm, mm hmm, oh wow, that's right, that's true, "
            "thats right, thats true, makes sense, fair enough, go on, oh no"
        ),
        "de": _set("ich weiß, ach so, na klar, das stimmt, ganz genau, alles klar"),
        "fr": _set("d'accord, je vois, bien sûr, c'est vrai, ah bon, tout à fait"),
        "es": _set("por supuesto, ya veo, es verdad, no me digas, de acuerdo"),
        "it": _set("ho capito, è vero, d'accordo, va bene, certo che sì"),
        "pt": _set("com certeza, é verdade, pois é, está bem"),
        "nl": _set("dat klopt, ik snap het, is goed, natuurlijk"),
        "ru": _set("ну да, вот как, не может быть, это точно"),
    }
)
"""Language -> whole utterances."""


def is_backchannel(words: Sequence[str], language: str) -> bool:
    """Whether an utterance, in plain lower-case words, is one of a listener; never in a language without a list."""
    known = WORDS.get(language, frozenset())
    return bool(words) and (all(word in known for word in words) or " ".join(words) in PHRASES.get(language, ()))
