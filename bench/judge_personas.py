"""Judges with a known vice, each over the wire and through the command: what the report's first sentence says of them; JSON.

    python bench/judge_personas.py [--samples 80] [--students 60] [--only NAME,…] [--at-once 2] [--world DIR] [--server URL]

One sandbox world with two students that answer alike but for their opening; a copy of it for each judge, asked by ``chidian
judge`` from a loopback server that scores one call at a time (tests/judge/personas.py). ``--server``: another server of judges
that are named as models; then ``--only`` names them. Exit status 1 where a judge of ours is certified although it has a vice, or
refused although it has none.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from aiohttp import web

from judge.sandbox_judge import _MARK
from tests.judge.personas import PERSONAS, STYLE, score

SOUND = ("good", "strict", "one level lower")
"""Judges without a vice."""
STUDENTS = {"styled": STYLE, "plain": "以下推荐"}
NAMES = {name.replace(" ", "-"): name for name in PERSONAS}


class Desk:
    """Answers chat requests; counts the calls of each judge. ``calls``: how many a judging has, for those that drift."""

    def __init__(self, calls: int) -> None:
        self.calls, self.turns = calls, Counter[str]()

    async def answer(self, request: web.Request) -> web.Response:
        """One chat completion."""
        body = await request.json()
        name = body["model"].rpartition("/")[2]
        system, prompt = (message["content"] for message in body["messages"][:2])
        marks = score(NAMES[name], system, prompt, int(body.get("seed") or 0), self.turns[name], self.calls)
        self.turns[name] += 1
        return web.json_response(_completion(body["model"], prompt, _reply(prompt, marks)))


def _reply(prompt: str, marks: dict[str, Any]) -> str:
    if None in marks.values():
        return "抱歉，我无法对该内容进行评价。"
    fence = _MARK.search(prompt)
    scores = marks[""] if list(marks) == [""] else marks
    return json.dumps({"scores": scores, "code": fence[1] if fence else ""}, ensure_ascii=False)


def _completion(model: str, prompt: str, text: str) -> dict[str, Any]:
    usage = {"prompt_tokens": len(prompt), "completion_tokens": len(text), "total_tokens": len(prompt) + len(text)}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return {"id": "p", "object": "chat.completion", "model": model, "choices": [choice], "usage": usage}


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The judges on a loopback port of a thread's own loop."""
    ready, ended = threading.Event(), asyncio.Event()
    where: dict[str, Any] = {}

    async def scene() -> None:
        app = web.Application(client_max_size=10**7)
        app.router.add_post("/v1/chat/completions", desk.answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        where.update(port=runner.addresses[0][1], loop=asyncio.get_running_loop())
        ready.set()
        await ended.wait()
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(scene(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield f"http://127.0.0.1:{where['port']}/v1"
    finally:
        where["loop"].call_soon_threadsafe(ended.set)
        thread.join()


def command(data: Path, *words: str) -> None:
    """One command of ours on a folder, without anybody's keys. Raises CalledProcessError."""
    clean = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
    subprocess.run(
        [sys.executable, "-m", *words], env={**clean, "DATA": str(data)}, capture_output=True, text=True, check=True
    )


def world(data: Path, samples: int, students: int) -> None:
    """Samples, and two students that give their answers but for the opening."""
    command(data, "factory", "synth", "--n", str(samples))
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute("select sample_id, answer from samples order by sample_id").fetchall()
    for arm, opening in STUDENTS.items():
        lines = [
            json.dumps({"sample_id": name, "answer": f"{opening}：\n{answer}"}) for name, answer in rows[:students]
        ]
        answers = data / f"{arm}.jsonl"
        answers.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command(data, "train", "complete", "--from", f"file:{answers}", "--arm", arm)


def judged(base: Path, folder: Path, name: str, url: str) -> dict[str, Any]:
    """What the report of one judge concludes."""
    data = folder / name
    shutil.copytree(base, data)
    try:
        command(data, "judge", "run", "--judge", f"openai/{name}", "--judge-base-url", url, "--yes", "1")
        [report] = (data / "reports").glob("*/report.json")
        page = json.loads(report.read_text(encoding="utf-8"))
    except subprocess.CalledProcessError as error:
        return {"judge": name, "overall": "stopped", "en": error.stderr.strip().splitlines()[-1]}
    finally:
        shutil.rmtree(data)
    checks = page["scores"]["examination"]["checks"]
    verdicts = {check["question"]: [] for check in checks}
    for check in checks:
        verdicts[check["question"]].append(check["word"])
    return {"judge": name, **page["conclusion"], "verdicts": {name: _weakest(ones) for name, ones in verdicts.items()}}


def _weakest(words: list[str]) -> str:
    return next((word for word in ("fails", "open", "holds") if word in words), "unmeasured")


def right(page: dict[str, Any]) -> bool:
    """Ours alone: those without a vice are certified, the others are not to be trusted."""
    wanted = {"holds"} if NAMES.get(page["judge"]) in SOUND else {"fails", "stopped"}
    return page["overall"] in wanted


def main() -> int:
    """One line of JSON a judge on stderr as they come, the whole at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=80)
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--only", default="")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--server")
    parser.add_argument("--world", type=Path, help="a folder that holds such a world, or where it is made")
    asked = parser.parse_args()
    names = [name for name in asked.only.split(",") if name] or list(NAMES)
    with tempfile.TemporaryDirectory() as made, served(Desk(asked.samples * 26)) as ours:
        base = asked.world or Path(made) / "world"
        if not base.exists():
            base.mkdir()
            world(base, asked.samples, asked.students)

        def ask(name: str) -> dict[str, Any]:
            page = judged(base, Path(made), name, asked.server or ours)
            print(json.dumps(page, ensure_ascii=False), file=sys.stderr, flush=True)
            return page

        with ThreadPoolExecutor(asked.at_once) as pool:
            results = list(pool.map(ask, names))
    wrong = [] if asked.server else [page["judge"] for page in results if not right(page)]
    print(json.dumps({"results": results, "wrong": wrong}, ensure_ascii=False))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
