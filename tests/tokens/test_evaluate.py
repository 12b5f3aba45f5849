"""Evaluations of tokenizers: every reported number against a plain loop, the floors and stillness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from small_evaluation import ALL, Place
from small_talks import BODY, FACE, JOINT, build_talks, tiny_tokenizer

from nonverbal.dataset.read import Dataset
from nonverbal.tokens.contestants import FIRST_FRAME, MEAN_POSE, Person, Run, Trial, mean_pose
from nonverbal.tokens.evaluate import evaluate
from nonverbal.tokens.evaluate_settings import EvaluationSettings
from nonverbal.tokens.mesh_skeleton import SkeletonMesh
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.sparing_mesh import SparingMesh
from nonverbal.types import F32, Bool
from nonverbal.verdicts import UserError


def runs(data: Dataset, spaces: tuple[str, ...]) -> Iterator[tuple[F32, Bool, np.ndarray]]:
    """Rows, the groups' mask and speaking of everyone."""
    for dialogue_id in data.ids():
        for who in data.row(dialogue_id)["participants"]:
            motion = data.motion(dialogue_id, who)
            yield (*motion_rows(motion, spaces), motion.speaking)


def test_the_errors_are_those_of_a_plain_loop(place: Place) -> None:
    tokenizer = place.tokenizers["face"]
    errors, true, back, silent_true, silent_back = [], [], [], [], []
    for values, mask, speaking in runs(place.data, FACE):
        decoded = tokenizer.decode(tokenizer.encode(values, mask), len(values))
        valid = mask[:, 0]
        for t in range(len(values)):
            if valid[t]:
                errors.append(values[t].astype(float) - decoded[t])
            if 0 < t < len(values) - 1 and valid[t - 1 : t + 2].all():
                quiet = not speaking[t - 1 : t + 2].any()
                for source, every, quietly in ((values, true, silent_true), (decoded, back, silent_back)):
                    bent = np.abs(source[t - 1].astype(float) - 2 * source[t] + source[t + 1])
                    every.append(bent)
                    quietly += [bent] * quiet
    row = place.found.rows[0]
    report, still = row.reconstruction["arkit52"], row.still["arkit52"]
    assert report.parameter_mse == pytest.approx(np.mean(np.square(errors)), rel=1e-5)
    assert report.parameter_mae == pytest.approx(np.mean(np.abs(errors)), rel=1e-5)
    assert report.acceleration_ratio == pytest.approx(np.mean(back) / np.mean(true), rel=1e-4)
    assert still.silent_frames == len(silent_true) > 20
    assert still.silent_acceleration_ratio == pytest.approx(np.mean(silent_back) / np.mean(silent_true), rel=1e-4)
    assert still.silent_acceleration_ratio != pytest.approx(report.acceleration_ratio, rel=1e-3)


def test_the_vertices_of_the_body_are_those_of_a_plain_loop(place: Place) -> None:
    """Both hands seen, so that every point counts."""
    mesh, tokenizer = SkeletonMesh(), place.tokenizers["body"]
    data = place.data
    alone = evaluate(data, {"body": tokenizer}, ALL).rows[0].reconstruction["smplx117"]
    assert alone == place.found.rows[1].reconstruction["smplx117"]
    off, count = 0.0, 0
    for values, mask, _ in runs(data, BODY):
        apart = mesh.vertices(tokenizer.decode(tokenizer.encode(values, mask), len(values))) - mesh.vertices(values)
        for t in range(len(values)):
            for v in range(mesh.n_vertices):
                if mask[t, 0] and mask[t, mesh.groups[v]]:
                    off += float(np.sqrt((apart[t, v].astype(float) ** 2).sum()))
                    count += 1
    assert alone.vertex_mean_mm == pytest.approx(1000 * off / count, rel=1e-4)
    assert alone.mesh == "skeleton"


