"""Generated words beside true ones over a whole corpus: BLEU, chrF, ROUGE-L, and how many different words there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from nonverbal.verdicts import UserError

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class TextReport:
    """Numbers of one corpus of answers. All but `texts` are None where every pair is empty."""

    texts: int
    """Pairs of generated and true text."""
    empty: int
    """Generated texts without a word."""
    bleu: float | None
    """Corpus BLEU-4, 0 to 100 (`signature` says how)."""
    chrf: float | None
    """Corpus chrF2, 0 to 100: F-score of character n-grams to 6, recall counting twice."""
    rouge_l: float | None
    """Mean F-measure of the longest common subsequence of words, 0 to 1, without stemming."""
    distinct_1: float | None
    """Different words per word of all generated texts together, lower case without punctuation."""
    distinct_2: float | None
    """Different pairs of words in a row per pair, none across texts."""
    distinct_1_true: float | None
    """distinct_1 of the true texts: it falls with the size of a corpus, so compare these two only."""
    distinct_2_true: float | None
    """distinct_2 of the true texts."""
    mean_words: float
    """Words of a generated text."""
    mean_words_true: float
    """Words of a true text."""
    signature: str
    """sacrebleu's signature of BLEU: tokenizer, case, smoothing, version."""


def text_report(generated: Sequence[str], truth: Sequence[str]) -> TextReport:
    """All numbers of pairs of texts, one true text each.

    Source: Papineni et al. 2002 (BLEU) and Popovic 2015 (chrF) as in sacrebleu (Post 2018); Lin 2004 (ROUGE-L, F of
    precision and recall alike) as in rouge-score; Li et al. 2016 (distinct-n).

    Raises:
        UserError: not as many generated as true texts, none at all, or a package is missing.
    """
    if len(generated) != len(truth) or not truth:
        raise UserError(
            f"text metrics: got {len(generated)} generated and {len(truth)} true texts, expected as many, 1 or more"
        )
    sacrebleu, rouge = _package("sacrebleu"), _package("rouge_score.rouge_scorer")
    one, other = [_words(text) for text in generated], [_words(text) for text in truth]
    measurable = any(one) or any(other)
    bleu = sacrebleu.BLEU()
    bleu_score = bleu.corpus_score(list(generated), [list(truth)]).score
    chrf_score = sacrebleu.CHRF().corpus_score(list(generated), [list(truth)]).score
    scorer = rouge.RougeScorer(["rougeL"], use_stemmer=False)
    overlaps = [scorer.score(true, made)["rougeL"].fmeasure for made, true in zip(generated, truth, strict=True)]
    return TextReport(
        texts=len(truth),
        empty=sum(not words for words in one),
        bleu=float(bleu_score) if measurable else None,
        chrf=float(chrf_score) if measurable else None,
        rouge_l=sum(overlaps) / len(overlaps) if measurable else None,
        distinct_1=distinct(one, 1),
        distinct_2=distinct(one, 2),
        distinct_1_true=distinct(other, 1),
        distinct_2_true=distinct(other, 2),
        mean_words=sum(map(len, one)) / len(one),
        mean_words_true=sum(map(len, other)) / len(other),
        signature=str(bleu.get_signature()),
    )


def distinct(texts: Sequence[Sequence[str]], n: int) -> float | None:
    """Different runs of `n` words per run, over all texts together; None where no text is that long."""
    runs = [tuple(words[i : i + n]) for words in texts for i in range(len(words) - n + 1)]
    return len(set(runs)) / len(runs) if runs else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _package(name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = name.partition(".")[0].replace("_", "-")
        raise UserError(f"text metrics need the package {missing}: pip install 'nonverbal[lm]'") from error
