"""Licensed meshes in films, on made-up models in their layout."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_takes import made_take
from safetensors.numpy import save_file
from test_render_film import pictures

from nonverbal.formats.film import FilmSettings, film_takes
from nonverbal.formats.film_mesh import open_mesh
from nonverbal.formats.take import Take
from nonverbal.verdicts import UserError

pytest.importorskip("smplx", reason="FLAME and SMPL-X meshes need the package smplx")
Arrays = dict[str, np.ndarray]
Made = Callable[[str], Arrays]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """A made-up model with triangles, by its kind."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "tokens")
    from made_up_models import flame_arrays, smplx_arrays

    def make(kind: str) -> Arrays:
        rng = np.random.default_rng(3)
        arrays = {"flame": flame_arrays, "smplx": smplx_arrays}[kind](rng)
        some = rng.integers(0, len(arrays["v_template"]), (60, 3))
        return arrays | {"f": np.concatenate([some, some[:, ::-1]]).astype(np.uint32)}

    yield make
    sys.modules.pop("made_up_models", None)


def saved(path: Path, arrays: Arrays) -> Path:
    np.savez(path, **arrays)
    return path


def still(take: Take) -> Take:
    """The take with its first frame throughout."""
    return replace(
        take, face=np.repeat(take.face[:1], take.n_frames, 0), body=np.repeat(take.body[:1], take.n_frames, 0)
    )


@pytest.mark.parametrize(("kind", "space"), [("flame", "flame53"), ("smplx", "arkit52")])
def test_the_mesh_moves_by_its_own_space(made: Made, tmp_path: Path, kind: str, space: str) -> None:
    model = saved(tmp_path / "model.npz", made(kind))
    settings = FilmSettings(240, 160, captions=False, mesh=kind, model_file=model)
    take = made_take(30, face_space=space)
    film_takes([take, still(take)], tmp_path / "two.mp4", settings)
    frames = pictures(tmp_path / "two.mp4")
    assert frames.shape == (30, 160, 240, 3)
    left, right = np.split(np.abs(frames[-1] - frames[0]).max(axis=2), 2, axis=1)
    assert (left > 40).mean() > 0.005
    assert (right > 40).mean() == 0.0
    first, second = np.split(frames[0], 2, axis=1)
    assert (np.abs(first - frames[0, 0, 0]).max(axis=2) > 20).mean() > 0.02  # something is there
    assert np.abs(first - second).max() < 40  # the same mesh in the same place, up to what the encoder makes of it


def test_models_in_safetensors(made: Made, tmp_path: Path) -> None:
    arrays = {name: np.ascontiguousarray(array) for name, array in made("smplx").items()}
    save_file(
        {n: a.astype(np.float32) if a.dtype.kind == "f" else a for n, a in arrays.items()}, tmp_path / "m.safetensors"
    )
    saved(tmp_path / "m.npz", arrays)
    one, other = (open_mesh("smplx", tmp_path / name) for name in ("m.safetensors", "m.npz"))
    assert np.array_equal(one.faces, other.faces)
    np.testing.assert_allclose(one.middle_m, other.middle_m, atol=1e-6)


@pytest.mark.parametrize(
    ("faces", "sentence"),
    [
        (None, "has no array f of triangles"),
        (np.zeros((4, 4), np.int32), r"f is int32 \[4, 4\], expected whole numbers \[F, 3\]"),
        (np.zeros((4, 3)), "f is float64"),
        (np.full((4, 3), 9999), "f names vertex 9999"),
        (np.full((4, 3), -1), "f names vertex"),
        (np.array([["a", None, 3]], dtype=object), "its triangles cannot be read"),
    ],
)
def test_triangles_that_are_none(made: Made, tmp_path: Path, faces: np.ndarray | None, sentence: str) -> None:
    arrays = made("flame")
    del arrays["f"]
    model = saved(tmp_path / "model.npz", arrays | ({} if faces is None else {"f": faces}))
    with pytest.raises(UserError, match=sentence):
        open_mesh("flame", model)


def test_a_take_of_other_spaces_is_refused(made: Made, tmp_path: Path) -> None:
    settings = FilmSettings(240, 160, mesh="flame", model_file=saved(tmp_path / "model.npz", made("flame")))
    with pytest.raises(UserError, match="holds arkit52 and smplx117, but the mesh moves by flame53"):
        film_takes([made_take()], tmp_path / "none.mp4", settings)
    assert not list(tmp_path.glob("*.mp4*"))
