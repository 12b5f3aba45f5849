"""The command: lines from pipes and files, orders, mistakes, and nothing raw on the terminal."""

from __future__ import annotations

import io
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from nonverbal.chat.command import Chat
from nonverbal.chat.exchange import Exchange, Shown
from nonverbal.chat.loop import ChatLoop
from nonverbal.mars.store import Mars
from nonverbal.verdicts import UserError


@pytest.fixture
def chat(model_folder: Path) -> Chat:
    return Chat(model_folder, max_seconds=0.7)


def talk(chat: Chat, script: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """The exit code and what was written, of a chat whose lines come through a pipe."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(script))
    out = io.StringIO()
    return chat.run(Console(file=out, width=100)), out.getvalue()


def without_times(text: str) -> str:
    return re.sub(r"heard in .*", "", text)


def test_a_pipe_is_talked_with(chat: Chat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    saved = tmp_path / "new" / "talk.json"
    script = f"Are you there?\n\n(angry) Really?\n/save {saved}\n/quit\nnever read\n"
    code, out = talk(chat, script, monkeypatch)
    assert code == 0
    assert out.count("model: ") == 2
    assert out.count("first step ") == 2
    assert "never read" not in out
    plain = json.loads(saved.read_text())
    assert [m["role"] for m in plain["messages"]] == ["user", "assistant"] * 2
    assert plain["messages"][2]["text"] == "Really?"
    assert all(len(step["face"]) == len(step["body"]) == 2 for m in plain["messages"] for step in m["steps"])
    assert plain["messages"][3]["described"] in out


def test_equal_scripts_give_equal_talks(chat: Chat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("Are you there?\n(smiling) Good.\n")
    piped = talk(chat, script.read_text(), monkeypatch)[1]
    read = talk(replace(chat, script=script), "", monkeypatch)[1]
    assert without_times(piped) == without_times(read)


def test_mistakes_are_told_and_the_talk_goes_on(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "/nope\n(foo) bar\n" + "x" * 900 + "\n/save talk.txt\n/video x.avi\n/video early.mp4\n/help\nHello.\n"
    code, out = talk(chat, script, monkeypatch)
    assert code == 1
    for sentence in (
        "there is no command /nope; the commands are /video, /save, /reset, /help, /quit",
        "there is no manner (foo)",
        "got 900 characters",
        "talk.txt: expected the name of a file that ends in .json",
        "x.avi: expected the name of a film",
        "early.mp4: the conversation has no step yet",
        "Ctrl-C breaks off an answer",
    ):
        assert sentence in out
    assert out.count("model: ") == 1


def test_nothing_raw_reaches_the_terminal(mars: Mars, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed or generated: sequences that move cursors, set titles or turn text around."""
    hostile = "\x1b]0;title\x07", "\x9b2J", "\u202eback", "[bold]", "\x08\x08"
    out = io.StringIO()
    for terminal in (False, True):
        loop = ChatLoop(mars, chat, Console(file=out, width=100, force_terminal=terminal, color_system=None))
        loop.screen.you("\x1b[31mred")
        monkeypatch.setattr(Exchange, "reply", lambda _: (Shown((word,), ()) for word in hostile))
        loop.screen.reply(loop.exchange)
        loop.screen.listening("\x1b[2J meanwhile")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out.getvalue())
    assert out.getvalue().count("[bold]") == 2
    assert out.getvalue().count("]0;title") == 2


def test_an_answer_can_be_interrupted(mars: Mars, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    loop = ChatLoop(mars, replace(chat, max_seconds=30), Console(file=out, force_terminal=True, color_system=None))
    seen = []

    def words(_: object, given: tuple[str, ...]) -> None:
        seen.append(given)
        if len(seen) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("nonverbal.chat.screen.Screen._words", words)
    assert loop.take("Are you there?")
    assert "(interrupted)" in out.getvalue()
    assert len(loop.exchange.messages[-1].steps) == 3
    assert loop.exchange._session.conversation == loop.exchange.conversation


def test_a_terminal_shows_words_as_they_come(mars: Mars, chat: Chat) -> None:
    out = io.StringIO()
    loop = ChatLoop(mars, chat, Console(file=out, width=100, force_terminal=True, color_system=None))
    loop.take("Are you there?")
    words = [word for step in loop.exchange.messages[-1].steps for word in step.holder.words]
    assert len(out.getvalue().partition("model: ")[2].splitlines()[0].split()) == pytest.approx(len(words), abs=8)
    loop.take("/reset")
    assert loop.exchange.messages == []
    assert not loop.take("/quit")


def test_a_film_of_the_whole_talk(chat: Chat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    film = tmp_path / "talk.mp4"
    code, out = talk(replace(chat, video=film), "Hi.\n", monkeypatch)
    assert code == 0
    assert film.stat().st_size > 1000
    assert re.search(r"talk\.mp4: \d\.\d s of film in .* frames a second", out)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"temperature": -1.0}, "temperature=-1"),
        ({"max_seconds": 0.1}, "max_seconds=0.1"),
        ({"top_p": 1.5}, "top_p"),
        ({"video": Path("film.gif")}, "film.gif: expected the name of a film"),
        ({"script": Path("no/such.txt")}, "no/such.txt: cannot be read"),
        ({"model": Path("no/model")}, "no/model"),
        ({"voice": "klingon"}, "no voice 'klingon'"),
    ],
)
def test_wrong_settings_are_told_before_anybody_talks(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        talk(replace(chat, **change), "Hello.\n", monkeypatch)  # type: ignore[arg-type]


def test_a_folder_that_holds_no_model_and_a_script_that_is_no_text(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"mars\.json: not found"):
        talk(replace(chat, model=tmp_path), "Hello.\n", monkeypatch)
    (tmp_path / "script").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is no UTF-8 text"):
        talk(replace(chat, script=tmp_path / "script"), "", monkeypatch)
