"""An analysis as text: Markdown for people, LaTeX for the paper."""

from __future__ import annotations

from collections.abc import Sequence

from nonverbal.study.analyse import ALPHA, Analysis, PairResult, QuestionResult
from nonverbal.study.preference import Interval

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
_PAIR_HEAD = ("pair", "first", "tie", "second", "preference", "raters, items", "p dropped", "p split", "items p")


def markdown(analysis: Analysis) -> str:
    """The whole analysis."""
    parts = ["# Ratings", ""]
    parts += [f"- {_plain(note)}" for note in (*analysis.notes, analysis.rule)]
    for result in analysis.questions:
        parts += ["", *_question(result)]
    parts += ["", "## Raters", "", *_raters(analysis)]
    parts += ["", "## How many ratings", "", *_needed(analysis), "", *_explained()]
    return "\n".join(parts) + "\n"


def latex(analysis: Analysis) -> str:
    """A table of preferences for each question, to be read with `\\input`; needs the package booktabs."""
    parts = []
    for result in analysis.questions:
        rows = [
            " & ".join([
                f"{_tex(p.first)} -- {_tex(p.second)}", f"{p.wins}", f"{p.ties}", f"{p.losses}",
                _tex(_interval(p.clustered)).replace("-", "--"), _p_tex(p.p_dropped_holm), _p_tex(p.p_split_holm),
            ]) + r" \\"
            for p in result.pairs
        ]  # fmt: skip
        alpha = "n/a" if result.alpha is None else f"${result.alpha:.2f}$"
        caption = (
            f"{_tex(result.question)} {result.ratings} answers of {result.raters} raters; preference for the first of "
            "each pair (ties count half) with 95\\,\\% intervals over raters and items, and $p$ of exact sign tests "
            f"with ties dropped and split, corrected after Holm. Krippendorff's $\\alpha$ = {alpha}."
        )
        parts += [
            r"\begin{table}", r"\centering", r"\begin{tabular}{lrrrlrr}", r"\toprule",
            r"Pair & First & Tie & Second & Preference & $p$ dropped & $p$ split \\", r"\midrule", *rows,
            r"\bottomrule", r"\end{tabular}", rf"\caption{{{caption}}}", r"\end{table}", "",
        ]  # fmt: skip
    return "\n".join(parts)


def _question(result: QuestionResult) -> list[str]:
    lines = [f"## {_plain(result.question)}", "", f"{result.ratings} answers of {result.raters} raters.", ""]
    lines += _table(_PAIR_HEAD, [_pair(p) for p in result.pairs])
    lines += ["", *_table(("condition", "strength", "95 %"), [
        (s.condition, f"{s.strength:+.2f}", "" if s.low is None else f"{s.low:+.2f} to {s.high:+.2f}")
        for s in result.strengths
    ])]  # fmt: skip
    agreed = (
        "nothing was judged twice" if result.agreeing is None else f"{result.agreeing:.0%} of pairs of answers agree"
    )
    alpha = "not defined" if result.alpha is None else f"{result.alpha:.3f}"
    side = f"left chosen in {_interval(result.left)} of answers that chose a side, p {p_text(result.left_p)}"
    lines += ["", f"Krippendorff's alpha {alpha}; {agreed}. Sides: {side}. Weight of ties {result.tie_weight:.2f}."]
    extreme = sorted(result.items, key=lambda e: (-abs(e.preference - 0.5) * e.ratings**0.5, e.item))[:5]
    told = ", ".join(
        f"{_plain(e.item)} ({e.first} over {e.second}: {e.preference:.0%} of {e.ratings})" for e in extreme
    )
    return [*lines, "", f"Items with the clearest answers: {told}."]


def _pair(p: PairResult) -> tuple[str, ...]:
    dropped, split = (
        f"{p_text(raw)} ({p_text(corrected)})"
        for raw, corrected in ((p.p_dropped, p.p_dropped_holm), (p.p_split, p.p_split_holm))
    )
    counts = (f"{p.first} / {p.second}", str(p.wins), str(p.ties), str(p.losses))
    return (*counts, _interval(p.preference), _interval(p.clustered), dropped, split, p_text(p.items_differ_p))


def _raters(analysis: Analysis) -> list[str]:
    head = ("rater", "pairs", "checks failed", "left", "ties", "s a pair", "replays", "left out")
    return _table(head, [
        (
            r.rater, str(r.pairs), f"{r.failed} of {r.checks}", "" if r.left_share is None else f"{r.left_share:.0%}",
            f"{r.tie_share:.0%}", f"{r.median_seconds:.0f}", f"{r.replays:.1f}", r.left_out or "no",
        )
        for r in analysis.raters
    ])  # fmt: skip


def _needed(analysis: Analysis) -> list[str]:
    def told(count: int | None) -> str:
        return "over 20,000" if count is None else f"{count:,}"

    head = ("preference", "ratings for one pair", "for all pairs, corrected")
    return _table(head, [(f"{n.share:.0%}", told(n.alone), told(n.corrected)) for n in analysis.needed])


def _explained() -> list[str]:
    return [
        "Preference is for the first of a pair, a tie counting half: Wilson's 95 % interval, then one that allows for "
        "answers of one rater or of one item being alike (bootstrap over both). p: exact two-sided sign test with ties "
        "dropped, and with ties split evenly; in brackets corrected after Holm for the pairs of one question. items p: "
        "permutation test of items against each other. Strengths: Bradley and Terry with Davidson's ties, log scale, "
        "mean zero. Ratings needed: decided, independent ratings for the sign test at "
        f"p < {ALPHA:g} to see the preference in 80 % of studies; times the design effect (in the JSON) where raters "
        "or items differ.",
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *(_row([_plain(text) for text in row]) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _plain(text: str) -> str:
    """Text that Markdown neither takes for markup nor for a cell's end."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in text)


def _tex(text: str) -> str:
    return "".join(_LATEX.get(c, c) for c in text)


def _interval(value: Interval) -> str:
    return f"{value.share:.0%} ({100 * value.low:.0f}-{100 * value.high:.0f})"


def p_text(value: float) -> str:
    """A probability to three places."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _p_tex(value: float) -> str:
    return f"${p_text(value)}$"
