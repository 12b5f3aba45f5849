"""Text in tables: what cannot be shown, or would deceive, is escaped; all else stays as it was written."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.dataset.parquet import schema_difference
from nonverbal.dataset.rows import KEPT, SourceVerdict, clean, clip_row, source_row
from nonverbal.dataset.schema import CLIP_SCHEMA, DIALOGUE_SCHEMA, SOURCE_SCHEMA, motion_schema
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_source


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_becomes_utf8_without_controls(text: str) -> None:
    shown = clean(text)
    assert shown.encode("utf-8").decode() == shown
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert clean(shown) == shown


@pytest.mark.parametrize("text", ["it’s – “fine” é 日本語 😀👩‍👩‍👧", "a\u00a0b\u3000c", r"back\slash", ""])
def test_what_can_be_shown_is_left_alone(text: str) -> None:
    assert clean(text) == text


def test_escape_sequences_and_reversed_text_are_shown_as_escapes() -> None:
    assert clean("\x1b[31mred\nline\u202egnp.exe\udcff\x00") == r"\x1b[31mred\nline\u202egnp.exe\udcff\x00"


def test_a_source_whose_clips_all_fell_counts_for_their_commonest_reason() -> None:
    source = synthetic_source(1)
    clips = [
        clip_row(synthetic_clip(source, 60.0 * i), "rejected", "visible", reason, "why")
        for i, reason in enumerate(["E_NO_FACE", "E_STILL", "E_STILL"])
    ]
    row = source_row(SourceVerdict(source), clips)
    assert (row["verdict"], row["stage"], row["reason"]) == ("rejected", "visible", "E_STILL")
    clips.append(clip_row(synthetic_clip(source, 600.0), KEPT))
    row = source_row(SourceVerdict(source), clips)
    assert (row["verdict"], row["reason"], row["n_clips"], row["n_dialogues"]) == (KEPT, "", 4, 1)


@pytest.mark.parametrize(
    "schema", [motion_schema(52, 117), motion_schema(53, 117), DIALOGUE_SCHEMA, SOURCE_SCHEMA, CLIP_SCHEMA]
)
def test_every_difference_of_schemas_is_named(schema: pa.Schema) -> None:
    assert schema_difference(schema, schema) == ""
    for i, field in enumerate(schema):
        assert f"{field.name!r} is missing" in schema_difference(schema.remove(i), schema)
        assert f"{field.name!r} is" in schema_difference(schema.set(i, field.with_type(pa.date32())), schema)
        assert f"{field.name!r} is" in schema_difference(schema.set(i, field.with_nullable(True)), schema)
    assert "another order" in schema_difference(pa.schema(list(schema)[::-1]), schema)


def test_widths_of_other_spaces_are_named() -> None:
    assert "fixed_size_list" in schema_difference(motion_schema(53, 117), motion_schema(52, 117))
