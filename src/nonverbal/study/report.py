"""The files that an analysis leaves beside its table."""

from __future__ import annotations

from pathlib import Path

from nonverbal.pipeline.lock import output_error
from nonverbal.record_files import record_text
from nonverbal.study.analyse import Analysis
from nonverbal.study.picture import draw
from nonverbal.study.tables import latex, markdown


def write_report(analysis: Analysis, table: Path) -> tuple[Path, ...]:
    """Writes TABLE.analysis.json, .md, .tex and .png; equal tables give equal bytes.

    Raises:
        UserError: matplotlib is missing.
        OutputError: they cannot be written.
    """
    contents = {
        "json": record_text(analysis).encode("utf-8"),
        "md": markdown(analysis).encode("utf-8"),
        "tex": latex(analysis).encode("utf-8"),
        "png": draw(analysis),
    }
    written = []
    for kind, data in contents.items():
        path = table.with_suffix(f".analysis.{kind}")
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_bytes(data)
            part.replace(path)
        except OSError as error:
            raise output_error(error, path) from error
        written.append(path)
    return tuple(written)
