"""How quick the viewer and the chat page are in a browser without a graphics card.

python benchmarks/pages.py [DATASET] [--model demo] [--seconds 10] [--pictures FOLDER]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright
from rich.console import Console
from rich.table import Table

from nonverbal import cli
from nonverbal.dataset.read import open_dataset
from nonverbal.serve.background import serving

SIZE: ViewportSize = {"width": 1280, "height": 720}
SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
WAIT_MS = 120_000
LINES = (
    "Hello! How are you today?",
    "Do you like music?",
    "I bought a new bicycle last week.",
    "Really? Why is that?",
    "What did you do on Sunday?",
    "That is wonderful news!",
    "I do not think so.",
)
_PAINTS = """
window.paints = {};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.paints[entry.name] = entry.startTime;
}).observe({ type: "paint", buffered: true });
"""
_READY = "async () => { await window.nonverbal.ready; return performance.now(); }"
_WATCH = """
() => {
  const answers = document.querySelectorAll("[data-testid=answer]").length;
  const seen = window.seen = { word: null, bone: null };
  const poll = () => {
    const asked = window.asked;
    const last = [...document.querySelectorAll("[data-testid=answer]")].slice(answers).at(-1);
    const stats = window.nonverbal.stats();
    const now = performance.now();
    if (asked && seen.word === null && last?.querySelector(".word")) seen.word = now - asked;
    if (asked && seen.bone === null && stats.playing !== null && stats.position_s > 0) seen.bone = now - asked;
    if (seen.word === null || seen.bone === null) requestAnimationFrame(poll);
  };
  window.asked = 0;
  document.querySelector("#say").addEventListener("keydown", () => (window.asked = performance.now()),
                                                  { capture: true, once: true });
  requestAnimationFrame(poll);
}
"""


@dataclass
class Loaded:
    """What it took until a page stood there."""

    paint_ms: float
    ready_ms: float
    bytes: Counter[str] = field(default_factory=Counter)


@dataclass
class Played:
    """What a stretch of playback took; all but `fps` and the ratio in milliseconds a frame."""

    fps: float
    pixel_ratio: float
    main_ms: float
    script_ms: float
    page_cpu_ms: float
    drawing_cpu_ms: float
    load: float


def main() -> None:
    """Measures both pages and prints a table each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, nargs="?", help="default: a made-up one")
    parser.add_argument("--model", default="demo", help='empty: leave the chat page out, as in --model ""')
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each playback")
    parser.add_argument("--ratios", type=float, nargs="*", default=[0.0, 1.0], help="fixed pixel ratios; 0: the page's")
    parser.add_argument("--pictures", type=Path, help="folder for pictures of what was measured")
    given = parser.parse_args()
    console = Console()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        dataset = given.dataset or made_up(Path(folder) / "talks")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SOFTWARE_GL + sandbox)
        with serving("view", dataset) as address:
            first = open_dataset(dataset).ids()[0]
            measure_viewer(browser, f"{address}/viewer?dialogue={first}", given, console)
        if given.model:
            with serving("serve", "--model", given.model) as address:
                measure_chat(browser, f"{address}/chat", given, console)
        browser.close()


def made_up(out: Path) -> Path:
    """Dialogues of half a minute."""
    arguments = ["studio", "--truth-only", "--hours", "0.05", "--minutes", "0.5", "--seed", "77", "--out", str(out)]
    if cli.main(arguments) != 0:
        raise SystemExit("no dataset could be made")
    return out


def measure_viewer(browser: Browser, address: str, given: argparse.Namespace, console: Console) -> None:
    """Loads the dialogue twice, since the first one waits for the avatars to be made, and plays it."""
    opened(browser, address)[0].context.close()
    page, cdp, loaded = opened(browser, address)
    console.print(loading_table("Viewer, one dialogue", loaded))
    table = Table("pixel ratio", "frames/s", "main thread", "of it script", "CPU of page", "CPU of drawing", "load")
    for ratio in given.ratios:
        page.evaluate(f"() => window.nonverbal.stage.fixPixelRatio({ratio or 'null'})")
        played = playback(page, cdp, given.seconds)
        chosen = f"{played.pixel_ratio:g}" + ("" if ratio else " (chosen)")
        times = (played.main_ms, played.script_ms, played.page_cpu_ms, played.drawing_cpu_ms)
        table.add_row(chosen, f"{played.fps:.1f}", *(f"{ms:.1f} ms" for ms in times), f"{played.load:.1f}")
        keep(page, given.pictures, f"viewer-{ratio:g}")
    table.title = "Playback of two avatars, 1280 x 720; times a frame"
    console.print(table)
    page.context.close()


