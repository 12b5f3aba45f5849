"""Long work in steps: each says what it is and what came out, and is not done twice.

What has been done is noted in FOLDER/.steps, one file a step, written when its results are there. The same again goes
on with the first step that is not noted; a step that was broken off goes on where it can.
"""

from __future__ import annotations

import hashlib
import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from nonverbal.pipeline.lock import claim, output_error
from nonverbal.records import dumps, to_plain
from nonverbal.tokens.store import write_text
from nonverbal.verdicts import UserError

_NOTES = ".steps"


@dataclass(frozen=True)
class Step:
    """A part of the work.

    Attributes:
        name: of the file that says that it is done.
        title: what it does, in a line.
        settings: all that its results follow from, beside the steps before it.
        run: does it and says in a sentence what came out; draws its progress on the console.
    """

    name: str
    title: str
    settings: Any
    run: Callable[[Console], str]


@dataclass(frozen=True)
class Done:
    """What is noted of a step.

    Attributes:
        key: hash of the settings of this step and of all before it.
        told: what came out.
        wall_s: how long it took in its last run, and `cpu_s` how much of all cores together.
    """

    key: str
    told: str
    wall_s: float
    cpu_s: float


def walk(steps: Sequence[Step], folder: Path, console: Console) -> dict[str, Done]:
    """Does all steps that are not done yet, in their order; what is noted of each, by its name.

    Raises:
        UserError: `folder` holds steps of other settings.
        LockedError: somebody else is at work in it.
    """
    found: dict[str, Done] = {}
    key, redone = "", False
    with claim(folder):
        for number, step in enumerate(steps, 1):
            key = hashlib.sha256(dumps([key, step.name, to_plain(step.settings)]).encode()).hexdigest()
            head = f"[bold]{number}/{len(steps)}[/] {step.title}"
            done = None if redone else _noted(folder, step, key)
            if done is not None:
                console.print(f"{head} [dim](done before)[/]", highlight=False, soft_wrap=True)
            else:
                console.print(head, highlight=False, soft_wrap=True)
                redone = True  # and so is all that follows from it
                done = _do(step, key, folder, console)
            console.print(f"    {done.told}", markup=False, highlight=False, soft_wrap=True)
            found[step.name] = done
    return found


def _do(step: Step, key: str, folder: Path, console: Console) -> Done:
    began_s, spent_s = time.monotonic(), _cpu_s()
    try:
        told = step.run(console)
        done = Done(key, told, round(time.monotonic() - began_s, 1), round(_cpu_s() - spent_s, 1))
        path = _note_of(folder, step)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, dumps(to_plain(done)) + "\n")
    except OSError as error:
        raise output_error(error, folder) from error
    return done


def _noted(folder: Path, step: Step, key: str) -> Done | None:
    try:
        note = json.loads(_note_of(folder, step).read_text(encoding="utf-8"))
        done = Done(str(note["key"]), str(note["told"]), float(note["wall_s"]), float(note["cpu_s"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not there, or cut short: the step is done again
    if done.key != key:
        raise UserError(f"{folder}: holds steps with other settings or from another version; give an empty folder")
    return done


def _note_of(folder: Path, step: Step) -> Path:
    return folder / _NOTES / f"{step.name}.json"


def _cpu_s() -> float:
    """Processor seconds of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)
