"""A whole run over fake stages as a process of its own, for tests that kill it: OUT FIRST_S SOURCE...

The environment variables FAKE_ENGINE and FAKE_ADDRESS name the engine and its cluster.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from fake_stages import FakeCut, FakeFirst, FakeProbe, FakeSecond, FakeThird, FakeWatch

from nonverbal.pipeline.lock import OutputError, claim
from nonverbal.pipeline.run import run
from nonverbal.pipeline.settings import EngineSettings
from nonverbal.types import Source


def main(out: str, first_s: str, *paths: str) -> int:
    """Prints how the books stand and returns the exit code."""
    files = [(path, Path(path).read_bytes()) for path in paths]
    sources = [Source(hashlib.sha256(data).hexdigest(), path, len(data)) for path, data in files]
    engine = "ray" if os.environ.get("FAKE_ENGINE") == "ray" else "local"
    clip_stages = [FakeFirst(first_s=float(first_s)), FakeWatch(), FakeSecond(), FakeThird()]
    try:
        with claim(Path(out)) as output:
            settings = EngineSettings(engine=engine, address=os.environ.get("FAKE_ADDRESS", ""), workers=2)
            result = run(output, sources, [FakeProbe(), FakeCut()], clip_stages, settings)
    except OutputError as error:
        print(error)
        return error.exit_code
    clips = result.ledger.clips
    print(json.dumps({"seen": clips.seen, "done": clips.done, "pending": clips.pending, "message": result.message}))
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
