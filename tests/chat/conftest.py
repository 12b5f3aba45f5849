"""A model that nobody trained, in a folder, with untrained tokenizers of face and body."""

from __future__ import annotations

from pathlib import Path

import pytest
from untrained import SMALL, TEXTS, untrained

from nonverbal.mars.base import load_base
from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.store import Mars, load_mars, new_mars, save_mars


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model."""
    tokenizers = {"face": untrained("arkit52", 1), "body": untrained("smplx117", 2)}
    parts = tuple(PartVocab(name, t.codebook_size, t.num_codebooks, t.hash) for name, t in tokenizers.items())
    mars = new_mars(load_base("tiny", TEXTS, 3, SMALL), StreamConfig(parts), tokenizers, 4)
    folder = tmp_path_factory.mktemp("model")
    save_mars(mars, folder)
    return folder


@pytest.fixture(scope="session")
def mars(model_folder: Path) -> Mars:
    return load_mars(model_folder)
