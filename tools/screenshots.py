"""Pictures of the pages for the documentation, from headless Chromium: docs/viewer.jpg, docs/chat.jpg, docs/study.jpg.

python tools/screenshots.py DATASET [--media FOLDER] [--model demo]
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from nonverbal.dataset.read import open_dataset
from nonverbal.serve.background import serving

DOCS = Path(__file__).resolve().parent.parent / "docs"
SIZE = {"width": 1280, "height": 800}
SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
QUALITY = 82
STILL_MS = 2000
"""After which a picture that stands is drawn smooth."""
FULL_RATIO = "() => window.nonverbal.stage.fixPixelRatio(1)"
"""As with a graphics card; without one, moving pictures have fewer pixels."""


def main() -> None:
    """Makes all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--media", type=Path, help="folder of the films that the dataset was made from")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--at", type=float, default=12.0, help="seconds into the first dialogue")
    given = parser.parse_args()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SOFTWARE_GL + sandbox)
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(120_000)
        media = ["--media", given.media] if given.media else []
        with serving("view", given.dataset, *media) as address:
            viewer(page, address, open_dataset(given.dataset).ids()[0], given.at)
        with serving("serve", "--model", given.model) as address:
            chat(page, address)
        with tempfile.TemporaryDirectory() as folder:
            arguments = [f"true={given.dataset}", f"mirrored={given.dataset}", "--out", f"{folder}/ratings.csv"]
            with serving("study", *arguments, "--items", "4") as address:
                study(page, address)


def viewer(page: Page, address: str, dialogue: str, at_s: float) -> None:
    """Two avatars in the middle of a dialogue."""
    page.goto(f"{address}/viewer?dialogue={dialogue}&t={at_s}")
    page.locator("#main[data-dialogue=shown]").wait_for()
    page.evaluate("() => window.nonverbal.ready")
    page.keyboard.press("k")
    page.wait_for_function(f"() => window.nonverbal.stats().time_s > {at_s + 2}")
    page.keyboard.press("k")
    page.wait_for_timeout(STILL_MS)
    keep(page, "viewer")


def chat(page: Page, address: str) -> None:
    """An avatar that answers."""
    page.goto(f"{address}/chat")
    page.evaluate("() => window.nonverbal.ready")
    page.evaluate(FULL_RATIO)
    for text in ("Hello! How are you today?", "Do you like music?"):
        page.locator("#say").fill(text)
        page.locator("#say").press("Enter")
        page.wait_for_function("() => document.querySelector('#doing').dataset.doing === 'speaking'")
        page.wait_for_timeout(1500)
        if text.startswith("Hello"):
            page.wait_for_function("() => document.querySelector('#doing').dataset.doing === 'rest'")
    page.locator("#show-steps").click()
    keep(page, "chat")


def study(page: Page, address: str) -> None:
    """A pair to be rated."""
    page.goto(f"{address}/study")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Begin").click()
    page.evaluate("() => window.nonverbal.ready")
    page.keyboard.press("Space")
    page.wait_for_timeout(2 * STILL_MS)
    keep(page, "study")


def keep(page: Page, name: str) -> None:
    """Writes what the page shows."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(DOCS / f"{name}.jpg", quality=QUALITY, optimize=True)
    print(f"docs/{name}.jpg {(DOCS / f'{name}.jpg').stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
