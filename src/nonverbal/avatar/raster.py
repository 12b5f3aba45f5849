"""Draws textured triangles into pictures on one thread, without any graphics system.

Two passes, so that every pixel is coloured once however many triangles cover it:

    cover    triangles -> which of them is nearest at each of four samples a pixel
    colour   samples   -> texture times light; pixels on an outline mix their four samples, the others take one

Several meshes in one picture are painted from the farthest to the nearest; within a mesh the depth of each sample
decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from nonverbal.types import F32

I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Window = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, half-open."""

NEAR_M = 0.05
"""Triangles with a corner closer to the camera than this are left out."""
OUTLINE = 0.004
"""Samples of a pixel whose distances differ by more than this part lie on different surfaces."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What is drawn: triangles and the picture that is stretched over them.

    Attributes:
        faces: [F, 3] corners as rows of the vertices, counter-clockwise seen from outside.
        texels: [F, 6] column and row of each corner in the texture, in texels.
        texture: [S, S, 3] RGB.
    """

    faces: I32
    texels: F32
    texture: U8


class Canvas:
    """The working memory of one thread for pictures up to a size."""

    def __init__(self, width_px: int, height_px: int) -> None:
        """Room for `width_px` x `height_px` pixels at four samples each."""
        self.nearness = np.zeros((2 * height_px, 2 * width_px), np.float32)
        self.owner = np.empty((2 * height_px, 2 * width_px), np.int32)


def vertex_normals(vertices: F32, faces: I32) -> F32:
    """[V, 3] positions and [F, 3] counter-clockwise triangles -> [V, 3] unit normals that point outwards.

    A vertex without a triangle gets zeros.
    """
    return np.asarray(_vertex_normals(np.ascontiguousarray(vertices, np.float32), faces), np.float32)


def draw(picture: U8, canvas: Canvas, surface: Surface, points: F32, light: F32, window: Window | None = None) -> None:
    """Draws a surface over a picture.

    Args:
        picture: [H, W, 3] RGB, changed in place.
        points: [V, 3] column and row in pixels, distance along the camera's axis in metres.
        light: [V, 3] what the texture's red, green and blue are multiplied by, 1 for unchanged.
        window: nothing outside it is touched; the whole picture if None.

    Raises:
        ValueError: the canvas is smaller than the window.
    """
    height, width = picture.shape[:2]
    left, top, right, bottom = window or (0, 0, width, height)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if right <= left or bottom <= top or not len(surface.faces):
        return
    if canvas.owner.shape[0] < 2 * (bottom - top) or canvas.owner.shape[1] < 2 * (right - left):
        raise ValueError(
            f"canvas of {canvas.owner.shape} samples for a window of {right - left} x {bottom - top} pixels"
        )
    samples = np.ascontiguousarray(points, np.float32) * np.array([2, 2, 1], np.float32)
    samples[:, :2] -= np.array([2 * left + 0.5, 2 * top + 0.5], np.float32)
    samples[:, 2] = 1 / np.where(samples[:, 2] > NEAR_M, samples[:, 2], np.inf)
    nearness = canvas.nearness[: 2 * (bottom - top), : 2 * (right - left)]
    owner = canvas.owner[: 2 * (bottom - top), : 2 * (right - left)]
    box = _cover(nearness, owner, samples, surface.faces)
    part = picture[top:bottom, left:right]
    plan = _plan(samples, surface.faces, surface.texels, np.ascontiguousarray(light, np.float32))
    _colour(part, nearness, owner, plan, surface.texture, box)


def nearness_at(canvas: Canvas, faces: I32, points: F32) -> F32:
    """[V] distance of what a camera sees at each of the points [V, 3] (pixels and metres), the points' own included."""
    samples = (points * np.array([2, 2, 1], np.float32)).astype(np.float32)
    samples[:, 2] = 1 / samples[:, 2]
    _cover(canvas.nearness, canvas.owner, samples, faces)
    rows = np.clip(np.rint(samples[:, 1]).astype(np.intp), 0, canvas.owner.shape[0] - 1)
    columns = np.clip(np.rint(samples[:, 0]).astype(np.intp), 0, canvas.owner.shape[1] - 1)
    seen = 1 / np.maximum(canvas.nearness[rows, columns], np.float32(1e-9))
    canvas.nearness[:] = 0
    return np.asarray(seen, np.float32)


