"""What yt-dlp may and may not do on the network, on the level below the command."""

from __future__ import annotations

import socket
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collect_site import Site

from nonverbal.collect import ytdlp
from nonverbal.collect.addresses import Hosts
from nonverbal.collect.inputs import read_inputs
from nonverbal.collect.manners import Gate, Manners
from nonverbal.collect.ytdlp import Found, open_session
from nonverbal.verdicts import Reason, RejectedError, UserError

HASTY = Manners(pause_s=0, video_pause_s=0, backoff_s=0.02, rate_limit=0, tries=2, timeout_s=1.0)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names and the addresses that asking for them gives, one after the other; the last one stays."""
    known: dict[str, list[str]] = {}

    def answers(host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        address = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    return known


def fetch(url: str, hosts: Hosts, headers: dict[str, str] | None = None, manners: Manners = HASTY) -> bytes:
    with open_session(Gate(manners), hosts, None, "", None) as session, session.opened(url, headers or {}) as answer:
        data: bytes = answer.read()
        return data


def test_a_name_is_asked_for_once_a_connection(site: Site, names: dict[str, list[str]]) -> None:
    """Rebinding: the second answer would be another machine, and is never asked for."""
    site.page("/x", "hello")
    port = site.root.rsplit(":", 1)[1]
    names["a.example"] = ["127.0.0.1", "127.0.0.2"]
    hosts = Hosts(granted={"127.0.0.1"})  # stands for a public address
    assert fetch(f"http://a.example:{port}/x", hosts) == b"hello"
    with pytest.raises(RejectedError) as caught:
        fetch(f"http://a.example:{port}/x", hosts)
    assert caught.value.reject.reason is Reason.E_ADDRESS
    assert site.count["/x"] == 1


@pytest.mark.parametrize("belt", [True, False])
@pytest.mark.parametrize(
    "place", ["http://10.0.0.1/x", "http://inner.example/x", "file:///etc/passwd", "http://[::1]/x"]
)
def test_redirects_from_a_public_host_to_a_private_one(
    site: Site, names: dict[str, list[str]], place: str, belt: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler of requests holds by itself; the belt below it is for what does not go through it."""
    if not belt:
        monkeypatch.setattr(ytdlp, "belted", lambda *_: nullcontext())
    site.answers["/r"] = lambda asked: asked.reply(302, b"", Location=place)
    names["a.example"], names["inner.example"] = ["127.0.0.1"], ["192.168.0.7"]
    with pytest.raises(RejectedError) as caught:
        fetch(f"http://a.example:{site.root.rsplit(':', 1)[1]}/r", Hosts(granted={"127.0.0.1"}))
    assert caught.value.reject.reason is Reason.E_ADDRESS


def test_a_password_does_not_follow_a_redirect(site: Site, names: dict[str, list[str]]) -> None:
    port = site.root.rsplit(":", 1)[1]
    names["a.example"] = names["b.example"] = ["127.0.0.1"]
    site.answers["/r"] = lambda asked: asked.reply(302, b"", Location=f"http://b.example:{port}/x")
    site.page("/x", "hello")
    url = f"http://me:secret@a.example:{port}/r"
    assert fetch(url, Hosts(granted={"127.0.0.1"}), {"Cookie": "k=v"}) == b"hello"
    (_, first), (_, second) = site.asked
    assert "Authorization" in first
    assert "Authorization" not in second
    assert "Cookie" not in second


def test_an_unknown_name_is_asked_for_once(names: dict[str, list[str]]) -> None:
    with pytest.raises(RejectedError) as caught:
        fetch("http://nobody.example/", Hosts())
    assert caught.value.reject.reason is Reason.E_FETCH


def test_a_head_that_drips_is_cut(site: Site) -> None:
    import time

    def drip(asked: Any) -> None:
        asked.put(b"HTTP/1.1 200 OK\r\n")
        for n in range(200):
            if asked.gone:
                return
            asked.put(f"X-{n}: 1\r\n".encode())
            time.sleep(0.1)

    site.answers["/drip"] = drip
    began = time.monotonic()
    with pytest.raises(RejectedError) as caught:
        fetch(site.root + "/drip", Hosts(allow_private=True), manners=replace(HASTY, tries=1, timeout_s=0.4))
    assert caught.value.reject.reason is Reason.E_FETCH
    assert time.monotonic() - began < 8.0


