"""Media for these tests that take seconds to make, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from people import directors_cut


@pytest.fixture(scope="session")
def cut_video(shared_media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real dialogue as several cameras would show it; see `people.directors_cut`."""
    return directors_cut(shared_media, tmp_path_factory.mktemp("cut") / "cut.mp4")
