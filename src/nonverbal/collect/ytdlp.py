"""yt-dlp as a library: what an address holds, and media that come in parts; no other module knows it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonverbal.collect.addresses import Hosts
from nonverbal.collect.classify import verdict_of
from nonverbal.collect.formats import Format
from nonverbal.collect.manners import Gate
from nonverbal.collect.sandbox import belted
from nonverbal.verdicts import Reason, Reject, RejectedError, UserError

try:
    import yt_dlp
    from yt_dlp.downloader.dash import DashSegmentsFD
    from yt_dlp.downloader.hls import HlsFD
    from yt_dlp.globals import plugin_dirs
    from yt_dlp.networking.common import Request
    from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor
    from yt_dlp.utils import YoutubeDLError

    from nonverbal.collect.network import GuardedRH, guarded_handler
except ImportError as missing:
    raise UserError("collecting needs yt-dlp: pip install 'nonverbal[collect]'") from missing

_DEEPEST = 5
"""Playlists inside of playlists: a channel has tabs, a tab has lists."""
_GENERIC = ("Generic", "HTML5MediaEmbed")
"""Extractors whose ids are names of files and not their own: such a video is known by its address."""

_NO_PROGRAM = "/nonexistent/ffmpeg"
_PARAMS: dict[str, Any] = {
    "quiet": True,
    "no_warnings": True,
    "noprogress": True,
    "color": "never",
    "format": "all",  # the choice is made by `formats.choose`
    "extract_flat": "in_playlist",
    "lazy_playlist": True,
    "default_search": "error",
    "cachedir": False,
    "usenetrc": False,
    "geo_bypass": False,
    "enable_file_urls": False,
    "remote_components": (),
    "ffmpeg_location": _NO_PROGRAM,
    "hls_prefer_native": True,
    "retries": 0,  # trying again is the gate's business
    "extractor_retries": 0,
    "fragment_retries": 2,
    "skip_unavailable_fragments": False,
    "concurrent_fragment_downloads": 1,
    "nopart": False,
    "continuedl": True,
    "updatetime": False,
}
_RUNTIMES = {"deno": "deno", "node": "node", "nodejs": "node", "bun": "bun", "qjs": "quickjs", "quickjs": "quickjs"}


@dataclass(frozen=True, slots=True)
class Found:
    """A video at an address, before or after it was looked up.

    Attributes:
        url: of its page.
        key: the extractor and its id for the video, or the extractor and the address; empty when not known yet.
        video_id: the site's own id; empty when not known yet.
        asked: the address that led to it alone, and not to a list with it; empty where there was none.
        info: yt-dlp's record of it; None for one that a list only names.
        reject: why it could not be looked up.
    """

    url: str
    key: str = ""
    video_id: str = ""
    asked: str = ""
    info: Mapping[str, Any] | None = None
    reject: Reject | None = None


class _Ear:
    """Takes yt-dlp's messages, which may hold cookies and addresses with keys, and passes none on."""

    def debug(self, message: str) -> None: ...

    def info(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


class _Guarded(yt_dlp.YoutubeDL):
    """yt-dlp with one way to the network."""

    guard: Callable[..., GuardedRH]

    @property
    def _request_director(self) -> Any:
        if "_director" not in self.__dict__:
            self.__dict__["_director"] = self.build_request_director([self.guard])
        return self.__dict__["_director"]


@dataclass
class Session:
    """An open yt-dlp. Everything that it does on the network passes `gate` and `hosts`."""

    ydl: Any
    gate: Gate
    hosts: Hosts
    programs: frozenset[str]

    def videos(self, url: str, skip: Callable[[Found], bool]) -> Iterator[Found]:
        """The videos at an address, lists followed one entry at a time; what fails comes with its verdict.

        Args:
            skip: asked about everything that a list names before it is looked up: known ones need no request.
        """
        yield from self._walk(Found(url), skip, 0)

    def _walk(self, found: Found, skip: Callable[[Found], bool], depth: int) -> Iterator[Found]:
        if depth > _DEEPEST:
            reject = Reject(Reason.E_UNSUPPORTED, f"{found.url}: lists inside of lists, deeper than {_DEEPEST}")
            yield Found(found.url, reject=reject)
            return
        if skip(found):
            return
        try:
            with self._guarded(found.url):
                raw = self.ydl.extract_info(found.url, download=False, process=False)
                if raw is None:
                    raise RejectedError(Reason.E_UNSUPPORTED, f"{found.url}: nothing was found there")
                kind = raw.get("_type", "video")
                if kind == "video":
                    found = self._looked_up(raw, found.url, found.url)
        except RejectedError as error:
            yield Found(found.url, found.key, found.video_id, reject=error.reject)
            return
        if kind == "video":
            yield found
        elif kind in ("url", "url_transparent"):
            yield from self._walk(self._named(raw, found.url), skip, depth + 1)
        else:
            yield from self._entries(raw, found.url, skip, depth)

    def _entries(self, raw: dict[str, Any], url: str, skip: Callable[[Found], bool], depth: int) -> Iterator[Found]:
        entries = iter(raw.get("entries") or ())
        while True:
            try:
                with self._guarded(url):
                    entry = next(entries, None)
                    if entry is None:
                        return
                    is_video = entry.get("_type", "video") == "video"
                    found = self._known(entry, url) if is_video else self._named(entry, url)
                    if is_video and not skip(found):
                        found = self._looked_up(entry, url, "")
            except RejectedError as error:
                yield Found(url, reject=error.reject)
                return
            if not is_video:
                yield from self._walk(found, skip, depth + 1)
            elif found.info is not None:
                yield found

    def _named(self, entry: Mapping[str, Any], parent: str) -> Found:
        url = str(entry.get("url") or "")
        if "://" not in url and entry.get("ie_key") and entry.get("id"):
            url = str(entry.get("webpage_url") or url)
        ie, video_id = str(entry.get("ie_key") or ""), str(entry.get("id") or "")
        key = f"{ie} {video_id}" if ie and video_id and ie not in _GENERIC else ""
        if "://" in url:
            self.hosts.check_url(url)
        return Found(url or parent, key, video_id)

    def _known(self, raw: Mapping[str, Any], url: str) -> Found:
        """What is known of a video from its record alone."""
        ie = str(raw.get("extractor_key") or raw.get("ie_key") or "Generic")
        page = str(raw.get("webpage_url") or raw.get("original_url") or url)
        video_id = str(raw.get("id") or "")
        return Found(page, f"{ie} {page if ie in _GENERIC else video_id}", video_id)

    def _looked_up(self, raw: dict[str, Any], url: str, asked: str) -> Found:
        raw.setdefault("extractor", "generic")
        raw.setdefault("extractor_key", "Generic")
        raw.setdefault("webpage_url", url)
        raw.setdefault("original_url", url)
        known = self._known(raw, url)
        info = self.ydl.process_ie_result(raw, download=False)
        return Found(known.url, known.key, known.video_id, asked, info)

    @contextmanager
    def opened(self, url: str, headers: Mapping[str, str]) -> Iterator[Any]:
        """The answer to a GET: `status`, `headers`, `read(n)`.

        Raises:
            RejectedError: there is none, or it ends with an error while it is read.
        """
        with self._guarded(url):
            answer = self.ydl.urlopen(Request(url, headers=dict(headers)))
            try:
                yield answer
            finally:
                answer.close()

    def fetch_parts(self, chosen: Format, path: Path, on_bytes: Callable[[int], None]) -> None:
        """Fetches media that come as a list of parts (HLS, DASH) into one file, going on where it was broken off.

        Raises:
            RejectedError: it could not be fetched as a whole.
        """
        kind = DashSegmentsFD if chosen.protocol == "http_dash_segments" else HlsFD
        downloader = kind(self.ydl, self.ydl.params)
        downloader.add_progress_hook(lambda state: on_bytes(int(state.get("downloaded_bytes") or 0)))
        with self._guarded(chosen.url):
            done = downloader.download(str(path), dict(chosen.raw))
        if not (done[0] if isinstance(done, tuple) else done) or not path.exists():
            raise RejectedError(Reason.E_FETCH, f"{chosen.url.split('?')[0]}: a part of it could not be fetched")

    @contextmanager
    def _guarded(self, url: str) -> Iterator[None]:
        """Turns whatever yt-dlp raises into a verdict; an extractor's own failures are among it."""
        try:
            with belted(self.hosts, self.programs):
                yield
        except RejectedError:
            raise
        except (YoutubeDLError, OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            reject = verdict_of(error, url)
            raise RejectedError(reject.reason, reject.message) from error


@contextmanager
def open_session(
    gate: Gate, hosts: Hosts, cookies: Path | None, proxy: str, js_runtime: Path | None
) -> Iterator[Session]:
    """A yt-dlp that reads no settings of its own, keeps no cache, loads no plugin and starts no program.

    Args:
        cookies: a cookies.txt; it is read and never written.
        js_runtime: the one program that extractors may start (deno, node, bun, qjs).

    Raises:
        UserError: the cookies or the runtime cannot be used.
    """
    plugin_dirs.value = []
    FFmpegPostProcessor._ffmpeg_location.set(_NO_PROGRAM)  # where it looks without asking the settings below
    runtimes = {_runtime(js_runtime): {"path": str(js_runtime)}} if js_runtime else {}
    params = _PARAMS | {
        "logger": _Ear(),
        "js_runtimes": runtimes,
        "socket_timeout": gate.manners.timeout_s,
        "proxy": proxy or None,
        "cookiefile": _cookies(cookies),
    }
    try:
        ydl = _Guarded(params, auto_init="no_verbose_header")
        ydl.guard = guarded_handler(gate, hosts)
        for given in {p for p in ydl.proxies.values() if p and p != "__noproxy__"}:
            hosts.grant(given)
        _ = ydl.cookiejar
    except (YoutubeDLError, ValueError) as error:
        raise UserError(f"the settings for the network cannot be used: {str(error).split(chr(10))[0]}") from error
    try:
        yield Session(ydl, gate, hosts, frozenset({str(js_runtime.resolve())} if js_runtime else ()))
    finally:
        ydl.__dict__.pop("_director", None)


def search_address(words: str, count: int) -> str:
    """What yt-dlp takes for a search on YouTube."""
    return f"ytsearch{count}:{words}"


def _runtime(path: Path) -> str:
    """yt-dlp's name for a JavaScript runtime, by that of its program."""
    name = _RUNTIMES.get(path.stem)
    if name is None or not path.is_file():
        raise UserError(f"--js-runtime {path}: expected the path of a program named {', '.join(_RUNTIMES)}")
    return name


def _cookies(path: Path | None) -> io.StringIO | None:
    """The cookies in memory, since yt-dlp would write the file anew when it ends."""
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: the cookies cannot be read ({error}); expected a cookies.txt") from error
    first = next(itertools.chain((line for line in text.splitlines() if line.strip()), [""]))
    if not first.startswith("#") and first.count("\t") != 6:
        raise UserError(f"{path} is no cookies.txt: expected lines of seven values with tabs between them")
    return io.StringIO(text)
