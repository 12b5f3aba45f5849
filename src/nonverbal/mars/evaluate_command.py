"""`nonverbal evaluate model`: a model on held-out dialogues beside baselines, as tables, JSON and a picture."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from nonverbal import __version__
from nonverbal.dataset.read import open_dataset
from nonverbal.mars.evaluate_settings import EvaluationSettings
from nonverbal.ticks import ticking
from nonverbal.verdicts import UserError


@dataclass(frozen=True)
class EvaluateModel:
    """How a model talks and moves on held-out dialogues, beside baselines: likelihood, behaviour, replies, speed."""

    model: tyro.conf.Positional[Path]
    """Folder of the model, as `nonverbal train` wrote it."""
    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    text_only: Path | None = None
    """Folder of a model without face and body, whose replies are compared with."""
    device: str = "cpu"
    """Where the model runs: cpu or cuda."""
    out: Path | None = None
    """File to write the JSON to, beside what is printed."""
    json: bool = False
    """Print JSON instead of tables."""
    picture: Path | None = None
    """PNG of F1 by contestant, and of one stretch of talk: words, and true and made behaviour."""
    settings: Annotated[EvaluationSettings, tyro.conf.arg(name="")] = field(default_factory=EvaluationSettings)

    def run(self, console: Console) -> int:
        # Imported here, since torch and transformers come along, which no other command needs.
        from nonverbal.mars.evaluate import evaluate
        from nonverbal.mars.evaluation import as_json
        from nonverbal.mars.evaluation_plot import Gatherer, draw
        from nonverbal.mars.evaluation_table import tables
        from nonverbal.mars.of_two import crowded_out
        from nonverbal.mars.store import load_mars

        for path in (self.out, self.picture):
            if path is not None:
                _writable(path)  # before the work, not after it
        mars = load_mars(self.model, self.device)
        text_only = None if self.text_only is None else load_mars(self.text_only, self.device)
        dataset = open_dataset(self.dataset)
        gathered = Gatherer() if self.picture is not None else None
        name = self.model.resolve().name
        with ticking(Console(stderr=True) if self.json else console) as tick:
            observer = gathered.add if gathered else None
            found = evaluate(mars, dataset, self.settings, name, text_only, tick, observer)
        text = json.dumps(self.plain(as_json(found)), indent=2, sort_keys=True, allow_nan=False) + "\n"
        if self.out is not None:
            self.out.write_text(text, encoding="utf-8")
        if self.json:
            print(text, end="")
        else:
            for table in tables(found):
                console.print(table)
            if left_out := crowded_out([dataset]):
                console.print(left_out)
        if self.picture is not None and gathered is not None:
            draw(self.picture, found, gathered)
        return 0

    def plain(self, found: dict[str, Any]) -> dict[str, Any]:
        """Everything that was measured, with what."""
        return {**found, "tool": f"nonverbal {__version__}", "model_folder": str(self.model)}


def _writable(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
    except OSError as error:
        raise UserError(f"{path}: cannot be written to ({error.strerror}); give another file") from error