@numba.njit(cache=True, nogil=True)
def _vertex_normals(vertices: F32, faces: I32) -> F32:
    normals = np.zeros_like(vertices)
    for face in range(len(faces)):
        i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
        ax, ay, az = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
        bx, by, bz = vertices[k, 0] - vertices[i, 0], vertices[k, 1] - vertices[i, 1], vertices[k, 2] - vertices[i, 2]
        x, y, z = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        for corner in (i, j, k):
            normals[corner, 0] += x
            normals[corner, 1] += y
            normals[corner, 2] += z
    for row in range(len(normals)):
        x, y, z = normals[row, 0], normals[row, 1], normals[row, 2]
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0:
            normals[row, 0] = x / length
            normals[row, 1] = y / length
            normals[row, 2] = z / length
    return normals


@numba.njit(cache=True, nogil=True)
def _cover(nearness: F32, owner: I32, samples: F32, faces: I32) -> Window:
    """Notes for each sample the nearest face and its inverse distance (0: none); returns the box of samples touched."""
    height, width = nearness.shape
    left, top, right, bottom = width, height, 0, 0
    for face in range(len(faces)):
        i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
        xi, yi, zi = samples[i, 0], samples[i, 1], samples[i, 2]
        xj, yj, zj = samples[j, 0], samples[j, 1], samples[j, 2]
        xk, yk, zk = samples[k, 0], samples[k, 1], samples[k, 2]
        area = (xj - xi) * (yk - yi) - (xk - xi) * (yj - yi)
        if not (area < -1e-6 and zi > 0 and zj > 0 and zk > 0):
            continue
        low_y, high_y = max(np.ceil(min(yi, yj, yk)), 0.0), min(np.floor(max(yi, yj, yk)), height - 1.0)
        low_x, high_x = max(np.ceil(min(xi, xj, xk)), 0.0), min(np.floor(max(xi, xj, xk)), width - 1.0)
        if low_y > high_y or low_x > high_x:
            continue
        # nearness is linear in the picture: z = z0 + x * zx + y * zy
        zx = ((zj - zi) * (yk - yi) - (zk - zi) * (yj - yi)) / area
        zy = ((zk - zi) * (xj - xi) - (zj - zi) * (xk - xi)) / area
        z0 = zi - xi * zx - yi * zy
        # columns per row along each edge; an edge that goes down the picture bounds the face on the left
        rise_i, rise_j, rise_k = yj - yi, yk - yj, yi - yk
        run_i = (xj - xi) / rise_i if rise_i != 0 else np.float32(0)
        run_j = (xk - xj) / rise_j if rise_j != 0 else np.float32(0)
        run_k = (xi - xk) / rise_k if rise_k != 0 else np.float32(0)
        for y in range(int(low_y), int(high_y) + 1):
            start, end = low_x, high_x
            if rise_i > 0:
                start = max(start, xi + (y - yi) * run_i)
            elif rise_i < 0:
                end = min(end, xi + (y - yi) * run_i)
            if rise_j > 0:
                start = max(start, xj + (y - yj) * run_j)
            elif rise_j < 0:
                end = min(end, xj + (y - yj) * run_j)
            if rise_k > 0:
                start = max(start, xk + (y - yk) * run_k)
            elif rise_k < 0:
                end = min(end, xk + (y - yk) * run_k)
            base = z0 + y * zy
            for x in range(int(np.ceil(start)), int(np.floor(end)) + 1):
                z = base + x * zx
                if z > nearness[y, x]:
                    nearness[y, x] = z
                    owner[y, x] = face
        left, right = min(left, int(low_x)), max(right, int(high_x) + 1)
        top, bottom = min(top, int(low_y)), max(bottom, int(high_y) + 1)
    return left, top, right, bottom


@numba.njit(cache=True, nogil=True)
def _plan(samples: F32, faces: I32, texels: F32, light: F32) -> F32:
    """[F, 24] what colours each face: 9 numbers that give the corners' shares, 6 for the texel, 9 for the light.

    Shares over distance are linear in the picture, so three numbers each give that of j, that of k, and their sum.
    """
    plan = np.empty((len(faces), 24), np.float32)
    for face in range(len(faces)):
        i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
        xi, yi, zi = samples[i, 0], samples[i, 1], samples[i, 2]
        ax, ay, zj = samples[j, 0] - xi, samples[j, 1] - yi, samples[j, 2]
        bx, by, zk = samples[k, 0] - xi, samples[k, 1] - yi, samples[k, 2]
        area = ax * by - bx * ay
        if not area < -1e-6:
            continue
        row = plan[face]
        row[0], row[1] = by / area * zj, -bx / area * zj
        row[2] = -xi * row[0] - yi * row[1]
        row[3], row[4] = -ay / area * zk, ax / area * zk
        row[5] = -xi * row[3] - yi * row[4]
        row[6], row[7] = row[0] + row[3] - (by - ay) / area * zi, row[1] + row[4] + (bx - ax) / area * zi
        row[8] = zi - xi * row[6] - yi * row[7]
        for axis in range(2):
            start = texels[face, axis]
            row[9 + axis], row[11 + axis] = start, texels[face, 2 + axis] - start
            row[13 + axis] = texels[face, 4 + axis] - start
        for channel in range(3):
            start = light[i, channel]
            row[15 + channel], row[18 + channel] = start, light[j, channel] - start
            row[21 + channel] = light[k, channel] - start
    return plan


