"""What is said in clips of motion: recordings beside them, cut to what is shown and the same for all conditions."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nonverbal.media.audio import read_audio
from nonverbal.media.names import printable
from nonverbal.study.design import Item
from nonverbal.study.stimulus import Stimulus
from nonverbal.verdicts import RejectedError, UserError

SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".webm")


def find_sounds(folder: Path, items: Sequence[Item]) -> tuple[Path, ...]:
    """The recording of each item: NAME.wav or the like.

    Raises:
        UserError: the folder is none, or a recording is missing or there twice.
    """
    if not folder.is_dir():
        raise UserError(f"{printable(folder)}: no such folder; expected one with a recording for each clip")
    found: dict[str, list[Path]] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in SOUNDS and file.is_file():
            found.setdefault(file.stem, []).append(file)
    for item in items:
        files = found.get(item.name, [])
        if len(files) != 1:
            told = "lacks a recording" if not files else "has more than one recording"
            raise UserError(f"{printable(folder)}: {told} called {printable(item.name)} ({', '.join(SOUNDS)})")
    return tuple(found[item.name][0] for item in items)


def sound_of(path: Path, item: Item) -> Stimulus:
    """The part of a recording that goes with what is shown of an item, as WAV without any other data.

    Raises:
        UserError: it cannot be decoded, or ends before what is shown begins.
    """
    try:
        audio = read_audio(path, item.first_s, item.first_s + item.seconds)
    except RejectedError as error:
        raise UserError(error.reject.message) from error
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(audio.rate_hz)
        file.writeframes(np.rint(np.clip(audio.samples, -1, 1) * 32767).astype("<i2").tobytes())
    return Stimulus("audio/wav", data.getvalue())
