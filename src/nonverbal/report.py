"""What a build prints at its end: the funnel, what was turned down and why, where the time went, and the books."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nonverbal.build import Built
from nonverbal.media.names import printable
from nonverbal.pipeline.ledger import FunnelRow
from nonverbal.pipeline.observe import RunRecord
from nonverbal.pipeline.survey import Status

_MOST_SENTENCES = 20


def show_build(built: Built, console: Console) -> None:
    """Prints the report of a build on `console`."""
    console.print(_funnel(built))
    _show_verdicts(built, console)
    if built.run.record:
        console.print(_times(built.run.record))
    console.print(f"Ledger: {built.ledger}", highlight=False, soft_wrap=True)
    _show_end(built, console)


def _funnel(built: Built) -> Table:
    table = Table(title="Filter funnel", title_justify="left")
    for column in ("stage", "unit", "in", "kept", "turned down"):
        table.add_column(column, justify="right" if column in ("in", "kept") else "left")
    kept, unreadable = len(built.catalogue.sources), built.unreadable
    losses = ", ".join(f"{count} {reason}" for reason, count in sorted(unreadable.items()))
    table.add_row("collect", "source", str(kept + unreadable.total()), str(kept), losses)
    for row in built.run.funnel:
        table.add_row(row.stage, row.level, str(row.entered), str(row.kept), _losses(row))
    return table


def _losses(row: FunnelRow) -> str:
    parts = [f"{count} {reason}" for reason, count in row.rejected.items()]
    parts += [f"{count} {reason} (quarantined)" for reason, count in row.quarantined.items()]
    return ", ".join(parts + ([f"{row.pending} pending"] if row.pending else []))


def _show_verdicts(built: Built, console: Console) -> None:
    down = [(o.unit.source.path, str(o.reason), o.message) for o in built.run.outcomes if o.reason]
    down += [(u.source.path, str(u.reject.reason), u.reject.message) for u in built.catalogue.unreadable]
    for path, reason, message in down[:_MOST_SENTENCES]:
        line = f"{printable(path.rsplit('/', 1)[-1])}: {printable(message)}"
        console.print(f"[yellow]{reason}[/] {escape(line)}", highlight=False, soft_wrap=True)
    if len(down) > _MOST_SENTENCES:
        console.print(f"... and {len(down) - _MOST_SENTENCES} more: see sources.parquet and clips.parquet")


def _times(record: RunRecord) -> Table:
    """Wall seconds by stage, and as a multiple of the duration of the clips that were worked on."""
    duration_s = sum(t.duration_s for t in record.units if t.level == "clip")
    title = f"Time ({record.workers} workers on {record.cores} cores, {duration_s:.0f} s of clips)"
    table = Table(title=title, title_justify="left")
    for column in ("stage", "wall s", "wall / duration"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    stages = [(f"{name} (source)", s) for name, s in record.by_stage("source").items() if name != "commit"]
    stages += list(record.by_stage("clip").items())
    for name, wall_s in stages:
        table.add_row(name, f"{wall_s:.2f}", f"{wall_s / duration_s:.3f}" if duration_s else "")
    table.add_section()
    table.add_row("run", f"{record.wall_s:.2f}", f"{record.wall_s / duration_s:.3f}" if duration_s else "")
    peak_mb = max((t.peak_mb for t in record.units), default=0.0)
    table.caption = (
        f"stages explain {record.explained:.1%} of the workers' time; peak memory of a worker {peak_mb:.0f} MB"
    )
    return table


def _show_end(built: Built, console: Console) -> None:
    if built.collection.ignored:
        console.print(f"{built.collection.ignored} files in folders are left out: their names are not those of videos")
    if built.run.message:
        console.print(built.run.message, style="red", markup=False)
    if built.written is None:
        console.print("No dataset was written: the run is not complete; run the same command again to go on.")
        return
    kept = sum(o.status is Status.DONE for o in built.run.outcomes if o.unit.clip)
    verb = "written" if built.written.changed else "unchanged"
    console.print(f"Dataset {verb}: {kept} dialogues, content hash {built.written.manifest.content_hash[:16]}")
