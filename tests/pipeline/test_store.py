"""Commits are whole or absent; records come back bit by bit; what is old or damaged is told from what counts."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from fake_stages import FakeCut, FakeProbe, FakeRecord

from nonverbal.pipeline import faults
from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.store import (
    DamagedArtefactError,
    JsonCodec,
    Quarantine,
    Store,
    commit,
    prune,
    retry,
    sweep,
    unsealed,
)
from nonverbal.types import Clip
from nonverbal.verdicts import Reason, Reject

SEALED = b'{"sha256":"'
"""How a record that carries its hash begins."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "artefacts", Plan((FakeProbe(), FakeCut()), ()))
    made.make_folders()
    return made


def test_json_codec_keeps_every_bit_and_every_name(tmp_path: Path) -> None:
    codec = JsonCodec(tuple[Clip, ...])
    clips = (Clip("a", "not \udcff utf-8", 0.1 + 0.2, math.nextafter(7.0, 8.0)), Clip("b", "ü", 1e-300, 1e300))
    codec.write(tmp_path / "x", clips)
    assert codec.read(tmp_path / "x") == clips


def test_a_result_that_is_not_finite_is_not_committed(store: Store) -> None:
    with pytest.raises(ValueError, match="nan"):
        store.put("fake_probe", "u", FakeRecord("x", math.nan))
    assert list(store.root.rglob("*.*")) == []


@pytest.mark.parametrize("point", ["before_write", "before_verify", "before_fsync", "before_rename"])
def test_a_commit_broken_off_leaves_the_old_file_whole(
    point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    faults._hits.clear()
    monkeypatch.setenv("NONVERBAL_FAULT", f"{point}:full")
    with pytest.raises(OSError, match="no space left"):
        commit(path, lambda p: p.write_text("new"), Path.read_text)
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
    assert path.read_text() == "old"


def test_after_the_rename_the_new_file_stands_whatever_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults._hits.clear()
    monkeypatch.setenv("NONVERBAL_FAULT", "after_rename:full")
    with pytest.raises(OSError, match="no space left"):
        commit(tmp_path / "x.json", lambda p: p.write_text("new"), Path.read_text)
    assert (tmp_path / "x.json").read_text() == "new"


def test_what_does_not_read_back_is_not_committed(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise ValueError("not what was written")

    with pytest.raises(ValueError, match="not what was written"):
        commit(tmp_path / "x.json", lambda p: p.write_text("torn"), fail)
    assert list(tmp_path.iterdir()) == []


def test_put_gives_back_what_a_resumed_run_would_read(store: Store) -> None:
    given = store.put("fake_cut", "u", [Clip("a", "b", 0.0, 1.0)])  # a list; the file holds a tuple
    assert given == store.read("fake_cut", "u") == (Clip("a", "b", 0.0, 1.0),)
    assert isinstance(given, tuple)


def test_a_damaged_file_is_removed_and_named(store: Store) -> None:
    store.put("fake_probe", "u", FakeRecord("x", 1.0))
    path = store.path("fake_probe", "u", ".json")
    path.write_text(path.read_text()[:-9])
    with pytest.raises(DamagedArtefactError, match="was damaged"):
        store.read("fake_probe", "u")
    assert not store.has("fake_probe", "u")


def test_listing_tells_results_from_rejections_and_old_keys(store: Store) -> None:
    store.put("fake_probe", "kept", FakeRecord("x", 1.0))
    store.put_reject("fake_probe", "gone", Reject(Reason.E_EMPTY, "empty"))
    other = Store(store.root, Plan((FakeProbe(probe_salt=1), FakeCut()), ()))
    other.put("fake_probe", "old", FakeRecord("x", 1.0))
    assert store.listing("fake_probe") == {"kept": frozenset({".json"}), "gone": frozenset({".reject.json"})}
    assert store.read_reject("fake_probe", "gone") == Reject(Reason.E_EMPTY, "empty")
    assert store.read_reject("fake_probe", "kept") is None


def test_prune_removes_other_settings_and_nothing_else(store: Store) -> None:
    store.put("fake_probe", "kept", FakeRecord("x", 1.0))
    other = Store(store.root, Plan((FakeProbe(probe_salt=1), FakeCut()), ()))
    other.put("fake_probe", "kept", FakeRecord("y", 1.0))
    other.put_reject("fake_probe", "old", Reject(Reason.E_EMPTY, "empty"))
    assert prune(store.root, store.plan) == 2
    assert [p.name for p in store.root.rglob("*.*")] == [store.path("fake_probe", "kept", ".json").name]


def test_retry_takes_one_reason_out_of_quarantine(store: Store) -> None:
    for unit_id, reason in (("a", Reason.E_OOM), ("b", Reason.E_TIMEOUT), ("c", Reason.E_OOM)):
        store.put_quarantine(Quarantine(unit_id, "fake_probe", reason, "", "", "", 3))
    assert retry(store.root, Reason.E_OOM) == 2
    assert set(store.listing("fake_probe")) == {"b"}
    assert retry(store.root) == 1
    assert store.listing("fake_probe") == {}


def test_sweep_removes_only_what_a_killed_run_left(store: Store) -> None:
    store.put("fake_probe", "kept", FakeRecord("x", 1.0))
    (store.root / "fake_probe" / ".torn.0123.json.77.tmp").write_text("half")
    assert set(store.listing("fake_probe")) == {"kept"}
    sweep(store.root)
    assert len(list((store.root / "fake_probe").iterdir())) == 1


@pytest.mark.parametrize("place", [0, 1, 5, 11, 40, 75, 80, 90, -3, -2, -1])
def test_any_flipped_byte_of_a_record_is_seen(place: int, store: Store) -> None:
    store.put("fake_probe", "u", FakeRecord("talk", 0.5))
    path = store.path("fake_probe", "u", ".json")
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="other bytes"):
        unsealed(path)
    with pytest.raises(DamagedArtefactError):
        store.read("fake_probe", "u")


def test_a_record_under_another_name_is_seen(store: Store) -> None:
    for unit, text in (("u", "talk"), ("v", "walk")):
        store.put("fake_probe", unit, FakeRecord(text, 0.5))
    first, second = (store.path("fake_probe", unit, ".json") for unit in "uv")
    first.rename(store.root / "x")
    second.rename(first)
    (store.root / "x").rename(second)
    for unit in "uv":
        with pytest.raises(DamagedArtefactError, match="under this name"):
            store.read("fake_probe", unit)


def test_records_of_earlier_releases_are_read(store: Store) -> None:
    path = store.path("fake_probe", "u", ".json")
    path.write_text('{"number":0.5,"text":"talk"}\n')
    assert store.read("fake_probe", "u") == FakeRecord("talk", 0.5)
    assert not path.read_bytes().startswith(SEALED)
    store.put("fake_probe", "u", FakeRecord("talk", 0.5))
    assert path.read_bytes().startswith(SEALED)
