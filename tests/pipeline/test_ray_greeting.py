"""What a node is asked before it gets work, and the sentences for what is wrong there; no cluster is needed for it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_stages import FakeCut, FakeFirst, FakeProbe, FakeSecond, FakeThird, FakeWatch, fake_source

from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.ray_actor import VERSION, Check, Greeting, Post
from nonverbal.pipeline.ray_cluster import sweep_cluster
from nonverbal.pipeline.stage import Needs
from nonverbal.pipeline.store import Store
from nonverbal.pipeline.supervisor import Limits
from nonverbal.pipeline.unit import file_mark
from nonverbal.pipeline.wire import Said, Setup, Task, to_text
from nonverbal.records import loads
from nonverbal.types import Source
from nonverbal.verdicts import UserError

Go = Callable[..., Any]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return fake_source(tmp_path, "a", 1, "fake_cut -1 segfault")


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    plan = Plan((FakeProbe(), FakeCut()), (FakeFirst(), FakeWatch(), FakeSecond(), FakeThird()))
    Store(tmp_path / "artefacts", plan).make_folders()
    return Setup.of(str(tmp_path / "artefacts"), plan)


@pytest.fixture
def check(tmp_path: Path, setup: Setup, source: Source) -> Check:
    (tmp_path / "token").write_text("secret")
    media = ((source.path, file_mark(source.path)),)
    return Check(VERSION, str(tmp_path / "token"), "secret", media, setup.plan().keys)


def greet(setup: Setup, check: Check) -> Greeting:
    return loads(Greeting, Post(to_text(setup), []).greet(to_text(check)))


def test_a_node_that_sees_everything_writes_the_token_back(setup: Setup, check: Check) -> None:
    greeting = greet(setup, check)
    assert greeting.problem == ""
    assert Path(greeting.answer).read_text() == "secret"


def test_other_versions_are_named(setup: Setup, check: Check) -> None:
    told = greet(setup, replace(check, version="nonverbal 0.0 on Python 3.9")).problem
    assert told == f"has {VERSION}, the driver nonverbal 0.0 on Python 3.9: install the same on all nodes"


def test_another_folder_of_the_same_name_is_found_out(setup: Setup, check: Check, tmp_path: Path) -> None:
    told = greet(setup, replace(check, token="of another disk")).problem
    assert told.startswith(f"does not share the output folder {tmp_path}: put it where all nodes")
    told = greet(setup, replace(check, path=str(tmp_path / "not/here"))).problem
    assert "(No such file or directory): put it where all nodes" in told


def test_missing_and_other_media_are_named(setup: Setup, check: Check, tmp_path: Path) -> None:
    path, mark = check.media[0]
    assert greet(setup, replace(check, media=((path + "x", mark),))).problem.startswith(f"sees no file at {path}x")
    assert greet(setup, replace(check, media=((path, (1, 2, 3)),))).problem.startswith(f"sees another file at {path}")


def test_other_stages_are_found_out(setup: Setup, check: Check) -> None:
    told = greet(setup, replace(check, keys={**check.keys, "fake_cut": "0"})).problem
    assert told == "has other stages than the driver: install the same nonverbal on all nodes"


def test_an_actor_replaces_its_process_and_goes_on(setup: Setup, source: Source) -> None:
    post = Post(to_text(setup), ["/nowhere"])
    limits = to_text(Limits(60.0, 60.0, 1.0))

    def work(stages: tuple[str, ...], stage: str) -> list[Said]:
        task = Task(source, None, 1, file_mark(source.path), stages)
        texts = post.work(to_text(task), limits, stage)
        while not texts or not loads(Said, texts[-1]).is_verdict:
            texts += post.more()
        return [loads(Said, text) for text in texts]

    try:
        crash = work((), "fake_probe")[-1]
        assert (crash.kind, crash.stage, crash.reason) == ("fail", "fake_cut", "E_CRASH")
        assert "died of SIGSEGV in stage fake_cut" in crash.message
        assert "fake decoder chatter" in crash.log
        again = work(("fake_probe",), "fake_probe")
        assert [said.kind for said in again] == ["ready", "done"], "what is committed is not made again"
    finally:
        post.end()
        sys.path.remove("/nowhere")


def test_a_missing_ray_is_one_sentence(go: Go, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'nonverbal\[ray\]', or build with --engine local"):
        go(source, engine="ray")


def test_an_address_where_nobody_listens_is_told_at_once(go: Go, source: Source) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'nonverbal[ray]'")
    with pytest.raises(UserError, match=r"no Ray cluster to work with at 127.0.0.1:1 .*refused.*ray start --head"):
        go(source, engine="ray", address="127.0.0.1:1")


@pytest.mark.parametrize("note", ["../precious", "/", "", "nonverbal-ray-abc\n", "nonverbal-ray-../../xx"])
def test_a_note_about_a_killed_cluster_removes_nothing_else(
    note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp" / "nonverbal-ray-abcdefgh").mkdir(parents=True)
    (tmp_path / "precious").mkdir()
    (tmp_path / "ray").write_text(note)
    sweep_cluster(tmp_path)
    assert (tmp_path / "precious").is_dir()
    assert (tmp_path / "tmp" / "nonverbal-ray-abcdefgh").is_dir()
    (tmp_path / "ray").write_text("nonverbal-ray-abcdefgh")
    sweep_cluster(tmp_path)
    assert not (tmp_path / "tmp" / "nonverbal-ray-abcdefgh").exists()
    assert not (tmp_path / "ray").exists()


def test_needs_are_told_in_words() -> None:
    assert str(Needs(2, 0.5, 8)) == "2 CPU, 0.5 GPU, 8 GB of memory"
