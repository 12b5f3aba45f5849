"""Results on disk: ``.nonverbal/artefacts/STAGE/UNIT.KEY12SUFFIX``; a file that exists is complete.

Beside a result ``.json`` or ``.parquet`` may stand, for other units, ``UNIT.KEY12.reject.json`` (a filter turned the
unit down here) and ``UNIT.KEY12.quarantine.json`` (the stage failed on it again and again). One listing per
stage tells what became of every unit; there is no log or index that could disagree with the files.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonverbal.pipeline.faults import fault
from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.stage import Codec
from nonverbal.records import dumps, loads
from nonverbal.verdicts import Reason, Reject

HOME = ".nonverbal"
"""The folder inside an output that holds everything but the dataset itself."""

REJECT = ".reject.json"
QUARANTINE = ".quarantine.json"
_TEMPORARY = ".tmp"
_SEAL, _VALUE, _END = b'{"sha256":"', b'","value":', b"}\n"
_WRITER = secrets.token_hex(8)
"""Names this process in temporary names; process ids are the same on several machines, in containers above all."""


@dataclass(frozen=True)
class JsonCodec:
    """Frozen records (`kind`, or ``tuple[kind, ...]``) as canonical JSON: equal records give equal bytes.

    Floats keep every bit. File names that are not UTF-8 survive (surrogate escapes). A file is the one line
    ``{"sha256":HASH,"value":RECORD}``; the hash goes over the file's name and the record's text, so that neither a
    changed byte nor a swap of two files goes unseen. Files of earlier releases hold the bare record.
    """

    kind: Any
    suffix: str = ".json"

    def write(self, path: Path, value: Any) -> None:
        path.write_bytes(_sealed(_final_name(path), dumps(value).encode("utf-8", "surrogateescape")))

    def read(self, path: Path) -> Any:
        return loads(self.kind, unsealed(path).decode("utf-8", "surrogateescape"))


@dataclass(frozen=True)
class Quarantine:
    """Why a unit was set aside: the last of its failures, with what is needed to find the cause.

    `log` is the tail of what the worker process printed, `traceback` is empty where the process died.
    """

    unit_id: str
    stage: str
    reason: Reason
    message: str
    traceback: str
    log: str
    failures: int


def unsealed(path: Path) -> bytes:
    """The text of the record in a file of `JsonCodec`; of a file without a hash, all of it.

    Raises:
        ValueError: the bytes are not those that were written under this name.
    """
    data = path.read_bytes()
    behind = len(_SEAL) + 64
    if not (data.startswith(_SEAL) or data[behind : behind + len(_VALUE)] == _VALUE):  # one of both may be damaged
        return data
    text = data[behind + len(_VALUE) : -len(_END)]
    if _sealed(_final_name(path), text) != data:
        raise ValueError("got other bytes than those that were written under this name")
    return text


def is_temporary(path: Path) -> bool:
    """Whether the file is one that a commit is writing, or that a killed run left behind."""
    return path.name.startswith(".") and path.name.endswith(_TEMPORARY)


def _sealed(name: str, text: bytes) -> bytes:
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape") + b"\0" + text).hexdigest().encode("ascii")
    return _SEAL + digest + _VALUE + text + _END


def _final_name(path: Path) -> str:
    """The name that a file has once it is committed."""
    return path.name[1:].rsplit(".", 2)[0] if path.name.endswith(_TEMPORARY) else path.name


class DamagedArtefactError(Exception):
    """A committed file could not be read back; it has been removed, so that the next try makes it again."""


def commit(path: Path, write: Callable[[Path], object], read: Callable[[Path], Any]) -> Any:
    """Writes a file so that it is there whole or not at all, and returns what reading it back gives.

    The order is: temporary name in the same folder, verify, fsync, rename, fsync of the folder.
    """
    temporary = path.with_name(f".{path.name}.{_WRITER}{_TEMPORARY}")
    try:
        fault("before_write")
        write(temporary)
        fault("before_verify")
        value = read(temporary)
        fault("before_fsync")
        _fsync(temporary)
        fault("before_rename")
        os.rename(temporary, path)
        fault("after_rename")
    finally:
        temporary.unlink(missing_ok=True)
    _fsync(path.parent)
    return value


def commit_record(path: Path, kind: Any, value: Any) -> None:
    """One record as committed JSON for anybody to read, without a hash."""

    def write(temporary: Path) -> None:
        temporary.write_text(dumps(value) + "\n", encoding="utf-8", errors="surrogateescape")

    commit(path, write, JsonCodec(kind).read)


def commit_sealed(path: Path, kind: Any, value: Any) -> None:
    """One record as committed JSON with its hash."""
    codec = JsonCodec(kind)
    commit(path, lambda temporary: codec.write(temporary, value), codec.read)


@dataclass(frozen=True)
class Store:
    """Reads and commits the results of a plan's stages under `root` (an output's ``.nonverbal/artefacts``)."""

    root: Path
    plan: Plan

    def path(self, stage: str, unit_id: str, suffix: str) -> Path:
        return self.root / stage / f"{unit_id}.{self.plan.keys[stage][:12]}{suffix}"

    def make_folders(self) -> None:
        for stage in self.plan.stages:
            (self.root / stage.name).mkdir(parents=True, exist_ok=True)

    def has(self, stage: str, unit_id: str) -> bool:
        """Whether a result (not a rejection) is committed; always false for a stage without codec."""
        codec = self.plan.of(stage).codec
        return codec is not None and self.path(stage, unit_id, codec.suffix).exists()

    def read(self, stage: str, unit_id: str) -> Any:
        """A committed result.

        Raises:
            DamagedArtefactError: the file does not parse. A file that is missing raises FileNotFoundError.
        """
        return self._read(self._codec(stage), stage, unit_id)

    def put(self, stage: str, unit_id: str, value: Any) -> Any:
        """Commits a result and returns it as read back, so that a resumed run sees the very same values."""
        codec = self._codec(stage)
        path = self.path(stage, unit_id, codec.suffix)
        return commit(path, lambda temporary: codec.write(temporary, value), codec.read)

    def read_reject(self, stage: str, unit_id: str) -> Reject | None:
        """The committed rejection of a unit by a stage, if there is one."""
        if not self.path(stage, unit_id, REJECT).exists():
            return None
        reject = self._read(JsonCodec(Reject, REJECT), stage, unit_id)
        assert isinstance(reject, Reject)
        return reject

    def put_reject(self, stage: str, unit_id: str, reject: Reject) -> None:
        commit_sealed(self.path(stage, unit_id, REJECT), Reject, reject)

    def read_quarantine(self, stage: str, unit_id: str) -> Quarantine:
        record = self._read(JsonCodec(Quarantine, QUARANTINE), stage, unit_id)
        assert isinstance(record, Quarantine)
        return record

    def put_quarantine(self, record: Quarantine) -> None:
        commit_sealed(self.path(record.stage, record.unit_id, QUARANTINE), Quarantine, record)

    def listing(self, stage: str) -> dict[str, frozenset[str]]:
        """By unit id, the suffixes of its files under the stage's present key; one look at the folder."""
        marker = self.plan.keys[stage][:12]
        found: dict[str, set[str]] = {}
        for name in _names(self.root / stage):
            unit_id, _, rest = name.partition(".")
            key, _, suffix = rest.partition(".")
            if key == marker and not name.endswith(_TEMPORARY):
                found.setdefault(unit_id, set()).add("." + suffix)
        return {unit_id: frozenset(suffixes) for unit_id, suffixes in found.items()}

    def _codec(self, stage: str) -> Codec:
        codec = self.plan.of(stage).codec
        assert codec is not None, f"the result of stage {stage} is kept in memory only"
        return codec

    def _read(self, codec: Codec, stage: str, unit_id: str) -> Any:
        path = self.path(stage, unit_id, codec.suffix)
        try:
            return codec.read(path)
        except (ValueError, KeyError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk or the permissions failed; Parquet's own complaints carry no number
            path.unlink(missing_ok=True)
            raise DamagedArtefactError(f"{path} was damaged ({error}) and is removed; it will be made again") from error


def sweep(root: Path) -> None:
    """Removes temporary files that a killed run left behind; to be called by the one who holds the lock."""
    for path in _files(root):
        if is_temporary(path):
            path.unlink(missing_ok=True)


def prune(root: Path, plan: Plan) -> int:
    """Removes what earlier settings left behind, which is kept until then so that going back costs nothing.

    Returns:
        how many files of stages or keys that are not in `plan` were removed from `root`.
    """
    kept = {(name, key[:12]) for name, key in plan.keys.items()}
    old = [path for path in _files(root) if (path.parent.name, path.name.split(".")[1]) not in kept]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def retry(root: Path, reason: Reason | None = None) -> int:
    """Removes quarantine records, all or those of one reason, so that the next run tries the units again.

    Returns:
        how many records were removed from `root`.
    """
    records = [path for path in _files(root) if path.name.endswith(QUARANTINE)]
    codec = JsonCodec(Quarantine)
    chosen = [path for path in records if reason is None or codec.read(path).reason == reason]
    for path in chosen:
        path.unlink(missing_ok=True)
    return len(chosen)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def _files(root: Path) -> Iterator[Path]:
    for stage in _names(root):
        for name in _names(root / stage):
            yield root / stage / name


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
