"""The names of the tokens that a stream adds to a base model's, and the kinds of tokens there are."""

UNSEEN, LISTENER, SYSTEM = "<UNSEEN>", "<LISTENER>", "<SYSTEM>"

TEXT, CONTROL, FIRST_PART = 0, 1, 2
"""Kinds of tokens; part i of a configuration is ``FIRST_PART + i``."""


def token_name(part: str, level: int, code: int) -> str:
    """``("face", 0, 12)`` -> ``<FACE_12>``; residual levels are ``<FACE1_12>`` and on."""
    return f"<{part.upper()}{level or ''}_{code}>"
