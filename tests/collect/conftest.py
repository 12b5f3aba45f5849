"""The site that the tests of collecting read, served from a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
from collect_site import Asked, Site

_NEED_YT_DLP = ["test_collect_site.py", "test_session.py", "test_audio_first.py", "test_classify.py"]
collect_ignore = [] if find_spec("yt_dlp") else _NEED_YT_DLP


@pytest.fixture
def site() -> Iterator[Site]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    server.daemon_threads = True
    server.block_on_close = False
    made = Site(f"http://127.0.0.1:{server.server_port}")
    server.site = made  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def talk(shared_media: Path) -> Path:
    return shared_media / "dialogue" / "grid_dialogue_9s.mp4"
