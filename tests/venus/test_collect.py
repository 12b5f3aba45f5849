"""Sources come from files, folders and lists: each once, safely, with a verdict for what cannot be read."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

import faulty_media as faulty
from nonverbal.records import dumps, loads
from nonverbal.venus.collect import KnownFile, collect
from nonverbal.verdicts import Reason, UserError


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A folder: b/two.MP4, a/one.mp4, a/notes.txt."""
    for name, data in (("b/two.MP4", b"two"), ("a/one.mp4", b"one"), ("a/notes.txt", b"hello")):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    return tmp_path / "in"


def names(collection) -> list[str]:
    return [Path(s.path).name for s in collection.sources]


def test_folders_are_searched_in_order_of_names(videos: Path) -> None:
    found = collect([str(videos)])
    assert names(found) == ["one.mp4", "two.MP4"]
    assert found.ignored == 1
    assert found.sources[0].source_id == hashlib.sha256(b"one").hexdigest()
    assert found.sources[0].size_bytes == 3
    assert found.hashed_bytes == 6


def test_a_named_file_needs_no_extension(videos: Path) -> None:
    assert names(collect([str(videos / "a/notes.txt")])) == ["notes.txt"]


def test_the_same_bytes_under_two_names_are_one_source(videos: Path) -> None:
    (videos / "copy.mkv").write_bytes(b"one")
    found = collect([str(videos), str(videos / "a/one.mp4")])
    assert names(found) == ["copy.mkv", "two.MP4"], "the name met first stays"
    assert [Path(a.path).name for a in found.aliases] == ["one.mp4"]
    assert found.aliases[0].source_id == found.sources[0].source_id


def test_a_second_run_reads_nothing_and_a_changed_file_is_read(videos: Path) -> None:
    first = collect([str(videos)])
    known = loads(tuple[KnownFile, ...], dumps(first.known))
    second = collect([str(videos)], known)
    assert (second.sources, second.hashed_bytes) == (first.sources, 0)
    (videos / "a/one.mp4").write_bytes(b"eno")
    third = collect([str(videos)], known)
    assert third.hashed_bytes == 3
    assert third.sources[0].source_id != first.sources[0].source_id


