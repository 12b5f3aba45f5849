"""`nonverbal evaluate tokenizer`: what tokenizers lose of a dataset's motion, as tables, JSON and plots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.console import Console

from nonverbal import __version__
from nonverbal.dataset.read import open_dataset
from nonverbal.ticks import Tick, ticking
from nonverbal.tokens.evaluate_settings import EvaluationSettings
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.tokens.evaluation import Evaluation
    from nonverbal.tokens.plot_material import Gatherer

RESULT_NAME = "evaluation.json"


@dataclass(frozen=True)
class EvaluateTokenizer:
    """How much tokenizers lose of a dataset's motion, side by side: errors, liveliness, stillness, use of the codes."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    tokenizers: tuple[Path, ...]
    """Folders of the tokenizers, one or more; of face, body or both."""
    out: Path | None = None
    """Folder for evaluation.json and the plots; nothing is written when left out."""
    no_plots: bool = False
    """Write evaluation.json alone."""
    json: bool = False
    """Print JSON instead of tables."""
    settings: Annotated[EvaluationSettings, tyro.conf.arg(name="")] = field(default_factory=EvaluationSettings)

    def run(self, console: Console) -> int:
        # Imported here, since torch comes along, which no other command needs.
        from nonverbal.tokens.evaluate import chosen_people, evaluate
        from nonverbal.tokens.evaluation_table import tables
        from nonverbal.tokens.plot_material import Gatherer
        from nonverbal.tokens.store import load_tokenizer

        dataset = open_dataset(self.dataset)
        folders = named(self.tokenizers)
        tokenizers = {name: load_tokenizer(folder) for name, folder in folders.items()}
        drawn = self.out is not None and not self.no_plots
        if self.out is not None:
            _make(self.out)  # before the work, not after it
        gathered = Gatherer(len(chosen_people(dataset, self.settings)), self.settings.seed) if drawn else None
        progress = Console(stderr=True) if self.json else console
        with ticking(progress) as tick:
            found = evaluate(dataset, tokenizers, self.settings, tick, gathered.add if gathered else None)
        text = json.dumps(self.plain(found, folders), indent=2, sort_keys=True, allow_nan=False) + "\n"
        if self.json:
            print(text, end="")
        else:
            for table in tables(found):
                console.print(table)
        if self.out is not None:
            with ticking(progress) as tick:
                self.write(self.out, text, found, folders, gathered, tick)
        return 0

    def plain(self, found: Evaluation, folders: dict[str, Path]) -> dict[str, Any]:
        """Everything that was measured, with what and on what."""
        from nonverbal.tokens.evaluation import as_json

        return {
            **as_json(found),
            "tool": f"nonverbal {__version__}",
            "tokenizers": {name: str(folder) for name, folder in folders.items()},
        }

    def write(
        self,
        out: Path,
        text: str,
        found: Evaluation,
        folders: dict[str, Path],
        gathered: Gatherer | None,
        tick: Tick,
    ) -> None:
        """Writes the JSON first, so that it is there if a package for the plots is not.

        Raises:
            UserError: see `plots.write_plots`; or `out` cannot be written to.
        """
        from nonverbal.tokens.plots import write_plots

        try:
            (out / RESULT_NAME).write_text(text, encoding="utf-8")
        except OSError as error:
            raise _unwritable(out, error) from error
        if gathered is not None:
            counts = {row.name: row.code_counts for row in found.rows if not row.is_baseline}
            write_plots(out, folders, counts, gathered, self.settings.seed, tick)


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> UserError:
    return UserError(f"{out}: cannot be written to ({error.strerror}); give another folder with --out")


def named(folders: Sequence[Path]) -> dict[str, Path]:
    """Folders by the shortest ends of their paths that tell them apart.

    Raises:
        UserError: none is given, or one twice.
    """
    paths = [folder.resolve() for folder in folders]
    if not paths:
        raise UserError("tokenizers: got none, expected at least one folder that `nonverbal train-tokenizer` wrote")
    twice = [str(folder) for folder, path in zip(folders, paths, strict=True) if paths.count(path) > 1]
    if twice:
        raise UserError(f"tokenizers: got {twice[0]} twice, expected each folder once")
    for length in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-length:]) for path in paths]
        if len(set(names)) == len(names):
            break
    return dict(zip(names, folders, strict=True))
