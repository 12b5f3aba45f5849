"""The command line: every command is a dataclass whose fields are its flags; `nonverbal --help` lists them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol, Union

import tyro
from rich.console import Console

from nonverbal import __version__, doctor
from nonverbal.accuracy.benchmark import Accuracy
from nonverbal.accuracy.real import Real
from nonverbal.build import build
from nonverbal.chat.command import Chat
from nonverbal.checkup import check_up
from nonverbal.collect.command import Collect
from nonverbal.dataset.import_command import ImportVenus
from nonverbal.dataset.stats import as_json, comparison_table, detail_table, statistics
from nonverbal.demo.command import Demo
from nonverbal.formats.export_command import Export
from nonverbal.formats.import_commands import ImportAmass, ImportArkit
from nonverbal.formats.render_command import Render
from nonverbal.mars.evaluate_command import EvaluateModel
from nonverbal.mars.train_command import Train
from nonverbal.pipeline.lock import OutputError
from nonverbal.progress import watching
from nonverbal.report import show_build
from nonverbal.serve.serve_command import Serve
from nonverbal.serve.view_command import View
from nonverbal.settings import BuildSettings, load_settings, to_toml
from nonverbal.studio.command import Studio
from nonverbal.study.command import Study
from nonverbal.tokens.evaluate_command import EvaluateTokenizer
from nonverbal.tokens.table_command import Detokenize, Tokenize
from nonverbal.tokens.train_command import TrainTokenizer
from nonverbal.upkeep import Merge, Prune, Purge, Retry
from nonverbal.verdicts import UserError

_PATH = tyro.conf.Positional[Path]


@dataclass(frozen=True)
class Build:
    """Videos of two people talking into a dataset of dialogues."""

    inputs: tyro.conf.Positional[tuple[str, ...]]
    """Media files, folders (searched recursively), or lists (.csv, .jsonl) of them."""
    out: Path
    """Folder of the dataset; what it already holds is kept and completed."""
    config: Path | None = None
    """Settings to start from: a TOML file (see `nonverbal settings`) or the dataset.json of a dataset."""
    settings: Annotated[BuildSettings, tyro.conf.arg(name="")] = field(default_factory=BuildSettings)

    def run(self, console: Console) -> int:
        if not self.inputs:
            raise UserError("no inputs: give at least one media file, folder or list")
        with watching(console) as (observer, tick):
            built = build(self.inputs, self.out, self.settings, observer, tick)
        show_build(built, console)
        return built.exit_code


@dataclass(frozen=True)
class Stats:
    """The statistics of a dataset beside those published for others."""

    dataset: _PATH
    """Folder of the dataset."""
    json: bool = False
    """Print JSON instead of tables."""

    def run(self, console: Console) -> int:
        found = statistics(self.dataset)
        if self.json:
            print(json.dumps(as_json(found), indent=2, sort_keys=True))
        else:
            console.print(comparison_table(found, self.dataset.resolve().name))
            console.print(detail_table(found))
        return 0


@dataclass(frozen=True)
class Validate:
    """Check every file and value of a dataset, tokenizer, model or training; exit code 1 if something is wrong."""

    folder: _PATH
    """Folder of the dataset, with the results kept beside it; or of a tokenizer, a model, a training."""

    def run(self, console: Console) -> int:
        problems = check_up(self.folder)
        for problem in problems:
            console.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        verdict = f"{len(problems)} problems" if problems else "Valid: every file, column and value is as it should be."
        console.print(verdict)
        return 1 if problems else 0


@dataclass(frozen=True)
class Doctor:
    """Which models and libraries are here, from where, under which licence; exit code 1 if one is missing."""

    def run(self, console: Console) -> int:
        findings = doctor.examine()
        doctor.show(findings, console)
        return 1 if any(f.is_problem for f in findings) else 0


@dataclass(frozen=True)
class Settings:
    """Print all settings of a build as a TOML file for --config."""

    def run(self, console: Console) -> int:
        print(to_toml(BuildSettings()), end="")
        return 0


@dataclass(frozen=True)
class Benchmark:
    """How close the pipeline comes to a known truth (accuracy), or to plain measurements on real videos (real)."""

    of: (
        Annotated[Accuracy, tyro.conf.subcommand("accuracy", prefix_name=False)]
        | Annotated[Real, tyro.conf.subcommand("real", prefix_name=False)]
    )

    def run(self, console: Console) -> int:
        return self.of.run(console)


@dataclass(frozen=True)
class Evaluate:
    """What tokenizers keep of held-out motion (tokenizer), what a language model makes of held-out talk (model)."""

    of: (
        Annotated[EvaluateTokenizer, tyro.conf.subcommand("tokenizer", prefix_name=False)]
        | Annotated[EvaluateModel, tyro.conf.subcommand("model", prefix_name=False)]
    )

    def run(self, console: Console) -> int:
        return self.of.run(console)


@dataclass(frozen=True)
class Import:
    """Motion and dialogues of others: a face recording (arkit), a body recording (amass), VENUS rows (venus)."""

    of: (
        Annotated[ImportArkit, tyro.conf.subcommand("arkit", prefix_name=False)]
        | Annotated[ImportAmass, tyro.conf.subcommand("amass", prefix_name=False)]
        | Annotated[ImportVenus, tyro.conf.subcommand("venus", prefix_name=False)]
    )

    def run(self, console: Console) -> int:
        return self.of.run(console)


class Command(Protocol):
    """What every command is: flags as fields, and work that ends in an exit code."""

    def run(self, console: Console) -> int: ...


_COMMANDS: Mapping[str, type[Command]] = {
    "collect": Collect,
    "build": Build,
    "stats": Stats,
    "validate": Validate,
    "retry": Retry,
    "purge": Purge,
    "prune": Prune,
    "merge": Merge,
    "view": View,
    "studio": Studio,
    "import": Import,
    "export": Export,
    "render": Render,
    "train-tokenizer": TrainTokenizer,
    "tokenize": Tokenize,
    "detokenize": Detokenize,
    "train": Train,
    "chat": Chat,
    "serve": Serve,
    "study": Study,
    "evaluate": Evaluate,
    "benchmark": Benchmark,
    "demo": Demo,
    "doctor": Doctor,
    "settings": Settings,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns its exit code. A user's mistake is one sentence on standard error and exit code 2."""
    console = Console()
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given == ["--version"]:
        print(f"nonverbal {__version__}")
        return 0
    try:
        return _parse(given).run(console)
    except OutputError as error:
        return _fail(f"{error.reason}: {error}", error.exit_code)
    except UserError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _fail("stopped; run the same again to go on", 130)
    except BrokenPipeError:  # whoever read what is printed, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parse(arguments: list[str]) -> Command:
    """The command with its settings; those of a settings file are the defaults of the flags."""
    default = BuildSettings()
    if arguments[:1] == ["build"] and (path := _value_of("--config", arguments)):
        default = load_settings(Path(path))
    defaults = {"build": Build(inputs=(), out=tyro.MISSING, settings=default)}
    kinds: Any = Union[  # noqa: UP007 - made of a table
        tuple(
            Annotated[kind, tyro.conf.subcommand(name, default=defaults.get(name, tyro.MISSING_NONPROP))]
            for name, kind in _COMMANDS.items()
        )
    ]
    try:
        shape = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes)
        command: Command = tyro.cli(kinds, prog="nonverbal", args=arguments, config=shape)
        if isinstance(command, Build):
            command.settings.resolved()
    except ValueError as error:  # how a settings record says that one of its values is out of range
        raise UserError(str(error)) from error
    return command


def _value_of(flag: str, arguments: list[str]) -> str | None:
    for argument, following in zip(arguments, [*arguments[1:], None], strict=True):
        if argument == flag:
            return following
        if argument.startswith(f"{flag}="):
            return argument.removeprefix(f"{flag}=")
    return None


def _fail(sentence: str, code: int) -> int:
    Console(stderr=True).print(f"nonverbal: {sentence}", style="red", markup=False, highlight=False, soft_wrap=True)
    return code
