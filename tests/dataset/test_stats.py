"""Statistics: hand-computed counts, and the published rows beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from nonverbal.dataset.content import MotionSummary, RowSummary
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.stats import Tally, as_json, comparison_table, detail_table, statistics


def turn(participant: str, start_s: float, end_s: float, words: list[str], sentences: list[int]) -> dict[str, object]:
    return {
        "participant": participant,
        "start_s": start_s,
        "end_s": end_s,
        "words": [{"word": word} for word in words],
        "sentences": sentences,
        "harmful": words == ["Damn!"],
    }


def test_counts_are_those_of_a_hand_count() -> None:
    row = {
        "duration_s": 10.0,
        "language": "en",
        "source_id": "s",
        "channel": "c",
        "turns": [
            turn("A", 0.0, 4.0, ["Well,", "well.", "I", "–", "see"], [0, 2]),
            turn("B", 3.0, 5.0, ["Damn!"], [0]),
            turn("A", 8.0, 9.0, ["I", "“see”"], [0]),
        ],
    }
    rows = {"A": RowSummary(100, (250, 250, 200, 125, 0, 50), {}), "B": RowSummary(40, (250, 0, 0, 125, 0, 0), {})}
    tally = Tally()
    tally.add(row, MotionSummary("x", "arkit52", "smplx117", 25.0, 250, rows))
    found = tally.statistics("h")
    assert (found.dialogues, found.turns, found.sentences, found.words) == (1, 3, 4, 8)
    assert found.unique_words == 4  # well, i, see, damn
    assert found.frames == 500
    assert found.frames_per_turn == pytest.approx((100 + 50 + 25) / 3)
    assert found.mean_turn_s == pytest.approx(7 / 3)
    assert found.talk_share == pytest.approx(0.6)  # 0-5 s and 8-9 s of 10 s: overlap counts once
    assert found.hours == pytest.approx(10 / 3600)
    assert found.harmful_turns == 1
    assert found.validity == {
        "face": 1.0, "head": 0.5, "gaze": 0.4, "upper_body": 0.5, "left_hand": 0.0, "right_hand": 0.1
    }  # fmt: skip


def test_counting_anew_gives_what_the_manifest_says(dataset_dir: Path) -> None:
    found = statistics(dataset_dir)
    dataset = open_dataset(dataset_dir)
    assert as_json(found) == dataset.manifest.statistics
    assert (found.dialogues, found.turns, found.sentences, found.words) == (6, 12, 24, 48)
    assert (found.sources, found.channels, found.participants) == (6, 3, 12)
    assert found.frames == 6 * 2 * 100
    assert json.loads(json.dumps(as_json(found)))["content_hash"] == dataset.content_hash


def test_tables_print_in_eighty_columns_with_the_published_rows(dataset_dir: Path) -> None:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115  # lives as long as the console
    console.print(comparison_table(statistics(dataset_dir)), detail_table(statistics(dataset_dir)))
    text = console.export_text()
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    assert lines["VENUS"] == ["VENUS", "89,459", "1,114,328", "14,910", "7,118,654", "527,270", "547", "T", "V", "N"]
    assert lines["YTD-18M"][:4] == ["YTD-18M", "18,000,000", "54,000,000", "30,000"]
    assert lines["IEMOCAP"][:4] == ["IEMOCAP", "151", "7,333", "12"]
    assert (lines["BEAT"][3], lines["EMAGE"][3]) == ("76", "60")
    assert lines["this"][:4] == ["this", "dataset", "6", "12"]
    assert "…" not in text


def test_an_empty_dataset_has_statistics(build: Callable[..., Path]) -> None:
    found = statistics(build(range(0)))
    assert (found.dialogues, found.frames_per_turn, found.talk_share) == (0, 0.0, 0.0)
