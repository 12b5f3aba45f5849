"""A small Hugging Face hub on this machine: one dataset at one commit, served from a folder."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "someone/VENUS-1K"


@contextmanager
def serving(folder: Path, revision: str = "main") -> Iterator[tuple[str, list[str]]]:
    """The server's address, and the paths it was asked for so far."""
    asked: list[str] = []
    at_commit = f"/revision/{COMMIT}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if found := re.fullmatch(rf"/datasets/{REPOSITORY}/resolve/{COMMIT}/(.*)", self.path):
                self._send(folder / found[1])
            elif self.path.startswith(f"/api/datasets/{REPOSITORY}/tree/{COMMIT}"):
                self._answer([_entry(folder, name) for name in _names(folder)])
            elif self.path in [f"/api/datasets/{REPOSITORY}{end}" for end in ("", f"/revision/{revision}", at_commit)]:
                siblings = [{"rfilename": name} for name in _names(folder)]
                self._answer({"id": REPOSITORY, "sha": COMMIT, "siblings": siblings})
            else:
                self._answer({"error": "Revision Not Found"}, 404)

        def _answer(self, value: Any, status: int = 200) -> None:
            body = json.dumps(value).encode()
            self._reply(status, body)

        def _send(self, path: Path) -> None:
            body = path.read_bytes()
            if wanted := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", "")):
                body = body[int(wanted[1]) : int(wanted[2]) + 1]
            self._reply(206, body)

        def _reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def _names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]


def _entry(folder: Path, name: str) -> dict[str, Any]:
    return {"type": "file", "path": name, "size": (folder / name).stat().st_size, "oid": name}
