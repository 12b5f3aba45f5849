"""A command that does not serve says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from nonverbal.serve.background import serving
from nonverbal.verdicts import UserError


def test_what_keeps_a_command_from_serving_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=r"nothing is served: nonverbal: .*nowhere"),
        serving("view", tmp_path / "nowhere"),
    ):
        pass
