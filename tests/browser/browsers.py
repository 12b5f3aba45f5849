"""Chromium, for tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

import nonverbal

PAGES = Path(nonverbal.__file__).parent / "serve" / "pages"
SOFTWARE_GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
WAIT_MS = 60_000
"""How long a page may take on a busy machine; nothing is expected to take long."""


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Chromium with these switches."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: apt-get install chromium")
    if not (PAGES / "viewer.html").exists():
        pytest.skip("the pages are not built: make web")
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()  # chromium has none for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*arguments, *sandbox])
        yield browser
        browser.close()
