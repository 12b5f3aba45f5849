"""Several datasets into one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nonverbal.dataset.carry import carry_entries
from nonverbal.dataset.manifest import MANIFEST_NAME
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.rows import KEPT, Row, group_by_source
from nonverbal.dataset.write import Contents, Entry, WriteResult, write_dataset
from nonverbal.verdicts import UserError


def merge(output: Path, paths: Sequence[Path]) -> WriteResult:
    """Write all dialogues of the datasets in `paths` into the new dataset `output`.

    A dialogue that several of them hold is taken from the first. Channels are shared out as in the first.

    Raises:
        UserError: `output` is a dataset already, a path holds none, or their spaces or fps differ.
    """
    if (output / MANIFEST_NAME).exists():
        raise UserError(f"{output}: is a dataset already; expected a new folder to merge into")
    if not paths:
        raise UserError("got no dataset to merge, expected at least one folder")
    datasets = [open_dataset(path) for path in paths]
    _check_layouts(datasets)
    entries: dict[str, Entry] = {}
    for dataset in datasets:
        for entry in carry_entries(dataset, lambda row: row["dialogue_id"] not in entries):
            entries[entry.dialogue_id] = entry
    clips = _first_kept([row for dataset in datasets for row in dataset.clips()], "clip_id")
    contents = Contents(
        entries=list(entries.values()),
        sources=_sources([row for dataset in datasets for row in dataset.sources()], clips),
        clips=clips,
        config={"merged_from": [{"content_hash": d.content_hash, "config": d.manifest.config} for d in datasets]},
        models=tuple(dict.fromkeys(model for dataset in datasets for model in dataset.manifest.models)),
    )
    return write_dataset(output, contents, datasets[0].manifest.shares)


def _check_layouts(datasets: Sequence[Dataset]) -> None:
    first, *others = [d for d in datasets if len(d)] or datasets
    layout = (first.manifest.face_space, first.manifest.body_space, first.manifest.fps)
    for other in others:
        found = (other.manifest.face_space, other.manifest.body_space, other.manifest.fps)
        if found != layout:
            raise UserError(f"{other.root}: got motion of {found}, expected {layout} as in {first.root}")


def _first_kept(rows: Sequence[Row], key: str) -> list[Row]:
    """One row for each value of `key`, in its order: the first that was kept, else the first."""
    chosen: dict[str, Row] = {}
    for row in rows:
        other = chosen.setdefault(row[key], row)
        if row["verdict"] == KEPT and other["verdict"] != KEPT:
            chosen[row[key]] = row
    return [chosen[value] for value in sorted(chosen)]


def _sources(rows: Sequence[Row], clips: Sequence[Row]) -> list[Row]:
    by_source = group_by_source(clips)
    counted = []
    for row in _first_kept(rows, "source_id"):
        own = by_source.get(row["source_id"], [])
        counted.append({**row, "n_clips": len(own), "n_dialogues": sum(c["verdict"] == KEPT for c in own)})
    return counted
