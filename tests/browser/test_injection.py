"""Nothing that a dataset says runs in the page that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hostile_dataset import hostile_dataset
from nonverbal.dataset.read import open_dataset
from nonverbal.serve.background import serving

INJECTED = "() => window.injected ?? null"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "dataset"
    assert len(hostile_dataset(folder)) == 50
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serving("view", folder) as address:
        yield address


def _frames(page: Page) -> int:
    return len(page.frames)


def test_fifty_texts_in_lists_and_tables_stay_text(page: Page, address: str) -> None:
    page.goto(f"{address}/viewer")
    expect(page.get_by_test_id("dialogues").get_by_role("listitem")).to_have_count(50)
    expect(page.get_by_text("<script>window.injected=1</script>").first).to_be_visible()
    page.get_by_text("Filters", exact=True).click()
    page.locator("#filter-harmful").check()
    expect(page.get_by_test_id("dialogues").get_by_role("listitem")).to_have_count(50)
    page.get_by_role("searchbox").fill("<img src=x onerror=window.injected=1>")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    for view in ("clips", "statistics", "map"):
        page.goto(f"{address}/viewer?page={view}")
        expect(page.locator("main")).to_have_attribute("aria-busy", "false")
        assert page.evaluate(INJECTED) is None
        assert _frames(page) == 1


@pytest.mark.slow
def test_fifty_transcripts_stay_text(page: Page, address: str, folder: Path) -> None:
    for dialogue in open_dataset(folder).ids():
        page.goto(f"{address}/viewer?dialogue={dialogue}")
        expect(page.get_by_test_id("transcript")).to_be_visible()
        page.get_by_test_id("reveal").click()
        expect(page.get_by_test_id("reveal")).to_have_count(0)
        page.evaluate("() => window.nonverbal.ready")
        assert page.evaluate(INJECTED) is None
        assert _frames(page) == 1
        expect(page.get_by_test_id("transcript").locator("script, img, svg, iframe, form, a")).to_have_count(0)


def test_texts_in_the_address_stay_text(page: Page, address: str) -> None:
    for query in ("dialogue=<script>window.injected=1</script>", "page=<img src=x onerror=window.injected=1>", "t=NaN"):
        page.goto(f"{address}/viewer?{query}&q=<svg onload=window.injected=1>")
        expect(page.locator("main")).to_have_attribute("aria-busy", "false")
        assert page.evaluate(INJECTED) is None
    page.complaints.clear()  # type: ignore[attr-defined]  # the browser's own note of a 404


def test_inline_script_would_not_run(page: Page, address: str) -> None:
    """The policy holds even where markup comes in."""
    page.goto(f"{address}/viewer")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.injected = 1";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=window.injected=1>");
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate(INJECTED) is None
    assert any("Content Security Policy" in text for text in page.complaints)  # type: ignore[attr-defined]
    page.complaints.clear()  # type: ignore[attr-defined]
