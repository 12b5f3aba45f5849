"""Estimators in environments of their own: which there are, and whether the command that was given for one works."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nonverbal.backends.requirements import Backend
from nonverbal.external.host import introduced
from nonverbal.external.layouts import LAYOUTS, layout_fault
from nonverbal.external.protocol import Hello
from nonverbal.verdicts import UserError

RUNNERS = Path(__file__).resolve().parent / "runners"
"""The runners that come with this package: a command may name one of these files without its folder."""

_HELLO_S = 120.0


def command_of(text: str, setting: str) -> tuple[str, ...]:
    """A command line as program and arguments, without any shell; a name of a runner of ours becomes its path.

    Raises:
        UserError: there is an open quotation, or nothing at all.
    """
    flag = f"--{setting.replace('_', '-')}"
    if not text.strip():
        raise UserError(f"{flag} is not set: make the runner's environment (docs/estimators.md) and give its command")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UserError(f"{flag} is {text!r} ({error}): expected a program and its arguments") from None
    return tuple(str(RUNNERS / word) if _is_ours(word) else word for word in words)


def _is_ours(word: str) -> bool:
    return word.endswith(".py") and "/" not in word and not Path(word).exists() and (RUNNERS / word).is_file()


@dataclass(frozen=True, slots=True)
class Environment:
    """A command that starts a runner which finds all it needs: asked for its hello once, without loading its model.

    Attributes:
        command: the command line.
        setting: where it is given.
        kinds: what the runner must be able to do.
        identity: the model and versions it has to be, empty for any.
    """

    command: str
    setting: str
    kinds: tuple[str, ...] = ()
    identity: str = ""

    def __str__(self) -> str:
        return f"a working {self.setting}"

    def problem(self) -> str | None:
        try:
            hello = greeting(self.command, self.setting)
        except UserError as error:
            return str(error)
        flag = f"--{self.setting.replace('_', '-')}"
        missing = [kind for kind in self.kinds if kind not in hello.kinds]
        if missing:
            return f"{flag} starts {hello.name}, which gives {', '.join(hello.kinds)}, expected {missing[0]}"
        for kind in self.kinds:
            if kind in LAYOUTS and (told := layout_fault(hello, kind)):
                return f"{flag}: {told}"
        if self.identity and hello.identity != self.identity:
            told = f"{flag} starts {hello.identity}, expected {self.identity}"
            return f"{told}: install that version, or clear the setting that names it to build with this one"
        return None


@cache
def greeting(command: str, setting: str) -> Hello:
    """What the runner says of itself; asked once a process.

    Raises:
        UserError: it does not start, or says what it lacks, in one sentence with the next step.
    """
    words, flag = command_of(command, setting), f"--{setting.replace('_', '-')}"
    if shutil.which(words[0]) is None:
        found = "is no program" if os.path.exists(words[0]) else "does not exist"
        raise UserError(f"{flag}: {words[0]} {found}: make the runner's environment, or correct its path")
    return introduced(words, _HELLO_S, flag)


CHOICES: tuple[Backend, ...] = (
    Backend(
        name="emoca_v2",
        stage="estimate",
        setting="face_runner",
        model="EMOCA v2 (lr_mse_20)",
        origin="https://github.com/radekd91/emoca",
        licence="non-commercial research, own registration for EMOCA and FLAME",
        requirements=(Environment("", "face_runner", ("face",)),),
    ),
    Backend(
        name="smirk",
        stage="estimate",
        setting="face_runner",
        model="SMIRK (em1)",
        origin="https://github.com/georgeretsi/smirk",
        licence="MIT",
        requirements=(Environment("", "face_runner", ("face",)),),
    ),
    Backend(
        name="osx",
        stage="estimate",
        setting="body_runner",
        model="OSX (osx_l)",
        origin="https://github.com/IDEA-Research/OSX",
        licence="MIT (code); SMPL-X files under their own non-commercial licence",
        requirements=(Environment("", "body_runner", ("body",)),),
    ),
)
"""Runners of ours around models of others; they are chosen by the command that starts them in its environment."""
