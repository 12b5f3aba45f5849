"""Models that tell how harmful a text is: which there are, their labels and languages, and what they need."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal import weights
from nonverbal.backends.hub import SAFETENSORS, HubModel, folder_of
from nonverbal.backends.requirements import Backend, GpuMemory, Package, Requirement, Weights, maker
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile

DEFAULT = "profanity"
TOX_BLOCK = "tox-block"
DEVICES = ("cpu", "cuda")
MOST_LABELS = 64

_STAGE, _SETTING = "harm", "harm_model"
_DETOXIFY = "detoxify:"

TOX_BLOCK_FILES = tuple(
    WeightFile("tox_block", f"trained_models/{name}", sha256, install="pip install --no-deps tox-block==0.1.2")
    for name, sha256 in (
        ("lstm_model_0.1.2.h5", "587d40726f1250341a3661fac099e46582cf34cdd5136eb88a726bf6d62ec24e"),
        ("encoder_0.1.2.pkl", "f73db76ce4138c0a566cf91a84077ab66db1f5da40d795d2f751b5a157d91ce7"),
    )
)

_OWN = {DEFAULT: "nonverbal.backends.profanity:Profanity", TOX_BLOCK: "nonverbal.backends.tox_block:ToxBlock"}
"""Models that are no transformers, and what makes them; all of them run on the processor and know English."""

OWN_LABELS = {
    DEFAULT: ("profanity",),
    TOX_BLOCK: ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"),
}

MENTIONS = frozenset({
    "male", "female", "homosexual_gay_or_lesbian", "christian", "jewish", "muslim", "black", "white",
    "psychiatric_or_mental_illness",
})  # fmt: skip
"""Labels of Detoxify's "unbiased" model that say whom a text is about and not that it harms; left out unless asked
for."""


@dataclass(frozen=True, slots=True)
class Known:
    """A model of the hub whose name, languages and size are known."""

    repository: str
    languages: tuple[str, ...]
    size_gb: float


KNOWN: dict[str, Known] = {
    "detoxify:original": Known("unitary/toxic-bert", ("en",), 0.44),
    "detoxify:unbiased": Known("unitary/unbiased-toxic-roberta", ("en",), 0.5),
    "detoxify:multilingual": Known(
        "unitary/multilingual-toxic-xlm-roberta", ("en", "es", "fr", "it", "pt", "ru", "tr"), 1.1
    ),
}
"""Detoxify's models by the names it gives them; the languages are those it was trained and tested on."""


class HarmModel(Protocol):
    """Scores texts; its weights load when it is made.

    Attributes:
        labels: the kinds of harm it tells apart.
    """

    labels: tuple[str, ...]

    def score(self, texts: Sequence[str], tick: Callable[[float], None]) -> NDArray[np.float64]:
        """[N, labels] probability in [0, 1] that each text is of each kind; 0 for a text without words."""
        ...


@dataclass(frozen=True, slots=True)
class LabelsOf:
    """The labels that the settings name are among the model's; a model that takes one label a text must be told which.

    Attributes:
        model: a name on the hub or a folder.
        chosen: the labels that are to make the flag.
    """

    model: str
    chosen: tuple[str, ...]

    def __str__(self) -> str:
        return "labels " + (", ".join(self.chosen) or "of the model")

    def problem(self) -> str | None:
        try:
            flag_labels(read_labels(folder_of(self.model, _SETTING)), self.chosen)
        except UserError as error:
            return str(error)
        return None


@dataclass(frozen=True, slots=True)
class Labels:
    """What a classifier tells apart: `names`, and whether a text may be of several kinds at once."""

    names: tuple[str, ...]
    several: bool


