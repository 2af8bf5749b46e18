"""``python -m judge probe``: a handful of small calls that record what the judge's model really supports, as JSON.

Aliases drift and pages go stale; a headline run should carry the record that this writes to ``DATA/reports/probe-MODEL.json``.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from factory.errors import OrderFailed, ParameterRefused
from factory.llm.chat import CallKey, ChatAnswer, ChatRequest
from factory.sending.ledger import Ledger
from factory.settings import Values
from factory.shown_text import print_line
from judge.asking import Ask, Item, mark_of, request
from judge.config import JudgeSettings, settings_of
from judge.parsing import read_verdict
from judge.providers import Judge, open_judges

_EVIDENCE = "店名：示例饭馆｜菜系：川菜｜地址：示例路1号｜评分：4.6｜人均：78元｜距离：342米"
_ANSWER = "为您找到：\n1. 示例饭馆：地址示例路1号，评分4.6，人均78元，距离342米。\n祝用餐愉快。"
ITEM = Item("probe", "sample", "probe", "附近想吃川菜", _ANSWER, (_EVIDENCE,), "", "probe", "probe")
_NUMBER = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "null"}]}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "verdict",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"reason": {"type": "string"}, "scores": {"type": "object", "additionalProperties": _NUMBER}},
            "required": ["reason", "scores"],
        },
    },
}


@dataclass(frozen=True, slots=True)
class ProbeFinding:
    """One thing tried. ``works``: the call was served and did what it should."""

    what: str
    works: bool
    detail: str
    latency_s: float | None
    cost_cny: float | None


def variants(judge: Judge) -> Mapping[str, ChatRequest]:
    """The requests, each a judge's question with one thing changed."""
    plain = request(_ask(), judge.model, 0, judge.extra)
    return {
        "json_object": plain,
        "same seed again": plain,
        "no response_format": replace(plain, response_format=None),
        "json_schema": replace(plain, response_format=SCHEMA),
        "logprobs": replace(plain, extra={**judge.extra, "logprobs": True, "top_logprobs": 5}),
        "thinking": replace(plain, response_format=None, extra={**judge.extra, "enable_thinking": True}),
    }


def _ask() -> Ask:
    return Ask(ITEM, "standard", "data", ("data",), 0)


async def probe(judge: Judge) -> list[ProbeFinding]:
    """Try each; a refusal is a finding. Raises RunStopped and its kin (bad key, no money, provider down)."""
    findings: list[ProbeFinding] = []
    texts: list[str] = []
    for number, (what, asked) in enumerate(variants(judge).items()):
        # The moment is part of the key: a probe never replays an earlier one.
        key = CallKey("probe", f"probe {datetime.now(UTC).isoformat()}", number, 0, "probe")
        try:
            answer = await judge.chat.ask(asked, key)
        except (OrderFailed, ParameterRefused) as error:  # a field that no call was answered with: that is the finding
            findings.append(
                ProbeFinding(what, works=False, detail=f"{error.reason}: {error}", latency_s=None, cost_cny=None)
            )
            continue
        texts.append(answer.message.content)
        works, detail = _look(what, answer, texts)
        findings.append(ProbeFinding(what, works, detail, answer.record.latency_s, answer.record.cost_cny))
    return findings


def _look(what: str, answer: ChatAnswer, texts: Sequence[str]) -> tuple[bool, str]:
    served = f"model {answer.model or '?'}, request {answer.request_id or '?'}, "
    served += f"{answer.input_tokens} tokens in, {answer.output_tokens} out, finish {answer.finish_reason}"
    if what == "same seed again":
        return texts[0] == texts[-1], f"the text {'repeats' if texts[0] == texts[-1] else 'differs'}; {served}"
    if what == "logprobs":
        return bool(answer.logprobs), f"{len(answer.logprobs)} tokens with log probabilities; {served}"
    verdict = read_verdict(answer.message.content, answer.finish_reason, ("准确性",), mark_of(_ask(), 0))
    return verdict.status == "scored", f"{verdict.status}{' ' + verdict.reason if verdict.reason else ''}; {served}"


def main(values: Values) -> int:
    """0 when a plain verdict could be had, else 1. Raises ChidianError."""
    return asyncio.run(_run(replace(settings_of(values), second=None)))


async def _run(settings: JudgeSettings) -> int:
    async with AsyncExitStack() as stack:
        ledger = Ledger(settings.data, "probe", settings.budget_cny)
        stack.callback(ledger.close)
        judges = await stack.enter_async_context(open_judges(settings, ledger))
        judge = judges.judges[0]
        findings = await probe(judge)
    path = _write(settings.data, judge, findings)
    for finding in findings:
        sign = "works" if finding.works else "no   "
        print_line(f"{sign} {finding.what}: {finding.detail}", sys.stdout)
    costs = [finding.cost_cny for finding in findings if finding.cost_cny is not None]
    print_line(
        f"cost {sum(costs):.5f} CNY; recorded in {path}" if costs else f"cost unknown; recorded in {path}", sys.stdout
    )
    return 0 if findings[0].works else 1


def _write(data: Path, judge: Judge, findings: Sequence[ProbeFinding]) -> Path:
    path = data / "reports" / ("probe-" + re.sub(r"[^\w.]+", "-", judge.model) + ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {"judge": judge.name, "model": judge.model, "simulated": judge.simulated}
    report |= {"at": datetime.now(UTC).isoformat(), "findings": [asdict(finding) for finding in findings]}
    path.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    return path