def test_nothing_of_the_machine_gets_into_the_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Plugins and settings that lie about are not loaded, and there is one handler of requests."""
    from yt_dlp.globals import all_plugins_loaded

    monkeypatch.setattr(all_plugins_loaded, "value", False)
    plugin = tmp_path / "yt_dlp_plugins" / "extractor"
    plugin.mkdir(parents=True)
    (plugin / "bad.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "yt-dlp.conf").write_text(f"--exec 'touch {tmp_path / 'ran'}'\n")
    with open_session(Gate(HASTY), Hosts(), None, "", None) as session:
        assert list(session.ydl._request_director.handlers) == ["Guarded"]
        assert session.ydl.params["js_runtimes"] == {}
        assert not session.ydl.params.get("postprocessors")
    assert not (tmp_path / "ran").exists()


def test_only_http_is_ever_sent() -> None:
    with open_session(Gate(HASTY), Hosts(allow_private=True), None, "", None) as session:
        for url in ("file:///etc/hostname", "data:text/plain,x", "ftp://a.org/x"):
            with pytest.raises(RejectedError), session.opened(url, {}) as answer:
                answer.read()


def test_a_search_is_for_youtube_alone() -> None:
    """The words of a search are data: they cannot name another extractor or an address."""
    assert read_inputs((), ("two person podcast",), 5).addresses == ("ytsearch5:two person podcast",)
    from yt_dlp.extractor import get_info_extractor

    assert get_info_extractor("YoutubeSearch").suitable("ytsearch5:file:///etc/passwd")


def test_a_list_may_hold_files_and_addresses(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text("path,url,title\na.mp4,,One\n,https://a.org/v,\n")
    found = read_inputs((str(path),), (), 5)
    assert found.addresses == ("https://a.org/v",)
    assert [(source.path, source.title) for source in found.local] == [(str(tmp_path / "a.mp4"), "One")]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ('{"path": 5, "url": ""}', "line 1: path is 5, expected text"),
        ('{"path": "a\\u0000b", "url": ""}', "which no file can be named"),
        ('{"title": "x"}', "line 1: no path and no url"),
        ('{"url": "ftp://a.org/v"}', "no http"),
    ],
)
def test_a_wrong_row_of_a_list_is_one_sentence(tmp_path: Path, row: str, sentence: str) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text(f'{row}\n{{"url": "https://a.org/v"}}\n')
    with pytest.raises(UserError, match=sentence):
        read_inputs((str(path),), (), 5)


def test_lists_inside_of_lists_end(site: Site) -> None:
    site.feed("/f", site.root + "/f")
    with open_session(Gate(HASTY), Hosts(allow_private=True), None, "", None) as session:
        found = list(session.videos(site.root + "/f", lambda _: False))
    assert [f.reject.reason for f in found if f.reject] == [Reason.E_UNSUPPORTED]
    assert isinstance(found[0], Found)
    assert site.count["/f"] <= 8


def test_a_proxy_carries_the_requests(site: Site, names: dict[str, list[str]]) -> None:
    """The proxy that the user named may stand anywhere; what is asked of it may not."""
    site.answers["http://far.example/x"] = lambda asked: asked.reply(200, b"by proxy")
    port = site.root.rsplit(":", 1)[1]
    names["proxy.example"], names["inner.example"] = ["127.0.0.1"], ["10.0.0.7"]
    with open_session(Gate(HASTY), Hosts(), None, f"http://proxy.example:{port}", None) as session:
        with session.opened("http://far.example/x", {}) as answer:
            assert answer.read() == b"by proxy"
        for private in ("http://10.0.0.7/x", "http://inner.example/x", f"http://127.0.0.1:{port}/x"):
            with pytest.raises(RejectedError) as caught, session.opened(private, {}):
                pass
            assert caught.value.reject.reason is Reason.E_ADDRESS
    assert len(site.asked) == 1
