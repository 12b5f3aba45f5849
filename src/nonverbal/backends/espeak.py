"""espeak-ng: how English is pronounced, and speech with the exact times of its sounds.

The library keeps counters of its own from one call to the next (the flutter of its voices), so the same text sounds a
little different each time. It is therefore loaded anew for each piece of work: that takes 6 ms and makes the
result a function of the arguments.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nonverbal.types import F32
from nonverbal.verdicts import UserError

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 0x0001, 0x0002, 0x8000
_UTF8 = 1
_IPA_APART = 0x02 | ord("_") << 8
"""Phonemes as IPA with an underscore between them."""
_RATE, _PITCH, _RANGE = 1, 3, 4
_END, _PHONEME = 0, 7
_SEED = 7

_LOCK = threading.Lock()
"""The library has global state."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Id),
    )  # fmt: skip


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """A speech sound that begins at a sample; `ipa` with its stress mark, empty for a pause."""

    ipa: str
    sample: int


@dataclass(frozen=True, slots=True, eq=False)
class EspeakSound:
    """Speech: [S] samples in [-1, 1] and what sounds when, in order."""

    samples: F32
    rate_hz: int
    events: tuple[SoundEvent, ...]


def has_voice(name: str) -> bool:
    """Whether `name` is an English voice, with a variant of espeak's own where it names one.

    Raises:
        UserError: the package is missing.
    """
    language, plus, variant = name.partition("+")
    if not re.fullmatch(r"en(-[a-z0-9-]+)?", language, re.IGNORECASE):
        return False
    # The library takes unknown variants for none and says nothing.
    if plus and variant not in {path.name for path in (_data() / "voices" / "!v").iterdir()}:
        return False
    try:
        with _library(name):
            return True
    except UserError:
        return False


def pronounce(texts: Sequence[str], language: str) -> list[str]:
    """IPA of each text: words apart by spaces, sounds by underscores, stress marks before their sound.

    Punctuation ends a clause and leaves no trace. espeak writes some neighbours as one word ("of the" is ``ʌ_v_ð_ə``).

    Args:
        texts: plain text.
        language: an espeak voice such as ``en-us``.

    Raises:
        UserError: the package is missing, or it has no such voice.
    """
    with _library(language) as (library, _):
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        return [" ".join(_clauses(library, text)).strip() for text in texts]


def _clauses(library: Any, text: str) -> Iterator[str]:
    rest = ctypes.pointer(ctypes.c_char_p(text.encode()))
    while rest.contents.value is not None:
        yield library.espeak_TextToPhonemes(rest, _UTF8, _IPA_APART).decode().strip()


def speak(text: str, voice: str, words_per_minute: int = 165, pitch: int = 50, pitch_range: int = 60) -> EspeakSound:
    """Speech of `text`.

    Args:
        text: plain text with punctuation.
        voice: language and variant, such as ``en-us+f3``.
        words_per_minute: 80 to 450.
        pitch: 0 to 100, 50 is the voice's own.
        pitch_range: 0 (monotone) to 100.

    Raises:
        UserError: the package is missing, or it has no such voice.
    """
    chunks: list[bytes] = []
    events: list[SoundEvent] = []

    @_Callback
    def keep(wave: Any, count: int, event: Any) -> int:
        if wave and count:
            chunks.append(ctypes.string_at(wave, 2 * count))
        i = 0
        while event[i].type != _END:
            if event[i].type == _PHONEME:
                events.append(SoundEvent(event[i].id.string.decode(errors="ignore"), event[i].sample))
            i += 1
        return 0

    with _library(voice) as (library, rate_hz):
        library.espeak_SetSynthCallback(keep)
        for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_RANGE, pitch_range)):
            library.espeak_SetParameter(parameter, value, 0)
        encoded = text.encode()
        library.espeak_Synth(encoded, ctypes.c_size_t(len(encoded) + 1), 0, 1, 0, _UTF8, None, None)
        library.espeak_Synchronize()
    samples = np.frombuffer(b"".join(chunks), dtype="<i2").astype(np.float32) / 32768.0
    return EspeakSound(samples, rate_hz, tuple(events))


def _data() -> Path:
    """The folder of voices and pronunciations."""
    try:
        import espeakng_loader
    except ImportError as error:
        raise UserError("espeakng-loader is missing: run pip install 'nonverbal[studio]'") from error
    return Path(espeakng_loader.get_data_path())


@contextmanager
def _library(voice: str) -> Iterator[tuple[Any, int]]:
    """The library, fresh from the disk, seeded, its voice set, unloaded afterwards; and its sample rate."""
    import _ctypes

    data = _data()
    with _LOCK:
        library = ctypes.CDLL(str(data.parent / "libespeak-ng.so"))
        try:
            flags = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
            rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, str(data).encode(), flags)
            if rate_hz <= 0:
                raise UserError("espeak-ng finds no data: run pip install --force-reinstall espeakng-loader")
            library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
            if library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise UserError(f"espeak-ng has no voice {voice!r}, expected a language and a variant such as en-us+f3")
            yield library, rate_hz
        finally:
            library.espeak_Terminate()
            _ctypes.dlclose(library._handle)
