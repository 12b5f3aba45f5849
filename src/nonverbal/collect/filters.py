"""The filters of a build that need no picture, asked before the picture is fetched: thumbnail, speakers, language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from nonverbal.backends.registry import check
from nonverbal.external.protocol import RunnerError
from nonverbal.media.picture import read_picture
from nonverbal.media.probe import Limits, MediaInfo, probe
from nonverbal.pipeline.stage import Job
from nonverbal.types import Clip, Source
from nonverbal.venus.diarize import Diarize
from nonverbal.venus.language import Language
from nonverbal.venus.listen import Listen
from nonverbal.venus.segment import Segment
from nonverbal.venus.thumbnail import Thumbnail
from nonverbal.verdicts import Reject, RejectedError, UserError

_FLAT = tyro.conf.arg(name="")
_WIDTH_PX = 64


@dataclass(frozen=True)
class Filters:
    """The stages of `nonverbal build` with the settings that it has: what passes here passes there."""

    thumbnail: Annotated[Thumbnail, _FLAT] = field(default_factory=Thumbnail)
    segment: Annotated[Segment, _FLAT] = field(default_factory=Segment)
    listen: Annotated[Listen, _FLAT] = field(default_factory=Listen)
    diarize: Annotated[Diarize, _FLAT] = field(default_factory=Diarize)
    language: Annotated[Language, _FLAT] = field(default_factory=Language)

    def settled(self, hears: bool) -> Filters:
        """These filters with what depends on this machine decided; those of sound only where it `hears`.

        Raises:
            UserError: a chosen model lacks something.
        """
        check((self.thumbnail,))
        if not hears:
            return self
        settled = replace(self, diarize=self.diarize.settled())
        check((settled.diarize, settled.language))
        return settled

    def too_short(self, url: str, duration_s: float) -> Reject | None:
        """Why a video of that length gives no clip, whatever is in it; None where it gives one, or nothing is told."""
        if duration_s <= 0 or duration_s >= self.segment.skip_intro_s + self.segment.min_clip_s:
            return None
        cut = self.segment.run(Job(Source("", url, 0)), {"probe": _Length(duration_s + 1.0)})  # sites round down
        return cut if isinstance(cut, Reject) else None

    def see(self, picture: Path) -> Reject | None:
        """F1: why the thumbnail shows nobody; None where it does, or is no picture that could say."""
        try:
            read_picture(picture, _WIDTH_PX)
        except RejectedError:
            return None
        result = self.thumbnail.run(Job(Source("", str(picture), 0, thumbnail=str(picture))), {})
        return result if isinstance(result, Reject) else None

    def hear(self, sound: Path, tick: Callable[[str, int, int], None]) -> Reject | None:
        """F3 and F4: why no clip of a sound file has two people talking an accepted language; None where one has.

        The first clip that passes is enough: a build looks at each of them anyway.
        """
        try:
            info = probe(sound, Limits(need_video=False))
        except RejectedError as error:
            return error.reject
        source = Source("", str(sound), sound.stat().st_size)
        clips = self.segment.run(Job(source), {"probe": info})
        if isinstance(clips, Reject):
            return clips
        first: Reject | None = None
        for done, clip in enumerate(clips):
            tick("listening", done, len(clips))
            reject = self._hear_clip(source, clip)
            if reject is None:
                return None
            first = first or reject
        return first

    def _hear_clip(self, source: Source, clip: Clip) -> Reject | None:
        job = Job(source, clip)
        results: dict[str, Any] = {}
        try:
            for stage in (self.listen, self.diarize, self.language):
                result = stage.run(job, results)
                if isinstance(result, Reject):
                    return result
                results[stage.name] = result
        except RejectedError as error:
            return error.reject
        except RunnerError as error:  # no fault of the sound, which is listened to again by the next run
            raise UserError(f"{error.sentence}; run the same again to go on") from error
        return None


@dataclass(frozen=True)
class _Length:
    """What `Segment` asks of a probed file."""

    duration_s: float


def check_media(path: Path, needs_picture: bool = True) -> MediaInfo:
    """The facts of a fetched file.

    Raises:
        RejectedError: it is not the whole media file that it was said to be.
    """
    return probe(path, Limits(need_video=needs_picture))
