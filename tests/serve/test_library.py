"""Datasets that are damaged, empty or lie, and how text is found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.write import Contents, write_dataset
from nonverbal.records import to_plain
from nonverbal.serve.app import create_app
from nonverbal.serve.library import Library, funnel
from nonverbal.serve.library_index import Texts
from nonverbal.serve.library_search import Query, terms_of
from nonverbal.serve.settings import ServerConfig
from nonverbal.serve.viewer_api import viewer_part
from nonverbal.types import Event
from nonverbal.verdicts import UserError


@pytest.fixture
def copied(hostile_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(hostile_folder, tmp_path / "copy"))


def _changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "dataset.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def _client(library: Library) -> TestClient:
    app = create_app(ServerConfig(), [viewer_part(library)])
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


_TEXT = st.text(alphabet="aAbBéΩ ", max_size=12)


@given(st.lists(_TEXT, max_size=8), st.text(alphabet="aAbBéΩ ", min_size=1, max_size=3))
def test_text_is_found_where_it_is(texts: list[str], term: str) -> None:
    ended = [text + "\x1f" for text in texts]
    assert Texts(ended).having(term).tolist() == [term.lower() in text.lower() for text in texts]


def test_terms() -> None:
    assert terms_of('so  "I was just" there') == ["so", "I was just", "there"]
    assert terms_of('"') == ['"']
    assert terms_of("") == []
    assert len(terms_of("x " * 100)) == 8


def test_an_empty_dataset_is_shown(tmp_path: Path) -> None:
    write_dataset(tmp_path / "empty", Contents([], [], []), SplitConfig())
    client = _client(Library(tmp_path / "empty"))
    assert client.get("/api/dataset").json()["n_dialogues"] == 0
    assert client.get("/api/dialogues", params={"q": "x"}).json() == {"total": 0, "dialogues": []}
    assert client.get("/api/clips").json()["clips"] == []


def test_scores_and_events_are_told_as_far_as_a_dataset_has_them(copied: Path) -> None:
    dataset = open_dataset(copied)
    row = dataset.row(dataset.ids()[0])
    row["events"] = to_plain([Event("A", "nod", 0.12345, 0.5, "B", float(3), 0.25)])
    row["events"][0]["strength"] = float("nan")
    row["turns"][0]["harm_scores"] = [{"label": "toxic", "score": 0.123456}]
    library = Library(copied)
    with mock.patch.object(Dataset, "row", return_value=row):
        told = library.dialogue(row["dialogue_id"], True)
    (event,) = told["events"]
    assert event == {
        "participant": "A", "kind": "nod", "start_s": 0.123, "end_s": 0.5, "during": "B", "strength": 0.0,
        "confidence": 0.25,
    }  # fmt: skip
    assert told["turns"][0]["harm_scores"] == [["toxic", 0.123]]
    del row["events"], row["turns"][0]["harm_scores"]
    with mock.patch.object(Dataset, "row", return_value=row):
        told = library.dialogue(row["dialogue_id"], True)
    assert (told["events"], told["turns"][0]["harm_scores"]) == ([], [])


def test_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dataset\.json"):
        Library(tmp_path)


@pytest.mark.parametrize(
    "name", ["dialogues/../../secret.parquet", "/etc/passwd", "dialogues/odd-0.parquet", "motion/train-a/../b.parquet"]
)
def test_names_that_lead_outside_are_refused(copied: Path, name: str) -> None:
    _changed(copied, lambda manifest: manifest["files"].update({name: {"size_bytes": 1, "sha256": "0" * 64}}))
    with pytest.raises(UserError, match="no file of a dataset"):
        Library(copied)


def test_links_are_refused(copied: Path, tmp_path: Path) -> None:
    shard = next((copied / "motion").iterdir())
    shard.rename(tmp_path / "elsewhere.parquet")
    shard.symlink_to(tmp_path / "elsewhere.parquet")
    with pytest.raises(UserError, match="is a link"):
        Library(copied)


def test_numbers_that_are_none_are_refused(copied: Path) -> None:
    _changed(copied, lambda manifest: manifest["statistics"].update(hours=float("nan")))
    with pytest.raises(UserError, match="not finite"):
        viewer_part(Library(copied))


def test_damaged_motion_gets_a_sentence_without_a_path(copied: Path) -> None:
    library = Library(copied)
    client = _client(library)
    dialogue_id = library.search.index.ids[0]
    path = library.dataset.motion_path(dialogue_id)
    whole = path.read_bytes()
    middle = bytes(len(whole) // 2)
    for broken in (whole[:200] + middle + whole[200 + len(middle) :], whole[:-100], b""):
        path.write_bytes(broken)
        answers = [client.get(f"/api/dialogues/{dialogue_id}{end}") for end in ("", "/timeline", "/motion/B")]
        assert 500 in {answer.status_code for answer in answers}
        for answer in answers:
            assert answer.status_code == 200 or answer.json()["error"]["code"] == "damaged"
            assert str(copied) not in answer.text
    path.unlink()
    assert client.get(f"/api/dialogues/{dialogue_id}").status_code == 500
    assert client.get(f"/api/dialogues/{library.search.index.ids[1]}/timeline").status_code == 200


def test_the_funnel_counts_down() -> None:
    sources = [
        {"n_clips": 0, "verdict": "rejected", "stage": "probe", "reason": "E_SILENT"},
        {"n_clips": 0, "verdict": "quarantined", "stage": "probe", "reason": "E_CRASH"},
        {"n_clips": 3, "verdict": "kept", "stage": "", "reason": ""},
    ]
    clips = [
        {"verdict": "rejected", "stage": "visible", "reason": "E_NO_FACE"},
        {"verdict": "rejected", "stage": "diarize", "reason": "E_THREE_PLUS"},
        {"verdict": "kept", "stage": "", "reason": ""},
    ]
    assert funnel(sources, clips, ["probe", "diarize", "visible"]) == [
        {"unit": "source", "stage": "probe", "in": 3, "out": 1, "reasons": {"E_CRASH": 1, "E_SILENT": 1}},
        {"unit": "clip", "stage": "diarize", "in": 3, "out": 2, "reasons": {"E_THREE_PLUS": 1}},
        {"unit": "clip", "stage": "visible", "in": 2, "out": 1, "reasons": {"E_NO_FACE": 1}},
    ]


def test_orders_break_ties_by_title(library: Library) -> None:
    index = library.search.index
    order = library.search.find(Query(sort="duration"))
    titles = [index.titles[i].casefold() for i in order]
    assert titles == sorted(titles)
    assert np.array_equal(np.sort(order), np.arange(50))
