"""One writer per output; outputs that cannot be written are refused before any work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nonverbal.pipeline.lock import LockedError, OutputError, claim
from nonverbal.verdicts import Reason

HOLD = """
import sys, time
from pathlib import Path
from nonverbal.pipeline.lock import claim
with claim(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""

LIMITED = """
import resource, sys
from pathlib import Path
from nonverbal.pipeline.lock import OutputError, claim
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    with claim(Path(sys.argv[1])):
        pass
except OutputError as error:
    print(error.reason, error.exit_code)
"""


def test_the_second_is_told_at_once_who_holds_it_and_takes_over_when_that_dies(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockedError, match=f"in use by process {holder.pid} on .* since 20") as caught, claim(tmp_path):
        pass
    assert (caught.value.reason, caught.value.exit_code) == (Reason.E_LOCKED, 75)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with claim(tmp_path) as output:
        assert output.path == tmp_path


def test_one_process_cannot_claim_an_output_twice_but_again(tmp_path: Path) -> None:
    with claim(tmp_path / "new" / "out"), pytest.raises(LockedError), claim(tmp_path / "new" / "out"):
        pass
    with claim(tmp_path / "new" / "out"):
        pass


@pytest.mark.parametrize("path", ["/proc/nonverbal", "/dev/null/out"])
def test_an_output_that_cannot_be_made_is_refused(path: str) -> None:
    with pytest.raises(OutputError, match=f"cannot write in {path}") as caught, claim(Path(path)):
        pass
    assert (caught.value.reason, caught.value.exit_code) == (Reason.E_IO_RO, 73)


def test_an_output_without_room_is_refused(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "E_IO_FULL 74\n"
