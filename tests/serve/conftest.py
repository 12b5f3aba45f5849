"""A server with the hostile dataset in its viewer, made once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hostile_dataset import hostile_dataset
from nonverbal.serve.app import create_app
from nonverbal.serve.library import Library
from nonverbal.serve.settings import ServerConfig
from nonverbal.serve.viewer_api import viewer_part

LOCAL = "http://127.0.0.1:8000"
_LONGEST_S = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test of a server may hang for longer than a minute."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(_LONGEST_S))


@pytest.fixture(scope="session")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "dataset"
    hostile_dataset(folder)
    return folder


@pytest.fixture(scope="session")
def library(hostile_folder: Path) -> Library:
    return Library(hostile_folder)


@pytest.fixture(scope="session")
def client(library: Library) -> TestClient:
    return TestClient(create_app(ServerConfig(), [viewer_part(library)]), base_url=LOCAL, raise_server_exceptions=False)
