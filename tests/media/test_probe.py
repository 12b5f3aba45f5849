"""Every media fault gets its verdict from the packets, with a sentence that says what to do."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import faulty_media as faulty
from nonverbal.media.container import sniff
from nonverbal.media.names import clean_text, printable
from nonverbal.media.probe import Limits, probe
from nonverbal.verdicts import Reason, Reject, RejectedError

SOUND_ONLY = Limits(need_video=False)


def rejected(path: Path, limits: Limits | None = None) -> Reject:
    with pytest.raises(RejectedError) as caught:
        probe(path, limits)
    return caught.value.reject


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return faulty.make_video(tmp_path_factory.mktemp("media") / "good.mp4")


@pytest.fixture(scope="module")
def index_first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return faulty.make_video(tmp_path_factory.mktemp("media") / "first.mp4", movflags="faststart")


def test_a_good_file_is_measured(good: Path) -> None:
    info = probe(good)
    assert (info.duration_s, info.fps, info.width_px, info.height_px) == (2.0, pytest.approx(25), 128, 96)
    assert (info.video_codec, info.audio_codec, info.has_video, info.has_audio) == ("h264", "aac", True, True)
    assert (info.rotation_deg, info.n_packets, info.n_audio_tracks, info.warnings) == (0, 50, 1, ())


NO_FILE: dict[str, tuple[Callable[[Path], Path], Reason]] = {
    "zero bytes": (lambda p: faulty.with_text(p, b""), Reason.E_EMPTY),
    "header only": (faulty.header_only, Reason.E_NOT_MEDIA),
    "4x4": (
        lambda p: faulty.make_video(p.with_suffix(".mkv"), size=(4, 4), codecs=("ffv1", "aac")),
        Reason.E_TOO_SMALL,
    ),
    "8192x8192": (lambda p: faulty.huge_video(p.with_suffix(".mkv")), Reason.E_TOO_LARGE),
    "1000 fps": (lambda p: faulty.make_video(p.with_suffix(".mkv"), fps=1000, seconds=1), Reason.E_FPS),
    "0/0 fps": (
        lambda p: faulty.make_video(p.with_suffix(".mkv"), times_s=[i * 1e-5 for i in range(50)]),
        Reason.E_FPS,
    ),
    "no audio": (lambda p: faulty.make_video(p, sound=None), Reason.E_NO_AUDIO),
    "no video": (lambda p: faulty.make_sound(p.with_suffix(".wav"), faulty.tone(2)), Reason.E_NO_VIDEO),
    "cover art": (faulty.with_cover, Reason.E_NO_VIDEO),
    "one frame": (lambda p: faulty.make_video(p, seconds=0.04), Reason.E_TOO_SHORT),
}


@pytest.mark.parametrize("fault", NO_FILE)
def test_unfit_files_get_their_verdict_and_a_sentence(fault: str, tmp_path: Path) -> None:
    make, reason = NO_FILE[fault]
    path = make(tmp_path / "bad.mp4")
    verdict = rejected(path)
    assert verdict.reason is reason
    assert path.name in verdict.message, "what was found, and where"
    assert "expected" in verdict.message
    assert ";" in verdict.message, "what to do follows"
    assert verdict.message.isprintable()


@pytest.mark.parametrize("kind", faulty.DISGUISES)
def test_other_things_named_mp4_are_no_media_and_open_no_second_file(kind: str, tmp_path: Path, good: Path) -> None:
    body = faulty.DISGUISES[kind].replace(b"%b", os.fsencode(good))
    path = faulty.with_text(tmp_path / "trap.mp4", body)
    before = good.stat().st_atime_ns
    os.utime(good, ns=(0, good.stat().st_mtime_ns))
    assert rejected(path).reason is Reason.E_NOT_MEDIA
    assert good.stat().st_atime_ns == 0, "the file that the playlist names was read"
    os.utime(good, ns=(before, good.stat().st_mtime_ns))


def test_cut_in_half_is_never_a_short_clip(good: Path, index_first: Path, tmp_path: Path) -> None:
    late = rejected(faulty.cut(good, tmp_path / "late.mp4", 0.5))
    assert late.reason in (Reason.E_TRUNCATED, Reason.E_NOT_MEDIA)
    early = rejected(faulty.cut(index_first, tmp_path / "early.mp4", 0.5))
    assert early.reason is Reason.E_TRUNCATED
    assert "of 50 pictures" in early.message
    mkv = faulty.make_video(tmp_path / "whole.mkv", seconds=4)
    assert rejected(faulty.cut(mkv, tmp_path / "half.mkv", 0.5)).reason is Reason.E_TRUNCATED


def test_one_byte_short_passes_with_a_warning(index_first: Path, tmp_path: Path) -> None:
    info = probe(faulty.cut_bytes(index_first, tmp_path / "short.mp4", 1))
    assert info.duration_s == 2.0
    assert info.warnings == ("the file lacks its last 1 bytes",)


def test_100_hours_in_the_header_are_not_believed(good: Path, tmp_path: Path) -> None:
    tracemalloc.start()
    lie = probe(faulty.long_header(good, tmp_path / "lie.mp4"))
    mkv = faulty.make_video(tmp_path / "true.mkv")
    long_mkv = probe(faulty.long_matroska_header(mkv, tmp_path / "lie.mkv"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lie.duration_s == pytest.approx(2.0)
    assert long_mkv.duration_s == pytest.approx(2.0)
    assert "header says 360000" in long_mkv.warnings[0]
    assert peak < 50e6


def test_sound_files_that_lie_or_hold_nothing(tmp_path: Path) -> None:
    lie = faulty.float_wav(tmp_path / "lie.wav", faulty.tone(2, 16_000)[0], claimed_bytes=2**32 - 100)
    assert probe(lie, SOUND_ONLY).duration_s == pytest.approx(2.0)
    nothing = faulty.float_wav(tmp_path / "nothing.wav", np.zeros((0, 1)))
    assert rejected(nothing, SOUND_ONLY).reason is Reason.E_EMPTY
    blip = faulty.float_wav(tmp_path / "blip.wav", faulty.tone(0.05, 16_000)[0])
    verdict = rejected(blip, SOUND_ONLY)
    assert verdict.reason is Reason.E_TOO_SHORT
    assert "0.050 s" in verdict.message
    assert "min_duration_s" in verdict.message


def test_limits_are_settings(good: Path) -> None:
    verdict = rejected(good, Limits(max_duration_s=1.0))
    assert verdict.reason is Reason.E_TOO_LONG
    assert "max_duration_s" in verdict.message
    assert rejected(good, Limits(min_side_px=97)).reason is Reason.E_TOO_SMALL
    assert rejected(good, Limits(max_fps=24)).reason is Reason.E_FPS


@pytest.mark.parametrize("main", [0, 1])
def test_the_default_streams_are_taken(main: int, tmp_path: Path) -> None:
    info = probe(faulty.two_of_each(tmp_path / "two.mkv", main=main))
    assert (info.video_index, info.audio_index) == (main, 2 + main)
    assert (info.width_px, info.n_audio_tracks) == (128, 2)


def test_the_clock_of_the_file_is_taken_off(tmp_path: Path) -> None:
    for name in ("late.ts", "late.mkv"):
        info = probe(faulty.make_video(tmp_path / name, shift_s=8.33))
        assert info.start_s == pytest.approx(8.33, abs=1e-3)
        assert info.duration_s == pytest.approx(2.0, abs=1e-3)


def test_real_odd_files(shared_media: Path) -> None:
    assert probe(shared_media / "odd/no_duration.webm").duration_s == pytest.approx(4.938)
    vfr = probe(shared_media / "faces/face_noface.mov")
    assert vfr.fps == pytest.approx(26.41, abs=0.01)
    assert vfr.audio_start_s == pytest.approx(2.42, abs=0.02)
    loose = Limits(need_audio=False, min_duration_s=0)
    for turn, size in ((0, (568, 320)), (90, (320, 568)), (180, (568, 320)), (270, (320, 568))):
        info = probe(shared_media / f"odd/video_{turn}.mov", loose)
        assert (info.width_px, info.height_px) == size
        assert info.rotation_deg == (360 - turn) % 360


@pytest.mark.parametrize("name", faulty.HOSTILE_NAMES)
def test_hostile_names_are_only_names(name: str, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_bytes(good.read_bytes())
    assert probe(tmp_path / name).duration_s == 2.0
    monkeypatch.chdir(tmp_path)
    assert probe(Path(name)).duration_s == 2.0
    assert printable(name).isprintable()
    printable(name).encode()


def test_what_is_no_file_is_a_name_fault(good: Path, tmp_path: Path) -> None:
    (tmp_path / "dangling.mp4").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "fine.mp4").symlink_to(good)
    assert probe(tmp_path / "fine.mp4").duration_s == 2.0
    for name, what in (
        ("dangling", "leads nowhere"),
        ("loop", "leads nowhere"),
        ("pipe", "a pipe"),
        ("none", "cannot"),
    ):
        verdict = rejected(tmp_path / f"{name}.mp4")
        assert verdict.reason is Reason.E_NAME
        assert what in verdict.message
    assert rejected(tmp_path).reason is Reason.E_NAME


def test_titles_are_cleaned_and_never_crash(good: Path, tmp_path: Path) -> None:
    import av

    path = tmp_path / "titled.mkv"
    with av.open(str(good)) as media, av.open(str(path), "w") as out:
        out.metadata["title"] = "Two\x1b[31m people\u202e talk, XXXX"
        streams = {s.index: out.add_stream_from_template(s) for s in media.streams}
        for packet in media.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    path.write_bytes(path.read_bytes().replace(b"XXXX", b"\xff\xfe\xe9\x80"))
    title = probe(path).title
    assert title.startswith("Two [31m people talk,")
    assert title.isprintable()
    title.encode()


def test_clean_text_keeps_words_of_all_languages() -> None:
    assert clean_text("  Ünïcode\t日本\x00 \ud800 ok\n") == "Ünïcode 日本 ok"
    assert len(clean_text("x" * 10_000)) == 500


@pytest.mark.parametrize("path", ["dialogue/grid_dialogue_9s.mp4", "odd/no_duration.webm", "speech/jfk.flac"])
def test_real_files_are_known_by_their_first_bytes(path: str, shared_media: Path) -> None:
    assert sniff((shared_media / path).read_bytes()[:4096]) in ("mov", "matroska", "flac")
