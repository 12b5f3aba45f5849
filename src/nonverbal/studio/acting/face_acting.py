"""The whole face of a participant: speech, expressions, mood, laughter, lids and looks, put into 52 numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nonverbal.motion.looks import look_coefficients
from nonverbal.motion.rotations import F
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.studio.acting.curves import drift, humps
from nonverbal.studio.acting.expressions import MIXTURES, columns_of, mood_mixture, side_gains
from nonverbal.studio.acting.habits import Doing
from nonverbal.studio.acting.sitting import laugh_shake
from nonverbal.studio.acting.style import Style
from nonverbal.studio.acting.visemes import close_lips, sounds, speak
from nonverbal.studio.talk import Act, Phone, SpokenLine
from nonverbal.types import F32

RISE_S = {"brows_up": 0.16, "wide_eyes": 0.14, "smile": 0.40, "laugh_face": 0.25, "lip_lick": 0.14, "sneer": 0.18}
FALL_S = {"brows_up": 0.28, "wide_eyes": 0.30, "smile": 0.90, "laugh_face": 0.80, "lip_lick": 0.16, "sneer": 0.22}
"""How fast expressions come and go; others take `USUAL_RISE_S` and `USUAL_FALL_S`."""
USUAL_RISE_S, USUAL_FALL_S = 0.25, 0.40

LOUD: dict[Act, float] = {
    "exclaim": 1.2,
    "blame": 1.12,
    "laugh": 1.0,
    "backchannel": 0.8,
    "comfort": 0.88,
    "think": 0.88,
}
"""How strongly acts are articulated; others are 1."""
STRESS_GAIN = (0.9, 1.15, 1.05)
"""By a phone's stress: none, primary, secondary."""
EMPHASIS_GAIN = 1.15

TENSION = np.full(len(ARKIT52_NAMES), 0.03)
TENSION[columns_of(["eyeBlink", "eyeLook", "jaw", "mouthClose", "tongue"])] = 0.0
"""[52] how far muscles wander at rest; eyes, jaw and tongue do not."""

_YIELD = 0.45  # share of an expression around the mouth that speech takes away
_MOUTH = columns_of(["mouth", "jaw"])
_SPEECH_SIDES = tuple(ARKIT52_NAMES.index(n) for n in ("jawLeft", "jawRight", "mouthLeft", "mouthRight", "jawForward"))


def speech_face(lines: Sequence[SpokenLine], style: Style, count: int) -> tuple[F, F]:
    """[count, 52] mouth shapes of what `lines` say, and [count] how far the lips are held together."""
    phones: list[Phone] = []
    strengths: list[float] = []
    for spoken in lines:
        gain = style.articulation * LOUD.get(spoken.line.act, 1.0)
        stressed = set(spoken.line.emphasis)
        for i, word in enumerate(spoken.words):
            word_gain = gain * (EMPHASIS_GAIN if i in stressed else 1.0)
            phones.extend(word.phones)
            strengths.extend(word_gain * STRESS_GAIN[phone.stress] for phone in word.phones)
    return speak(sounds(phones, strengths), count)


def expression_face(acts: Sequence[Doing], lines: Sequence[SpokenLine], style: Style, count: int) -> F:
    """[count, 52] expressions and moods at the style's expressiveness; sums may pass 1."""
    mine = [act for act in acts if act.does in MIXTURES]
    rise_s = np.array([RISE_S.get(act.does, USUAL_RISE_S) for act in mine])
    fall_s = np.array([FALL_S.get(act.does, USUAL_FALL_S) for act in mine])
    start_s, end_s = np.array([act.start_s for act in mine]), np.array([act.end_s for act in mine])
    amounts = np.array([act.size * MIXTURES[act.does] for act in mine]).reshape(-1, len(ARKIT52_NAMES))
    face = humps(count, start_s - 0.5 * rise_s, rise_s, end_s - start_s - 0.5 * rise_s, fall_s) @ amounts
    moods = np.array([mood_mixture(line.line.mood) for line in lines]).reshape(-1, len(ARKIT52_NAMES))
    begin_s = np.array([line.start_s for line in lines])
    lasts_s = np.array([line.end_s for line in lines]) - begin_s
    face += humps(count, begin_s - 0.2, 0.4, lasts_s - 0.1, 0.9) @ moods
    laughs = [act for act in acts if act.does == "laugh_face"]
    jaw = 0.16 * laugh_shake(laughs, count)
    face[:, ARKIT52_NAMES.index("jawOpen")] += np.maximum(jaw, -0.9 * face[:, ARKIT52_NAMES.index("jawOpen")])
    return np.asarray(style.expressiveness * face)


def put_together(speech: F, closed: F, expression: F, voiced: F, style: Style, rng: np.random.Generator) -> F:
    """[T, 52] the face but for lids and looks, in [0, 1].

    Args:
        speech: [T, 52], closed: [T] as `speech_face` gives them.
        expression: [T, 52] as `expression_face` gives it.
        voiced: [T] 0 to 1, where the person speaks, with soft edges.
    """
    count = len(speech)
    shown = expression + style.smile_bias * MIXTURES["smile"]
    shown += TENSION * np.abs(drift(count, rng, 2.0, shown.shape[1]))
    shown[:, _MOUTH] *= 1.0 - _YIELD * voiced[:, None]
    shown *= side_gains(style.asymmetry) * (1.0 + 0.08 * _seesaw(count, rng))
    face = _soften(shown + speech)
    aside = 0.07 * drift(count, rng, 0.8, 3) * (0.35 + 0.65 * voiced)[:, None]
    for column, amount in zip(
        _SPEECH_SIDES, (aside[:, 0], -aside[:, 0], aside[:, 1], -aside[:, 1], aside[:, 2]), strict=True
    ):
        face[:, column] += np.maximum(amount, 0.0)
    openers = columns_of(["mouthLowerDown", "mouthUpperUp"])
    face[:, openers] *= 1.0 - closed[:, None]
    close_lips(face, closed)
    return np.clip(face, 0.0, 1.0)


def add_eyes(face: F, gaze: F, lid: F) -> F32:
    """[T, 52] float32 with lids [T, 2] and the eyeLook columns of `gaze` [T, 4]; a blink narrows all around the eye."""
    for side, name in enumerate(("Left", "Right")):
        column = ARKIT52_NAMES.index("eyeBlink" + name)
        face[:, column] = np.clip(np.maximum(face[:, column], lid[:, side]), 0.0, 1.0)
        squint, wide = ARKIT52_NAMES.index("eyeSquint" + name), ARKIT52_NAMES.index("eyeWide" + name)
        face[:, squint] = np.clip(face[:, squint] + 0.18 * lid[:, side], 0.0, 1.0)
        face[:, wide] *= 1.0 - lid[:, side]
    for name, values in look_coefficients(gaze).items():
        face[:, ARKIT52_NAMES.index(name)] = values
    return face.astype(np.float32)


def _soften(values: F) -> F:
    """Leaves values to 0.7 as they are and bends larger ones so that they near 1 and never pass it."""
    over = np.maximum(values - 0.7, 0.0)
    return np.where(values > 0.7, 0.7 + 0.3 * over / (over + 0.3), np.maximum(values, 0.0))


def _seesaw(count: int, rng: np.random.Generator) -> F:
    """[count, 52] -1..1 on left coefficients and the opposite on right ones, slowly changing."""
    return drift(count, rng, 3.0, 1) * (side_gains(1.0) - 1.0)
