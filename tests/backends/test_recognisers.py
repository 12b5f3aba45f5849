"""What settings may name, what each needs, and that the models that are here keep the protocol."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from whisper_conversion import convert

from nonverbal.backends import aligners, recognisers
from nonverbal.backends.recognisers import CHOICES, Multilingual, backend_of, check_settings, load
from nonverbal.backends.requirements import first_problem
from nonverbal.media.audio import read_audio


@pytest.fixture(autouse=True)
def _empty_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def _ct2_folder(folder: Path, words: int) -> Path:
    folder.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    (folder / "vocabulary.txt").write_text("w\n" * words)
    return folder


@pytest.mark.parametrize(
    ("name", "device", "compute", "says"),
    [
        ("whisper", "cpu", "auto", "recogniser is 'whisper'; expected whisper-base"),
        ("faster-whisper:", "cpu", "auto", "expected whisper-base"),
        ("whisper-base", "tpu", "auto", "expected cpu or cuda"),
        ("whisper-base", "cpu", "float16", "compute_type is 'float16'"),
        ("transformers:openai/whisper-tiny", "cuda", "int8", "takes auto, float16, bfloat16, float32"),
    ],
)
def test_a_wrong_setting_is_one_sentence(name: str, device: str, compute: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_settings(name, device, compute, "recogniser")


def test_the_default_needs_nothing_more() -> None:
    (default,) = [choice for choice in CHOICES if choice.default]
    assert default.name == recognisers.DEFAULT
    assert default.problem() is None
    assert backend_of(default.name, "cpu", "language", "language_model", "telling languages apart").problem() is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("faster-whisper:large-v3", "run hf download Systran/faster-whisper-large-v3"),
        ("faster-whisper:turbo", "run hf download mobiuslabsgmbh/faster-whisper-large-v3-turbo"),
        ("faster-whisper:me/mine@v2", "run hf download me/mine --revision v2"),
        ("faster-whisper:/no/folder", "the folder /no/folder (--recogniser) does not exist"),
        ("transformers:openai/whisper-large-v3", "run hf download openai/whisper-large-v3"),
    ],
)
def test_what_is_missing_says_what_to_do(name: str, says: str) -> None:
    problem = backend_of(name, "cpu", "transcribe", "recogniser").problem()
    assert problem is not None
    assert problem.startswith(name)
    assert says in problem


def test_english_models_are_refused_for_other_languages(tmp_path: Path) -> None:
    english = _ct2_folder(tmp_path / "en", 51864)
    wanted = f"faster-whisper:{english}"
    problem = backend_of(wanted, "cpu", "transcribe", "recogniser", "German (de)").problem()
    assert problem is not None
    assert "it knows English only, and is chosen for German (de)" in problem
    assert backend_of(wanted, "cpu", "transcribe", "recogniser").problem() is None
    several = _ct2_folder(tmp_path / "all", 51865)
    assert Multilingual(f"faster-whisper:{several}", "German (de)").problem() is None


def test_a_folder_in_another_form_names_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({}))
    (tmp_path / "pytorch_model.bin").write_text("")
    problem = backend_of(f"transformers:{tmp_path}", "cpu", "transcribe", "recogniser").problem()
    assert problem is not None
    assert "has no model.safetensors" in problem


def test_a_card_is_asked_for_where_one_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    problem = backend_of("whisper-base", "cuda", "transcribe", "recogniser").problem()
    assert problem is not None
    assert "PyTorch sees no GPU" in problem


@pytest.mark.parametrize(
    ("name", "model", "languages", "says"),
    [
        ("wav2vec2", "", ("en",), "run hf download facebook/wav2vec2-base-960h"),
        ("wav2vec2", "", ("de",), "run hf download jonatasgrosman/wav2vec2-large-xlsr-53-german"),
        ("wav2vec2", "me/mine", ("sw",), "run hf download me/mine"),
        ("wav2vec2", "", ("sw",), "Swahili (sw) may be heard"),
    ],
)
def test_an_aligner_says_what_it_needs(name: str, model: str, languages: tuple[str, ...], says: str) -> None:
    found = aligners.backends_of(name, model, "cpu", languages)
    assert says in (first_problem(need for backend in found for need in backend.requirements) or "")


def test_an_aligner_for_english_refuses_other_languages() -> None:
    (found,) = aligners.backends_of("pocketsphinx", "", "cpu", ("en", "fr"))
    assert "it aligns en only, and French (fr) may be heard" in (found.requirements[-1].problem() or "")


@pytest.mark.parametrize(
    ("name", "model", "says"),
    [
        ("whisperx", "", "expected one of whisper, wav2vec2, pocketsphinx"),
        ("whisper", "a/b", "set aligner to wav2vec2"),
    ],
)
def test_a_wrong_aligner_is_one_sentence(name: str, model: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        aligners.check_settings(name, model)


def test_pocketsphinx_finds_the_words_of_a_speech(shared_media: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="pip install 'nonverbal[pocketsphinx]'")
    samples = read_audio(shared_media / "speech/jfk.flac", 0.0, 11.0).samples
    rough = load(recognisers.DEFAULT, "cpu", "auto").hear(samples, "en", 1)
    aligner = aligners.load("pocketsphinx", "", "cpu", "en")
    assert aligner is not None
    found = aligner.align(samples, rough, "en")
    aligner.align(np.random.default_rng(0).normal(0.0, 0.3, 80000).astype(np.float32), rough[:9], "en")
    assert aligner.align(samples, rough, "en") == found, "what was heard before must not matter"
    edges = [t for word in found for t in (word.start_s, word.end_s)]
    assert edges == sorted(edges)
    assert np.median([abs(a.start_s - b.start_s) for a, b in zip(rough, found, strict=True)]) < 0.15
    ask = next(word for word in found if word.word == "ask")
    assert 3.2 < ask.start_s < 3.5, "the recogniser lets it begin in the pause, at 2.8 s"


def test_pocketsphinx_has_no_time_for_what_it_cannot_find() -> None:
    pytest.importorskip("pocketsphinx", reason="pip install 'nonverbal[pocketsphinx]'")
    aligner = aligners.load("pocketsphinx", "", "cpu", "en")
    assert aligner is not None
    words = [recognisers.Heard(text, 0.0, 0.1, 1.0) for text in ("zyxgrbl", "—", "1984", "你好")]
    for samples in (0, 100, 4000):
        found = aligner.align(np.zeros(samples, np.float32), words, "en")
        assert [word.word for word in found] == [word.word for word in words]
        assert all(math.isnan(word.start_s) for word in found)


@pytest.mark.slow
def test_transformers_hears_what_faster_whisper_hears(shared_media: Path, tmp_path: Path) -> None:
    """The same network in both forms: the same words, times on the same grid, the same language."""
    samples = read_audio(shared_media / "speech/jfk.flac", 0.0, 11.0).samples
    folder = convert(tmp_path / "base")
    backend = backend_of(f"transformers:{folder}", "cpu", "transcribe", "recogniser", "German (de)")
    assert backend.problem() is None
    ours, theirs = load(backend.name, "cpu", "auto"), load(recognisers.DEFAULT, "cpu", "auto")
    assert ours.detect_language(samples)[0] == theirs.detect_language(samples)[0] == "en"
    assert ours.hears("de")
    assert not ours.hears("yue")
    got, want = ours.hear(samples, "en", 5), theirs.hear(samples, "en", 5)
    assert [word.word for word in got] == [word.word for word in want]
    starts = [abs(a.start_s - b.start_s) for a, b in zip(got, want, strict=True)]
    assert np.median(starts) <= 0.02
    assert max(starts) < 0.1
    assert max(abs(a.prob - b.prob) for a, b in zip(got, want, strict=True)) < 0.35
    assert ours.hear(samples, "en", 5) == got
