"""VRM animations: what the standard asks of the file, and what comes back from it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_takes import made_take
from pygltflib import GLTF2
from scipy.spatial.transform import Rotation

from nonverbal.formats.differences import differences, turn_error_deg
from nonverbal.formats.vrma import EXTENSION, write_vrma
from nonverbal.formats.vrma_read import read_vrma
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.verdicts import UserError

WEB = Path(__file__).resolve().parents[2] / "web"
REQUIRED = {"hips", "spine", "head"} | {
    side + bone
    for side in ("left", "right")
    for bone in ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot")
}
"""Bones that the standard requires."""

PARENTS = {
    "spine": "hips", "chest": "spine", "upperChest": "chest", "neck": "upperChest", "head": "neck",
    "leftShoulder": "upperChest", "leftUpperArm": "leftShoulder", "leftLowerArm": "leftUpperArm",
    "leftHand": "leftLowerArm", "leftThumbMetacarpal": "leftHand", "leftThumbProximal": "leftThumbMetacarpal",
    "leftThumbDistal": "leftThumbProximal", "rightLittleProximal": "rightHand",
    "rightLittleIntermediate": "rightLittleProximal", "rightLittleDistal": "rightLittleIntermediate",
    "rightUpperLeg": "hips", "rightLowerLeg": "rightUpperLeg", "rightFoot": "rightLowerLeg",
}  # fmt: skip
"""Who hangs on whom, by the standard."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("a b") / "made up.vrma"
    write_vrma(made_take(30), path)
    return path


@pytest.fixture(scope="module")
def gltf(written: Path) -> GLTF2:
    return GLTF2().load_binary(str(written))


def values(gltf: GLTF2, accessor: int) -> np.ndarray:
    """An accessor's numbers, read by hand."""
    told = gltf.accessors[accessor]
    view = gltf.bufferViews[told.bufferView]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[told.type]
    start = (view.byteOffset or 0) + (told.byteOffset or 0)
    return np.frombuffer(gltf.binary_blob(), "<f4", told.count * width, start).reshape(-1, width)


def track(gltf: GLTF2, node: int, path: str) -> np.ndarray:
    animation = gltf.animations[0]
    found = [c.sampler for c in animation.channels if (c.target.node, c.target.path) == (node, path)]
    assert len(found) == 1
    return values(gltf, animation.samplers[found[0]].output)


def test_the_extension_is_as_the_standard_says(gltf: GLTF2) -> None:
    told = gltf.extensions[EXTENSION]
    bones = {name: bone["node"] for name, bone in told["humanoid"]["humanBones"].items()}
    assert told["specVersion"] == "1.0"
    assert EXTENSION in gltf.extensionsUsed
    assert set(bones) >= REQUIRED
    assert not {"leftEye", "rightEye"} & set(bones)
    assert len(set(bones.values())) == len(bones)
    above = {child: i for i, node in enumerate(gltf.nodes) for child in node.children or []}
    for bone, parent in PARENTS.items():
        assert above[bones[bone]] == bones[parent], bone
    assert all(node.rotation is None for node in gltf.nodes)  # the T-pose is one without turns
    assert set(told["expressions"]["custom"]) == set(ARKIT52_NAMES)
    assert set(told["expressions"]["preset"]) == {"blinkLeft", "blinkRight", "aa", "ou", "happy"}
    assert told["lookAt"]["node"] not in bones.values()


def test_only_turns_and_expressions_move(gltf: GLTF2) -> None:
    told = gltf.extensions[EXTENSION]
    bones = {bone["node"] for bone in told["humanoid"]["humanBones"].values()}
    for channel in gltf.animations[0].channels:
        wanted = "rotation" if channel.target.node in bones | {told["lookAt"]["node"]} else "translation"
        assert channel.target.path == wanted
    times = values(gltf, gltf.animations[0].samplers[0].input)[:, 0]
    assert times == pytest.approx(np.arange(30) / 25)


