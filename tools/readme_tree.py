"""Writes the tree of the package into README.md, one comment a file, taken from the first line of each docstring.

python tools/readme_tree.py          rewrites the part between the markers
python tools/readme_tree.py --check  exit code 1 if that part is out of date
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- tree -->\n```text\n", "```\n<!-- /tree -->"
_WIDTH = 150


def tree() -> str:
    """The files under src/nonverbal and benchmarks, in order, with what each says of itself."""
    lines: list[str] = []
    for folder in (ROOT / "src" / "nonverbal", ROOT / "benchmarks"):
        lines.append(f"{folder.relative_to(ROOT)}/")
        lines += _folder(folder, depth=1)
    return "\n".join(lines) + "\n"


def _folder(folder: Path, depth: int) -> list[str]:
    files = sorted(p for p in folder.glob("*.py") if p.name != "__init__.py")
    lines = [_line("  " * depth + path.name, _summary(path)) for path in files]
    for inner in sorted(p for p in folder.iterdir() if (p / "__init__.py").exists()):
        lines.append(_line("  " * depth + inner.name + "/", _summary(inner / "__init__.py")))
        lines += _folder(inner, depth + 1)
    return lines


def _line(name: str, comment: str) -> str:
    return f"{name:<28} {comment}"[:_WIDTH]


def _summary(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n\n")[0].replace("\n", " ").replace("`", "")


def main() -> int:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = before + BEGIN + tree() + END + after
    if "--check" in sys.argv:
        if wanted != text:
            print("the tree in README.md is out of date: run  python tools/readme_tree.py")
        return int(wanted != text)
    readme.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