def test_a_joint_tokenizer_is_measured_in_both_spaces(place: Place) -> None:
    tokenizer, face, body = place.tokenizers["joint"], [], []
    for values, mask, _ in runs(place.data, JOINT):
        error = (values.astype(float) - tokenizer.decode(tokenizer.encode(values, mask), len(values))) ** 2
        face += [error[t, :52] for t in range(len(values)) if mask[t, 0]]
        for group, columns in ((3, slice(52, 79)), (4, slice(79, 124)), (5, slice(124, 169))):
            body += [error[t, columns] for t in range(len(values)) if mask[t, group]]
    row = place.found.rows[2]
    assert list(row.reconstruction) == ["arkit52", "smplx117"]
    assert row.reconstruction["arkit52"].parameter_mse == pytest.approx(np.mean(face), rel=1e-5)
    assert row.reconstruction["smplx117"].parameter_mse == pytest.approx(np.concatenate(body).mean(), rel=1e-5)
    assert row.reconstruction["smplx117"].frames == place.found.rows[1].reconstruction["smplx117"].frames


def test_codes_are_counted_where_something_is_seen(place: Place) -> None:
    row, tokenizer = place.found.rows[1], place.tokenizers["body"]
    counts = np.zeros((3, 32), int)
    for values, mask, _ in runs(place.data, BODY):
        for token in tokenizer.encode(values, mask):
            for level, code in enumerate(token):
                counts[level, code] += code >= 0
    assert np.array_equal(row.code_counts, counts)
    assert row.codes is not None
    assert row.codes.dead_codes == tuple((counts == 0).sum(axis=1).tolist())
    assert (row.rate.bits_per_s, row.rate.num_codebooks, row.hash) == (25 / 8 * 3 * 5, 3, tokenizer.hash)


def test_the_mean_pose_is_the_best_constant(place: Place) -> None:
    seen = np.concatenate([values[mask[:, 0]] for values, mask, _ in runs(place.data, FACE)]).astype(float)
    floor = next(row for row in place.found.rows if row.name == MEAN_POSE and row.spaces == FACE)
    assert floor.is_baseline
    assert floor.codes is None
    assert floor.reconstruction["arkit52"].parameter_mse == pytest.approx(seen.var(axis=0).mean(), rel=1e-4)
    assert floor.reconstruction["arkit52"].acceleration_decoded == 0


def test_the_first_frame_is_each_groups_first_valid_one(place: Place) -> None:
    errors = []
    for values, mask, _ in runs(place.data, BODY):
        for group, columns in enumerate((slice(0, 27), slice(27, 72), slice(72, 117))):
            frames = np.flatnonzero(mask[:, group])
            errors += [abs(values[t, columns].astype(float) - values[frames[0], columns]) for t in frames]
    floor = next(row for row in place.found.rows if row.name == FIRST_FRAME and row.spaces == BODY)
    expected = np.concatenate(errors).mean()
    assert floor.reconstruction["smplx117"].parameter_mae == pytest.approx(expected, rel=1e-4)


def test_the_rows_are_the_tokenizers_and_then_the_floors_of_each_space(place: Place) -> None:
    names = [(row.name, row.spaces) for row in place.found.rows]
    floors = [(name, space) for space in (FACE, BODY) for name in (MEAN_POSE, FIRST_FRAME)]
    assert names == [("face", FACE), ("body", BODY), ("joint", JOINT), *floors]
    assert place.found.minutes == pytest.approx(8 * 101 / 25 / 60)
    assert (place.found.participants, place.found.dialogues) == (8, 4)
    assert place.found.meshes == {"smplx117": "skeleton"}
    assert place.found.dataset_hash == place.data.content_hash


@dataclass(frozen=True)
class Trembling:
    """Sends motion back with every other frame off by a tenth."""

    spaces: tuple[str, ...] = BODY
    name: str = "trembling"

    def rebuild(self, values: F32, mask: Bool) -> tuple[F32, None]:
        return values + 0.1 * (np.arange(len(values)) % 2)[:, None].astype(np.float32), None


