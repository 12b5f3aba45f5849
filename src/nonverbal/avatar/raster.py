"""Draws textured triangles into pictures on one thread, without any graphics system.

Two passes, so that every pixel is coloured once however many triangles cover it:

    cover    triangles -> which of them is nearest at each of four samples a pixel
    colour   samples   -> texture times light; pixels on an outline mix their four samples, the others take one

Several meshes in one picture are painted from the farthest to the nearest; within a mesh the depth of each sample
decides.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    return _vertex_normals(np.ascontiguousarray(vertices, np.float32), faces)


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
    _colour(part, nearness, owner, samples, surface.faces, surface.texels, surface.texture, light, box)


def nearness_at(canvas: Canvas, faces: I32, points: F32) -> F32:
    """[V] distance of what a camera sees at each of the points [V, 3] (pixels and metres), the points' own included."""
    samples = (points * np.array([2, 2, 1], np.float32)).astype(np.float32)
    samples[:, 2] = 1 / samples[:, 2]
    _cover(canvas.nearness, canvas.owner, samples, faces)
    rows = np.clip(np.rint(samples[:, 1]).astype(np.intp), 0, canvas.owner.shape[0] - 1)
    columns = np.clip(np.rint(samples[:, 0]).astype(np.intp), 0, canvas.owner.shape[1] - 1)
    seen = 1 / np.maximum(canvas.nearness[rows, columns], np.float32(1e-9))
    canvas.nearness[:] = 0
    return seen


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
        low_y = max(np.ceil(min(yi, yj, yk)), 0)
        high_y = min(np.floor(max(yi, yj, yk)), height - 1)
        low_x = max(np.ceil(min(xi, xj, xk)), 0)
        high_x = min(np.floor(max(xi, xj, xk)), width - 1)
        if low_y > high_y or low_x > high_x:
            continue
        # nearness is linear in the picture: z = z0 + x * zx + y * zy
        zx = ((zj - zi) * (yk - yi) - (zk - zi) * (yj - yi)) / area
        zy = ((zk - zi) * (xj - xi) - (zj - zi) * (xk - xi)) / area
        z0 = zi - xi * zx - yi * zy
        for y in range(int(low_y), int(high_y) + 1):
            start, end = low_x, high_x
            for edge in range(3):
                if edge == 0:
                    x1, y1, x2, y2 = xi, yi, xj, yj
                elif edge == 1:
                    x1, y1, x2, y2 = xj, yj, xk, yk
                else:
                    x1, y1, x2, y2 = xk, yk, xi, yi
                rise = y2 - y1
                if rise > 0:
                    end_at = x1 + (y - y1) * (x2 - x1) / rise
                    start = max(start, np.ceil(end_at))
                elif rise < 0:
                    end_at = x1 + (y - y1) * (x2 - x1) / rise
                    end = min(end, np.floor(end_at))
            if start > end:
                continue
            base = z0 + y * zy
            for x in range(int(start), int(end) + 1):
                z = base + x * zx
                if z > nearness[y, x]:
                    nearness[y, x] = z
                    owner[y, x] = face
            left, right = min(left, int(start)), max(right, int(end) + 1)
            top, bottom = min(top, y), max(bottom, y + 1)
    return left, top, right, bottom


@numba.njit(cache=True, nogil=True)
def _shade(
    x: float, y: float, face: int, samples: F32, faces: I32, texels: F32, texture: U8, light: F32
) -> tuple[float, float, float]:
    """The colour of a face at a point of the sample grid."""
    i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
    xi, yi = samples[i, 0], samples[i, 1]
    ax, ay = samples[j, 0] - xi, samples[j, 1] - yi
    bx, by = samples[k, 0] - xi, samples[k, 1] - yi
    area = ax * by - bx * ay
    wj = min(max(((x - xi) * by - bx * (y - yi)) / area, 0.0), 1.0)
    wk = min(max((ax * (y - yi) - (x - xi) * ay) / area, 0.0), 1.0)
    wi = max(1 - wj - wk, 0.0) * samples[i, 2]
    wj *= samples[j, 2]
    wk *= samples[k, 2]
    whole = wi + wj + wk
    wi, wj, wk = wi / whole, wj / whole, wk / whole
    column = wi * texels[face, 0] + wj * texels[face, 2] + wk * texels[face, 4]
    row = wi * texels[face, 1] + wj * texels[face, 3] + wk * texels[face, 5]
    size = len(texture)
    column, row = min(max(column, 0.0), size - 1.001), min(max(row, 0.0), size - 1.001)
    c, r = int(column), int(row)
    fc, fr = column - c, row - r
    w00, w01, w10, w11 = (1 - fr) * (1 - fc), (1 - fr) * fc, fr * (1 - fc), fr * fc
    red = (
        w00 * texture[r, c, 0]
        + w01 * texture[r, c + 1, 0]
        + w10 * texture[r + 1, c, 0]
        + w11 * texture[r + 1, c + 1, 0]
    )
    green = (
        w00 * texture[r, c, 1]
        + w01 * texture[r, c + 1, 1]
        + w10 * texture[r + 1, c, 1]
        + w11 * texture[r + 1, c + 1, 1]
    )
    blue = (
        w00 * texture[r, c, 2]
        + w01 * texture[r, c + 1, 2]
        + w10 * texture[r + 1, c, 2]
        + w11 * texture[r + 1, c + 1, 2]
    )
    red *= wi * light[i, 0] + wj * light[j, 0] + wk * light[k, 0]
    green *= wi * light[i, 1] + wj * light[j, 1] + wk * light[k, 1]
    blue *= wi * light[i, 2] + wj * light[j, 2] + wk * light[k, 2]
    return min(red, 255.0), min(green, 255.0), min(blue, 255.0)


@numba.njit(cache=True, nogil=True)
def _colour(
    picture: U8, nearness: F32, owner: I32, samples: F32, faces: I32, texels: F32, texture: U8, light: F32, box: Window
) -> None:
    """Colours the pixels that have an owner and clears the nearness for the next mesh."""
    for y in range(box[1] // 2, (box[3] + 1) // 2):
        for x in range(box[0] // 2, (box[2] + 1) // 2):
            near, far = 0.0, np.inf
            for sample in range(4):
                z = nearness[2 * y + sample // 2, 2 * x + sample % 2]
                near, far = max(near, z), min(far, z)
            if near == 0:
                continue
            if near - far < OUTLINE * near:
                red, green, blue = _shade(
                    2 * x + 0.5, 2 * y + 0.5, owner[2 * y, 2 * x], samples, faces, texels, texture, light
                )
            else:
                red, green, blue = 0.0, 0.0, 0.0
                for sample in range(4):
                    v, u = 2 * y + sample // 2, 2 * x + sample % 2
                    if nearness[v, u] > 0:
                        r, g, b = _shade(u, v, owner[v, u], samples, faces, texels, texture, light)
                    else:
                        r, g, b = float(picture[y, x, 0]), float(picture[y, x, 1]), float(picture[y, x, 2])
                    red, green, blue = red + 0.25 * r, green + 0.25 * g, blue + 0.25 * b
            picture[y, x, 0], picture[y, x, 1], picture[y, x, 2] = int(red + 0.5), int(green + 0.5), int(blue + 0.5)
            for sample in range(4):
                nearness[2 * y + sample // 2, 2 * x + sample % 2] = 0
