"""The dataset's card: README.md with the front matter that the Hugging Face hub and `datasets` read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from nonverbal.dataset.manifest import CLIPS_NAME, SOURCES_NAME, ModelUse
from nonverbal.dataset.rows import KEPT, Row
from nonverbal.dataset.schema import SPLITS
from nonverbal.dataset.stats import PUBLISHED, Statistics, detail_rows
from nonverbal.spaces import SPACES
from nonverbal.types import PARTS

_USE = """\
## Responsible use

Faces, voices and manners of speaking are personal, in many places biometric, data of the people shown. Use this dataset
only as the licences of its sources and the law allow. Do not use it to identify people, to infer health, origin or
beliefs, or to imitate a person without their consent. Honour requests for removal: the module `nonverbal.dataset.purge`
deletes every row and file of a source; those who hold copies should do the same.

What the models saw is not ground truth: transcripts contain errors, harm scores are those of a small text classifier
and nothing was removed because of them, and face and body are estimates from one camera. Read `validity` and
`confidence` before using a frame: the values of a part that was not seen are zero.
"""

_READ = """\
## How to read it

```python
from datasets import load_dataset
dialogues = load_dataset("DIR")             # who said what when, harm scores
motion = load_dataset("DIR", "motion")      # face, body, gaze and head pose, 25 rows a second

import polars as pl
words = pl.scan_parquet("DIR/dialogues/*.parquet").select("dialogue_id", "turns").collect()

from pathlib import Path
from nonverbal.dataset.read import open_dataset
dataset = open_dataset(Path("DIR"))
face = dataset.column(dataset.ids()[0], "A", "face")                # [T, D], a view, nothing copied
smooth = dataset.motion(dataset.ids()[0], "A", smooth=True)         # Savitzky-Golay 5/2, as in the paper
```

```sql
-- DuckDB: turns and seconds of talk of each participant
SELECT dialogue_id, t.participant, count(*) AS turns, sum(t.end_s - t.start_s) AS talk_s
FROM (SELECT dialogue_id, unnest(turns) AS t FROM 'DIR/dialogues/*.parquet') GROUP BY ALL ORDER BY ALL;
```

