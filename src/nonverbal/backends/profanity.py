"""The linear classifier of `alt-profanity-check`: how likely is a text harmful."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.harm_models import DEFAULT, OWN_LABELS
from nonverbal.verdicts import UserError
from nonverbal.weights import installed_file

_FILES = {
    "data/model.joblib": "aeafc04849d4d93db4721cf30a86ebf22085595294b8a07d51918e7fa98f538b",
    "data/vectorizer.joblib": "19c5200dc6a41f026e0558e2f164f5fe8d8f58e502b46b37e4385037fcfa4831",
}


class Profanity:
    """See `HarmModel`: one label, and English alone."""

    labels = OWN_LABELS[DEFAULT]

    def score(self, texts: Sequence[str], tick: Callable[[float], None]) -> NDArray[np.float64]:
        """[N, 1] as `harm_probabilities`."""
        scores = harm_probabilities(texts)[:, None]
        tick(1.0)
        return scores


def harm_probabilities(texts: Sequence[str]) -> NDArray[np.float64]:
    """[N] probability in [0, 1] that each text is harmful; 0 for an empty one."""
    if not texts:
        return np.zeros(0)
    scores = np.asarray(_classifier().predict_prob(list(texts)), dtype=np.float64)
    return np.where([bool(text.strip()) for text in texts], scores, 0.0)


@lru_cache(maxsize=1)
def _classifier() -> ModuleType:
    # The package unpickles these two files when it is imported, and a pickle runs whatever it says: check them first.
    for path, sha256 in _FILES.items():
        installed_file("profanity_check", path, sha256)
    try:
        import profanity_check
    except ImportError as error:
        raise UserError("alt-profanity-check is missing: run pip install 'nonverbal[offline]'") from error
    return profanity_check
