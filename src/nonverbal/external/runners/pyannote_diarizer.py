"""The diarization pipelines of pyannote.audio, 3.1 to 4.x, as a runner: sound in, who talks when out.

It runs in an environment of its own, since pyannote.audio needs torchaudio, torchcodec and lightning::

    python -m venv PYANNOTE && PYANNOTE/bin/pip install 'pyannote.audio>=4,<5'

With ``--prepare`` saying hello fetches the weights into the Hugging Face cache; without it nothing is ever asked of the
network. The pipelines are behind terms that each user accepts on their pages; the licence of both is in their hello.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import re
import sys
from pathlib import Path
from typing import Any, Callable, NamedTuple  # noqa: UP035 - as in nonverbal_runner.py

import numpy as np
from nonverbal_runner import NotReady, array, serve

RATE_HZ = 16000
LEAST, BELOW = (3, 1), (5,)
GPU_GIB = 2.0
TOKEN = re.compile(r"hf_[A-Za-z0-9]{20,}")
INSTALL = "-m pip install 'pyannote.audio>=4,<5'"
COMMUNITY = "pyannote/speaker-diarization-community-1"
PLDA = ("plda/xvec_transform.npz", "plda/plda.npz")
SHARES = {"segmentation": (0.0, 0.3), "embeddings": (0.3, 0.95)}
"""Steps of a pipeline that say how far they are: which part of the work each is."""

KINDS = {
    "diarize": {
        "takes": {"samples": array("float32", ("S",), "sound, mono, 16 kHz, full scale is 1")},
        "gives": {
            "start_s": array("float64", ("N",), "s"),
            "end_s": array("float64", ("N",), "s"),
            "speaker": array("int32", ("N",), "number of the speaker; segments of different speakers may overlap"),
        },
    }
}


class Wanted(NamedTuple):
    """A pipeline of the hub: the first version that reads it, and the files that it is made of."""

    repository: str
    least: tuple[int, ...]
    licence: str
    files: tuple[tuple[str, str], ...]


PIPELINES = {
    "pyannote-3.1": Wanted(
        "pyannote/speaker-diarization-3.1",
        (3, 1),
        "MIT",
        (
            ("pyannote/speaker-diarization-3.1", "config.yaml"),
            ("pyannote/segmentation-3.0", "pytorch_model.bin"),
            ("pyannote/wespeaker-voxceleb-resnet34-LM", "pytorch_model.bin"),
        ),
    ),
    "pyannote-community-1": Wanted(
        COMMUNITY,
        (4,),
        "CC-BY-4.0",
        tuple(
            (COMMUNITY, name)
            for name in ("config.yaml", "segmentation/pytorch_model.bin", "embedding/pytorch_model.bin", *PLDA)
        ),
    ),
}


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pipeline", choices=sorted(PIPELINES), required=True)
    parser.add_argument("--folder", default="", help="a pipeline on disk, in place of the hub's")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--prepare", action="store_true", help="fetch what is missing when saying hello")
    asked = parser.parse_args()
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # it would tell its makers how long each file is
    if not asked.prepare:
        os.environ["HF_HUB_OFFLINE"] = "1"
    wanted = PIPELINES[asked.pipeline]
    serve(
        f"{asked.pipeline} of {Path(asked.folder).name}" if asked.folder else asked.pipeline,
        installed("pyannote.audio") or "none",
        KINDS,
        lambda: load(asked, wanted),
        run,
        check=lambda: check(asked, wanted),
        origin=f"https://huggingface.co/{wanted.repository}",
        licence=wanted.licence,
    )


def installed(package: str) -> str:
    """The version of a package, empty where it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def numbers(version: str) -> tuple[int, ...]:
    """ "4.0.7" as (4, 0, 7)."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])


def check(asked: argparse.Namespace, wanted: Wanted) -> dict[str, str]:
    """Whether all is there, each thing that is not being one sentence; with ``--prepare`` weights are fetched."""
    found = installed("pyannote.audio")
    if not found:
        raise NotReady(f"pyannote.audio is missing in this environment: run {sys.executable} {INSTALL}")
    if not max(LEAST, wanted.least) <= numbers(found) < BELOW:
        least = ".".join(map(str, max(LEAST, wanted.least)))
        told = f"pyannote.audio is {found}, expected at least {least} and below 5 for {asked.pipeline}"
        raise NotReady(f"{told}: run {sys.executable} {INSTALL}")
    if not installed("torch"):
        raise NotReady(f"torch is missing in this environment: run {sys.executable} {INSTALL}")
    if asked.device == "cuda":
        check_gpu()
    if asked.folder:
        if not (Path(asked.folder) / "config.yaml").is_file():
            raise NotReady(f"{asked.folder} holds no config.yaml: give the folder of a whole pipeline")
    else:
        check_weights(asked, wanted, found)
    return {"runner": f"torch {installed('torch')}", "device": asked.device}


def check_gpu() -> None:
    """Whether torch sees a card with room."""
    import torch

    if not torch.cuda.is_available():
        told = f"torch {torch.__version__} sees no GPU"
        raise NotReady(f"{told}: install a CUDA build of it in this environment, or choose the device cpu")
    free = torch.cuda.mem_get_info()[0] / 2**30
    if free < GPU_GIB:
        told = f"the GPU has {free:.1f} GiB free, expected at least {GPU_GIB:g}"
        raise NotReady(f"{told}: end what uses it, or choose the device cpu")


def check_weights(asked: argparse.Namespace, wanted: Wanted, found: str) -> None:
    """Whether the cache holds every file; with ``--prepare`` those that it lacks are fetched, and all is tried out."""
    from huggingface_hub import try_to_load_from_cache

    files = wanted.files
    if numbers(found) >= (4,) and wanted.repository != COMMUNITY:
        files += tuple((COMMUNITY, name) for name in PLDA)  # read by version 4 whatever the pipeline
    missing = [
        (repository, name)
        for repository, name in files
        if not isinstance(try_to_load_from_cache(repository, name), str)
    ]
    if not missing:
        return
    repository, name = missing[0]
    if not asked.prepare:
        raise NotReady(f"{name} of {repository} is not in the Hugging Face cache: start the build on a machine with it")
    check_token(repository)
    for repository, name in missing:
        fetch(repository, name)
    load(asked, wanted)


def check_token(repository: str) -> None:
    """Whether there is a token that looks like one."""
    from huggingface_hub import get_token

    token = get_token()
    if not token:
        told = f"{repository} needs an access token: accept its terms at https://huggingface.co/{repository}"
        raise NotReady(f"{told}, make a token at https://huggingface.co/settings/tokens and set HF_TOKEN")
    if not TOKEN.fullmatch(token):
        told = "the Hugging Face token is none (they begin with hf_ and have letters and digits)"
        raise NotReady(f"{told}: copy it again from https://huggingface.co/settings/tokens and set HF_TOKEN")


def fetch(repository: str, name: str) -> None:
    """Fetches one file into the cache; what the hub answers becomes a sentence."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    page = f"https://huggingface.co/{repository}"
    try:
        hf_hub_download(repository, name)
    except GatedRepoError as error:
        told = f"the terms of {repository} are not accepted by this token's account"
        step = "accept them there, and let a fine-grained token read gated repositories"
        raise NotReady(f"{told} (HTTP {status(error)}): see {page}, {step}") from error
    except RepositoryNotFoundError as error:
        told = f"the hub shows no {repository} to this token (HTTP {status(error)})"
        raise NotReady(f"{told}: see whether {page} opens in the account that the token is of") from error
    except LocalEntryNotFoundError as error:
        told = f"{name} of {repository} is not in the Hugging Face cache and the hub cannot be reached"
        raise NotReady(f"{told}: connect this machine once, or copy the cache of one that has it") from error
    except HfHubHTTPError as error:
        if status(error) in (401, 403):
            told = f"the hub refuses the token (HTTP {status(error)})"
            raise NotReady(
                f"{told}: make a new one at https://huggingface.co/settings/tokens and set HF_TOKEN"
            ) from error
        raise NotReady(f"{page} answers {status(error)}: try again later") from error


