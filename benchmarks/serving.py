"""How quick the viewer is with 10,000 dialogues, and how others fare while somebody asks for too much.

python benchmarks/serving.py --work .bench/serving
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.progress import track

from nonverbal.dataset.manifest import MANIFEST_NAME
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import Row, SourceVerdict, source_row
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source
from nonverbal.dataset.write import Contents, Entry, write_dataset
from nonverbal.types import Clip, Source
from nonverbal.weights import sha256_of

_LONG_S, _SHORT_S = 600.0, 0.4
_LONG_MOTIONS = 8  # dialogues whose motion is as long as they are; the others have a moment of it
_CHANNELS = 300
_WARM_UP_S, _LOAD_S, _PROBES = 2.0, 20.0, 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for the made-up dataset; kept and used again")
    parser.add_argument("--dialogues", type=int, default=10_000)
    parser.add_argument("--words", type=int, default=300, help="words a dialogue")
    parser.add_argument("--load", choices=LOADS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--dialogue", help=argparse.SUPPRESS)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        print(json.dumps(asyncio.run(LOADS[options.load](options.port, options.dialogue))))
        return
    if options.serve:
        serve_dataset(options.serve, options.work / "media", options.port)
        return
    root = options.work / f"{options.dialogues}x{options.words}"
    if not (root / MANIFEST_NAME).is_file():
        make_dataset(root, options.dialogues, options.words)
    measure(root, options, Console())


def measure(root: Path, options: argparse.Namespace, console: Console) -> None:
    """Starts a viewer of the dataset in `root` and prints what it can do."""
    with serving(root, options.work) as (port, started_s, process):
        rss = psutil.Process(process.pid).memory_info
        about = f"{options.dialogues:,} dialogues of {options.words} words"
        console.print(
            f"{about}: up after {started_s:.1f} s, {rss().rss / 1e6:.0f} MB, load {psutil.getloadavg()[0]:.0f}"
        )
        long = json.loads((options.work / "long.json").read_text(encoding="utf-8"))
        for line in reading(port, long):
            console.print(line)
        console.print(asyncio.run(probed("nobody else", None, port, long[0])))
        for load in LOADS:
            console.print(asyncio.run(probed(load, load, port, long[0])))
        console.print(f"memory at the end: {rss().rss / 1e6:.0f} MB")


def make_dataset(root: Path, dialogues: int, words: int) -> None:
    """Dialogues of made-up words with the frequencies of a language; their motion lies in few files."""
    rng = random.Random(0)
    names = [
        "".join(rng.choice("bdfgklmnprst") + rng.choice("aeiou") for _ in range(rng.randint(1, 4)))
        for _ in range(20_000)
    ]
    weights = [1 / (rank + 3) for rank in range(len(names))]
    drafts, media = root.parent / "drafts", root.parent / "media"
    for folder in (drafts, media):
        folder.mkdir(parents=True, exist_ok=True)
    video = _video(media / "video.mp4")
    entries, rows, long = [], {}, []
    for number in track(range(dialogues), "Making dialogues"):
        source = video if number == 0 else synthetic_source(number)
        clip = synthetic_clip(source, 0.0, _LONG_S)
        motion = drafts / f"{clip.clip_id}.parquet"
        shown = clip if number < _LONG_MOTIONS else replace(clip, end_s=_SHORT_S)
        MotionCodec().write(motion, synthetic_motion(shown, number))
        if number < _LONG_MOTIONS:
            long.append(clip.clip_id)
        rows[clip.clip_id] = (clip, f"channel {number % _CHANNELS}", rng.choices(names, weights, k=words))
        load = lambda key=clip.clip_id: _row(*rows[key])  # noqa: E731 - one small function a dialogue
        entries.append(Entry(clip.clip_id, source.source_id, "", motion, load))
    (root.parent / "long.json").write_text(json.dumps(long), encoding="utf-8")
    write_dataset(root, Contents(entries, [source_row(SourceVerdict(video), [])], []), SplitConfig())


def _video(path: Path) -> Source:
    """64 MB that begin like a video; nobody looks further."""
    path.write_bytes(b"\x00\x00\x00\x18ftypmp42" + np.random.default_rng(0).bytes(64_000_000))
    return Source(sha256_of([path]), path.name, path.stat().st_size)


def _row(clip: Clip, channel: str, words: list[str]) -> Row:
    turns = []
    for first in range(0, len(words), 15):
        said, start_s = words[first : first + 15], first * _LONG_S / len(words)
        timed = [
            {
                "word": w,
                "start_s": start_s + 0.4 * i,
                "end_s": start_s + 0.4 * i + 0.3,
                "prob": 0.9,
                "interpolated": False,
            }
            for i, w in enumerate(said)
        ]
        turns.append(
            {"participant": "AB"[first // 15 % 2], "start_s": start_s, "end_s": start_s + 6.0, "text": " ".join(said)}
            | {"words": timed, "sentences": [0], "harm": 0.1, "harmful": first % 450 == 435}
        )
    about = {
        "url": "",
        "channel": channel,
        "title": f"Talk {words[0]} {words[1]}",
        "licence": "CC0-1.0",
        "language": "en",
    }
    ids = {"dialogue_id": clip.clip_id, "source_id": clip.source_id, "start_s": 0.0, "duration_s": clip.duration_s}
    return ids | about | {"participants": ["A", "B"], "turns": turns}


def serve_dataset(root: Path, media: Path, port: int) -> None:
    """What `nonverbal view` serves, and beside it an address that takes bodies."""
    from fastapi import APIRouter, Request

    from nonverbal.serve.app import serve
    from nonverbal.serve.library import Library
    from nonverbal.serve.library_media import MediaFolder
    from nonverbal.serve.parts import Part
    from nonverbal.serve.settings import ServerConfig
    from nonverbal.serve.viewer_api import viewer_part

    library, router = Library(root), APIRouter()
    sizes = {source_id: row["size_bytes"] for source_id, row in library.sources.items()}

    @router.post("/api/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    body.__annotations__["request"] = Request
    parts = [viewer_part(library, MediaFolder(media, sizes)), Part("bodies", router)]
    serve(ServerConfig(port=port), parts, Console(quiet=True))


@contextmanager
def serving(root: Path, work: Path) -> Iterator[tuple[int, float, subprocess.Popen[bytes]]]:
    """A viewer in a process of its own: its port, the seconds until it answered, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, __file__, "--work", str(work), "--serve", str(root), "--port", str(port)],
        stdout=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                _json(port, "/api/parts")
                break
            except OSError:
                time.sleep(0.05)
        yield port, time.monotonic() - began, process
    finally:
        process.terminate()
        process.wait(20)


