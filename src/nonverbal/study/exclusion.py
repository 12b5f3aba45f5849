"""Which raters count: rules that stand before anybody has looked at an answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Exclusion:
    """Who does not count."""

    allowed_failures: int = 1
    """A rater who fails more checks than this is left out. A check is failed when, to the first question, the altered
    clip is preferred or a tie is given."""
    min_pairs: int = 1
    """A rater who has rated fewer pairs than this is left out."""

    @property
    def sentence(self) -> str:
        """The rule, for the paper."""
        return (
            f"Raters who failed more than {self.allowed_failures} attention checks (a clip against an altered copy of "
            f"itself, where the copy was preferred or a tie given) or rated fewer than {self.min_pairs} "
            "pairs were left out."
        )
