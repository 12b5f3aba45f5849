"""A Hugging Face hub on this machine with models behind terms, and an interpreter with a made-up pyannote.audio.

The made-up package has the calls of the real one that are used, those of version 3 or 4, and hears two voices in
everything: the first two thirds and the last two thirds of the sound.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOKEN = "hf_" + "a" * 34
"""Of an account that accepted the terms."""
STRANGER = "hf_" + "b" * 34
"""Of one that did not."""
BLIND = "hf_" + "c" * 34
"""Of one that the hub shows nothing."""
COMMIT = "0123456789abcdef0123456789abcdef01234567"

_FILE = b"made up\n"
_ANSWERS: dict[str, tuple[int, str, str] | None] = {
    TOKEN: None,
    STRANGER: (403, "GatedRepo", "Access is restricted; ask for it on the page."),
    BLIND: (404, "RepoNotFound", "Repository not found"),
}

_PACKAGE = """
class _Segment:
    def __init__(self, start, end):
        self.start, self.end = start, end

class _Annotation:
    def __init__(self, seconds):
        self._seconds = seconds

    def itertracks(self, yield_label=False):
        assert yield_label
        yield _Segment(self._seconds / 3, self._seconds), "B", "SPEAKER_00"
        yield _Segment(0.0, self._seconds * 2 / 3), "A", "SPEAKER_01"

class _Output:
    def __init__(self, annotation):
        self.speaker_diarization = annotation

class Pipeline:
    @classmethod
    def from_pretrained(cls, {place}, {token}=None):
        import os
        from huggingface_hub import hf_hub_download
        assert os.environ["PYANNOTE_METRICS_ENABLED"] == "0"
        if not os.path.exists({place}):
            hf_hub_download({place}, "config.yaml")
        return cls()

    def to(self, device):
        return self

    def __call__(self, file, hook=None, max_speakers=None):
        waveform = file["waveform"]
        assert waveform.dtype.is_floating_point and waveform.shape[0] == 1 and file["sample_rate"] == 16000
        for done in range(5):
            hook("segmentation", None, file=file, total=4, completed=done)
        hook("speaker_counting", object())
        {answer}
"""


def write_interpreter(folder: Path, version: str = "4.0.7", broken: str = "") -> Path:
    """A program that is Python with pyannote.audio `version`, none for ""; `broken` is what importing it raises."""
    packages = folder / "packages"
    if version:
        (packages / "pyannote" / "audio").mkdir(parents=True)
        is_old = version.startswith("3")
        answer = "_Annotation(waveform.shape[1] / 16000)"
        code = _PACKAGE.replace("{place}", "checkpoint_path" if is_old else "checkpoint")
        code = code.replace("{token}", "use_auth_token" if is_old else "token")
        code = code.replace("{answer}", f"return {answer if is_old else f'_Output({answer})'}")
        (packages / "pyannote" / "audio" / "__init__.py").write_text(broken or code)
        about = packages / f"pyannote_audio-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pyannote.audio\nVersion: {version}\n")
    program = folder / "python"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{packages}" exec "{sys.executable}" "$@"\n')
    os.chmod(program, 0o755)
    return program


@contextmanager
def gated_hub() -> Iterator[tuple[str, list[str]]]:
    """The hub's address, and the files it was asked for so far."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            asked.append(self.path)
            self._answer(with_body=True)

        def _answer(self, with_body: bool) -> None:
            token = self.headers.get("authorization", "").removeprefix("Bearer ")
            found = _ANSWERS.get(token, (401, "", "Invalid credentials in Authorization header"))
            self.send_response(200 if found is None else found[0])
            if found is None:
                self.send_header("etag", hashlib.sha256(self.path.encode()).hexdigest())
                self.send_header("x-repo-commit", COMMIT)
            else:
                self.send_header("x-error-code", found[1])
                self.send_header("x-error-message", found[2])
            body = _FILE if found is None else b""
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, *told: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
