"""Any motion as takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_takes import made_take

from nonverbal.dataset.read import open_dataset
from nonverbal.formats.motion_file import write_motion
from nonverbal.formats.open import open_takes
from nonverbal.verdicts import UserError


def test_both_people_of_a_dialogue(talks: Path) -> None:
    dataset = open_dataset(talks)
    dialogue = dataset.ids()[0]
    takes = open_takes(talks, dialogue, harmful=True)
    assert [take.name for take in takes] == [f"{dialogue[:12]}-A", f"{dialogue[:12]}-B"]
    for take, motion in zip(takes, dataset.dialogue(dialogue).participants, strict=True):
        for name in ("face", "body", "gaze", "validity"):
            assert np.array_equal(getattr(take, name), getattr(motion, name))
        said = [w for t in dataset.dialogue(dialogue).turns if t.participant == motion.participant for w in t.words]
        assert list(take.words) == said
        assert take.licence == "CC BY 4.0"
        assert "Talk" in take.source


def test_how_an_id_begins_is_enough(talks: Path) -> None:
    ids = open_dataset(talks).ids()
    assert open_takes(talks, ids[1][:6], "B")[0].name == f"{ids[1][:12]}-B"


def test_harmful_words_are_left_out(talks: Path) -> None:
    dataset = open_dataset(talks)
    assert sum(turn.harmful for dialogue in dataset for turn in dialogue.turns) == 3
    for dialogue in dataset.ids():
        harmful = [w for turn in dataset.dialogue(dialogue).turns if turn.harmful for w in turn.words]
        with_them, without = (open_takes(talks, dialogue, harmful=wish) for wish in (True, False))
        count = [sum(len(take.words) for take in takes) for takes in (with_them, without)]
        assert count[0] - count[1] == len(harmful)
        assert not set(harmful) & {w for take in without for w in take.words}


def test_smoothing_is_the_readers(talks: Path) -> None:
    dialogue = open_dataset(talks).ids()[0]
    smooth = open_takes(talks, dialogue, "A", smooth=True)[0]
    assert np.array_equal(smooth.body, open_dataset(talks).motion(dialogue, "A", smooth=True).body)


def test_which_dialogue_must_be_said(talks: Path) -> None:
    ids = open_dataset(talks).ids()
    with pytest.raises(UserError, match=f"holds 2 dialogues; name one of them, such as {ids[0][:12]}"):
        open_takes(talks)
    with pytest.raises(UserError, match="0 dialogues begin with 'zz', expected one"):
        open_takes(talks, "zz")
    with pytest.raises(UserError, match="2 dialogues begin with ''"):
        open_takes(talks, "")
    with pytest.raises(UserError, match="not 'C'"):
        open_takes(talks, ids[0], "C")


def test_files_are_told_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "a b.motion.safetensors"
    write_motion(made_take(), path)
    assert open_takes(path)[0].n_frames == 40
    with pytest.raises(UserError, match="belong to a dataset"):
        open_takes(path, participant="A")
    for name in ("a.bvh", "a.safetensors", "none"):
        with pytest.raises(UserError, match="expected a dataset's folder"):
            open_takes(tmp_path / name)
    for name in ("none.csv", "none.npz", "none.motion.safetensors"):
        with pytest.raises(UserError, match="cannot be opened"):
            open_takes(tmp_path / name)
    with pytest.raises(UserError, match=r"dataset\.json"):
        open_takes(tmp_path)
