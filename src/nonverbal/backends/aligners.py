"""Aligners of words with sound: which there are, what they need, and the protocol they keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from nonverbal.backends.hub import SAFETENSORS, HubModel
from nonverbal.backends.languages import name_of
from nonverbal.backends.recognisers import Heard
from nonverbal.backends.requirements import Backend, GpuMemory, Package, Requirement, Weights, maker
from nonverbal.types import F32
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile

DEFAULT, WAV2VEC2, POCKETSPHINX = "whisper", "wav2vec2", "pocketsphinx"
_STAGE, _SETTING = "transcribe", "aligner"

_XLSR = "jonatasgrosman/wav2vec2-large-xlsr-53-"
ALIGN_MODELS: dict[str, str] = {
    "en": "facebook/wav2vec2-base-960h",
    "ar": f"{_XLSR}arabic", "de": f"{_XLSR}german", "el": f"{_XLSR}greek", "es": f"{_XLSR}spanish",
    "fa": f"{_XLSR}persian", "fi": f"{_XLSR}finnish", "fr": f"{_XLSR}french", "hu": f"{_XLSR}hungarian",
    "it": f"{_XLSR}italian", "ja": f"{_XLSR}japanese", "nl": f"{_XLSR}dutch", "pl": f"{_XLSR}polish",
    "pt": f"{_XLSR}portuguese", "ru": f"{_XLSR}russian", "zh": f"{_XLSR}chinese-zh-cn",
    "uk": "Yehor/wav2vec2-xls-r-300m-uk-with-small-lm", "cs": "comodoro/wav2vec2-xls-r-300m-cs-250",
    "ca": "softcatala/wav2vec2-large-xlsr-catala", "ko": "kresnik/wav2vec2-large-xlsr-korean",
    "tr": "mpoyraz/wav2vec2-xls-r-300m-cv7-turkish", "vi": "nguyenvulebinh/wav2vec2-base-vi-vlsp2020",
    "hi": "theainerd/Wav2Vec2-large-xlsr-hindi", "da": "saattrupdan/wav2vec2-xls-r-300m-ftspeech",
    "he": "imvladikon/wav2vec2-xls-r-300m-hebrew", "no": "NbAiLab/nb-wav2vec2-1b-bokmaal-v2",
    "nn": "NbAiLab/nb-wav2vec2-1b-nynorsk", "sk": "comodoro/wav2vec2-xls-r-300m-sk-cv8",
    "sl": "anton-l/wav2vec2-large-xlsr-53-slovenian", "hr": "classla/wav2vec2-xls-r-parlaspeech-hr",
    "ro": "gigant/romanian-wav2vec2", "eu": "stefan-it/wav2vec2-large-xlsr-53-basque",
    "gl": "ifrz/wav2vec2-large-xlsr-galician", "ka": "xsway/wav2vec2-large-xlsr-georgian",
    "lv": "jimregan/wav2vec2-large-xlsr-latvian-cv",
}  # fmt: skip
"""A CTC network for each language, as WhisperX chooses them, but for de, fr, es and it, where its own may not be used
commercially."""

_INSTALL = "pip install 'nonverbal[pocketsphinx]'"
SPHINX_FILES = tuple(
    WeightFile("pocketsphinx", f"model/en-us/{path}", sha256, install=_INSTALL)
    for path, sha256 in (
        ("en-us/feat.params", "c982c5f75e2a30c34d2c9ef1f6b129a5a00e67e3e927565076b58664cc2404c9"),
        ("en-us/mdef", "2360f9a86889c1cfee8bd618a0269387911e5fb2920a594f506b18b8c79683b0"),
        ("en-us/means", "832019e32cac12eb318964f96f469034acb12d0348eeddc3831831a100cb4dd4"),
        ("en-us/noisedict", "7295b07df2c204c4f87c6782b6be1a3859d7006d4e3864181c955d6dab105a33"),
        ("en-us/sendump", "8c9564c0d5bef69ca9d9bf1014abe162f071644cf02cf1fa8a483c3dc165a7a8"),
        ("en-us/transition_matrices", "c1f7f28ea43177be734be1f88bd7f1b9a853d0e660f8599c67c6eaeca8bb539a"),
        ("en-us/variances", "b00d696f85e96834fc10f8e5f06428d8c4db6bffdbe5845b6f69bf6efbc48fa5"),
        ("cmudict-en-us.dict", "20b5c293e1f311fb375fe067e500ec5636f4fc7af5594967263696def9b23bfe"),
    )
)
_ALIGN_FILES = (*SAFETENSORS, ("vocab.json",), ("preprocessor_config.json",))


class Aligner(Protocol):
    """Finds when known words are said; loads its weights on first use and gives the same answer always."""

    def align(self, samples: F32, heard: Sequence[Heard], language: str) -> tuple[Heard, ...]:
        """The words with the times that this aligner finds, in order.

        Times are not numbers for words that it cannot find. `prob` becomes the aligner's own confidence, in [0, 1].

        Args:
            samples: [S] at 16 kHz, up to 30 s.
            heard: words with rough times.
            language: code of the language.
        """
        ...


CHOICES: tuple[Backend, ...] = (
    Backend(DEFAULT, _STAGE, _SETTING, "attention of the recogniser", "in nonverbal", "MIT", default=True),
    Backend(
        WAV2VEC2, _STAGE, _SETTING, "wav2vec 2.0 base, 960 h, with CTC", "Meta, facebook/wav2vec2-base-960h",
        "Apache-2.0",
        (Package("transformers", "5.0", "6", "pip install 'transformers>=5,<6'"),
         HubModel(ALIGN_MODELS["en"], _ALIGN_FILES, "align_model", 0.4)),
    ),
    Backend(
        POCKETSPHINX, _STAGE, _SETTING, "PocketSphinx, US English phones and CMU dictionary", "CMU, in pocketsphinx",
        "BSD-2-Clause",
        (Package("pocketsphinx", "5.1", "6", _INSTALL), Weights(SPHINX_FILES)),
    ),
)  # fmt: skip
"""Every aligner, the default first."""

_MAKERS = {
    WAV2VEC2: "nonverbal.backends.wav2vec2:Wav2Vec2Aligner",
    POCKETSPHINX: "nonverbal.backends.sphinx:SphinxAligner",
}


@dataclass(frozen=True, slots=True)
class Aligns:
    """An aligner for each of the languages."""

    known: tuple[str, ...]
    languages: tuple[str, ...]

    def __str__(self) -> str:
        return f"speech in {', '.join(map(name_of, self.known))}"

    def problem(self) -> str | None:
        others = [code for code in self.languages if code not in self.known]
        if not others:
            return None
        return (
            f"it aligns {', '.join(self.known)} only, and {', '.join(map(name_of, others))} may be heard: take another "
            "aligner, or wav2vec2 with --align-model NAME for that language"
        )


def check_settings(name: str, align_model: str) -> None:
    """Refuses a name that is none, and a model that would not be used.

    Raises:
        ValueError: one of them is wrong.
    """
    names = [choice.name for choice in CHOICES]
    if name not in names:
        raise ValueError(f"{_SETTING} is {name!r}; expected one of {', '.join(names)}")
    if align_model and name != WAV2VEC2:
        raise ValueError(
            f"align_model is {align_model!r}, which the aligner {name} does not use; set aligner to {WAV2VEC2}"
        )


def backends_of(name: str, align_model: str, device: str, languages: Iterable[str]) -> tuple[Backend, ...]:
    """What the aligner `name` uses and needs for `languages`; one entry a model."""
    listed = next(choice for choice in CHOICES if choice.name == name)
    wanted = tuple(languages)
    if name == POCKETSPHINX:
        return (replace(listed, requirements=(*listed.requirements, Aligns(("en",), wanted))),)
    if name != WAV2VEC2:
        return (listed,)
    card: tuple[Requirement, ...] = (GpuMemory(2.5),) if device == "cuda" else ()
    models = [align_model] if align_model else [ALIGN_MODELS[code] for code in wanted if code in ALIGN_MODELS]
    known = wanted if align_model else tuple(ALIGN_MODELS)
    out = []
    for model in dict.fromkeys(models):
        hub = HubModel(model, _ALIGN_FILES, "align_model", 0.4 if "base" in model else 1.3)
        needs = (listed.requirements[0], hub, Aligns(known, wanted), *card)
        if model == ALIGN_MODELS["en"]:
            out.append(replace(listed, requirements=needs))
        else:
            licence = "Apache-2.0" if model.startswith(_XLSR) else "that of its source"
            out.append(replace(listed, model=f"CTC network {model}", origin=model, licence=licence, requirements=needs))
    return tuple(out) or (replace(listed, requirements=(Aligns(known, wanted),)),)


def load(name: str, align_model: str, device: str, language: str) -> Aligner | None:
    """The aligner of that name for that language; None where the recogniser's own times are wanted.

    Raises:
        UserError: it has no model for the language.
    """
    if name == DEFAULT:
        return None
    if name == WAV2VEC2:
        if not align_model and language not in ALIGN_MODELS:
            raise UserError(
                f"{WAV2VEC2} has no model for {name_of(language)}: give one with --align-model, or leave --aligner out"
            )
        return _made(name, align_model or ALIGN_MODELS[language], device)
    if language != "en":
        raise UserError(f"{name} aligns English only, and {name_of(language)} was heard: leave --aligner out")
    return _made(name)


@lru_cache(maxsize=2)
def _made(name: str, *arguments: str) -> Aligner:
    made: Aligner = maker(_MAKERS[name])(*arguments)
    return made
