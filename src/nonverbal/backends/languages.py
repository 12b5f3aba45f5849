"""The languages that Whisper hears: codes, names, and how their words are written together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

NAMES: dict[str, str] = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "as": "Assamese", "az": "Azerbaijani", "ba": "Bashkir",
    "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "bo": "Tibetan", "br": "Breton", "bs": "Bosnian",
    "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fo": "Faroese",
    "fr": "French", "gl": "Galician", "gu": "Gujarati", "ha": "Hausa", "haw": "Hawaiian", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "ht": "Haitian Creole", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian",
    "is": "Icelandic", "it": "Italian", "ja": "Japanese", "jw": "Javanese", "ka": "Georgian", "kk": "Kazakh",
    "km": "Khmer", "kn": "Kannada", "ko": "Korean", "la": "Latin", "lb": "Luxembourgish", "ln": "Lingala", "lo": "Lao",
    "lt": "Lithuanian", "lv": "Latvian", "mg": "Malagasy", "mi": "Maori", "mk": "Macedonian", "ml": "Malayalam",
    "mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "mt": "Maltese", "my": "Burmese", "ne": "Nepali", "nl": "Dutch",
    "nn": "Norwegian Nynorsk", "no": "Norwegian", "oc": "Occitan", "pa": "Punjabi", "pl": "Polish", "ps": "Pashto",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sa": "Sanskrit", "sd": "Sindhi", "si": "Sinhala",
    "sk": "Slovak", "sl": "Slovenian", "sn": "Shona", "so": "Somali", "sq": "Albanian", "sr": "Serbian",
    "su": "Sundanese", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "tg": "Tajik", "th": "Thai",
    "tk": "Turkmen", "tl": "Tagalog", "tr": "Turkish", "tt": "Tatar", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek",
    "vi": "Vietnamese", "yi": "Yiddish", "yo": "Yoruba", "yue": "Cantonese", "zh": "Chinese",
}  # fmt: skip
"""English names by code: ISO 639-1 where there is one; Whisper writes "jw" for Javanese."""

UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Languages written without spaces; their words come in pieces of one or a few letters, as Whisper's tokens do."""


_OPENING = frozenset("\"'“‘«‹„‚¿¡([{（「『《〈")


def name_of(code: str) -> str:
    """A language as told to people: "German (de)"."""
    return f"{NAMES[code]} ({code})" if code in NAMES else code


def check_codes(codes: Iterable[str], setting: str) -> None:
    """Refuses what is no code of a language, with the likely one and the whole list.

    Raises:
        ValueError: a code is unknown.
    """
    for code in codes:
        if code not in NAMES:
            raise ValueError(f"{setting} has {code!r}, expected codes of languages{_likely(code)}: {', '.join(NAMES)}")


def joined(words: Sequence[str], language: str) -> str:
    """The words as one text: with spaces between them, or, in a language without spaces, only between foreign words.

    "我", "用", "Python", "3", "写" is "我用Python 3写".
    """
    if language not in UNSPACED:
        return " ".join(words)
    text = ""
    for word in words:
        text += " " + word if text and _foreign(text[-1]) and _foreign(word[:1]) else word
    return text


def whole_words(pieces: Sequence[str], language: str) -> list[list[int]]:
    """Which pieces make up each word: " l", "'", "ami", " ?" is one, and so is "Py", "thon" in Chinese.

    A piece goes with the one before it where no space parts them, in a language without spaces only where both belong
    to a foreign word. Marks go with the word before them, opening ones with the word after. English pieces are words as
    they come: its contractions are whole, and of "self-control" two words are timed.

    Args:
        pieces: as the recogniser gives them, with the space before them where it heard one.
        language: whose rules hold.

    Returns:
        Indices of the pieces of each word; pieces of nothing but space are left out.
    """
    words: list[list[int]] = []
    opened = False
    last = ""
    for i, piece in enumerate(pieces):
        text = piece.strip()
        if not text:
            last = ""
            continue
        mark = not any(map(str.isalnum, text))
        opening = mark and set(text) <= _OPENING
        near = last != "" and not piece[0].isspace()
        if language in UNSPACED:
            near = near and _foreign(last) and _foreign(text[0])
        if language != "en" and words and (opened or near or (mark and not opening)):
            words[-1].append(i)
        else:
            words.append([i])
        opened = opening and (opened or len(words[-1]) == 1)
        last = "" if piece[-1].isspace() else text[-1]
    return words


def _foreign(letter: str) -> bool:
    """Whether a letter or digit belongs to a script with spaces, as far as languages without have such words."""
    return letter.isalnum() and ord(letter[0]) < 0x0530  # Latin, Greek, Cyrillic


def _likely(code: str) -> str:
    """The code that may have been meant, from a language's name or a longer code such as en-US."""
    by_name = {name.lower(): known for known, name in NAMES.items()}
    wanted = code.strip().lower()
    near = difflib.get_close_matches(wanted, by_name, 1, 0.8)
    meant = by_name[near[0]] if near else wanted.replace("_", "-").partition("-")[0]
    return f" (did you mean {meant}?)" if meant in NAMES else ""
