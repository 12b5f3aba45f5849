"""The avatar's file is whole, and moves as the avatar does."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from glb_reading import Glb
from scipy.spatial.transform import Rotation

from nonverbal.avatar.dress import Dressed
from nonverbal.avatar.glb import avatar_glb
from nonverbal.avatar.gltf_animation import Performed
from nonverbal.avatar.gltf_mesh import SkinnedMesh, skinned_meshes
from nonverbal.avatar.pose import pose
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS

VALIDATOR = Path(__file__).parents[2] / "web" / "node_modules" / "gltf-validator"
VALIDATE = """
const validator = require(process.argv[1]);
const parts = [];
process.stdin.on("data", (part) => parts.push(part));
process.stdin.on("end", async () => {
  const report = await validator.validateBytes(new Uint8Array(Buffer.concat(parts)));
  console.log(JSON.stringify(report));
});
"""


def validated(data: bytes) -> dict:
    """What Khronos' validator says of a file."""
    node = shutil.which("node")
    if node is None or not VALIDATOR.is_dir():
        pytest.skip("needs node and the npm package gltf-validator in web/node_modules: make web")
    ran = subprocess.run([node, "-e", VALIDATE, str(VALIDATOR)], input=data, capture_output=True, check=True)
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def dressed() -> Dressed:
    from sitters import person

    return person(4)


@pytest.fixture(scope="module")
def data(dressed: Dressed) -> bytes:
    return avatar_glb(dressed)


@pytest.fixture(scope="module")
def glb(data: bytes) -> Glb:
    return Glb.read(data)


@pytest.fixture(scope="module")
def parts(dressed: Dressed) -> dict[str, SkinnedMesh]:
    return dict(zip(("face", "body"), skinned_meshes(dressed), strict=True))


def sitting(count: int, spread_rad: float) -> np.ndarray:
    """[N, 117] arms down and bent, and everything else somewhere around rest."""
    body = np.random.default_rng(6).normal(0.0, spread_rad, (count, len(SMPLX117_JOINTS), 3))
    for side, sign in (("left", -1.0), ("right", 1.0)):
        body[:, SMPLX117_JOINTS.index(f"{side}_shoulder"), 2] += 1.2 * sign
        body[:, SMPLX117_JOINTS.index(f"{side}_elbow"), 1] += 1.5 * sign
    return body.reshape(count, -1)


