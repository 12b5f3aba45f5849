"""`nonverbal study`: the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich.console import Console
from rich.table import Table

from nonverbal.media.names import clean_text, printable
from nonverbal.serve.settings import ServerConfig
from nonverbal.study.exclusion import Exclusion
from nonverbal.ticks import Tick, ticking
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.study.analyse import Analysis
    from nonverbal.study.conditions import Condition
    from nonverbal.study.design import Design
    from nonverbal.study.stimulus import Stimuli

NATURAL = "Which looks more natural?"
FITTING = "Which fits what is said better?"
CONSENT = (
    "I take part of my own free will and may stop at any time. My answers are stored under a random code together with "
    "the time they took. Nothing else about me is asked or stored."
)
_LONGEST_TEXT = 1000
_MAX_QUESTIONS, _MAX_CHECKS, _MAX_SECONDS = 8, 20, 120.0


@dataclass(frozen=True)
class Study:
    """Blind side-by-side ratings in the browser: which of two clips is better? With --analyse, what the ratings say."""

    conditions: tyro.conf.Positional[tuple[str, ...]] = ()
    """What to compare, each NAME=FOLDER or FOLDER: clips of equal names (*.mp4, *.webm or *.motion.safetensors) or a
    dataset. Altered copies for practice and checks are made of the first one."""
    out: Path | None = None
    """Table of ratings (.csv), which grows; the design and the raters' codes are kept beside it."""
    analyse: Path | None = None
    """Analyse this table instead; writes .md, .tex, .json and .png beside it."""
    questions: tuple[str, ...] = (NATURAL, FITTING)
    """What is asked of each pair."""
    pairs_per_rater: int = 30
    """Most pairs that one rater sees, besides practice and checks."""
    items: int = 60
    """Most clips of a condition that are used, drawn by seed."""
    checks: int = 2
    """How often each rater sees a clip beside a frozen or shuffled copy of itself."""
    seconds: float = 10.0
    """Longest stretch of motion that is shown; films are shown whole."""
    sound: Path | None = None
    """Folder with a recording for each clip of motion (NAME.wav or the like), played with both sides."""
    no_ties: bool = False
    """Allow no answer between the two."""
    consent: str = CONSENT
    """What raters agree to before they begin."""
    avatar: Literal["a", "b"] = "a"
    """Which person performs motion."""
    seed: int = 0
    """Of order, sides and items."""
    rule: Annotated[Exclusion, tyro.conf.arg(name="")] = field(default_factory=Exclusion)
    server: Annotated[ServerConfig, tyro.conf.arg(name="")] = field(default_factory=ServerConfig)

    def run(self, console: Console) -> int:
        if (self.analyse is None) == (self.out is None):
            raise UserError("give --out TABLE.csv to collect ratings, or --analyse TABLE.csv to analyse them")
        if self.analyse is not None:
            if self.conditions:
                raise UserError("--analyse takes no conditions: they stand in the table")
            return _analyse(self.analyse, self.rule, self.seed, console)
        assert self.out is not None
        _check(self, self.out)
        return _collect(self, self.out, console)


def _check(study: Study, out: Path) -> None:
    """Sees that numbers and texts can be worked with.

    Raises:
        UserError: one cannot.
    """
    if out.suffix.lower() != ".csv":
        raise UserError(f"{printable(out)}: expected the name of a table that ends in .csv")
    for name, value, most in (
        ("pairs-per-rater", study.pairs_per_rater, 10_000), ("items", study.items, 1000),
        ("seconds", study.seconds, _MAX_SECONDS),
    ):  # fmt: skip
        if not 1 <= value <= most:
            raise UserError(f"--{name} {value:g}: expected 1 to {most:g}")
    if not 0 <= study.checks <= _MAX_CHECKS or study.seed < 0:
        raise UserError(f"--checks {study.checks} --seed {study.seed}: expected 0 to {_MAX_CHECKS} checks and no minus")
    if not 1 <= len(set(study.questions)) == len(study.questions) <= _MAX_QUESTIONS:
        raise UserError(f"{len(study.questions)} questions: expected 1 to {_MAX_QUESTIONS}, all different")
    for text in (*study.questions, study.consent):
        if not 0 < len(text) <= _LONGEST_TEXT or clean_text(text, _LONGEST_TEXT) != text:
            raise UserError(f"{printable(text)[:80]!r}: expected 1 to {_LONGEST_TEXT} characters on one line")


