"""A study over HTTP: what raters may know, what they may do, and what is on disk when."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from studies import NATURAL, motion_folders

from nonverbal.serve.errors import add_handlers
from nonverbal.study import session as module
from nonverbal.study.conditions import gather
from nonverbal.study.design import DESIGN_FILE, Design
from nonverbal.study.motion_stimuli import MotionStimuli
from nonverbal.study.part import study_part
from nonverbal.study.ratings import read_ratings
from nonverbal.study.session import StudySession
from nonverbal.verdicts import UserError

NAMES = ("truth", "zebra model", "quux")


class Clock:
    """Time as the session sees it."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module.time, "monotonic", made.monotonic)
    return made


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[str]:
    return motion_folders(tmp_path_factory.mktemp("clips"), NAMES, ("x", "y", "z"), seconds=1.2)


def opened(clips: list[str], out: Path, **changes: object) -> StudySession:
    conditions = gather(clips, 10, 0)
    stimuli = MotionStimuli(conditions, 10.0, 0)
    design = Design(
        DESIGN_FILE.version, 0, "motion", NAMES, tuple(stimuli.items), (NATURAL, "And why?"), 2, 1, True, "I agree."
    )
    return StudySession(replace(design, **changes), stimuli, out)


def client_of(session: StudySession) -> TestClient:
    app = FastAPI()
    add_handlers(app)
    app.include_router(study_part(session, "a").router)
    return TestClient(app)


def begin(client: TestClient) -> str:
    return client.post("/api/study/raters", json={"consent": True}).json()["rater"]


def trial(client: TestClient, rater: str) -> dict:
    return client.get(f"/api/study/raters/{rater}/next").json()["trial"]


def answer(client: TestClient, rater: str, ticket: str, **changes: object):
    body = {"ticket": ticket, "answers": {NATURAL: "left", "And why?": "tie"}, "plays_left": 1, "plays_right": 2}
    return client.post(f"/api/study/raters/{rater}/answers", json=body | changes)


def test_a_rater_sees_everything_once_and_all_of_it_is_on_disk(clips, tmp_path, clock):
    session = opened(clips, tmp_path / "r.csv")
    client = client_of(session)
    rater = begin(client)
    for position in range(session.n_trials):
        shown = trial(client, rater)
        assert shown["practice"] == (position == 0)
        clock.now += 5.0
        assert answer(client, rater, shown["ticket"]).json() == {"rater": rater, "answered": position + 1, "trials": 8}
        assert len(read_ratings(tmp_path / "r.csv")) == 2 * (position + 1)
    assert client.get(f"/api/study/raters/{rater}/next").json()["trial"] is None
    ratings = read_ratings(tmp_path / "r.csv")
    assert {r.seconds for r in ratings} == {5.0}
    assert [r.kind for r in ratings].count("pair") == 12
    assert {(r.plays_left, r.plays_right, r.design) for r in ratings} == {(1, 2, session.design.digest)}
    session.close()


def test_nothing_that_is_sent_tells_a_condition(clips, tmp_path, clock):
    session = opened(clips, tmp_path / "r.csv")
    client, sizes, names, keys = client_of(session), set(), [], set()
    rater = begin(client)
    told = [client.get("/api/study").text]
    for _ in range(session.n_trials):
        response = client.get(f"/api/study/raters/{rater}/next")
        told.append(response.text)
        shown = response.json()["trial"]
        keys.add(tuple(sorted(shown)))
        for side in ("left", "right"):
            clip = client.get(shown[side])
            sizes.add(len(clip.content))
            names.append(shown[side])
            assert set(clip.headers) == {"cache-control", "accept-ranges", "content-length", "content-type"}
        clock.now += 5.0
        told.append(answer(client, rater, shown["ticket"]).text)
    text = " ".join(told)
    for word in (
        *NAMES,
        "zebra",
        "check",
        "frozen",
        "shuffled",
        "condition",
        "item",
        "seed",
        *(i.hashes[0] for i in session.design.items),
    ):
        assert word not in text
    assert len(sizes) == len(keys) == 1
    assert len(set(names)) == len(names)
    session.close()