def status(error: Exception) -> int:
    """The HTTP status that an error of the hub tells of."""
    return getattr(getattr(error, "response", None), "status_code", 0) or 0


def load(asked: argparse.Namespace, wanted: Wanted) -> Any:
    """The pipeline on its device."""
    from huggingface_hub.constants import HF_HUB_CACHE

    os.environ["PYANNOTE_CACHE"] = HF_HUB_CACHE  # version 3 would keep a cache of its own
    place = asked.folder or wanted.repository
    try:
        import torch
        from pyannote.audio import Pipeline

        torch.set_num_threads(1)  # else results depend on the machine
        torch.manual_seed(0)
        is_old = numbers(installed("pyannote.audio")) < (4,)
        found = Pipeline.from_pretrained(os.path.join(place, "config.yaml") if asked.folder and is_old else place)
    except Exception as error:
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        if "out of memory" in text.lower():
            raise
        told = f"pyannote.audio {installed('pyannote.audio')} with torch {installed('torch')} cannot load {place}"
        raise NotReady(f"{told} ({text}): bring the environment up to date with {sys.executable} {INSTALL}") from error
    if found is None:  # how version 3 says that something is missing
        raise NotReady(f"{place} could not be loaded: accept the terms of all models that its page names")
    return found.to(torch.device(asked.device))


def run(pipeline: Any, kind: str, arrays: Any, options: Any, tick: Callable[[float], None]) -> dict[str, Any]:
    """Segments in order of start, overlap included; speakers are numbered by their first segment."""
    import torch

    def hook(step: str, artefact: Any, file: Any = None, total: Any = None, completed: Any = None) -> None:
        if step in SHARES and total:
            first, last = SHARES[step]
            tick(first + (last - first) * min(float(completed) / float(total), 1.0))

    sound = torch.from_numpy(np.array(arrays["samples"], dtype=np.float32))[None]
    told = pipeline(
        {"waveform": sound, "sample_rate": RATE_HZ, "uri": "clip"},
        hook=hook,
        max_speakers=int(options["most_speakers"]),
    )
    annotation = getattr(told, "speaker_diarization", told)  # version 3 gives the annotation itself
    rows = sorted((segment.start, segment.end, str(who)) for segment, _, who in annotation.itertracks(yield_label=True))
    number: dict[str, int] = {}
    return {
        "start_s": np.array([row[0] for row in rows], np.float64),
        "end_s": np.array([row[1] for row in rows], np.float64),
        "speaker": np.array([number.setdefault(row[2], len(number)) for row in rows], np.int32),
    }


if __name__ == "__main__":
    main()