def measure_chat(browser: Browser, address: str, given: argparse.Namespace, console: Console) -> None:
    """Says some lines, each after the answer to the last one is through."""
    opened(browser, address)[0].context.close()
    page, _, loaded = opened(browser, address)
    console.print(loading_table("Chat", loaded))
    page.wait_for_selector("#link-state[data-state=open]")
    words, bones = [], []
    for line in LINES:
        page.evaluate(_WATCH)
        page.locator("#say").fill(line)
        page.locator("#say").press("Enter")
        page.wait_for_function("() => window.seen.word !== null && window.seen.bone !== null")
        seen = page.evaluate("() => window.seen")
        words.append(seen["word"])
        bones.append(seen["bone"])
        page.wait_for_function("() => document.querySelector('#doing').dataset.doing === 'rest'")
    keep(page, given.pictures, "chat")
    table = Table("after Enter", "median", "least", "most", title=f"Chat, {len(LINES)} lines, {load_text()}")
    for name, times in (("first word shown", words), ("first bone moved by the answer", bones)):
        table.add_row(name, *(f"{f(times):.0f} ms" for f in (median, min, max)))
    console.print(table)
    page.context.close()


def opened(browser: Browser, address: str) -> tuple[Page, CDPSession, Loaded]:
    """A page in a browser that has nothing of it yet."""
    page = browser.new_context(viewport=SIZE).new_page()
    page.set_default_timeout(WAIT_MS)
    page.add_init_script(_PAINTS)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.send("Performance.enable")
    urls: dict[str, str] = {}
    weights: Counter[str] = Counter()
    cdp.on("Network.requestWillBeSent", lambda told: urls.update({told["requestId"]: told["request"]["url"]}))
    cdp.on(
        "Network.loadingFinished",
        lambda told: weights.update({kind(urls.get(told["requestId"], "")): int(told["encodedDataLength"])}),
    )
    page.goto(address)
    page.wait_for_selector("main canvas")
    ready_ms = page.evaluate(_READY)
    page.wait_for_timeout(1000)
    paint_ms = page.evaluate("() => window.paints['first-contentful-paint'] ?? NaN")
    return page, cdp, Loaded(paint_ms, ready_ms, weights)


def kind(url: str) -> str:
    """What a request is for."""
    return "avatars" if "/avatar/" in url else "data" if "/api/" in url else "page"


def loading_table(title: str, loaded: Loaded) -> Table:
    """A row of what it took to load."""
    table = Table("first paint", "ready", "page", "avatars", "data", title=f"{title}: loading, {load_text()}")
    weights = (f"{loaded.bytes[name] / 1e6:.2f} MB" for name in ("page", "avatars", "data"))
    table.add_row(f"{loaded.paint_ms:.0f} ms", f"{loaded.ready_ms:.0f} ms", *weights)
    return table


def load_text() -> str:
    """How busy the machine is."""
    return f"load {psutil.getloadavg()[0]:.1f}"


def playback(page: Page, cdp: CDPSession, seconds: float) -> Played:
    """Plays from the beginning; a moment passes before anything is counted, in which the page finds its pace."""
    page.locator("body").press("Home")
    page.locator("#play").click()
    page.wait_for_timeout(4000)
    before, began = counted(page, cdp), time.perf_counter()
    page.wait_for_timeout(1000 * seconds)
    after, passed = counted(page, cdp), time.perf_counter() - began
    page.locator("#play").click()
    gained = {name: after[name] - before[name] for name in after}
    frames = max(1.0, gained["frames"])
    return Played(
        fps=frames / passed,
        pixel_ratio=after["ratio"],
        main_ms=1000 * gained["TaskDuration"] / frames,
        script_ms=1000 * gained["ScriptDuration"] / frames,
        page_cpu_ms=1000 * gained["renderer"] / frames,
        drawing_cpu_ms=1000 * gained["gpu-process"] / frames,
        load=psutil.getloadavg()[0],
    )


def counted(page: Page, cdp: CDPSession) -> dict[str, float]:
    """Counters of the page, in seconds and frames, and processor seconds of the browser's processes by their type."""
    stats: dict[str, Any] = page.evaluate("() => window.nonverbal.stats()")
    metrics = {row["name"]: float(row["value"]) for row in cdp.send("Performance.getMetrics")["metrics"]}
    found = {name: metrics[name] for name in ("TaskDuration", "ScriptDuration")}
    for name in ("renderer", "gpu-process"):
        found[name] = sum(processor_s(process) for process in browser_processes(f"--type={name}"))
    return found | {"frames": float(stats["frames"]), "ratio": float(stats["pixelRatio"])}


def browser_processes(argument: str) -> list[psutil.Process]:
    """Processes that this one's browser started with an argument."""
    return [child for child in psutil.Process().children(recursive=True) if argument in _command(child)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def processor_s(process: psutil.Process) -> float:
    """Processor time that a process has taken."""
    times = process.cpu_times()
    return float(times.user + times.system)


def keep(page: Page, folder: Path | None, name: str) -> None:
    """Writes what the page shows."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")


if __name__ == "__main__":
    main()
