"""The host's side of a runner: started once, asked batch by batch, watched over, and never believed unchecked.

    with Runner(("/opt/emoca/bin/python", "emoca_v2.py"), RunnerLimits()) as runner:
        answer = runner.ask("face", {"crops": crops}, {}, tick)

A runner that fails is ended with all it started; the next question starts it anew.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any

from numpy.typing import NDArray

from nonverbal.external.arrays import Arrays, bind, read_answer, write_inputs
from nonverbal.external.process import RunnerProcess
from nonverbal.external.protocol import (
    PROTOCOL,
    Hello,
    NotReadyError,
    RunnerError,
    from_line,
    plain_text,
    read_hello,
    to_line,
)
from nonverbal.verdicts import Reason, UserError

Tick = Callable[[float], None]

_LISTEN_S = 0.2
_MEMORY_EVERY_S = 1.0
_BYE_S = 2.0
_REASONS = (Reason.E_OOM, Reason.E_NONFINITE, Reason.E_CRASH)


@dataclass(frozen=True)
class RunnerLimits:
    """What a runner may take before it is ended."""

    start_s: float = 600.0
    """Seconds until it says hello, and again until its model is loaded."""
    answer_s: float = 600.0
    """Seconds until a question is answered."""
    no_progress_s: float = 120.0
    """Seconds without a message while a question is at hand."""
    memory_gb: float = 0.0
    """Main memory of the runner and its children; 0 sets no limit."""
    answer_bytes: int = 256 << 20
    """Size of an answer, packed and unpacked."""

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if not (value > 0 or (value == 0 and setting.name == "memory_gb")):
                raise ValueError(f"{setting.name} is {value}, expected more than 0")


class Runner:
    """A runner as a context: on entering it is started, says who it is and loads its model.

    Args:
        command: program and arguments.
        limits: when it counts as failed.
    """

    def __init__(self, command: Sequence[str], limits: RunnerLimits | None = None) -> None:
        self.command, self.limits = tuple(command), limits or RunnerLimits()
        self._process: RunnerProcess | None = None
        self._hello: Hello | None = None
        self._jobs = 0

    def __enter__(self) -> Runner:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def hello(self) -> Hello:
        """Who the runner said it is when it was last started."""
        assert self._hello is not None, "a runner says hello when it is started"
        return self._hello

    def start(self, tick: Tick = lambda done: None) -> None:
        """Starts it and loads its model.

        Raises:
            NotReadyError: it lacks something that the user has to bring.
            RunnerError: it failed.
        """
        self.greet(tick)
        with self._ending_on_failure() as process:
            self._tell(process, {"do": "load"}, self.limits.start_s, tick)

    def ready(self, tick: Tick = lambda done: None) -> Hello:
        """Starts it unless it runs already; raises what `start` raises."""
        if self._process is None:
            self.start(tick)
        return self.hello

    def greet(self, tick: Tick = lambda done: None) -> Hello:
        """Starts it without loading anything: whether it could work.

        Raises:
            NotReadyError, RunnerError: as `start`.
        """
        self.close()
        try:
            self._process = RunnerProcess(self.command)
        except OSError as error:
            raise RunnerError(Reason.E_CRASH, f"no process can be started ({error.strerror})") from error
        with self._ending_on_failure() as process:
            request = {"do": "hello", "protocol": PROTOCOL, "folder": str(process.folder)}
            said = self._tell(process, request, self.limits.start_s, tick)
            try:
                self._hello = read_hello(said)
            except ValueError as error:
                raise RunnerError(Reason.E_SCHEMA, plain_text(error), process.log) from error
        return self._hello

    def ask(
        self,
        kind: str,
        arrays: Mapping[str, NDArray[Any]],
        options: Mapping[str, Any] | None = None,
        tick: Tick = lambda done: None,
    ) -> Arrays:
        """One question and its answer, both as the runner's hello declares them.

        Args:
            kind: one of ``hello.kinds``.
            arrays: what that kind takes.
            options: what else the runner should know, as JSON.
            tick: called several times a second with the share that the runner says is done, in [0, 1].

        Raises:
            RunnerError: it failed; it is ended, and started anew with the next question.
            ValueError: the question is not one that the runner takes.
        """
        hello = self.ready(tick)
        asked = hello.kinds.get(kind)
        if asked is None:
            raise ValueError(f"{hello.name} is asked for {kind!r}, it gives {', '.join(hello.kinds)}")
        sizes: dict[str, int] = {}
        bind(sizes, asked.takes, arrays)
        self._jobs += 1
        with self._ending_on_failure() as process:
            answer = process.folder / f"{self._jobs}.npz"
            files = write_inputs(process.folder, self._jobs, arrays, asked.format)
            request = {
                "do": "run",
                "kind": kind,
                "arrays": files,
                "options": dict(options or {}),
                "answer": answer.name,
            }
            self._tell(process, request, self.limits.answer_s, tick)
            try:
                return read_answer(answer, asked.gives, sizes, self.limits.answer_bytes)
            except RunnerError as error:
                raise RunnerError(error.reason, error.sentence, process.log) from error
            finally:
                for name in (*files.values(), answer.name):
                    (process.folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Says bye and ends it with everything it started; may be called again."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send(to_line({"do": "bye"}))
        deadline_s = time.monotonic() + _BYE_S
        try:
            while time.monotonic() < deadline_s:
                process.hear(_LISTEN_S)
        except RunnerError:
            pass  # it went, as it should
        finally:
            process.end()

    def _ending_on_failure(self) -> _EndingOnFailure:
        assert self._process is not None
        return _EndingOnFailure(self, self._process)

    def _tell(self, process: RunnerProcess, request: dict[str, Any], limit_s: float, tick: Tick) -> dict[str, Any]:
        """Sends a request and waits for what ends it."""
        self._jobs += 1
        job, what = self._jobs, request["do"]
        process.send(to_line({**request, "id": job}))
        clock = _Clock(self.limits, limit_s, what)
        done = 0.0
        while True:
            line = process.hear(_LISTEN_S)
            message = from_line(line) if line is not None else None
            if line is not None and message is None:
                process.note(line)
            clock.check(process, moved=message is not None)
            tick(done)
            if message is None:
                continue
            if message.get("id") != job:
                told = f"the runner answered question {plain_text(message.get('id'), 20)}, expected {job}"
                raise RunnerError(Reason.E_SCHEMA, told, process.log)
            if message["say"] == "tick":
                done = _share(message.get("done"))
            elif message["say"] == "fail":
                raise _failure(message, process.log)
            elif message["say"] == ("hello" if what == "hello" else "done"):
                return message
            else:
                told = f"the runner said {plain_text(message['say'], 20)!r} when asked to {what}"
                raise RunnerError(Reason.E_SCHEMA, told, process.log)


def introduced(command: Sequence[str], start_s: float, given_by: str) -> Hello:
    """What the runner behind a command says of itself, which is then ended again.

    Args:
        start_s: how long it may take.
        given_by: what the command stands for in the sentence, such as its flag.

    Raises:
        UserError: it does not start, or says what it lacks, in one sentence with the next step.
    """
    runner = Runner(command, RunnerLimits(start_s=start_s))
    try:
        return runner.greet()
    except RunnerError as error:
        last = "".join(error.log.splitlines()[-1:]) if not error.is_told else ""
        if missing := re.search(r"No module named '([\w.]+)'", last):
            told = f"the package {missing[1]} is not in that environment: install it there, or correct the command"
        else:
            told = error.sentence + (f" (it last printed: {last})" if last else "")
        raise UserError(f"{given_by}: {told}") from None
    finally:
        runner.close()


class _EndingOnFailure:
    """Ends the runner where what is done with it fails, so that nothing half answered is heard later."""

    def __init__(self, runner: Runner, process: RunnerProcess) -> None:
        self._runner, self._process = runner, process

    def __enter__(self) -> RunnerProcess:
        return self._process

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._runner._process = None
            self._process.end()


class _Clock:
    """The limits of one question."""

    def __init__(self, limits: RunnerLimits, limit_s: float, what: str) -> None:
        self._limits, self._limit_s, self._what = limits, limit_s, what
        self._begun_s = self._moved_s = self._weighed_s = time.monotonic()

    def check(self, process: RunnerProcess, moved: bool) -> None:
        now_s = time.monotonic()
        self._moved_s = now_s if moved else self._moved_s
        if now_s - self._begun_s > self._limit_s:
            told = f"the runner took more than {self._limit_s:g} s to {self._what}"
            raise RunnerError(Reason.E_TIMEOUT, f"{told}: see why, or raise its limit", process.log)
        # hello and load say nothing before they are done
        if self._what == "run" and now_s - self._moved_s > self._limits.no_progress_s:
            told = f"the runner said nothing for {self._limits.no_progress_s:g} s"
            raise RunnerError(Reason.E_TIMEOUT, f"{told}: it hangs, or its batches are too large", process.log)
        if self._limits.memory_gb and now_s - self._weighed_s > _MEMORY_EVERY_S:
            self._weighed_s = now_s
            held_gb = process.memory_gb()
            if held_gb > self._limits.memory_gb:
                told = f"the runner held {held_gb:.1f} GB of {self._limits.memory_gb:g} GB"
                raise RunnerError(Reason.E_OOM, f"{told}: make its batches smaller or raise its limit", process.log)


def _share(done: object) -> float:
    known = isinstance(done, int | float) and math.isfinite(done)
    return min(max(float(done), 0.0), 1.0) if known else 0.0  # type: ignore[arg-type]


def _failure(message: Mapping[str, Any], log: str) -> RunnerError:
    """What the runner said of its own failure."""
    said = plain_text(message.get("message", "")) or "the runner failed and did not say why"
    if message.get("reason") == "not_ready":
        return NotReadyError(Reason.E_UNSUPPORTED, said, log)
    found = [reason for reason in _REASONS if reason == message.get("reason")]
    return RunnerError(found[0] if found else Reason.E_CRASH, said, log)
