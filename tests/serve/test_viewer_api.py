"""The viewer's answers about a dataset."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live import dial, hear, running
from starlette.testclient import TestClient

from hostile_dataset import TEXTS
from nonverbal.serve import library_map
from nonverbal.serve.errors import ApiError
from nonverbal.serve.library import Library
from nonverbal.serve.library_map import MotionMap, place, write_map
from nonverbal.serve.settings import ServerConfig
from nonverbal.serve.viewer_api import Workers, viewer_part
from nonverbal.serve.wire import unpack
from nonverbal.verdicts import UserError


def _json(client: TestClient, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.fixture(scope="module")
def port(library: Library) -> Iterator[int]:
    with running(ServerConfig(port=0), [viewer_part(library)]) as port:
        yield port


@pytest.fixture(scope="module")
def first(client: TestClient) -> dict[str, Any]:
    """The dialogue whose title is the first of the hostile texts."""
    found = _json(client, "/api/dialogues", q=f'"{TEXTS[0]}"', sort="title")["dialogues"]
    return next(row for row in found if row["title"] == TEXTS[0])


def test_the_dataset_tells_what_it_is(client: TestClient) -> None:
    about = _json(client, "/api/dataset")
    assert (about["name"], about["n_dialogues"], about["fps"]) == ("dataset", 50, 25.0)
    assert (len(about["columns"]["face"]), len(about["columns"]["body"])) == (52, 117)
    assert sum(about["splits"].values()) == sum(about["languages"].values()) == 50
    assert about["statistics"]["turns"] == 150
    assert about["has_media"] is False
    assert _json(client, "/api/parts")["parts"] == ["viewer"]


def test_hostile_texts_come_back_untouched_and_as_json(client: TestClient) -> None:
    rows = _json(client, "/api/dialogues", limit=200)["dialogues"]
    assert {row["title"] for row in rows} == {row["channel"] for row in rows} == set(TEXTS)
    for row in rows:
        told = _json(client, f"/api/dialogues/{row['id']}", harmful=True)
        assert told["title"] == told["url"] == told["licence"] == row["title"]
        assert [turn["text"] for turn in told["turns"]] == [row["title"], row["title"], f"{row['title']} harm"]
        assert " ".join(word[0] for word in told["turns"][0]["words"]).startswith(row["title"][:10])
    assert {clip["source"] for clip in _json(client, "/api/clips", limit=200)["clips"]} == set(TEXTS)


def test_what_is_harmful_is_withheld_until_asked_for(client: TestClient, first: dict[str, Any]) -> None:
    turns = _json(client, f"/api/dialogues/{first['id']}")["turns"]
    assert [turn["hidden"] for turn in turns] == [False, False, True]
    assert (turns[2]["text"], turns[2]["words"], turns[2]["harm"], turns[2]["harmful"]) == ("", [], 0.99, True)
    shown = _json(client, f"/api/dialogues/{first['id']}", harmful=1)["turns"]
    assert [turn["hidden"] for turn in shown] == [False, False, False]
    assert _json(client, "/api/dialogues", q="harm")["total"] == 0
    found = _json(client, "/api/dialogues", q="harm", harmful=1)
    assert found["total"] == 50
    assert found["dialogues"][0]["snippet"].endswith("harm")
    assert all("harm" not in row["snippet"] for row in _json(client, "/api/dialogues", limit=200)["dialogues"])


def test_dialogues_are_found_by_what_is_said_and_filtered(client: TestClient, first: dict[str, Any]) -> None:
    def total(**query: Any) -> int:
        return int(_json(client, "/api/dialogues", **query)["total"])

    assert total(q="BODY ONLOAD") == total(q='"<body onload"') == 2  # as a title, and as the next one's channel
    assert total(q='"onload body"') == 0
    assert total(q="body marquee") == 0
    assert total(q="no such words anywhere") == 0
    assert total(channel=TEXTS[0]) == total(participant=TEXTS[1]) == 1
    assert total(participant="B") == total(min_s=8, max_s=8) == total(min_words=0) == 50
    assert total(min_s=8.1) == total(max_words=0) == total(split="nowhere") == total(language="xx") == 0
    assert first["n_turns"] == 3
    assert first["n_harmful"] == 1
    assert first["talk_share"] == {"A": 0.3, "B": 0.15}


def test_pages_and_orders(client: TestClient) -> None:
    every = _json(client, "/api/dialogues", limit=200)["dialogues"]
    assert [row["title"] for row in every] == sorted((row["title"] for row in every), key=str.casefold)
    pages = [_json(client, "/api/dialogues", limit=20, offset=at)["dialogues"] for at in (0, 20, 40, 60)]
    assert [len(page) for page in pages] == [20, 20, 10, 0]
    assert [row for page in pages for row in page] == every
    down = _json(client, "/api/dialogues", limit=200, sort="words", descending=1)["dialogues"]
    assert [row["n_words"] for row in down] == sorted((row["n_words"] for row in every), reverse=True)
    told = [_json(client, f"/api/dialogues/{row['id']}") for row in every[:3]]
    assert [row["previous"] for row in told] == [None, every[0]["id"], every[1]["id"]]
    assert [row["next"] for row in told] == [row["id"] for row in every[1:4]]


@pytest.mark.parametrize(
    "query",
    ["limit=201", "limit=0", "limit=x", "offset=-1", "sort=secret", "min_s=nan", "max_s=inf", "unknown=1", "harmful=2",
     "q=" + "x" * 301, "min_words=1.5"],
)  # fmt: skip
def test_queries_out_of_range_get_a_sentence(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/dialogues?{query}")
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert query.split("=")[0] in error["message"]
    assert error["code"] == "invalid_value"


@pytest.mark.parametrize(
    "dialogue_id",
    ["x", "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "../../etc/passwd", "....//", "C:\\windows", "a%00b", "%ff", "*",
     "train-00000", "0" * 5000, "${jndi}", "dataset.json", "%252e%252e%252f"],
)  # fmt: skip
def test_ids_are_looked_up_and_never_taken_for_paths(port: int, dialogue_id: str) -> None:
    """Over a plain socket, since clients tidy paths up before they send them."""
    inside = [f"api/dialogues/{dialogue_id}{end}" for end in ("", "/motion/A", "/curve/A?columns=jawOpen", "/timeline")]
    for path in (*inside, *(f"{start}{dialogue_id}" for start in ("assets/", "avatar/", "media/", ""))):
        heard = hear(dial(port, f"GET /{path} HTTP/1.1", "Host: localhost", "Connection: close", ""))
        assert heard.startswith(b"HTTP/1.1 404"), (path, heard)
        assert b"root:" not in heard


def test_motion_comes_as_stored(client: TestClient, library: Library, first: dict[str, Any]) -> None:
    path = f"/api/dialogues/{first['id']}/motion/A"
    stored = library.dataset.motion(first["id"], "A")
    answer = client.get(path, params={"first": 20, "frames": 50})
    assert answer.headers["content-type"] == "application/octet-stream"
    chunk = unpack(answer.content)
    assert (chunk.first_frame, chunk.n_frames, chunk.fps) == (20, 50, 25.0)
    assert np.abs(chunk.face - stored.face[20:70]).max() < 1.0 / 60_000
    assert np.abs(chunk.body - stored.body[20:70]).max() < 6.3 / 60_000
    assert np.abs(chunk.gaze - stored.gaze[20:70]).max() < 3.2 / 60_000
    assert chunk.marks is not None
    np.testing.assert_array_equal(chunk.marks.validity, stored.validity[20:70])
    np.testing.assert_array_equal(chunk.marks.speaking, stored.speaking[20:70])
    assert unpack(client.get(path, params={"first": 190, "frames": 50}).content).n_frames == 10
    beyond = client.get(path, params={"first": 200})
    assert beyond.status_code == 416
    assert "200 of this dialogue" in beyond.json()["error"]["message"]
    assert client.get(path, params={"frames": 1501}).status_code == 422
    assert client.get(f"/api/dialogues/{first['id']}/motion/C").status_code == 404


@pytest.mark.parametrize(("at", "frames"), [(0, 30), (37, 1), (60, 50), (150, 50), (0, 200)])
def test_smoothed_stretches_equal_the_whole_smoothed(
    client: TestClient, library: Library, first: dict[str, Any], at: int, frames: int
) -> None:
    whole = library.dataset.motion(first["id"], "B", smooth=True)
    path = f"/api/dialogues/{first['id']}/motion/B"
    chunk = unpack(client.get(path, params={"first": at, "frames": frames, "smooth": 1}).content)
    assert np.abs(chunk.face - whole.face[at : at + frames]).max() < 1e-4
    assert np.abs(chunk.body - whole.body[at : at + frames]).max() < 3e-4
    raw = unpack(client.get(path, params={"first": at, "frames": frames}).content)
    assert frames == 1 or np.abs(chunk.face - raw.face).max() > 1e-3


def test_curves_hold_the_extremes_of_valid_frames(client: TestClient, library: Library, first: dict[str, Any]) -> None:
    path = f"/api/dialogues/{first['id']}/curve/A"
    stored = library.dataset.motion(first["id"], "A")
    got = _json(client, path, columns="jawOpen,left_elbow_x", points=50)
    assert (got["start_s"], got["end_s"], got["points"]) == (0.0, 8.0, 50)
    values, valid = stored.face[:, 24], stored.validity[:, 0] > 0
    for i in range(50):
        inside = values[4 * i : 4 * i + 4][valid[4 * i : 4 * i + 4]]
        want = (None, None) if not len(inside) else (inside.min(), inside.max())
        found = got["columns"]["jawOpen"]["min"][i], got["columns"]["jawOpen"]["max"][i]
        assert found == want or found == pytest.approx(want, abs=1e-4)
    smooth = _json(client, path, columns="jawOpen,left_elbow_x", points=200, smooth=1)["columns"]
    whole = library.dataset.motion(first["id"], "A", smooth=True)
    elbow = 5 * 3  # the sixth joint
    for name, kept, part in (("jawOpen", whole.face[:, 24], 0), ("left_elbow_x", whole.body[:, elbow], 3)):
        seen = whole.validity[:, part] > 0
        assert np.array(smooth[name]["min"])[seen].astype(float) == pytest.approx(kept[seen], abs=2e-4)
    assert client.get(path, params={"columns": "secret"}).status_code == 404
    assert client.get(path, params={"columns": ""}).status_code == 400
    assert client.get(path, params={"columns": ",".join(["jawOpen"] * 17)}).status_code == 400


def test_motion_that_waits_leaves_places_for_the_rest() -> None:
    async def asked() -> list[int]:
        workers, gate = Workers(), threading.Event()
        tasks = [asyncio.create_task(workers.heavy(gate.wait, 20)) for _ in range(30)]
        await asyncio.sleep(0.2)
        assert await workers.light(lambda: True)
        gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        return [error.status_code for error in found if isinstance(error, ApiError)]

    assert asyncio.run(asked()) == [429] * 4  # two at work, 24 waiting


def test_timelines_average_what_is_stored(client: TestClient, library: Library, first: dict[str, Any]) -> None:
    got = _json(client, f"/api/dialogues/{first['id']}/timeline", bins=20)
    stored = library.dataset.motion(first["id"], "A")
    assert got["bins"] == 20
    row = got["participants"]["A"]
    assert row["speaking"] == pytest.approx(stored.speaking.reshape(20, 10).mean(axis=1), abs=1e-3)
    hands = stored.validity[:, 4:6].mean(axis=1).reshape(20, 10).mean(axis=1)
    assert row["validity"]["hands"] == pytest.approx(hands, abs=1e-3)
    assert row["confidence"]["face"] == pytest.approx(stored.confidence[:, 0].reshape(20, 10).mean(axis=1), abs=1e-3)
    assert _json(client, f"/api/dialogues/{first['id']}/timeline", bins=4000)["bins"] == 200


def test_clips_tell_what_was_kept(client: TestClient) -> None:
    told = _json(client, "/api/clips", verdict="kept", limit=7)
    assert (told["total"], len(told["clips"]), told["verdicts"]) == (50, 7, {"kept": 50})
    assert told["clips"][0]["end_s"] == 8.0
    assert _json(client, "/api/clips", verdict="E_SILENT")["total"] == 0


def test_the_map_is_made_once_and_kept(
    hostile_folder: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path))
    monkeypatch.setattr(library_map, "MOST_POINTS", 30)
    write_map(hostile_folder, tmp_path / "one.json")
    write_map(hostile_folder, tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    points = json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))
    assert len(points) == 30
    assert len({(point["id"], point["participant"]) for point in points}) == 30
    assert np.isfinite([[point["x"], point["y"]] for point in points]).all()


def test_similar_people_are_neighbours_on_the_map() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat([0.0, 10.0], 20)[:, None] + rng.normal(0, 0.1, (40, 6))
    places = place(groups)
    inside = np.linalg.norm(places[:20] - places[:20].mean(axis=0), axis=1).max()
    assert np.linalg.norm(places[:20].mean(axis=0) - places[20:].mean(axis=0)) > inside
    assert place(groups[:2]).shape == (2, 2)


@pytest.mark.slow
def test_the_map_comes_in_the_background(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path))
    with client:
        assert _json(client, "/api/map") == {"status": "working"}
        until = time.monotonic() + 120
        while (told := _json(client, "/api/map"))["status"] == "working" and time.monotonic() < until:
            time.sleep(0.2)
    assert told["status"] == "ready"
    assert len(told["points"]) == 100


def test_a_map_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dataset\.json"):
        write_map(tmp_path, tmp_path / "map.json")
    assert MotionMap(tmp_path, "x")._path != MotionMap(tmp_path, "y")._path
