"""Tokenizers against each other: the paper's table in our form, and the ablations, on any dataset of ours.

    python benchmarks/motion_tokenizers.py DATASET [--real DATASET] [--table paper loss] [--steps 1500] [--jobs 2]

Trains on the split `train`, measures on `test` and, with --real, on all of a second dataset (see `real_motion.py`).
Everything compared gets the same data, seeds, steps and tokens a second, and where the table says nothing else the same
bits. A run is a process of one thread; one that is finished is found again in --work by its configuration and is not
trained twice, so a table that was interrupted goes on; give another folder once the code has changed. Prints Markdown;
writes results.md, results.json and results.png.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from motion_tokenizers_measure import Figures, MeasuredSet, floors
from motion_tokenizers_plan import TABLES, Asked, Plan, Run, make_plan
from motion_tokenizers_report import Floors, Result, Results, as_json, draw, markdown
from motion_tokenizers_run import JOB_NAME, RESULT_NAME, measured_sets, name_of
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.records import dumps, loads
from nonverbal.tokens.motion_set import load_motion_set
from nonverbal.verdicts import UserError

ERROR_NAME, FLOORS_NAME = "error.log", "floors.json"
_ONE_RUN = Path(__file__).with_name("motion_tokenizers_run.py")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the data of all runs lies: the datasets, the folder of runs and arrays, and how much is measured."""

    dataset: Path
    real: Path | None
    work: Path
    minutes: float | None

    @property
    def sets(self) -> Path:
        """Motion as arrays, written once for all runs."""
        return self.work / "sets"

    def folder(self, run: Run) -> Path:
        return self.work / "runs" / run.name


@dataclass
class Remaining:
    """How long what is left will take, from what is finished: runs differ by method and part, so each counts alike
    with its own kind."""

    runs: dict[str, Run]
    jobs: int
    spent: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def finish(self, run: Run, seconds: float) -> None:
        del self.runs[run.name]
        self.spent.setdefault(_kind(run), []).append(seconds)

    def __str__(self) -> str:
        every = [s for seconds in self.spent.values() for s in seconds]
        if not every or not self.runs:
            return ""
        mean = sum(every) / len(every)
        kinds = {kind: sum(seconds) / len(seconds) for kind, seconds in self.spent.items()}
        seconds = sum(kinds.get(_kind(run), mean) for run in self.runs.values()) / self.jobs
        return f"{seconds / 60:.0f} min left" if seconds >= 60 else f"{seconds:.0f} s left"


def _kind(run: Run) -> tuple[str, str]:
    return run.config.method, run.config.part


def read_results(plan: Plan, place: Place, measured_on: str) -> Results:
    """The runs that are trained and measured on these sets."""
    found = {}
    for run in plan.runs:
        path = place.folder(run) / RESULT_NAME
        if path.is_file():
            result = loads(Result, path.read_text())
            if result.measured_on == measured_on:
                found[run.name] = result
    return found


def train_all(pending: Sequence[Run], place: Place, jobs: int, console: Console) -> int:
    """Trains and measures the runs, `jobs` at a time.

    Returns:
        How many failed.
    """
    failed = 0
    remaining = Remaining({run.name: run for run in pending}, jobs)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bar, ThreadPoolExecutor(jobs) as pool:
        task = bar.add_task("training", total=len(pending))
        started = [pool.submit(one_run, run, place) for run in pending]
        for done in as_completed(started):
            run, seconds, error = done.result()
            remaining.finish(run, seconds)
            failed += bool(error)
            left = len(remaining.runs)
            told = f"{run.name}: {error or f'{seconds:.0f} s'}; {left} of {len(pending)} runs to go"
            told += f", {remaining}" if left else ""
            console.print(told, markup=False, highlight=False, soft_wrap=True)
            bar.update(task, advance=1, description=str(remaining) or "training")
    return failed


