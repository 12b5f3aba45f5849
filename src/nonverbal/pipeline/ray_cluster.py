"""A Ray cluster to work on: one that runs already, or one of this machine alone that ends with the build."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nonverbal.pipeline.settings import EngineSettings, available_cores
from nonverbal.verdicts import UserError

_OBJECT_STORE_BYTES = 100 << 20
_PREFIX = "nonverbal-ray-"
_CONNECT_S = 10.0


_PRIVATE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # not only there: without it Ray takes the outer address and binds to all
    "RAY_AUTH_MODE": "token",
}
"""Settings of Ray for a cluster that nobody else is to see, read when it is imported and handed on to its processes."""


def _load_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise UserError("Ray is not installed: pip install 'nonverbal[ray]', or build with --engine local") from error
    return ray


@contextmanager
def connected(settings: EngineSettings, home: Path) -> Iterator[Any]:
    """Ray, connected to a cluster; a connection this process has already is used and left open.

    `home` is where an own cluster's folder for temporary files is noted, so that the next run can remove what a killed
    one has left behind (`sweep_cluster`).

    Raises:
        UserError: Ray is not installed, or there is no cluster at the address.
    """
    loaded = sys.modules.get("ray")
    if loaded is not None and loaded.is_initialized():
        yield loaded
        return
    own = {} if settings.address else {**_PRIVATE, "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    with _environment({"RAY_USAGE_STATS_ENABLED": "0", **own}), _own_signals():
        ray = _load_ray()
        if settings.address:
            _join(ray, settings.address)
        else:
            _start(ray, settings, _folder(home / "ray"))
        try:
            yield ray
        finally:
            ray.shutdown()
            sweep_cluster(home)


def _join(ray: Any, address: str) -> None:
    try:
        if address != "auto":  # Ray itself would try for minutes
            host, _, port = address.rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", namespace="nonverbal")
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise UserError(
            f"no Ray cluster to work with at {address} ({error}): start one with `ray start --head`, with the same"
            " versions of Ray and Python as here"
        ) from error


def _start(ray: Any, settings: EngineSettings, folder: str) -> None:
    """A cluster of this machine, closed to all others, without dashboard."""
    ray.init(
        address="local",
        num_cpus=settings.workers or available_cores(),
        object_store_memory=_OBJECT_STORE_BYTES,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        namespace="nonverbal",
        _node_ip_address="127.0.0.1",
        _temp_dir=folder,
    )


def sweep_cluster(home: Path) -> None:
    """Removes the folder of a cluster that was killed with its run; to be called by the one who holds the lock."""
    note = home / "ray"
    with suppress(FileNotFoundError):
        folder = note.read_text(errors="replace")
        if re.fullmatch(_PREFIX + r"[a-z0-9_]{8}", folder):  # a note may be anything: nothing else is ever removed
            shutil.rmtree(Path(tempfile.gettempdir()) / folder, ignore_errors=True)
        note.unlink()


def _folder(note: Path) -> str:
    """A new folder for the cluster's sockets and logs, noted before it is there, so that it can always be swept."""
    name = _PREFIX + secrets.token_hex(4)
    note.write_text(name)
    folder = os.path.join(tempfile.gettempdir(), name)
    os.mkdir(folder, 0o700)
    return os.path.join(folder, "r")  # Ray opens its own folder to everybody; the one around it stays closed


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables for as long as it lasts; what the user has set stands."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray puts a handler of its own on SIGTERM; what was there comes back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
