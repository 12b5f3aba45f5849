"""Fixtures that more than one test file of tokens uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from small_evaluation import ALL, Place
from small_talks import BODY, FACE, JOINT, build_talks, tiny_tokenizer

from nonverbal.tokens.evaluate import evaluate
from nonverbal.tokens.store import save_tokenizer
from nonverbal.verdicts import UserError


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("evaluate")
    data = build_talks(root / "ds")
    tokenizers = {
        "face": tiny_tokenizer(FACE),
        "body": tiny_tokenizer(BODY, 1, quantiser="rvq", levels=3, halvings=3),
        "joint": tiny_tokenizer(JOINT, 2),
    }
    for name, tokenizer in tokenizers.items():
        save_tokenizer(tokenizer, root / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nonverbal.tokens.meshes.anny_mesh", _no_anny)  # it takes a minute to start
        found = evaluate(data, tokenizers, ALL)
        yield Place(data, {name: root / name for name in tokenizers}, tokenizers, found)


def _no_anny(space: str) -> None:
    raise UserError(f"no mesh of {space} in this test")
