"""The network of tox-block gives the numbers that its makers published, from files that are only read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nonverbal import weights
from nonverbal.backends.harm_models import TOX_BLOCK_FILES, backend_of
from nonverbal.backends.tox_block import ToxBlock, _instructions, _pairs_after

PUBLISHED = {
    "I will kill you, you fucking idiot!": (0.9998680, 0.7870364, 0.9885634, 0.8483908, 0.9883397, 0.1710593),
    "Good morning my friend, I hope you're having a fantastic day!": (
        0.0534781, 0.0006274, 0.0044668, 0.0095785, 0.0075784, 0.0021067,
    ),
    "I do strongly disagree with the fascist views of this joke that calls itself a political party.": (
        0.0261901, 0.0000719, 0.0009494, 0.0001232, 0.0029191, 0.0022099,
    ),
}  # fmt: skip
"""What the package's own page shows, stretched to the ranges below."""

RANGES = (
    (0.002116, 0.999858), (0.000011, 0.648682), (0.000347, 0.997533), (0.000040, 0.918887), (0.000373, 0.986303),
    (0.000074, 0.901117),
)  # fmt: skip


@pytest.fixture
def _files() -> None:
    if not all(weights.find(file) for file in TOX_BLOCK_FILES):
        pytest.skip("tox-block is not installed: pip install --no-deps tox-block==0.1.2")


@pytest.mark.slow
@pytest.mark.usefixtures("_files")
def test_scores_are_the_published_ones() -> None:
    texts = [*PUBLISHED, "", "zzzzqx", "the river is cold " * 60 + "you fucking idiot"]
    assert backend_of("tox-block").problem() is None
    scores = ToxBlock().score(texts, lambda share: None)
    for row, published in zip(scores, PUBLISHED.values(), strict=False):
        stretched = [abs((p - low) / (high - low)) for p, (low, high) in zip(row, RANGES, strict=True)]
        assert stretched == pytest.approx(published, abs=2e-6)
    assert not scores[3:5].any(), "no known words, no harm"
    assert scores[5, 0] > 0.7, "beyond the first hundred words"
    assert ToxBlock().score([], lambda share: None).shape == (0, 6)
    assert not {"h5py", "tensorflow", "tox_block"} & set(sys.modules)


def test_pickles_are_read_and_not_run() -> None:
    told = (
        b"\x80\x03}q\x00(X\x01\x00\x00\x00aq\x01K\x07X\x05\x00\x00\x00indexq\x02}q\x03(h\x01K\x05u"
        b"X\x01\x00\x00\x00zq\x04K\x01u."
    )
    assert dict(_pairs_after(told, "index")) == {"a": 5}
    with pytest.raises(ValueError, match="byte 2 is b'i'"):
        list(_instructions(b"\x80\x03ios\nsystem\n."))


def test_what_is_missing_or_changed_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    told = backend_of("tox-block").problem()
    assert told
    assert told.startswith("tox-block: the weights tox_block/")
    assert told.endswith(" are missing: run pip install --no-deps tox-block==0.1.2")
    for file in TOX_BLOCK_FILES:
        (tmp_path / Path(file.path).name).write_bytes(b"other")
    told = backend_of("tox-block").problem()
    assert told
    assert "sha256" in told
