"""All settings of a build in one record: stages in order, engine, splits; read from and written to files."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from nonverbal.dataset.splits import SplitConfig
from nonverbal.external.estimate import Estimate, pinned, with_estimates
from nonverbal.pipeline.settings import EngineSettings
from nonverbal.pipeline.stage import Stage
from nonverbal.records import from_plain, to_plain
from nonverbal.venus.backchannels import Backchannels
from nonverbal.venus.cues import Cues
from nonverbal.venus.diarize import Diarize
from nonverbal.venus.harm import Harm
from nonverbal.venus.identity import Identify
from nonverbal.venus.language import Language
from nonverbal.venus.listen import Listen
from nonverbal.venus.probing import Probe
from nonverbal.venus.prosody import MeasureProsody
from nonverbal.venus.segment import Segment
from nonverbal.venus.speak import Speak
from nonverbal.venus.thumbnail import Thumbnail
from nonverbal.venus.transcribe import Transcribe
from nonverbal.venus.visible import Visible
from nonverbal.venus.watch import Watch
from nonverbal.verdicts import UserError

_FLAT = tyro.conf.arg(name="")  # the names of all settings differ, so the command line needs no prefixes


@dataclass(frozen=True)
class BuildSettings:
    """Every setting of a build; a section of a settings file is named like the field here."""

    probe: Annotated[Probe, _FLAT] = field(default_factory=Probe)
    thumbnail: Annotated[Thumbnail, _FLAT] = field(default_factory=Thumbnail)
    segment: Annotated[Segment, _FLAT] = field(default_factory=Segment)
    listen: Annotated[Listen, _FLAT] = field(default_factory=Listen)
    diarize: Annotated[Diarize, _FLAT] = field(default_factory=Diarize)
    language: Annotated[Language, _FLAT] = field(default_factory=Language)
    transcribe: Annotated[Transcribe, _FLAT] = field(default_factory=Transcribe)
    harm: Annotated[Harm, _FLAT] = field(default_factory=Harm)
    prosody: Annotated[MeasureProsody, _FLAT] = field(default_factory=MeasureProsody)
    watch: Annotated[Watch, _FLAT] = field(default_factory=Watch)
    visible: Annotated[Visible, _FLAT] = field(default_factory=Visible)
    speak: Annotated[Speak, _FLAT] = field(default_factory=Speak)
    identity: Annotated[Identify, _FLAT] = field(default_factory=Identify)
    estimate: Annotated[Estimate, _FLAT] = field(default_factory=Estimate)
    cues: Annotated[Cues, _FLAT] = field(default_factory=Cues)
    backchannels: Annotated[Backchannels, _FLAT] = field(default_factory=Backchannels)
    splits: Annotated[SplitConfig, _FLAT] = field(default_factory=SplitConfig)
    engine: Annotated[EngineSettings, _FLAT] = field(default_factory=EngineSettings)

    @property
    def source_stages(self) -> tuple[Stage, ...]:
        """What is done to each media file, in order."""
        return (self.probe, self.thumbnail, self.segment)

    @property
    def clip_stages(self) -> tuple[Stage, ...]:
        """What is done to each clip, cheapest filters first; what was not asked for is left out."""
        names = [f.name for f in fields(self)]
        stages = [getattr(self, name) for name in names[names.index("listen") : names.index("splits")]]
        return with_estimates([stage for stage in stages if stage is not self.prosody or self.prosody.prosody])

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Those of sources, then those of clips."""
        return self.source_stages + self.clip_stages

    def settled(self) -> BuildSettings:
        """These settings with all that depends on what is here decided, and with what one choice asks of another.

        Raises:
            UserError: what a stage is to use does not say what it is.
        """
        stages = {name: stage.settled() for name, stage in vars(self).items() if hasattr(stage, "settled")}
        settled = replace(self, **stages, estimate=pinned(self.estimate))
        people = max(self.watch.max_people, settled.diarize.headcount.most)
        watch = replace(self.watch, keep_faces=settled.speak.wants_faces, max_people=people)
        return replace(settled, watch=watch)

    def resolved(self) -> dict[str, Any]:
        """Every setting that results depend on, as saved with them; how the engine ran is none."""
        plain: dict[str, Any] = to_plain(self)
        del plain["engine"]
        return plain


def load_settings(path: Path) -> BuildSettings:
    """Settings from a TOML file, or the ones a dataset was built with from its ``dataset.json``.

    Raises:
        UserError: the file cannot be read, or a section, a name or a value is wrong; the message names it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text)["config"] if path.suffix == ".json" else tomllib.loads(text)
        return from_plain(BuildSettings, values, path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"the settings file {path} cannot be read ({error}): give a TOML file or dataset.json"
        ) from error
    except KeyError as error:
        raise UserError(f"{path} has no settings: expected a TOML file or the dataset.json of a dataset") from error
    except ValueError as error:
        raise UserError(f"the settings in {path} are wrong: {error}") from error


def to_toml(settings: BuildSettings) -> str:
    """The settings as a TOML file that `load_settings` reads back."""
    sections = []
    for name, values in to_plain(settings).items():
        lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
        sections.append("\n".join([f"[{name}]", *lines]))
    return "\n\n".join(sections) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(v) for v in value)}]"
    return json.dumps(value, ensure_ascii=False)
