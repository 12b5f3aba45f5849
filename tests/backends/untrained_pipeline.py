"""Writes a pipeline of pyannote.audio 4 with segmentation weights from a file and a voice network that nobody trained.

To be run by an interpreter that has pyannote.audio: untrained_pipeline.py SEGMENTATION.bin FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np

CONFIG = """
dependencies:
  pyannote.audio: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: AgglomerativeClustering
    segmentation: $model/segmentation
    segmentation_batch_size: 1
    embedding: $model/embedding
    embedding_batch_size: 1
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  clustering:
    method: centroid
    min_cluster_size: 1
    threshold: 0.05
  segmentation:
    min_duration_off: 0.0
"""


def write_voices(path: Path) -> None:
    """An untrained WeSpeaker network as a checkpoint."""
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34

    torch.manual_seed(0)
    model = WeSpeakerResNet34()
    kind = Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0, classes=["voice"])
    about = {
        "versions": {"torch": torch.__version__, "pyannote.audio": "3.0.0"},
        "architecture": {"module": "pyannote.audio.models.embedding", "class": "WeSpeakerResNet34"},
        "specifications": kind,
    }
    state = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams), "pyannote.audio": about}
    torch.save({**state, "pytorch-lightning_version": "2.0.0", "epoch": 0, "global_step": 0}, path)


def main(segmentation: Path, folder: Path) -> None:
    for name in ("segmentation", "embedding", "plda"):
        (folder / name).mkdir(parents=True)
    shutil.copy(segmentation, folder / "segmentation" / "pytorch_model.bin")
    write_voices(folder / "embedding" / "pytorch_model.bin")
    rng, wide, narrow = np.random.default_rng(0), 256, 128
    lda = np.linalg.qr(rng.normal(size=(wide, narrow)))[0]
    np.savez(folder / "plda" / "xvec_transform.npz", mean1=np.zeros(wide), mean2=np.zeros(narrow), lda=lda)
    turn = np.linalg.qr(rng.normal(size=(narrow, narrow)))[0]
    np.savez(folder / "plda" / "plda.npz", mu=np.zeros(narrow), tr=turn, psi=np.linspace(10, 1, narrow))
    (folder / "config.yaml").write_text(CONFIG)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
