"""Parameter layouts: widths and orders that others build on."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal import spaces
from nonverbal.verdicts import UserError


@pytest.mark.parametrize(("name", "dim"), [("flame53", 53), ("arkit52", 52), ("smplx117", 117)])
def test_groups_cover_every_column_once(name: str, dim: int) -> None:
    space = spaces.get_space(name)
    covered = np.concatenate([np.arange(dim)[s] for s in space.groups.values()])
    assert space.dim == dim
    assert sorted(covered.tolist()) == list(range(dim))
    assert len(set(space.columns)) == dim


def test_arkit_names_are_apples_in_alphabetical_order() -> None:
    assert list(spaces.ARKIT52_NAMES) == sorted(spaces.ARKIT52_NAMES)
    assert spaces.ARKIT52_NAMES[24] == "jawOpen"
    group = spaces.get_space("arkit52").groups["jaw"]
    assert spaces.ARKIT52_NAMES[group] == ("jawForward", "jawLeft", "jawOpen", "jawRight")


def test_body_columns_follow_smplx_joint_order() -> None:
    space = spaces.get_space("smplx117")
    assert space.columns[6:9] == ("head_x", "head_y", "head_z")
    assert space.columns[27] == "left_index1_x"
    assert space.columns[-3:] == ("right_thumb3_x", "right_thumb3_y", "right_thumb3_z")


def test_the_papers_slices_have_the_papers_widths() -> None:
    emoca, osx = np.arange(156), np.arange(179)
    assert sum(len(emoca[s]) for s in spaces.EMOCA156_TO_FLAME53) == 53
    assert sum(len(osx[s]) for s in spaces.OSX179_TO_SMPLX117) == 117


def test_unknown_space_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="flame53, arkit52, smplx117"):
        spaces.get_space("smpl")
