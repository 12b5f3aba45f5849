"""How many syllables a written word has, by its vowels: right often enough for a rate of speech."""

from __future__ import annotations

import re
import unicodedata

from nonverbal.venus.truth import plain_words

_LATIN = re.compile("[aeiouy]+")
_CYRILLIC = re.compile("[аеёиоуыэюяіїєў]")
_GREEK = re.compile("[αειουηω]+")
_KANA_SMALL = set("ゃゅょぁぃぅぇぉャュョァィゥェォ")

_APART = {
    "en": re.compile("ia(?!l|n$)|io(?!n)|eo(?!u|p)|iu|ua(?!r)|[oey]ing|ism$|[^aeiou]ier$|(?<=[ds])nt$"),
    "es": re.compile("[aeo]{2}"),
}
"""Vowels in a row that are said apart, by language, and endings with one more; else a row is one syllable."""

_SILENT = {
    "en": re.compile(
        r"(?<![aeiouy])(?<!l)e$|[aeiouy]le$|(?<![aeiouydt])ed$|(?<![aeiouyscxzgh])es$"
        r"|[aeiouy][^aeiouy]+e(ly|less|ful|ment)$|^(some|every)(?=[a-z])"
    ),
    "fr": re.compile(r"(?<![aeiouy])(es?|ent)$"),
}
"""An e that is written and not said, by language."""


def syllables(word: str, language: str) -> int | None:
    """Syllables of a written word, at least 1; None where its script gives no hint, 0 where it has no letters.

    Latin and Greek letters count rows of vowels, without a final silent e in English and French; Cyrillic counts
    vowels, Hangul and Chinese characters, Japanese kana. Numbers are read out in English.
    """
    parts = plain_words(word) if language == "en" else re.findall(r"[^\W_]+", word.lower())
    counts = [_of_part(part, language) for part in parts]
    return None if None in counts else sum(count for count in counts if count is not None)


def _of_part(part: str, language: str) -> int | None:
    letters = "".join(c for c in unicodedata.normalize("NFD", part.replace("'", "")) if not unicodedata.combining(c))
    if letters.isdigit():
        return None
    if letters.isascii():
        return _of_latin(letters, language)
    whole = unicodedata.normalize("NFC", letters)
    names = [unicodedata.name(c, "") for c in whole]
    if all(name.startswith(("HANGUL SYL", "CJK UNI", "HIRAGANA", "KATAKANA")) for name in names):
        return max(sum(c not in _KANA_SMALL for c in whole), 1)
    if all(name.startswith("CYRILLIC") for name in names):
        return max(len(_CYRILLIC.findall(whole)), 1)
    if all(name.startswith("GREEK") for name in names):
        return max(len(_GREEK.findall(whole)), 1)
    if all(name.startswith("LATIN") for name in names):
        return _of_latin(unicodedata.normalize("NFKD", letters).replace("æ", "e").replace("ø", "o"), language)
    return None


def _of_latin(letters: str, language: str) -> int:
    count = len(_LATIN.findall(letters)) + len(_APART[language].findall(letters) if language in _APART else ())
    silent = language in _SILENT and _SILENT[language].search(letters)
    return max(count - (1 if silent else 0), 1)