def test_answers_have_to_wait_until_both_were_seen(clips, tmp_path, clock):
    session = opened(clips, tmp_path / "r.csv")
    client = client_of(session)
    rater = begin(client)
    shown = trial(client, rater)
    clock.now += 1.0
    assert answer(client, rater, shown["ticket"]).json()["error"]["code"] == "unseen"
    clock.now += 1.0
    for changes, code in (
        ({"plays_left": 0}, "unseen"), ({"plays_right": 1000}, "unseen"), ({"answers": {NATURAL: "left"}}, "answers"),
        ({"answers": {NATURAL: "left", "And why?": "both"}}, "answers"), ({"ticket": "other"}, "stale"),
        ({"answers": {NATURAL: "left", "And why?": "tie", "more": "tie"}}, "answers"),
        ({"plays_left": "1"}, "invalid_value"),
        ({"plays_left": True}, "invalid_value"), ({"extra": 1}, "invalid_value"),
        ({"ticket": "x" * 99}, "invalid_value"),
    ):  # fmt: skip
        response = answer(client, rater, **{"ticket": shown["ticket"], **changes})
        assert 400 <= response.status_code < 500
        assert response.json()["error"]["code"] == code, changes
    assert read_ratings(tmp_path / "r.csv") == []
    assert answer(client, rater, shown["ticket"]).status_code == 200
    session.close()


def test_without_ties_there_are_none(clips, tmp_path, clock):
    session = opened(clips, tmp_path / "r.csv", ties=False)
    client = client_of(session)
    rater = begin(client)
    ticket = trial(client, rater)["ticket"]
    clock.now += 5.0
    assert answer(client, rater, ticket).status_code == 422
    assert answer(client, rater, ticket, answers={NATURAL: "left", "And why?": "right"}).status_code == 200
    session.close()


def test_an_answer_sent_twice_counts_once(clips, tmp_path, clock):
    session = opened(clips, tmp_path / "r.csv")
    client = client_of(session)
    rater = begin(client)
    ticket = trial(client, rater)["ticket"]
    clock.now += 5.0
    assert answer(client, rater, ticket).json() == answer(client, rater, ticket).json()
    assert (tmp_path / "r.csv").read_text().count("\n") == 3
    session.close()


def test_a_rater_goes_on_after_the_server_was_killed(clips, tmp_path, clock):
    first = opened(clips, tmp_path / "r.csv")
    client = client_of(first)
    rater, other = begin(client), begin(client)
    seen = []
    for _ in range(3):
        shown = trial(client, rater)
        clock.now += 5.0
        answer(client, rater, shown["ticket"])
    first.close()
    with (tmp_path / "r.csv").open("a") as file:  # killed in the middle of a line, between two questions
        file.write(
            f"2026-01-01T00:00:00.000Z,{rater},3,pair,x,truth,quux,{NATURAL},left,truth,5.0,1,1,0,{first.design.digest},0\nbroken"
        )
    second = opened(clips, tmp_path / "r.csv")
    client = client_of(second)
    assert client.get(f"/api/study/raters/{rater}").json() == {"rater": rater, "answered": 3, "trials": 8}
    assert client.get(f"/api/study/raters/{other}").json()["answered"] == 0
    third = begin(client)
    assert second._sittings[third].number == 2
    for _ in range(5):
        shown = trial(client, rater)
        clock.now += 5.0
        assert answer(client, rater, shown["ticket"]).status_code == 200
    seen = [(r.position, r.question) for r in read_ratings(tmp_path / "r.csv") if r.rater == rater]
    assert sorted(seen) == sorted((p, q) for p in range(8) for q in (NATURAL, "And why?"))
    second.close()


def test_raters_at_the_same_time_do_not_mix(clips, tmp_path, clock):
    session = opened(clips, tmp_path / "r.csv")
    client = client_of(session)
    raters = [begin(client) for _ in range(4)]
    assert len(set(raters)) == 4
    for _ in range(session.n_trials):
        shown = {rater: trial(client, rater) for rater in raters}
        clock.now += 5.0
        assert answer(client, raters[0], shown[raters[1]]["ticket"]).json()["error"]["code"] == "stale"
        for rater in raters:
            assert answer(client, rater, shown[rater]["ticket"]).status_code == 200
    ratings = [r for r in read_ratings(tmp_path / "r.csv") if r.kind == "pair" and r.question == NATURAL]
    counts = {}
    for r in ratings:
        key = (r.item, *sorted((r.left, r.right)))
        counts[key] = counts.get(key, 0) + 1
    assert len(counts) == 9
    assert max(counts.values()) - min(counts.values()) <= 1
    session.close()


