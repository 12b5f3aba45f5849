"""Data never becomes code: a gate over the source of everything that ships or measures."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AUDITED = "src/nonverbal/backends/profanity.py"
"""The one module that lets a package unpickle its own files, after it has proved them by hash."""
MODULES = {
    "_pickle", "cloudpickle", "code", "dill", "joblib", "jsonpickle", "marshal", "pickle", "pickletools",
    "profanity_check", "shelve",
}  # fmt: skip
CALLS = {
    "__import__", "asyncio.create_subprocess_shell", "compile", "eval", "exec", "os.popen", "os.system",
    "pandas.read_pickle", "pd.read_pickle", "subprocess.getoutput", "subprocess.getstatusoutput", "yaml.full_load",
    "yaml.load", "yaml.unsafe_load",
}  # fmt: skip
MUST_SAY = {
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
    "torch.load": ("weights_only", True),
}


def faults(source: str) -> Iterator[str]:
    """What in a module could turn data into code, as "line: what"."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call):
            yield from (f"{node.lineno}: {what}" for what in _of_call(node))
            continue
        else:
            continue
        yield from (f"{node.lineno}: import {name}" for name in names if name.partition(".")[0] in MODULES)


def _of_call(call: ast.Call) -> Iterator[str]:
    name, said = ast.unparse(call.func), {word.arg: word.value for word in call.keywords}
    if name in CALLS:
        yield name
    shell = said.get("shell")
    if shell is not None and not (isinstance(shell, ast.Constant) and shell.value is False):
        yield f"{name} with a shell"
    if name in MUST_SAY:
        word, value = MUST_SAY[name]
        given = said.get(word)
        if not (isinstance(given, ast.Constant) and given.value is value):
            yield f"{name} without {word}={value}"
    loads = name.endswith("import_module") and call.args and isinstance(call.args[0], ast.Constant)
    if loads and str(call.args[0].value).partition(".")[0] in MODULES:  # type: ignore[attr-defined]
        yield f"import {call.args[0].value}"  # type: ignore[attr-defined]


def _modules() -> list[Path]:
    return sorted(path for folder in ("src", "tools", "benchmarks") for path in (ROOT / folder).rglob("*.py"))


def test_nothing_of_ours_makes_code_of_data() -> None:
    modules = _modules()
    assert len(modules) > 300
    found = {str(path.relative_to(ROOT)): list(faults(path.read_text(encoding="utf-8"))) for path in modules}
    audited = found.pop(AUDITED)
    assert {name: told for name, told in found.items() if told} == {}
    assert [told.partition(": ")[2] for told in audited] == ["import profanity_check"]


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import torch.x, marshal",
        "eval(text)",
        "os.system(line)",
        "subprocess.run(line, shell=True)",
        "subprocess.run(line, shell=given)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path)",
        "torch.load(path, weights_only=given)",
        "yaml.load(text, Loader=yaml.Loader)",
        "importlib.import_module('pickle')",
    ],
)
def test_the_gate_sees(source: str) -> None:
    assert list(faults(source))


@pytest.mark.parametrize(
    "source",
    ["model.eval()", "np.load(path, allow_pickle=False)", "torch.load(path, weights_only=True)", "re.compile(x)"],
)
def test_the_gate_lets_through(source: str) -> None:
    assert not list(faults(source))
