"""The walk of `nonverbal demo`: its steps, what it says at its end, and what it says of a video that is none."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from nonverbal.demo import walk as walk_module
from nonverbal.demo.command import Demo
from nonverbal.demo.walk import RECIPE, Walk
from nonverbal.fitting.chat import SHIPPED
from nonverbal.fitting.chat_recipe import Recipe
from nonverbal.fitting.chat_steps import Step, walk
from nonverbal.fitting.chat_train import WordsPlan
from nonverbal.mars.store import load_mars
from nonverbal.studio.settings import StudioSettings, TruthSettings
from nonverbal.verdicts import UserError


def quiet() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=200), out


def test_it_films_first_unless_there_is_a_video(tmp_path: Path) -> None:
    video = tmp_path / "talk.mp4"
    video.write_bytes(b"not yet a video")
    filmed = [step.name for step in Walk(tmp_path).steps()]
    given = [step.name for step in Walk(tmp_path, video).steps()]
    assert filmed == ["film", *given]
    assert given[0] == "dataset"
    assert given[-1] == "answer"


def test_another_video_is_another_walk(tmp_path: Path) -> None:
    video = tmp_path / "talk.mp4"
    video.write_bytes(b"one")
    before = Walk(tmp_path, video).steps()[0].settings
    video.write_bytes(b"two")
    assert Walk(tmp_path, video).steps()[0].settings != before


def test_the_walk_takes_the_steps_of_the_model_that_ships() -> None:
    assert {step.name for step in walk_module.Kitchen(SHIPPED, Path()).steps()} < {
        step.name for step in Walk(Path()).steps()
    }
    assert RECIPE.sizes == SHIPPED.sizes


def test_a_file_that_is_no_video_ends_the_walk_with_the_reason(tmp_path: Path) -> None:
    video = tmp_path / "talk.mp4"
    video.write_text("this is no film")
    console, out = quiet()
    with pytest.raises(UserError, match="gave no dialogue"):
        walk(Walk(tmp_path / "out", video).steps()[:1], tmp_path / "out", console)
    assert "E_NOT_MEDIA" in out.getvalue()
    assert not (tmp_path / "out" / ".steps" / "dataset.json").exists()


def test_a_video_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        Demo(tmp_path / "out", tmp_path / "none.mp4").run(quiet()[0])


def test_where_nobody_looks_it_ends_with_the_command_that_shows_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Walk, "steps", lambda self: (Step("one", "Do one thing", 1, lambda console: "one thing"),))
    console, out = quiet()
    folder = tmp_path / "my walk"
    assert Demo(folder).run(console) == 0
    told = out.getvalue()
    assert f"nonverbal serve --model '{folder}/training/model' --dataset '{folder}/dataset'" in told
    assert "nonverbal serve --model demo" in told
    assert "wall" in told
    assert Demo(folder).run(console) == 0
    assert "done before" in out.getvalue()


def tiny(recipe: Recipe) -> Recipe:
    return replace(
        recipe,
        motion=TruthSettings(hours=0.1, minutes=1.0, seed=6_000),
        tokenizer_steps=10,
        talks=TruthSettings(hours=0.1, minutes=1.0, seed=20_000),
        hinges=TruthSettings(hours=0.05, minutes=1.0, seed=40_000, hinges=20.0),
        small_talk=TruthSettings(hours=0.05, minutes=1.0, seed=60_000),
        words=WordsPlan(hours=0.2, validation_hours=0.1, kept_hours=0.1),
        words_training=replace(recipe.words_training, steps=4),
        training=replace(recipe.training, steps=4),
    )


@pytest.mark.slow
def test_the_whole_way_with_everything_made_tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk_module, "_FILM", StudioSettings(minutes=0.2, seed=7, width_px=640, height_px=360))
    made = Walk(tmp_path, recipe=tiny(RECIPE))
    console, out = quiet()
    done = walk(made.steps(), tmp_path, console)
    assert set(done) == {step.name for step in made.steps()}
    assert "Hello, how are you?" in done["answer"].told
    assert set(load_mars(made.model).tokenizers) == {"face", "body"}
    assert list((made.dataset / "tokens").glob("*.parquet"))
    assert walk(made.steps(), tmp_path, console) == done
    assert out.getvalue().count("done before") == len(done)
