"""Models of the hub: found in its cache or a folder, refused in one sentence that names the next step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nonverbal.backends.hub import HubModel, cache_folder, folder_of
from nonverbal.verdicts import UserError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)


def _put(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("{}")
    return folder


def _snapshot(*names: str) -> Path:
    home = cache_folder() / "models--org--model"
    _put(home / "refs")
    (home / "refs" / "main").write_text(COMMIT)
    return _put(home / "snapshots" / COMMIT, *names)


def test_a_snapshot_is_found_by_name_branch_and_commit() -> None:
    snapshot = _snapshot("config.json", "model.safetensors")
    assert folder_of("org/model") == folder_of("org/model@main") == folder_of(f"org/model@{COMMIT}") == snapshot
    assert HubModel("org/model").problem() is None


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    mine = _put(tmp_path / "mine", "config.json", "model.safetensors")
    assert folder_of(str(mine)) == folder_of("./mine") == folder_of("mine") == mine
    assert HubModel(str(mine)).problem() is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("org/other", "run hf download org/other"),
        ("org/other@v1", "run hf download org/other --revision v1"),
        ("/no/such/folder", "the folder /no/such/folder (--align-model) does not exist"),
        ("https://evil.example/x", "is no model: expected a name"),
        ("org/../../x", "is no model: expected a name"),
        ("", "is no model: expected a name"),
        ("org/name; rm -rf", "is no model: expected a name"),
    ],
)
def test_what_is_not_there_says_what_to_do(name: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        folder_of(name, "align_model")
    assert says in str(caught.value)
    assert HubModel(name, setting="align_model").problem() == str(caught.value)


def test_pickled_weights_alone_are_refused() -> None:
    _snapshot("config.json", "pytorch_model.bin")
    assert "no model.safetensors" in (HubModel("org/model").problem() or "")


def test_a_model_in_parts_needs_each_of_them() -> None:
    snapshot = _snapshot("config.json", "a.safetensors")
    index = {"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}
    (snapshot / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "no b.safetensors" in (HubModel("org/model").problem() or "")
    _put(snapshot, "b.safetensors")
    assert HubModel("org/model").problem() is None
    (snapshot / "model.safetensors.index.json").write_text("[1]")
    assert "no readable model.safetensors.index.json" in (HubModel("org/model").problem() or "")


def test_a_reference_leads_nowhere_else(tmp_path: Path) -> None:
    _put(tmp_path / "away", "config.json")
    home = cache_folder() / "models--org--model"
    _put(home / "refs")
    (home / "refs" / "main").write_text("../../../away")
    with pytest.raises(UserError, match="hf download"):
        folder_of("org/model")
