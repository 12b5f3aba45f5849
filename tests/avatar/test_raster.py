from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nonverbal.avatar.raster import Canvas, Surface, draw, nearness_at, vertex_normals

WIDTH, HEIGHT = 40, 30


def flat_surface(faces: np.ndarray, colours: np.ndarray) -> Surface:
    """One colour for each face: texels of a texture that has a block of 3 x 3 texels for each."""
    texture = np.zeros((3 * len(faces), 3 * len(faces), 3), np.uint8)
    texture[:3] = np.repeat(colours, 3, axis=0)
    column = 3.0 * np.arange(len(faces)) + 1
    return Surface(faces, np.stack([column, np.ones(len(faces))] * 3, axis=1).astype(np.float32), texture)


def slow_picture(picture: np.ndarray, faces: np.ndarray, points: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The nearest face at each of four samples a pixel, found by trying all; the mean of their colours."""
    result = np.empty(picture.shape)
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            samples = []
            for dy in (0.25, 0.75):
                for dx in (0.25, 0.75):
                    nearest, colour = np.inf, picture[y, x].astype(float)
                    for face, rgb in zip(faces, colours, strict=True):
                        a, b, c = points[face].astype(float)
                        edges = np.column_stack([b[:2] - a[:2], c[:2] - a[:2]])
                        if np.linalg.det(edges) >= 0:  # seen from behind
                            continue
                        u, v = np.linalg.solve(edges, np.array([x + dx, y + dy]) - a[:2])
                        distance = 1 / ((1 - u - v) / a[2] + u / b[2] + v / c[2])
                        if min(u, v, 1 - u - v) >= 0 and distance < nearest:
                            nearest, colour = distance, rgb.astype(float)
                    samples.append(colour)
            result[y, x] = np.mean(samples, axis=0)
    return result


def random_triangles(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    corners = rng.uniform(-10, 50, (3 * count, 2))
    depth = np.repeat(1.0 + 0.2 * rng.permutation(count), 3)  # far enough apart to count as different surfaces
    faces = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    return (
        faces,
        np.column_stack([corners, depth]).astype(np.float32),
        rng.integers(0, 256, (count, 3)).astype(np.uint8),
    )


def test_it_draws_what_trying_every_face_at_every_sample_gives() -> None:
    rng = np.random.default_rng(0)
    faces, points, colours = random_triangles(rng, 9)
    picture = rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    expected = slow_picture(picture, faces, points, colours)
    draw(picture, Canvas(WIDTH, HEIGHT), flat_surface(faces, colours), points, np.ones((27, 3), np.float32))
    assert np.abs(picture - expected).max() <= 1.0


def test_texture_and_light_follow_the_perspective() -> None:
    size, focal = 256, 30.0
    ramp = np.broadcast_to(np.arange(size, dtype=np.uint8)[None, :, None], (size, size, 3))
    corners = np.array([[-1, -1, 2.0], [1, -1, 6.0], [1, 1, 6.0], [-1, 1, 2.0]])
    points = np.column_stack([corners[:, :2] * focal / corners[:, 2:] + (20, 15), corners[:, 2]]).astype(np.float32)
    faces = np.array([[0, 3, 2], [0, 2, 1]], np.int32)
    column = np.array([0, size - 1, size - 1, 0.0])
    row = np.array([0, 0, size - 1, size - 1.0])
    texels = np.stack([column[faces], row[faces]], axis=-1).reshape(2, 6).astype(np.float32)
    light = np.array([[1, 0.5, 1], [1, 1, 1], [1, 1, 1], [1, 0.5, 1]], np.float32)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    draw(picture, Canvas(WIDTH, HEIGHT), Surface(faces, texels, ramp.copy()), points, light)
    for x in (8, 12, 16, 20, 23):
        ray = (x + 0.5 - 20) / focal
        u = (2 * ray + 1) / (2 - 4 * ray)  # where the ray meets the wall, 0 at its near edge
        assert abs(picture[15, x, 0] - u * (size - 1)) < 2.0
        assert abs(picture[15, x, 1] - u * (size - 1) * (0.5 + 0.5 * u)) < 2.0


def test_nothing_outside_the_window_is_touched_and_the_canvas_is_clean_afterwards() -> None:
    rng = np.random.default_rng(1)
    faces, points, colours = random_triangles(rng, 12)
    surface, light, canvas = flat_surface(faces, colours), np.ones((36, 3), np.float32), Canvas(WIDTH, HEIGHT)
    whole = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    draw(whole, Canvas(WIDTH, HEIGHT), surface, points, light)
    for window in ((5, 4, 31, 22), (0, 0, WIDTH, HEIGHT), (13, 9, 14, 10), (-5, -5, 7, 8), (20, 20, 20, 25)):
        part = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        draw(part, canvas, surface, points, light, window)
        left, top, right, bottom = np.maximum(window, 0)
        assert (part[top:bottom, left:right] == whole[top:bottom, left:right]).all()
        part[top:bottom, left:right] = 0
        assert not part.any()
        assert not canvas.nearness.any()


def test_what_is_behind_the_camera_or_not_finite_is_left_out() -> None:
    points = np.array([[5, 5, 1], [5, 25, 1], [30, 5, 1], [5, 5, -1], [5, 25, -1], [30, 5, -1]], np.float32)
    faces = np.array([[3, 4, 5]], np.int32)
    surface = flat_surface(faces, np.array([[200, 10, 10]], np.uint8))
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    draw(picture, Canvas(WIDTH, HEIGHT), surface, points, np.ones((6, 3), np.float32))
    points[3:] = [[np.nan, 5, 1], [5, np.inf, 1], [30, 5, 1]]
    draw(picture, Canvas(WIDTH, HEIGHT), surface, points, np.ones((6, 3), np.float32))
    assert not picture.any()
    points[3:] = points[:3]
    draw(picture, Canvas(WIDTH, HEIGHT), surface, points, np.ones((6, 3), np.float32))
    assert picture.any()


def test_a_small_canvas_is_refused() -> None:
    faces, points, colours = random_triangles(np.random.default_rng(2), 1)
    with pytest.raises(ValueError, match="canvas"):
        draw(
            np.zeros((HEIGHT, WIDTH, 3), np.uint8), Canvas(10, 10), flat_surface(faces, colours), points,
            np.ones((3, 3), np.float32),
        )  # fmt: skip


def test_threads_do_not_change_the_picture() -> None:
    rng = np.random.default_rng(3)
    jobs = [random_triangles(rng, 40) for _ in range(16)]

    def picture(job: tuple[np.ndarray, np.ndarray, np.ndarray]) -> bytes:
        faces, points, colours = job
        drawn = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        draw(drawn, Canvas(WIDTH, HEIGHT), flat_surface(faces, colours), points, np.ones((120, 3), np.float32))
        return drawn.tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(picture, jobs)) == [picture(job) for job in jobs]


def test_normals_of_a_tetrahedron_point_outwards() -> None:
    points = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1], [9, 9, 9]], np.float32)
    faces = np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]], np.int32)
    normals = vertex_normals(points, faces)
    np.testing.assert_allclose(normals[:4], points[:4] / np.sqrt(3), atol=1e-6)
    assert not normals[4].any()


def test_nearness_tells_what_hides_a_point() -> None:
    wall = np.array([[0, 0, 2], [0, 30, 2], [40, 0, 2]], np.float32)
    points = np.vstack([wall, [[8, 8, 3], [8, 8, 1], [35, 28, 5]]]).astype(np.float32)
    canvas = Canvas(WIDTH, HEIGHT)
    seen = nearness_at(canvas, np.array([[0, 1, 2]], np.int32), points)
    np.testing.assert_allclose(seen[3:5], 2.0, rtol=1e-5)
    assert seen[5] > 1e6
    assert not canvas.nearness.any()