def test_a_trembling_tokenizer_is_found_out(place: Place) -> None:
    """Frames off by 0, 0.1, 0, 0.1 have second differences of 0.2."""
    trial = Trial(Trembling(), {"smplx117": SparingMesh(SkeletonMesh())}, 0, 25.0)
    values = np.zeros((50, 117), np.float32)
    trial.add(Run(values, np.ones((50, 3), bool), np.zeros(50, np.uint8)), None)
    trial.hold(values[:3])
    still = trial.result().still["smplx117"]
    points = SkeletonMesh().vertices(Trembling().rebuild(np.zeros((3, 117), np.float32), np.ones((3, 3), bool))[0])
    bent = 1000 * np.linalg.norm(points[0] - 2 * points[1] + points[2], axis=1).mean()
    assert still.poses == 3
    assert still.held_units_per_frame2 == pytest.approx(0.2, rel=1e-5)
    assert still.held_mm_per_frame2 == pytest.approx(bent, rel=1e-4)
    assert still.silent_acceleration_ratio == pytest.approx(0.2 / 1e-4, rel=1e-4)


def test_talk_is_no_silence() -> None:
    trial = Trial(Trembling(), {"smplx117": None}, 0, 25.0)
    speaking = np.ones(50, np.uint8)
    speaking[[3, 4, 5, 9, 10]] = 0
    trial.add(Run(np.zeros((50, 117), np.float32), np.ones((50, 3), bool), speaking), None)
    assert trial.result().still["smplx117"].silent_frames == 1
    assert trial.result().still["smplx117"].held_units_per_frame2 is None


def test_held_poses_come_from_everyone(place: Place) -> None:
    """B's left hand is never seen, so the body's poses are the four A's; the face is seen of all."""
    assert place.found.rows[0].still["arkit52"].poses == 8
    assert place.found.rows[1].still["smplx117"].poses == 4


def test_minutes_end_the_measurement(place: Place) -> None:
    settings = replace(ALL, max_minutes=150 / 25 / 60)
    found = evaluate(place.data, {"face": place.tokenizers["face"]}, settings)
    assert (found.participants, found.dialogues) == (2, 1)
    assert found.minutes == pytest.approx(0.1)
    first, second = (mask[:, 0] for _, mask, _ in list(runs(place.data, FACE))[:2])
    assert found.rows[0].reconstruction["arkit52"].frames == first.sum() + second[:49].sum()


def test_smooth_motion_is_what_is_measured_unless_raw_is_asked_for(place: Place) -> None:
    smooth = evaluate(place.data, {"face": place.tokenizers["face"]}, replace(ALL, raw=False))
    before, after = (e.rows[0].reconstruction["arkit52"].acceleration_true for e in (place.found, smooth))
    assert after is not None
    assert before is not None
    assert after < 0.8 * before


def test_everything_is_shown_to_an_observer(place: Place) -> None:
    told: list[tuple[str, int, int]] = []
    shown = []
    evaluate(place.data, place.tokenizers, ALL, lambda *tick: told.append(tick), shown.append)
    assert len(shown) == 8 * 7
    assert [one.codes is None for one in shown[:7]] == [True] * 4 + [False] * 3
    assert [done for what, done, of in told if what == "participants x tokenizers"] == list(range(56))
    assert told[-1] == ("held poses", 7, 7)


class CountingMesh(SkeletonMesh):
    """The skeleton, with the number of rows it was ever asked to pose."""

    posed = 0

    def vertices(self, values: F32) -> F32:
        CountingMesh.posed += len(values)
        return super().vertices(values)


