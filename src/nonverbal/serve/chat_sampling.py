"""How an answer is to be drawn, as a client asks for it: numbers out of JSON, checked, for the model's dice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

from nonverbal.mars.sampling import Draw, SamplingConfig
from nonverbal.verdicts import UserError

LONGEST_S = 60.0
"""Longest answer that may be asked for."""
_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "temperature": (0.0, 2.0),
        "motion_temperature": (0.01, 2.0),
        "top_p": (0.01, 1.0),
        "seed": (0, 2**53 - 1),
        "max_s": (0.0, LONGEST_S),
    }
)


@dataclass(frozen=True, slots=True)
class Knobs:
    """What can be set for an answer."""

    temperature: float = 0.8
    """Of words: below 1 the likely ones come more often; 0 for always the likeliest of everything."""
    motion_temperature: float = 1.0
    """Of face and body."""
    top_p: float = 0.95
    """Words and motion are drawn from the likeliest that together have this probability."""
    seed: int = 0
    """The same seed in the same conversation gives the same answer."""
    max_s: float = 30.0
    """Longest answer in seconds."""
    greedy: bool = False
    """Always the likeliest: of word, motion and end, then of the tokens."""


def read_knobs(told: object, otherwise: Knobs) -> Knobs:
    """What a JSON object asks for; what it leaves out stays as it is, and names not known are ignored.

    Raises:
        UserError: it is no object, or a number is none or out of its range.
    """
    if told is None:
        return otherwise
    if not isinstance(told, Mapping):
        raise UserError(f'sampling: got {_shown(told)}, expected an object such as {{"temperature": 0.8}}')
    found: dict[str, float | bool] = {}
    for field in fields(Knobs):
        value = told.get(field.name)
        if value is not None:
            found[field.name] = _flag(value) if field.name == "greedy" else _number(field.name, value)
    return replace(otherwise, **found)  # type: ignore[arg-type]


def sampling_of(knobs: Knobs, step_s: float) -> SamplingConfig:
    """How turns are drawn, for steps of `step_s`."""
    motion = Draw(knobs.motion_temperature, knobs.top_p)
    return SamplingConfig(
        text=Draw(knobs.temperature or 1.0, knobs.top_p),
        face=motion,
        body=motion,
        max_steps=max(int(knobs.max_s / step_s), 1),
        greedy=knobs.greedy or knobs.temperature == 0,
        seed=knobs.seed,
    )


def _number(name: str, value: object) -> float:
    least, most = _RANGES[name]
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not least <= value <= most:  # type: ignore[operator]  # also of NaN, and of whole numbers of any size
        raise UserError(f"{name}: got {_shown(value)}, expected a number from {least:g} to {most:g}")
    assert isinstance(value, int | float)
    if name == "seed":
        if value != int(value):
            raise UserError(f"seed: got {_shown(value)}, expected a whole number")
        return int(value)
    return float(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"greedy: got {_shown(value)}, expected true or false")
    return value


def _shown(value: object) -> str:
    return repr(value)[:60]
