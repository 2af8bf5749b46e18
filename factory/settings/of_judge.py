"""What the judge reads besides DATA, SEED, RUN, LIMIT, BUDGET and the keys."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from factory.settings.kinds import Folder, JsonObject, Number, Text, Whole, url
from factory.settings.of_factory import JUDGES
from factory.settings.setting import Setting, key, setting

NAMES: Final = (*JUDGES, "report")


def _rubric(name: str, judged: str) -> Setting[Path | None]:
    what = f"a rubric for {judged} instead of the bundled one"
    return setting(name, Folder("the path of a rubric"), what, commands=NAMES)


JUDGE = setting(
    "JUDGE",
    Text("sandbox or a model id such as dashscope/qwen-max", r"[^\s=]+"),
    "a model id; the sandbox judge without it",
    commands=NAMES,
    default="sandbox",
)
JUDGE2 = setting(
    "JUDGE2",
    Text("none or a model id such as dashscope/qwen-plus", r"[^\s=]+"),
    "a second judge on a part of the items, or none; without it sandbox-2 beside the sandbox, else none",
    commands=NAMES,
)
REPLICATES = setting("REPLICATES", Whole(1, 100), "times each question is asked", commands=NAMES, default="3")
JUDGE_BASE_URL = setting("JUDGE_BASE_URL", url(), "an OpenAI-compatible server for the judge", commands=JUDGES)
JUDGE2_BASE_URL = setting("JUDGE2_BASE_URL", url(), "the same for the second judge", commands=JUDGES)
JUDGE_API_KEY = key(
    "JUDGE_API_KEY", "key of a judge behind JUDGE_BASE_URL; no other key is sent there", commands=JUDGES
)
JUDGE_EXTRA = setting(
    "JUDGE_EXTRA",
    JsonObject(switches=("stream",)),
    'fields of each request of the judge, above ours; {"seed": null} drops one',
    commands=JUDGES,
)
JUDGE_PRICE_IN = setting(
    "JUDGE_PRICE_IN",
    Number(0, unit="CNY"),
    "the judge's PRICE_IN, where it differs from the teacher's",
    commands=JUDGES,
)
JUDGE_PRICE_OUT = setting("JUDGE_PRICE_OUT", Number(0, unit="CNY"), "the judge's PRICE_OUT", commands=JUDGES)
JUDGE_PRICE_CACHED = setting("JUDGE_PRICE_CACHED", Number(0, unit="CNY"), "the judge's PRICE_CACHED", commands=JUDGES)
IN_FLIGHT = setting("IN_FLIGHT", Whole(1, 10_000), "most questions in flight", commands=JUDGES, default="200")
RAMP = setting(
    "RAMP", Number(0, above=True), "most growth of the questions in flight, a second", commands=JUDGES, default="50"
)
JUDGE_RPM = setting(
    "JUDGE_RPM",
    Number(0, above=True),
    "requests a minute of the judge's account; without it what prices.toml knows",
    commands=JUDGES,
    flags=("--rpm",),
)
JUDGE_TPM = setting(
    "JUDGE_TPM",
    Number(0, above=True),
    "tokens a minute of the judge's account; without it what prices.toml knows",
    commands=JUDGES,
    flags=("--tpm",),
)
JUDGE_UNIT = setting(
    "JUDGE_UNIT", Whole(1, 10_000), "verdicts a commit", commands=JUDGES, default="192", flags=("--unit",)
)
RUBRIC_DATA = _rubric("RUBRIC_DATA", "samples")
RUBRIC_ANSWER = _rubric("RUBRIC_ANSWER", "answers")
RUBRIC_PAIR = _rubric("RUBRIC_PAIR", "pairs")
PAIRS = setting(
    "PAIRS",
    Text("two arms such as tuned:base, tuned/open:copy or tuned@A:tuned@B"),
    "two arms whose answers are also compared pair by pair, both ways round: tuned:base, tuned/open:copy, tuned@A:tuned@B",
    commands=("judge", "batch"),
)
COMPARE = setting(
    "COMPARE",
    Text("two sides such as tuned/closed:base/closed, two checkpoints or two runs"),
    "two sides that the report sets side by side: arms, arms with mode, checkpoints or factory runs",
    commands=NAMES,
)
GATE = setting(
    "GATE",
    Text("an expression such as facts_right>=0.9 and data_score>=7"),
    "what the report must show, on the unfavourable end of each interval; else exit status 1 (JUnit and JSON beside it)",
    commands=("judge", "report"),
)
GATE_AGAINST = setting(
    "GATE_AGAINST",
    Text("the name of an earlier report, its folder or its report.json", path_after=""),
    "the earlier report that change(NAME) in GATE compares with",
    commands=("judge", "report"),
)
JUDGE_MAX_TOKENS = setting("JUDGE_MAX_TOKENS", Whole(1), "room for a reply, in tokens", commands=NAMES, default="1500")
JUDGE_TEMPERATURE = setting(
    "JUDGE_TEMPERATURE", Number(0, 2), "sampling temperature of the judge", commands=NAMES, default="0.1"
)
JUDGE_TOP_P = setting("JUDGE_TOP_P", Number(0, 1), "nucleus of the judge's sampling", commands=NAMES, default="0.8")
JUDGE_EVIDENCE = setting(
    "JUDGE_EVIDENCE", Whole(1, 10_000), "most restaurants that a question shows", commands=NAMES, default="120"
)
WORDS = setting("WORDS", Text("write, or read FILE..."), "write, or read FILE...", commands=("batch",), flag_only=True)

SEEDS = setting("SEEDS", Whole(1, 100), "training runs of each arm", commands=("ablate",), default="3")
QUESTIONS = setting("QUESTIONS", Whole(1), "most held-out questions a split", commands=("ablate",), default="60")
ABLATE_DEFECTS = setting(
    "ABLATE_DEFECTS",
    Number(0, 1, above=True),
    "share of spoiled candidates in the sandbox run that makes rejects",
    commands=("ablate",),
    default="0.8",
    flags=("--defects",),
)

NOISE = setting(
    "NOISE",
    Number(0, 10),
    "private error of a simulated score, SD in points of 1 to 5",
    commands=("judge-sandbox",),
    default="0.5",
)
HALO = setting(
    "HALO",
    Number(0, 10),
    "error shared by all simulated scores of one call, SD in points of 1 to 5",
    commands=("judge-sandbox",),
    default="0.3",
)
BIAS = setting("BIAS", Number(-5, 5), "points added to every simulated score", commands=("judge-sandbox",), default="0")
JUDGE_FAULTS = setting(
    "JUDGE_FAULTS",
    JsonObject(),
    "fault knobs: latency_s, shares, next, always, retry_after_s, rpm, tpm",
    commands=("judge-sandbox",),
    default="{}",
    flags=("--faults",),
)
