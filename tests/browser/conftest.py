"""Pages as people meet them: Chromium without a screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsers import SOFTWARE_GL, WAIT_MS, chromium
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from study_of_clips import CONDITIONS, ITEMS, THREE_PAIRS, StudyRun, study_of

from nonverbal import cli
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.serve.background import serving
from study.studies import motion_folders

expect.set_options(timeout=WAIT_MS / 2)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, drawing in software; closed after each module, since other tests run event loops of their own."""
    with chromium(*SOFTWARE_GL) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page; the test fails if the page throws or complains."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page, complaints = context.new_page(), list[str]()
    page.set_default_timeout(WAIT_MS)
    page.on("pageerror", lambda error: complaints.append(f"thrown: {error}"))
    page.on("console", lambda message: complaints.extend(_complaint(message)))
    page.complaints = complaints  # type: ignore[attr-defined]  # for tests that provoke some
    yield page
    context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="session")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Six half-minute talks of the studio."""
    out = tmp_path_factory.mktemp("viewer") / "talks"
    arguments = ["studio", "--truth-only", "--hours", "0.05", "--minutes", "0.5", "--seed", "77"]
    assert cli.main([*arguments, "--out", str(out)]) == 0
    return open_dataset(out)


@pytest.fixture(scope="session")
def address(talks: Dataset) -> Iterator[str]:
    """Where the chat with the model that ships, and the viewer of `talks`, are served."""
    with serving("serve", "--model", "demo", "--dataset", talks.root) as address:
        yield address


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyRun]:
    """A study of three clips of a second in two conditions, which raters can begin."""
    folder = tmp_path_factory.mktemp("study")
    clips = motion_folders(folder, CONDITIONS, ITEMS, seconds=1.0)
    with study_of(folder / "ratings.csv", *clips, *THREE_PAIRS, "--seed", "5") as run:
        yield run


def _complaint(message: ConsoleMessage) -> list[str]:
    return [f"console: {message.text} {message.location}"] if message.type == "error" else []
