"""A site on this machine for yt-dlp to read: pages, lists and media, and every way in which a server can misbehave."""

from __future__ import annotations

import csv
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from nonverbal.collect.command import Collect
from nonverbal.collect.filters import Filters
from nonverbal.collect.manners import Manners
from nonverbal.venus.segment import Segment

HASTY = Manners(pause_s=0, video_pause_s=0, backoff_s=0.02, rate_limit=0, tries=3, timeout_s=1.0)
SHORT = Filters(segment=Segment(skip_intro_s=0, clip_s=5, min_clip_s=5))
"""For media of a few seconds; audio is heard in the slow test below."""

Answer = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request; `site` of the server says what to answer."""

    protocol_version = "HTTP/1.1"
    gone = False

    def do_GET(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        path = self.path.split("?")[0]
        site.asked.append((path, dict(self.headers)))
        site.count[path] += 1
        answer = site.answers.get(path)
        if answer is None:
            self.reply(404, b"nothing here")
        else:
            answer(self)
        self.close_connection = True

    do_HEAD = do_GET

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in (
            {"Content-Length": str(len(body))} | {k.replace("_", "-"): v for k, v in headers.items()}
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.put(body)

    def put(self, body: bytes) -> None:
        try:
            self.wfile.write(body)
        except OSError:
            self.gone = True

    def log_message(self, *_: Any) -> None: ...


@dataclass
class Site:
    """What is served, and what was asked for."""

    root: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)

    def page(self, path: str, html: str, status: int = 200, **headers: str) -> str:
        """Serves a page; returns its address."""
        kind = {"Content_Type": "text/html; charset=utf-8"} | headers
        self.answers[path] = lambda asked: asked.reply(status, html.encode(), **kind)
        return self.root + path

    def file(self, path: str, body: bytes, kind: str, rate: float = 0.0, ranges: bool = True) -> str:
        """Serves a file, with ranges, at up to `rate` bytes a second."""

        def answer(asked: Asked) -> None:
            begin, end = 0, len(body)
            span = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("Range") or "")
            if span and ranges:
                begin, end = int(span[1]), min(len(body), int(span[2]) + 1) if span[2] else len(body)
                asked.send_response(206)
                asked.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(body)}")
            else:
                asked.send_response(200)
            asked.send_header("Content-Type", kind)
            asked.send_header("Content-Length", str(end - begin))
            asked.end_headers()
            if asked.command == "HEAD":
                return
            step = max(1, int(rate / 20)) if rate else len(body)
            for at in range(begin, end, step):
                asked.put(body[at : min(at + step, end)])
                if rate:
                    time.sleep(0.05)

        self.answers[path] = answer
        return self.root + path

    def video(self, name: str, media: Path, thumbnail: bytes = b"", title: str = "Two people talk") -> str:
        """Serves a video with its page; returns the page's address."""
        self.file(f"/media/{name}.mp4", media.read_bytes(), "video/mp4")
        picture = ""
        if thumbnail:
            self.file(f"/media/{name}.jpg", thumbnail, "image/jpeg")
            picture = f'<meta property="og:image" content="{self.root}/media/{name}.jpg">'
        return self.page(
            f"/watch/{name}",
            f'<html><head><title>{title}</title><meta property="og:title" content="{title}">{picture}'
            f'<meta property="og:video" content="{self.root}/media/{name}.mp4">'
            f'<meta property="og:video:type" content="video/mp4"></head></html>',
        )

    def feed(self, path: str, *links: str) -> str:
        """Serves a list of addresses, which yt-dlp takes for a playlist."""
        items = "".join(f"<item><title>{n}</title><link>{link}</link></item>" for n, link in enumerate(links))
        text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'
        return self.page(path, text, Content_Type="application/rss+xml")

    def wrap(self, path: str, change: Callable[[Asked, Answer], None]) -> None:
        """Puts another behaviour around what is served at a path."""
        before = self.answers[path]
        self.answers[path] = lambda asked: change(asked, before)


class Run:
    """One run of the command."""

    def __init__(self, out: Path, *inputs: str, **settings: Any) -> None:
        plain: dict[str, Any] = {"audio_first": False, "allow_private_hosts": True, "manners": HASTY, "filters": SHORT}
        text = StringIO()
        terminal = bool(settings.pop("terminal", False))
        self.out = out
        self.code = Collect(inputs, out, **(plain | settings)).run(
            Console(file=text, width=200, force_terminal=terminal)
        )
        self.text = text.getvalue()
        self.records = [json.loads(p.read_text()) for p in sorted((out / "records").glob("*.json"))]
        with (out / "sources.csv").open() as file:
            self.rows = list(csv.DictReader(file))

    @property
    def reasons(self) -> list[str]:
        return sorted(r["reason"] for r in self.records)

    @property
    def left(self) -> list[str]:
        """What lies in the folders of media and of parts."""
        return sorted(p.name for d in ("media", ".nonverbal/partial") for p in (self.out / d).iterdir())
