"""How far a model's probabilities of harm can be trusted: calibration, and what each threshold finds and flags.

python benchmarks/harm_calibration.py [MODEL] [--labels LABEL ...] [--set FILE]

MODEL is what the setting `harm_model` takes ("profanity" where none is given). FILE holds a line a text, its kind and
the text parted by a tab: "harmful", "harmless" or "borderline" (everyday talk that uses strong words or speaks of hard
things, and harms nobody). Without one, the 120 sentences of harm_sentences.tsv are taken, written for this table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends import harm_models

SENTENCES = Path(__file__).with_name("harm_sentences.tsv")
KINDS = ("harmful", "harmless", "borderline")
THRESHOLDS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
BINS = np.linspace(0.0, 1.0, 11)

F = NDArray[np.float64]


def read_set(path: Path) -> tuple[list[str], list[str]]:
    """Kinds and texts of a labelled set."""
    lines = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    wrong = next((line for line in lines if len(line) != 2 or line[0] not in KINDS), None)
    if wrong:
        raise SystemExit(f"{path}: got the line {wrong}, expected a kind ({', '.join(KINDS)}), a tab and a text")
    return [kind for kind, _ in lines], [text for _, text in lines]


def expected_calibration_error(scores: F, harmful: NDArray[np.bool_]) -> float:
    """Mean distance of confidence and share of harmful texts over ten bins, by how many texts each holds.

    Source: Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning" (2015).
    """
    return sum(len(own) * abs(share - mean) for mean, share, own in _bins(scores, harmful)) / max(len(scores), 1)


def _bins(scores: F, harmful: NDArray[np.bool_]) -> list[tuple[float, float, F]]:
    """Mean score, share of harmful texts and scores of each bin that holds any."""
    place = np.clip(np.digitize(scores, BINS) - 1, 0, len(BINS) - 2)
    chosen = [place == i for i in range(len(BINS) - 1)]
    return [(float(scores[c].mean()), float(harmful[c].mean()), scores[c]) for c in chosen if c.any()]


def report(scores: F, kinds: Sequence[str]) -> str:
    """Three tables."""
    kind = np.array(kinds)
    harmful = kind == "harmful"
    lines = ["| score | texts | mean score | harmful |", "|---|---|---|---|"]
    for mean, share, own in _bins(scores, harmful):
        low = np.floor(min(mean, 0.999) * 10) / 10
        lines.append(f"| {low:.1f} to {low + 0.1:.1f} | {len(own)} | {mean:.2f} | {share:.2f} |")
    lines += ["", "| threshold | precision | recall | harmless flagged | borderline flagged |", "|---|---|---|---|---|"]
    for threshold in THRESHOLDS:
        flagged = scores >= threshold
        precision = harmful[flagged].mean() if flagged.any() else 1.0
        rates = [flagged[kind == name].mean() for name in KINDS]
        lines.append(f"| {threshold:g} | {precision:.2f} | " + " | ".join(f"{rate:.2f}" for rate in rates) + " |")
    above = np.mean(scores[harmful][:, None] > scores[~harmful]) + 0.5 * np.mean(
        scores[harmful][:, None] == scores[~harmful]
    )
    error, brier = expected_calibration_error(scores, harmful), float(np.mean((scores - harmful) ** 2))
    return "\n".join([*lines, "", f"expected calibration error {error:.3f}, Brier score {brier:.3f}, AUC {above:.3f}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default=harm_models.DEFAULT)
    parser.add_argument("--labels", nargs="*", default=[], help="labels of which the highest score decides")
    parser.add_argument("--set", type=Path, default=SENTENCES, help="labelled texts")
    given = parser.parse_args()
    if problem := harm_models.backend_of(given.model, chosen=given.labels).problem():
        raise SystemExit(problem)
    kinds, texts = read_set(given.set)
    model = harm_models.load(given.model, "cpu", tuple(given.labels))
    model.score(texts[:1], lambda share: None)
    since_s = time.perf_counter()
    rows = model.score(texts, lambda share: None)
    took_s = time.perf_counter() - since_s
    columns = [i for i, label in enumerate(model.labels) if not given.labels or label in given.labels]
    print(f"{given.model}: {len(texts)} texts, labels {', '.join(model.labels)}, {len(texts) / took_s:.0f} texts/s\n")
    print(report(rows[:, columns].max(axis=1), kinds))


if __name__ == "__main__":
    main()
