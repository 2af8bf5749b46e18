"""What training reads besides DATA, SEED and RUN; choices are names of files and tables in ``train/``, held equal by a test."""

from __future__ import annotations

from factory.settings.kinds import Choice, Number, Switch, Text, Whole, url
from factory.settings.of_factory import COMPLETES, TRAINS
from factory.settings.setting import key, setting

MODE = setting(
    "MODE",
    Choice(("closed", "open")),
    "closed: the student remembers; open: the evidence stands in its prompt",
    commands=(*TRAINS, "complete", "chat", "export"),
    default="closed",
)
SQL = setting(
    "SQL",
    Text("a select with the columns of sft_train", r".*\S.*"),
    "rows to train on, with the columns of sft_train",
    commands=TRAINS,
)
MODEL = setting(
    "MODEL",
    Text("a folder, with HUB an id, or package:NAME", path_after=""),
    "a folder, with HUB an id, or package:smollm2, package:gemma3-270m; without it the embedded tiny Qwen3 (chat: the newest)",
    commands=(*TRAINS, "chat", "ablate"),
)
HUB = setting("HUB", Choice(("hf", "modelscope")), "where MODEL is an id", commands=TRAINS)
PRUNE = setting(
    "PRUNE", Switch(), "cut MODEL's vocabulary to the words that the rows need", commands=TRAINS, default="0"
)
GEMMA_TERMS = setting(
    "GEMMA_TERMS",
    Choice(("accepted",)),
    "accepted: you have read the Gemma Terms of Use",
    commands=TRAINS,
)
RECIPE = setting(
    "RECIPE",
    Choice(("exact", "fast", "original", "original-random")),
    "how samples make a step",
    commands=TRAINS,
    default="exact",
)
PRECISION = setting(
    "PRECISION",
    Choice(("auto", "fp32", "bf16")),
    "what matrix products are computed in, over fp32 weights; auto: bf16 on a GPU, fp32 on a CPU",
    commands=TRAINS,
    default="auto",
)
THINKING = setting(
    "THINKING",
    Choice(("off", "ignore", "train")),
    "where Qwen3's empty thinking block stands",
    commands=TRAINS,
    default="off",
)
EPOCHS = setting("EPOCHS", Whole(1, 10_000), "passes over the rows; without it the model's own number", commands=TRAINS)
TOKENS = setting(
    "TOKENS",
    Whole(1),
    "stop after about so many trained answer tokens; in an ablation without it 200000",
    commands=(*TRAINS, "ablate"),
)
MODEL_NAME = setting(
    "MODEL_NAME",
    Text("one folder name", r"[^/\\\s.][^/\\]*"),
    "checkpoint folder under DATA/models",
    commands=TRAINS,
    flags=("--name",),
)
SAVE_EVERY_S = setting(
    "SAVE_EVERY_S",
    Number(0, unit="seconds"),
    "seconds between checkpoints, at least; 0: every step",
    commands=TRAINS,
    default="60",
    flags=("--save-every",),
)
WANDB_MODE = setting(
    "WANDB_MODE", Choice(("offline", "online", "disabled")), "W&B's own variable", commands=TRAINS, default="offline"
)
WANDB_PROJECT = setting(
    "WANDB_PROJECT", Text("a project's name"), "W&B's own variable", commands=TRAINS, default="chidian"
)
ARM = setting(
    "ARM",
    Text("a word of letters, digits, dots and underscores", r"[A-Za-z][A-Za-z0-9_.]{0,30}"),
    "whose answers these are: tuned or base of a checkpoint, any other word for what FROM brings; without it tuned, or FROM's word",
    commands=COMPLETES,
)
FROM = setting(
    "FROM",
    Text("copy, random, teacher, file:ANSWERS.jsonl, program:COMMAND or model:ID", path_after="file:"),
    "answers of another origin than a checkpoint: copy, random, teacher, file:ANSWERS.jsonl, program:COMMAND or model:ID",
    commands=("complete",),
)
COMPLETE_BASE_URL = setting(
    "COMPLETE_BASE_URL", url(), "an OpenAI-compatible server for FROM=model:ID", commands=("complete",)
)
COMPLETE_API_KEY = key("COMPLETE_API_KEY", "key of a model behind COMPLETE_BASE_URL", commands=("complete",))
COMPLETE_MAX_TOKENS = setting(
    "COMPLETE_MAX_TOKENS", Whole(1), "room for an answer of FROM=model:ID", commands=("complete",), default="1200"
)
CHECKPOINT = setting(
    "CHECKPOINT",
    Text("a folder", path_after=""),
    "the checkpoint that answers; without it the newest of this mode",
    commands=COMPLETES,
)
LIMIT = setting(
    "LIMIT",
    Whole(1),
    "most questions a split; most questions to a judge; most calls to list",
    commands=(*COMPLETES, "judge", "batch", "calls"),
)
HELD_OUT = setting("HELD_OUT", Switch(), "no questions that were trained on", commands=COMPLETES, default="0")
