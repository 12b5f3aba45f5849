"""Models of looks: the list, what it says is missing, and the arithmetic all of them share."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.backends import looks
from nonverbal.backends.looks import CHOICES, backend_of, cosine, look_model, unit
from nonverbal.verdicts import UserError

pytest.importorskip("torch", reason="torch is not installed")


@pytest.mark.parametrize("name", [choice.name for choice in CHOICES])
def test_every_choice_has_a_model_that_compares_without_weights(name: str) -> None:
    """`visible` and `identity` compare; only `watch` describes."""
    model, limits = look_model(name), look_model(name).likenesses
    assert model.name == name
    assert model is look_model(name)
    assert limits.maybe <= limits.other <= limits.same <= 1.0
    assert limits.margin > 0
    a = unit(np.arange(1, 9, dtype=np.float32))
    assert model.likeness(a, a) == pytest.approx(1.0, abs=1e-6)
    assert model.likeness(a, np.zeros_like(a)) == 0.0
    assert model.likeness(a, a[:5]) == 0.0


def test_a_wrong_name_lists_the_right_ones() -> None:
    for ask in (backend_of, look_model):
        with pytest.raises(UserError, match="identity_model is 'facenet', expected one of: appearance, mobilenetv3"):
            ask("facenet")


def test_only_the_default_needs_nothing() -> None:
    assert [choice.name for choice in CHOICES if choice.default] == ["appearance"] == [looks.DEFAULT]
    assert backend_of("appearance").problem() is None
    assert all(choice.requirements and choice.licence for choice in CHOICES[1:])


def test_cosine_and_unit_by_hand() -> None:
    a, b = np.asarray([3, 4], np.float32), np.asarray([4, -3], np.float32)
    assert unit(a).tolist() == pytest.approx([0.6, 0.8])
    assert cosine(a, b) == pytest.approx(0.0, abs=1e-7)
    assert cosine(a, -2 * a) == pytest.approx(-1.0)
    assert not unit(np.zeros(3, np.float32)).any()
