"""Speaking evidence and sound offsets, by hand and against a shifted file."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from made_talk import made_dialogue, noisy

from nonverbal.accuracy.evidence import Evidence, PersonEvidence, Recovered, shifted
from nonverbal.accuracy.matching import match
from nonverbal.accuracy.speaking import average_precision, score_speaking
from nonverbal.media.audio import read_audio
from nonverbal.records import dumps, loads
from nonverbal.types import PARTS


def test_average_precision_by_hand() -> None:
    """Sorted: yes, no, yes, no. Recall grows by a half at precision 1 and by a half at precision 2/3."""
    evidence = np.array([0.2, 0.9, 0.5, 0.7])
    assert average_precision(evidence, np.array([False, True, True, False])) == pytest.approx(0.5 + 0.5 * 2 / 3)


@pytest.mark.parametrize(
    ("evidence", "speaking", "expected"),
    [
        ([0.9, 0.8, 0.1], [1, 1, 0], 1.0),
        ([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0], 0.25),
        ([0.1, 0.2, 0.3], [1, 0, 0], 1 / 3),
        ([0.9, 0.5, 0.5], [1, 1, 0], 0.5 + 0.5 * 2 / 3),
        ([0.5], [0], 0.0),
        ([], [], 0.0),
    ],
)
def test_average_precision_of_ties_and_ends(evidence: list[float], speaking: list[int], expected: float) -> None:
    found = average_precision(np.array(evidence, float), np.array(speaking, bool))
    assert found == pytest.approx(expected)


def test_evidence_counts_where_the_face_is_truly_in_view_and_belongs_to_the_face() -> None:
    truth = made_dialogue(21, 4.0)
    a, b = truth.participants
    validity = a.validity.copy()
    validity[:30, PARTS.index("face")] = 0
    truth = replace(truth, participants=(replace(a, validity=validity), b))
    pair = match(truth, noisy(truth, 1))
    given = {"A": np.full(100, 0.25), "B": np.full(90, 0.75)}  # found B is true A, and its scores end early
    scores = score_speaking(pair, given)
    assert len(scores.evidence) == 70 + 100
    assert (scores.evidence[:60] == 0.75).all()
    assert (scores.evidence[60:70] == 0).all()
    assert (scores.evidence[70:] == 0.25).all()
    np.testing.assert_array_equal(scores.speaking[:70], a.speaking[30:] == 1)
    assert (score_speaking(pair, None).evidence == 0).all()


def test_evidence_survives_json() -> None:
    evidence = Evidence((PersonEvidence("A", (0.0, 0.125)),), (Recovered(-40, -40.0),))
    assert loads(Evidence, dumps(evidence)) == evidence
    np.testing.assert_array_equal(evidence.scores["A"], [0.0, 0.125])


@pytest.mark.parametrize("offset_ms", [-5000, -2, 0, 1, 40, 5000])
def test_shifted_sound_by_hand(offset_ms: int) -> None:
    samples = np.arange(1, 1001, dtype=np.float32)
    moved = shifted(samples, offset_ms)
    expected = np.array([s if 0 <= (s := i + 1 - 16 * offset_ms) - 1 < 1000 else 0 for i in range(1000)])
    np.testing.assert_array_equal(moved, expected)


def test_shifted_sound_is_that_of_a_file_whose_sound_is_late(shared_media: Path, tmp_path: Path) -> None:
    """The packets are copied with later times, so the pictures are the same and only the sound comes later."""
    source = shared_media / "dialogue" / "grid_dialogue_9s.mp4"
    late = tmp_path / "late.mp4"
    with av.open(str(source)) as given, av.open(str(late), "w") as out:
        pairs = {s.index: out.add_stream_from_template(s) for s in (given.streams.video[0], given.streams.audio[0])}
        for packet in given.demux(given.streams.video[0], given.streams.audio[0]):
            if packet.dts is None:
                continue
            if packet.stream.type == "audio":
                delay = round(Fraction(240, 1000) / packet.time_base)
                packet.pts, packet.dts = packet.pts + delay, packet.dts + delay
            packet.stream = pairs[packet.stream.index]
            out.mux(packet)
    want = shifted(read_audio(source, 0.0, 6.0).samples, 240)
    got = read_audio(late, 0.0, 6.0).samples
    likeness = np.fft.irfft(np.conj(np.fft.rfft(want, 1 << 18)) * np.fft.rfft(got, 1 << 18))
    apart = (np.argmax(likeness) + (1 << 17)) % (1 << 18) - (1 << 17)
    assert abs(apart) <= 16, "samples: codecs begin anywhere within a millisecond"
    assert likeness.max() > 0.95 * np.linalg.norm(want) * np.linalg.norm(got)
