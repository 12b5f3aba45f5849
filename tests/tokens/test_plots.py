"""What the plots of tokenizers are made from, and the files they become."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.tokens.plot_material import Cues, Gatherer, Rebuilt, place_cues, read_training, start_trace
from nonverbal.tokens.plots import TRAINING_LOG, write_plots
from nonverbal.types import Bool
from nonverbal.verdicts import UserError

FACE = ("arkit52",)
JAW, BLINK_LEFT, BLINK_RIGHT = (ARKIT52_NAMES.index(name) for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"))


def rebuilt(name: str, frames: int = 400, seed: int = 0, mask: Bool | None = None) -> Rebuilt:
    """A face that wanders, and comes back off by a hundredth; its codes count up to 5."""
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.normal(0, 0.01, (frames, 52)), axis=0).astype(np.float32)
    codes = (np.arange(frames // 8) % 6)[:, None].astype(np.int32)
    seen = np.ones((frames, 52), bool) if mask is None else mask
    return Rebuilt(name, FACE, 25.0, 8, values, values + np.float32(0.01), seen, codes)


def test_training_curves_carry_those_of_validation_beside_them(tmp_path: Path) -> None:
    lines = [
        {"step": 20, "loss": 0.5, "perplexity": 40.0, "method": "vq", "last": True},
        {"step": 40, "loss": 0.4, "perplexity": 60.5},
        {"step": 40, "validation": {"reconstruction": 0.3}},
    ]
    path = tmp_path / TRAINING_LOG
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"step": 60, "lo')
    assert read_training(path) == {
        "loss": ([20.0, 40.0], [0.5, 0.4]),
        "perplexity": ([20.0, 40.0], [40.0, 60.5]),
        "validation reconstruction": ([40.0], [0.3]),
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [('{"step": 1}\nloss\n{"step": 2}\n', "line 2 is no JSON"), ("[1]\n{}\n", "line 1 holds list")],
)
def test_a_damaged_log_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / TRAINING_LOG).write_text(text)
    with pytest.raises(UserError, match=f"{TRAINING_LOG}: {sentence}"):
        read_training(tmp_path / TRAINING_LOG)


def test_a_missing_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"{TRAINING_LOG}: cannot be read"):
        read_training(tmp_path / TRAINING_LOG)


def test_a_log_of_what_is_no_number_gives_no_curve(tmp_path: Path) -> None:
    (tmp_path / TRAINING_LOG).write_text('{"step": 1, "loss": NaN, "note": "x"}\n')
    assert read_training(tmp_path / TRAINING_LOG) == {}


def moving() -> tuple[np.ndarray, np.ndarray]:
    """30 s in which the jaw moves from second 15 on, the eyes blink, the left one harder, and all else is still."""
    values, time_s = np.zeros((750, 52), np.float32), np.arange(750) / 25
    values[:, JAW] = np.where(time_s >= 15, np.sin(20 * time_s), 0)
    values[:, BLINK_LEFT] = 0.1 * np.sin(5 * time_s)
    values[:, BLINK_RIGHT] = 0.09 * np.sin(5 * time_s)
    return values, np.ones((750, 52), bool)


def test_a_trace_shows_what_moves_most_once_a_pair() -> None:
    values, seen = moving()
    trace = start_trace("arkit52", 25.0, values, seen)
    assert 375 <= trace.first <= 500
    assert len(trace.truth) == 250
    assert {"eyeBlinkLeft", "jawOpen"} < set(trace.columns)
    assert "eyeBlinkRight" not in trace.columns
    assert np.array_equal(trace.truth[:, trace.columns.index("jawOpen")], values[trace.first :][:250, JAW])


@pytest.mark.parametrize(("space", "width"), [("flame53", 53), ("smplx117", 117)])
def test_joints_stand_for_their_axes_and_expressions_for_themselves(space: str, width: int) -> None:
    values = np.cumsum(np.random.default_rng(0).normal(0, 0.01, (300, width)), axis=0).astype(np.float32)
    trace = start_trace(space, 25.0, values, np.ones((300, width), bool))
    assert len(trace.columns) == 4
    joints = [name.split("_")[-2].rstrip("123") for name in trace.columns if name[-2:] in ("_x", "_y", "_z")]
    assert len(set(joints)) == len(joints)


def test_a_trace_shows_no_movement_that_was_not_seen() -> None:
    values, seen = moving()
    seen[375:, JAW] = False
    values[100, 3] = 0.4
    trace = start_trace("arkit52", 25.0, values, seen)
    assert trace.first <= 100
    assert ARKIT52_NAMES[3] in trace.columns


def test_a_short_motion_is_shown_whole() -> None:
    values, seen = moving()
    assert len(start_trace("arkit52", 25.0, values[:40], seen[:40]).truth) == 40


def test_traces_are_of_the_first_person_seen_and_of_all_tokenizers() -> None:
    gathered = Gatherer(2, seed=0)
    unseen = np.zeros((400, 52), bool)
    for seed, mask in ((1, unseen), (2, None), (3, None)):
        for name in ("a", "b"):
            gathered.add(rebuilt(name, seed=seed, mask=mask))
    trace = gathered.traces["arkit52"]
    expected = rebuilt("a", seed=2).values[trace.first :][:250, list(trace.picked)]
    assert np.array_equal(trace.truth, expected)
    assert list(trace.decoded) == ["a", "b"]
    assert np.allclose(trace.decoded["b"], expected + 0.01)


def test_tokenizers_of_one_kind_share_their_cues() -> None:
    """Only tokens that are seen throughout are cues, and each stands with its own code."""
    gathered = Gatherer(2, seed=0)
    mask = np.ones((400, 52), bool)
    mask[83, 7] = False
    for seed in (1, 2):
        for name in ("a", "b"):
            gathered.add(rebuilt(name, seed=seed, mask=mask))
    (kind, cues), *others = gathered.cues.items()
    assert (kind, others) == ((FACE, 8), [])
    assert [len(part) for part in cues.cues] == [49, 49]
    assert np.array_equal(np.concatenate(cues.codes["a"]), np.concatenate(cues.codes["b"]))
    source = rebuilt("a", seed=2).values.reshape(50, -1)
    places = [int(np.flatnonzero((source == cue).all(axis=1))[0]) for cue in cues.cues[1]]
    assert 10 not in places
    assert [place % 6 for place in places] == cues.codes["a"][1].tolist()


def test_a_baseline_is_no_part_of_the_plots() -> None:
    gathered = Gatherer(1, seed=0)
    one = rebuilt("mean pose")
    gathered.add(Rebuilt(one.name, one.spaces, one.fps, 0, one.values, one.decoded, one.mask, None))
    assert not gathered.traces
    assert not gathered.cues


def test_cues_of_two_kinds_lie_apart_and_always_in_the_same_places() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(i, 0.05, (40, 16)) for i in (0, 3)]).astype(np.float32)
    places = place_cues(Cues([rows]), seed=3)
    assert places is not None
    centres = places[:40].mean(axis=0), places[40:].mean(axis=0)
    nearer = np.linalg.norm(places[:, None] - np.stack(centres), axis=-1).argmin(axis=1)
    assert np.array_equal(nearer, np.repeat([0, 1], 40))
    assert np.array_equal(places, place_cues(Cues([rows]), seed=3))


def test_cues_too_few_or_all_alike_have_no_places() -> None:
    assert place_cues(Cues([np.zeros((40, 16), np.float32)]), seed=0) is None
    assert place_cues(Cues([np.eye(5, 16, dtype=np.float32)]), seed=0) is None


def gathered_of(*names: str) -> Gatherer:
    gathered = Gatherer(1, seed=0)
    for name in names:
        gathered.add(rebuilt(name))
    return gathered


def test_each_plot_is_a_file_and_one_holds_all(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("a", "b")}
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / TRAINING_LOG).write_text('{"step": 1, "loss": 0.5}\n{"step": 2, "loss": 0.4}\n')
    counts = {"a": ((5, 0, 3), (1, 1, 6)), "b": ((0, 0, 8),)}
    written = write_plots(tmp_path / "out", folders, counts, gathered_of("a", "b"), 0)
    names = ["training.png", "codes.png", "trajectories.png", "cues.png", "overview.png"]
    assert [path.name for path in written] == names
    for path in written:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 5000


def test_a_plot_of_nothing_is_not_drawn(tmp_path: Path) -> None:
    written = write_plots(tmp_path, {"a": tmp_path}, {"a": ((5, 3),)}, Gatherer(1, 0), 0)
    assert [path.name for path in written] == ["codes.png", "overview.png"]
    assert write_plots(tmp_path / "none", {}, {}, Gatherer(1, 0), 0) == []


def test_a_damaged_log_leaves_the_other_plots(tmp_path: Path) -> None:
    (tmp_path / TRAINING_LOG).write_text("no\n{}\n")
    with pytest.raises(UserError, match="line 1 is no JSON"):
        write_plots(tmp_path / "out", {"a": tmp_path}, {"a": ((5, 3),)}, Gatherer(1, 0), 0)
    assert (tmp_path / "out" / "codes.png").exists()