def errors_mm(dressed: Dressed, glb: Glb, parts: dict[str, SkinnedMesh], face: np.ndarray, body: np.ndarray,
              gaze: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """How far the file's vertices are from the avatar's: of skin, and of clothes, hair, teeth and eyes."""
    still = np.zeros((len(body), 3))
    wanted = pose(dressed.avatar, face, gaze, body, still, still).vertices
    skin, pieces = [], []
    for row in range(len(body)):
        whole = dressed.complete(wanted[row])
        turns = glb.rotations(body[row], gaze[row])
        for name, part in parts.items():
            away = 1000 * np.linalg.norm(glb.moved(name, face[row], turns) - whole[part.sources], axis=1)
            own = part.sources < len(wanted[row])
            skin.append(away[own])
            pieces.append(away[~own])
    return np.concatenate(skin), np.concatenate(pieces)


def test_the_file_moves_as_the_avatar_does(dressed: Dressed, glb: Glb, parts: dict[str, SkinnedMesh]) -> None:
    """Read by another library and moved by the rules in the file: four bones a vertex cost less than cameras see."""
    rng = np.random.default_rng(1)
    face = (rng.random((6, 52)) * (rng.random((6, 52)) < 0.25)).astype(np.float32)
    gaze = rng.normal(0.0, 0.2, (6, 4)).astype(np.float32)
    skin, pieces = errors_mm(dressed, glb, parts, face, sitting(6, 0.15), gaze)
    assert skin.max() < 3.0
    assert np.percentile(skin, 99) < 0.5
    assert np.percentile(pieces, 99) < 6.0
    assert pieces.mean() < 0.5


@pytest.mark.parametrize("action", ["jawOpen", "eyeBlinkLeft", "mouthSmileRight", "tongueOut", "browInnerUp"])
def test_faces_are_exact(dressed: Dressed, glb: Glb, parts: dict[str, SkinnedMesh], action: str) -> None:
    """Each action alone, at full strength, with the eyes turned: skin of the head is where the avatar has it."""
    face = np.zeros((1, 52), np.float32)
    face[0, ARKIT52_NAMES.index(action)] = 1.0
    gaze, body, still = np.array([[0.2, -0.1, 0.25, -0.1]]), np.zeros((1, 117)), np.zeros((1, 3))
    wanted = dressed.complete(pose(dressed.avatar, face, gaze, body, still, still).vertices[0])
    part, model = parts["face"], dressed.avatar.model
    head = ((model.weight_bones == model.bone("head")) * model.weights).sum(axis=1) > 0.99
    chosen = np.flatnonzero(np.isin(part.sources, np.flatnonzero(head)))
    away = np.linalg.norm(glb.moved("face", face[0], glb.rotations(body[0], gaze[0])) - wanted[part.sources], axis=1)
    assert len(chosen) > 2000
    assert away[chosen].max() < 5e-5  # moves below 0.02 mm are left out
    moved = np.linalg.norm(wanted[part.sources] - dressed.complete(dressed.avatar.rest_m)[part.sources], axis=1)
    assert moved[chosen].max() > 2e-3


def test_actions_go_by_apples_names(glb: Glb) -> None:
    names = [mesh.extras["targetNames"] for mesh in glb.tree.meshes if mesh.primitives[0].targets]
    assert names == [list(ARKIT52_NAMES)]


def test_vertices_that_few_bones_move_keep_their_weights(dressed: Dressed, parts: dict[str, SkinnedMesh]) -> None:
    model = dressed.avatar.model
    few = (model.weights > 1e-4).sum(axis=1) <= 4
    for part in parts.values():
        own = part.sources[part.sources < len(model.weights)]
        simple = np.flatnonzero(part.sources < len(model.weights))[few[own]]
        strongest = model.weights[part.sources[simple]].max(axis=1)
        np.testing.assert_allclose(part.weights[simple].max(axis=1), strongest, atol=2e-3)
        np.testing.assert_allclose(part.weights.sum(axis=1), 1.0, atol=1e-5)
        assert part.weights.min() >= 0


def test_khronos_validator_finds_nothing(data: bytes) -> None:
    report = validated(data)
    assert report["issues"]["messages"] == []
    assert report["info"]["maxInfluences"] == 4
    assert report["info"]["hasMorphTargets"]
    assert report["info"]["hasSkins"]


def test_the_validator_would_find_a_fault(data: bytes) -> None:
    assert validated(data.replace(b'"skin":0', b'"skin":7'))["issues"]["numErrors"] > 0


def test_trimesh_reads_it(data: bytes) -> None:
    trimesh = pytest.importorskip("trimesh")
    scene = trimesh.load(io.BytesIO(data), file_type="glb")
    low, high = scene.bounds
    assert set(scene.geometry) == {"face", "body"}
    assert 0.5 < high[1] - low[1] < 1.5
    assert scene.geometry["face"].visual.uv.shape[1] == 2


def test_bones_rest_in_the_t_pose_without_turns(dressed: Dressed, glb: Glb) -> None:
    world = glb.world({})
    place = {node.name: world[i][:3, 3] for i, node in enumerate(glb.tree.nodes)}
    arm = place["wrist.L"] - place["upperarm01.L"]
    assert arm[0] / np.linalg.norm(arm) > 0.999
    assert not [node.name for node in glb.tree.nodes if node.rotation or node.matrix or node.scale]
    still = np.zeros((1, 3))
    heads = pose(dressed.avatar, np.zeros((1, 52)), np.zeros((1, 4)), np.zeros((1, 117)), still, still).bone_heads[0]
    for name in ("head", "wrist.R", "finger3-3.L", "eye.L", "spine05"):
        np.testing.assert_allclose(place[name], heads[dressed.avatar.model.bone(name)], atol=1e-5)


def test_small_and_the_same_each_time(dressed: Dressed, data: bytes) -> None:
    assert len(data) < 2_000_000
    skinned_meshes.cache_clear()
    assert avatar_glb(dressed) == data


def test_it_says_whose_work_it_is(glb: Glb) -> None:
    assert "Apache-2.0" in glb.tree.asset.copyright
    assert "CC0" in glb.tree.asset.copyright


def performance(count: int) -> Performed:
    rng = np.random.default_rng(9)
    drift = np.cumsum(rng.normal(0.0, 0.05, (count, 117)), axis=0) + sitting(1, 0.1)
    face = np.clip(np.cumsum(rng.normal(0.0, 0.08, (count, 52)), axis=0), 0, 1)
    gaze = np.cumsum(rng.normal(0.0, 0.02, (count, 4)), axis=0)
    return Performed("talk", 25.0, face.astype(np.float32), drift.astype(np.float32), gaze.astype(np.float32))


def animated(glb: Glb, frame: int) -> tuple[np.ndarray, dict[int, Rotation]]:
    """Strengths [52] and node rotations of one frame, as a player that knows nothing of us has them."""
    animation = glb.tree.animations[0]
    weights, turns = np.zeros(52), {}
    for channel in animation.channels:
        values = glb.array(animation.samplers[channel.sampler].output)
        if channel.target.path == "weights":
            weights = values.reshape(-1, 52)[frame]
        else:
            turns[channel.target.node] = Rotation.from_quat(values[frame])
    return weights, turns


def test_animations_play_without_our_rules(dressed: Dressed, parts: dict[str, SkinnedMesh]) -> None:
    motion = performance(20)
    glb = Glb.read(avatar_glb(dressed, [motion]))
    still = np.zeros((20, 3))
    wanted = pose(dressed.avatar, motion.face, motion.gaze, motion.body, still, still).vertices
    for frame in (0, 11, 19):
        weights, turns = animated(glb, frame)
        np.testing.assert_allclose(weights, motion.face[frame], atol=1e-6)
        own = parts["body"].sources < len(wanted[frame])
        away = np.linalg.norm(
            glb.moved("body", weights, turns)[own] - wanted[frame][parts["body"].sources[own]], axis=1
        )
        assert np.percentile(away, 99) < 1.5e-3
    times = glb.array(glb.tree.animations[0].samplers[0].input)
    np.testing.assert_allclose(times, np.arange(20) / 25, atol=1e-6)


def test_the_validator_finds_nothing_in_animations(dressed: Dressed) -> None:
    report = validated(avatar_glb(dressed, [performance(5), performance(1)]))
    assert report["issues"]["messages"] == []
    assert report["info"]["animationCount"] == 2


def test_keys_are_neighbours_also_as_numbers(dressed: Dressed) -> None:
    """q and -q are one rotation, and players that go straight from one to the other would spin the bone."""
    motion = performance(40)
    motion.body[:, 0] = np.linspace(2.0, 4.0, 40)
    glb = Glb.read(avatar_glb(dressed, [motion]))
    for channel in glb.tree.animations[0].channels:
        keys = glb.array(glb.tree.animations[0].samplers[channel.sampler].output)
        if channel.target.path == "rotation":
            assert (keys[1:] * keys[:-1]).sum(axis=1).min() > 0.9


def test_bones_that_keep_still_need_no_keys(dressed: Dressed) -> None:
    body = np.zeros((4, 117), np.float32)
    body[:, 3 * SMPLX117_JOINTS.index("head")] = 0.2
    glb = Glb.read(avatar_glb(dressed, [Performed("nod", 25.0, np.zeros((4, 52), np.float32), body)]))
    nodes = [glb.tree.nodes[channel.target.node].name for channel in glb.tree.animations[0].channels]
    assert nodes == ["neck01", "neck02", "neck03", "head", "face"]


def test_motion_of_different_lengths_is_refused(dressed: Dressed) -> None:
    motion = Performed("odd", 25.0, np.zeros((4, 52), np.float32), np.zeros((5, 117), np.float32))
    with pytest.raises(ValueError, match="4 frames of face, 5 of body"):
        avatar_glb(dressed, [motion])
