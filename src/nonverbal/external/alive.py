"""Runners that live as long as their worker: a model is loaded once, however many clips it is asked about."""

from __future__ import annotations

import atexit
from functools import cache

from nonverbal.external.host import Runner, RunnerLimits

_living: list[Runner] = []


@cache
def living_runner(command: tuple[str, ...], limits: RunnerLimits) -> Runner:
    """The runner of that command; it starts with the first question, and anew with the next one after a failure.

    It ends with this process, however that ends.
    """
    runner = Runner(command, limits)
    _living.append(runner)
    return runner


@atexit.register
def end_runners() -> None:
    """Ends all of them; the next question starts them anew."""
    for runner in _living:
        runner.close()
