"""Flips bytes in, cuts and swaps the files of a dataset, a tokenizer and a training, and counts what is found.

    python benchmarks/corruption.py --times 1000

The dataset is made up and assembled as a build would, with stored results, verdicts, catalogue and records of runs
beside it. Each time one file is changed, `nonverbal validate` is asked, and the file is put back.
Exit code 0: every change was found, and nothing was found where nothing was changed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nonverbal.catalogue import Catalogue
from nonverbal.checkup import check_up
from nonverbal.dataset.manifest import Manifest, read_manifest
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source, synthetic_transcript
from nonverbal.pipeline.observe import RunRecord
from nonverbal.pipeline.store import QUARANTINE, REJECT, Quarantine, commit_sealed
from nonverbal.record_files import sealed_text
from nonverbal.tokens.checkpoint import save_checkpoint
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.scaling import Scaling
from nonverbal.tokens.store import save_tokenizer
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.tokens.vqvae import MotionVQVAE
from nonverbal.venus.assemble import FinishedClip, assemble
from nonverbal.venus.transcribe import Transcript
from nonverbal.verdicts import Reason, Reject
from nonverbal.weights import sha256_of

FOLDERS = ("data", "training", "one", "two", "model")
HOW = ("flip", "cut", "swap")


@dataclass(frozen=True)
class Place:
    """A file that may be damaged: its kind, the folder to check, and another file of the kind to swap with."""

    kind: str
    folder: Path
    path: Path
    twins: tuple[Path, ...]


def make(root: Path, talks: int = 4) -> list[Place]:
    """Writes everything below `root`; the files that may be damaged."""
    data = root / "data"
    home = data / ".nonverbal"
    finished = [_stored(home / "artefacts", talk) for talk in range(talks)]
    verdicts = [SourceVerdict(item.source) for item in finished]
    assemble(data, finished, [], verdicts, SplitConfig(0.34, 0.33), {"cues": {"fps": 25}})
    commit_sealed(home / "catalogue.json", Catalogue, Catalogue(tuple(item.source for item in finished)))
    (home / "runs").mkdir()
    for number in range(2):
        commit_sealed(home / "runs" / f"{number}.json", RunRecord, RunRecord(f"run {number}", 1.0, 2, 2, 0, ()))
    (home / "attempts").mkdir()
    (home / "attempts" / f"{finished[0].clip.clip_id}.1.shut").touch()
    _training(root / "training")
    for name in ("one", "two"):
        _tokenizer(root / name)
    _model(root / "model")
    return _places(root, read_manifest(data))


def _stored(artefacts: Path, talk: int) -> FinishedClip:
    """One clip with its results, and another one's rejection and quarantine beside it."""
    source = synthetic_source(talk, channel=f"channel {talk // 2}")
    clip = synthetic_clip(source)
    for stage in ("cues", "harm"):
        (artefacts / stage).mkdir(parents=True, exist_ok=True)
    motion = artefacts / "cues" / f"{clip.clip_id}.0123456789ab.parquet"
    MotionCodec().write(motion, synthetic_motion(clip, talk))
    words = artefacts / "harm" / f"{clip.clip_id}.ba9876543210"
    transcript = synthetic_transcript(clip, talk)
    commit_sealed(words.with_name(words.name + ".json"), Transcript, transcript)
    other = words.with_name(f"{talk:032x}.ba9876543210")
    commit_sealed(other.with_name(other.name + REJECT), Reject, Reject(Reason.E_SILENT, f"silent {talk}"))
    record = Quarantine(other.name, "harm", Reason.E_CRASH, f"crash {talk}", "", "", 3)
    commit_sealed(other.with_name(other.name + QUARANTINE), Quarantine, record)
    return FinishedClip(clip, source, motion.name, motion, lambda: transcript)


def _training(folder: Path) -> None:
    folder.mkdir()
    model = torch.nn.Linear(16, 16)
    for step in (1, 2):
        save_checkpoint(
            folder / "checkpoint.safetensors", model, torch.optim.AdamW(model.parameters()), {"seed": 1}, step
        )


