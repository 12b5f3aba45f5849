"""A study under way: who rates, what each rater sees next, and the answers, on disk before they are confirmed.

Nothing that leaves here names a condition. A trial and its clips go by random names that were not used before, and only
what a rater is to see now can be fetched.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock

from nonverbal import __version__
from nonverbal.pipeline.lock import output_error
from nonverbal.study.analyse import design_path
from nonverbal.study.design import Design, Side, Trial, keep_design, label, trials_of
from nonverbal.study.durable_csv import DurableCsv, read_rows
from nonverbal.study.ratings import COLUMNS, Rating, read_ratings
from nonverbal.study.stimulus import Stimuli, Stimulus
from nonverbal.verdicts import UserError

RATER_COLUMNS = ("began_at", "rater", "number", "design", "version")
MAX_RATERS = 10_000
MAX_PLAYS = 999

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
_CODE = re.compile(rf"[{_LETTERS}]{{4}}-[{_LETTERS}]{{4}}")
_SEEN_SHARE = 0.95
"""Of a trial's length that has to pass before it can be answered; a browser's clock may run a little faster."""


class Refusal(Exception):
    """What a rater asked for cannot be had: a status as in HTTP, a code for the page and a sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


@dataclass(slots=True)
class Shown:
    """A trial as it is before a rater: `names` are those under which its clips and sound can be fetched."""

    ticket: str
    trial: Trial
    names: dict[str, Side | None]
    since_s: float


@dataclass(slots=True)
class Sitting:
    """A rater: how many came before, which positions are answered, and what is on screen."""

    number: int
    answered: set[int] = field(default_factory=set)
    shown: Shown | None = None
    last_ticket: str = ""


