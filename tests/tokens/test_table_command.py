"""`nonverbal tokenize` and `nonverbal detokenize`, from folders to folders."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest
import tyro
from rich.console import Console
from small_talks import BODY, FACE, JOINT, build_talks, tiny_tokenizer

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.validate import validate
from nonverbal.motion.rotations import matrix_from_axis_angle, shortest_axis_angle
from nonverbal.pipeline.lock import OutputError
from nonverbal.tokens import decode_dataset
from nonverbal.tokens.store import load_tokenizer, save_tokenizer
from nonverbal.tokens.table import open_tokens
from nonverbal.tokens.table_command import Detokenize, Tokenize
from nonverbal.types import Motion
from nonverbal.verdicts import UserError

BODY_PARTS = slice(3, 6)


@dataclass(frozen=True)
class Place:
    """A dataset, three tokenizers and a stranger, and a table of face and body."""

    root: Path
    data: Dataset

    @property
    def table(self) -> Path:
        return self.data.root / "tokens" / "t.parquet"

    def tokenizers(self, *names: str) -> tuple[Path, ...]:
        return tuple(self.root / name for name in names)

    def decode(self, *names: str, out: str = "out") -> Dataset:
        said(Detokenize(self.table, self.tokenizers(*names), self.data.root, self.root / out))
        return open_dataset(self.root / out)


def said(command: Tokenize | Detokenize) -> str:
    """What a command prints; it must succeed."""
    console = Console(file=io.StringIO(), width=200)
    assert command.run(console) == 0
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("tokens")
    place = Place(root, build_talks(root / "ds"))
    save_tokenizer(tiny_tokenizer(FACE), root / "face")
    save_tokenizer(tiny_tokenizer(FACE, 5), root / "stranger")
    save_tokenizer(tiny_tokenizer(BODY, 1, quantiser="rvq", levels=2, halvings=3), root / "body")
    save_tokenizer(tiny_tokenizer(JOINT, 2), root / "joint")
    said(Tokenize(place.data.root, place.tokenizers("body", "face"), name="t"))
    return place


@pytest.fixture
def place(made: Place, tmp_path: Path) -> Place:
    """A copy that a test may spoil."""
    shutil.copytree(made.root, tmp_path / "copy")
    return Place(tmp_path / "copy", open_dataset(tmp_path / "copy" / "ds"))


def motions(dataset: Dataset) -> list[tuple[str, Motion]]:
    ids = [(i, name) for i in dataset.ids() for name in dataset.row(i)["participants"]]
    return [(i, dataset.motion(i, name)) for i, name in ids]


def test_tokenize_tells_what_it_wrote_and_then_that_nothing_changed(made: Place, tmp_path: Path) -> None:
    data = Path(shutil.copytree(made.data.root, tmp_path / "ds"))
    shutil.rmtree(data / "tokens")
    first = said(Tokenize(data, made.tokenizers("face", "body")))
    (path,) = (data / "tokens").glob("*.parquet")
    info = open_tokens(path).info
    assert "Tokens written: 8 participants in 4 dialogues, " in first
    assert str(path) in first
    for name, part in info.parts.items():
        (shown,) = (line.split() for line in first.splitlines() if f" {name} " in line and "Tokens" not in line)
        figures = (str(part.tokens), f"{25 / part.frames_per_token:.3f}", f"{part.bits_per_s:.1f}")
        used = ", ".join(map(str, part.used_codes)).split()
        share = f"{part.invalid_tokens / part.tokens:.1%}"
        told = [word for word in shown if word != "│"]
        assert told == [name, part.config["method"], *figures, *used, "of", "32", share]
    again = said(Tokenize(data, made.tokenizers("body", "face")))
    assert "Tokens unchanged: 8 participants in 4 dialogues" in again
    assert path.read_bytes() == made.table.read_bytes()
    said(Tokenize(data, made.tokenizers("face"), name="raw", raw=True))
    assert (info.smooth, open_tokens(data / "tokens" / "raw").info.smooth) == (True, False)


def test_the_commands_take_folders_as_documented() -> None:
    found = tyro.cli(Tokenize, args=["DATA", "--tokenizers", "a", "b", "--name", "n"])
    assert found == Tokenize(Path("DATA"), (Path("a"), Path("b")), "n")
    back = tyro.cli(Detokenize, args=["T", "--tokenizers", "a", "--data", "D", "--out", "O"])
    assert back == Detokenize(Path("T"), (Path("a"),), Path("D"), Path("O"))


def test_a_decoded_dataset_is_valid_and_holds_the_decoded_tokens(made: Place) -> None:
    out = made.decode("face", "body")
    assert validate(out.root) == []
    table = open_tokens(made.table)
    face, body = (load_tokenizer(path) for path in made.tokenizers("face", "body"))
    for dialogue_id, motion in motions(out):
        codes = table.codes(dialogue_id, motion.participant, "face")
        decoded = np.clip(face.decode(codes, motion.n_frames), 0, 1)
        seen = np.array([codes[frame // 4, 0] != -1 for frame in range(motion.n_frames)])
        assert np.array_equal(motion.face[seen], decoded[seen])
        assert not motion.face[~seen].any()
        codes = table.codes(dialogue_id, motion.participant, "body")
        turned = matrix_from_axis_angle(motion.body.reshape(-1, 39, 3))
        asked = matrix_from_axis_angle(body.decode(codes, motion.n_frames).reshape(-1, 39, 3))
        seen = np.array([codes[frame // 8, 0] != -1 for frame in range(motion.n_frames)])
        assert np.abs(turned - asked)[seen].max() < 1e-4
        assert not motion.body[~seen].any()


def test_what_is_not_decoded_is_carried_over(made: Place) -> None:
    out = made.decode("face", "body")
    for name in ("ids", "sources", "clips"):
        assert getattr(out, name)() == getattr(made.data, name)()
    assert list(out.rows()) == list(made.data.rows())
    assert [out.split(i) for i in out.ids()] == [made.data.split(i) for i in made.data.ids()]
    changed = {"face", "body", "validity", "confidence"}
    for (_, one), (_, other) in zip(motions(made.data), motions(out), strict=True):
        for name in (f.name for f in fields(Motion) if f.name not in changed):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        assert np.array_equal(one.validity[:, 1:3], other.validity[:, 1:3])
        assert np.array_equal(one.confidence[:, 1:3], other.confidence[:, 1:3])


def test_a_part_is_valid_where_its_token_is_and_trusted_where_it_was_seen(made: Place) -> None:
    out, table = made.decode("face", "body"), open_tokens(made.table)
    invented = 0
    for (dialogue_id, before), (_, after) in zip(motions(made.data), motions(out), strict=True):
        for part, columns in (("face", [0]), ("body", [3, 4, 5])):
            codes = table.codes(dialogue_id, before.participant, part)
            size = table.parts[part].frames_per_token
            for frame in range(before.n_frames):
                for column in columns:
                    valid = codes[frame // size, 0] != -1
                    assert after.validity[frame, column] == valid
                    trust = before.confidence[frame, column] if valid else 0
                    assert after.confidence[frame, column] == trust
                    invented += valid and not before.validity[frame, column]
    assert invented > 100  # among them the left hand of B, which is never seen


def test_only_the_parts_with_a_tokenizer_are_decoded(made: Place) -> None:
    out = made.decode("face", out="face-only")
    assert validate(out.root) == []
    for (_, one), (_, other) in zip(motions(made.data), motions(out), strict=True):
        assert np.array_equal(one.body, other.body)
        assert np.array_equal(one.validity[:, BODY_PARTS], other.validity[:, BODY_PARTS])
        assert not np.array_equal(one.face, other.face)
    assert list(out.manifest.config["detokenize"]["tokenizers"]) == ["face"]


def test_a_joint_table_decodes_to_face_and_body(made: Place, tmp_path: Path) -> None:
    data = Path(shutil.copytree(made.data.root, tmp_path / "ds"))
    said(Tokenize(data, made.tokenizers("joint"), name="j"))
    said(Detokenize(data / "tokens" / "j", made.tokenizers("joint"), data, tmp_path / "out"))
    assert validate(tmp_path / "out") == []
    joint, table = load_tokenizer(made.root / "joint"), open_tokens(data / "tokens" / "j")
    dialogue_id, motion = motions(open_dataset(tmp_path / "out"))[0]
    codes = table.codes(dialogue_id, motion.participant, "joint")
    seen = np.repeat(codes[:, 0] != -1, 4)[: motion.n_frames]
    expected = np.clip(joint.decode(codes, motion.n_frames)[:, :52], 0, 1)
    assert np.array_equal(motion.face, expected * seen[:, None])
    assert np.array_equal(motion.validity[:, [0, 3, 4, 5]], np.repeat(seen[:, None], 4, axis=1))


def test_the_dataset_records_what_it_was_decoded_from(made: Place) -> None:
    out, table = made.decode("face", "body"), open_tokens(made.table)
    recorded = out.manifest.config["detokenize"]
    assert recorded["content_hash"] == made.data.content_hash
    assert recorded["config"] == made.data.manifest.config
    assert recorded["table"] == {"name": "t", "sha256": table.info.file.sha256, "smooth": True}
    for part, info in table.parts.items():
        assert recorded["tokenizers"][part]["hash"] == info.tokenizer_hash
        assert recorded["tokenizers"][part]["config"] == info.config
        assert f"tokenizer of {part} {info.tokenizer_hash[:12]}" in (out.root / "README.md").read_text()


def test_decoding_again_changes_nothing_and_a_new_folder_gets_the_same(made: Place, tmp_path: Path) -> None:
    first = made.decode("face", "body")
    command = Detokenize(made.table, made.tokenizers("body", "face"), made.data.root, made.root / "out")
    assert "Dataset unchanged: 4 dialogues with face and body decoded" in said(command)
    other = made.decode("face", "body", out=str(tmp_path / "other"))
    assert other.manifest == first.manifest
    next(iter((other.root / "motion").iterdir())).unlink()
    said(Detokenize(made.table, made.tokenizers("face", "body"), made.data.root, other.root))
    assert validate(other.root) == []


def test_a_run_that_was_stopped_goes_on_where_it_was(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    decode, seen = decode_dataset.decode_motion, []

    def until_the_third(motion: Motion, dialogue_id: str, *rest: object) -> Motion:
        seen.append((dialogue_id, motion.participant))
        if len(seen) == 5:
            raise KeyboardInterrupt
        return decode(motion, dialogue_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(decode_dataset, "decode_motion", until_the_third)
    with pytest.raises(KeyboardInterrupt):
        place.decode("face", out="stopped")
    assert not (place.root / "stopped" / "dataset.json").exists()
    out = place.decode("face", out="stopped")
    assert len(seen) == 5 + 4  # two of four dialogues were done; the third begins anew
    assert validate(out.root) == []
    assert [path.name for path in (out.root / ".nonverbal").iterdir()] == ["lock"]


def test_what_does_not_belong_together_is_refused(place: Place, tmp_path: Path) -> None:
    data, out = place.data.root, tmp_path / "out"
    hashes = [load_tokenizer(path).hash[:12] for path in place.tokenizers("face", "stranger")]
    with pytest.raises(UserError, match=f"made by the tokenizer {hashes[0]} .*, got {hashes[1]}; codes mean nothing"):
        Detokenize(place.table, place.tokenizers("stranger"), data, out).run(Console())
    with pytest.raises(UserError, match="holds tokens of face, body, none of 'joint'"):
        Detokenize(place.table, place.tokenizers("joint"), data, out).run(Console())
    other = build_talks(tmp_path / "other", range(1)).root
    with pytest.raises(UserError, match=r"was made from a dataset with the content hash .*, got .* in .*other"):
        Detokenize(place.table, place.tokenizers("face"), other, out).run(Console())
    assert not out.exists()


def test_nothing_but_its_own_is_written_over(place: Place, tmp_path: Path) -> None:
    data, face = place.data.root, place.tokenizers("face")
    with pytest.raises(UserError, match="ds: holds a dataset that was made of something else; expected a new folder"):
        Detokenize(place.table, face, data, data).run(Console())
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UserError, match=r"holds README\.md but no dataset\.json"):
        Detokenize(place.table, face, data, tmp_path).run(Console())
    assert (tmp_path / "README.md").read_text() == "mine"
    with pytest.raises(OutputError, match="cannot write in /proc/nonverbal"):
        Detokenize(place.table, face, data, Path("/proc/nonverbal")).run(Console())
    assert validate(data) == []


def test_one_tokenizer_a_part(place: Place) -> None:
    data = place.data.root
    with pytest.raises(UserError, match=r"stranger: got a second tokenizer of 'face' beside .*face; give one a part"):
        Tokenize(data, place.tokenizers("face", "stranger")).run(Console())
    for order in (("face", "joint"), ("joint", "face")):
        with pytest.raises(UserError, match=r"face: got a tokenizer of 'face' together with the joint one .*joint,"):
            Tokenize(data, place.tokenizers(*order)).run(Console())
    with pytest.raises(UserError, match="got no tokenizer, expected at least one folder"):
        Tokenize(data, ()).run(Console())
    with pytest.raises(UserError, match=r"nowhere/tokenizer\.json: not found; expected a folder that"):
        Tokenize(data, place.tokenizers("nowhere")).run(Console())
    with pytest.raises(UserError, match=r"dataset\.json: not found; expected the folder of a dataset"):
        Tokenize(place.root, place.tokenizers("face")).run(Console())


def test_turns_beyond_half_a_turn_are_the_same_turns_from_the_other_side() -> None:
    rng = np.random.default_rng(0)
    axis_angle = (rng.normal(size=(200, 117)) * 4).astype(np.float32)
    axis_angle[:20] /= 10
    inside = shortest_axis_angle(axis_angle)
    angles = np.linalg.norm(inside.reshape(-1, 3), axis=1)
    assert angles.max() <= np.pi + 1e-5
    turns, expected = (matrix_from_axis_angle(x.reshape(-1, 3).astype(np.float64)) for x in (inside, axis_angle))
    assert np.abs(turns - expected).max() < 1e-5
    assert np.array_equal(inside[:20], axis_angle[:20])
    assert shortest_axis_angle(axis_angle[:0]).shape == (0, 117)
