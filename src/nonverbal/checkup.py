"""`nonverbal validate`: whether a dataset, a tokenizer, a model or an unfinished training is as it was written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from nonverbal.dataset.manifest import MANIFEST_NAME
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.validate import Problem, validate
from nonverbal.external.raw import raw_faults
from nonverbal.record_files import seal_fault
from nonverbal.tokens import seal
from nonverbal.verdicts import Reason, UserError
from nonverbal.weights import sha256_of

_TOKENIZER, _WEIGHTS, _MODEL = "tokenizer.json", "weights.safetensors", "mars.json"
_CHECKPOINTS = "checkpoint*.safetensors"
_PREVIOUS = "remove it: training goes on with the checkpoint before it, or from the start"


def check_up(path: Path) -> list[Problem]:
    """All problems of what lies in the folder `path`; files are hashed and nothing in them is run.

    Raises:
        UserError: there is nothing that could be checked.
    """
    found: list[Problem] = []
    if (path / _MODEL).exists():
        found += _faults(path, _model_faults)
    elif (path / _TOKENIZER).exists():  # a language model has a file of that name, too
        found += _faults(path, _tokenizer_faults)
    checkpoints = sorted(path.glob(_CHECKPOINTS))
    found += [Problem(Reason.E_HASH, p.name, f"{fault}; {_PREVIOUS}") for p in checkpoints if (fault := _unfit(p))]
    others = checkpoints or any((path / name).exists() for name in (_MODEL, _TOKENIZER))
    return found if others and not (path / MANIFEST_NAME).exists() else found + _of_dataset(path)


def _of_dataset(path: Path) -> list[Problem]:
    """The dataset itself and, where it can be opened, what runners gave for its dialogues."""
    found = validate(path)
    try:
        ids = set(open_dataset(path).ids())
    except UserError:
        return found  # told already
    return found + [Problem(Reason.E_HASH, name, fault) for name, fault in raw_faults(path, ids)]


def _unfit(path: Path) -> str:
    fault = seal.seal_fault(path)
    return fault or ("" if "told" in seal.metadata_of(path) else "is no checkpoint of a training")


def _faults(folder: Path, look: Callable[[Path], Iterator[tuple[str, str]]]) -> list[Problem]:
    return [Problem(Reason.E_HASH, name, f"{fault}; copy or train it again") for name, fault in look(folder)]


def _tokenizer_faults(folder: Path) -> Iterator[tuple[str, str]]:
    """The card, the weights, and that they belong together."""
    try:
        fault = seal_fault(folder / _TOKENIZER)
        own = json.loads((folder / _TOKENIZER).read_bytes())["hash"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield _TOKENIZER, f"cannot be read ({error})"
        return
    if fault:
        yield _TOKENIZER, fault
    if not (folder / _WEIGHTS).is_file():
        yield _WEIGHTS, "is missing"
    elif fault := seal.seal_fault(folder / _WEIGHTS):
        yield _WEIGHTS, fault
    elif seal.metadata_of(folder / _WEIGHTS).get("hash") != own:
        yield _WEIGHTS, f"is not the weights that {_TOKENIZER} names"


def _model_faults(folder: Path) -> Iterator[tuple[str, str]]:
    """The card, and every file that it names."""
    try:
        fault = seal_fault(folder / _MODEL)
        files = dict(json.loads((folder / _MODEL).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield _MODEL, f"cannot be read ({error})"
        return
    if fault:
        yield _MODEL, fault
    for name, digest in sorted(files.items()):
        path = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts or not path.is_file():
            yield name, "is missing"
        elif sha256_of([path]) != digest:
            yield name, f"is not what {_MODEL} says"