class StudySession:
    """Keeps the tables beside each other: OUT.csv, OUT.raters.csv and OUT.design.json.

    Raises:
        UserError: the table belongs to another design, or another process writes it.
        OutputError: it cannot be written.
    """

    def __init__(self, design: Design, stimuli: Stimuli, out: Path) -> None:
        self.design, self.stimuli = design, stimuli
        self._at_work = Lock()
        plan = design_path(out)
        if out.exists() and out.stat().st_size and not plan.exists():
            raise UserError(f"{out}: is there, but its design {plan.name} is not; name another --out, or put it back")
        self._table = DurableCsv(out, COLUMNS)
        try:
            keep_design(design, plan)
            self._register = DurableCsv(rater_path(out), RATER_COLUMNS)
        except OSError as error:
            self._table.close()
            raise output_error(error, plan) from error
        except BaseException:
            self._table.close()
            raise
        self._trials = lru_cache(maxsize=256)(lambda rater, number: trials_of(design, rater, number))
        self._sittings = _sittings(out, design)
        self._before: dict[str, str] = {}  # name of a clip -> the rater who sees it

    @property
    def n_trials(self) -> int:
        """How many trials each rater sees, practice and checks included."""
        return 1 + self.design.checks + self.design.share * len(self.design.pairs)

    @property
    def n_raters(self) -> int:
        return len(self._sittings)

    def begin(self) -> str:
        """A new rater's code.

        Raises:
            Refusal: there are as many raters as a study may have.
        """
        with self._at_work:
            if len(self._sittings) >= MAX_RATERS:
                raise Refusal(403, "full", f"This study has {MAX_RATERS} raters, which is all it takes.")
            rater = _new_code(self._sittings)
            number = 1 + max((sitting.number for sitting in self._sittings.values()), default=-1)
            self._register.append([(_now(), rater, str(number), self.design.digest, __version__)])
            self._sittings[rater] = Sitting(number)
            return rater

    def standing(self, rater: str) -> tuple[int, int]:
        """How many trials are answered, and of how many."""
        with self._at_work:
            return len(self._sitting(rater).answered), self.n_trials

    def next(self, rater: str) -> Shown | None:
        """What the rater sees now; None when all is answered. Asked for again, it is the same under new names."""
        with self._at_work:
            sitting = self._sitting(rater)
            trial = next((t for t in self._trials(rater, sitting.number) if t.position not in sitting.answered), None)
            self._forget(sitting)
            if trial is not None:
                names: dict[str, Side | None] = {_name(): trial.left, _name(): trial.right, _name(): None}
                sitting.shown = Shown(_name(), trial, names, time.monotonic())
                self._before |= dict.fromkeys(names, rater)
            return sitting.shown

    def clip(self, name: str) -> Stimulus:
        """A clip, or the sound, of a trial that is before somebody.

        Raises:
            Refusal: there is none of that name now.
        """
        with self._at_work:
            rater = self._before.get(name)
            shown = None if rater is None else self._sittings[rater].shown
        if shown is None or name not in shown.names:
            raise Refusal(404, "gone", "This clip is no longer before you; load the page again.")
        side = shown.names[name]
        found = self.stimuli.sound(shown.trial.item) if side is None else self.stimuli.get(shown.trial.item, side)
        if found is None:
            raise Refusal(404, "silent", "There is no sound with these clips.")
        return found

    def answer(self, rater: str, ticket: str, answers: Mapping[str, str], plays: tuple[int, int]) -> None:
        """Takes the answers to all questions about what the rater sees; they are on disk when this returns.

        Raises:
            Refusal: it is no answer, comes too soon, or is about something else than what the rater sees.
            OutputError: they cannot be written; the rater may try again.
        """
        with self._at_work:
            sitting = self._sitting(rater)
            if ticket == sitting.last_ticket:
                return  # the confirmation was lost on its way
            shown = sitting.shown
            if shown is None or ticket != shown.ticket:
                raise Refusal(409, "stale", "This pair is no longer before you; the page shows the current one now.")
            elapsed_s = time.monotonic() - shown.since_s
            self._check(shown, answers, plays, elapsed_s)
            self._table.append([r.row() for r in self._ratings(rater, shown, answers, plays, elapsed_s)])
            sitting.answered.add(shown.trial.position)
            self._forget(sitting)
            sitting.last_ticket = ticket

    def close(self) -> None:
        """Gives back the tables and removes what was made for the study alone."""
        self._table.close()
        self._register.close()
        self.stimuli.close()

    def _sitting(self, rater: str) -> Sitting:
        if rater not in self._sittings:
            raise Refusal(404, "unknown_rater", "There is no rater with this code; check it, or begin anew.")
        return self._sittings[rater]

    def _forget(self, sitting: Sitting) -> None:
        if sitting.shown is not None:
            for name in sitting.shown.names:
                self._before.pop(name, None)
        sitting.shown = None

    def _check(self, shown: Shown, answers: Mapping[str, str], plays: tuple[int, int], elapsed_s: float) -> None:
        allowed = ("left", "right", "tie") if self.design.ties else ("left", "right")
        if set(answers) != set(self.design.questions) or not set(answers.values()) <= set(allowed):
            raise Refusal(422, "answers", f"Every question needs one answer: {', '.join(allowed)}.")
        if not all(1 <= count <= MAX_PLAYS for count in plays):
            raise Refusal(409, "unseen", "Both clips have to be played to their end first.")
        if elapsed_s < _SEEN_SHARE * self.design.items[shown.trial.item].seconds:
            raise Refusal(409, "unseen", "Both clips have to be played to their end first.")

    def _ratings(
        self, rater: str, shown: Shown, answers: Mapping[str, str], plays: tuple[int, int], elapsed_s: float
    ) -> list[Rating]:
        design, trial, now = self.design, shown.trial, _now()
        sides = label(design, trial.left), label(design, trial.right)
        return [
            Rating(
                now, rater, trial.position, trial.kind, design.items[trial.item].name, *sides, question,
                answers[question], elapsed_s, *plays, design.seed, design.digest, __version__,  # type: ignore[arg-type]
            )
            for question in design.questions
        ]  # fmt: skip


def rater_path(out: Path) -> Path:
    """Where the codes of raters and the times they began are kept."""
    return out.with_suffix(".raters.csv")


def _sittings(out: Path, design: Design) -> dict[str, Sitting]:
    """Who rated what before this process began; a trial counts when all of its questions are answered."""
    found: dict[str, Sitting] = {}
    for row in read_rows(rater_path(out), RATER_COLUMNS):
        _, rater, number, _, _ = row
        if not (_CODE.fullmatch(rater) and number.isascii() and number.isdigit()):
            raise UserError(f"{rater_path(out)}: holds the rater {rater!r} with the number {number!r}; mend it")
        found[rater] = Sitting(int(number))
    asked: dict[tuple[str, int], set[str]] = {}
    for rating in read_ratings(out):
        asked.setdefault((rating.rater, rating.position), set()).add(rating.question)
    for (rater, position), questions in asked.items():
        if rater not in found:
            raise UserError(
                f"{out}: holds ratings of {rater!r}, whom {rater_path(out).name} does not know; put it back"
            )
        if questions >= set(design.questions):
            found[rater].answered.add(position)
    return found


def _new_code(taken: Mapping[str, Sitting]) -> str:
    while True:
        letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
        code = f"{letters[:4]}-{letters[4:]}"
        if code not in taken:
            return code


def _name() -> str:
    return secrets.token_urlsafe(18)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
