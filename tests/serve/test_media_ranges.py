"""Videos of sources: found by their bytes, handed out in pieces."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from nonverbal.serve import ranges
from nonverbal.serve.app import create_app
from nonverbal.serve.errors import ApiError
from nonverbal.serve.library import Library
from nonverbal.serve.library_media import MediaFolder, media_type
from nonverbal.serve.ranges import span_of
from nonverbal.serve.settings import ServerConfig
from nonverbal.serve.viewer_api import viewer_part
from nonverbal.verdicts import UserError

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40


def _id(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "media" / "deep").mkdir(parents=True)
    (tmp_path / "media" / "deep" / "any name.txt").write_bytes(MP4)
    return tmp_path / "media"


def _found(folder: Path, data: bytes = MP4) -> bytes | None:
    file = MediaFolder(folder, {_id(data): len(data)}).open(_id(data))
    return None if file is None else b"".join(file.read(0, file.size_bytes))


def test_a_file_is_found_by_its_bytes(folder: Path) -> None:
    assert _found(folder) == MP4
    assert _found(folder, MP4 + b"more") is None
    (folder / "deep" / "any name.txt").write_bytes(MP4[:-1] + b"?")
    assert _found(folder) is None


def test_a_copy_stands_in_for_one_that_was_changed(folder: Path) -> None:
    (folder / "a.mp4").write_bytes(MP4[:-1] + b"?")
    (folder / "z.mp4").write_bytes(MP4)
    (folder / "deep" / "any name.txt").unlink()
    assert _found(folder) == MP4


def test_a_file_that_changes_is_looked_at_again(folder: Path) -> None:
    media = MediaFolder(folder, {_id(MP4): len(MP4)})
    assert media.open(_id(MP4)) is not None
    path = folder / "deep" / "any name.txt"
    path.write_bytes(MP4[:-1] + b"?")
    os.utime(path, ns=(1, 1))
    assert media.open(_id(MP4)) is None


def test_links_and_odd_files_are_refused(folder: Path, tmp_path: Path) -> None:
    inside = folder / "deep" / "any name.txt"
    inside.rename(tmp_path / "outside.mp4")
    inside.symlink_to(tmp_path / "outside.mp4")
    (folder / "linked").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    assert _found(folder) is None


def test_a_link_put_in_place_of_a_file_is_refused(folder: Path, tmp_path: Path) -> None:
    media = MediaFolder(folder, {_id(MP4): len(MP4)})
    inside = folder / "deep" / "any name.txt"
    inside.rename(tmp_path / "outside.mp4")
    inside.symlink_to(tmp_path / "outside.mp4")
    assert media.open(_id(MP4)) is None


_NO_MEDIA = (b"<html><script>", b"#EXTM3U\nfile:///etc/passwd\n", b"%PDF-1.4", b"MZ", b"{}", b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("data", _NO_MEDIA)
def test_what_is_no_media_is_not_handed_out(folder: Path, data: bytes) -> None:
    page = data + b" " * 500
    (folder / "page.mp4").write_bytes(page)
    assert _found(folder, page) is None
    assert media_type(page) is None


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder"):
        MediaFolder(tmp_path / "nothing", {})


@pytest.mark.parametrize(
    ("text", "span"),
    [("bytes=0-", (0, 64)), ("bytes=10-19", (10, 20)), ("bytes=-5", (95, 100)), ("bytes=99-99", (99, 100)),
     ("bytes=40-1000", (40, 100)), ("bytes=-1000", (0, 64)), ("bytes=0-0", (0, 1))],
)  # fmt: skip
def test_ranges(text: str, span: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "MOST_BYTES", 64)
    assert span_of(text, 100) == span


@pytest.mark.parametrize(
    "text",
    ["bytes=100-", "bytes=5-4", "bytes=-", "bytes=-0", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "", "bytes=--5",
     "bytes=1e1-", "bytes=99999999999999999999-", "bytes=0x0-1"],
)  # fmt: skip
def test_ranges_that_cannot_be_had(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        span_of(text, 100)
    assert refused.value.status_code == 416
    assert refused.value.headers == {"Content-Range": "bytes */100", "Accept-Ranges": "bytes"}


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.integers(1, 2**63))
def test_no_range_leaves_the_file(first: int, last: int, size: int) -> None:
    try:
        start, end = span_of(f"bytes={first}-{last}", size)
    except ApiError:
        assert first > last or first >= size
    else:
        assert first == start < end <= min(size, last + 1, start + ranges.MOST_BYTES)


@pytest.fixture
def shown(library: Library, folder: Path) -> Iterator[tuple[TestClient, str]]:
    """A viewer, and the id of the dialogue whose source lies in the media folder."""
    index = library.search.index
    before, index.source_ids[0] = index.source_ids[0], _id(MP4)
    app = create_app(ServerConfig(), [viewer_part(library, MediaFolder(folder, {_id(MP4): len(MP4)}))])
    yield TestClient(app, base_url="http://localhost"), index.ids[0]
    index.source_ids[0] = before


def test_media_come_in_ranges(shown: tuple[TestClient, str]) -> None:
    client, dialogue_id = shown
    path = client.get(f"/api/dialogues/{dialogue_id}").json()["media"]
    assert client.get("/api/dataset").json()["has_media"] is True
    whole = client.get(path)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, MP4, "video/mp4")
    assert (whole.headers["accept-ranges"], whole.headers["x-content-type-options"]) == ("bytes", "nosniff")
    part = client.get(path, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, MP4[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(MP4)}"
    assert client.get(path, headers={"range": "bytes=-3"}).content == MP4[-3:]
    beyond = client.get(path, headers={"range": f"bytes={len(MP4)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(MP4)}")
    head = client.head(path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(MP4)))


def test_a_range_of_another_version_is_answered_by_the_whole(shown: tuple[TestClient, str]) -> None:
    client, dialogue_id = shown
    path = f"/media/{dialogue_id}"
    same = client.get(path, headers={"range": "bytes=0-9", "if-range": client.head(path).headers["etag"]})
    other = client.get(path, headers={"range": "bytes=0-9", "if-range": '"another"'})
    assert (same.status_code, other.status_code, len(other.content)) == (206, 200, len(MP4))


def test_many_ranges_leave_no_file_open(shown: tuple[TestClient, str]) -> None:
    client, dialogue_id = shown
    open_before = len(os.listdir("/proc/self/fd"))
    for at in range(150):
        answer = client.get(f"/media/{dialogue_id}", headers={"range": f"bytes={at}-{at + 5}"})
        assert answer.content == MP4[at : at + 6]
    assert len(os.listdir("/proc/self/fd")) <= open_before + 5


def test_dialogues_without_media(shown: tuple[TestClient, str], client: TestClient, library: Library) -> None:
    other = library.search.index.ids[1]
    assert shown[0].get(f"/api/dialogues/{other}").json()["media"] is None
    assert shown[0].get(f"/media/{other}").status_code == 404
    assert client.get(f"/media/{other}").status_code == 404
