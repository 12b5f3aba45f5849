from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from nonverbal.avatar.look import HAIR_STYLES, Look, random_look


def test_the_same_generator_gives_the_same_look() -> None:
    assert random_look(np.random.default_rng(4), 0.3) == random_look(np.random.default_rng(4), 0.3)
    assert random_look(np.random.default_rng(4), 0.3) != random_look(np.random.default_rng(5), 0.3)


def test_looks_vary_as_people_do() -> None:
    rng = np.random.default_rng(0)
    women, men = ([random_look(rng, gender) for _ in range(300)] for gender in (0.0, 1.0))
    brightness = np.array([np.mean(look.skin) for look in women + men])
    assert brightness.min() < 75
    assert brightness.max() > 190
    assert {look.hair_style for look in women + men} == set(HAIR_STYLES)
    assert not any(look.beard for look in women)
    assert 0.3 < np.mean([look.beard > 0 for look in men]) < 0.6
    long = [sum(Counter(look.hair_style for look in group)[s] for s in ("bob", "long")) for group in (women, men)]
    assert long[0] > 4 * long[1]
    for look in women + men:
        assert all(0 <= c <= 255 for colour in (look.skin, look.lips, look.iris, look.hair, look.shirt) for c in colour)


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"hair_style 'mullet'; known are bald, buzz"):
        replace(Look(), hair_style="mullet")  # type: ignore[arg-type]
