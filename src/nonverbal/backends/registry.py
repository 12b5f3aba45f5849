"""All models that a stage can be told to use: listed, looked for before any work, measured and recorded by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from nonverbal import weights
from nonverbal.backends import (
    active_speakers,
    aligners,
    diarizers,
    face_models,
    harm_models,
    looks,
    person_detectors,
    recognisers,
)
from nonverbal.backends.requirements import Backend, GpuMemory, Weights
from nonverbal.external import estimators
from nonverbal.verdicts import UserError

BACKENDS: tuple[Backend, ...] = (
    *person_detectors.CHOICES,
    *diarizers.CHOICES,
    *recognisers.CHOICES,
    *aligners.CHOICES,
    *harm_models.CHOICES,
    *face_models.CHOICES,
    *looks.CHOICES,
    *active_speakers.CHOICES,
    *estimators.CHOICES,
)
"""In the order of the stages."""


def in_use(stages: Iterable[Any]) -> tuple[Backend, ...]:
    """The backends that these stages will use with their settings, each once."""
    listed = list(stages)
    languages = next((stage.languages for stage in listed if stage.name == "language"), ("en",))
    found: list[Backend] = []
    for stage in listed:
        if stage.name == "transcribe":
            found += stage.backends(languages)  # what aligns words is another network for each language
        elif hasattr(stage, "backends"):
            found += stage.backends()
    return tuple(dict.fromkeys(found))


def check(stages: Iterable[Any], with_gpu: bool = True) -> None:
    """Sees that everything the chosen backends need is there, before any work.

    Args:
        with_gpu: whether this machine must have the graphics cards asked for; a cluster has them elsewhere.

    Raises:
        UserError: something is missing; the sentence names the backend and the next step.
    """
    for backend in in_use(stages):
        if told := backend.problem() if with_gpu else _without_gpu(backend).problem():
            raise UserError(told)


def fetch(stages: Iterable[Any]) -> None:
    """Downloads the weights of the chosen backends that are nowhere, where that was allowed."""
    for requirement in chain.from_iterable(backend.requirements for backend in in_use(stages)):
        for file in requirement.files if isinstance(requirement, Weights) else ():
            if weights.find(file) is None and weights.may_download(file):
                weights.verified(file)


def models_used(stages: Sequence[Any]) -> list[tuple[str, str, str, str]]:
    """(stages, model, origin, licence) of every model that takes part, for a dataset's card.

    A default model is left out where another backend does its work.
    """
    chosen = in_use(stages)
    idle = set(chain.from_iterable(map(_packaged, BACKENDS))) - set(chain.from_iterable(map(_packaged, chosen)))
    usual = [(m.stages, m.name, m.origin, m.licence) for m in weights.MODELS if m.name not in idle]
    return usual + [(b.stage, b.model, b.origin, b.licence) for b in chosen if b.requirements and not _packaged(b)]


def _packaged(backend: Backend) -> tuple[str, ...]:
    """The models of `weights.MODELS` that it consists of."""
    files = {file for needed in backend.requirements if isinstance(needed, Weights) for file in needed.files}
    return tuple(model.name for model in weights.MODELS if files & set(model.files))


def _without_gpu(backend: Backend) -> Backend:
    return replace(backend, requirements=tuple(r for r in backend.requirements if not isinstance(r, GpuMemory)))