def _tokenizer(folder: Path) -> None:
    config = TokenizerConfig(("arkit52",), width=16, depth=1, codebook_size=16, code_width=16)
    scaling = Scaling(np.zeros(config.dim, np.float32), np.ones(config.dim, np.float32))
    save_tokenizer(Tokenizer(config, MotionVQVAE(config), scaling), folder)


def _model(folder: Path) -> None:
    """A card and files as a model has them; nothing in them matters here."""
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_bytes(name.encode() * 100)
    files = {path.name: sha256_of([path]) for path in folder.iterdir()}
    (folder / "mars.json").write_text(sealed_text({"format_version": 1, "files": files}))


def _places(root: Path, manifest: Manifest) -> list[Place]:
    data, home = root / "data", root / "data" / ".nonverbal"
    groups = {
        "manifest": [data / "dataset.json"],
        "dialogues": sorted((data / "dialogues").iterdir()),
        "motion": sorted((data / "motion").iterdir()),
        "sources, clips": [data / "sources.parquet", data / "clips.parquet"],
        "card": [data / "README.md"],
        "results": sorted((home / "artefacts" / "harm").iterdir()),
        "stored motion": sorted((home / "artefacts" / "cues").iterdir()),
        "catalogue": [home / "catalogue.json"],
        "run records": sorted((home / "runs").iterdir()),
        "checkpoints": [root / "training" / "checkpoint.safetensors"],
        "tokenizer card": [root / name / "tokenizer.json" for name in ("one", "two")],
        "tokenizer": [root / name / "weights.safetensors" for name in ("one", "two")],
        "model": sorted((root / "model").iterdir()),
    }
    assert manifest.files, "an empty dataset"
    return [
        Place(kind, root / path.relative_to(root).parts[0], path, tuple(p for p in paths if p != path))
        for kind, paths in groups.items()
        for path in paths
    ]


@contextmanager
def damaged(place: Place, how: str, draw: random.Random) -> Iterator[None]:
    """One file (two, if swapped) with other bytes, until the end of the block; links to it are cut."""
    paths = [place.path, *([draw.choice(place.twins)] if how == "swap" else [])]
    before = {path: path.read_bytes() for path in paths}
    if how == "swap":
        after = {paths[0]: before[paths[1]], paths[1]: before[paths[0]]}
    else:
        after = {place.path: (flipped if how == "flip" else cut)(before[place.path], draw)}
    try:
        for path, content in after.items():
            _replace(path, content)
        yield
    finally:
        for path, content in before.items():
            _replace(path, content)


def _replace(path: Path, content: bytes) -> None:
    """Not in place, as stored motion and published motion are one file with two names."""
    spare = path.parent.parent / "spare"
    spare.write_bytes(content)
    spare.replace(path)


def flipped(data: bytes, draw: random.Random) -> bytes:
    """One bit is another one."""
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def cut(data: bytes, draw: random.Random) -> bytes:
    """The end is missing."""
    return data[: draw.randrange(len(data))]


def measure(root: Path, times: int, seed: int, tell: Callable[[str], None] = lambda line: None) -> list[str]:
    """Damages `times` files below the new folder `root`; what was not found, and prints how much was."""
    draw, places, missed = random.Random(seed), make(root), []
    done: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for number in range(times):
        place, how = places[number % len(places)], draw.choice(HOW)
        how = "flip" if how == "swap" and not place.twins else how
        with damaged(place, how, draw):
            names = {problem.file for problem in check_up(place.folder)}
        done[place.kind, how] += 1
        if names:
            found[place.kind, how] += 1
        else:
            missed.append(f"{how} of {place.path}")
    missed += [f"without damage: {problem}" for name in FOLDERS for problem in check_up(root / name)]
    for kind in dict.fromkeys(place.kind for place in places):
        cells = [f"{how} {found[kind, how]}/{done[kind, how]}" for how in HOW if done[kind, how]]
        tell(f"{kind:16s} {', '.join(cells)}")
    tell(f"{'all':16s} {found.total()}/{done.total()} found, {len(missed)} missed")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        missed = measure(Path(folder), arguments.times, arguments.seed, print)
    for line in missed:
        print(line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
