"""Flags follow from stored scores and settings; prosody and events out of range are found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from nonverbal.dataset.check_told import told_faults
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import Row, SourceVerdict
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_events, synthetic_motion, synthetic_source
from nonverbal.dataset.validate import validate
from nonverbal.types import LabelScore, Prosody, Turn, Word
from nonverbal.venus.assemble import FinishedClip, assemble
from nonverbal.venus.harm import Harm
from nonverbal.venus.transcribe import Transcript

SETTINGS: dict[str, Any] = {"harm_threshold": 0.6, "harm_labels": ["toxic", "insult"]}


def scored(*scores: float) -> Turn:
    """A turn of which a model that knows three labels said this, flagged by the stage's own rule."""
    labels = ("toxic", "insult", "neutral")
    words = (Word("so", 0.1, 0.3, 1.0, prosody=Prosody(1.0, 0.5, 120.0)), Word("it", 0.3, 0.4, 1.0))
    harm = Harm(harm_model="org/model", harm_threshold=0.6, harm_labels=("toxic", "insult"))
    return harm._scored(Turn("S0", 0.1, 0.5, "so it", words), labels, scores)


@pytest.fixture
def flagged(tmp_path: Path) -> Path:
    """A dataset of one dialogue with four turns, one of them not scored."""
    source = synthetic_source(0)
    clip = synthetic_clip(source)
    turns = (scored(0.61, 0.2, 0.1), scored(0.1, 0.2, 0.99), scored(0.3, 0.6, 0.2), Turn("S1", 2.0, 3.0, "", ()))
    motion = tmp_path / "motion.parquet"
    MotionCodec().write(motion, synthetic_motion(clip))
    events = partial(synthetic_events, clip)
    finished = FinishedClip(clip, source, "key", motion, partial(Transcript, "en", turns), events)
    config = {"harm": SETTINGS}
    assemble(tmp_path / "ds", [finished], [], [SourceVerdict(source)], SplitConfig(), config)
    return tmp_path / "ds"


def test_flags_follow_from_the_files_alone(flagged: Path) -> None:
    settings = json.loads((flagged / "dataset.json").read_text())["config"]["harm"]
    (shard,) = (flagged / "dialogues").glob("*.parquet")
    (turns,) = pq.read_table(shard)["turns"].to_pylist()
    for turn in turns:
        deciding = [s["score"] for s in turn["harm_scores"] if s["label"] in settings["harm_labels"]]
        assert turn["harmful"] == (max(deciding, default=-1.0) >= settings["harm_threshold"])
    assert [turn["harmful"] for turn in turns] == [True, False, True, False]
    assert validate(flagged) == []


def row_of(flagged: Path) -> Row:
    (shard,) = (flagged / "dialogues").glob("*.parquet")
    row: Row = pq.read_table(shard).to_pylist()[0]
    return row


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda row: row["turns"][1].update(harmful=True), "turn 1: harmful is True, expected False with harm 0.2"),
        (lambda row: row["turns"][0].update(harm=0.7), "turn 0: harm is 0.7, expected the highest score, 0.61"),
        (lambda row: row["turns"][3].update(harmful=True), "turn 3: harmful is True, expected False with harm None"),
        (lambda row: row["turns"][0]["harm_scores"][2].update(score=1.5), "harm_scores says neutral 1.5, expected"),
        (lambda row: row["turns"][0]["words"][0]["prosody"].update(pitch_hz=-5.0), "'so': pitch_hz is -5.0, expected"),
        (lambda row: row["turns"][0]["words"][0]["prosody"].update(alone=float("nan")), "'so': alone is nan, expected"),
        (lambda row: row["events"][0].update(during="B"), "event 0: is by 'B' while 'B' talks, expected two of"),
        (lambda row: row["events"][0].update(end_s=99.0), "event 0: got the time [0.5, 99.0) s"),
        (lambda row: row["events"].reverse(), "event 1: starts at 0.5 s, before the one ahead of it"),
        (lambda row: row["events"][0].update(strength=float("nan")), "event 0: got confidence"),
    ],
)
def test_what_is_wrong_is_named(flagged: Path, spoil: Callable[[Row], None], told: str) -> None:
    row = copy.deepcopy(row_of(flagged))
    assert list(told_faults(row, {"harm": SETTINGS})) == []
    spoil(row)
    (fault,) = told_faults(row, {"harm": SETTINGS})
    assert told in fault.message


def test_flags_from_outside_are_not_judged(flagged: Path) -> None:
    row = copy.deepcopy(row_of(flagged))
    row["turns"][1]["harmful"] = True
    assert list(told_faults(row, {"import": {}})) == []


def test_scores_of_version_1_are_enough(flagged: Path) -> None:
    row = copy.deepcopy(row_of(flagged))
    for turn in row["turns"]:
        del turn["harm_scores"]
    assert list(told_faults(row, {"harm": {"harm_threshold": 0.6}})) == []


def test_labels_are_cleaned_as_all_text(flagged: Path) -> None:
    from nonverbal.dataset.rows import dialogue_row

    source = synthetic_source(0)
    turn = Turn("A", 0.0, 1.0, "", (), harm=0.5, harm_scores=(LabelScore("a\x1b[31mb", 0.5),))
    row = dialogue_row(synthetic_clip(source), source, "en", ("A",), (turn,))
    assert row["turns"][0]["harm_scores"][0]["label"] == "a\\x1b[31mb"
