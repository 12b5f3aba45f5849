"""The models that tell who on screen talks: their names, weights, licences and what they need."""

from __future__ import annotations

from nonverbal.backends.requirements import Backend, Weights
from nonverbal.weights import WeightFile

SYNCHRONY = "synchrony"

_LIGHT = "https://github.com/Junhua-Liao/Light-ASD/raw/main/weight/"
_LR = "https://github.com/Junhua-Liao/LR-ASD/raw/main/weight/"

NETWORK_WEIGHTS = {
    "light-asd": WeightFile(
        "light_asd",
        "lightasd_finetuning_TalkSet.model",
        "efc375833887eefa9d209dc92810e18519b04c3c73ea35a549f2a7f40b7d94d5",
        _LIGHT + "finetuning_TalkSet.model",
    ),
    "light-asd-ava": WeightFile(
        "light_asd",
        "lightasd_pretrain_AVA_CVPR.model",
        "d44bc3ea7baa8e0946fa3921311714a630ed8b90a1928fab0dbe30d918909317",
        _LIGHT + "pretrain_AVA_CVPR.model",
    ),
    "lr-asd": WeightFile(
        "lr_asd",
        "lrasd_finetuning_TalkSet.model",
        "6b4ef53694e874e96cf630198dc479c78aebb3993bbf166aee3d926dfe7d9342",
        _LR + "finetuning_TalkSet.model",
    ),
}
"""The published weights of each network, by the name given in the settings."""


def _network(name: str, model: str, origin: str) -> Backend:
    needs = (Weights((NETWORK_WEIGHTS[name],)),)
    return Backend(name, "speak", "active_speaker_model", model, origin, "MIT", needs, True)


CHOICES: tuple[Backend, ...] = (
    Backend(
        SYNCHRONY,
        "speak",
        "active_speaker_model",
        "mouth motion in step with the voice",
        "nonverbal",
        "Apache-2.0",
        (),
        True,
    ),
    _network("lr-asd", "LR-ASD, fine-tuned on TalkSet", "Liao et al. 2025"),
    _network("light-asd", "Light-ASD, fine-tuned on TalkSet", "Liao et al. 2023"),
    _network("light-asd-ava", "Light-ASD, trained on AVA-ActiveSpeaker", "Liao et al. 2023"),
)
"""All models; the setting "auto" takes the first network that is at hand."""
