"""What an optional model needs before it can run, each need with one sentence on how to meet it."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nonverbal import weights
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile


class Requirement(Protocol):
    """One thing that must be there; `str` names it in a few words."""

    def problem(self) -> str | None:
        """What is wrong, got and expected, and the next step, in one sentence; None where all is well."""
        ...


@dataclass(frozen=True, slots=True)
class Package:
    """A Python package in ``[least, below)``; `install` is the command that brings it."""

    name: str
    least: str
    below: str
    install: str

    def __str__(self) -> str:
        return f"{self.name} >={self.least},<{self.below}"

    def problem(self) -> str | None:
        try:
            found = importlib.metadata.version(self.name)
        except importlib.metadata.PackageNotFoundError:
            return f"the package {self.name} is missing: run {self.install}"
        if not _version(self.least) <= _version(found) < _version(self.below):
            return f"{self.name} is {found}, expected at least {self.least} and below {self.below}: run {self.install}"
        return None


@dataclass(frozen=True, slots=True)
class Weights:
    """Files of weights, found and proved as in `nonverbal.weights`."""

    files: tuple[WeightFile, ...]

    def __str__(self) -> str:
        return "weights " + ", ".join(Path(file.path).name for file in self.files)

    def problem(self) -> str | None:
        for file in self.files:
            if weights.find(file) is None and weights.may_download(file):
                continue
            try:
                weights.verified(file)
            except UserError as error:
                return str(error)
        return None


@dataclass(frozen=True, slots=True)
class GivenPath:
    """A file or folder of the user's own, such as licensed weights: `setting` is where its path is given."""

    what: str
    path: str
    setting: str
    get_it: str

    def __str__(self) -> str:
        return self.what

    def problem(self) -> str | None:
        flag = f"--{self.setting.replace('_', '-')}"
        if not self.path:
            return f"{self.what} is needed and {flag} is not set: {self.get_it}, and give its path with {flag}"
        if not Path(self.path).exists():
            return f"{self.what} is not at {self.path}: {self.get_it}, or correct {flag}"
        return None


@dataclass(frozen=True, slots=True)
class GpuMemory:
    """Free memory on an NVIDIA card that PyTorch sees, in GiB."""

    gib: float

    def __str__(self) -> str:
        return f"a GPU with {self.gib:g} GiB free"

    def problem(self) -> str | None:
        torch = importlib.import_module("torch")
        if not torch.cuda.is_available():
            return "PyTorch sees no GPU: install a CUDA build of it, or choose the device cpu"
        free = torch.cuda.mem_get_info()[0] / 2**30
        if free < self.gib:
            return f"the GPU has {free:.1f} GiB free, expected at least {self.gib:g}: end what uses it, or choose cpu"
        return None


@dataclass(frozen=True, slots=True)
class Backend:
    """A model that a stage can use: what is listed, measured and recorded under its name.

    Attributes:
        name: how the settings call it.
        stage: the section of the settings that chooses it, such as "speak".
        setting: the setting of that section; its value is `name` unless `chosen_by` says otherwise.
        model, origin, licence: for the list of models and for datasets made with it.
        requirements: what must be there.
        default: whether a build without any settings may use it.
        chosen_by: further settings that choosing it takes, as (stage, setting, value).
    """

    name: str
    stage: str
    setting: str
    model: str
    origin: str
    licence: str
    requirements: tuple[Requirement, ...] = ()
    default: bool = False
    chosen_by: tuple[tuple[str, str, object], ...] = ()

    def problem(self) -> str | None:
        """The first requirement that is not met, as a sentence that begins with the backend's name."""
        told = first_problem(self.requirements)
        return f"{self.name}: {told}" if told else None


def named(name: str, choices: Sequence[Backend]) -> Backend:
    """The one of `choices`, of which there are some, that is called `name`.

    Raises:
        UserError: there is none.
    """
    for choice in choices:
        if choice.name == name:
            return choice
    known = ", ".join(choice.name for choice in choices)
    raise UserError(f"{choices[0].setting} is {name!r}, expected one of: {known}")


def maker(place: str) -> Any:
    """The class or function at "package.module:name", imported only now."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def first_problem(requirements: Iterable[Requirement]) -> str | None:
    """The sentence of the first requirement that is not met; None where all are."""
    return next((told for requirement in requirements if (told := requirement.problem())), None)


def _version(text: str) -> tuple[int, ...]:
    """The leading numbers of a version: "4.0.1rc2" is (4, 0, 1)."""
    return tuple(int(part) for part in re.match(r"[\d.]*", text).group().split(".") if part)  # type: ignore[union-attr]
