"""The tokens table: it holds what the tokenizers say, anyone can read it, and damage is told in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from small_talks import BODY, FACE, JOINT, build_talks, tiny_tokenizer

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.validate import validate
from nonverbal.pipeline import faults
from nonverbal.pipeline.lock import LockedError, OutputError, claim
from nonverbal.tokens import table_write
from nonverbal.tokens.chosen import Chosen, Loaded, check_fit
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.table import TokenTable, open_tokens
from nonverbal.tokens.table_write import write_tokens
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.verdicts import Reason, UserError


def chosen_of(**tokenizers: Tokenizer) -> Chosen:
    return {part: Loaded(Path(part), tokenizer, tokenizer.hash) for part, tokenizer in tokenizers.items()}


@pytest.fixture(scope="module")
def both() -> Chosen:
    """One codebook for the face, three residual ones of another rate for the body."""
    body = tiny_tokenizer(BODY, 1, quantiser="rvq", levels=3, halvings=3)
    return chosen_of(face=tiny_tokenizer(FACE), body=body)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset, which tests get copies of."""
    return build_talks(tmp_path_factory.mktemp("tokens") / "ds").root


@pytest.fixture(scope="module")
def written(bare: Path, both: Chosen, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a table."""
    root = Path(shutil.copytree(bare, tmp_path_factory.mktemp("tokens") / "ds"))
    write_tokens(open_dataset(root), both)
    return root


@pytest.fixture
def dataset(request: pytest.FixtureRequest, bare: Path, tmp_path: Path) -> Dataset:
    """A dataset, with a table where the test asks for one."""
    root = request.getfixturevalue("written") if "table" in request.fixturenames else bare
    return open_dataset(Path(shutil.copytree(root, tmp_path / "ds")))


@pytest.fixture
def table(dataset: Dataset) -> TokenTable:
    return open_tokens(dataset.root)


def everybody(dataset: Dataset) -> Iterator[tuple[str, str]]:
    return ((i, name) for i in dataset.ids() for name in dataset.row(i)["participants"])


def test_a_table_holds_what_the_tokenizers_say_of_smoothed_motion(
    dataset: Dataset, table: TokenTable, both: Chosen
) -> None:
    found = [(row.dialogue_id, row.participant, row.split, row.n_frames) for row in table.rows]
    assert found == [(i, name, dataset.split(i), 101) for i, name in everybody(dataset)]
    for dialogue_id, name in everybody(dataset):
        for part, loaded in both.items():
            rows = motion_rows(dataset.motion(dialogue_id, name, smooth=True), loaded.tokenizer.spaces)
            codes = table.codes(dialogue_id, name, part)
            assert codes.dtype == np.int32
            assert np.array_equal(codes, loaded.tokenizer.encode(*rows))
    assert table.row(dataset.ids()[0], "A").n_frames == 101


def test_raw_motion_is_another_table(dataset: Dataset, table: TokenTable, both: Chosen) -> None:
    raw = write_tokens(dataset, both, smooth=False).table
    assert (table.info.smooth, raw.info.smooth) == (True, False)
    assert raw.path != table.path
    rows = motion_rows(dataset.motion(raw.rows[0].dialogue_id, "A"), FACE)
    assert np.array_equal(raw.codes(raw.rows[0].dialogue_id, "A", "face"), both["face"].tokenizer.encode(*rows))


def test_a_token_is_invalid_where_none_of_its_frames_is_valid(dataset: Dataset, table: TokenTable) -> None:
    lost = dict.fromkeys(table.parts, 0)
    for dialogue_id, name in everybody(dataset):
        validity = dataset.motion(dialogue_id, name).validity
        for part, columns in (("face", [0]), ("body", [3, 4, 5])):
            size = table.parts[part].frames_per_token
            for token, code in enumerate(table.codes(dialogue_id, name, part)):
                seen = validity[token * size : (token + 1) * size][:, columns].any()
                assert (code == -1).all() != seen
                assert (code == -1).any() != seen
                lost[part] += not seen
    assert lost == {part: info.invalid_tokens for part, info in table.parts.items()}
    assert min(lost.values()) > 0


def test_the_counts_are_those_of_the_codes(dataset: Dataset, table: TokenTable, both: Chosen) -> None:
    assert (table.info.dialogues, table.info.rows, table.info.frames) == (4, 8, 8 * 101)
    for part, info in table.parts.items():
        codes = np.concatenate([table.codes(*who, part) for who in everybody(dataset)])
        assert (info.tokens, info.invalid_tokens) == (len(codes), int((codes[:, 0] == -1).sum()))
        assert info.used_codes == tuple(len(set(level) - {-1}) for level in codes.T.tolist())
        assert info.used_codes[0] > 3
        tokenizer = both[part].tokenizer
        assert (info.tokenizer_hash, info.folder) == (tokenizer.hash, part)
        assert (info.fps, info.frames_per_token, info.num_codebooks) == (25.0, *rate_of(tokenizer))
        assert (info.codebook_size, info.bits_per_s) == (32, tokenizer.bits_per_s)
        assert info.config["quantiser"] == tokenizer.config.quantiser


def rate_of(tokenizer: Tokenizer) -> tuple[int, int]:
    return tokenizer.frames_per_token, tokenizer.num_codebooks


def test_anyone_can_read_it_without_our_code(table: TokenTable, tmp_path: Path) -> None:
    first = table.rows[0]
    face, body = (table.codes(first.dialogue_id, first.participant, part).tolist() for part in ("face", "body"))
    where = f"dialogue_id = '{first.dialogue_id}' AND participant = '{first.participant}'"
    query = f"SELECT split, n_frames, face, body FROM '{table.path}' WHERE {where}"
    assert duckdb.sql(query).fetchall() == [(first.split, 101, face, body)]
    counted = f"SELECT count(*) FROM (SELECT unnest(face) AS code FROM '{table.path}') WHERE code[1] = -1"
    assert duckdb.sql(counted).fetchall() == [(table.parts["face"].invalid_tokens,)]
    plain = pq.read_table(table.path)
    assert (plain["face"][0].as_py(), plain["body"][0].as_py()) == (face, body)
    rows = load_dataset("parquet", data_files=str(table.path), split="train", cache_dir=str(tmp_path / "cache"))
    assert (rows[0]["face"], rows[0]["body"], len(rows)) == (face, body, 8)


def test_equal_data_and_tokenizers_give_equal_bytes(both: Chosen, tmp_path: Path) -> None:
    def files(table: TokenTable) -> list[tuple[str, bytes]]:
        return [(path.name, path.read_bytes()) for path in sorted(table.path.parent.iterdir())]

    one, two = (write_tokens(build_talks(tmp_path / name), both).table for name in ("one", "two"))
    assert files(one) == files(two)
    assert [name for name, _ in files(one)] == [f"{one.path.stem}.json", f"{one.path.stem}.parquet"]


def test_nothing_is_done_where_nothing_changed(dataset: Dataset, table: TokenTable, both: Chosen) -> None:
    before = table.path.stat()
    again = write_tokens(dataset, both)
    assert (again.changed, again.table.path) == (False, table.path)
    assert (table.path.stat().st_mtime_ns, table.path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_damaged_table_is_written_again(dataset: Dataset, table: TokenTable, both: Chosen) -> None:
    whole = table.path.read_bytes()
    table.path.write_bytes(flipped(whole, inside(table, 0)))
    assert open_tokens(table.path).rows == table.rows  # opening does not read the codes
    again = write_tokens(dataset, both)
    assert again.changed
    assert table.path.read_bytes() == whole


def test_a_name_is_made_safe_and_says_what_is_replaced(dataset: Dataset, both: Chosen) -> None:
    one = write_tokens(dataset, both, name="../my face & body").table
    assert one.path == dataset.root / "tokens" / "my-face-body.parquet"
    assert not write_tokens(dataset, both, name="my-face-body").changed
    other = write_tokens(dataset, {"face": both["face"]}, name="my-face-body")
    assert other.changed
    assert list(open_tokens(one.path).parts) == ["face"]
    with pytest.raises(UserError, match=r"--name: got '\.\./', expected letters or digits"):
        write_tokens(dataset, both, name="../")


def test_a_dataset_with_tables_is_still_a_valid_dataset(dataset: Dataset, table: TokenTable) -> None:
    assert validate(dataset.root) == []


def test_a_run_that_fails_midway_leaves_no_table_and_no_litter(
    dataset: Dataset, table: TokenTable, both: Chosen, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = table.path.with_name(".other.parquet.1.tmp")
    stray.touch()
    table.path.write_bytes(b"PAR1")
    monkeypatch.setattr(faults, "_hits", type(faults._hits)())
    monkeypatch.setenv("NONVERBAL_FAULT", "before_rename:full:2")
    with pytest.raises(OutputError, match="no space to write in") as caught:
        write_tokens(dataset, both)
    assert caught.value.reason is Reason.E_IO_FULL
    monkeypatch.delenv("NONVERBAL_FAULT")
    assert [path.name for path in table.path.parent.iterdir()] == [table.path.name]
    with pytest.raises(UserError, match=r"\.json: not found; expected a tokens table that `nonverbal tokenize` wrote"):
        open_tokens(table.path)
    assert write_tokens(dataset, both).changed


def test_a_folder_that_cannot_be_written_is_told(dataset: Dataset, both: Chosen) -> None:
    (dataset.root / "tokens").symlink_to("/proc/self")
    with pytest.raises(OutputError, match=r"cannot write in .*tokens") as caught:
        write_tokens(dataset, both)
    assert caught.value.reason is Reason.E_IO_RO
    (dataset.root / "tokens").unlink()
    (dataset.root / "tokens").touch()
    with pytest.raises(UserError, match="tokens: is a file, expected a folder"):
        write_tokens(dataset, both)


def test_two_writers_do_not_meet_but_readers_need_no_leave(dataset: Dataset, both: Chosen) -> None:
    with claim(dataset.root), pytest.raises(LockedError):
        write_tokens(dataset, both)
    write_tokens(dataset, both)
    with claim(dataset.root):
        assert not write_tokens(dataset, both).changed


def test_tokenizers_that_do_not_fit_are_refused(dataset: Dataset, both: Chosen) -> None:
    other_space, other_rate = tiny_tokenizer(("flame53",)), tiny_tokenizer(FACE, fps=30.0)
    with pytest.raises(UserError, match=r"face: a tokenizer of flame53, expected arkit52 as in .*ds; train one"):
        check_fit(chosen_of(face=other_space), dataset)
    with pytest.raises(UserError, match="face: a tokenizer of 30 frames a second, expected 25 as in"):
        check_fit(chosen_of(face=other_rate), dataset)
    with pytest.raises(UserError, match=r"joint: a tokenizer of flame53\+smplx117, expected arkit52\+smplx117"):
        write_tokens(dataset, chosen_of(joint=tiny_tokenizer(("flame53", "smplx117"))))
    assert not (dataset.root / "tokens").exists()


def test_an_empty_dataset_is_refused(both: Chosen, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no dialogue, so there is nothing to make tokens of"):
        write_tokens(build_talks(tmp_path / "none", range(0)), both)


def test_dialogues_without_a_frame_have_no_tokens(both: Chosen, tmp_path: Path) -> None:
    table = write_tokens(build_talks(tmp_path / "short", range(1), duration_s=0.0), both, smooth=False).table
    assert [table.codes(table.rows[0].dialogue_id, "A", part).shape for part in table.parts] == [(0, 1), (0, 3)]


def test_a_joint_tokenizer_makes_one_column(dataset: Dataset) -> None:
    table = write_tokens(dataset, chosen_of(joint=tiny_tokenizer(JOINT))).table
    assert pq.read_schema(table.path).names == ["dialogue_id", "participant", "split", "n_frames", "joint"]
    assert table.codes(table.rows[0].dialogue_id, "A", "joint").shape == (26, 1)


def test_a_stale_table_and_another_tokenizer_are_told(table: TokenTable, both: Chosen, tmp_path: Path) -> None:
    other = build_talks(tmp_path / "other", range(2))
    mine, its = table.info.content_hash[:12], other.content_hash[:12]
    with pytest.raises(UserError, match=f"with the content hash {mine}, got {its} in .*other; give the dataset"):
        table.check(other)
    table.check(open_dataset(tmp_path / "ds"))
    stranger = tiny_tokenizer(FACE, 7)
    names = f"by the tokenizer {both['face'].hash[:12]} .folder 'face'., got {stranger.hash[:12]}"
    with pytest.raises(UserError, match=names):
        table.check_tokenizer("face", stranger)
    table.check_tokenizer("face", both["face"].tokenizer)
    with pytest.raises(UserError, match="holds tokens of face, body, none of 'joint'"):
        table.check_tokenizer("joint", stranger)


def test_what_is_not_there_is_told(table: TokenTable) -> None:
    with pytest.raises(UserError, match="no dialogue 'x' with a participant 'A' in it"):
        table.codes("x", "A", "face")
    with pytest.raises(UserError, match="holds tokens of face, body, none of 'hand'"):
        table.codes(table.rows[0].dialogue_id, "A", "hand")


def test_a_table_is_found_by_any_of_its_names(dataset: Dataset, table: TokenTable, both: Chosen) -> None:
    bare = table.path.with_suffix("")
    for path in (bare, table.path, bare.with_suffix(".json"), dataset.root, table.path.parent):
        assert open_tokens(path).path == table.path
    write_tokens(dataset, both, name="other.v2")
    assert open_tokens(table.path.with_name("other.v2")).path.name == "other.v2.parquet"
    with pytest.raises(UserError, match=f"holds the tables {bare.name}, other.v2; name one of them"):
        open_tokens(dataset.root)
    with pytest.raises(UserError, match="holds no tokens table, expected one that"):
        open_tokens(dataset.root / "motion")


def inside(table: TokenTable, group: int) -> int:
    """A place in the pages of the last column of a row group."""
    chunk = table.metadata.row_group(group).column(table.metadata.num_columns - 1)
    return int(chunk.data_page_offset + chunk.total_compressed_size // 2)


def test_no_flipped_bit_is_taken_for_a_code(table: TokenTable) -> None:
    row, whole = table.rows[0], table.path.read_bytes()
    codes, told = table.codes(row.dialogue_id, row.participant, "body"), 0
    for place in range(inside(table, 0) - 100, inside(table, 0) + 100):
        table.path.write_bytes(flipped(whole, place))
        try:
            found = open_tokens(table.path).codes(row.dialogue_id, row.participant, "body")
        except UserError:
            told += 1
        else:
            assert np.array_equal(found, codes)
    assert told > 100


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]


@pytest.mark.parametrize("kept", [0, 100, -1])
def test_a_truncated_table_is_told(table: TokenTable, kept: int) -> None:
    whole = table.path.read_bytes()
    table.path.write_bytes(whole[:kept])
    with pytest.raises(
        UserError, match=rf"got [\d,]+ bytes, expected the {len(whole):,} bytes of .*json; run `nonverb"
    ):
        open_tokens(table.path)
    note = table.path.with_suffix(".json")
    note.write_text(note.read_text().replace(f'"size_bytes": {len(whole)}', f'"size_bytes": {len(whole[:kept])}'))
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        open_tokens(table.path)
    table.path.unlink()
    with pytest.raises(UserError, match="parquet: got no file, expected"):
        open_tokens(table.path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda plain: plain | {"schema_version": 2}, "got schema version 2, expected 1; use a matching release"),
        (lambda plain: plain | {"what": 1}, "unknown key 'what'"),
        (lambda plain: plain | {"rows": 3}, "got 8 rows, expected the 3 of"),
        (lambda plain: [plain], "got schema version None, expected 1"),
    ],
)
def test_a_damaged_note_is_told(table: TokenTable, change: Any, sentence: str) -> None:
    note = table.path.with_suffix(".json")
    note.write_text(json.dumps(change(json.loads(note.read_text()))))
    with pytest.raises(UserError, match=sentence):
        open_tokens(table.path)
    note.write_text("{")
    with pytest.raises(UserError, match="cannot be read as JSON"):
        open_tokens(table.path)


def test_rows_are_read_apart_so_damage_in_one_group_spares_the_others(
    dataset: Dataset, both: Chosen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_write, "ROWS_PER_GROUP", 3)
    table = write_tokens(dataset, both).table
    assert table.metadata.num_row_groups == 3
    whole = [table.codes(row.dialogue_id, row.participant, "body") for row in table.rows]
    table.path.write_bytes(flipped(table.path.read_bytes(), inside(table, 1)))
    opened = open_tokens(table.path)
    for number, (row, codes) in enumerate(zip(opened.rows, whole, strict=True)):
        if 3 <= number < 6:
            with pytest.raises(UserError, match=r"row group 1 is damaged .* or run `nonverbal tokenize` again"):
                opened.codes(row.dialogue_id, row.participant, "body")
        else:
            assert np.array_equal(opened.codes(row.dialogue_id, row.participant, "body"), codes)
    with pytest.raises(UserError, match="row group 1 is damaged"):
        opened.verify()
