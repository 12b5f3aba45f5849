"""Everybody seen in real videos as a dataset of ours, so that tokenizers can be measured on motion nobody staged.

    python benchmarks/real_motion.py MEDIA... --out DATASET [--seconds 300]

One dialogue a video, one participant a track on which a face is seen for two seconds; the pipeline's own stages see
and estimate, nobody is asked to be one of two, and nothing is heard: there are no turns and nobody speaks. All videos
are in the split `test`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import track as progress

from nonverbal.accuracy.real import estimate
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import KEPT, SourceVerdict, clip_row, dialogue_row, source_row
from nonverbal.dataset.schema import ClipMotion
from nonverbal.dataset.splits import SplitConfig, group_of
from nonverbal.dataset.validate import validate
from nonverbal.dataset.write import Contents, Entry, WriteResult, write_dataset
from nonverbal.media.names import printable
from nonverbal.media.probe import probe
from nonverbal.pipeline.stage import Job
from nonverbal.timeline import FPS
from nonverbal.types import PARTS, Clip, Source, Track
from nonverbal.venus.collect import collect
from nonverbal.venus.segment import clip_id
from nonverbal.venus.watch import Watch
from nonverbal.verdicts import RejectedError, UserError

MIN_FACE_S = 2.0
"""Whose face is seen for a shorter time is left out."""

NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Participants, the one seen longest first."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one video: its cut, the file of its motion, and how long whose parts were seen.

    Attributes:
        people: participants.
        valid_s: seconds in which each of `PARTS` is valid, all participants together.
    """

    source: Source
    clip: Clip
    motion: Path
    people: int
    valid_s: tuple[float, ...]


def whole(source: Source, seconds: float) -> Clip:
    """The whole of a video, or its first `seconds`, in whole milliseconds as the pipeline cuts."""
    end_s = int(min(probe(Path(source.path)).duration_s, seconds) * 1000 + 1e-6) / 1000
    return Clip(clip_id(source.source_id, 0.0, end_s), source.source_id, 0.0, end_s)


def longest_first(tracks: Sequence[Track]) -> list[Track]:
    """Tracks with `MIN_FACE_S` of a face, at most one a name."""
    enough = [track for track in tracks if track.face_valid.sum() >= MIN_FACE_S * FPS]
    return sorted(enough, key=lambda track: (-int(track.face_valid.sum()), track.track_id))[: len(NAMES)]


def see(source: Source, seconds: float, work: Path) -> Seen:
    """Watches one video and writes the motion of everybody in it.

    Raises:
        RejectedError: the video cannot be read.
        UserError: nobody is seen for long enough.
    """
    clip = whole(source, seconds)
    sighting = Watch().run(Job(source, clip), {})
    tracks = longest_first(sighting.tracks)
    if not tracks:
        raise UserError(f"{printable(Path(source.path).name)}: nobody's face is seen for {MIN_FACE_S:g} s")
    motions = tuple(
        replace(estimate(track, sighting), participant=name) for name, track in zip(NAMES, tracks, strict=False)
    )
    path = work / f"{clip.clip_id}.parquet"
    MotionCodec().write(path, ClipMotion(clip.clip_id, motions))
    valid_s = sum(motion.validity.sum(axis=0) for motion in motions) / FPS
    return Seen(source, clip, path, len(motions), tuple(float(s) for s in valid_s))


def write(root: Path, seen: Sequence[Seen], config: dict[str, object]) -> WriteResult:
    """Makes `root` the dataset of the videos `seen`."""
    entries, clips, sources = [], [], []
    for one in seen:
        people = NAMES[: one.people]
        row = partial(dialogue_row, one.clip, one.source, "", people, ())
        group = group_of(one.source.channel, one.source.source_id)
        entries.append(Entry(one.clip.clip_id, group, one.motion.name, one.motion, row, split="test"))
        clips.append(clip_row(one.clip, KEPT))
        sources.append(source_row(SourceVerdict(one.source), clips[-1:]))
    tables = (sorted(sources, key=lambda r: r["source_id"]), sorted(clips, key=lambda r: r["clip_id"]))
    return write_dataset(root, Contents(entries, *tables, config={"real_motion": config}), SplitConfig())


def watch_all(sources: Sequence[Source], seconds: float, work: Path, console: Console) -> Iterator[Seen]:
    """The videos in which somebody is seen; what is left out is said."""
    for source in progress(sources, "watching", console=console, disable=not console.is_terminal):
        try:
            yield see(source, seconds, work)
        except (RejectedError, UserError) as error:
            console.print(f"left out: {error}", markup=False, highlight=False, soft_wrap=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("media", nargs="+", help="videos, or folders of them")
    parser.add_argument("--out", type=Path, required=True, help="folder of the dataset")
    parser.add_argument("--seconds", type=float, default=300.0, help="at most so much of each video, from its start")
    asked = parser.parse_args()
    console, begun = Console(), time.perf_counter()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    # beside the dataset, because motion files are published by hard links
    with tempfile.TemporaryDirectory(dir=asked.out.parent, prefix=".real-") as work:
        sources = collect(asked.media).sources
        seen = list(watch_all(sources, asked.seconds, Path(work), console))
        if not seen:
            raise SystemExit("nobody is seen in what was given; expected videos of people talking; give others")
        write(asked.out, seen, {"seconds": asked.seconds, "min_face_s": MIN_FACE_S})
    problems = validate(asked.out)
    for problem in problems:
        console.print(str(problem), markup=False)
    report(seen, time.perf_counter() - begun, console)
    raise SystemExit(1 if problems else 0)


def report(seen: Sequence[Seen], wall_s: float, console: Console) -> None:
    """Minutes and people, video by video and together."""
    for one in sorted(seen, key=lambda one: one.source.path):
        console.print(
            _line(printable(Path(one.source.path).name), [one]), markup=False, highlight=False, soft_wrap=True
        )
    console.print(
        _line(f"{len(seen)} videos", seen), f"(in {wall_s:.0f} s)", markup=False, highlight=False, soft_wrap=True
    )


def _line(name: str, seen: Sequence[Seen]) -> str:
    valid = ", ".join(f"{part} {sum(one.valid_s[i] for one in seen):.0f} s" for i, part in enumerate(PARTS))
    minutes = sum(one.people * one.clip.duration_s for one in seen) / 60
    return f"{name}: {sum(one.people for one in seen)} people, {minutes:.2f} participant minutes; valid {valid}"


if __name__ == "__main__":
    main()
