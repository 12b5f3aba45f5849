"""Fixtures that more than one test file uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _shared(name: str) -> Path:
    folder = Path(os.environ.get("NONVERBAL_SHARED", ROOT.parent / "shared")) / name
    if not folder.is_dir():
        pytest.skip(f"the shared folder {folder} is absent; set NONVERBAL_SHARED to where it lies")
    return folder


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real recordings that lies beside the checkout."""
    return _shared("media")


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The folder of weights for optional models that lies beside the checkout."""
    return _shared("models")
