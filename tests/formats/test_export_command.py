"""`nonverbal export` and `nonverbal import`: what they write, what they say, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_takes import made_take
from pygltflib import GLTF2
from rich.console import Console

from nonverbal.dataset.read import open_dataset
from nonverbal.formats.amass import amass_take, write_amass
from nonverbal.formats.export_command import Export
from nonverbal.formats.import_commands import ImportAmass, ImportArkit
from nonverbal.formats.live_link import write_live_link
from nonverbal.formats.motion_file import read_motion, write_motion
from nonverbal.formats.open import open_takes
from nonverbal.formats.sampling import held, resampled
from nonverbal.formats.targets import TARGETS, export_take
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.verdicts import UserError

NAMES = {"bvh": "a.bvh", "arkit-csv": "a.csv", "amass-npz": "a.npz", "vrma": "a.vrma", "motion": "a.motion.safetensors"}


def run(command: Export | ImportArkit | ImportAmass) -> str:
    console = Console(width=100, record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: SIM115 - of the test
    assert command.run(console) == 0
    return console.export_text()


@pytest.fixture
def motion(tmp_path: Path) -> Path:
    path = tmp_path / "made up.motion.safetensors"
    write_motion(made_take(50), path)
    return path


@pytest.mark.parametrize("kind", NAMES)
def test_a_dialogue_of_a_dataset_goes_out(talks: Path, tmp_path: Path, kind: str) -> None:
    dialogue = open_dataset(talks).ids()[0]
    out = tmp_path / "new folder" / NAMES[kind]
    said = run(Export(talks, kind, out, dialogue=dialogue[:8], participant="B"))  # type: ignore[arg-type]
    assert out.stat().st_size > 1000
    assert "100 frames at 25 a second, 4.00 s" in said
    assert "degrees" in said
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_gaps_of_a_dataset_are_held(talks: Path, tmp_path: Path) -> None:
    dialogue = open_dataset(talks).ids()[0]
    run(Export(talks, "amass-npz", tmp_path / "a.npz", dialogue=dialogue, participant="A"))
    take = open_takes(talks, dialogue, "A")[0]
    assert not take.validity.all()
    assert np.array_equal(amass_take(tmp_path / "a.npz")[0].body, held(take).body)


def test_our_own_file_keeps_everything_as_it_is(talks: Path, tmp_path: Path) -> None:
    dialogue = open_dataset(talks).ids()[0]
    run(Export(talks, "motion", tmp_path / "a.motion.safetensors", dialogue=dialogue, participant="A"))
    take, back = open_takes(talks, dialogue, "A")[0], read_motion(tmp_path / "a.motion.safetensors")
    assert np.array_equal(back.validity, take.validity)
    assert np.array_equal(back.body, take.body)
    assert back.words == take.words


def test_a_stretch_at_another_rate(motion: Path, tmp_path: Path) -> None:
    said = run(Export(motion, "amass-npz", tmp_path / "a.npz", start_s=0.4, end_s=1.2, fps=60.0))
    assert "48 frames at 60 a second, 0.80 s" in said
    part = replace(made_take(50), face=made_take(50).face[10:30], body=made_take(50).body[10:30],
                   gaze=made_take(50).gaze[10:30], validity=None, words=())  # fmt: skip
    assert np.array_equal(amass_take(tmp_path / "a.npz", 60.0)[0].body, resampled(part, 60.0).body)


@pytest.mark.parametrize("kind", NAMES)
def test_equal_motion_gives_equal_bytes(motion: Path, tmp_path: Path, kind: str) -> None:
    one, other = tmp_path / NAMES[kind], tmp_path / f"b{NAMES[kind]}"
    for out in (one, other):
        run(Export(motion, kind, out))  # type: ignore[arg-type]
    assert one.read_bytes() == other.read_bytes()


def test_every_format_has_a_name_of_its_own() -> None:
    assert len({target.suffix for target in TARGETS.values()}) == len(TARGETS) == 6


def test_a_file_that_reads_back_wrongly_never_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonverbal.formats.bvh._BLOCK", 0x400)
    monkeypatch.setattr("nonverbal.formats.targets.read_bvh", lambda path: made_take(3))
    with pytest.raises(UserError, match="reading back gave 3 frames, expected 40"):
        export_take(made_take(), "bvh", tmp_path / "a.bvh")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"out": "a.glb"}, r"a\.glb: expected the name of a file that ends in \.bvh"),
        ({"out": ".bvh"}, "expected the name"),
        ({"fps": 0.0}, "--fps is 0.0, expected 1 to 240"),
        ({"fps": float("nan")}, "--fps is nan"),
        ({"person": -1}, "--person is -1"),
        ({"start_s": 9.0}, "no frame lies from 9.0"),
        ({"participant": "A"}, "belong to a dataset"),
        ({"out": "made up.motion.safetensors/a.bvh"}, "cannot be written"),
    ],
)
def test_what_cannot_be_is_named(motion: Path, tmp_path: Path, change: dict[str, object], message: str) -> None:
    out = tmp_path / str(change.pop("out", "a.bvh"))
    with pytest.raises(UserError, match=message):
        run(replace(Export(motion, "bvh", out), **change))


def test_one_person_must_be_chosen(talks: Path, tmp_path: Path) -> None:
    dialogue = open_dataset(talks).ids()[0]
    with pytest.raises(UserError, match="2 people talk in it; choose one with --participant A or B"):
        run(Export(talks, "bvh", tmp_path / "a.bvh", dialogue=dialogue))


def test_a_recorded_face_comes_in(shared_media: Path, tmp_path: Path) -> None:
    out = tmp_path / "a b.motion.safetensors"
    said = run(ImportArkit(shared_media / "motion" / "alex_rom_3.csv", out))
    assert "4030 rows, 30.00" in said
    assert "counts 60 a second; 3 rows missing" in said
    assert "no body" in said
    take = read_motion(out)
    assert (take.fps, take.n_frames) == (25.0, 3361)


def test_columns_that_are_not_read_are_named(tmp_path: Path) -> None:
    write_live_link(made_take(50), tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    more = [",TongueUp,\x1b[2JTongueDown" if i == 0 else ",0.1,0.2" for i in range(len(lines))]
    (tmp_path / "a.csv").write_text("\n".join(line + extra for line, extra in zip(lines, more, strict=True)))
    said = run(ImportArkit(tmp_path / "a.csv", tmp_path / "a.motion.safetensors", timecode_fps=25.0))
    assert r"2 columns not read: TongueUp, \x1b[2JTongueDown" in said
    face = read_motion(tmp_path / "a.motion.safetensors").face
    assert face[:, ARKIT52_NAMES.index("jawOpen")] == pytest.approx(made_take(50).face[:, 24], abs=1e-6)


def test_a_recorded_body_comes_in(tmp_path: Path) -> None:
    write_amass(made_take(60, 60.0, face_space="flame53"), tmp_path / "a.npz")
    said = run(ImportAmass(tmp_path / "a.npz", tmp_path / "a.motion.safetensors"))
    assert "60 frames a second, with a flame53 face" in said
    assert read_motion(tmp_path / "a.motion.safetensors").n_frames == 25


@pytest.mark.parametrize("command", [ImportArkit, ImportAmass])
def test_imports_refuse(command: type[ImportArkit] | type[ImportAmass], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ends in \.motion"):
        run(command(tmp_path / "a", tmp_path / "a.npz"))
    with pytest.raises(UserError, match="cannot be opened"):
        run(command(tmp_path / "none", tmp_path / "a.motion.safetensors"))
    with pytest.raises(UserError, match="expected 1 to 1000"):
        run(command(tmp_path / "none", tmp_path / "a.motion.safetensors", 0.5))


@pytest.mark.slow
def test_an_avatar_performs_it(motion: Path, tmp_path: Path) -> None:
    """pygltflib finds the coefficients as they were; the errors of all bones are printed."""
    said = run(Export(motion, "glb", tmp_path / "a.glb"))
    assert "bones" in said
    gltf = GLTF2().load_binary(str(tmp_path / "a.glb"))
    animation = gltf.animations[0]
    sampler = next(animation.samplers[c.sampler] for c in animation.channels if c.target.path == "weights")
    told = gltf.accessors[sampler.output]
    start = gltf.bufferViews[told.bufferView].byteOffset
    weights = np.frombuffer(gltf.binary_blob(), "<f4", told.count, start).reshape(50, 52)
    assert np.array_equal(weights, made_take(50).face)
    with pytest.raises(UserError, match="its face is in flame53"):
        export_take(made_take(face_space="flame53"), "glb", tmp_path / "b.glb")
