"""What the factory reads, and what several rooms share."""

from __future__ import annotations

from typing import Final

from factory.settings.kinds import Choice, DataFolder, Folder, JsonObject, Number, Switch, Text, Whole, url
from factory.settings.setting import key, setting

RUNS: Final = ("synth", "preview")
SERVICES: Final = (*RUNS, "doctor", "factory-doctor", "chat")
TRAINS: Final = ("train", "train-run")
COMPLETES: Final = ("train", "complete")
JUDGES: Final = ("judge", "probe", "batch", "doctor")
ASKS: Final = (*SERVICES, "verify")
FAULT_KNOBS: Final = (
    *("map", "chat"),
    *("latency_ms", "latency_spread", "shares", "always", "after", "retry_after_s", "hang_s"),
)
"""Of one server each, or for both (factory/sandbox/faults.py); held equal by a test."""
READERS: Final = ("calls", "sql", "export", "runs", "warehouse", "refresh", "check", "forget", "compact")

DATA = setting(
    "DATA",
    DataFolder(),
    "the folder of one world: plan, shards, commits, warehouse, models, reports; or the URL of a bucket for the first three",
    commands=(*RUNS, *READERS, "verify", *TRAINS, "complete", "chat", *JUDGES, "report", "verdicts", "ablate"),
    default="data",
)
SEED = setting(
    "SEED",
    Whole(0, 2**31 - 1),
    "seed of the plan, of a training, of the judge's choices, of the sandbox",
    commands=(*SERVICES, *TRAINS, *JUDGES, "report", "sandbox"),
    default="0",
)
RUN = setting(
    "RUN",
    Text("a run id, such as sandbox-1a2b3c4d (`chidian sql 'from runs'` lists them)", r"[\w.-]+"),
    "rows of this factory run only; synth goes on with it as it was planned, whatever changed since",
    commands=(
        *RUNS,
        "calls",
        "export",
        "runs",
        "forget",
        "compact",
        *TRAINS,
        "complete",
        *JUDGES,
        "report",
        "verdicts",
    ),
)
BUDGET = setting(
    "BUDGET", Number(0, above=True, unit="CNY"), "spend cap, never passed", commands=(*ASKS, *JUDGES, "complete")
)
DRY = setting("DRY", Switch(), "print what the run would take, and stop", commands=(*RUNS, *JUDGES), default="0")
YES = setting(
    "YES", Switch(), "spend real money without BUDGET", commands=(*RUNS, "verify", *JUDGES, "complete"), default="0"
)

