"""Reading: what was assembled comes back, by our reader, `datasets` and DuckDB; what is no dataset is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source, synthetic_transcript
from nonverbal.verdicts import UserError


def test_every_dialogue_comes_back_as_it_was(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    assert len(dataset) == len(list(dataset)) == 6
    for talk in range(6):
        source = synthetic_source(talk)
        clip = synthetic_clip(source)
        assert clip.clip_id in dataset
        dialogue = dataset.dialogue(clip.clip_id)
        assert dialogue.clip == clip
        assert dialogue.language == "en"
        for turn, said in zip(dialogue.turns, synthetic_transcript(clip, talk).turns, strict=True):
            assert turn.participant == {"S0": "A", "S1": "B"}[said.participant]
            assert (turn.words, turn.sentences, turn.harm) == (said.words, said.sentences, said.harm)
        for found, made in zip(dialogue.participants, synthetic_motion(clip, talk).participants, strict=True):
            assert np.array_equal(found.body, made.body)
            assert np.array_equal(dataset.column(clip.clip_id, made.participant, "gaze"), made.gaze)
            assert np.array_equal(dataset.column(clip.clip_id, made.participant, "speaking"), made.speaking)


def test_splits_share_out_all_dialogues(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    by_split = {split: dataset.ids(split) for split in ("train", "validation", "test")}
    assert sorted(i for ids in by_split.values() for i in ids) == sorted(dataset.ids())
    channels = {split: {dataset.row(i)["channel"] for i in ids} for split, ids in by_split.items()}
    assert sum(len(c) for c in channels.values()) == len(set().union(*channels.values())) == 3


def test_smoothing_is_an_option_of_reading(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    raw = dataset.motion(dataset.ids()[0], "A")
    smooth = dataset.motion(dataset.ids()[0], "A", smooth=True)
    assert smooth.face.shape == raw.face.shape
    assert np.abs(np.diff(smooth.face, axis=0)).sum() < np.abs(np.diff(raw.face, axis=0)).sum()


def test_what_is_asked_for_wrongly_is_named(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    first = dataset.ids()[0]
    with pytest.raises(UserError, match="no dialogue 'nobody' among its 6"):
        dataset.motion("nobody", "A")
    with pytest.raises(UserError, match=r"has the participants \['A', 'B'\], not 'C'"):
        dataset.motion(first, "C")
    with pytest.raises(UserError, match="unknown motion column 'hands'; the columns are face, body"):
        dataset.column(first, "A", "hands")


def test_a_folder_without_dataset_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UserError, match=r"dataset\.json: not found"):
            open_dataset(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "got schema version None, expected 2"),
        ('{"schema_version": 3}', "got schema version 3, expected 2"),
        ('{"schema_version": 1, "name": "other"}', "unknown key 'name'"),
    ],
)
def test_a_foreign_manifest_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(UserError, match=message):
        open_dataset(tmp_path)


def test_a_missing_shard_is_named(dataset_dir: Path) -> None:
    next((dataset_dir / "dialogues").glob("*")).unlink()
    with pytest.raises(UserError, match=r"dialogues/\w+-00000-\w+.parquet: cannot be read as Parquet"):
        open_dataset(dataset_dir)


def test_a_missing_motion_file_is_named(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    dataset.motion_path(dataset.ids()[0]).unlink()
    with pytest.raises(UserError, match=r"motion/.*cannot be read as Parquet"):
        dataset.motion(dataset.ids()[0], "A")


def test_hugging_face_datasets_loads_it(dataset_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    import datasets

    datasets.disable_progress_bars()
    ours = open_dataset(dataset_dir)
    cache = str(tmp_path / "cache")
    default = datasets.load_dataset(str(dataset_dir), cache_dir=cache)
    named = datasets.load_dataset(str(dataset_dir), "dialogues", cache_dir=cache)
    motion = datasets.load_dataset(str(dataset_dir), "motion", cache_dir=cache)
    sources = datasets.load_dataset(str(dataset_dir), "sources", cache_dir=cache)
    assert {split: rows.num_rows for split, rows in default.items()} == {
        split: n for split, n in ours.manifest.splits.items() if n
    }
    assert default["train"][0] == named["train"][0] == ours.row(ours.ids("train")[0])
    assert sum(rows.num_rows for rows in motion.values()) == 12
    row = motion["train"].with_format("numpy")[0]
    assert np.array_equal(row["body"], ours.column(row["dialogue_id"], row["participant"], "body"))
    assert sources["seen"].num_rows == 6


def test_duckdb_queries_it(dataset_dir: Path) -> None:
    ours = open_dataset(dataset_dir)
    found = duckdb.sql(
        "SELECT d.dialogue_id, t.participant, t.words[1].word, len(m.face), m.face[1][1] FROM "
        f"(SELECT *, unnest(turns) AS t FROM '{dataset_dir}/dialogues/*.parquet') d "
        f"JOIN '{dataset_dir}/motion/*.parquet' m ON m.dialogue_id = d.dialogue_id AND m.participant = t.participant"
    ).fetchall()
    assert len(found) == sum(len(row["turns"]) for row in ours.rows()) == 12
    for dialogue_id, participant, word, n_frames, value in found:
        first = next(t for t in ours.row(dialogue_id)["turns"] if t["participant"] == participant)
        face = ours.column(dialogue_id, participant, "face")
        assert (word, n_frames, value) == (first["words"][0]["word"], len(face), face[0, 0])


def test_the_query_of_the_card_runs(dataset_dir: Path) -> None:
    card = (dataset_dir / "README.md").read_text()
    query = card.split("```sql")[1].split("```")[0].replace("DIR", str(dataset_dir))
    rows = duckdb.sql(query).fetchall()
    assert len(rows) == 12
    assert all(turns == 1 and talk_s == pytest.approx(1.6) for _, _, turns, talk_s in rows)


def test_a_dataset_without_dialogues_opens(build: Callable[..., Path]) -> None:
    root = build(range(0))
    assert len(open_dataset(root)) == 0
    assert json.loads((root / "dataset.json").read_text())["splits"] == {"train": 0, "validation": 0, "test": 0}


def test_scores_prosody_and_events_are_there_for_other_readers(dataset_dir: Path) -> None:
    ours = open_dataset(dataset_dir)
    words = duckdb.sql(
        "SELECT w.prosody.pitch_hz, w.prosody.alone FROM "
        f"(SELECT unnest(t.words) AS w FROM (SELECT unnest(turns) AS t FROM '{dataset_dir}/dialogues/*.parquet'))"
    ).fetchall()
    assert sorted(map(str, set(words))) == ["(120.0, 1.0)", "(None, 0.0)", "(None, None)"]
    found = duckdb.sql(
        "SELECT dialogue_id, e.participant, e.kind, e.during, e.start_s FROM "
        f"(SELECT dialogue_id, unnest(events) AS e FROM '{dataset_dir}/dialogues/*.parquet')"
    ).fetchall()
    told = [(i, e.participant, e.kind, e.during, e.start_s) for i in ours.ids() for e in ours.dialogue(i).events]
    assert sorted(found) == sorted(told)
    assert len(told) == 12
    for dialogue in ours:
        assert all(t.harm_scores[0].score == t.harm for t in dialogue.turns)
