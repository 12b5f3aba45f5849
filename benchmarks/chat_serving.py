"""Chats at once on a real server: read for together, against each by itself, in turn within one run.

    python benchmarks/chat_serving.py MODEL [--chats 1 4 16] [--rounds 3] [--seconds 6]

MODEL is the folder of a trained model, or demo. Two servers of it run, of which one reads for all chats in one go and
the other for one chat after the other, token by token. All chats say their lines at the same moment. Seconds are those
of the client, from sending the line: until the first motion (the model listens), the first step of the answer, its
first word and its first motion; then seconds of behaviour made in a second, over all chats, and the processor's time
that the server took for a second of behaviour, which other programs on the machine disturb least.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

LINES = ("Hello, how are you today?", "What did you do last weekend?", "Do you think it will rain tomorrow?",
         "I have to tell you what happened to me.")  # fmt: skip
FIGURES = ("any motion", "first step", "first word", "own motion")
MODES = ("together", "each by itself")


@dataclass
class Answer:
    """What one chat got: seconds from its line, and seconds of behaviour."""

    after_s: dict[str, float] = field(default_factory=dict)
    behaviour_s: float = 0.0


def serve(model: str, port: int, batch: int) -> None:
    """Run one server, in a process of its own."""
    from pathlib import Path

    from nonverbal.mars.demo_model import demo_model
    from nonverbal.mars.store import load_mars
    from nonverbal.serve.app import serve as serve_parts
    from nonverbal.serve.chat_hall import ChatLimits
    from nonverbal.serve.chat_part import Chats
    from nonverbal.serve.engine import EngineConfig
    from nonverbal.serve.settings import Limits, ServerConfig

    mars = load_mars(demo_model() if model == "demo" else Path(model))
    chats = Chats(mars, "model", ChatLimits(chats=64), EngineConfig(batch=batch))
    serve_parts(ServerConfig(port=port, limits=Limits(sockets=64)), [chats.part()], Console(quiet=True))


async def one_chat(line: ClientConnection, text: str, seconds: float, seed: int) -> Answer:
    """Say a line and take in the answer."""
    found, heard, began = Answer(), False, time.perf_counter()
    sampling = {"seed": seed, "max_s": seconds}
    await line.send(json.dumps({"type": "say", "text": text, "sampling": sampling}))

    def came(what: str) -> None:
        found.after_s.setdefault(what, time.perf_counter() - began)

    while True:
        message = await line.recv()
        if isinstance(message, bytes):
            came("any motion")
            if heard:
                came("own motion")
            continue
        told = json.loads(message)
        heard = heard or told["type"] == "heard"
        if told["type"] == "step":
            came("first step")
            if told["words"]:
                came("first word")
        if told["type"] in ("end", "error"):
            found.behaviour_s = told.get("seconds", 0.0)
            return found


async def together(port: int, chats: int, seconds: float, seed: int) -> tuple[list[Answer], float]:
    """All chats at once; what they got and the seconds it took."""
    address = f"ws://127.0.0.1:{port}/api/chat"
    lines = [await connect(address, max_size=None) for _ in range(chats)]
    for line in lines:
        await line.recv()
    began = time.perf_counter()
    asked = (one_chat(line, LINES[i % len(LINES)], seconds, seed + i) for i, line in enumerate(lines))
    found = list(await asyncio.gather(*asked))
    took = time.perf_counter() - began
    for line in lines:
        await line.close()
    return found, took


def cpu_s(process: int) -> float:
    """Processor seconds that a process has used."""
    with open(f"/proc/{process}/stat", encoding="ascii") as file:
        used = file.read().rsplit(")", 1)[1].split()
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


async def up(port: int) -> None:
    """Wait for a server."""
    for _ in range(600):
        try:
            async with connect(f"ws://127.0.0.1:{port}/api/chat") as line:
                await line.recv()
                return
        except (OSError, ConnectionClosed):
            await asyncio.sleep(0.5)
    raise SystemExit("the server did not start")


async def measure(ports: list[int], processes: list[int], args: argparse.Namespace) -> None:
    for port in ports:
        await up(port)
        await together(port, 1, 2.0, 0)
    table = Table(title=f"{args.model}: median seconds after the line; load {os.getloadavg()[0]:.1f}")
    for name in ("chats", "read for", *FIGURES, "made a second", "CPU a second"):
        table.add_column(name, justify="right")
    for chats in args.chats:
        found: dict[str, dict[str, list[float]]] = {mode: defaultdict(list) for mode in MODES}
        for number in range(args.rounds):
            for port, process, mode in zip(ports, processes, MODES, strict=True):
                before = cpu_s(process)
                answers, took = await together(port, chats, args.seconds, 100 * number)
                made = sum(answer.behaviour_s for answer in answers)
                for figure in FIGURES:
                    found[mode][figure] += [a.after_s[figure] for a in answers if figure in a.after_s]
                found[mode]["made"].append(made / took)
                found[mode]["cpu"].append((cpu_s(process) - before) / max(made, 1e-9))
        for mode in MODES:
            figures = [f"{statistics.median(found[mode][name]):.3f}" for name in FIGURES if found[mode][name]]
            rest = f"{statistics.median(found[mode]['made']):.1f}", f"{statistics.median(found[mode]['cpu']):.3f}"
            table.add_row(str(chats), mode, *figures, *rest)
    Console(width=120).print(table)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--chats", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="longest answer")
    parser.add_argument("--serve", type=int, nargs=2, metavar=("PORT", "BATCH"), help="run a server only")
    args = parser.parse_args()
    if args.serve:
        serve(args.model, *args.serve)
        return
    ports = [free_port() for _ in MODES]
    command = [sys.executable, __file__, args.model, "--serve"]
    servers = [subprocess.Popen([*command, str(port), batch]) for port, batch in zip(ports, ("64", "1"), strict=True)]
    try:
        asyncio.run(measure(ports, [server.pid for server in servers], args))
    finally:
        for server in servers:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
