"""A tokens table back into a dataset: what face and body look like after they went through tokens.

Face and body (or the one of both that there is a tokenizer for) are the decoded tokens; words, turns, gaze, head pose,
boxes and who speaks are those of the dataset the table was made from. Of a decoded part,

- `validity` is 1 where its token is not -1. All groups of the body share a token, and a token may cover a few invalid
  frames beside valid ones, so more may be valid than was: the decoder has an answer for all a token covers.
- `confidence` is that of before, so it is 0 where the tokens alone say what was there.
- values are 0 where it is invalid, coefficients are held in [0, 1], and rotations turn by at most pi.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nonverbal import __version__
from nonverbal.dataset.carry import carry_entries
from nonverbal.dataset.content import read_summary
from nonverbal.dataset.manifest import MANIFEST_NAME, ModelUse, read_manifest
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.publish import check_output, is_intact
from nonverbal.dataset.read import Dataset
from nonverbal.dataset.schema import ClipMotion
from nonverbal.dataset.write import Contents, Entry, WriteResult, write_dataset
from nonverbal.motion.rotations import shortest_axis_angle
from nonverbal.pipeline.lock import Output, claim, output_error
from nonverbal.pipeline.store import commit
from nonverbal.records import dumps, to_plain
from nonverbal.spaces import space_columns
from nonverbal.ticks import Tick, silent
from nonverbal.tokens.chosen import Chosen, Loaded, check_fit
from nonverbal.tokens.table import TokenTable
from nonverbal.tokens.table_format import INVALID
from nonverbal.types import F32, Bool, Motion
from nonverbal.verdicts import UserError


def decode_dataset(table: TokenTable, chosen: Chosen, dataset: Dataset, out: Path, tick: Tick = silent) -> WriteResult:
    """Make the folder `out` the dataset whose face and body are the decoded tokens of `table`.

    Motion that a run which was stopped has decoded is not decoded again.

    Args:
        chosen: the tokenizers of some or all parts of the table; parts without one are carried over.
        dataset: what the table was made from.

    Raises:
        UserError: tokenizers, table and dataset do not belong together, the table is damaged, or `out` holds
            something else already.
        OutputError: `out` cannot be written to, or another run writes it.
    """
    table.check(dataset)
    check_fit(chosen, dataset)
    for part, loaded in chosen.items():
        table.check_tokenizer(part, loaded.tokenizer)
    config = _config(table, chosen, dataset)
    if made := _made_before(out, config):
        return made
    check_output(out)
    with claim(out) as output:
        try:
            return _write(output, config, table, chosen, dataset, tick)
        except OSError as error:
            raise output_error(error, out) from error


def _config(table: TokenTable, chosen: Chosen, dataset: Dataset) -> dict[str, Any]:
    """What ``dataset.json`` says of where the motion comes from; equal configs make equal datasets."""
    tokenizers = {
        part: {"hash": loaded.hash, "folder": table.parts[part].folder, "config": to_plain(loaded.tokenizer.config)}
        for part, loaded in chosen.items()
    }
    return {
        "detokenize": {
            "content_hash": dataset.content_hash,
            "table": {"name": table.path.stem, "sha256": table.info.file.sha256, "smooth": table.info.smooth},
            "tokenizers": tokenizers,
            "config": dataset.manifest.config,
        }
    }


def _made_before(out: Path, config: dict[str, Any]) -> WriteResult | None:
    """What `out` holds, if that is whole and made of the same."""
    if not (out / MANIFEST_NAME).exists():
        return None
    manifest = read_manifest(out)
    if manifest.config != config:
        raise UserError(f"{out}: holds a dataset that was made of something else; expected a new folder to decode into")
    whole = is_intact(out, manifest) and manifest.tool == f"nonverbal {__version__}"
    return WriteResult(manifest, changed=False) if whole else None


def _write(
    output: Output, config: dict[str, Any], table: TokenTable, chosen: Chosen, dataset: Dataset, tick: Tick
) -> WriteResult:
    key = hashlib.sha256(dumps([__version__, config]).encode()).hexdigest()[:12]
    work = output.home / "decoded"
    work.mkdir(exist_ok=True)
    for left in work.glob(".*.tmp"):
        left.unlink()  # of a run that was killed
    contents = Contents(
        entries=list(_decoded(work, key, table, chosen, dataset, tick)),
        sources=dataset.sources(),
        clips=dataset.clips(),
        config=config,
        models=(*dataset.manifest.models, *(_use(loaded) for loaded in chosen.values())),
    )
    written = write_dataset(output.path, contents, dataset.manifest.shares)
    shutil.rmtree(work)  # the dataset holds the same files under their own names
    return written


def _use(loaded: Loaded) -> ModelUse:
    config = loaded.tokenizer.config
    model = f"{config.method} tokenizer of {config.part} {loaded.hash[:12]}"
    return ModelUse("detokenize", model, loaded.folder.resolve().name, "not stated")


def _decoded(work: Path, key: str, table: TokenTable, chosen: Chosen, dataset: Dataset, tick: Tick) -> Iterator[Entry]:
    entries, codec = carry_entries(dataset, lambda row: True), MotionCodec()
    for number, entry in enumerate(entries):
        tick("dialogues", number, len(entries))
        path = work / f"{entry.dialogue_id}.{key}{codec.suffix}"
        if not path.exists():
            names = dataset.row(entry.dialogue_id)["participants"]
            motions = (
                decode_motion(dataset.motion(entry.dialogue_id, name), entry.dialogue_id, table, chosen)
                for name in names
            )
            commit(path, partial(codec.write, value=ClipMotion(entry.dialogue_id, tuple(motions))), read_summary)
        yield replace(entry, key=f"{entry.key} {key}", motion=path)
    tick("dialogues", len(entries), len(entries))


def decode_motion(motion: Motion, dialogue_id: str, table: TokenTable, chosen: Chosen) -> Motion:
    """`motion` with the parts of `chosen` replaced by their decoded tokens; see the module for what becomes valid."""
    for part, loaded in chosen.items():
        codes = table.codes(dialogue_id, motion.participant, part)
        values = loaded.tokenizer.decode(codes, motion.n_frames)
        valid = np.repeat(codes[:, 0] != INVALID, loaded.tokenizer.frames_per_token)[: motion.n_frames]
        motion = _replaced(motion, loaded, values, valid)
    return motion


def _replaced(motion: Motion, loaded: Loaded, values: F32, valid: Bool) -> Motion:
    """`motion` with the columns of one tokenizer taken from `values` [T, D] in the frames `valid` [T]."""
    changed: dict[str, Any] = {}
    for name, columns in space_columns(loaded.tokenizer.spaces).items():
        column = "face" if name == motion.face_space else "body"
        changed[column] = np.where(valid[:, None], _in_range(values[:, columns], name), np.float32(0))
    parts = sorted({group.part for group in loaded.tokenizer.config.groups})
    validity = motion.validity.copy()
    validity[:, parts] = valid[:, None]  # confidence stays: a token is -1 only where no part of it was valid before
    return replace(motion, validity=validity, **changed)


def _in_range(values: F32, space: str) -> F32:
    """`values` [T, D] in the range that the schema demands of a space."""
    if space == "arkit52":
        return np.clip(values, 0.0, 1.0)
    return shortest_axis_angle(values) if space == "smplx117" else values
