"""What the machine may do to a run: a signal in the middle of a commit, a clock set back, a source that grows."""

from __future__ import annotations

import json
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aftermath import artefact_hash, wait_until
from fake_stages import FakeFirst, fake_source
from test_kill import at_work, finish, start

from nonverbal.pipeline.lock import OutputError, claim
from nonverbal.pipeline.run import RunResult
from nonverbal.verdicts import Reason

Go = Callable[..., RunResult]


def committing(tmp_path: Path) -> bool:
    return any((tmp_path / "out").rglob(".*.tmp"))


def test_ctrl_c_during_a_commit_finishes_it(tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 3)
    code, out = finish(start(tmp_path))
    assert code == 0, out
    whole = artefact_hash(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "whole")
    process = start(tmp_path, fault="before_rename:sleep:2")  # a worker stands still with a file all but committed
    wait_until(lambda: at_work(tmp_path) and committing(tmp_path))
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to the whole group
    time.sleep(0.3)
    assert process.poll() is None, "it did not wait for the commit"
    os.killpg(process.pid, signal.SIGINT)
    code, out = finish(process)
    assert code == 128 + signal.SIGINT
    books = json.loads(out)
    assert books["done"] + books["pending"] == books["seen"]
    code, out = finish(start(tmp_path))
    assert code == 0, out
    assert not committing(tmp_path)
    assert artefact_hash(tmp_path / "out") == whole


def test_a_clock_set_back_changes_nothing(go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = fake_source(tmp_path, "a", 3)
    assert go(source).exit_code == 0
    whole = artefact_hash(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "whole")
    true_time, calls = time.time, iter(range(1 << 30))
    monkeypatch.setattr(time, "time", lambda: true_time() - 86_400 * 365 * next(calls))
    result = go(source, first=FakeFirst(first_s=0.05), no_progress_s=5.0)
    assert result.exit_code == 0
    assert result.record is not None
    assert 0 < result.record.wall_s < 60
    assert go(source, first=FakeFirst(first_s=0.05)).record is None, "a second run has nothing to do"
    monkeypatch.undo()
    monkeypatch.setenv("FAKE_MARK", str(tmp_path))
    (tmp_path / "out").rename(tmp_path / "back")
    assert go(source).exit_code == 0
    assert artefact_hash(tmp_path / "out") == whole


def test_a_source_dated_back_is_not_taken_for_the_same(go: Go, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 1)
    mark = (source.size_bytes, os.stat(source.path).st_mtime_ns, os.stat(source.path).st_ino)
    os.utime(source.path, ns=(0, 0))
    assert go(source, marks={source.source_id: mark}).ledger.sources.quarantined == {"E_CHANGED": 1}


def test_a_limit_on_the_size_of_files_leaves_nothing_half_written(tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 2, "fake_second 0 big", "fake_second 1 big")
    code, out = finish(start(tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))))
    assert code == 74, out
    assert not committing(tmp_path)
    assert finish(start(tmp_path))[0] == 0


@pytest.mark.parametrize("place", ["/proc/1/nonverbal", "/sys/nonverbal"])
def test_outputs_under_a_pseudo_file_system_are_refused(place: str) -> None:
    with pytest.raises(OutputError) as caught, claim(Path(place)):
        pass
    assert caught.value.reason is Reason.E_IO_RO
