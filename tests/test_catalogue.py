"""Builds add up: what an output has seen before stays seen, and the latest word about a file counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from nonverbal import catalogue
from nonverbal.pipeline.lock import Output, claim
from nonverbal.pipeline.unit import file_mark
from nonverbal.verdicts import Reason, UserError


def _quiet(path: str) -> None:
    del path


def _update(out: Path, *inputs: Path) -> catalogue.Catalogue:
    with claim(out) as output:
        return catalogue.update(output, [str(path) for path in inputs], _quiet)[0]


def _file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_sources_of_earlier_builds_stay(tmp_path: Path) -> None:
    one, two = _file(tmp_path / "1.mp4", b"one"), _file(tmp_path / "2.mp4", b"two")
    _update(tmp_path / "out", one)
    both = _update(tmp_path / "out", two)
    assert sorted(Path(s.path).name for s in both.sources) == ["1.mp4", "2.mp4"]


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    video = _file(tmp_path / "1.mp4", b"one")
    out = tmp_path / "out"
    with claim(out) as output:
        assert catalogue.update(output, [str(video)], _quiet)[1].hashed_bytes == 3
        assert catalogue.update(output, [str(video)], _quiet)[1].hashed_bytes == 0
        video.write_bytes(b"changed")
        after, found = catalogue.update(output, [str(video)], _quiet)
    assert found.hashed_bytes == 7
    assert len(after.sources) == 2


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    video, out = _file(tmp_path / "1.mp4", b"one"), tmp_path / "out"
    _update(out, video)
    saved = Output(out).home / "catalogue.json"
    before = saved.stat().st_mtime_ns
    _update(out, video)
    assert saved.stat().st_mtime_ns == before


def test_an_input_that_cannot_be_opened_is_kept_until_it_can(tmp_path: Path) -> None:
    link, out = tmp_path / "link.mp4", tmp_path / "out"
    link.symlink_to(tmp_path / "gone.mp4")
    (bad,) = _update(out, link).unreadable
    assert bad.reject.reason is Reason.E_NAME
    link.unlink()
    _file(link, b"there")
    mended = _update(out, link)
    assert mended.unreadable == ()
    assert len(mended.sources) == 1


def test_the_latest_facts_about_a_source_count(tmp_path: Path) -> None:
    _file(tmp_path / "1.mp4", b"one")
    listing, out = tmp_path / "list.csv", tmp_path / "out"
    for channel in ("old", "new"):
        listing.write_text(f"path,channel\n1.mp4,{channel}\n")
        (source,) = _update(out, listing).sources
        assert source.channel == channel


def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    name = tmp_path / "caf\udce9.mp4"
    _file(name, b"one")
    _update(tmp_path / "out", name)
    (source,) = _update(tmp_path / "out", name).sources
    assert source.path == str(name)


def test_a_file_replaced_by_another_is_not_taken_for_the_first(tmp_path: Path) -> None:
    video, out = _file(tmp_path / "1.mp4", b"one"), tmp_path / "out"
    (first,) = _update(out, video).sources
    assert _update(out, video).marks == {first.source_id: file_mark(str(video))}
    _file(video, b"two")
    marks = _update(out, video).marks
    assert marks.pop(first.source_id) != file_mark(str(video))
    assert list(marks.values()) == [file_mark(str(video))]


def test_a_damaged_catalogue_is_named(tmp_path: Path) -> None:
    video, out = _file(tmp_path / "1.mp4", b"one"), tmp_path / "out"
    _update(out, video)
    (Output(out).home / "catalogue.json").write_text('{"sources": [')
    with pytest.raises(UserError, match=r"catalogue\.json is damaged"):
        _update(out, video)