def test_a_sparing_mesh_poses_little_and_gives_the_same_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountingMesh, "posed", 0)
    mesh, rows = SparingMesh(CountingMesh()), np.random.default_rng(0).normal(0, 0.3, (4, 117)).astype(np.float32)
    held = np.repeat(rows[:1], 5, axis=0)
    expected, expected_held = SkeletonMesh().vertices(rows), SkeletonMesh().vertices(held)
    for keeps, posed in ((False, 4), (True, 8), (False, 8), (True, 8)):
        mesh.keeps = keeps
        points = mesh.vertices(rows)
        assert np.array_equal(points, expected)
        assert CountingMesh.posed == posed
        points -= 1.0  # the meters work in place
    points = mesh.vertices(held)
    points -= 1.0
    assert np.allclose(mesh.vertices(held), expected_held, atol=1e-6)
    assert CountingMesh.posed == 10
    mesh.forget()
    mesh.vertices(rows)
    assert CountingMesh.posed == 14


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountingMesh, "posed", 0)
    rows = np.random.default_rng(0).normal(0, 0.3, (4, 117)).astype(np.float32)
    monkeypatch.setattr("nonverbal.tokens.sparing_mesh._KEPT_BYTES", SkeletonMesh().vertices(rows).nbytes)
    mesh = SparingMesh(CountingMesh(), keeps=True)
    for values in (rows, rows + 1, rows, rows + 1):
        mesh.vertices(values)
    assert CountingMesh.posed == 12


def test_the_truth_is_posed_once_for_all_tokenizers(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second tokenizer costs the posing of what it decodes, and its held poses."""
    posed = []
    monkeypatch.setattr("nonverbal.tokens.evaluate.mesh_of", lambda *_: CountingMesh())
    for names in ("b", "bc"):
        monkeypatch.setattr(CountingMesh, "posed", 0)
        evaluate(place.data, {name: tiny_tokenizer(BODY, seed) for seed, name in enumerate(names)}, ALL)
        posed.append(CountingMesh.posed)
    frames = place.found.rows[1].reconstruction["smplx117"].frames
    assert frames <= posed[1] - posed[0] <= frames + 8 * 10


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"split": "testing"}, "split: got 'testing', expected train, validation, test or all"),
        ({"max_minutes": 0.0}, "max_minutes: got 0.0"),
        ({"seed": -1}, "seed: got -1"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        EvaluationSettings(**settings)  # type: ignore[arg-type]


def test_an_empty_split_tells_what_there_is(place: Place, tmp_path: Path) -> None:
    data = build_talks(tmp_path / "one", range(1))
    empty = next(split for split in ("train", "test", "validation") if not data.ids(split))
    with pytest.raises(UserError, match=rf"nothing to measure in the split '{empty}'; its dialogues are train \d, "):
        evaluate(data, place.tokenizers, EvaluationSettings(empty))


def test_a_tokenizer_of_other_spaces_is_refused(place: Place) -> None:
    with pytest.raises(UserError, match=r"tokenizer venus: made for flame53, but .* holds arkit52 and smplx117"):
        evaluate(place.data, {"venus": tiny_tokenizer(("flame53",))}, ALL)


def test_a_tokenizer_of_another_frame_rate_is_refused(place: Place) -> None:
    with pytest.raises(UserError, match=r"tokenizer fast: made for 30 frames a second, but .* has 25"):
        evaluate(place.data, {"fast": tiny_tokenizer(FACE, fps=30.0)}, ALL)


def test_a_space_that_nobody_shows_is_refused(place: Place) -> None:
    person = Person(place.data.ids()[0], "A", 0)
    with pytest.raises(UserError, match="no valid frame of arkit52"):
        mean_pose(place.data, [person], "arkit52", smooth=True)


def test_a_mesh_that_shows_nothing_measured_is_refused(place: Place) -> None:
    with pytest.raises(UserError, match="the mesh 'flame' shows flame53, not arkit52"):
        evaluate(place.data, {"face": place.tokenizers["face"]}, replace(ALL, mesh="flame"))


def test_no_tokenizer_is_refused(place: Place) -> None:
    with pytest.raises(UserError, match="tokenizers: got none"):
        evaluate(place.data, {}, ALL)
