"""Records what the published code of Light-ASD and LR-ASD scores, for the test that ours scores the same.

    python tools/record_talk_scores.py LIGHT_ASD LR_ASD --weights FOLDER --media FOLDER

LIGHT_ASD and LR_ASD are checkouts of the published repositories; `python_speech_features` must be importable. Their
networks run on the CPU, window by window as in `evaluate_network` of their Columbia_test.py, less its rounding. Inputs
are noise from a seed, and faces cut from recordings at fixed places.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nonverbal.media.audio import read_audio
from nonverbal.media.video import read_frames
from nonverbal.types import F32, U8
from nonverbal.venus.faces import talking_face

TARGET = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "talk_scores.json"
WEIGHTS = {
    "light-asd": (0, "lightasd_finetuning_TalkSet.model"),
    "light-asd-ava": (0, "lightasd_pretrain_AVA_CVPR.model"),
    "lr-asd": (1, "lrasd_finetuning_TalkSet.model"),
}
"""Which of the two repositories, and the file."""
RECORDINGS = {
    "grid left": ("dialogue/grid_dialogue_9s.mp4", 0.0, 2.6, (237.0, 198.0, 422.0, 438.0)),
    "grid right": ("dialogue/grid_dialogue_9s.mp4", 2.0, 5.0, (839.0, 209.0, 1024.0, 435.0)),
    "pair left": ("dialogue/latentsync_pair_8s.mp4", 1.0, 4.6, (257.0, 317.0, 346.0, 416.0)),
}
"""File, seconds from and to, and the face box in pixels, where `watch` found it."""
SEED, SYNTHETIC_FRAMES = 7, 67


def synthetic() -> tuple[U8, F32]:
    """Noise that changes from frame to frame, and as loud as its brightness."""
    random = np.random.default_rng(SEED)
    level = random.uniform(0.1, 1.0, SYNTHETIC_FRAMES)
    faces = random.integers(0, 256, (SYNTHETIC_FRAMES, 112, 112)) * level[:, None, None]
    samples = random.uniform(-0.5, 0.5, SYNTHETIC_FRAMES * 640) * np.repeat(level, 640)
    return faces.astype(np.uint8), np.round(samples * 32768.0).astype(np.float32) / np.float32(32768.0)


def recorded(media: Path, name: str) -> tuple[U8, F32]:
    """Faces and sound of one of `RECORDINGS`."""
    file, start_s, end_s, box = RECORDINGS[name]
    pictures = read_frames(media / file, start_s, end_s)
    return np.stack([talking_face(rgb, box) for rgb in pictures]), read_audio(media / file, start_s, end_s).samples


def published(folder: Path, weights: Path) -> tuple[Any, Any]:
    """The network and its output layer from a checkout, with their weights."""
    for name in [n for n in sys.modules if n == "loss" or n.partition(".")[0] == "model"]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        network = importlib.import_module("model.Model").ASD_Model()
        output = importlib.import_module("loss").lossAV()
    finally:
        sys.path.pop(0)
    state = torch.load(weights, map_location="cpu", weights_only=True)
    for begin, part in (("model.", network), ("lossAV.", output)):
        part.load_state_dict({k.removeprefix(begin): v for k, v in state.items() if k.startswith(begin)})
    return network.eval(), output.eval()


def scores(network: Any, output: Any, faces: U8, samples: F32) -> list[float]:
    """The mean over windows of 1 to 6 s, each scored alone."""
    features = importlib.import_module("python_speech_features")
    sound = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
    rows = features.mfcc(sound, 16000, numcep=13, winlen=0.025, winstep=0.010)
    count = min(len(rows) // 4, len(faces))
    total = np.zeros(count)
    with torch.no_grad():
        for length_s in range(1, 7):
            found: list[float] = []
            for i in range(math.ceil(count / (25 * length_s))):
                heard = torch.FloatTensor(rows[: 4 * count][100 * length_s * i : 100 * length_s * (i + 1)])[None]
                seen = torch.FloatTensor(faces[:count][25 * length_s * i : 25 * length_s * (i + 1)])[None]
                both = network.forward_audio_visual_backend(
                    network.forward_audio_frontend(heard), network.forward_visual_frontend(seen)
                )
                found.extend(float(score) for score in output(both))
            total += np.asarray(found) / 6.0
    return [round(float(score), 6) for score in total]


def digest(faces: U8, samples: F32) -> str:
    """Tells whether another machine decodes and cuts the very same input."""
    return hashlib.sha256(faces.tobytes() + samples.tobytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("light_asd", type=Path)
    parser.add_argument("lr_asd", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--media", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    inputs = {"synthetic": synthetic(), **{name: recorded(given.media, name) for name in RECORDINGS}}
    found: dict[str, Any] = {name: {"input_sha256": digest(*both)} for name, both in inputs.items()}
    for model, (repository, file) in WEIGHTS.items():
        parts = published((given.light_asd, given.lr_asd)[repository], given.weights / file)
        for name, both in inputs.items():
            found[name][model] = scores(*parts, *both)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(found, separators=(",", ":")).replace('},"', '},\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