N = setting("N", Whole(1, 100_000_000), "accepted samples in all for this plan", commands=RUNS, default="1000")
K = setting("K", Whole(1, 20), "wishes per order", commands=RUNS, default="5")
PLACES = setting(
    "PLACES",
    Folder("the path of a CSV file with the columns name and city"),
    "CSV of places instead of the bundled list",
    commands=(*RUNS, "chat"),
)
PROMPT = setting(
    "PROMPT", Folder("the path of a text file"), "the agent's system prompt instead of the bundled one", commands=RUNS
)
MAP = setting(
    "MAP",
    Text("sandbox, amap or open:FILE", r"sandbox|amap|open:.*\S", ("sandbox", "amap", "open:"), "open:"),
    "sandbox, amap or open:FILE; without it amap where there is an AMAP_KEY, else sandbox",
    commands=SERVICES,
)
TEACHER = setting(
    "TEACHER",
    Text("sandbox or a model id such as dashscope/qwen3-max", r"[^\s=]+"),
    "a litellm model id, such as dashscope/qwen3-max; without it the sandbox's",
    commands=SERVICES,
)
CANDIDATES = setting("CANDIDATES", Whole(1), "most candidate slots to open; without it 3 N + 100", commands=RUNS)
WORKERS = setting("WORKERS", Whole(1, 64), "worker processes, or with EXECUTOR=ray actors", commands=RUNS, default="1")
EXECUTOR = setting(
    "EXECUTOR",
    Choice(("local", "ray")),
    "where agents run: on this machine, or as actors of the Ray cluster at RAY_ADDRESS (without it one of this machine)",
    commands=RUNS,
    default="local",
)
AGENTS = setting(
    "AGENTS", Whole(1, 1024), "most calls to the teacher in flight; without it 64, in the sandbox 16", commands=ASKS
)
REPAIRS = setting("REPAIRS", Whole(0, 2), "times a failing answer goes back to the agent", commands=RUNS, default="2")
READER = setting(
    "READER",
    Text("sandbox or a model id such as dashscope/qwen-plus", r"[^\s=]+"),
    "a second reader: the model that extracts claims from clauses that were not understood; without it none",
    commands=(*RUNS, "verify"),
)
UNREAD = setting(
    "UNREAD",
    Choice(("refuse", "keep")),
    "what becomes of an answer whose clauses are still not understood after one return: refuse, or keep and mark",
    commands=RUNS,
    default="refuse",
)
GIVE_UP_S = setting(
    "GIVE_UP_S",
    Number(1, 86_400, unit="seconds"),
    "seconds without one answer after which a provider is given up; an answer may take 0.8 of it",
    commands=(*ASKS, *JUDGES),
    default="100",
)
DRAIN_S = setting(
    "DRAIN_S",
    Number(0, 3_600, unit="seconds"),
    "seconds that SIGTERM leaves for what is in flight; then the run stops, and its paid answers are kept",
    commands=(*RUNS, *JUDGES),
    default="20",
)
AMAP_API = setting("AMAP_API", Choice(("v3", "v5")), "AMap's place search", commands=SERVICES, default="v3")
AMAP_QPS = setting(
    "AMAP_QPS", Number(0.1, 10_000), "requests a second that the AMap account may send", commands=SERVICES, default="3"
)
AMAP_MONTH = setting(
    "AMAP_MONTH", Whole(1), "searches a month that the AMap account may send", commands=SERVICES, default="5000"
)
AMAP_BASE_URL = setting("AMAP_BASE_URL", url(), "another AMap-compatible server", commands=SERVICES)
AMAP_TERMS = setting(
    "AMAP_TERMS", Choice(("accepted",)), "accepted: you have read what AMap's terms restrict", commands=SERVICES
)
TEACHER_BASE_URL = setting("TEACHER_BASE_URL", url(), "an OpenAI-compatible server for the teacher", commands=ASKS)
TEACHER_TEMPERATURE = setting(
    "TEACHER_TEMPERATURE", Number(0, 2), "sampling temperature of the teacher", commands=SERVICES, default="0.8"
)
TEACHER_TOP_P = setting(
    "TEACHER_TOP_P", Number(0, 1, above=True), "nucleus of the teacher's sampling", commands=SERVICES, default="0.95"
)
TEACHER_EXTRA = setting(
    "TEACHER_EXTRA",
    JsonObject(switches=("stream",)),
    'fields of each request of the teacher, above ours; {"seed": null} drops one',
    commands=ASKS,
)
TEACHER_RPM = setting("TEACHER_RPM", Whole(1), "requests a minute of the teacher account", commands=ASKS)
TEACHER_TPM = setting("TEACHER_TPM", Whole(1), "tokens a minute of the teacher account", commands=ASKS)
PRICE_IN = setting(
    "PRICE_IN",
    Number(0, unit="CNY"),
    "CNY per million input tokens, if the price file lacks the model",
    commands=(*ASKS, *JUDGES),
)
PRICE_OUT = setting(
    "PRICE_OUT", Number(0, unit="CNY"), "CNY per million output tokens", commands=(*ASKS, *JUDGES, "complete")
)
PRICE_CACHED = setting(
    "PRICE_CACHED",
    Number(0, unit="CNY"),
    "CNY per million input tokens that the provider had in its cache; without it PRICE_IN",
    commands=(*ASKS, *JUDGES),
)
SANDBOX_DEFECTS = setting(
    "SANDBOX_DEFECTS",
    Number(0, 1),
    "share of the sandbox teacher's candidates that it spoils",
    commands=(*SERVICES, "sandbox"),
    default="0.12",
    flags=("--defects",),
)
SANDBOX_FAULTS = setting(
    "SANDBOX_FAULTS",
    JsonObject(FAULT_KNOBS),
    "fault knobs of the sandbox servers",
    commands=(*SERVICES, "sandbox"),
    default="{}",
    flags=("--faults",),
)
AMAP_KEY = key("AMAP_KEY", "AMap web-service key", commands=SERVICES)
AMAP_SECRET = key("AMAP_SECRET", "AMap's digital-signature secret", commands=SERVICES)
DASHSCOPE_API_KEY = key("DASHSCOPE_API_KEY", "DashScope's key, for TEACHER and JUDGE", commands=(*SERVICES, *JUDGES))
TEACHER_API_KEY = key(
    "TEACHER_API_KEY", "key of a teacher behind TEACHER_BASE_URL; no other key is sent there", commands=SERVICES
)

PORT = setting(
    "PORT",
    Whole(0, 65_535),
    "port on loopback, 0 takes a free one; without it 8765 (the judge's: a free one)",
    commands=("sandbox", "judge-sandbox"),
)
MAP_OPTIONS = setting(
    "MAP_OPTIONS",
    JsonObject(),
    "options of the sandbox's map server",
    commands=("sandbox",),
    default="{}",
    flags=("--map",),
)
CHAT_KEYS = setting(
    "CHAT_KEYS",
    Text("keys joined by commas", r"[^\s]+"),
    "keys that the sandbox's chat servers take; without it any",
    commands=("sandbox", "judge-sandbox"),
    flags=("--keys",),
    flag_only=True,
)
RECORD = setting(
    "RECORD",
    Folder("the path of a file to write"),
    "write the exchanges down without keys, so that a test can play them back",
    commands=("doctor", "factory-doctor"),
    flag_only=True,
)
STATUS = setting(
    "STATUS",
    Choice(("kept", "unreadable", "unresolved", "void", "reserved")),
    "only calls that ended so",
    commands=("calls",),
    flag_only=True,
)
CALLS = setting("CALLS", Text("list, or drop KEY"), "list, or drop KEY", commands=("calls",), flag_only=True)
FILE = setting(
    "FILE",
    Folder(),
    "JSONL or Parquet with question, answer, evidence and the place's lng, lat",
    commands=("verify",),
    flag_only=True,
)
JSON = setting(
    "JSON", Switch(), "one JSON object a row instead of a table", commands=("verify",), default="0", flag_only=True
)
COMMAND = setting(
    "COMMAND",
    Text("the name of a command"),
    "list this command's settings only",
    commands=("settings",),
    flag_only=True,
)
SHELL_NAME = setting(
    "SHELL_NAME",
    Choice(("bash", "zsh", "fish")),
    "the shell that completes",
    commands=("completion",),
    default="bash",
    flag_only=True,
)
