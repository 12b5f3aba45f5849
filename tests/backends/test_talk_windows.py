"""Scores of active speaker networks: put together from one pass, window by window, and as published."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nonverbal.backends.active_speakers import NETWORK_WEIGHTS
from nonverbal.backends.light_asd import LightASD
from nonverbal.backends.lr_asd import LRASD
from nonverbal.backends.mfcc import mfcc
from nonverbal.backends.reels import Reel
from nonverbal.backends.talk_encoders import TalkNetwork
from nonverbal.backends.talk_network import network
from nonverbal.backends.talk_windows import WINDOWS_S, talk_scores

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from record_talk_scores import RECORDINGS, digest, recorded, synthetic  # noqa: E402

RECORDED = json.loads((ROOT / "tests" / "fixtures" / "talk_scores.json").read_text(encoding="utf-8"))
NETWORKS = tuple(NETWORK_WEIGHTS)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def drawn(kind: type[LightASD] | type[LRASD], seed: int = 3) -> TalkNetwork:
    """A network with weights from a seed, statistics of the normalisations included."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = kind().eval()
        for part in made.modules():
            if isinstance(part, torch.nn.Conv2d | torch.nn.Conv3d):
                torch.nn.init.kaiming_normal_(part.weight)  # else what is seen hardly reaches the scores
        made.output.weight.data.mul_(100.0)
        for name, value in made.named_buffers():
            if name.endswith("running_mean"):
                value.normal_(0.0, 0.3)
            elif name.endswith("running_var"):
                value.uniform_(0.5, 2.0)
        return made


def small_input(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Small faces do as well as large ones: the networks take the maximum over the plane."""
    random = np.random.default_rng(seed)
    faces = random.integers(0, 256, (count, 12, 12), dtype=np.uint8)
    return faces, random.uniform(-0.5, 0.5, count * 640).astype(np.float32)


def naive(net: TalkNetwork, faces: NDArray[np.uint8], samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every window of every length through the whole network, as if there were nothing else."""
    rows = torch.from_numpy(mfcc(samples))
    count = min(len(faces), len(rows) // 4)
    total = np.zeros(count, np.float32)
    with torch.inference_mode():
        for length in (25 * length_s for length_s in WINDOWS_S):
            for start in range(0, count, length):
                stop = min(start + length, count)
                pictures = torch.from_numpy(faces[start:stop]).unsqueeze(1).float()
                seen = net.sights(Reel(pictures, stop - start)).frames.flatten(1)
                heard = net.sounds(rows[None, 4 * start : 4 * stop])
                total[start:stop] += net.judge(heard, seen[None])[0].numpy() / len(WINDOWS_S)
    return total


@pytest.mark.parametrize("kind", [LightASD, LRASD])
@pytest.mark.parametrize(
    "count", [2, 26, 60, 69, *(pytest.param(n, marks=pytest.mark.slow) for n in (24, 27, 51, 88, 101, 130))]
)
def test_one_pass_with_edges_equals_six_passes(kind: type[LightASD] | type[LRASD], count: int) -> None:
    """Rests of 0 to 24 frames behind the last whole second; 18 and fewer reach both edges of LR-ASD at once."""
    net, given = drawn(kind), small_input(count)
    assert talk_scores(net, *given) == pytest.approx(naive(net, *given), abs=3e-4)


@pytest.mark.parametrize("kind", [LightASD, LRASD])
def test_pieces_do_not_change_the_scores(kind: type[LightASD] | type[LRASD]) -> None:
    net, given = drawn(kind), small_input(85)
    whole = talk_scores(net, *given, chunk_s=99)
    for chunk_s in (1, 2):
        assert talk_scores(net, *given, chunk_s=chunk_s) == pytest.approx(whole, abs=3e-4)
    assert np.array_equal(talk_scores(net, *given, chunk_s=99), whole)


@pytest.mark.parametrize("kind", [LightASD, LRASD])
def test_the_edges_matter(kind: type[LightASD] | type[LRASD]) -> None:
    """One frame of sound fewer at each cut, and the comparison above would fail."""
    net, given = drawn(kind), small_input(52)
    less = drawn(type("Less", (kind,), {"sound_reach": kind.sound_reach - 1}))
    assert np.abs(talk_scores(less, *given) - talk_scores(net, *given)).max() > 1e-3


def test_short_tracks_and_silence_give_finite_scores() -> None:
    for kind in (LightASD, LRASD):
        net = drawn(kind)
        faces, _ = small_input(26)
        assert talk_scores(net, faces[:1], np.zeros(640, np.float32)).shape == (0,)
        assert talk_scores(net, faces[:2], np.zeros(1280, np.float32)).shape == (1,)
        assert np.isfinite(talk_scores(net, faces, np.zeros(26 * 640, np.float32))).all()


def test_progress_grows_to_one() -> None:
    told: list[float] = []
    talk_scores(drawn(LightASD), *small_input(140), told.append)
    assert told == sorted(told)
    assert len(told) == 3
    assert told[-1] == 1.0


def compare(name: str, media: Path | None, models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(models))
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path))
    given = recorded(media, name) if media else synthetic()
    if digest(*given) != RECORDED[name]["input_sha256"]:
        pytest.skip("the decoders of this machine give other pixels or samples than those that were scored")
    for model in NETWORKS:
        network.cache_clear()
        ours = talk_scores(network(model), *given)
        assert len(ours) == len(RECORDED[name][model])
        assert np.abs(ours - RECORDED[name][model]).max() < 1e-4, model


def test_scores_equal_the_published_code_on_noise(
    shared_models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compare("synthetic", None, shared_models, monkeypatch, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(RECORDINGS))
def test_scores_equal_the_published_code_on_faces(
    name: str, shared_media: Path, shared_models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compare(name, shared_media, shared_models, monkeypatch, tmp_path)
