"""What lies beside a dataset and is no part of it: stored results, catalogue, records of runs, tables of tokens.

Nothing here is needed to read the dataset. But the next build takes stored results for what they were when they were
committed, so that a damaged one must be found: it is removed, and made again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from nonverbal.dataset import sealed_zip
from nonverbal.dataset.content import read_summary, summarize
from nonverbal.dataset.manifest import MANIFEST_NAME, MOTION_DIR, TOKENS_DIR, Manifest, file_entry
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.pipeline.attempts import MARK
from nonverbal.pipeline.store import HOME, is_temporary, unsealed
from nonverbal.record_files import seal_fault

_AGAIN = "remove it; the next build makes it again"
_RESULT = re.compile(r"[0-9a-z]+\.[0-9a-z]+\.(parquet|npz|json|reject\.json|quarantine\.json)")
_TOKENIZE = "run `nonverbal tokenize` again"


def home_faults(root: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """(file inside the dataset, sentence) of everything beside the dataset that is not as it was written."""
    home = root / HOME
    for path in sorted((home / "artefacts").glob("*/*")):
        yield from _named(root, path, _result_fault(root, path, manifest))
    for path in sorted((home / "attempts").glob("*")):
        if not MARK.fullmatch(path.name) or path.stat().st_size:
            yield _name(root, path), "got something else than a mark of failures; remove it"
    for path in sorted((home / "runs").glob("*")):
        yield from _named(root, path, _record_fault(path, "remove it; nothing depends on it"))
    if (home / "catalogue.json").exists():
        mend = "remove it and give all inputs to the next build: no work is lost"
        yield from _named(root, home / "catalogue.json", _record_fault(home / "catalogue.json", mend))
    for path in sorted((root / TOKENS_DIR).glob("*.json")):
        yield from _table_faults(root, path)


def _named(root: Path, path: Path, fault: str) -> Iterator[tuple[str, str]]:
    if fault and not is_temporary(path):
        yield _name(root, path), fault


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _result_fault(root: Path, path: Path, manifest: Manifest) -> str:
    if not _RESULT.fullmatch(path.name):
        return f"got a name that no result has; {_AGAIN}"
    if path.suffix == ".npz":
        return _arrays_fault(path)
    return _motion_fault(root, path, manifest) if path.suffix == ".parquet" else _record_fault(path, _AGAIN)


def _arrays_fault(path: Path) -> str:
    try:
        fault = sealed_zip.seal_fault(path)
    except OSError as error:
        fault = f"cannot be read ({error})"
    return f"{fault}; {_AGAIN}" if fault else ""


def _record_fault(path: Path, mend: str) -> str:
    """A record carries the hash of its text and name; one of an earlier release can only be parsed."""
    try:
        json.loads(unsealed(path))
    except (OSError, ValueError) as error:
        return f"cannot be read ({error}); {mend}"
    return ""


def _motion_fault(root: Path, path: Path, manifest: Manifest) -> str:
    """Motion that was published is known by its hash; other motion carries hashes of its columns."""
    clip_id = path.name.partition(".")[0]
    known = {name: entry for name, entry in manifest.files.items() if _published(name, clip_id)}
    if any((root / name).is_file() and path.samefile(root / name) for name in known):
        return ""  # looked at already, under its other name
    if any(file_entry(path) == entry for entry in known.values()):
        return ""
    try:
        motion = MotionCodec().read(path)
        whole = motion.clip_id == clip_id and summarize(motion) == read_summary(path)
    except (OSError, ValueError) as error:
        return f"cannot be read ({error}); {_AGAIN}"
    if not whole:
        return f"is not the motion that was stored for {clip_id}; {_AGAIN}"
    differs = f"is sound, but is not the motion of {clip_id} that {MANIFEST_NAME} names; run the build again"
    return differs if known and _is_only_one(path, clip_id) else ""


def _published(name: str, clip_id: str) -> bool:
    return name.startswith(f"{MOTION_DIR}/") and Path(name).stem.endswith(clip_id)


def _is_only_one(path: Path, clip_id: str) -> bool:
    """Whether no result of other settings is stored beside it, of which one is the published one."""
    return len(list(path.parent.glob(f"{clip_id}.*.parquet"))) == 1


def _table_faults(root: Path, note: Path) -> Iterator[tuple[str, str]]:
    """A table of tokens: its note carries its own hash and that of the table."""
    try:
        fault = seal_fault(note)
        entry = json.loads(note.read_bytes())["file"]
        expected = (entry["size_bytes"], entry["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield _name(root, note), f"cannot be read ({error}); {_TOKENIZE}"
        return
    if fault:
        yield _name(root, note), f"{fault}; {_TOKENIZE}"
    table = note.with_suffix(".parquet")
    found = file_entry(table) if table.is_file() else None
    if found is None or (found.size_bytes, found.sha256) != expected:
        yield _name(root, table), f"is missing or not what {note.name} says; {_TOKENIZE}"