def _collect(study: Study, out: Path, console: Console) -> int:
    try:
        import fastapi  # noqa: F401 - said once, before clips are read
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UserError("a study needs a web server: run pip install 'nonverbal[serve]'") from error
    from nonverbal.serve.app import serve
    from nonverbal.study.conditions import gather
    from nonverbal.study.part import study_part
    from nonverbal.study.session import StudySession

    with ticking(console) as tick:
        conditions = gather(study.conditions, study.items, study.seed)
        stimuli = _stimuli(study, conditions, tick)
        try:
            design = _designed(study, conditions, stimuli, tick)
            session = StudySession(design, stimuli, out)
        except BaseException:
            stimuli.close()
            raise
    _announce(design, session.n_trials, session.n_raters, console)
    try:
        return serve(study.server, [study_part(session, study.avatar)], console, "/study")
    finally:
        session.close()


def _stimuli(study: Study, conditions: tuple[Condition, ...], tick: Tick) -> Stimuli:
    from nonverbal.study.film_stimuli import FilmStimuli
    from nonverbal.study.motion_stimuli import MotionStimuli

    if conditions[0].media == "motion":
        return MotionStimuli(conditions, study.seconds, study.seed, study.sound, tick)
    if study.sound is not None:
        raise UserError("--sound goes with motion; films bring their own")
    return FilmStimuli(conditions, study.seed, tick)


def _designed(study: Study, conditions: tuple[Condition, ...], stimuli: Stimuli, tick: Tick) -> Design:
    from nonverbal.study.design import DESIGN_FILE, Design, altered, share_of

    names = tuple(condition.name for condition in conditions)
    share = share_of(len(stimuli.items), len(names), study.pairs_per_rater)
    if FITTING in study.questions and not stimuli.has_sound():
        raise UserError(
            f"{FITTING!r} cannot be answered, as not all clips have sound or words: give --sound FOLDER, or other "
            f"--questions, such as {NATURAL!r}"
        )
    if study.checks > 2 * len(stimuli.items) - 1:
        raise UserError(
            f"--checks {study.checks}: {len(stimuli.items)} clips allow {2 * len(stimuli.items) - 1} at most"
        )
    design = Design(
        DESIGN_FILE.version, study.seed, conditions[0].media, names, tuple(stimuli.items), study.questions, share,
        study.checks, not study.no_ties, study.consent,
    )  # fmt: skip
    stimuli.alter(altered(design), tick)
    return design


def _announce(design: Design, n_trials: int, n_raters: int, console: Console) -> None:
    """What is about to happen, and how many raters it takes."""
    from nonverbal.study.preference import ratings_needed

    pairs, seen = len(design.items) * len(design.pairs), n_trials - 1 - design.checks
    lines = [
        f"{len(design.items)} clips of {len(design.conditions)} conditions: {pairs} pairs. A rater sees {seen} of "
        f"them, {design.checks} checks and a pair for practice. {n_raters} raters have begun so far."
    ]
    for share in (0.6, 0.7):
        needed = ratings_needed(share, alpha=0.05 / len(design.pairs))
        if needed is not None:
            lines.append(
                f"To see a preference of {share:.0%} in 80 % of studies takes {needed} ratings of each pair of "
                f"conditions, from {-(-needed // design.share)} raters or more, ties not counted."
            )
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _analyse(table: Path, rule: Exclusion, seed: int, console: Console) -> int:
    from nonverbal.study.analyse import analyse
    from nonverbal.study.report import write_report

    found = analyse(table, rule, seed=seed)
    written = write_report(found, table)
    _show(found, console)
    told = ", ".join(str(path) for path in written)
    console.print(f"Written: {told}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _show(found: Analysis, console: Console) -> None:
    from rich.markup import escape

    from nonverbal.study.tables import p_text

    for result in found.questions:
        table = Table(title=escape(result.question), title_justify="left")
        for head in ("pair", "first", "tie", "second", "preference, 95 % over raters and items", "p (Holm)"):
            table.add_column(head)
        for p in result.pairs:
            told = f"{p.clustered.share:.0%} ({p.clustered.low:.0%} to {p.clustered.high:.0%})"
            counts = (str(p.wins), str(p.ties), str(p.losses))
            table.add_row(escape(f"{p.first} / {p.second}"), *counts, told, p_text(p.p_dropped_holm))
        console.print(table)
    for note in found.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
