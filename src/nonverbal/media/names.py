"""File names and text from outside: what may be opened, and how it may be printed."""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path

from nonverbal.verdicts import Reason, RejectedError

MAX_TEXT = 500
"""Characters kept of a title, channel or tag: beyond that it is no name."""


def clean_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` on one line: control, format and undecodable characters become spaces, runs of spaces one, ends cut.

    What is left can be printed to a terminal, written as UTF-8 and put into JSON.
    """
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else c for c in text)
    return " ".join(kept.split())[:limit].rstrip()


def printable(path: str | os.PathLike[str]) -> str:
    """A file name for messages: control characters and bytes that are no UTF-8 are shown as escapes."""
    name = os.fspath(path)
    return "".join(
        c if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF else c.encode("unicode_escape").decode() for c in name
    )


def check_file(path: Path) -> os.stat_result:
    """The state of the regular, readable file at `path`.

    Raises:
        RejectedError: E_NAME for what cannot be opened as a file (dangling or circular link, folder, pipe, device,
            no permission).
    """
    name = printable(path)
    try:
        state = path.stat()
    except OSError as error:
        raise RejectedError(Reason.E_NAME, f"{name}: {_why_no_stat(path, error)}") from error
    except ValueError as error:  # a NUL byte inside the name
        raise RejectedError(Reason.E_NAME, f"{name}: {error}; expected the name of a file; rename it") from error
    if not stat.S_ISREG(state.st_mode):
        raise RejectedError(
            Reason.E_NAME, f"{name} is {_kind(state.st_mode)}, expected a media file; give the file itself"
        )
    if not os.access(path, os.R_OK):
        raise RejectedError(
            Reason.E_NAME, f"{name} may not be read by this user; expected a readable file; change its permissions"
        )
    return state


def _kind(mode: int) -> str:
    for test, kind in (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return kind
    return "no regular file"


def _why_no_stat(path: Path, error: OSError) -> str:
    if os.path.islink(path):  # unlike `Path.is_symlink` it bears names that are too long
        return (
            f"the link leads nowhere ({error.strerror}), expected a link to a file; point it at the file or remove it"
        )
    return f"cannot be opened ({error.strerror}), expected a readable file; check the name and the permissions"
