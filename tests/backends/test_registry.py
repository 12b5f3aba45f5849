"""Every model that can be chosen is listed once, can be chosen, and is looked for before any work."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pytest

from nonverbal import weights
from nonverbal.backends import registry
from nonverbal.backends.registry import BACKENDS, check, fetch, in_use, models_used
from nonverbal.backends.requirements import Backend, GpuMemory
from nonverbal.build import build
from nonverbal.pipeline.observe import Silent
from nonverbal.settings import BuildSettings
from nonverbal.venus.speak import Speak
from nonverbal.verdicts import UserError

BY_COMMAND = {"face_runner", "body_runner"}
"""Settings whose value is a command and no name."""


@pytest.fixture(autouse=True)
def nothing_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NONVERBAL_WEIGHTS", raising=False)
    monkeypatch.delenv("NONVERBAL_DOWNLOAD", raising=False)


def test_names_are_told_apart_and_each_says_what_it_is() -> None:
    assert [name for name, count in Counter(b.name for b in BACKENDS).items() if count > 1] == []
    assert [b.name for b in BACKENDS if not (b.model and b.origin and b.licence)] == []


@pytest.mark.parametrize("backend", [b for b in BACKENDS if b.setting not in BY_COMMAND], ids=lambda b: b.name)
def test_each_can_be_chosen_by_its_setting(backend: Backend) -> None:
    settings = BuildSettings()
    for stage, setting, value in ((backend.stage, backend.setting, backend.name), *backend.chosen_by):
        settings = replace(settings, **{stage: replace(getattr(settings, stage), **{setting: value})})
    assert backend.name in [used.name for used in in_use(settings.stages)]


def test_every_stage_that_can_choose_uses_a_default_that_needs_nothing() -> None:
    used = in_use(BuildSettings().settled().stages)
    choosing = {b.stage for b in BACKENDS} - {"estimate"}
    assert choosing <= {b.stage for b in used} | {"language"}
    assert [b.problem() for b in used if not b.default] == []
    check(BuildSettings().stages)


def test_what_is_missing_stops_a_build_before_any_work(tmp_path: Path) -> None:
    settings = replace(BuildSettings(), speak=Speak(active_speaker_model="lr-asd"))
    with pytest.raises(UserError, match=r"^lr-asd: the weights .* are missing: get https://.*NONVERBAL_WEIGHTS"):
        build([str(tmp_path)], tmp_path / "out", settings, Silent(), lambda name: None)
    assert not (tmp_path / "out").exists()


def test_a_cluster_has_its_cards_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GpuMemory, "problem", lambda self: "no card here")

    class Stage:
        name = "x"

        def backends(self) -> tuple[Backend, ...]:
            return (Backend("net", "x", "model", "Net", "them", "MIT", (GpuMemory(8),)),)

    with pytest.raises(UserError, match="net: no card here"):
        check([Stage()])
    check([Stage()], with_gpu=False)


def test_only_the_chosen_weights_that_are_nowhere_are_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(weights, "verified", lambda file: asked.append(file.path))
    settings = replace(BuildSettings(), speak=Speak(active_speaker_model="lr-asd"))
    fetch(settings.stages)
    assert asked == [], "nobody allowed a download"
    monkeypatch.setenv("NONVERBAL_DOWNLOAD", "1")
    fetch(settings.stages)
    assert asked == ["lrasd_finetuning_TalkSet.model"]


def test_a_build_fetches_for_sources_as_well_as_for_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(weights, "verified", lambda file: asked.append(file.path))
    monkeypatch.setenv("NONVERBAL_DOWNLOAD", "1")
    settings = BuildSettings()
    settings = replace(settings, thumbnail=replace(settings.thumbnail, person_detector="yolox_nano"))
    (tmp_path / "videos").mkdir()
    build([str(tmp_path / "videos")], tmp_path / "out", settings, Silent(), lambda name: None)
    assert "yolox_nano.onnx" in asked


def test_a_dataset_names_the_models_that_made_it_and_no_others() -> None:
    usual = [model for _, model, _, _ in models_used(BuildSettings().stages)]
    assert sorted(usual) == sorted(model.name for model in weights.MODELS)
    network = next(b for b in BACKENDS if b.name == "lr-asd")
    settings = BuildSettings()
    other = replace(
        settings,
        speak=Speak(active_speaker_model="lr-asd"),
        harm=replace(settings.harm, harm_model="detoxify:original"),
    )
    used = models_used(other.stages)
    assert ("speak", network.model, network.origin, "MIT") in used
    assert "alt-profanity-check" not in [model for _, model, _, _ in used]


def test_listing_them_loads_no_model() -> None:
    heavy = ("torch", "transformers", "mediapipe", "faster_whisper", "onnxruntime")
    told = f"import sys; import nonverbal.backends.registry; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_sections_of_backends_are_sections_of_the_settings() -> None:
    sections = {f.name for f in fields(BuildSettings)}
    assert {b.stage for b in registry.BACKENDS} <= sections
