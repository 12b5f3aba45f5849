"""A file that does last ten hours: one pass over its packets in little memory, clips as from any other."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import av
import pytest

import faulty_media as faulty
from nonverbal.media.probe import Limits, probe
from nonverbal.pipeline.stage import Job
from nonverbal.types import Source
from nonverbal.venus.segment import Segment
from nonverbal.verdicts import RejectedError


def repeated(source: Path, path: Path, times: int) -> Path:
    """The packets of a file over and over."""
    with av.open(str(source)) as media, av.open(str(path), "w") as out:
        streams = {s.index: out.add_stream_from_template(s) for s in media.streams}
        packets = [(bytes(p), p.stream_index, p.pts, p.is_keyframe, p.time_base) for p in media.demux() if p.size]
        for number in range(times):
            for data, index, pts, key, base in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = streams[index], base, key
                packet.pts = packet.dts = pts + round(number * 60 / base)
                out.mux(packet)
    return path


@pytest.mark.slow
def test_ten_hours_are_read_in_little_memory_and_cut_into_clips(tmp_path: Path) -> None:
    minute = faulty.make_video(
        tmp_path / "minute.mkv",
        fps=5,
        size=(64, 64),
        sound=None,
        options={"bf": "0"},
        times_s=[i / 5 for i in range(300)],
    )
    long = repeated(minute, tmp_path / "long.mkv", 600)
    tracemalloc.start()
    info = probe(long, Limits(need_audio=False))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert info.duration_s == pytest.approx(36_000, abs=1)
    assert peak < 50e6
    source = Source("a" * 64, str(long), long.stat().st_size)
    clips = Segment().run(Job(source), {"probe": info})
    assert len(clips) >= 59
    assert clips[-1].end_s <= info.duration_s
    with pytest.raises(RejectedError, match="max_duration_s"):
        probe(long, Limits(need_audio=False, max_duration_s=3600))
