"""The pages in Firefox: a dialogue plays, and the model answers in words and motion."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nonverbal.dataset.read import Dataset

WEB = Path(__file__).resolve().parents[2] / "web"
SCRIPT = WEB / "tests-browser" / "firefox.mjs"
LONGEST_S = 250
NEEDED = {"node": "node 20", "xvfb-run": "xvfb", "firefox-esr": "firefox-esr"}
"""Programs and the packages they come in. Firefox draws in WebGL only on a screen, so one is made up for it."""


@pytest.fixture(scope="module")
def seen(address: str, talks: Dataset) -> dict[str, Any]:
    """What Firefox saw of the viewer and the chat."""
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            pytest.skip(f"no {program}: install {package}")
    if not (WEB / "node_modules" / "puppeteer-core").is_dir():
        pytest.skip("no puppeteer-core: npm ci in web/")
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1280x900x24"]
    script = ["node", str(SCRIPT), address, talks.ids()[0], str(shutil.which("firefox-esr"))]
    return json.loads(_output([*screen, *script]))


def _output(command: list[str]) -> str:
    """What a command prints; all that it started ends with it."""
    environment = {**os.environ, "LIBGL_ALWAYS_SOFTWARE": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as run:
        try:
            told, trouble = run.communicate(timeout=LONGEST_S)
        except BaseException:
            os.killpg(run.pid, signal.SIGKILL)
            raise
    assert run.returncode == 0, trouble
    return told


def _moved(before: dict[str, list[float]], after: dict[str, list[float]]) -> int:
    """How many bones have turned."""
    return sum(max(abs(x - y) for x, y in zip(before[bone], after[bone], strict=True)) > 0.01 for bone in before)


@pytest.mark.slow
def test_a_dialogue_plays(seen: dict[str, Any], talks: Dataset) -> None:
    viewer = seen["viewer"]
    assert viewer["complaints"] == []
    assert viewer["before"]["stats"]["time_s"] == 0
    assert viewer["after"]["stats"]["time_s"] > 1.5
    assert viewer["after"]["stats"]["frames"] > viewer["before"]["stats"]["frames"] + 5
    assert len(viewer["before"]["bones"]) == 2
    for before, after in zip(viewer["before"]["bones"], viewer["after"]["bones"], strict=True):
        assert _moved(before, after) > 5
    for turn in talks.row(talks.ids()[0])["turns"]:
        assert turn["text"] in viewer["transcript"]


@pytest.mark.slow
def test_the_model_answers(seen: dict[str, Any]) -> None:
    chat = seen["chat"]
    assert chat["complaints"] == []
    assert len(chat["words"].split()) >= 2
    assert chat["after"]["stats"]["drawn"] > chat["before"]["stats"]["drawn"]
    assert _moved(chat["before"]["bones"][0], chat["after"]["bones"][0]) > 3
