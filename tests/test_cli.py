"""The command line: settings reach the stages, files and flags agree, mistakes get one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nonverbal import cli, records
from nonverbal.mars.evaluate_command import EvaluateModel
from nonverbal.pipeline.lock import claim
from nonverbal.settings import BuildSettings, load_settings, to_toml
from nonverbal.tokens.evaluate_command import EvaluateTokenizer
from nonverbal.verdicts import UserError


def test_settings_survive_the_way_through_toml(tmp_path: Path) -> None:
    path = tmp_path / "build.toml"
    path.write_text(to_toml(BuildSettings()))
    assert load_settings(path) == BuildSettings()


def test_settings_come_back_out_of_a_dataset(tmp_path: Path) -> None:
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({"config": BuildSettings().resolved()}))
    assert load_settings(path) == BuildSettings()


def test_flags_go_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    path = tmp_path / "build.toml"
    path.write_text("[segment]\nskip_intro_s = 5\nclip_s = 300\nmin_clip_s = 30\n")
    command = cli._parse(
        ["build", "a.mp4", "--out", "d", "--config", str(path), "--clip-s", "120", "--languages", "en", "de"]
    )
    assert isinstance(command, cli.Build)
    assert command.settings.segment.skip_intro_s == 5.0
    assert command.settings.segment.clip_s == 120.0
    assert command.settings.language.languages == ("en", "de")
    assert command.inputs == ("a.mp4",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[segment]\nskip_intro = 5\n", "unknown key 'skip_intro'; the keys are skip_intro_s, clip_s, min_clip_s"),
        ("[cutting]\n", "unknown key 'cutting'; the keys are probe, thumbnail"),
        ("[segment]\nclip_s = 'long'\n", "got 'long', expected float"),
        ("[segment\n", "settings in"),
        ("[segment]\nclip_s = -1\n", "expected"),
    ],
)
def test_a_mistake_in_a_settings_file_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "build.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"build\.toml|expected") as caught:
        load_settings(path)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["build", "--out", "{tmp}/d"], 2, "no inputs"),
        (["build", "{tmp}/none.mp4", "--out", "{tmp}/d"], 2, "does not exist"),
        (["build", "https://example.org/v", "--out", "{tmp}/d"], 2, "nonverbal collect"),
        (["build", "{tmp}", "--out", "/proc/none/d"], 73, "E_IO_RO"),
        (["build", "{tmp}", "--out", "{tmp}/d", "--max-people", "0"], 2, "max_people"),
        (["build", "{tmp}", "--out", "{tmp}/d", "--body-hz", "0"], 2, "body_hz is 0.0, expected 1 to 25"),
        (["build", "{tmp}", "--out", "{tmp}/d", "--clip-s", "nan"], 2, "expected a finite number"),
        (["stats", "{tmp}/none"], 2, "nonverbal build"),
        (["validate", "{tmp}/none"], 2, "nonverbal build"),
    ],
)
def test_a_users_mistake_is_one_sentence_and_an_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, sentence: str
) -> None:
    assert cli.main([a.format(tmp=tmp_path) for a in arguments]) == code
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert "Traceback" not in captured.err
    assert len(captured.err.strip().splitlines()) == 1


def test_help_explains_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["build", "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for section in records.to_plain(BuildSettings()).values():
        for name in section:
            assert f"--{name.replace('_', '-')}" in text


def test_no_two_settings_share_a_name() -> None:
    names = [name for section in records.to_plain(BuildSettings()).values() for name in section]
    assert len(set(names)) == len(names)


def test_commands_of_two_words(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("venus", "arkit", "amass"):
        command = cli._parse(["import", name, "file", "--out", "d"])
        assert isinstance(command, cli.Import)
        assert type(command.of).__name__ == f"Import{name.title()}"
    tokenizer, model = (["evaluate", "tokenizer", "d", "--tokenizers", "t"], ["evaluate", "model", "m", "d"])
    for words, kind in ((tokenizer, EvaluateTokenizer), (model, EvaluateModel)):
        command = cli._parse(words)
        assert isinstance(command, cli.Evaluate)
        assert isinstance(command.of, kind)
    for words in (["evaluate"], ["evaluate", "--help"]):
        with pytest.raises(SystemExit):
            cli._parse(words)
        told = capsys.readouterr()
        assert "tokenizer" in told.out + told.err
        assert "model" in told.out + told.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("nonverbal 0.")


def test_doctor_finds_the_models_and_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("NONVERBAL_WEIGHTS", raising=False)
    code = cli.main(["doctor"])
    assert code in (0, 1)
    text = capsys.readouterr().out
    assert "Whisper base" in text
    assert "lr-asd: the weights" in text, "what can be chosen is listed with what it lacks"
    assert ("To mend: " in text) == (code == 1)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert cli.main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert "missing" in text
    assert "pip install 'nonverbal[offline]'" in text


def test_required_output_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["build", "a.mp4"])
    assert caught.value.code == 2
    assert "--out" in capsys.readouterr().err


def test_a_second_run_on_one_output_says_who_holds_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.mp4").touch()
    with claim(tmp_path / "out"):
        assert cli.main(["build", str(tmp_path / "a.mp4"), "--out", str(tmp_path / "out")]) == 75
    sentence = capsys.readouterr().err
    assert "E_LOCKED" in sentence
    assert f"process {os.getpid()} on" in sentence


def test_an_interruption_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.mp4").touch()
    monkeypatch.setattr(cli, "build", interrupted)
    assert cli.main(["build", str(tmp_path / "a.mp4"), "--out", str(tmp_path / "out")]) == 130
    assert "Traceback" not in capsys.readouterr().err
