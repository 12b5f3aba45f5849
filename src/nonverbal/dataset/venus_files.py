"""Where published VENUS rows come from: local Parquet or JSONL files, or a dataset on the Hugging Face hub.

Rows come one at a time as Arrow tables of one row. Files are read as data and nothing else: no loading script of a
repository is ever run, since none is ever asked for.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from nonverbal.dataset.schema import SPLITS
from nonverbal.dataset.venus_rows import COLUMNS, plain_name
from nonverbal.verdicts import UserError

HUB = "hub:"

_PARQUET, _JSONL = ".parquet", ".jsonl"
_BUFFER_BYTES = 1 << 20
_SPLIT_IN_NAME = re.compile(rf"(?:^|[-_./])({'|'.join(SPLITS)})(?=[-_./]|$)")


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file of rows of one split; `name` tells it apart inside its source."""

    name: str
    split: str
    open: Callable[[], BinaryIO]

    def count(self) -> int | None:
        """How many rows there are; None where only reading all of them would tell."""
        if not self.name.endswith(_PARQUET):
            return None
        with self._opened() as file, pq.ParquetFile(file) as parquet:
            return int(parquet.metadata.num_rows)

    def rows(self) -> Iterator[pa.RecordBatch]:
        """The rows, each as a batch of one, with no more than one of them in memory.

        Raises:
            UserError: the file cannot be read to its end.
        """
        with self._opened() as file:
            yield from _parquet_rows(file) if self.name.endswith(_PARQUET) else _json_rows(file)

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        try:
            with self.open() as file:
                yield file
        except UserError:
            raise
        except (OSError, pa.ArrowException, *_hub_errors()) as error:
            reason = str(error).strip().split("\n", 1)[0] or type(error).__name__
            raise UserError(f"{self.name}: cannot be read ({reason}); fetch it again, or leave it out") from error


@dataclass(frozen=True, slots=True)
class Origin:
    """What is imported: files, test before train, and how the dataset tells of where they came from."""

    files: tuple[RowFile, ...]
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def splits(self) -> list[str]:
        """The splits of the files, in the order in which they are read."""
        return list(dict.fromkeys(file.split for file in self.files))


def find_rows(source: str, splits: Sequence[str], endpoint: str | None = None) -> Origin:
    """The files of `source` that hold rows of `splits`.

    A file's split stands in its name or the folder's, as in ``data/train-00000-of-00012.parquet``; one that names none
    counts as train.

    Args:
        source: a file, a folder (searched recursively), or ``hub:OWNER/NAME[@REVISION]``.
        endpoint: the hub's address; None: the usual one.

    Raises:
        UserError: there are no such files, or the hub cannot be asked.
    """
    unknown = [split for split in splits if split not in SPLITS]
    if unknown or not splits:
        raise UserError(f"--splits got {' '.join(splits) or 'nothing'}, expected some of {', '.join(SPLITS)}")
    if source.startswith(HUB):
        names, opener, told = _hub(source.removeprefix(HUB), endpoint)
    else:
        names, opener, told = _local(Path(source))
    files = [RowFile(name, _split_of(name), partial(opener, name)) for name in sorted(names)]
    chosen = [file for file in files if file.split in splits]
    if not chosen:
        there = ", ".join(sorted({file.split for file in files})) or f"no {_PARQUET} and no {_JSONL} file"
        raise UserError(f"{source}: found {there}, expected rows of {' or '.join(splits)}")
    order = {"test": 0, "validation": 1, "train": 2}
    return Origin(tuple(sorted(chosen, key=lambda file: (order[file.split], file.name))), told)


def _split_of(name: str) -> str:
    found = _SPLIT_IN_NAME.findall(name.lower().rsplit(".", 1)[0])
    return str(found[-1]) if found else "train"


def _local(path: Path) -> tuple[list[str], Callable[[str], BinaryIO], dict[str, Any]]:
    if path.is_file():
        return [path.name], lambda name: path.open("rb"), {"source": path.name}
    if not path.is_dir():
        raise UserError(f"{path}: not found; expected a file, a folder, or {HUB}OWNER/NAME[@REVISION]")
    files = [file for file in path.rglob("*") if file.suffix in (_PARQUET, _JSONL) and file.is_file()]
    names = [file.relative_to(path).as_posix() for file in files]
    return names, lambda name: (path / name).open("rb"), {"source": path.resolve().name}


def _hub(address: str, endpoint: str | None) -> tuple[list[str], Callable[[str], BinaryIO], dict[str, Any]]:
    """Names of the data files of a dataset on the hub, at the commit that its revision means now."""
    repository, _, revision = address.partition("@")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise UserError(f"{HUB}{address}: expected {HUB}OWNER/NAME or {HUB}OWNER/NAME@REVISION")
    try:
        from huggingface_hub import HfApi, HfFileSystem
    except ImportError as error:
        raise UserError(f"{HUB}{address}: needs huggingface_hub; run: pip install 'nonverbal[hub]'") from error
    try:
        info = HfApi(endpoint=endpoint).dataset_info(repository, revision=revision or None)
    except _hub_errors() as error:
        reason = str(error).strip().split("\n", 1)[0] or type(error).__name__
        raise UserError(
            f"{HUB}{address}: the hub gave no answer ({reason}); check the name and the network, log in with "
            "`hf auth login` where terms must be accepted, or download the files and give their folder"
        ) from error
    files = HfFileSystem(endpoint=endpoint)
    names = [file.rfilename for file in info.siblings or ()]
    names = [name for name in names if PurePosixPath(name).suffix in (_PARQUET, _JSONL)]
    told = {"source": f"{HUB}{repository}", "revision": info.sha}
    return names, lambda name: files.open(f"datasets/{repository}@{info.sha}/{name}", "rb"), told


def _hub_errors() -> tuple[type[Exception], ...]:
    """What goes wrong between here and the hub: the network, the name or the permission."""
    try:
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError:
        return (OSError,)
    # Its base is the error of whatever HTTP library this version of huggingface_hub is built on, and covers all of it.
    return (OSError, HFValidationError, *HfHubHTTPError.__bases__)


def _parquet_rows(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file, buffer_size=_BUFFER_BYTES, pre_buffer=False) as parquet:
        names = [name for name in parquet.schema_arrow.names if plain_name(name) in COLUMNS]
        yield from parquet.iter_batches(batch_size=1, columns=names, use_threads=False)


def _json_rows(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    for line in file:
        if line.strip():
            options = pyarrow.json.ReadOptions(use_threads=False, block_size=len(line) + 1)
            table = pyarrow.json.read_json(io.BytesIO(line), read_options=options)
            yield table.combine_chunks().to_batches()[0]