def read_labels(folder: Path) -> Labels:
    """The labels in the ``config.json`` of a model, in the order of its outputs.

    Raises:
        UserError: it has none, or it is no classifier.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        named = config.get("id2label") or {}
        names = tuple(str(named[key]) for key in sorted(named, key=int))
    except (OSError, ValueError, AttributeError, TypeError, LookupError) as error:
        raise UserError(
            f"{path}: no readable configuration of a model ({type(error).__name__}): fetch it again"
        ) from error
    kind = config.get("problem_type") or ("" if len(names) > 1 else "multi_label_classification")
    if not 0 < len(names) <= MOST_LABELS or len(set(names)) < len(names) or kind == "regression":
        raise UserError(
            f"{path}: has the labels {list(names)[:8]} for {kind or 'one label a text'}, expected 1 to {MOST_LABELS} "
            "different ones: give a model that sorts texts into kinds of harm"
        )
    return Labels(names, kind == "multi_label_classification")


def flag_labels(labels: Labels, chosen: Sequence[str]) -> tuple[str, ...]:
    """The labels whose scores are stored: all that say harm, and those that were `chosen`.

    Raises:
        UserError: a chosen one is none of the model's, or nothing was chosen of a model that must choose one label.
    """
    told = ", ".join(labels.names)
    if unknown := [name for name in chosen if name not in labels.names]:
        raise UserError(f"harm_labels names {unknown[0]!r}, which is no label of the model: it has {told}")
    if not labels.several and not chosen:
        raise UserError(f"the model gives each text one of the labels {told}: say with --harm-labels which mean harm")
    return tuple(name for name in labels.names if name in chosen or name not in MENTIONS)


def check_settings(name: str, device: str, labels: Sequence[str] = (), languages: Sequence[str] = ()) -> None:
    """See that these may stand in the settings; whether the model is there, and has them, is told by its requirements.

    Raises:
        ValueError: the name or the device is none, or the labels or languages are none of a model that is known.
    """
    if device not in DEVICES:
        raise ValueError(f"harm_device is {device!r}, expected one of: {', '.join(DEVICES)}")
    if not name or (name.startswith(_DETOXIFY) and name not in KNOWN) or (name in _OWN and device != "cpu"):
        known = ", ".join((*_OWN, *KNOWN))
        raise ValueError(
            f"harm_model is {name!r} on {device}, expected one of: {known}, a name on the Hugging Face hub, "
            f"or a folder; {' and '.join(_OWN)} run on cpu"
        )
    if unknown := [label for label in labels if label not in OWN_LABELS.get(name, labels)]:
        raise ValueError(f"harm_labels names {unknown[0]!r}, but {name} has {', '.join(OWN_LABELS[name])}")
    if name in _OWN and set(languages) - {"en"}:
        raise ValueError(f"harm_languages is {list(languages)}, but {name} knows English alone")


def source_of(name: str) -> str:
    """The hub's name, or the folder, of a model other than the default."""
    return KNOWN[name].repository if name in KNOWN else name


def languages_of(name: str) -> tuple[str, ...]:
    """The languages that a model is known for; English for one that is not."""
    return KNOWN[name].languages if name in KNOWN else ("en",)


def backend_of(name: str, device: str = "cpu", chosen: Sequence[str] = ()) -> Backend:
    """The backend that a setting names, with what it needs."""
    if name in _OWN:
        return next(choice for choice in CHOICES if choice.name == name)
    source = source_of(name)
    licence = "Apache-2.0" if name in KNOWN else "not stated"
    origin = "Unitary, from the Hugging Face hub" if name in KNOWN else "given by the settings"
    size_gb = KNOWN[name].size_gb if name in KNOWN else 0.0
    needs: tuple[Requirement, ...] = (
        Package("transformers", "5.0", "6", "pip install 'transformers>=5,<6'"),
        HubModel(source, _FILES, _SETTING, size_gb),
        LabelsOf(source, tuple(chosen)),
    )
    if device == "cuda":
        needs = (*needs, GpuMemory(2.0))
    return Backend(name, _STAGE, _SETTING, Path(source).name or source, origin, licence, needs)


_FILES = (*SAFETENSORS, ("tokenizer.json", "vocab.txt", "vocab.json"))

CHOICES: tuple[Backend, ...] = (
    Backend(
        DEFAULT, _STAGE, _SETTING, "alt-profanity-check", "linear classifier, in alt-profanity-check", "MIT",
        (
            Package("alt-profanity-check", "1.7", "2", "pip install 'nonverbal[offline]'"),
            Weights(next(model.files for model in weights.MODELS if model.name == "alt-profanity-check")),
        ),
        default=True,
    ),
    Backend(
        TOX_BLOCK, _STAGE, _SETTING, "recurrent network of tox-block", "Pascal Bliem, in tox-block", "MIT",
        (Weights(TOX_BLOCK_FILES),),
    ),
    *(backend_of(name) for name in KNOWN),
)  # fmt: skip
"""Every model of harm, the default first; besides, any classifier of texts on the hub or in a folder."""


@lru_cache(maxsize=1)
def load(name: str, device: str, chosen: tuple[str, ...]) -> HarmModel:
    """The model that the settings name, the same one whenever asked.

    Raises:
        UserError: it is not there, or cannot be used as it is.
    """
    if name in _OWN:
        made: HarmModel = maker(_OWN[name])()
        return made
    folder = folder_of(source_of(name), _SETTING)
    labels = read_labels(folder)
    toxicity = maker("nonverbal.backends.toxicity:Toxicity")
    classifier: HarmModel = toxicity(folder, labels, flag_labels(labels, chosen), device)
    return classifier
