"""Which of a video's forms is fetched."""

from __future__ import annotations

from typing import Any

from nonverbal.collect.formats import choose


def form(name: str, height: int = 0, audio: bool = False, **more: Any) -> dict[str, Any]:
    plain = {
        "format_id": name,
        "url": f"https://a.org/{name}",
        "protocol": "https",
        "ext": "mp4",
        "height": height or None,
    }
    return plain | {"vcodec": "avc1" if height else "none", "acodec": "mp4a" if audio else "none"} | more


SOUND = [form("low", audio=True, tbr=32), form("mid", audio=True, tbr=64), form("high", audio=True, tbr=160)]


def test_smallest_picture_that_is_tall_enough() -> None:
    info = {"duration": 100, "formats": [*SOUND, *(form(str(h), h, tbr=h) for h in (144, 360, 480, 1080))]}
    choice = choose(info, 360, apart=True)
    assert choice is not None
    assert choice.sound is not None
    assert (choice.picture.format_id, choice.sound.format_id) == ("360", "mid")
    assert choice.size_bytes == (360 + 64) * 125 * 100
    assert choose(info, 720, apart=True).picture.format_id == "1080"  # type: ignore[union-attr]
    assert choose(info, 2000, apart=True).picture.format_id == "1080"  # type: ignore[union-attr]


def test_both_in_one_where_sound_need_not_come_first() -> None:
    info = {"formats": [*SOUND, form("v", 720), form("both", 480, audio=True)]}
    assert choose(info, 360, apart=False).sound is None  # type: ignore[union-attr]
    assert choose(info, 720, apart=False).sound is not None  # type: ignore[union-attr]
    assert choose(info, 360, apart=True).sound is not None  # type: ignore[union-attr]


def test_the_original_language_wins() -> None:
    dubbed = form("dub", audio=True, tbr=50, language_preference=-1)
    own = form("own", audio=True, tbr=128, language_preference=10)
    choice = choose({"formats": [dubbed, own, form("v", 360)]}, 360, apart=True)
    assert choice is not None
    assert choice.sound is not None
    assert choice.sound.format_id == "own"


def test_the_shorter_side_counts() -> None:
    tall = form("tall", 640, audio=True, width=360)
    wide = form("wide", 360, audio=True, width=202)
    assert choose({"formats": [wide, tall]}, 360, apart=True).picture.format_id == "tall"  # type: ignore[union-attr]


def test_nothing_to_fetch() -> None:
    for formats in (
        [form("v", 360, has_drm=True), SOUND[0]],
        [form("v", 360, protocol="rtmp"), SOUND[0]],
        [form("v", 360, audio=True, url="file:///etc/passwd", protocol="file")],
        SOUND,
        [form("v", 360)],
        [{"format_id": "x"}],
    ):
        assert choose({"formats": formats}, 360, apart=True) is None


def test_nonsense_numbers() -> None:
    odd = form("odd", 360, audio=True, filesize="many", tbr=float("inf"), width=None, language_preference="x")
    choice = choose({"formats": [odd], "duration": "long"}, 360, apart=True)
    assert choice is not None
    assert choice.size_bytes == 0
