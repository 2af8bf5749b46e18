"""What the warehouse reads besides DATA, RUN and an export's MODE."""

from __future__ import annotations

from factory.settings.kinds import Choice, Folder, Switch, Text
from factory.settings.setting import setting

Q = setting("Q", Text("a question in SQL", r".*\S.*"), "the question, in SQL; without it a prompt", commands=("sql",))
FORMAT = setting(
    "FORMAT", Choice(("table", "csv", "json")), "how the answer is written", commands=("sql", "runs"), default="table"
)
LAYOUT = setting(
    "LAYOUT",
    Choice(("messages", "prompt-completion", "sharegpt", "alpaca", "iqa")),
    "the layout of an exported sample",
    commands=("export",),
    default="messages",
)
FILES = setting("FILES", Choice(("jsonl", "parquet")), "the files of an export", commands=("export",), default="jsonl")
PROOF = setting("PROOF", Switch(), "export evidence and claims beside each sample", commands=("export",), default="0")
OUT = setting(
    "OUT",
    Folder(),
    "the folder to write to; without it export, for batch files batch, for verdicts DATA/reports/verdicts",
    commands=("export", "batch", "verdicts"),
)
REBUILD = setting(
    "REBUILD", Switch(), "make the file anew from shards and commits", commands=("warehouse", "refresh"), default="0"
)