def test_a_file_written_while_it_is_read_is_told(videos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = videos / "a/one.mp4"
    real = hashlib.sha256

    def writing(*args: bytes):
        target.write_bytes(b"more and more")
        return real(*args)

    monkeypatch.setattr("nonverbal.venus.collect.hashlib.sha256", writing)
    [(source, verdict)] = collect([str(target)]).rejected
    assert verdict.reason is Reason.E_CHANGED
    assert "then run again" in verdict.message
    assert source.path == str(target)


def test_links_stay_inside_the_folder(videos: Path, tmp_path: Path) -> None:
    outside = faulty.with_text(tmp_path / "outside.mp4", b"outside")
    (videos / "escape.mp4").symlink_to(outside)
    (videos / "dangling.mp4").symlink_to(videos / "nothing.mp4")
    (videos / "self").symlink_to(videos / "self")
    (videos / "a/up").symlink_to(videos)
    (videos / "b/sibling").symlink_to(videos / "a")
    (videos / "inside.mp4").symlink_to(videos / "a/one.mp4")
    found = collect([str(videos)])
    assert names(found) == ["one.mp4", "two.MP4"]
    assert {Path(s.path).name: v.reason for s, v in found.rejected} == dict.fromkeys(
        ("escape.mp4", "dangling.mp4", "self", "up"), Reason.E_NAME
    )
    messages = {Path(s.path).name: v.message for s, v in found.rejected}
    assert "out of the folder" in messages["escape.mp4"]
    assert "leads nowhere" in messages["dangling.mp4"]
    assert "holds it" in messages["up"]
    assert [Path(a.path).name for a in found.aliases] == ["inside.mp4"]
    assert len({s.source_id for s, _ in found.rejected}) == 4


def test_a_link_given_by_name_is_followed_or_told(videos: Path) -> None:
    (videos / "dangling.mp4").symlink_to(videos / "nothing.mp4")
    (videos / "good.mp4").symlink_to(videos / "a/one.mp4")
    found = collect([str(videos / "dangling.mp4"), str(videos / "good.mp4")])
    assert names(found) == ["good.mp4"]
    assert found.rejected[0][1].reason is Reason.E_NAME


@pytest.mark.parametrize("name", faulty.HOSTILE_NAMES)
def test_hostile_names_are_collected(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_bytes(b"data")
    monkeypatch.chdir(tmp_path)
    by_name, by_folder = collect([name]), collect([str(tmp_path)])
    assert by_name.sources == by_folder.sources
    assert Path(by_name.sources[0].path).read_bytes() == b"data"


def test_lists_bring_their_columns_and_paths_of_their_own(videos: Path) -> None:
    listing = videos / "list.csv"
    listing.write_text(
        "\ufeffpath,url,channel,title,licence,fetched_at,thumbnail\n"
        'a/one.mp4,https://x/1,Chan\x1b[31mnel,"A ""talk"",\nof two",CC BY,2024-01-01,b/t.jpg\n'
        "gone.mp4,,,,,,\n"
    )
    found = collect([str(listing)])
    [source] = found.sources
    assert (source.title, source.channel) == ('A "talk", of two', "Chan [31mnel")
    assert (source.url, source.licence, source.fetched_at) == ("https://x/1", "CC BY", "2024-01-01")
    assert source.thumbnail == str(videos / "b/t.jpg")
    assert [v.reason for _, v in found.rejected] == [Reason.E_NAME]
    lines = videos / "list.jsonl"
    lines.write_text(json.dumps({"path": "a/one.mp4", "title": "A", "url": None}) + "\n\n")
    assert collect([str(lines)]).sources[0].title == "A"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("l.csv", "path,speaker\na.mp4,x\n", "line 1: unknown column 'speaker'; the columns are path, url"),
        ("l.csv", "path,title\na.mp4\n", "line 2: 1 values, expected 2"),
        ("l.csv", "title\nx\n", "line 2: no path"),
        ("l.csv", "path,path\na,b\n", "line 1: the column path stands twice"),
        ("l.csv", 'path\n"a\n', "not CSV"),
        ("l.jsonl", '{"path": "a"}\n{"path": \n', "line 2: not JSON"),
        ("l.jsonl", '{"path": "a", "lang": "en"}\n', "line 1: unknown column 'lang'"),
        ("l.jsonl", '{"path": 3}\n', "line 1: path is 3, expected text"),
        ("l.jsonl", "[1]\n", "line 1: a JSON list"),
        ("l.jsonl", '{"path": "a\\u0000b"}\n', "path is 'a\\x00b', which no file can be named"),
        ("l.jsonl", '{"path": "\\ud800"}\n', "path is '\\ud800', which no file can be named"),
        ("l.jsonl", '{"path": "a", "thumbnail": "\\ud800"}\n', "thumbnail is '\\ud800'"),
        ("l.jsonl", '{"path": ' + "[" * 100_000, "line 1: not JSON"),
    ],
)
def test_mistakes_in_lists_name_the_line(name: str, text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError) as caught:
        collect([str(tmp_path / name)])
    assert says in str(caught.value)
    assert name in str(caught.value)


def test_a_list_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes("path,title\na.mp4,é\n".encode("latin-1"))
    with pytest.raises(UserError, match="not UTF-8"):
        collect([str(tmp_path / "l.csv")])


def test_what_does_not_exist_or_lies_on_the_network(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        collect([str(tmp_path / "none.mp4")])
    with pytest.raises(UserError, match="nonverbal collect"):
        collect(["https://example.org/talk.mp4"])


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    [(_, verdict)] = collect([str(tmp_path)]).rejected
    assert verdict.reason is Reason.E_NAME
    assert "a pipe" in verdict.message


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text(f"path\n{'y' * 300}.mp4\n")
    [(_, verdict)] = collect([str(tmp_path / "l.csv")]).rejected
    assert verdict.reason is Reason.E_NAME
    assert "too long" in verdict.message


@pytest.mark.timeout(20)
def test_a_file_that_says_it_has_no_bytes_is_not_read_for_ever() -> None:
    # Like /proc/kmsg, reading which blocks: its size is 0 and it holds something all the same.
    [source] = collect(["/proc/self/stat"]).sources
    assert source.source_id == hashlib.sha256(b"").hexdigest()
