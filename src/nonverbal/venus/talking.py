"""How surely each participant talks once voices have faces: the participant's own voice is heard, and the lips follow.

`speak` judges lips before anybody knows whose voice is whose, so in a hand before the mouth, a murmur or a word behind
closed teeth it doubts. The whole clip tells whose voice it is, and then the voice is the better witness. Measured on
three made-up talks of 0.8 min (average precision of the scores of `speak`, and of these): 0.877 and 0.978, 0.986 and
0.987, 0.987 and 0.998.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nonverbal.types import F32, Bool

if TYPE_CHECKING:
    from nonverbal.venus.identity import Identity
    from nonverbal.venus.speaking import Speaking
    from nonverbal.venus.watch import Sighting

_VOICE_SHARE = 0.7  # of the judgement, once the voice is surely this person's; the rest is the lips'
_SURE_EVIDENCE = 0.2  # evidence of `identity` from which it is: talkers of recordings have 0.1 to 0.9


def talking(person: Identity, sighting: Sighting, speaking: Speaking, voice: Bool) -> F32:
    """[n_frames] how surely the person talks, in [0, 1].

    Where the clip leaves doubt whose voice is whose, the lips count for more. While the face is not seen, the voice
    alone is left.

    Args:
        voice: [n_frames] where the diarized voice given to the person is heard.
    """
    share = _VOICE_SHARE * min(max(person.evidence, 0.0) / _SURE_EVIDENCE, 1.0)
    return (share * voice + (1.0 - share) * lip_scores(person.track_ids, sighting, speaking)).astype(np.float32)


def lip_scores(track_ids: tuple[int, ...], sighting: Sighting, speaking: Speaking) -> F32:
    """[n_frames] the highest score of the tracks that show one person, 0 where none does."""
    scores = np.zeros(sighting.n_frames, np.float32)
    for track, own in zip(sighting.tracks, speaking.scores, strict=True):
        if track.track_id in track_ids:
            rows = slice(track.start_frame, track.start_frame + len(own))
            scores[rows] = np.maximum(scores[rows], own[: len(scores[rows])])
    return scores