def test_another_reader_finds_the_take(gltf: GLTF2) -> None:
    take, told = made_take(30), gltf.extensions[EXTENSION]
    bones = {name: bone["node"] for name, bone in told["humanoid"]["humanBones"].items()}
    joints = take.body.reshape(30, 39, 3)
    for bone, joint in (("leftUpperArm", "left_shoulder"), ("rightLittleDistal", "right_pinky3"),
                        ("leftThumbMetacarpal", "left_thumb1"), ("rightShoulder", "right_collar")):  # fmt: skip
        turns = Rotation.from_quat(track(gltf, bones[bone], "rotation"))
        wanted = Rotation.from_rotvec(joints[:, SMPLX117_JOINTS.index(joint)])
        assert (wanted.inv() * turns).magnitude().max() < 1e-6, bone
    neck, head = (Rotation.from_quat(track(gltf, bones[name], "rotation")) for name in ("neck", "head"))
    wanted = Rotation.from_rotvec(joints[:, SMPLX117_JOINTS.index("head")])
    assert (wanted.inv() * neck * head).magnitude().max() < 1e-6
    jaw = track(gltf, told["expressions"]["custom"]["jawOpen"]["node"], "translation")
    assert jaw[:, 0] == pytest.approx(take.face[:, ARKIT52_NAMES.index("jawOpen")])
    assert not jaw[:, 1:].any()
    look = Rotation.from_quat(track(gltf, told["lookAt"]["node"], "rotation")).apply([0, 0, 1])
    yaw, pitch = take.gaze.reshape(30, 2, 2).mean(axis=1).T
    assert np.arctan2(look[:, 0], look[:, 2]) == pytest.approx(yaw, abs=1e-6)
    assert np.arcsin(look[:, 1]) == pytest.approx(pitch, abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 40), st.sampled_from([12.5, 25.0, 29.97, 60.0, 120.0]), st.integers(0, 99))
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, count: int, fps: float, seed: int) -> None:
    take = replace(made_take(count, fps, seed), words=())
    path = tmp_path_factory.getbasetemp() / "round trip.vrma"
    write_vrma(take, path)
    back = read_vrma(path)
    assert back.fps == pytest.approx(fps)
    assert np.array_equal(back.face, take.face)
    assert turn_error_deg(take.body, back.body).max() < 1e-4
    assert {part.part for part in differences(take, back)} == {"face", "body", "gaze"}


def test_presets_can_be_left_out(tmp_path: Path) -> None:
    write_vrma(made_take(5), tmp_path / "a.vrma", presets=False)
    assert "preset" not in GLTF2().load_binary(str(tmp_path / "a.vrma")).extensions[EXTENSION]["expressions"]


def test_somebody_who_does_not_move_is_a_file_too(tmp_path: Path) -> None:
    still = replace(made_take(3), face=np.zeros((3, 52), np.float32), body=np.zeros((3, 117), np.float32), gaze=None)
    write_vrma(still, tmp_path / "a.vrma")
    back = read_vrma(tmp_path / "a.vrma")
    assert not back.face.any()
    assert not back.body.any()
    assert back.gaze is None


def test_other_faces_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="its face is in flame53"):
        write_vrma(made_take(face_space="flame53"), tmp_path / "a.vrma")


def test_khronos_validator_finds_no_fault(written: Path) -> None:
    if not (WEB / "node_modules" / "gltf-validator").is_dir():
        pytest.skip("web/node_modules has no gltf-validator; run npm install in web/")
    script = (
        "const v=require('gltf-validator'),fs=require('fs');"
        "v.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))"
        ".then(r=>console.log(JSON.stringify(r.issues)))"
    )
    run = ["node", "-e", script, str(written)]
    found = json.loads(subprocess.run(run, cwd=WEB, capture_output=True, check=True, timeout=60).stdout)
    assert (found["numErrors"], found["numWarnings"]) == (0, 0)
    assert {issue["code"] for issue in found["messages"]} <= {"UNSUPPORTED_EXTENSION", "NODE_EMPTY"}


@pytest.mark.parametrize("cut", [0, 8, 200, -1])
def test_damaged_files_are_named(written: Path, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a b.vrma"
    path.write_bytes(written.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"a b\.vrma: not a whole GLB file"):
        read_vrma(path)