def test_clips_are_gone_once_they_are_answered_or_asked_for_anew(clips, tmp_path, clock):
    session = opened(clips, tmp_path / "r.csv")
    client = client_of(session)
    rater = begin(client)
    before, now = trial(client, rater), trial(client, rater)
    assert before["ticket"] != now["ticket"]
    assert client.get(before["left"]).status_code == 404
    assert client.get(now["left"]).status_code == 200
    assert client.get("/api/study/clips/nothing").json()["error"]["code"] == "gone"
    clock.now += 5.0
    answer(client, rater, now["ticket"])
    assert client.get(now["left"]).status_code == 404
    session.close()


def test_parts_of_a_clip(clips, tmp_path):
    session = opened(clips, tmp_path / "r.csv")
    client = client_of(session)
    address = trial(client, begin(client))["right"]
    whole = client.get(address).content
    for asked, expected in (("bytes=0-9", whole[:10]), ("bytes=-5", whole[-5:]), ("bytes=100-", whole[100:])):
        response = client.get(address, headers={"range": asked})
        assert (response.status_code, response.content) == (206, expected)
    for asked in (
        "bytes=5-1",
        "bytes=0-1,4-5",
        "lines=1-2",
        f"bytes={len(whole)}-",
        "bytes=-",
        "bytes=" + "9" * 40 + "-",
    ):
        assert client.get(address, headers={"range": asked}).status_code == 416, asked
    session.close()


def test_nobody_takes_part_without_agreeing(clips, tmp_path):
    session = opened(clips, tmp_path / "r.csv")
    client = client_of(session)
    for body in ({"consent": False}, {}, {"consent": "yes"}, {"consent": True, "name": "me"}):
        assert client.post("/api/study/raters", json=body).status_code == 422
    assert client.get("/api/study/raters/abcd-2345").json()["error"]["code"] == "unknown_rater"
    assert (tmp_path / "r.raters.csv").read_text().count("\n") == 1
    session.close()


def test_a_full_disk_is_told_and_the_answer_can_be_sent_again(clips, tmp_path, clock, monkeypatch):
    session = opened(clips, tmp_path / "r.csv")
    client = client_of(session)
    rater = begin(client)
    ticket = trial(client, rater)["ticket"]
    clock.now += 5.0

    def full(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("nonverbal.study.durable_csv.os.write", full)
        response = answer(client, rater, ticket)
    assert (response.status_code, response.json()["error"]["code"]) == (507, "not_stored")
    assert answer(client, rater, ticket).status_code == 200
    session.close()


def test_another_study_is_not_mixed_in(clips, tmp_path):
    opened(clips, tmp_path / "r.csv").close()
    with pytest.raises(UserError, match="checks 1, this one 0"):
        opened(clips, tmp_path / "r.csv", checks=0)
    held = opened(clips, tmp_path / "r.csv")
    with pytest.raises(UserError, match="another study writes it"):
        opened(clips, tmp_path / "r.csv")
    held.close()
    (tmp_path / "r.design.json").unlink()
    with pytest.raises(UserError, match=r"its design r\.design\.json is not"):
        opened(clips, tmp_path / "r.csv")


def test_answers_stay_quick_while_many_rate(clips, tmp_path, clock):
    session = opened(clips, tmp_path / "r.csv")
    client = client_of(session)
    raters = [begin(client) for _ in range(30)]
    began = time.perf_counter()
    for rater in raters:
        ticket = trial(client, rater)["ticket"]
        clock.now += 5.0
        answer(client, rater, ticket)
    assert (time.perf_counter() - began) / 30 < 0.5
    session.close()


def test_the_design_lies_beside_the_table(clips, tmp_path):
    session = opened(clips, tmp_path / "r.csv")
    held = json.loads((tmp_path / "r.design.json").read_text())
    assert held["conditions"] == list(NAMES)
    assert held["items"][0]["name"] == "x"
    session.close()
