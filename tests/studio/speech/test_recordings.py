"""Given recordings: a conversation from a folder, and every way such a folder can be wrong."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nonverbal.studio.script.write import choose_lines
from nonverbal.studio.speech.mix import record_talk
from nonverbal.studio.speech.recordings import INDEX, open_recordings
from nonverbal.studio.speech.voices import open_voices
from nonverbal.verdicts import UserError

pytest.importorskip("espeakng_loader", reason="espeakng-loader comes with nonverbal[studio]")

SPANS = [("Half", 0.2, 0.5), ("past", 0.5, 0.8), ("three.", 0.9, 1.2)]
WORDS = [{"word": word, "start_s": start_s, "end_s": end_s} for word, start_s, end_s in SPANS]
ROWS: list[dict[str, Any]] = [
    {"participant": "A", "audio": "a.wav", "text": "Do you know what time it is?"},
    {"participant": "B", "audio": "b.wav", "text": "Half past three.", "mood": 0.4, "gap_s": 0.9, "words": WORDS},
    {"participant": "A", "audio": "a.wav", "text": "", "gap_s": -0.2},
]


def write_sound(path: Path, seconds: float, rate_hz: int = 16000, level: float = 0.5) -> None:
    """A tone with 0.2 s of silence before and after."""
    tone = level * np.sin(np.arange(round(seconds * rate_hz)) * 0.3)
    tone[: round(0.2 * rate_hz)] = 0.0
    tone[len(tone) - round(0.2 * rate_hz) :] = 0.0
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes((tone * 32767).astype("<i2").tobytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    here = tmp_path / "recordings"
    here.mkdir()
    write_sound(here / "a.wav", 2.0)
    write_sound(here / "b.wav", 1.5, rate_hz=44100)
    write_index(here, ROWS)
    return here


def write_index(folder: Path, rows: list[Any]) -> None:
    (folder / INDEX).write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")


def test_a_folder_becomes_a_talk(folder: Path) -> None:
    voices = dict(zip("AB", open_voices((str(folder), str(folder))), strict=True))
    lines = choose_lines(voices, np.random.default_rng(0), 60.0)
    assert [(line.participant, line.act, line.gap_s) for line in lines] == [
        ("A", "ask", 0.3), ("B", "tell", 0.9), ("A", "laugh", -0.2)
    ]  # fmt: skip
    talk, samples, _ = record_talk(lines, voices, 0)
    assert np.isfinite(samples).all()
    asked, told, laughed = talk.lines
    assert asked.start_s == pytest.approx(0.7)
    assert asked.end_s - asked.start_s == pytest.approx(1.6, abs=0.02)
    assert [word.word for word in asked.words] == asked.line.text.split(" ")
    assert told.start_s - asked.end_s == pytest.approx(0.9)
    assert [(word.start_s - told.start_s, word.end_s - told.start_s) for word in told.words] == [
        (pytest.approx(start_s - 0.2), pytest.approx(end_s - 0.2)) for _, start_s, end_s in SPANS
    ]
    assert all(word.phones[-1].end_s == word.end_s for word in told.words)
    assert laughed.words == ()


def test_words_without_times_share_the_sound_by_their_length(folder: Path) -> None:
    write_index(folder, [ROWS[0] | {"text": "A university is."}, ROWS[1]])
    voice = open_recordings(folder)
    spoken = voice.say(voice.lines[0], np.random.default_rng(0))
    lengths = [word.end_s - word.start_s for word in spoken.words]
    assert lengths[1] > 3 * lengths[0]
    assert spoken.words[0].start_s == pytest.approx(0.2, abs=0.01)
    assert spoken.words[-1].end_s == pytest.approx(1.8, abs=0.01)


Change = Callable[[dict[str, Any]], Any]
BAD_ROWS: list[tuple[str, Change, str]] = [
    ("no text", lambda row: {k: v for k, v in row.items() if k != "text"}, "expected participant, audio, text"),
    ("a typing mistake", lambda row: row | {"mod": 1}, "expected participant, audio, text"),
    ("a list", lambda row: [1, 2], "list"),
    ("a third person", lambda row: row | {"participant": "C"}, "expected A or B"),
    ("an unknown act", lambda row: row | {"act": "sing"}, "act 'sing'"),
    ("a laugh with words", lambda row: row | {"act": "laugh"}, "act 'laugh'"),
    ("a mood out of range", lambda row: row | {"mood": 3}, "mood is 3"),
    ("a gap that is no number", lambda row: row | {"gap_s": "soon"}, "gap_s is 'soon'"),
    ("a gap that is not finite", lambda row: row | {"gap_s": float("nan")}, "gap_s is nan"),
    ("a file that is not there", lambda row: row | {"audio": "x.wav"}, "no file 'x.wav'"),
    ("another kind of file", lambda row: row | {"audio": "a.mp3"}, "ending in .wav or .flac"),
    ("a path out of the folder", lambda row: row | {"audio": "../out.wav"}, "lies outside"),
    ("an absolute path", lambda row: row | {"audio": "/etc/out.wav"}, "lies outside"),
    ("a name that is a number", lambda row: row | {"audio": 7}, "audio is 7"),
    ("other words", lambda row: row | {"words": WORDS}, "differ from the text"),
    ("words that are no list", lambda row: row | {"words": "all"}, "not a list"),
    ("words without times", lambda row: row | {"words": [{"word": "Do"}]}, "not a list"),
]


@pytest.mark.parametrize(("change", "message"), [(c, m) for _, c, m in BAD_ROWS], ids=[name for name, _, _ in BAD_ROWS])
def test_entries_that_are_not_as_described(folder: Path, change: Change, message: str) -> None:
    write_sound(folder.parent / "out.wav", 1.0)
    write_index(folder, [change(ROWS[0]), ROWS[1]])
    with pytest.raises(UserError, match=message) as told:
        open_recordings(folder)
    assert "line 1" in str(told.value)


def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    write_sound(folder.parent / "out.wav", 1.0)
    (folder / "a.wav").unlink()
    (folder / "a.wav").symlink_to(folder.parent / "out.wav")
    with pytest.raises(UserError, match="lies outside"):
        open_recordings(folder)


def test_times_that_go_back(folder: Path) -> None:
    back = [WORDS[0], WORDS[2] | {"word": "past"}, WORDS[1] | {"word": "three."}]
    write_index(folder, [ROWS[0], ROWS[1] | {"words": back}])
    with pytest.raises(UserError, match="go back"):
        open_recordings(folder)


def test_words_that_end_after_the_sound(folder: Path) -> None:
    write_sound(folder / "b.wav", 1.0)
    voice = open_recordings(folder)
    with pytest.raises(UserError, match=r"ends at 1\.20 s"):
        voice.say(voice.lines[1], np.random.default_rng(0))


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "0 bytes"), (b"not a sound at all" * 10, "b.wav"), (None, "silent")]
)
def test_sounds_that_are_none(folder: Path, content: bytes | None, message: str) -> None:
    if content is None:
        write_sound(folder / "b.wav", 1.5, level=0.0)
    else:
        (folder / "b.wav").write_bytes(content)
    voice = open_recordings(folder)
    with pytest.raises(UserError, match=message):
        voice.say(voice.lines[1], np.random.default_rng(0))


def test_folders_that_are_not_as_described(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no lines\.jsonl"):
        open_recordings(tmp_path)
    write_index(folder, ROWS[:1])
    with pytest.raises(UserError, match="no line of B"):
        open_recordings(folder)
    (folder / INDEX).write_text('{"participant": "A"', encoding="utf-8")
    with pytest.raises(UserError, match="line 1 is not JSON"):
        open_recordings(folder)
    (folder / INDEX).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        open_recordings(folder)


def test_recordings_answer_each_other_or_nobody(folder: Path) -> None:
    voices = dict(zip("AB", open_voices((str(folder), "joe")), strict=True))
    with pytest.raises(UserError, match="one folder of"):
        choose_lines(voices, np.random.default_rng(0), 60.0)


def test_a_line_that_was_not_recorded(folder: Path) -> None:
    voice = open_recordings(folder)
    line = voice.lines[0]
    other = type(line)("B", line.text, "ask", 0.0, 0.0)
    with pytest.raises(UserError, match="no line of B"):
        voice.say(other, np.random.default_rng(0))
