"""``chidian synth``: a run at the terminal; says in words what happens, and shows a sample at its end."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
from pathlib import Path

import duckdb
import pyarrow as pa

from factory.config import SANDBOX, Settings, settings_of
from factory.errors import RunStopped
from factory.record_view import record_lines
from factory.run.executor import spare_collector
from factory.run.open_files import allow_open_files
from factory.run.producing import Face, RunResult, produce
from factory.run.progress import Progress
from factory.run.stopping import Stopping
from factory.settings import Values
from factory.shown_text import print_line

_ONE = """
select question, answer from samples_shard where sample_id = (
  select sample_id from states where run_id = ? and state = 'accepted' and sample_id not in (select sample_id from duplicates)
  order by admitted_at desc, sample_id limit 1
)
"""
"""Not of the view: of a million samples its joins and the order of its texts took 3.6 GB, where the run itself had 0.4."""


def main(values: Values) -> int:
    """Run to N accepted samples. Raises ChidianError; returns 0, or 128 and the signal's number after Ctrl-C or SIGTERM."""
    settings = settings_of(values)
    say(greeting(settings))
    allow_open_files(settings.agents, settings.workers)
    spare_collector()
    # Arrow's own allocator keeps what each thread has freed: 30 MB and growing, of a run whose tables take 1.3 MB at once.
    pa.set_memory_pool(pa.system_memory_pool())
    stopping = Stopping(say, settings.drain_s)
    try:
        result = asyncio.run(produce(settings, terminal_face(stopping)))
    except asyncio.CancelledError:
        if not stopping.seen:
            raise KeyboardInterrupt from None
        say("Stopped at once; what is committed is safe, paid answers are kept, and the same command goes on.")
        return stopping.status
    return 0 if result is None else _tell(result, stopping.status)


def say(line: str) -> None:
    """One line for people; stdout stays free for results."""
    print_line(line)


def terminal_face(stopping: Stopping) -> Face:
    """Lines and a panel on stderr, Ctrl-C and SIGTERM ours."""
    return Face(say, Progress, stopping)


def greeting(settings: Settings) -> str:
    """What map and teacher this is, and how to come by real ones."""
    if settings.map == SANDBOX and settings.teacher == SANDBOX:
        return (
            "Sandbox: an invented city and a simulated teacher (every row says so). "
            "Real services: AMAP_KEY=... DASHSCOPE_API_KEY=... make synth TEACHER=dashscope/qwen3-max BUDGET=20 DATA=data-real; "
            "real places without a key: MAP=open:FILE (README)."
        )
    simulated = " (simulated; every row says so)" if settings.teacher == SANDBOX else ""
    return f"Map: {settings.map}. Teacher: {settings.teacher}{simulated}."


def _tell(result: RunResult, status: int) -> int:
    say(f"{result.run_id}: {result.accepted} of {result.target} samples accepted.")
    _draw_timeline(result.data, result.run_id)
    if result.interrupted:
        say("Stopped as you asked; everything in flight was finished and committed. The same command goes on.")
        return status
    if result.shortfall is not None:
        raise RunStopped(result.shortfall)
    _show_sample(result)
    where = f" DATA={shlex.quote(str(result.data))}" if str(result.data) != "data" else ""
    say(f'More: make sql{where} Q="select question, answer from samples limit 3"')  # noqa: S608 - a line for people
    return 0


def _draw_timeline(data: Path, run_id: str) -> None:
    """A picture that cannot be drawn never spoils a run: it is said, and the samples are there."""
    from factory.run.timeline import write_timeline  # noqa: PLC0415 - matplotlib takes a second, only at the end

    try:
        where = write_timeline(data, run_id)
    except (duckdb.Error, OSError) as error:
        say(f"The timeline could not be drawn ({error}); nothing else is affected.")
        return
    if where is not None:
        say(f"Timeline: {where}")


def _show_sample(result: RunResult) -> None:
    """One sample, to be read; a file that another one is replacing just now is no trouble."""
    from factory.run.timeline import READING  # noqa: PLC0415 - numpy, only at the end

    try:
        with duckdb.connect(str(result.data / "warehouse.duckdb"), read_only=True, config=READING) as connection:
            row = connection.execute(_ONE, [result.run_id]).fetchone()
    except duckdb.Error:
        return
    if row is not None:
        width = shutil.get_terminal_size((100, 24)).columns
        sys.stderr.write("\n".join(record_lines([("question", row[0]), ("answer", row[1])], width)) + "\n")
