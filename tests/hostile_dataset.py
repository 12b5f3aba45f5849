"""A dataset whose every text tries to become markup, script, a path or a terminal's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import Row
from nonverbal.dataset.schema import ClipMotion
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source
from nonverbal.dataset.write import Contents, Entry, write_dataset

TEXTS = (
    "<script>window.injected=1</script>",
    "<img src=x onerror=window.injected=1>",
    "<svg onload=window.injected=1>",
    '"><script>window.injected=1</script>',
    "'><img src=x onerror=window.injected=1>",
    "</title><script>window.injected=1</script>",
    "</script><script>window.injected=1</script>",
    "</textarea><script>window.injected=1</script>",
    "</style><script>window.injected=1</script>",
    "<!--<script>window.injected=1</script>-->",
    "<body onload=window.injected=1>",
    "<iframe src=javascript:window.parent.injected=1>",
    "<iframe srcdoc='<script>parent.injected=1</script>'>",
    "<object data=javascript:window.injected=1>",
    "<embed src=javascript:window.injected=1>",
    "<a href=javascript:window.injected=1>press</a>",
    "<form action=javascript:window.injected=1><button>press</button></form>",
    "<input autofocus onfocus=window.injected=1>",
    "<details open ontoggle=window.injected=1>",
    "<video><source onerror=window.injected=1></video>",
    "<audio src=x onerror=window.injected=1>",
    "<math><mtext><script>window.injected=1</script></mtext></math>",
    "<marquee onstart=window.injected=1>",
    "<meta http-equiv=refresh content='0;url=javascript:window.injected=1'>",
    "<link rel=stylesheet href=javascript:window.injected=1>",
    "<base href=//example.invalid/>",
    "<style>@import 'javascript:window.injected=1'</style>",
    "<div style=background:url(javascript:window.injected=1)>",
    "<template><script>window.injected=1</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=window.injected=1>'>",
    "javascript:window.injected=1",
    "JaVaScRiPt:window.injected=1",
    "data:text/html,<script>window.injected=1</script>",
    "vbscript:msgbox(1)",
    "&lt;script&gt;window.injected=1&lt;/script&gt;",
    "&#60;script&#62;window.injected=1&#60;/script&#62;",
    "%3Cscript%3Ewindow.injected=1%3C/script%3E",
    "\\u003cscript\\u003ewindow.injected=1\\u003c/script\\u003e",
    "\\x3cscript\\x3ewindow.injected=1\\x3c/script\\x3e",
    "${window.injected=1}",
    "{{constructor.constructor('window.injected=1')()}}",
    "`;window.injected=1;`",
    "';window.injected=1;//",
    '";window.injected=1;//',
    "__proto__",
    "constructor",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "\u202ereversed\u202c \u2028 \u2029 line ends",
    "\x1b[31mred\x1b[0m\x07 bell \x08 back",
)
"""Fifty texts; those that run as script set `window.injected`."""

_DURATION_S = 8.0


def hostile_dataset(folder: Path) -> list[str]:
    """Write a dataset of fifty dialogues to `folder`; returns the texts in it.

    Text number i is the title of a dialogue, the channel of the next one, and the name of its source; it is what both
    say, word by word and as a whole, once in a turn that is harmful. Where a path can hold it, it is a participant.
    """
    drafts = folder.parent / f"{folder.name} motion"
    drafts.mkdir(parents=True)
    entries, sources, clips = [], [], []
    for number, text in enumerate(TEXTS):
        row = _row(number, text)
        motion = drafts / f"{row['dialogue_id']}.parquet"
        MotionCodec().write(motion, _motion(number, row["participants"]))
        entries.append(Entry(row["dialogue_id"], row["source_id"], "", motion, lambda row=row: row))
        sources.append(_source(row, text))
        clips.append({name: row[name] for name in ("source_id", "start_s", "duration_s")} | _verdict(row, text))
    write_dataset(folder, Contents(entries, sources, clips, {"cues": {"fps": 25}}), SplitConfig())
    return list(TEXTS)


def _row(number: int, text: str) -> Row:
    source = synthetic_source(number)
    clip = synthetic_clip(source, 0.0, _DURATION_S)
    first = "A" if set(text) & set("/%\\") else text
    turns = [_turn(name, start_s, text, start_s == 4.0) for name, start_s in ((first, 0.5), ("B", 2.5), (first, 4.0))]
    return {
        "dialogue_id": clip.clip_id,
        "source_id": clip.source_id,
        "url": text,
        "channel": TEXTS[number - 1],
        "title": text,
        "licence": text,
        "start_s": 0.0,
        "duration_s": _DURATION_S,
        "language": text[:20],
        "participants": [first, "B"],
        "turns": turns,
    }


def _turn(participant: str, start_s: float, text: str, harmful: bool) -> Row:
    said = f"{text} harm" if harmful else text
    words = [
        {
            "word": word,
            "start_s": start_s + 0.1 * i,
            "end_s": start_s + 0.1 * i + 0.1,
            "prob": 0.9,
            "interpolated": False,
        }
        for i, word in enumerate(said.split(" ")[:10])
    ]
    return {
        "participant": participant,
        "start_s": start_s,
        "end_s": start_s + 1.2,
        "text": said,
        "words": words,
        "sentences": [0],
        "harm": 0.99 if harmful else 0.01,
        "harmful": harmful,
    }


def _motion(seed: int, participants: Sequence[str]) -> ClipMotion:
    clip = synthetic_clip(synthetic_source(seed), 0.0, _DURATION_S)
    made = synthetic_motion(clip, seed).participants
    renamed = (replace(motion, participant=name) for motion, name in zip(made, participants, strict=True))
    return ClipMotion(clip.clip_id, tuple(renamed))


def _source(row: Row, text: str) -> Row:
    return {
        "source_id": row["source_id"],
        "file_name": text,
        "size_bytes": 1,
        **{name: row[name] for name in ("url", "channel", "title", "licence")},
        "fetched_at": "",
        "n_clips": 1,
        "n_dialogues": 1,
        "verdict": "kept",
        "stage": "",
        "reason": "",
        "message": text,
    }


def _verdict(row: Row, text: str) -> Row:
    return {"clip_id": row["dialogue_id"], "verdict": "kept", "stage": "", "reason": "", "message": text}
