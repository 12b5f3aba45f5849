"""Dialogues of three people beside dialogues of two: made up, and a film of three through a whole build."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from film_of_three import TURNS, write_film_of_three
from nonverbal.dataset.check_values import MOST_PARTICIPANTS, row_faults
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.stats import statistics
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source, synthetic_transcript
from nonverbal.dataset.validate import validate
from nonverbal.formats.film import FilmSettings, film_takes
from nonverbal.formats.open import open_takes
from nonverbal.mars.chat_format import chat_format
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.examples import load_examples, text_mark
from nonverbal.mars.held_out import held_out, some_ids
from nonverbal.mars.of_two import crowded_out, of_two
from nonverbal.mars.text import text_codec
from nonverbal.mars.tiny import TinyConfig, tiny_tokenizer
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.serve.app import create_app
from nonverbal.serve.library import Library
from nonverbal.serve.settings import ServerConfig
from nonverbal.serve.viewer_api import viewer_part
from nonverbal.tokens.motion_set import load_motion_set
from nonverbal.types import SpeakerSegment
from nonverbal.venus.assemble import FinishedClip, assemble
from nonverbal.venus.headcount import MOST
from nonverbal.venus.truth import diarization_error
from nonverbal.verdicts import UserError
from talks_of_many import made

TEXTS = ["so I said that we should go there, and they laughed. Did you see?"] * 8


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(made(tmp_path_factory.mktemp("people") / "ds", [2, 3, 6]))


def of_size(dataset: Dataset, people: int) -> str:
    return next(i for i in dataset.ids() if len(dataset.row(i)["participants"]) == people)


def small_vocabulary() -> tuple[Vocabulary, str]:
    tokenizer = tiny_tokenizer(TEXTS, TinyConfig(vocabulary=300))
    return Vocabulary(StreamConfig(()), text_codec(tokenizer), chat_format(tokenizer), len(tokenizer)), text_mark(
        tokenizer
    )


def test_tables_counts_and_card_know_more_than_two(mixed: Dataset) -> None:
    assert validate(mixed.root) == []
    six = of_size(mixed, 6)
    assert mixed.row(six)["participants"] == list("ABCDEF")
    assert {turn["participant"] for turn in mixed.row(six)["turns"]} == set("ABCDEF")
    assert mixed.motion(six, "F").n_frames == 300
    assert statistics(mixed.root).participants == 11
    assert statistics(mixed.root).frames == 11 * 300
    card = (mixed.root / "README.md").read_text()
    assert "gaze of all participants" in card
    assert "| participants a dialogue | 3.67 |" in card


def test_a_dataset_of_two_says_both(tmp_path: Path) -> None:
    card = (made(tmp_path / "ds", [2, 2]) / "README.md").read_text()
    assert "gaze of both participants" in card
    assert "videos of two people talking" in card


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["A", "B", "A"], "different ones"),
        (["A"], "got 1 people"),
        (list("ABCDEFG"), "got 7 people"),
        (["A", ""], "''"),
    ],
)
def test_names_that_cannot_be(mixed: Dataset, names: list[str], told: str) -> None:
    row = {**mixed.row(of_size(mixed, 2)), "participants": names, "turns": []}
    (fault,) = row_faults(row)
    assert "column 'participants'" in fault.message
    assert told in fault.message


def test_what_is_asked_for_can_be_stored() -> None:
    assert MOST == MOST_PARTICIPANTS


def test_a_person_without_a_word_is_there_all_the_same(tmp_path: Path) -> None:
    """Names come from the motion: of somebody who was heard, perhaps nothing was understood."""
    root, source = tmp_path / "ds", synthetic_source(0)
    clip, motion = synthetic_clip(source), tmp_path / "m.parquet"
    MotionCodec().write(motion, synthetic_motion(clip, 0, 3))
    item = FinishedClip(clip, source, "key", motion, partial(synthetic_transcript, clip, 0, 2))
    assemble(root, [item], [], [SourceVerdict(source)], SplitConfig(), {})
    assert open_dataset(root).row(clip.clip_id)["participants"] == ["A", "B", "C"]
    assert validate(root) == []


def test_a_model_of_two_learns_from_dialogues_of_two(mixed: Dataset, tmp_path: Path) -> None:
    two = of_size(mixed, 2)
    found = of_two(mixed, "train")
    assert (found.ids, found.left_out) == ((two,), 2)
    assert some_ids(mixed, "train", None) == (two,)
    assert crowded_out([mixed]) == "2 dialogues of three or more people are left out: a model has one partner."
    vocabulary, mark = small_vocabulary()
    alone = open_dataset(made(tmp_path / "alone", [2]))
    mine, reference = (load_examples(d, None, "train", vocabulary, mark) for d in (mixed, alone))
    assert np.array_equal(mine.ids, reference.ids)
    assert crowded_out([alone]) == ""


def test_nothing_but_threes_is_one_sentence(tmp_path: Path) -> None:
    threes = open_dataset(made(tmp_path / "ds", [3]))
    vocabulary, mark = small_vocabulary()
    with pytest.raises(UserError, match="all 1 dialogues of the split 'train' have three or more people"):
        load_examples(threes, None, "train", vocabulary, mark)
    with pytest.raises(UserError, match="three or more people"):
        some_ids(threes, "train", 5)


def test_measuring_somebody_among_three_does_not_fail(mixed: Dataset) -> None:
    vocabulary, _ = small_vocabulary()
    people = held_out(mixed, vocabulary, {}, [of_size(mixed, 3)])
    assert [person.participant for person in people] == ["A", "B", "C"]


def test_motion_for_tokenizers_is_that_of_all(mixed: Dataset, tmp_path: Path) -> None:
    assert len(load_motion_set(mixed, "train", "face", tmp_path)) == 11


def test_each_of_three_can_be_exported_and_any_two_filmed(mixed: Dataset, tmp_path: Path) -> None:
    takes = open_takes(mixed.root, of_size(mixed, 3))
    assert [take.name[-1] for take in takes] == ["A", "B", "C"]
    chosen = open_takes(mixed.root, of_size(mixed, 3), "C,A")
    assert [take.name[-1] for take in chosen] == ["C", "A"]
    with pytest.raises(UserError, match=r"has the participants \['A', 'B', 'C'\], not 'D'"):
        open_takes(mixed.root, of_size(mixed, 3), "A,D")
    with pytest.raises(UserError, match=r"got .*-C .*; choose two of them with --participant, such as A,B"):
        film_takes(takes, tmp_path / "film.mp4", FilmSettings())


def test_the_viewer_is_told_of_all(mixed: Dataset) -> None:
    app = create_app(ServerConfig(), [viewer_part(Library(mixed.root))])
    client, three = TestClient(app, base_url="http://127.0.0.1:8000"), of_size(mixed, 3)
    card = next(c for c in client.get("/api/dialogues").json()["dialogues"] if c["id"] == three)
    assert list(card["talk_share"]) == card["participants"] == ["A", "B", "C"]
    address = f"/api/dialogues/{three}"
    assert client.get(address).json()["participants"] == ["A", "B", "C"]
    assert list(client.get(f"{address}/timeline?bins=10").json()["participants"]) == ["A", "B", "C"]
    assert client.get(f"{address}/motion/C").status_code == 200
    assert client.get(f"{address}/motion/D").status_code == 404
    assert client.get("/api/dialogues?participant=F").json()["total"] == 1


def built(film: Path, out: Path, *flags: str) -> Path:
    command = [
        sys.executable,
        "-m",
        "nonverbal",
        "build",
        film,
        "--out",
        out,
        "--skip-intro-s",
        "0",
        "--min-clip-s",
        "2",
    ]
    subprocess.run([*map(str, command), *flags], check=False, timeout=400, env={**os.environ}, capture_output=True)
    return out


@pytest.mark.slow
def test_a_film_of_three(shared_media: Path, tmp_path: Path) -> None:
    """With the usual settings it is turned down; with more people asked for, all three are in the dataset."""
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    film = write_film_of_three(shared_media / "dialogue" / "grid", tmp_path / "three.mp4")
    (clip,) = pq.read_table(built(film, tmp_path / "two") / "clips.parquet").to_pylist()
    assert (clip["stage"], clip["reason"]) == ("diarize", "E_THREE_PLUS")
    assert 'participants of up to "2..3"' in clip["message"]
    out = built(film, tmp_path / "out", "--participants", "2..4")
    assert validate(out) == []
    dataset = open_dataset(out)
    (dialogue,) = list(dataset)
    assert [motion.participant for motion in dialogue.participants] == ["A", "B", "C"]
    assert [turn.participant for turn in dialogue.turns] == list("ABCABC")
    turns = [SpeakerSegment(turn.participant, turn.start_s, turn.end_s) for turn in dialogue.turns]
    assert diarization_error(TURNS, turns).confused_s == 0.0
    for number, motion in enumerate(dialogue.participants):
        middles = (motion.bbox[:, 0] + motion.bbox[:, 2])[motion.validity[:, 0] > 0] / 2
        assert len(middles) > 0.9 * motion.n_frames
        assert (middles // 360 == number).all(), "A sits on the left, C on the right"
