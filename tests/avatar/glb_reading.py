"""Binary glTF as other programs see it: read with pygltflib, moved frame by frame by what the file itself says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pygltflib import GLTF2
from scipy.spatial.transform import Rotation

DTYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass
class Glb:
    """A file and its one buffer."""

    tree: GLTF2

    @classmethod
    def read(cls, data: bytes) -> Glb:
        return cls(GLTF2.load_from_bytes(data))

    @cached_property
    def blob(self) -> bytes:
        return bytes(self.tree.binary_blob())

    @cached_property
    def rig(self) -> dict:
        return self.tree.asset.extras["nonverbal"]["rig"]

    @cached_property
    def parents(self) -> list[int]:
        found = [-1] * len(self.tree.nodes)
        for index, node in enumerate(self.tree.nodes):
            for child in node.children or []:
                found[child] = index
        return found

    def node(self, name: str) -> int:
        return [node.name for node in self.tree.nodes].index(name)

    def view(self, index: int, dtype: type, count: int, start: int = 0) -> np.ndarray:
        view = self.tree.bufferViews[index]
        return np.frombuffer(self.blob, dtype, count, (view.byteOffset or 0) + start)

    def array(self, index: int) -> np.ndarray:
        """[N] or [N, width]; normalized integers as [0, 1]."""
        accessor = self.tree.accessors[index]
        width, dtype = WIDTHS[accessor.type], DTYPES[accessor.componentType]
        values = np.zeros((accessor.count, width), dtype)
        if accessor.bufferView is not None:
            values = self.view(accessor.bufferView, dtype, accessor.count * width, accessor.byteOffset or 0)
            values = values.reshape(accessor.count, width).copy()
        if accessor.sparse:
            rows = self.view(accessor.sparse.indices.bufferView, DTYPES[accessor.sparse.indices.componentType],
                             accessor.sparse.count)  # fmt: skip
            changed = self.view(accessor.sparse.values.bufferView, dtype, accessor.sparse.count * width)
            values[rows] = changed.reshape(-1, width)
        if accessor.normalized:
            values = values.astype(np.float64) / np.iinfo(dtype).max
        return values[:, 0] if width == 1 else values

    def rotations(self, body: np.ndarray, gaze: np.ndarray) -> dict[int, Rotation]:
        """Node -> its local rotation in one frame ([117], [4]), by the rules in the file."""
        joints = {name: Rotation.from_rotvec(body[3 * i : 3 * i + 3]) for i, name in enumerate(self.rig["joints"])}
        found = {}
        for bone, terms in self.rig["bones"].items():
            turn = Rotation.identity()
            for kind, joint, amount in terms:
                turn = turn * term(kind, joints[joint], amount)
            found[self.node(bone)] = turn
        for bone, column in self.rig["eyes"].items():
            yaw, pitch = gaze[column], gaze[column + 1]
            found[self.node(bone)] = Rotation.from_rotvec([0, yaw, 0]) * Rotation.from_rotvec([-pitch, 0, 0])
        return found

    def world(self, rotations: dict[int, Rotation]) -> list[np.ndarray]:
        """The matrix [4, 4] of each node."""
        found: dict[int, np.ndarray] = {-1: np.eye(4)}
        waiting = list(range(len(self.tree.nodes)))
        while waiting:
            index = waiting.pop(0)
            if self.parents[index] not in found:
                waiting.append(index)
                continue
            node, local = self.tree.nodes[index], np.eye(4)
            local[:3, 3] = node.translation or (0, 0, 0)
            turn = rotations.get(index) or Rotation.from_quat(node.rotation or (0, 0, 0, 1))
            local[:3, :3] = turn.as_matrix()
            found[index] = found[self.parents[index]] @ local
        return [found[i] for i in range(len(self.tree.nodes))]

    def moved(self, mesh: str, weights: np.ndarray, rotations: dict[int, Rotation]) -> np.ndarray:
        """[M, 3] vertices of a mesh with these strengths [52] of its targets and turns of its bones."""
        shape = next(m for m in self.tree.meshes if m.name == mesh).primitives[0]
        points = self.array(shape.attributes.POSITION).astype(np.float64)
        for strength, target in zip(weights, shape.targets or [], strict=False):
            position = target["POSITION"] if isinstance(target, dict) else target.POSITION
            points += strength * self.array(position)
        skin, world = self.tree.skins[0], self.world(rotations)
        binds = self.array(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
        bones = np.stack([world[node] @ bind for node, bind in zip(skin.joints, binds, strict=True)])
        mixed = np.einsum("vk,vkij->vij", self.array(shape.attributes.WEIGHTS_0),
                          bones[self.array(shape.attributes.JOINTS_0)])  # fmt: skip
        return np.einsum("vij,vj->vi", mixed, np.column_stack([points, np.ones(len(points))]))[:, :3]


def term(kind: str, rotation: Rotation, amount: float) -> Rotation:
    if kind == "share":
        return Rotation.from_rotvec(amount * rotation.as_rotvec())
    x, _, _, w = rotation.as_quat()
    twist = (2 * np.arctan2(x, w) + np.pi) % (2 * np.pi) - np.pi
    if kind == "twist":
        return Rotation.from_rotvec([amount * twist, 0, 0])
    assert kind == "untwist"
    return rotation * Rotation.from_rotvec([(amount - 1) * twist, 0, 0])
