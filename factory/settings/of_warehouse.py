"""What the warehouse reads besides DATA, RUN and an export's MODE."""

from __future__ import annotations

from factory.settings.kinds import Choice, DataFolder, Switch, Text, Whole, url
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
    DataFolder(),
    "the folder to write to (for export also a URL in a bucket), or to push; without it export, for batch files batch, for "
    "verdicts DATA/reports/verdicts",
    commands=("export", "batch", "verdicts", "push"),
)
REPO = setting(
    "REPO",
    Text("owner/name", r"[\w.-]+/[\w.-]+"),
    "the data set on the hub, such as me/restaurants",
    commands=("push",),
)
PUSH_TO = setting("PUSH_TO", Choice(("hf", "modelscope")), "the hub to push to", commands=("push",), default="hf")
PUSH_BASE_URL = setting("PUSH_BASE_URL", url(), "another address of the hub, such as a mirror's", commands=("push",))
PUBLISH = setting("PUBLISH", Switch(), "send it; without it, only tell what would go", commands=("push",), default="0")
PRIVATE = setting("PRIVATE", Switch(), "a new data set is seen by its owner alone", commands=("push",), default="1")
PUSH_TERMS = setting(
    "PUSH_TERMS",
    Choice(("accepted",)),
    "accepted: you have read the terms that are not known here (the teacher's, the map's), and they allow publishing",
    commands=("push",),
)
HF_TOKEN = setting(
    "HF_TOKEN", Text("a key without spaces", r"\S+"), "Hugging Face's key", commands=("push",), secret=True
)
MODELSCOPE_API_TOKEN = setting(
    "MODELSCOPE_API_TOKEN", Text("a key without spaces", r"\S+"), "ModelScope's key", commands=("push",), secret=True
)
REBUILD = setting(
    "REBUILD", Switch(), "make the file anew from shards and commits", commands=("warehouse", "refresh"), default="0"
)
PACK_MB = setting(
    "PACK_MB",
    Whole(1, 1_024),
    "megabytes of a file that shards are packed into; packing holds some four times as much in memory",
    commands=("compact",),
    default="128",
)