def one_run(run: Run, place: Place) -> tuple[Run, float, str]:
    """The run, in a process of its own: seconds it took, and the last line of what went wrong."""
    folder, begun = place.folder(run), time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JOB_NAME).write_text(dumps(run))
    command = [sys.executable, str(_ONE_RUN), str(folder), str(place.dataset), str(place.sets)]
    command += ["--real", str(place.real)] if place.real else []
    command += ["--minutes", str(place.minutes)] if place.minutes else []
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(command, env=os.environ | threads, capture_output=True, text=True, check=False)
    error = ""
    if done.returncode:
        (folder / ERROR_NAME).write_text(done.stderr)
        error = f"failed: {(done.stderr.strip() or 'no message').splitlines()[-1]} (see {folder / ERROR_NAME})"
    return run, time.perf_counter() - begun, error


def write_sets(plan: Plan, place: Place, dataset: Dataset) -> None:
    """The arrays that runs train on, before two runs could write the same ones."""
    for part in dict.fromkeys(run.config.part for run in plan.runs):
        for split in ("train", "validation"):
            load_motion_set(dataset, split, part, place.sets)


@dataclass(frozen=True, slots=True)
class KnownFloors:
    """The floors of the sets they were measured on, kept because bodies take a while."""

    measured_on: str
    floors: tuple[tuple[str, Figures], ...]


def find_floors(asked: Asked, sets: list[MeasuredSet], work: Path) -> Floors:
    """The floors of the sets, measured unless they were before."""
    path = work / FLOORS_NAME
    if path.is_file():
        known = loads(KnownFloors, path.read_text())
        if known.measured_on == name_of(sets):
            return known.floors
    found = tuple(floor for one in sets for floor in floors(one, (asked.face_space, asked.body_space)))
    path.write_text(dumps(KnownFloors(name_of(sets), found)))
    return found


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Asked()
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--real", type=Path, help="a second dataset to measure on")
    parser.add_argument("--table", nargs="+", default=["paper"], choices=[*TABLES, "all"])
    parser.add_argument("--methods", nargs="+", default=default.methods, choices=default.methods)
    parser.add_argument("--parts", nargs="+", default=default.parts, choices=default.parts)
    parser.add_argument("--seeds", nargs="+", type=int, default=default.seeds)
    parser.add_argument("--steps", type=int, default=default.steps)
    parser.add_argument("--preset", default=default.preset, choices=("laptop", "paper"))
    parser.add_argument("--work", type=Path, default=Path(".bench/tokenizers"), help="folder of runs and results")
    parser.add_argument("--minutes", type=float, help="measure at most so many minutes of each set, all people alike")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, of one thread each")
    return parser.parse_args()


def main() -> None:
    asked_for, console = parse(), Console()
    dataset = open_dataset(asked_for.dataset)
    real = open_dataset(asked_for.real) if asked_for.real else None
    asked = Asked(
        tables=TABLES if "all" in asked_for.table else tuple(dict.fromkeys(asked_for.table)),
        parts=tuple(asked_for.parts),
        seeds=tuple(asked_for.seeds),
        methods=tuple(asked_for.methods),
        preset=asked_for.preset,
        steps=asked_for.steps,
        face_space=dataset.manifest.face_space,
        body_space=dataset.manifest.body_space,
    )
    real_root = real.root.resolve() if real else None
    place = Place(dataset.root.resolve(), real_root, asked_for.work.resolve(), asked_for.minutes)
    sets = measured_sets(dataset, real, asked_for.minutes)
    plan = make_plan(asked, dataset.content_hash)
    results = read_results(plan, place, name_of(sets))
    pending = [run for run in plan.runs if run.name not in results]
    console.print(f"{len(plan.runs)} runs, {len(results)} of them finished before", highlight=False)
    failed = 0
    if pending:
        write_sets(plan, place, dataset)
        failed = train_all(pending, place, asked_for.jobs, console)
        results = read_results(plan, place, name_of(sets))
    report(plan, asked, dataset.content_hash, results, find_floors(asked, sets, place.work), place.work)
    raise SystemExit(1 if failed else 0)


def report(plan: Plan, asked: Asked, data: str, results: Results, floors: Floors, work: Path) -> None:
    """Prints the tables and writes them beside the runs."""
    text = markdown(plan, asked, data, results, floors)
    print(text)
    (work / "results.md").write_text(text)
    (work / "results.json").write_text(as_json(plan, asked, results))
    draw(work / "results.png", plan, asked, data, results)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        raise SystemExit(str(error)) from error
