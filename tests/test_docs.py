"""What the documents say must hold: every reason is explained, the tree is the tree, commands and files exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nonverbal.cli import _parse
from nonverbal.verdicts import Reason

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


def test_every_reason_is_explained() -> None:
    text = (ROOT / "docs" / "verdicts.md").read_text()
    assert [reason for reason in Reason if not re.search(rf"\b{reason}\b", text)] == []


def test_no_document_names_a_reason_that_does_not_exist() -> None:
    for document in DOCUMENTS:
        assert set(re.findall(r"\bE_[A-Z_]+\b", document.read_text())) <= {str(reason) for reason in Reason}


def test_the_tree_in_the_readme_is_the_tree() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "readme_tree.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_flags_in_the_readme_are_real() -> None:
    text = (ROOT / "README.md").read_text()
    flags = re.search(r"`(--skip-intro-s [^`]+)`", text)
    assert flags
    command = _parse(["build", "a.mp4", "--out", "d", *flags[1].split()])
    assert command.settings.segment.min_clip_s == 5.0


def test_the_readmes_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)\b", (ROOT / "README.md").read_text(), re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_ci_calls_the_readmes_test_command() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text()
