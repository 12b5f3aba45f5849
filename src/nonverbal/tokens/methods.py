"""The tokenizers one can train, by name: ours and those it is compared with, in two sizes.

All share one network design, since the papers do; they differ in loss, quantiser, scaling and regularisation. At the
same preset every method has the same width, depth and frames a token, so that a comparison is one of methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from nonverbal.tokens.config import LossConfig, TokenizerConfig
from nonverbal.verdicts import UserError

MethodName = Literal["vq", "rvq", "fsq", "behaviour", "guo2024", "ng2023"]
PresetName = Literal["laptop", "paper"]

PRESETS: dict[PresetName, dict[str, Any]] = {
    "paper": {"width": 512, "code_width": 512},
    "laptop": {"width": 96, "code_width": 64, "ema_decay": 0.95},
}
"""Sizes: the paper's, and one that two CPU cores train in minutes, where codes must follow faster."""

_FACE_COLUMNS = {"mouthSmile": 12.0, "eyeLook": 0.7, "jawOpen": 4.0}
"""Weights of `behaviour` within the face; where the eyes look stands in the gaze as well."""

_BODY_CODE_WIDTH = 16
"""The width of a code that worked best for bodies (paper, table of ablations)."""


def vq(spaces: tuple[str, ...], size: dict[str, Any]) -> TokenizerConfig:
    """One codebook; L1 by groups.

    Source: "Speaking Beyond Language" (ACL 2025), section on MARS: 512 codes, EMA 0.99 with dead codes reset,
    commitment 0.02, grouped L1 with velocity 0.5, codes of 512 numbers for the face and 16 for the body.
    Differs: columns that hardly move are not scaled up to those that carry the expression; velocities of bodies
    weigh ten times as much, without which a body at rest trembles.
    """
    if "smplx117" not in spaces:
        return TokenizerConfig(spaces, "vq", **size, scale_floor=1.0)
    size = size | {"code_width": _BODY_CODE_WIDTH}
    return TokenizerConfig(spaces, "vq", **size, scale_floor=1.0, loss=LossConfig(velocity_weight=5.0))


def rvq(spaces: tuple[str, ...], size: dict[str, Any]) -> TokenizerConfig:
    """`vq` with six residual codebooks; a fifth of the steps leaves out the later ones, so any number decodes."""
    return replace(vq(spaces, size), method="rvq", quantiser="rvq", levels=6, level_dropout=0.2)


def fsq(spaces: tuple[str, ...], size: dict[str, Any]) -> TokenizerConfig:
    """`vq` on a fixed grid of 8 x 8 x 8 in place of a learned codebook.

    Source: Mentzer et al. 2024, "Finite Scalar Quantization: VQ-VAE Made Simple".
    """
    return replace(vq(spaces, size), method="fsq", quantiser="fsq", fsq_grid=(8, 8, 8), code_width=3)


def behaviour(spaces: tuple[str, ...], size: dict[str, Any]) -> TokenizerConfig:
    """Two residual codebooks that keep what is rare and means something: blinks, raised brows, smiles, nods, shakes.

    A median of mostly still faces is a still face, so L1 forgets what seldom moves; L2 of columns scaled by their own
    standard deviation does not. Smiles and the head weigh more than their columns' share. Nods and shakes are faster
    than looks and smaller, so a body's velocities weigh 60 times as much as its values, whose scaled squares are about
    a hundred times theirs. For models that are to read and write behaviour.
    """
    if "smplx117" in spaces:
        columns, velocity_weight = {"head": 20.0} | _FACE_COLUMNS, 60.0
        size = size | {"code_width": _BODY_CODE_WIDTH}
    else:
        columns, velocity_weight = _FACE_COLUMNS, 3.0
    groups = {"upper_face": 3.0, "jaw": 0.7, "lower_face": 3.0, "upper_body": 4.0}
    loss = LossConfig("l2", velocity_weight, group_weights=groups, column_weights=columns)
    return TokenizerConfig(
        spaces, "behaviour", **size, quantiser="rvq", levels=2, level_dropout=0.2, loss=loss
    )  # fmt: skip


def guo2024(spaces: tuple[str, ...], size: dict[str, Any]) -> TokenizerConfig:
    """The residual VQ-VAE of MoMask.

    Source: Guo et al. 2024, "MoMask: Generative Masked Modeling of 3D Human Motions", section 3.1, and its published
    settings: six codebooks of 512, quantiser dropout 0.2, codes drawn at temperature 0.5, dropout 0.2 in the residual
    blocks, smooth L1 over all columns, commitment 0.02, EMA 0.99, columns scaled by their standard deviation.
    Differs: three halvings instead of two, so that a token covers 8 frames like the others'; its second loss term, on
    joint positions inside HumanML3D's rows, has no counterpart here and is that of velocities with the same weight 0.5.
    """
    return TokenizerConfig(
        spaces, "guo2024", **size, dropout=0.2, quantiser="rvq", levels=6, level_dropout=0.2, sample_temperature=0.5,
        loss=LossConfig("smooth_l1", 0.5, grouped=False),
    )  # fmt: skip


def ng2023(spaces: tuple[str, ...], size: dict[str, Any]) -> TokenizerConfig:
    """The VQ of the listener model.

    Source: Ng et al. 2023, "Can Language Models Learn to Listen?", section 3.1, and its published settings: 256 codes,
    EMA 0.99 with reset, smooth L1 by groups plus 0.5 times that of velocities over all columns, commitment 0.02,
    columns scaled by their standard deviation.
    Differs: velocities are grouped like the values; windows are as long as the other methods' (64 frames, not 32).
    """
    return TokenizerConfig(spaces, "ng2023", **size, codebook_size=256, loss=LossConfig("smooth_l1", 0.5, grouped=True))


METHODS: dict[MethodName, Callable[[tuple[str, ...], dict[str, Any]], TokenizerConfig]] = {
    "vq": vq,
    "rvq": rvq,
    "fsq": fsq,
    "behaviour": behaviour,
    "guo2024": guo2024,
    "ng2023": ng2023,
}


def method_config(method: MethodName, spaces: tuple[str, ...], preset: PresetName = "laptop") -> TokenizerConfig:
    """The configuration of a method in a preset's size.

    Raises:
        UserError: there is no such method or preset; the message lists those there are.
    """
    if method not in METHODS:
        raise UserError(f"method: got {method!r}, expected one of {', '.join(METHODS)}")
    if preset not in PRESETS:
        raise UserError(f"preset: got {preset!r}, expected one of {', '.join(PRESETS)}")
    return METHODS[method](spaces, PRESETS[preset])
