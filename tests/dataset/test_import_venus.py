"""Published VENUS rows as a dataset: each rule, many of them where the paper's release goes wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from venus_maker import VIDEO, Record, features, frames, row, utterance, write_parquet

from nonverbal.dataset.import_venus import Counts, import_rows, segment_clip, video_source
from nonverbal.dataset.merge import merge
from nonverbal.dataset.purge import purge
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.validate import validate
from nonverbal.dataset.venus_files import find_rows
from nonverbal.pipeline.lock import OutputError
from nonverbal.types import PARTS, Motion
from nonverbal.verdicts import UserError

FACE, BODY = PARTS.index("face"), PARTS.index("upper_body")
Import = Callable[..., tuple[Dataset, Counts]]


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    """Imports rows, of train and test, and sees that the result is a sound dataset."""

    def run(*train: Record, test: tuple[Record, ...] = (), name: str = "ds", **options: Any) -> tuple[Dataset, Counts]:
        source = tmp_path / options.pop("source", f"{name}-rows")
        for split, rows in (("train", train), ("test", test)):
            if rows:
                write_parquet(source / f"{split}-00000-of-00001.parquet", rows)
        settings = {"limit": None, "train_share": 1.0} | options
        origin = find_rows(str(source), ("train", "test"))
        done = import_rows(origin, tmp_path / name, tick=lambda rows: None, **settings)
        assert validate(tmp_path / name) == []
        return open_dataset(tmp_path / name), done.counts

    return run


def motion_of(dataset: Dataset, participant: str = "A", segment: int = 0) -> Motion:
    return dataset.motion(segment_clip(video_source(VIDEO), segment).clip_id, participant)


def test_face_and_body_are_cut_out_of_what_the_models_gave(imported: Import) -> None:
    """EMOCA's 156: expression 0 to 49 and jaw 53 to 55. OSX's 179: 39 to 155."""
    motion = motion_of(imported(row())[0])
    face, body = features(0, 7, 156), features(0, 7, 179)
    np.testing.assert_allclose(motion.face[7], [*face[:50], *face[53:56]], rtol=1e-6)
    np.testing.assert_allclose(motion.body[7], body[39:156], rtol=1e-6)
    assert (motion.face_space, motion.body_space, motion.fps, motion.n_frames) == ("flame53", "smplx117", 25.0, 15000)


def test_features_of_other_models_end_the_import_with_a_sentence(imported: Import, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="row 0: facial_expression has 53 numbers a frame, expected the 156 of EMOCA"):
        imported(row(facial_expression=frames(0, range(25), 53)))
    assert [path.name for path in tmp_path.iterdir()] == ["ds-rows"]  # nothing half-made stays behind


def test_frame_0_is_kept(imported: Import) -> None:
    """The release filters frame numbers by their truth, which drops the first frame of every segment."""
    motion = motion_of(imported(row())[0])
    assert motion.validity[0, FACE]
    assert motion.validity[0, BODY]
    np.testing.assert_allclose(motion.face[0, :3], features(0, 0, 156)[:3])


def test_a_missing_face_moves_no_body_to_another_utterance(imported: Import) -> None:
    """The release pairs the n-th face sequence with the n-th body sequence: one utterance without a face shifts all."""
    whole = imported(row())[0]
    faceless = frames(0, range(25), 156) + frames(2, range(75, 100), 156)
    dataset = imported(row(facial_expression=faceless), name="faceless")[0]
    for participant in "AB":
        np.testing.assert_array_equal(motion_of(dataset, participant).body, motion_of(whole, participant).body)
    np.testing.assert_array_equal(motion_of(dataset).face, motion_of(whole).face)
    assert not motion_of(dataset, "B").validity[:, FACE].any()
    assert motion_of(dataset, "B").validity[:, BODY].sum() == 25


def test_frames_may_come_in_any_order(imported: Import) -> None:
    """The release begins a new sequence wherever the utterance changes, so a stray frame cuts one in two."""
    mixed = row()
    for part in ("facial_expression", "body_language"):
        random.Random(3).shuffle(mixed[part])
    mixed["conversation"].reverse()
    assert imported(mixed, name="mixed")[0].content_hash == imported(row())[0].content_hash


def test_of_two_frames_for_one_place_the_first_counts(imported: Import) -> None:
    twice = frames(0, range(25), 156)
    twice.insert(8, {**twice[7], "frame": "7_001", "features": [9.0] * 156})
    dataset, counts = imported(row(facial_expression=twice))
    np.testing.assert_allclose(motion_of(dataset).face[7, :3], features(0, 7, 156)[:3], rtol=1e-6)
    assert counts.face["dropped: a second time"] == 1
    assert counts.face["kept"] == 25


def test_touching_utterances_of_one_person_share_no_frame(imported: Import) -> None:
    """Around a border both may have a frame; which one counts does not hang on the order of the file."""
    spoken = [utterance(0, 0, 0.0, 1.0), utterance(1, 0, 1.0, 2.0), utterance(2, 1, 3.0, 4.0)]
    early, late = frames(0, range(27), 156), frames(1, range(23, 50), 156)
    one = imported(row(conversation=spoken, facial_expression=early + late), name="one")
    other = imported(row(conversation=spoken, facial_expression=late + early), name="other")
    assert one[0].content_hash == other[0].content_hash
    assert one[1].face["dropped: a second time"] == other[1].face["dropped: a second time"] == 4


def test_gaps_stay_gaps(imported: Import) -> None:
    there = [n for n in range(25) if n not in (3, 10, 11, 12)]
    motion = motion_of(imported(row(facial_expression=frames(0, there, 156)))[0])
    assert np.flatnonzero(motion.validity[:, FACE]).tolist() == there
    assert not motion.face[[3, 10, 11, 12]].any()
    assert not motion.confidence[[3, 10, 11, 12], FACE].any()
    np.testing.assert_allclose(motion.face[13, :3], features(0, 13, 156)[:3], rtol=1e-6)


def test_frame_numbers_count_from_the_start_of_the_segment(imported: Import) -> None:
    dataset, _ = imported(row())
    assert np.flatnonzero(motion_of(dataset, "A").validity[:, FACE]).tolist() == [*range(25), *range(75, 100)]
    assert np.flatnonzero(motion_of(dataset, "B").validity[:, FACE]).tolist() == [*range(25, 50)]


def test_a_frame_far_from_its_utterance_is_dropped_and_counted(imported: Import) -> None:
    """Utterance 1 lasts from frame 25 to 50; 0.2 s on either side are still believed."""
    near, far = [19, 20, 55, 56], range(25, 50)
    dataset, counts = imported(row(facial_expression=frames(1, [*near, *far], 156)))
    valid = np.flatnonzero(motion_of(dataset, "B").validity[:, FACE])
    assert valid.tolist() == [20, *range(25, 50), 55]
    assert counts.face["dropped: outside its utterance"] == 2


def test_numbers_that_count_from_the_utterance_turn_the_row_down(imported: Import) -> None:
    """Were they taken as they are, most motion would be lost and the rest would be that of other words."""
    late = [utterance(0, 0, 100.0, 101.0), utterance(1, 1, 101.0, 102.0)]
    relative = {
        part: frames(0, range(25), width) + frames(1, range(25), width)
        for part, width in (("facial_expression", 156), ("body_language", 179))
    }
    dataset, counts = imported(row(), row(segment=1, conversation=late, **relative))
    assert counts.rows == {"kept": 1, "E_AV_SYNC": 1}
    assert {c["reason"]: c["verdict"] for c in dataset.clips()} == {"": "kept", "E_AV_SYNC": "rejected"}


def test_who_listens_is_invalid(imported: Import) -> None:
    dataset, _ = imported(row())
    a, b = motion_of(dataset, "A"), motion_of(dataset, "B")
    assert not (a.validity & b.validity).any()
    assert not a.face[25:50].any()
    assert not b.body[:25].any()
    assert np.flatnonzero(b.speaking).tolist() == [*range(25, 50)]
    assert not a.validity[:, [PARTS.index("head"), PARTS.index("gaze")]].any()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e300])
def test_a_frame_that_is_no_number_is_invalid_and_counted(imported: Import, bad: float) -> None:
    broken = row()
    broken["facial_expression"][4]["features"][54] = bad
    dataset, counts = imported(broken)
    motion = motion_of(dataset)
    assert not motion.validity[4, FACE]
    assert not motion.face[4].any()
    assert motion.validity[4, BODY]
    assert motion.validity[[3, 5], FACE].all()
    assert counts.face["invalid: NaN or infinite"] == 1


def test_what_is_not_kept_may_be_anything(imported: Import) -> None:
    """Column 60 of EMOCA is head shape, which no dataset of ours holds."""
    broken = row()
    broken["facial_expression"][4]["features"][60] = float("nan")
    assert imported(broken)[1].face == {"kept": 75}


def test_every_published_frame_is_accounted_for(imported: Import) -> None:
    odd = row()
    face = odd["facial_expression"]
    face[0]["features"] = None
    face[1]["features"] = [0.0] * 155
    face[2]["frame"] = "none"
    face[3]["utt_id"] = "77"
    face[4]["frame"] = "99999_000"
    face[5]["frame"] = face[6]["frame"]
    counts = imported(odd)[1]
    assert +counts.face == {
        "kept": 69,
        "invalid: no features": 2,
        "dropped: no frame number": 1,
        "dropped: of no known utterance": 1,
        "dropped: outside its utterance": 1,
        "dropped: a second time": 1,
    }
    assert counts.body == {"kept": 75}


def test_a_turn_of_more_than_pi_is_the_same_turn_the_other_way(imported: Import) -> None:
    far = row()
    far["body_language"][0]["features"][39:42] = [0.0, 4.0, 0.0]
    np.testing.assert_allclose(motion_of(imported(far)[0]).body[0, :3], [0, 4 - 2 * np.pi, 0], rtol=1e-6)


def test_words_without_times_get_some(imported: Import) -> None:
    """WhisperX gives no time for "2014"; a word without one must not lose the others theirs."""
    spoken = utterance(0, "SPEAKER_01", 0.0, 1.0, "It was 2014. Then")
    spoken["words"][2] |= {"start_time": None, "end_time": float("nan")}
    silent = utterance(1, "SPEAKER_00", 1.0, 2.0, "No words here.") | {"words": []}
    dataset, counts = imported(row(conversation=[spoken, silent]))
    turns = next(dataset.rows())["turns"]
    times = [(w["word"], w["start_s"], w["end_s"], w["interpolated"]) for w in turns[0]["words"]]
    assert times[2] == ("2014.", 0.5, 0.75, True)
    assert times[3] == ("Then", 0.75, 1.0, False)
    assert turns[0]["sentences"] == [0, 3]
    assert [w["word"] for w in turns[1]["words"]] == ["No", "words", "here."]
    assert all(w["interpolated"] and 1.0 <= w["start_s"] < w["end_s"] <= 2.0 for w in turns[1]["words"])
    assert (counts.words, counts.interpolated) == (7, 4)


def test_utterances_that_cannot_be_turns_are_left_out_and_counted(imported: Import) -> None:
    spoken = row()["conversation"]
    spoken += [utterance(3, 0, 5.0, 6.0, ""), utterance(4, 7, 6.0, 7.0) | {"start_time": None, "end_time": None}]
    for word in spoken[-1]["words"]:
        word |= {"start_time": None, "end_time": None}
    spoken.append(utterance(5, 1, 700.0, 701.0))
    _, counts = imported(row(conversation=spoken))
    assert counts.turns == 3
    assert counts.utterances == {"no words": 1, "no time": 2}


def test_harmful_turns_are_flagged_and_get_no_made_up_score(imported: Import) -> None:
    dataset, counts = imported(row(harmful_utterance_id=[1, 40]))
    turns = next(dataset.rows())["turns"]
    assert [turn["harmful"] for turn in turns] == [False, True, False]
    assert [turn["harm"] for turn in turns] == [None] * 3
    assert counts.harmful == 1
    assert counts.utterances == {"harmful, but not there": 1}  # the paper takes them out of the conversation


@pytest.mark.parametrize(
    ("speakers", "reason"), [((0, 0), "E_ONE_SPEAKER"), ((0, 1, 2), "E_THREE_PLUS"), ((), "E_NO_SPEECH")]
)
def test_other_than_two_people_are_turned_down(imported: Import, speakers: tuple[int, ...], reason: str) -> None:
    spoken = [utterance(i, who, float(i), i + 1.0) for i, who in enumerate(speakers)]
    dataset, counts = imported(row(), row(segment=1, conversation=spoken))
    assert counts.rows == {"kept": 1, reason: 1}
    (clip,) = [clip for clip in dataset.clips() if clip["verdict"] == "rejected"]
    assert (clip["stage"], clip["reason"], clip["start_s"]) == ("import", reason, 660.0)
    assert f"{len(set(speakers))} people talk" in clip["message"]


def test_ids_hash_the_video_and_the_cut(imported: Import) -> None:
    dataset, _ = imported(row(segment="000"), row(segment=f"{VIDEO}_003"))
    rows = sorted(dataset.rows(), key=lambda r: r["start_s"])
    assert [r["start_s"] for r in rows] == [60.0, 1860.0]
    assert {r["url"] for r in rows} == {f"https://www.youtube.com/watch?v={VIDEO}"}
    assert {(r["channel"], r["language"], r["duration_s"]) for r in rows} == {("", "en", 600.0)}
    assert len({r["source_id"] for r in rows}) == 1
    assert rows[0]["dialogue_id"] == segment_clip(video_source(VIDEO), 0).clip_id
    (source,) = dataset.sources()
    assert (source["n_clips"], source["n_dialogues"], source["verdict"]) == (2, 2, "kept")


def test_published_splits_are_kept(imported: Import) -> None:
    train = [row(video=f"trainvideo{i}") for i in range(3)]
    test = tuple(row(video=f"testvideo_{i}") for i in range(3))
    dataset, _ = imported(*train, test=test)
    splits = {dataset.row(i)["url"][-11:]: dataset.split(i) for i in dataset.ids()}
    assert splits == {f"trainvideo{i}": "train" for i in range(3)} | {f"testvideo_{i}": "test" for i in range(3)}


def test_what_listeners_do_is_told_of_imported_rows(imported: Import) -> None:
    long = "we went all the way down to the river and then we came back home again"
    spoken = [utterance(0, 0, 0.0, 4.0, long), utterance(1, 1, 2.0, 2.4, "Mhm."), utterance(2, 0, 4.5, 6.0, long)]
    spans = ((0, range(100)), (1, range(50, 60)), (2, range(113, 150)))
    face, body = ([frame for n, span in spans for frame in frames(n, span, width)] for width in (156, 179))
    dataset, counts = imported(row(conversation=spoken, facial_expression=face, body_language=body))
    assert counts.rows == {"kept": 1}
    (event,) = dataset.dialogue(dataset.ids()[0]).events
    assert (event.kind, event.participant, event.during, event.start_s) == ("backchannel", "B", "A", 2.0)


def test_published_splits_outlive_purging_and_need_no_train(imported: Import, tmp_path: Path) -> None:
    """Whoever takes a video out must not thereby shuffle others from test into train."""
    tests = tuple(row(video=f"testvideo_{i}") for i in range(4))
    dataset, _ = imported(test=tests)
    assert dataset.manifest.splits == {"train": 0, "validation": 0, "test": 4}
    purge(dataset.root, video_source("testvideo_2").source_id, lambda ids: None)
    assert open_dataset(dataset.root).manifest.splits == {"train": 0, "validation": 0, "test": 3}
    merge(tmp_path / "merged", [dataset.root, imported(row(), name="other")[0].root])
    assert open_dataset(tmp_path / "merged").manifest.splits == {"train": 1, "validation": 0, "test": 3}
    assert validate(dataset.root) == validate(tmp_path / "merged") == []


def test_a_video_in_both_splits_is_kept_in_test_alone(imported: Import) -> None:
    """Segments of one video show the same two people; in train they would be known before the test."""
    dataset, counts = imported(row(segment=0), row(video="bbbbbbbbbbb"), test=(row(segment=1),))
    assert counts.rows == {"kept": 2, "E_SCHEMA": 1}
    assert dataset.split(segment_clip(video_source(VIDEO), 1).clip_id) == "test"
    assert "is in the test split as well" in "".join(clip["message"] for clip in dataset.clips())


def test_some_of_train_can_be_held_out_by_video(imported: Import) -> None:
    train = [row(video=f"trainvideo{i}", segment=s) for i in range(4) for s in range(2)]
    dataset, _ = imported(*train, test=(row(),), train_share=0.5)
    splits = {(dataset.row(i)["url"], dataset.split(i)) for i in dataset.ids()}
    assert len(splits) == 5
    assert {split for _, split in splits} == {"train", "validation", "test"}
    assert [split for url, split in splits if url.endswith(VIDEO)] == ["test"]


def test_rows_without_an_id_or_seen_before_are_counted(imported: Import) -> None:
    dataset, counts = imported(row(), row(), row(video="../../etc"), row(video="aaaaaaaaaaa", segment=-1))
    assert counts.rows == {"kept": 1, "the same segment again": 1, "E_SCHEMA": 2}
    assert sorted(source["verdict"] for source in dataset.sources()) == ["kept", "rejected", "rejected"]


def test_a_limit_counts_rows_of_each_split(imported: Import) -> None:
    rows = [row(video=f"trainvideo{i}") for i in range(3)]
    tests = tuple(row(video=f"testvideo_{i}") for i in range(3))
    assert imported(*rows, test=tests, limit=2)[0].manifest.splits == {"train": 2, "validation": 0, "test": 2}


def test_a_place_that_cannot_be_written_to_is_one_sentence(imported: Import, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file: is a file, expected a folder to make ds in"):
        imported(row(), name="file/ds", source="rows")
    with pytest.raises(OutputError, match=r"cannot write in .*file/a/ds .*: choose an output folder"):
        imported(row(), name="file/a/ds", source="rows")


def test_a_folder_that_is_there_is_not_touched(imported: Import, tmp_path: Path) -> None:
    (tmp_path / "ds").mkdir()
    with pytest.raises(UserError, match="ds: exists already; give a folder that does not"):
        imported(row())
    assert list((tmp_path / "ds").iterdir()) == []