@numba.njit(cache=True, nogil=True, fastmath=True)
def _shade(x: Any, y: Any, face: int, plan: F32, texture: U8) -> Any:
    """Red, green and blue of a face at a point of the sample grid."""
    one, zero, most = np.float32(1), np.float32(0), np.float32(255)
    x, y = np.float32(x), np.float32(y)
    distance = one / (plan[face, 6] * x + plan[face, 7] * y + plan[face, 8])
    wj = min(max((plan[face, 0] * x + plan[face, 1] * y + plan[face, 2]) * distance, zero), one)
    wk = min(max((plan[face, 3] * x + plan[face, 4] * y + plan[face, 5]) * distance, zero), one)
    last = np.float32(len(texture) - 1.001)
    column = min(max(plan[face, 9] + wj * plan[face, 11] + wk * plan[face, 13], zero), last)
    row = min(max(plan[face, 10] + wj * plan[face, 12] + wk * plan[face, 14], zero), last)
    c, r = np.uint32(column), np.uint32(row)
    fc, fr = column - np.float32(c), row - np.float32(r)
    red, green, blue = _texel(texture, r, c, (one - fr) * (one - fc), (one - fr) * fc, fr * (one - fc), fr * fc)
    red *= plan[face, 15] + wj * plan[face, 18] + wk * plan[face, 21]
    green *= plan[face, 16] + wj * plan[face, 19] + wk * plan[face, 22]
    blue *= plan[face, 17] + wj * plan[face, 20] + wk * plan[face, 23]
    return min(max(red, zero), most), min(max(green, zero), most), min(max(blue, zero), most)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _texel(texture: U8, r: Any, c: Any, w00: Any, w01: Any, w10: Any, w11: Any) -> Any:
    """Red, green and blue of four neighbouring texels with these weights."""
    d, e = r + np.uint32(1), c + np.uint32(1)
    f = np.float32
    red = w00 * f(texture[r, c, 0]) + w01 * f(texture[r, e, 0]) + w10 * f(texture[d, c, 0]) + w11 * f(texture[d, e, 0])
    green = (
        w00 * f(texture[r, c, 1]) + w01 * f(texture[r, e, 1]) + w10 * f(texture[d, c, 1]) + w11 * f(texture[d, e, 1])
    )
    blue = w00 * f(texture[r, c, 2]) + w01 * f(texture[r, e, 2]) + w10 * f(texture[d, c, 2]) + w11 * f(texture[d, e, 2])
    return red, green, blue


@numba.njit(cache=True, nogil=True)
def _colour(picture: U8, nearness: F32, owner: I32, plan: F32, texture: U8, box: Window) -> None:
    """Colours the pixels that have an owner and clears the nearness for the next mesh."""
    half, quarter = np.float32(0.5), np.float32(0.25)
    for y in range(box[1] // 2, (box[3] + 1) // 2):
        for x in range(box[0] // 2, (box[2] + 1) // 2):
            a, b = nearness[2 * y, 2 * x], nearness[2 * y, 2 * x + 1]
            c, d = nearness[2 * y + 1, 2 * x], nearness[2 * y + 1, 2 * x + 1]
            near, far = max(a, b, c, d), min(a, b, c, d)
            if near == 0:
                continue
            if near - far < np.float32(OUTLINE) * near:
                red, green, blue = _shade(2 * x + half, 2 * y + half, owner[2 * y, 2 * x], plan, texture)
            else:
                red = green = blue = np.float32(0)
                for sample in range(4):
                    v, u = 2 * y + sample // 2, 2 * x + sample % 2
                    p, q, r = np.float32(picture[y, x, 0]), np.float32(picture[y, x, 1]), np.float32(picture[y, x, 2])
                    if nearness[v, u] > 0:
                        p, q, r = _shade(u, v, owner[v, u], plan, texture)
                    red, green, blue = red + quarter * p, green + quarter * q, blue + quarter * r
            picture[y, x, 0] = np.uint8(red + half)
            picture[y, x, 1] = np.uint8(green + half)
            picture[y, x, 2] = np.uint8(blue + half)
            nearness[2 * y, 2 * x] = nearness[2 * y, 2 * x + 1] = 0
            nearness[2 * y + 1, 2 * x] = nearness[2 * y + 1, 2 * x + 1] = 0
