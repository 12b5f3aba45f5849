"""The whole command against a site on this machine, well-behaved and not."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collect_site import HASTY, Asked, Run, Site

from nonverbal.collect import source
from nonverbal.pipeline.lock import LockedError, claim
from nonverbal.venus.listing import read_list
from nonverbal.verdicts import Reason, UserError


def test_a_page_becomes_a_source_that_a_build_takes(site: Site, talk: Path, tmp_path: Path) -> None:
    run = Run(tmp_path, site.video("a", talk, title="Talk \x1b[31m= red\n"))
    assert run.code == 0
    (source,) = read_list(tmp_path / "sources.csv").sources
    assert Path(source.path).read_bytes() == talk.read_bytes()
    assert Path(source.path).name == run.records[0]["name"] + ".mp4"
    assert source.url == site.root + "/watch/a"
    assert source.title == "Talk [31m= red"
    assert source.fetched_at == run.records[0]["fetched_at"] != ""
    assert run.records[0]["bytes_fetched"] >= talk.stat().st_size
    assert "nonverbal build" in run.text


def test_nothing_is_fetched_twice(site: Site, talk: Path, tmp_path: Path) -> None:
    page = site.video("a", talk)
    Run(tmp_path, page, site.root + "/gone")
    before = sum(site.count.values())
    again = Run(tmp_path, page, site.root + "/gone")
    assert again.code == 0
    assert sum(site.count.values()) == before
    assert "known from before                      │       2" in again.text


def test_lists_of_all_kinds(site: Site, talk: Path, tmp_path: Path) -> None:
    pages = [site.video(name, talk) for name in "abc"]
    feed = site.feed("/feed.rss", *pages[:2])
    names = tmp_path / "channels.txt"
    names.write_text(f"# remarks\n{feed}\n\n{pages[0]}\n")
    table = tmp_path / "more.csv"
    table.write_text(f"path,url,title\n,{pages[2]},\n{talk},,Local one\n")
    run = Run(tmp_path / "out", str(names), str(table))
    assert run.code == 0
    assert sorted(r["url"] for r in run.records) == pages
    assert [site.count[f"/media/{n}.mp4"] for n in "abc"] == [1, 1, 1]
    assert [row["path"] for row in run.rows if row["title"] == "Local one"] == [str(talk)]
    assert len(run.rows) == 4


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "E_FORBIDDEN"), (404, "E_REMOVED"), (410, "E_REMOVED"), (500, "E_FETCH"), (451, "E_REGION")],
)
def test_refusals_are_verdicts(site: Site, tmp_path: Path, status: int, reason: str) -> None:
    run = Run(tmp_path, site.page("/x", "no", status))
    assert (run.reasons, run.code) == ([reason], 4)
    assert site.count["/x"] == (3 if status == 500 else 1)


def test_retry_after_is_waited_for(site: Site, talk: Path, tmp_path: Path) -> None:
    page = site.video("a", talk)

    def busy(asked: Asked, answer: Callable[[Asked], None]) -> None:
        if site.count["/media/a.mp4"] == 1:
            asked.reply(429, b"", Retry_After="1")
        else:
            answer(asked)

    site.wrap("/media/a.mp4", busy)
    began = time.monotonic()
    assert Run(tmp_path, page).code == 0
    assert time.monotonic() - began >= 1.0


def test_a_host_that_is_asked_too_often_is_left_alone(site: Site, tmp_path: Path) -> None:
    for n in range(6):
        site.page(f"/{n}", "slow down", 429, Retry_After="100000")
    run = Run(tmp_path, *(f"{site.root}/{n}" for n in range(6)))
    assert run.reasons == ["E_RATE_LIMIT"] * 3
    assert sum(site.count.values()) == 3
    assert "3 were left for later" in run.text
    site.page("/5", "gone", 404)
    assert "E_REMOVED" in Run(tmp_path, f"{site.root}/5").reasons


def test_a_fetch_that_breaks_off_goes_on(site: Site, talk: Path, tmp_path: Path) -> None:
    body = talk.read_bytes()
    page = site.video("a", talk)

    def cut(asked: Asked, answer: Callable[[Asked], None]) -> None:
        if site.count["/media/a.mp4"] == 1:
            asked.send_response(200)
            asked.send_header("Content-Type", "video/mp4")
            asked.send_header("Content-Length", str(len(body)))
            asked.end_headers()
            asked.put(body[:400_000])
        else:
            answer(asked)

    site.wrap("/media/a.mp4", cut)
    run = Run(tmp_path, page)
    assert run.code == 0
    assert (tmp_path / run.rows[0]["path"]).read_bytes() == body
    assert [h.get("Range") for p, h in site.asked if p == "/media/a.mp4"][1] == f"bytes={400_000 - 16384}-"


def test_a_run_that_was_stopped_goes_on(site: Site, talk: Path, tmp_path: Path) -> None:
    """What came before --max-bytes ended the run is asked for no more, but for the overlap that proves the file."""
    page, size = site.video("a", talk), talk.stat().st_size
    first = Run(tmp_path, page, manners=replace(HASTY, max_bytes=600_000))
    assert "--max-bytes 600000 is reached" in first.text
    assert first.records == []
    part = next((tmp_path / ".nonverbal/partial").glob("*.part"))
    had = part.stat().st_size
    assert 500_000 < had < 700_000
    second = Run(tmp_path, page)
    assert (tmp_path / second.rows[0]["path"]).read_bytes() == talk.read_bytes()
    assert second.records[0]["bytes_fetched"] < size - had + 40_000


def test_a_part_of_another_file_is_thrown_away(site: Site, talk: Path, tmp_path: Path) -> None:
    page = site.video("a", talk)
    Run(tmp_path, page, manners=replace(HASTY, max_bytes=600_000))
    part = next((tmp_path / ".nonverbal/partial").glob("*.part"))
    part.write_bytes(bytes(part.stat().st_size))
    run = Run(tmp_path, page)
    assert (tmp_path / run.rows[0]["path"]).read_bytes() == talk.read_bytes()


def test_a_server_without_ranges_starts_over(site: Site, talk: Path, tmp_path: Path) -> None:
    page = site.video("a", talk)
    site.file("/media/a.mp4", talk.read_bytes(), "video/mp4", ranges=False)
    Run(tmp_path, page, manners=replace(HASTY, max_bytes=600_000))
    run = Run(tmp_path, page)
    assert (tmp_path / run.rows[0]["path"]).read_bytes() == talk.read_bytes()


def lying(kind: str, body: bytes, site: Site) -> Callable[[Asked], None]:
    """Servers that say one thing and send another."""

    def answer(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Type", "text/html" if kind == "page" else "video/mp4")
        lengths = {"too long": len(body) * 2, "too short": len(body) // 2, "huge": 10**15, "negative": -5}
        if kind in lengths:
            asked.send_header("Content-Length", str(lengths[kind]))
        if kind == "bomb":
            asked.send_header("Content-Encoding", "gzip")
        asked.end_headers()
        if kind == "endless":
            while site.count["stop"] == 0 and not asked.gone:
                asked.put(body)
        elif kind == "drip":
            for _ in range(100):
                if site.count["stop"] or asked.gone:
                    return
                asked.put(b"\0")
                time.sleep(0.05)
        elif kind == "bomb":
            asked.put(gzip.compress(bytes(200_000_000), 1))
        else:
            asked.put(b"<!DOCTYPE html><html>No</html>" if kind in ("page", "html") else body)

    return answer


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("too long", "E_TRUNCATED"),
        ("too short", "E_TRUNCATED"),
        ("huge", "E_TOO_BIG"),
        ("endless", "E_TOO_BIG"),
        ("html", "E_NOT_MEDIA"),
        ("page", "E_NOT_MEDIA"),
        ("drip", "E_TRUNCATED"),
        ("negative", ""),
    ],
)
def test_servers_that_lie(site: Site, talk: Path, tmp_path: Path, kind: str, reason: str) -> None:
    page, body = site.video("a", talk), talk.read_bytes()
    good = site.video("b", talk)
    site.answers["/media/a.mp4"] = lying(kind, body, site)
    run = Run(tmp_path, page, good, max_source_bytes=5_000_000, manners=replace(HASTY, timeout_s=0.4))
    site.count["stop"] = 1
    assert run.reasons == sorted(["", reason])
    assert len([n for n in run.left if n.endswith(".mp4")]) == (2 if not reason else 1)


def test_a_page_that_unpacks_to_gigabytes(site: Site, tmp_path: Path) -> None:
    bomb = gzip.compress(b"<html>" + b" " * 100_000_000, 6)
    kind = {"Content_Type": "text/html", "Content_Encoding": "gzip"}
    site.answers["/bomb"] = lambda asked: asked.reply(200, bomb, **kind)
    run = Run(tmp_path, site.root + "/bomb")
    assert run.reasons == ["E_TOO_BIG"]


def test_redirects(site: Site, talk: Path, tmp_path: Path) -> None:
    def to(path: str, place: str) -> str:
        site.answers[path] = lambda asked: asked.reply(302, b"", Location=place)
        return site.root + path

    page = site.video("a", talk)
    run = Run(
        tmp_path, to("/file", "file:///etc/passwd"), to("/ftp", "ftp://a.org/x"), to("/loop", "/loop"), to("/ok", page)
    )
    by_url = {r["url"].rsplit("/", 1)[-1]: r["reason"] for r in run.records}
    assert by_url["file"] == by_url["ftp"] == "E_ADDRESS"
    assert by_url["loop"] == "E_FETCH"
    assert run.code == 0


def test_no_private_host_is_asked(site: Site, talk: Path, tmp_path: Path) -> None:
    page = site.video("a", talk)
    run = Run(tmp_path, page, page.replace("127.0.0.1", "localhost"), allow_private_hosts=False)
    assert run.reasons == ["E_ADDRESS"] * 2
    assert site.asked == []


def test_a_list_leads_nowhere_private(site: Site, tmp_path: Path) -> None:
    """Entries of a playlist are addresses like any other: no file, no other protocol."""
    feed = site.feed("/f", "file:///etc/passwd", "ftp://a.org/x", "rtmp://a.org/x")
    run = Run(tmp_path, feed)
    assert set(run.reasons) == {"E_ADDRESS"}


def test_limits(site: Site, talk: Path, tmp_path: Path) -> None:
    pages = [site.video(n, talk) for n in "abc"]
    assert len(Run(tmp_path / "1", *pages, max_videos=2).records) == 2
    assert Run(tmp_path / "2", pages[0], max_source_bytes=1000).reasons == ["E_TOO_BIG"]
    again = Run(tmp_path / "2", pages[0])
    assert again.reasons == ["E_TOO_BIG"]
    assert Run(tmp_path / "2", pages[0], again=(Reason.E_TOO_BIG,)).reasons == [""]


def test_the_takedown_list(site: Site, talk: Path, tmp_path: Path) -> None:
    page, other = site.video("a", talk), site.video("b", talk)
    first = Run(tmp_path / "out", page)
    down = tmp_path / "down.txt"
    down.write_text(f"# asked for\n{page}\n{other}\n")
    site.asked.clear()
    run = Run(tmp_path / "out", page, other, takedown=down)
    assert run.reasons == ["E_TAKEDOWN"] * 2
    assert site.asked == []
    assert run.rows == []
    assert f"--source {first.records[0]['sha256']}" in run.text


def test_the_thumbnail_comes_before_the_media(site: Site, talk: Path, tmp_path: Path) -> None:
    import io

    import av
    import numpy as np

    def jpeg(rgb: Any) -> bytes:
        out = io.BytesIO()
        with av.open(out, "w", format="mjpeg") as file:
            stream = file.add_stream("mjpeg")
            stream.height, stream.width, stream.pix_fmt = (*rgb.shape[:2], "yuvj420p")
            for packet in (*stream.encode(av.VideoFrame.from_ndarray(rgb)), *stream.encode()):
                file.mux(packet)
        return out.getvalue()

    with av.open(str(talk)) as file:
        people = next(file.decode(video=0)).to_ndarray(format="rgb24")
    with_people = site.video("with", talk, jpeg(people))
    without = site.video("without", talk, jpeg(np.full((360, 640, 3), 90, np.uint8)))
    broken = site.video("broken", talk, b"\xff\xd8\xffno picture")
    run = Run(tmp_path, with_people, without, broken)
    assert {r["url"].rsplit("/", 1)[-1]: r["reason"] for r in run.records} == {
        "with": "",
        "without": "E_NO_PERSON",
        "broken": "",
    }
    assert site.count["/media/without.mp4"] == 0
    assert [(tmp_path / r["thumbnail"]).is_file() for r in run.rows if r["thumbnail"]] == [True, True]


def test_cookies_are_used_and_never_written(site: Site, talk: Path, tmp_path: Path) -> None:
    jar = tmp_path / "cookies.txt"
    text = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tsession\tverysecret\n"
    jar.write_text(text)
    page = site.video("a", talk)
    run = Run(tmp_path / "out", page, site.root + "/gone", cookies=jar)
    assert all("verysecret" in h.get("Cookie", "") for _, h in site.asked)
    assert jar.read_text() == text
    written = [p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert not any(b"verysecret" in data for data in written)
    assert "verysecret" not in run.text


def test_mistakes_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("file:///etc/passwd\n")
    (tmp_path / "bad.csv").write_text("adress\nhttps://a.org\n")
    (tmp_path / "jar").write_text("no cookies\n")
    for inputs, settings, told in (
        ((), {}, "nothing to collect"),
        (("ftp://a.org/x",), {}, "no http"),
        (("nowhere.txt",), {}, "neither"),
        ((str(tmp_path / "bad.txt"),), {}, "no http"),
        ((str(tmp_path / "bad.csv"),), {}, "unknown column"),
        (("https://a.org",), {"cookies": tmp_path / "jar"}, "no cookies.txt"),
        (("https://a.org",), {"takedown": tmp_path / "none"}, "cannot be read"),
        (("https://a.org",), {"proxy": "http://me:secret@proxy:1"}, "environment"),
        (("https://a.org",), {"js_runtime": tmp_path / "jar"}, "--js-runtime"),
        ((), {"search": ("two people",), "search_results": 0}, "--search-results"),
    ):
        with pytest.raises(UserError, match=told) as caught:
            Run(tmp_path / "out", *inputs, **settings)  # type: ignore[arg-type]
        assert "secret" not in str(caught.value)


def test_bars_where_somebody_looks(site: Site, talk: Path, tmp_path: Path) -> None:
    page = site.video("a", talk, title="[bold]not ours[/bold]")
    site.file("/media/a.mp4", talk.read_bytes(), "video/mp4", rate=2e6)
    run = Run(tmp_path, page, site.root + "/gone", terminal=True)
    for shown in ("fetched", "video", "/1.5 MB", "MB/s", "2 found"):
        assert shown in run.text


def test_one_run_at_a_time(site: Site, talk: Path, tmp_path: Path) -> None:
    with claim(tmp_path), pytest.raises(LockedError):
        Run(tmp_path, site.video("a", talk))


def test_what_failed_before_is_replaced_by_what_is_there_now(site: Site, talk: Path, tmp_path: Path) -> None:
    """A page that could not be read has no id; once it has one, the record of the failure goes."""
    url = site.page("/watch/a", "busy", 503)
    assert Run(tmp_path, url).reasons == ["E_FETCH"]
    site.video("a", talk)
    run = Run(tmp_path, url)
    assert run.reasons == [""]
    assert [r["key"] for r in run.records] == [f"Generic {url}"]


def test_a_mistake_of_a_site_stops_nobody(
    site: Site, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, other = site.video("a", talk), site.video("b", talk)
    whole = source.choose

    def choose(info: Any, *rest: Any) -> Any:
        if info["webpage_url"] == page:
            raise KeyError("formats")
        return whole(info, *rest)

    monkeypatch.setattr(source, "choose", choose)
    assert Run(tmp_path, page, other).reasons == ["", "E_CRASH"]


@pytest.mark.slow
def test_killed_again_and_again(site: Site, talk: Path, tmp_path: Path) -> None:
    """A run that is killed at any moment leaves nothing that looks whole, and the next one goes on."""
    pages = [site.video(name, talk) for name in "ab"]
    for name in "ab":
        site.file(f"/media/{name}.mp4", talk.read_bytes(), "video/mp4", rate=8e5)
    program = (
        "import sys\nfrom pathlib import Path\nfrom collect_site import HASTY, SHORT, Run\n"
        "print(Run(Path(sys.argv[1]), *sys.argv[2:]).code)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), *pages]
    for after_s in (2.5, 3.5, 4.5):
        child = subprocess.Popen(command, cwd=Path(__file__).parent, stdout=subprocess.DEVNULL)
        time.sleep(after_s)
        child.kill()
        child.wait()
        assert all(p.read_bytes() == talk.read_bytes() for p in tmp_path.glob("media/*"))
    run = Run(tmp_path, *pages)
    assert (run.code, run.reasons) == (0, ["", ""])
    assert [(tmp_path / row["path"]).read_bytes() for row in run.rows] == [talk.read_bytes()] * 2
    assert len(run.left) == 2


def test_half_a_page_is_no_page(site: Site, tmp_path: Path) -> None:
    html = b"<html><head><title>Half"
    site.answers["/half"] = lambda asked: asked.reply(200, html, Content_Type="text/html", Content_Length="100000")
    assert Run(tmp_path, site.root + "/half").reasons == ["E_FETCH"]
