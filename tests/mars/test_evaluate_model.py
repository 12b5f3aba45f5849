"""Evaluations of models: the truth scores as truth, everything is said, the same every time, mistakes are told."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from small_mars import Stage, small_mars, stage_of
from small_training import build_dialogues

from nonverbal.mars.enact import enact, play_of
from nonverbal.mars.evaluate import evaluate
from nonverbal.mars.evaluate_command import EvaluateModel
from nonverbal.mars.evaluate_settings import EvaluationSettings
from nonverbal.mars.evaluation import HIDDEN, MODEL, TEXT_ONLY, Evaluation, as_json
from nonverbal.mars.evaluation_plot import Gatherer, draw
from nonverbal.mars.evaluation_table import tables
from nonverbal.mars.field import enacted, sampling_of
from nonverbal.mars.replies import calls, text_of
from nonverbal.mars.store import save_mars
from nonverbal.mars.windows import windows
from nonverbal.verdicts import UserError

QUICK = EvaluationSettings(
    split="train", dialogues=2, train_dialogues=1, replies=2, context=400, fresh=200, mesh="none", max_steps=3
)
NAMES = ["nearest neighbour", "shuffled", "bigram codes", "unigram codes", "mean pose", "true tokens", "truth"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return stage_of(build_dialogues(tmp_path_factory.mktemp("data") / "talks", count=5))


@pytest.fixture(scope="module")
def gathered() -> Gatherer:
    return Gatherer()


@pytest.fixture(scope="module")
def found(stage: Stage, gathered: Gatherer) -> Evaluation:
    return evaluate(stage.mars, stage.data, QUICK, "small", small_mars({}), observer=gathered.add)


def test_everybody_is_measured_and_the_truth_is_right(found: Evaluation) -> None:
    assert [row.name for row in found.behaviour] == [MODEL, HIDDEN, *NAMES]
    truth = found.behaviour[-1]
    assert all(report.parameters.frechet_distance == pytest.approx(0, abs=1e-6) for report in truth.motion.values())
    assert all(report.parameters.parameter_mse == 0 for report in truth.motion.values())
    assert truth.event_f1 in (1.0, None)
    assert all(counts.value in (1.0, None) for counts in truth.moments.counts.values())
    mean = next(row for row in found.behaviour if row.name == "mean pose")
    assert all(report.parameters.variance_ratio in (0.0, None) for report in mean.motion.values())
    assert {report.parameters.frames for report in truth.motion.values()} == {
        report.parameters.frames for report in mean.motion.values()
    }
    assert found.outputs == found.parsed > 2
    assert [row.name for row in found.words][:2] == [MODEL, TEXT_ONLY]
    assert {"text", "face level 0", "body level 0", f"{TEXT_ONLY}: text"} <= set(found.likelihood)
    assert found.speed is not None
    assert found.speed.real_time_factor > 0


def test_the_same_again_is_the_same(stage: Stage, found: Evaluation) -> None:
    again = evaluate(stage.mars, stage.data, QUICK, "small", small_mars({}))
    assert replace(again, speed=None) == replace(found, speed=None)


def test_json_and_tables_say_everything(found: Evaluation) -> None:
    plain = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert plain["settings"]["context"] == 400
    assert plain["behaviour"][0]["words_f1"] == found.behaviour[0].moments.words_f1
    assert plain["likelihood"]["text"]["perplexity"] == found.likelihood["text"].perplexity
    console = Console(file=io.StringIO(), width=150)
    for table in tables(found):
        console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for words in (*NAMES, HIDDEN, TEXT_ONLY, "BLEU", "arkit52: as a whole", "smplx117: as a whole", "outputs parse"):
        assert words in text


def test_the_picture_is_drawn(found: Evaluation, gathered: Gatherer, tmp_path: Path) -> None:
    assert gathered.best is not None
    assert set(gathered.best.curves) == {"smile", "brows up", "brows down", "head down, degrees"}
    draw(tmp_path / "a.png", found, gathered)
    draw(tmp_path / "b.png", found, gathered)
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_codes_of_all_windows_come_together_on_the_dialogues_grid(stage: Stage) -> None:
    people = stage.people[:2]
    codes, parsed, outputs = enacted(stage.mars, people, QUICK)
    assert parsed == outputs
    vocabulary, number = stage.mars.vocabulary, 0
    for person in people:
        expected = np.full(len(person.codes["face"]), -1)
        for scene in person.scenes:
            for window in windows(scene.stream, vocabulary, QUICK.context, QUICK.fresh):
                play = play_of(window, scene.stream, vocabulary, number)
                number += 1
                ids = enact(stage.mars.model, vocabulary, [play], sampling_of(QUICK))[0]
                for at in np.flatnonzero(play.drawn):
                    code = ids[at] - vocabulary.first_id(0, 0)
                    if 0 <= code < 12:
                        origin = window.origin[at]
                        expected[scene.first_step + np.flatnonzero(scene.stream.steps <= origin)[-1]] = code
        assert np.array_equal(codes[person.dialogue_id, person.participant]["face"][:, 0], expected)


def test_replies_are_asked_after_the_partner_and_before_the_truth(stage: Stage) -> None:
    vocabulary = stage.mars.vocabulary
    asked = calls(stage.people, vocabulary, 100, 300)
    assert asked
    for call in asked:
        assert len(call.prompt) <= 300
        assert call.heard_text == text_of(call.heard[-1]) != ""
        assert call.truth
    assert len(calls(stage.people, vocabulary, 2, 300)) == 2


def test_the_command(stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_mars(stage.mars, tmp_path / "model")
    settings = replace(QUICK, dialogues=1, replies=1, no_hiding=True, no_likelihood=True)
    out, picture = tmp_path / "new" / "found.json", tmp_path / "new" / "found.png"
    command = EvaluateModel(tmp_path / "model", stage.data.root, out=out, picture=picture, json=True, settings=settings)
    assert command.run(Console(file=io.StringIO())) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(out.read_text())
    assert json.loads(out.read_text())["model"] == "model"
    assert picture.stat().st_size > 10_000


def test_mistakes_are_told(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no dialogue in the split"):
        evaluate(stage.mars, build_dialogues(tmp_path / "one", count=1), replace(QUICK, split="validation"))
    with pytest.raises(ValueError, match="fresh: got 600, expected less than the context of 400"):
        replace(QUICK, fresh=600)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written to"):
        EvaluateModel(tmp_path, stage.data.root, out=tmp_path / "file" / "x.json", settings=QUICK).run(Console())