def _json(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return json.load(answer)


def reading(port: int, long: list[str]) -> Iterator[str]:
    """Times of lists, searches, dialogues and motion, each another one, over one connection."""
    rng = random.Random(1)
    words = [row["snippet"].split() for row in _json(port, "/api/dialogues?limit=200")["dialogues"]]
    pick = lambda: rng.choice(rng.choice(words))  # noqa: E731 - one word that is said somewhere
    ids = [row["id"] for row in _json(port, "/api/dialogues?limit=200&sort=words")["dialogues"]]
    for name, query in (
        ("the first page", lambda: "limit=50"),
        ("a word", lambda: f"q={pick()}"),
        ("two words, sorted", lambda: f"q={pick()}+{pick()}&sort=words&descending=1"),
        ("a phrase never said", lambda: f"q=%22{pick()}+{pick()}+{pick()}%22"),
        ("filters", lambda: f"channel=channel+{rng.randrange(_CHANNELS)}&min_words={rng.randrange(300)}"),
        ("a page far down", lambda: f"offset={rng.randrange(9000)}&limit=200"),
    ):
        times = asyncio.run(_timed(port, [f"/api/dialogues?{query()}" for _ in range(100)]))
        yield f"list, {name}: {_spread(times)}"
    stretch = lambda: f"motion/{rng.choice('AB')}?first={250 * rng.randrange(60)}&frames=250"  # noqa: E731 - 10 s
    for name, path in (
        ("a dialogue", lambda: f"/api/dialogues/{rng.choice(ids)}"),
        ("10 s of motion", lambda: f"/api/dialogues/{rng.choice(long)}/{stretch()}"),
        ("10 s of motion, smoothed", lambda: f"/api/dialogues/{rng.choice(long)}/{stretch()}&smooth=1"),
        ("timeline of 10 minutes", lambda: f"/api/dialogues/{rng.choice(long)}/timeline?bins=600"),
        ("two curves of 10 minutes", lambda: f"/api/dialogues/{rng.choice(long)}/curve/A?columns=jawOpen,head_x"),
    ):
        yield f"{name}: {_spread(asyncio.run(_timed(port, [path() for _ in range(100)])))}"


async def _timed(port: int, paths: list[str]) -> list[float]:
    line = await asyncio.open_connection("127.0.0.1", port)
    times = []
    for path in paths:
        began = time.perf_counter()
        status = await _get(line, path)
        assert status == 200, (path, status)
        times.append(time.perf_counter() - began)
    line[1].close()
    return times


def _spread(times: list[float]) -> str:
    median, most = np.percentile(times, [50, 95]) * 1000
    return f"median {median:.0f} ms, p95 {most:.0f} ms, longest {max(times) * 1000:.0f} ms of {len(times)}"


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _get(line: Line, path: str, *headers: str) -> int:
    """The status of an answer that is read to its end."""
    reader, writer = line
    writer.write("\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(int(row.split(":")[1]) for row in head.split("\r\n") if row.startswith("content-length:"))
    await reader.readexactly(length)
    return int(head.split()[1])


async def probed(name: str, load: str | None, port: int, dialogue: str) -> str:
    """How a reader of small things fares, twenty requests a second, while another process asks for too much."""
    command = [
        sys.executable,
        __file__,
        "--work",
        ".",
        "--load",
        str(load),
        "--port",
        str(port),
        "--dialogue",
        dialogue,
    ]
    other = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE) if load else None
    await asyncio.sleep(_WARM_UP_S)
    paths = ["/api/parts", "/api/dialogues?limit=50", f"/api/dialogues/{dialogue}", "/viewer", "/api/dataset"]
    line, times, statuses = await asyncio.open_connection("127.0.0.1", port), [], Counter[int]()
    for number in range(_PROBES):
        began = time.perf_counter()
        statuses[await _get(line, paths[number % len(paths)])] += 1
        times.append(time.perf_counter() - began)
        await asyncio.sleep(max(0.05 - times[-1], 0.0))
    line[1].close()
    told = json.loads((await other.communicate())[0]) if other else {}
    load = psutil.getloadavg()[0]
    return f"beside {name} {told}: others {dict(statuses)}, {_spread(times)}, load {load:.1f}"


async def _parallel(port: int, dialogue: str) -> dict[str, int]:
    """Two hundred connections that ask for motion, curves and timelines one after the other."""
    paths = [f"motion/A?first={first}&frames=1500&smooth=1" for first in range(0, 12_000, 1500)]
    paths += ["timeline?bins=600", "curve/B?columns=jawOpen,left_elbow_x&smooth=1"]

    async def client(number: int) -> Counter[str]:
        found, line = Counter[str](), await asyncio.open_connection("127.0.0.1", port)
        until = time.monotonic() + _LOAD_S
        while time.monotonic() < until:
            status = await _get(line, f"/api/dialogues/{dialogue}/{paths[number % len(paths)]}")
            found[str(status)] += 1
            await asyncio.sleep(0.1 if status == 429 else 0)
        return found

    return await _all(client(number) for number in range(200))


async def _dripping(port: int, dialogue: str, *head: str) -> dict[str, int]:
    async def client() -> Counter[str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write("\r\n".join([*head, ""]).encode())
        until, answer = time.monotonic() + _LOAD_S, asyncio.create_task(reader.read(12))
        while time.monotonic() < until and not answer.done():
            writer.write(b"x")
            await asyncio.sleep(0.1)
        if not answer.done():
            answer.cancel()
            return Counter(["still open"])
        return Counter([answer.result()[9:12].decode() or "closed"])

    return await _all(client() for _ in range(200))


async def _bodies(port: int, dialogue: str) -> dict[str, int]:
    """Two hundred bodies that come byte by byte."""
    return await _dripping(port, dialogue, "POST /api/body HTTP/1.1", "Host: localhost", "Content-Length: 100000", "")


async def _large(port: int, dialogue: str) -> dict[str, int]:
    """Two hundred bodies that are larger than allowed, half of which say so; each client sends all it has."""

    async def client(number: int) -> Counter[str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        said = "Content-Length: 8000000" if number % 2 else "Transfer-Encoding: chunked"
        writer.write(f"POST /api/body HTTP/1.1\r\nHost: localhost\r\n{said}\r\n\r\n".encode())
        answer = asyncio.create_task(reader.read(12))
        for _ in range(80):
            if answer.done() or writer.is_closing():
                break
            writer.write(bytes(100_000) if number % 2 else b"186a0\r\n" + bytes(100_000) + b"\r\n")
            await asyncio.wait([asyncio.create_task(writer.drain())], timeout=1)
            await asyncio.sleep(0.01)
        told = await asyncio.wait_for(answer, 30)
        writer.close()
        return Counter([told[9:12].decode() or "closed"])

    return await _all(client(number) for number in range(200))


async def _heads(port: int, dialogue: str) -> dict[str, int]:
    """Two hundred requests whose first line comes byte by byte."""
    return await _dripping(port, dialogue, "GET /api/parts HTTP/1.1", "Host: localhost")


async def _ranges(port: int, dialogue: str) -> dict[str, int]:
    """A thousand ranges of a file over twenty connections; some lie outside it."""

    async def client(number: int) -> Counter[str]:
        rng, line = random.Random(number), await asyncio.open_connection("127.0.0.1", port)
        wanted = (
            f"Range: bytes={(first := rng.randrange(70_000_000))}-{first + rng.randrange(1000)}" for _ in range(50)
        )
        found = Counter[str]()
        for text in wanted:
            found[str(await _get(line, f"/media/{dialogue}", text))] += 1
        return found

    return await _all(client(number) for number in range(20))


async def _readers(port: int, dialogue: str) -> dict[str, int]:
    """A hundred readers of a whole file who take in a kilobyte now and then."""

    async def client() -> Counter[str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(f"GET /media/{dialogue} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        status, until = (await reader.read(12))[9:12].decode(), time.monotonic() + _LOAD_S
        while time.monotonic() < until and await reader.read(1024):
            await asyncio.sleep(0.1)
        writer.close()
        return Counter([status])

    return await _all(client() for _ in range(100))


async def _all(clients: Iterable[Awaitable[Counter[str]]]) -> dict[str, int]:
    found = Counter[str]()
    for one in await asyncio.gather(*clients, return_exceptions=True):
        found.update(one if isinstance(one, Counter) else [type(one).__name__])
    return dict(found)


LOADS: dict[str, Callable[[int, str], Awaitable[dict[str, int]]]] = {
    "200 in parallel": _parallel,
    "200 slow bodies": _bodies,
    "200 large bodies": _large,
    "200 slow heads": _heads,
    "1,000 ranges": _ranges,
    "100 slow readers": _readers,
}


if __name__ == "__main__":
    main()
