"""Every fault that fits into a file, by its number in docs/faults.md: what to write and what it must get."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import faulty_media as faulty
import faulty_talks as talks

KEPT = "kept"
"""What stands in place of a reason for a source that becomes a dialogue."""


@dataclass(frozen=True)
class Case:
    """One file of the batch.

    Attributes:
        row: number of the fault.
        name: of the file.
        make: writes it, given the good talk and the path.
        gets: the reasons of which its source or its clip must get one, or `KEPT`.
    """

    row: int
    name: str
    make: Callable[[Path, Path], object]
    gets: frozenset[str]


def case(row: int, name: str, make: Callable[[Path, Path], object], *gets: str) -> Case:
    return Case(row, name, make, frozenset(gets))


def _said(text: str | bytes) -> Callable[[Path, Path], Path]:
    return lambda talk, path: faulty.with_text(path, text)


def _disguised(kind: str) -> Callable[[Path, Path], Path]:
    return lambda talk, path: faulty.with_text(path, faulty.DISGUISES[kind].replace(b"%b", os.fsencode(talk)))


def _made(**options: object) -> Callable[[Path, Path], Path]:
    return lambda talk, path: faulty.make_video(path, **options)  # type: ignore[arg-type]


def _retaken(**options: object) -> Callable[[Path, Path], Path]:
    return lambda talk, path: talks.retake(talk, path, **options)  # type: ignore[arg-type]


def _with_index_first(talk: Path, path: Path) -> Path:
    return faulty.remux(talk, path, movflags="faststart")


def _cut_index_first(talk: Path, path: Path) -> Path:
    return faulty.cut(_with_index_first(talk, path), path, 0.5)


def _short_of_a_byte(talk: Path, path: Path) -> Path:
    return faulty.cut_bytes(_with_index_first(talk, path), path, 1)


def _with_nan(talk: Path, path: Path) -> Path:
    samples = talks.sound_of(talk)
    samples[0, 9999] = np.nan
    return talks.retake(talk, path, sound=samples, codecs=("libx264", "pcm_f32le"))


def _loud(talk: Path, path: Path) -> Path:
    return talks.retake(talk, path, sound=np.clip(talks.sound_of(talk) * 6 + 0.05, -1, 1))


def _stereo(talk: Path, path: Path) -> Path:
    samples = np.repeat(talks.sound_of(talk, 96_000), 2, axis=0)
    return talks.retake(talk, path, sound=samples, codecs=("libx264", "pcm_s24le"), rate_hz=96_000)


def _dubbed(talk: Path, path: Path) -> Path:
    return talks.retake(talk, path, sound=np.roll(talks.sound_of(talk), 4 * faulty.RATE_HZ, axis=1))


def _still(talk: Path, path: Path) -> Path:
    first: list[talks.Picture] = []

    def freeze(i: int, image: talks.Picture) -> talks.Picture:
        first.append(image) if not first else None
        return first[0]

    return talks.retake(talk, path, picture=freeze)


def _link(target: str) -> Callable[[Path, Path], None]:
    return lambda talk, path: path.symlink_to(target)


UNREAD = [
    case(1, "empty.mp4", _said(b""), "E_EMPTY"),
    case(2, "header.mp4", lambda talk, path: faulty.header_only(path), "E_NOT_MEDIA"),
    case(3, "text.mp4", _disguised("text"), "E_NOT_MEDIA"),
    case(4, "page.mp4", _disguised("html"), "E_NOT_MEDIA"),
    case(5, "zeros.mp4", _disguised("zeros"), "E_NOT_MEDIA"),
    case(6, "half.mp4", lambda talk, path: faulty.cut(talk, path, 0.5), "E_NOT_MEDIA", "E_TRUNCATED"),
    case(7, "half, index first.mp4", _cut_index_first, "E_TRUNCATED"),
    case(13, "mute.mp4", _made(sound=None), "E_NO_AUDIO"),
    case(14, "sound.mp4", lambda talk, path: faulty.with_cover(path), "E_NO_VIDEO"),
    case(16, "no samples.mp4", lambda t, path: faulty.float_wav(path, np.zeros((0, 1))), "E_EMPTY", "E_NO_VIDEO"),
    case(17, "blip.mp4", _made(sound=faulty.tone(0.05)), "E_TOO_SHORT"),
    case(23, "one frame.mp4", _made(seconds=0.04), "E_TOO_SHORT"),
    case(25, "fast.mkv", _made(fps=1000, seconds=1), "E_FPS"),
    case(25, "no rate.mkv", _made(times_s=[i * 1e-5 for i in range(50)]), "E_FPS"),
    case(26, "tiny.mkv", _made(size=(4, 4), codecs=("ffv1", "aac")), "E_TOO_SMALL"),
    case(26, "huge.mkv", lambda talk, path: faulty.huge_video(path), "E_TOO_LARGE"),
    case(35, "list.mp4", _disguised("hls"), "E_NOT_MEDIA"),
    case(35, "concat.mp4", _disguised("concat"), "E_NOT_MEDIA"),
    case(35, "dash.mp4", _disguised("dash"), "E_NOT_MEDIA"),
    case(49, "motion.csv.mp4", _said("Timecode,BlendShapeCount,EyeBlinkLeft\n00:00:00:00,1,nan\n"), "E_NOT_MEDIA"),
    case(52, "motion.bvh.mp4", _said("HIERARCHY\nROOT Hips\n{\n}\nMOTION\nFrames: nan\n"), "E_NOT_MEDIA"),
    case(53, "rows.parquet.mp4", _said(b"PAR1" + bytes(64) + b"PAR1"), "E_NOT_MEDIA"),
    case(54, "weights.mp4", _said(struct.pack("<Q", 1 << 60) + b'{"__metadata__":'), "E_NOT_MEDIA"),
    case(55, "pickle.mp4", _said(b"\x80\x04cos\nsystem\n(S'touch owned'\ntR."), "E_NOT_MEDIA"),
    case(55, "archive.mp4", _said(b"PK\x03\x04" + bytes(64)), "E_NOT_MEDIA"),
    case(58, "loop.mp4", _link("loop.mp4"), "E_NAME"),
    case(58, "dangling.mp4", _link("nothing.mp4"), "E_NAME"),
    case(58, "out of the folder.mp4", _link("/etc/passwd"), "E_NAME"),
]
"""What is turned down before any model is asked."""

SPOILED = [
    case(8, "a byte short.mp4", _short_of_a_byte, KEPT),
    case(9, "flipped.mp4", lambda talk, path: faulty.flipped(talk, path), "E_DECODE"),
    case(11, "hours.mp4", lambda talk, path: faulty.long_header(talk, path), KEPT),
    case(15, "silent.mp4", _retaken(sound=np.zeros((1, 9 * faulty.RATE_HZ), np.float32)), "E_SILENT"),
    case(19, "nan.mkv", _with_nan, "E_NONFINITE"),
    case(20, "loud.mp4", _loud, KEPT),
    case(21, "96 kHz.mkv", _stereo, KEPT),
    case(21, "8 kHz.mkv", _retaken(codecs=("libx264", "pcm_u8"), rate_hz=8000), KEPT),
    case(22, "opus.mkv", _retaken(codecs=("libx264", "libopus")), KEPT),
    case(24, "uneven.mp4", _retaken(times_s=[i / 25 + 0.012 * (i % 3 > 0) for i in range(225)]), KEPT),
    case(27, "hevc.mkv", _retaken(codecs=("libx265", "aac"), pixels="yuv444p10le"), KEPT),
    case(28, "turned.mp4", talks.turned, KEPT),
    case(30, "extras.mkv", talks.with_extras, KEPT),
    case(31, "late.ts", lambda talk, path: talks.shifted(talk, path, 8.33), KEPT),
    case(33, "live.mkv", lambda talk, path: faulty.remux(talk, path, live="1"), KEPT),
    case(34, "titled.mkv", talks.titled, KEPT),
    case(36, "sound breaks.mp4", lambda talk, path: faulty.flipped(talk, path, "audio"), "E_DECODE"),
    case(41, "leaves.mp4", _retaken(picture=talks.leaves), KEPT, "E_FACE_LOST"),
    case(42, "small.mp4", _retaken(picture=talks.small), "E_NO_FACE", "E_NO_PERSON"),
    case(43, "still.mp4", _still, "E_STILL", "E_FACE_LOST"),
    case(45, "music.mp4", _retaken(sound=talks.music(9.0)), "E_NO_SPEECH"),
    case(47, "dubbed.mp4", _dubbed, "E_AV_SYNC", "E_FACE_LOST"),
    case(48, "twin.mp4", lambda talk, path: shutil.copy(talk, path), KEPT),
    case(57, faulty.HOSTILE_NAMES[0], lambda talk, path: shutil.copy(talk, path), KEPT),
    case(57, faulty.HOSTILE_NAMES[2], lambda talk, path: shutil.copy(talk, path), KEPT),
    case(57, faulty.HOSTILE_NAMES[4], lambda talk, path: shutil.copy(talk, path), KEPT),
]
"""What takes a talk to spoil, made from the good one."""


def recorded(media: Path) -> list[Case]:
    """What takes recordings of other people, from the folder of real ones."""
    voices, nobody = media / "speech" / "three_speakers.wav", media / "faces" / "no_face.mp4"
    single = media / "faces" / "single_face.mp4"
    return [
        case(10, "corrupt.mp4", _copied(media / "odd" / "corrupted.mp4"), "E_DECODE", "E_TRUNCATED", "E_NO_AUDIO"),
        case(37, "one.mpg", _copied(media / "dialogue" / "grid" / "bbaf2n.mpg"), "E_ONE_SPEAKER"),
        case(38, "three.mp4", lambda talk, path: talks.with_sound_of(talk, voices, path), "E_THREE_PLUS"),
        case(39, "alone.mp4", lambda talk, path: talks.with_sound_of(single, talk, path), "E_FACE_LOST"),
        case(40, "voices.mp4", lambda talk, path: talks.with_sound_of(nobody, talk, path), "E_NO_FACE"),
        case(46, "russian.mp4", _copied(media / "dialogue" / "latentsync_pair_8s.mp4"), "E_LANGUAGE"),
    ]


def _copied(source: Path) -> Callable[[Path, Path], object]:
    return lambda talk, path: shutil.copy(source, path)
