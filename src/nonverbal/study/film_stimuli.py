"""Films as raters see them: copies without names, dates or tags, all copies of one item of the same number of bytes.

Pictures and sound are copied packet by packet, so nothing loses quality. Copies lie in a temporary folder while the
study runs. Padding is a box (MP4) or element (WebM) that players skip.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from nonverbal.media.container import open_media
from nonverbal.media.names import printable
from nonverbal.media.probe import Limits, MediaInfo, probe
from nonverbal.study.conditions import Condition
from nonverbal.study.design import Alteration, Item, Side
from nonverbal.study.stimulus import Stimulus, altered_order, hash_of
from nonverbal.ticks import Tick, silent
from nonverbal.types import Word
from nonverbal.verdicts import RejectedError, UserError

_LONGEST_S = 120.0
_SAME_LENGTH = 0.8
_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}
_ENCODERS = {
    "mp4": ("libx264", {"crf": "20", "preset": "veryfast", "x264-params": "mbtree=0"}),
    "webm": ("libvpx-vp9", {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "8"}),
}


class FilmStimuli:
    """Films of all conditions.

    Args:
        conditions: with the same clips.
        seed: of shuffled copies.
        tick: told how many films are copied.

    Raises:
        UserError: a film is damaged, longer than two minutes, turned, or of other size, kind or length than its like.
    """

    def __init__(self, conditions: Sequence[Condition], seed: int, tick: Tick = silent) -> None:
        self._seed, self._folder = seed, Path(tempfile.mkdtemp(prefix="nonverbal-study-"))
        self._films: dict[tuple[int, Side], Path] = {}
        self._infos: list[MediaInfo] = []
        try:
            self.items: Sequence[Item] = tuple(self._copies(conditions, tick))
        except BaseException:
            self.close()
            raise

    def get(self, item: int, side: Side) -> Stimulus:
        path = self._films[item, side]
        return Stimulus(_TYPES[path.suffix[1:]], path=path)

    def words(self, item: int) -> tuple[Word, ...]:
        return ()

    def sound(self, item: int) -> Stimulus | None:
        return None

    def has_sound(self) -> bool:
        return all(info.has_audio for info in self._infos)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def alter(self, wanted: Sequence[tuple[int, Alteration]], tick: Tick = silent) -> None:
        """Makes altered copies of films of the first condition; only these can be got later."""
        for done, (item, alteration) in enumerate(wanted):
            tick("films for checks", done, len(wanted))
            source = self._films[item, Side(0)]
            target = self._name(source.suffix)
            _guard(source, _write_altered, source, target, alteration, self._seed)
            self._films[item, Side(0, alteration)] = target
        for item in {item for item, _ in wanted}:
            self._even(item)

    def _copies(self, conditions: Sequence[Condition], tick: Tick) -> Iterator[Item]:
        names = list(conditions[0].clips)
        for index, name in enumerate(names):
            tick("films", index, len(names))
            paths = [condition.clips[name].path for condition in conditions]
            infos = [_looked_at(path) for path in paths]
            for path, info in zip(paths, infos, strict=True):
                _check_alike(paths[0], infos[0], path, info)
            self._infos += infos
            for k, path in enumerate(paths):
                target = self._name(path.suffix.lower())
                _guard(path, _copy, path, target)
                self._films[index, Side(k)] = target
            self._even(index)
            yield Item(name, 0.0, min(i.duration_s for i in infos), tuple(hash_of(c.clips[name]) for c in conditions))

    def _name(self, suffix: str) -> Path:
        return self._folder / f"{len(list(self._folder.iterdir())):06d}{suffix}"

    def _even(self, item: int) -> None:
        """Pads all copies of an item to the size of the largest."""
        paths = [path for (index, _), path in self._films.items() if index == item]
        sizes = {path: path.stat().st_size for path in paths}
        # A box is at least 8 bytes long: whoever lacks fewer would not fit, so the largest grows, too.
        target = max(sizes.values()) + (16 if len(set(sizes.values())) > 1 else 0)
        for path, size in sizes.items():
            if size < target:
                with path.open("ab") as file:
                    file.write(padding(target - size, path.suffix[1:]))


def padding(count: int, kind: str) -> bytes:
    """`count` >= 9 bytes that a player of `kind` (mp4, webm) skips."""
    if kind == "mp4":
        return count.to_bytes(4, "big") + b"free" + bytes(count - 8)
    return b"\xec\x01" + (count - 9).to_bytes(7, "big") + bytes(count - 9)  # EBML Void with a length of eight bytes


def _looked_at(path: Path) -> MediaInfo:
    try:
        info = probe(path, Limits(need_audio=False, max_duration_s=_LONGEST_S))
    except RejectedError as error:
        raise UserError(error.reject.message) from error
    if info.rotation_deg:
        raise UserError(
            f"{printable(path)}: is turned by {info.rotation_deg} degrees; expected upright: encode it again"
        )
    return info


def _check_alike(first_path: Path, first: MediaInfo, path: Path, info: MediaInfo) -> None:
    """Sees that nothing but what is shown tells two films apart."""
    name, other = printable(path), printable(first_path)
    alike = "expected all alike, since raters would tell the conditions apart"
    for what, there, here in (
        ("size", f"{first.width_px} x {first.height_px}", f"{info.width_px} x {info.height_px}"),
        ("kind", first_path.suffix.lower(), path.suffix.lower()),
        ("sound", "some" if first.has_audio else "none", "some" if info.has_audio else "none"),
    ):
        if there != here:
            raise UserError(f"{name}: {what} is {here}, but {there} in {other}; {alike}")
    shorter, longer = sorted((first.duration_s, info.duration_s))
    if shorter < _SAME_LENGTH * longer:
        told = f"lasts {info.duration_s:.1f} s, but {first.duration_s:.1f} s in {other}"
        raise UserError(f"{name}: {told}; expected the same length: cut the longer one")


def _guard(path: Path, work: Any, *arguments: Any) -> None:
    try:
        work(*arguments)
    except (av.error.FFmpegError, ValueError) as error:
        raise UserError(f"{printable(path)}: cannot be copied ({error}); encode it again as H.264 in MP4") from error
    except RejectedError as error:
        raise UserError(error.reject.message) from error


def _clean_output(path: Path) -> Any:
    options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if path.suffix == ".mp4" else {})
    return av.open("file:" + os.fspath(path), "w", format=path.suffix[1:], options=options)


def _copy(source: Path, target: Path) -> None:
    """Packets of picture and sound, without anything that is said about them."""
    with open_media(source) as media, _clean_output(target) as out:
        streams = {s.index: out.add_stream_from_template(s) for s in (media.video, media.audio) if s is not None}
        for stream in streams.values():
            stream.metadata.clear()
        for packet in media.container.demux([s for s in (media.video, media.audio) if s is not None]):
            if packet.dts is None:
                continue
            packet.stream = streams[packet.stream.index]
            out.mux(packet)


def _write_altered(source: Path, target: Path, alteration: Alteration, seed: int) -> None:
    """The same sound to pictures in another order."""
    with open_media(source) as media, _clean_output(target) as out:
        assert media.video is not None
        codec, options = _ENCODERS[target.suffix[1:]]
        rate = Fraction(media.video.average_rate or 25).limit_denominator(1001)
        video = out.add_stream(codec, rate=rate, options=options)
        video.width, video.height, video.pix_fmt = media.video.width, media.video.height, "yuv420p"
        sound = out.add_stream_from_template(media.audio) if media.audio is not None else None
        if media.audio is not None and sound is not None:
            for packet in media.container.demux(media.audio):
                if packet.dts is not None:
                    packet.stream = sound
                    out.mux(packet)
        for number, frame in enumerate(_reordered(source, float(rate), alteration, seed)):
            held = frame.reformat(format="yuv420p")
            held.pts, held.time_base, held.pict_type = number, 1 / rate, 0
            out.mux(video.encode(held))
        out.mux(video.encode(None))


def _reordered(source: Path, fps: float, alteration: Alteration, seed: int) -> Iterator[av.VideoFrame]:
    """Pictures in the order of `altered_order`; at most two seconds of them are held."""
    count = sum(1 for _ in _frames(source))
    order = altered_order(count, fps, alteration, seed)
    if alteration == "frozen":
        middle = next(frame for i, frame in enumerate(_frames(source)) if i == order[0])
        yield from (middle for _ in range(count))
        return
    held: dict[int, av.VideoFrame] = {}
    frames = enumerate(_frames(source))
    for place in order:
        while place not in held:
            number, frame = next(frames)
            held[number] = frame
        yield held.pop(int(place))


def _frames(source: Path) -> Iterator[av.VideoFrame]:
    with open_media(source) as media:
        assert media.video is not None
        yield from media.container.decode(media.video)
