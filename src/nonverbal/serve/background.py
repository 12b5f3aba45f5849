"""A server of ours in a process of its own, for notebooks, tests and measurements.

with serving("view", "my-dataset") as address:
    ...                                      # http://127.0.0.1:PORT
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nonverbal.verdicts import UserError

_END_S = 20


@contextmanager
def serving(*arguments: str | Path) -> Iterator[str]:
    """Runs a command that serves (`view`, `serve`, `study`) on a free port; gives its address.

    Args:
        arguments: what would follow `nonverbal` on the command line, without a port.

    Raises:
        UserError: the command ended before it served; the message is what it said.
    """
    command = [sys.executable, "-m", "nonverbal", *map(str, arguments), "--port", "0"]
    environment = {**os.environ, "COLUMNS": "200"}
    with subprocess.Popen(  # noqa: S603 - our own command, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as run:
        try:
            yield _address(run)
        finally:
            run.terminate()
            try:
                run.wait(_END_S)
            except subprocess.TimeoutExpired:
                run.kill()


def _address(run: subprocess.Popen[str]) -> str:
    assert run.stdout is not None
    said = ""
    for line in run.stdout:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise UserError(f"nothing is served: {said.strip() or 'the command said nothing'}")