Times are seconds inside the dialogue, half-open. Motion values are raw. `dataset.json` holds the settings, the content
hash, and size and sha256 of every file; `nonverbal validate DIR` checks them.
"""


_COLUMNS = (
    (
        "`dialogues`: start_s, duration_s",
        "s",
        "where the clip lies in its source; all other times count from the clip's start",
    ),
    (
        "turns",
        "",
        "participant, start_s, end_s, text, words, sentences, harm (0 to 1; null where the talk was not scored), "
        "harmful (harm reached the threshold), harm_scores (label and score of each kind of harm)",
    ),
    ("turns.words", "s", "word, start_s, end_s, prob (0 to 1), interpolated (the time is filled in, not heard)"),
    (
        "turns.words.prosody",
        "Hz, dB, st",
        "pitch_hz, pitch_range_st, pitch_slope_st_s, energy_db (against the speaker's median), syllables_s, voiced, "
        "alone (share of the word in which nobody else talks); null where it was not asked for or is unknown",
    ),
    ("turns.sentences", "", "index of the first word of each sentence in `words`"),
    (
        "events",
        "s",
        "what listeners do: participant, kind (backchannel, nod, shake, smile, brow_raise), start_s, end_s, during "
        "(who talks), strength (words; degrees; coefficients), confidence (0 to 1)",
    ),
    (
        "`motion`: face, body",
        "",
        "[n_frames, D] in `face_space` and `body_space`, `fps` rows a second, over the whole clip",
    ),
    ("validity, confidence", "0 or 1; 0 to 1", "[n_frames, 6] for {parts}"),
    ("head_pose", "rad, m", "[n_frames, 6] axis-angle and translation; camera frame: x right, y down, z away"),
    (
        "gaze",
        "rad",
        "[n_frames, 4] left yaw and pitch, right yaw and pitch, relative to the head; to the person's left, up",
    ),
    ("bbox", "px", "[n_frames, 4] face box x0, y0, x1, y1 in the upright picture"),
    ("speaking", "0 or 1", "[n_frames] the participant talks; a column, not a filter"),
)


def write_card(
    stats: Statistics,
    splits: dict[str, int],
    spaces: tuple[str, str],
    tables: tuple[Sequence[Row], Sequence[Row]],
    models: Sequence[ModelUse],
    stages: Sequence[str],
) -> str:
    """The text of README.md; `tables` are the rows of sources.parquet and clips.parquet, `stages` names in order."""
    sources, clips = tables
    parts = [
        front_matter(stats, splits),
        _title(stats),
        _counts(stats, splits),
        _columns(),
        _layout(spaces),
        _funnel(sources, clips, stages),
        _licences(sources, models),
        _READ,
        _USE,
    ]
    return "\n".join(part for part in parts if part)


def _title(stats: Statistics) -> str:
    more = stats.participants > 2 * stats.dialogues
    who, talkers = ("all", "people") if more else ("both", "two people")
    return (
        f"# Dialogues with face, body and gaze of {who} participants\n\n"
        f"Built with nonverbal from videos of {talkers} talking: text with word times, turns, and for {who}\n"
        "participants motion 25 times a second, whether they speak or listen.\n"
    )


def front_matter(stats: Statistics, splits: dict[str, int]) -> str:
    """YAML between dashes: configs with their files, languages, tags."""
    lines = ["---", "pretty_name: Dialogues with nonverbal cues", "license: other"]
    lines += ["language:", *(f"- {json.dumps(name)}" for name in stats.languages)] if stats.languages else []
    lines += ["tags:", *(f"- {tag}" for tag in ("dialogue", "nonverbal", "face", "gesture", "motion")), "configs:"]
    for config in ("dialogues", "motion"):
        filled = [split for split in SPLITS if splits.get(split)]
        if filled:
            lines += [f"- config_name: {config}", *(["  default: true"] if config == "dialogues" else [])]
            lines.append("  data_files:")
            lines += [line for s in filled for line in (f"  - split: {s}", f"    path: {config}/{s}-*.parquet")]
    for name in (SOURCES_NAME, CLIPS_NAME):
        lines += [f"- config_name: {name.split('.')[0]}", "  data_files:", "  - split: seen", f"    path: {name}"]
    return "\n".join([*lines, "---", ""])


def _counts(stats: Statistics, splits: dict[str, int]) -> str:
    rows = [("dialogues", f"{stats.dialogues:,}"), ("turns", f"{stats.turns:,}"), ("hours", f"{stats.hours:.3f}")]
    rows += [("sentences", f"{stats.sentences:,}"), ("unique words", f"{stats.unique_words:,}")]
    rows += [("frames per turn", f"{stats.frames_per_turn:.1f}"), *detail_rows(stats)]
    rows += [(f"dialogues in {split}", f"{n:,}") for split, n in splits.items()]
    venus = next(p for p in PUBLISHED if p.name == "VENUS")
    return (
        "## Counts\n\n"
        + _table(("what", "value"), rows)
        + f"\nFor comparison, VENUS: {venus.dialogues:,} dialogues, {venus.turns:,} turns, {venus.hours:,} h.\n"
    )


def _columns() -> str:
    rows = [(name, unit, text.format(parts=", ".join(PARTS))) for name, unit, text in _COLUMNS]
    return "## Columns\n\n" + _table(("column", "unit", "meaning"), rows)


def _layout(spaces: tuple[str, str]) -> str:
    known = [SPACES[name] for name in spaces if name in SPACES]
    if not known:
        return ""
    rows = [(space.name, str(space.dim), space.unit, space.licence) for space in known]
    orders = [f"`{space.name}` in order: {', '.join(space.columns)}.\n" for space in known]
    return "\n".join(["## Parameter spaces\n", _table(("space", "numbers", "unit", "licence"), rows), *orders])


def _funnel(sources: Sequence[Row], clips: Sequence[Row], stages: Sequence[str]) -> str:
    rows = [("sources seen", "", "", f"{len(sources):,}")]
    rows += _losses([s for s in sources if s["n_clips"] == 0], stages)
    rows += [("clips cut", "", "", f"{len(clips):,}"), *_losses(clips, stages)]
    rows += [("dialogues kept", "", "", f"{sum(c['verdict'] == KEPT for c in clips):,}")]
    return "## Filter funnel\n\n" + _table(("step", "stage", "reason", "count"), rows)


def _losses(rows: Sequence[Row], stages: Sequence[str]) -> list[tuple[str, str, str, str]]:
    counts = Counter((r["stage"], r["verdict"], r["reason"]) for r in rows if r["verdict"] != KEPT)
    order = {stage: i for i, stage in enumerate(stages)}
    ranked = sorted(counts.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0]))
    return [(f"– {verdict}", stage, reason, f"{n:,}") for (stage, verdict, reason), n in ranked]


def _licences(sources: Sequence[Row], models: Sequence[ModelUse]) -> str:
    kept = Counter(s["licence"] or "not stated" for s in sources if s["n_dialogues"])
    text = "## Licences\n\n" + _table(
        ("licence of the sources", "sources"), [(k, f"{n:,}") for k, n in sorted(kept.items())]
    )
    rows = [(m.stage, m.model, m.origin, m.licence) for m in models]
    return text + ("\n" + _table(("stage", "model", "from", "licence"), rows) if rows else "")


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(_cell(value) for value in line)} |\n" for line in lines)


def _cell(value: str) -> str:
    """A value that can neither break out of its cell nor be read as HTML."""
    return value.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
