"""Workers all over a Ray cluster: an actor for each, placed where the stages' needs are met.

How many there are follows from what the cluster holds: while units wait, more workers are asked for than there are, up
to twice as many. What does not fit now waits inside Ray, which is also what a cluster that grows by itself goes by. A
node that comes takes them up; with a node that goes, the calls to its actors fail.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nonverbal.pipeline.pool import Seat
from nonverbal.pipeline.ray_actor import VERSION, Check, Greeting, Post
from nonverbal.pipeline.ray_cluster import connected
from nonverbal.pipeline.settings import EngineSettings
from nonverbal.pipeline.stage import Needs
from nonverbal.pipeline.supervisor import Limits
from nonverbal.pipeline.unit import FileMark, file_mark
from nonverbal.pipeline.wire import Said, Setup, Task, to_text
from nonverbal.records import loads
from nonverbal.verdicts import Reason, UserError

_ASK_AT_ONCE = 4
_REST_S = 5.0
_END_S = 1.5
_START_TRIES = 5
_LOOK_EVERY_S = 1.0
_MEDIA_CHECKED = 16


@dataclass
class RaySeat(Seat):
    """A seat with an actor; `call` is the answer that is awaited from it, `ready` says that it has greeted us."""

    actor: Any = None
    call: Any = None
    ready: bool = False
    host: str = ""
    mark: FileMark = (0, 0, 0)
    since_s: float = field(default_factory=time.monotonic)


@dataclass
class RayPool:
    """See the top of the file; `check` is what each node has to pass before it gets work."""

    ray: Any
    setup: Setup
    settings: EngineSettings
    check: Check
    most_workers: int = 0
    seats: list[RaySeat] = field(default_factory=list)
    _waiting: Mapping[Needs, int] = field(default_factory=dict)
    _failed_starts: int = 0
    _looked_s: float = 0.0

    def reserve(self, kinds: Sequence[Needs]) -> None:
        """Asks for one worker of each kind, and for all that can have graphics cards, before the many take the room."""
        gpus = self.ray.cluster_resources().get("GPU", 0.0)
        for needs in sorted(kinds, key=lambda needs: -needs.gpus):
            for _ in range(max(1, int(gpus / needs.gpus)) if needs.gpus else 1):
                self._ask(needs)

    def prepare(self, waiting: Mapping[Needs, int]) -> None:
        """Asks for more workers, or lets idle ones go that stand in the way of others."""
        self._waiting = waiting
        short = False
        for needs, count in waiting.items():
            mine = [seat for seat in self.seats if seat.needs == needs]
            ready = [seat for seat in mine if seat.ready]
            asked, free = len(mine) - len(ready), sum(seat.task is None for seat in ready)
            room = (self.settings.workers or len(mine) + count) - len(mine)
            for _ in range(min(count - free - asked, max(_ASK_AT_ONCE, len(ready)) - asked, room)):
                self._ask(needs)
            short = short or count > free
        for seat in list(self.seats):
            if short or not seat.ready:
                self._let_go_idle(seat)
        self._look_for_room()

    def free(self, needs: Needs) -> Seat | None:
        fitting = (seat for seat in self.seats if seat.ready and seat.task is None and seat.needs == needs)
        return next(fitting, None)

    def give(self, seat: Seat, task: Task, limits: Limits) -> None:
        assert isinstance(seat, RaySeat), "a seat of another pool"
        seat.mark = task.mark
        seat.call = seat.actor.work.remote(to_text(task), to_text(limits), seat.stage)

    def listen(self, timeout_s: float) -> list[tuple[Seat, Said]]:
        calls = {seat.call: seat for seat in self.seats if seat.call is not None}
        if not calls:
            time.sleep(timeout_s)
            return []
        ready, _ = self.ray.wait(list(calls), num_returns=1, timeout=timeout_s)
        if ready:
            ready, _ = self.ray.wait(list(calls), num_returns=len(calls), timeout=0)
        return [(calls[call], said) for call in ready for said in self._answer(calls[call])]

    def close(self) -> None:
        """Ends the processes, then the actors; one that does not answer is ended all the same, its process with it."""
        ended = [seat.actor.end.remote() for seat in self.seats if seat.ready]
        if ended:
            self.ray.wait(ended, num_returns=len(ended), timeout=_END_S)
        for seat in list(self.seats):
            self._remove(seat)

    def _ask(self, needs: Needs) -> None:
        """One more worker; it is there once it has greeted us."""
        memory_gb = needs.memory_gb or self.settings.max_memory_gb
        kind = self.ray.remote(Post).options(
            num_cpus=needs.cpus, num_gpus=needs.gpus, memory=int(memory_gb * 2**30), max_restarts=0
        )
        actor = kind.remote(to_text(self.setup), [path or os.getcwd() for path in sys.path])
        seat = RaySeat(needs, max(1, int(needs.cpus)), actor=actor)
        seat.call = actor.greet.remote(to_text(self.check))
        self.seats.append(seat)

    def _answer(self, seat: RaySeat) -> list[Said]:
        """What an awaited call has brought."""
        call, seat.call = seat.call, None
        try:
            answer = self.ray.get(call)
        except self.ray.exceptions.RayError as error:
            return self._lost(seat, f"{type(error).__name__}: {str(error).strip()[:2000]}")
        if not seat.ready:
            self._welcome(seat, loads(Greeting, answer))
            return []
        said = [loads(Said, text) for text in answer]
        if not said or not said[-1].is_verdict:
            seat.call = seat.actor.more.remote()
        elif said[-1].reason is Reason.E_CHANGED and self._unchanged_here(seat):
            return self._lost(seat, f"{seat.host} no longer sees the media as it is here")
        seat.since_s = time.monotonic()
        return said

    def _welcome(self, seat: RaySeat, greeting: Greeting) -> None:
        if greeting.problem:
            raise UserError(f"node {greeting.host} of the cluster {greeting.problem}")
        answer = Path(greeting.answer)
        try:
            same = answer.read_text() == self.check.token
        except OSError:
            same = False
        if not same:
            folder = answer.parent
            raise UserError(
                f"what node {greeting.host} of the cluster writes in {folder} does not arrive here:"
                " put the output folder where all nodes read and write the same files"
            )
        answer.unlink()
        seat.ready, seat.host, seat.since_s, self._failed_starts = True, greeting.host, time.monotonic(), 0
        self.most_workers = max(self.most_workers, sum(seat.ready for seat in self.seats))

    def _lost(self, seat: RaySeat, message: str) -> list[Said]:
        self._remove(seat)
        if seat.ready:
            return [Said("lost", message=message)]
        self._failed_starts += 1
        if self._failed_starts >= _START_TRIES:
            raise UserError(f"no worker comes up on the cluster: is nonverbal installed on every node? {message}")
        return []

    def _remove(self, seat: RaySeat) -> None:
        self.seats.remove(seat)
        self.ray.kill(seat.actor)

    def _unchanged_here(self, seat: RaySeat) -> bool:
        assert seat.task is not None, "media changed under nobody's hands"
        try:
            return file_mark(seat.task.unit.source.path) == seat.mark
        except OSError:
            return False

    def _let_go_idle(self, seat: RaySeat) -> None:
        """Lets a worker go, or no longer asks for it, whose kind has had nothing to do for a while.

        While anything goes on, the last of a kind stays, and so does one with a graphics card: what comes next will
        want it, its models are loaded, and its place would not be found free again.
        """
        rested = seat.task is None and time.monotonic() - seat.since_s > _REST_S
        if not rested or self._waiting.get(seat.needs):
            return
        like = sum(other.ready and other.needs == seat.needs for other in self.seats)
        precious = seat.ready and (seat.needs.gpus or like == 1)
        if not (precious and self._at_work()):
            self._remove(seat)

    def _at_work(self) -> bool:
        return any(seat.task is not None for seat in self.seats)

    def _look_for_room(self) -> None:
        """Now and then, where nothing goes on: whether there is a node at all for what is asked.

        Raises:
            UserError: there has been none for too long.
        """
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_EVERY_S or self._at_work():
            return
        self._looked_s = now_s
        nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        for seat in self.seats:
            waited = now_s - seat.since_s > self.settings.wait_for_nodes_s
            if waited and not seat.ready and self._waiting.get(seat.needs):
                memory_gb = seat.needs.memory_gb or self.settings.max_memory_gb
                if not any(_fits(seat.needs, memory_gb, node) for node in nodes):
                    raise UserError(_no_room(seat.needs, memory_gb, nodes))


def _fits(needs: Needs, memory_gb: float, node: Mapping[str, float]) -> bool:
    has_cores = needs.cpus <= node.get("CPU", 0.0) and needs.gpus <= node.get("GPU", 0.0)
    return has_cores and memory_gb * 2**30 <= node.get("memory", 0.0)


def _no_room(needs: Needs, memory_gb: float, nodes: Sequence[Mapping[str, float]]) -> str:
    offers = "; ".join(
        f"{node.get('CPU', 0):g} CPU, {node.get('GPU', 0):g} GPU, {node.get('memory', 0) / 2**30:.1f} GB"
        for node in nodes
    )
    return (
        f"no node of the cluster has {needs.cpus:g} CPU, {needs.gpus:g} GPU and {memory_gb:g} GB for a worker"
        f" (there are: {offers or 'none'}): add one, or lower max_memory_gb; what is done is kept"
    )


@contextmanager
def on_cluster(
    setup: Setup, settings: EngineSettings, home: Path, media: Sequence[str], kinds: Sequence[Needs]
) -> Iterator[RayPool]:
    """A pool on the cluster that the settings name; all nodes must see `home` and `media` as this machine does.

    Raises:
        UserError: Ray is not installed, there is no cluster, or a node does not see the files.
    """
    with connected(settings, home) as ray, _asking(setup, home, media) as check:
        pool = RayPool(ray, setup, settings, check)
        try:
            pool.reserve(kinds)
            yield pool
        finally:
            pool.close()


@contextmanager
def _asking(setup: Setup, home: Path, media: Sequence[str]) -> Iterator[Check]:
    """A token in the output folder, and media files from as many folders as are worth a look."""
    token, path = secrets.token_hex(16), home / "token"
    by_folder = {os.path.dirname(path): path for path in reversed(media) if os.path.exists(path)}
    marks = tuple((path, file_mark(path)) for path in list(by_folder.values())[:_MEDIA_CHECKED])
    path.write_text(token)
    try:
        yield Check(VERSION, str(path), token, marks, setup.plan().keys)
    finally:
        for written in home.glob("token*"):
            written.unlink(missing_ok=True)
