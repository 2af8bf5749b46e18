"""How the verifier judges labelled answers: ``python -m bench.reading_cases FOLDER`` with questions.jsonl and answers.jsonl.

Prints false answers accepted and refused only as not understood, true ones with a wrong finding and held only as not
understood, pairs told apart, and with --show the answers behind each figure. With a second reader over the wire: --join rows,
give them to ``chidian verify --json`` with READER, measure what it printed with --verified.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import orjson

from factory.records import Clause, Finding, Verification
from factory.verifier.public import asked_of, verify_row
from factory.verifier.severing import once_cut


def main() -> int:
    """Measure a folder; 0 always: the figures are read by people."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--answers", default="answers.jsonl")
    parser.add_argument("--show", default="", help="fa, fu, tw, tu: which answers to print")
    parser.add_argument("--join", type=Path, help="write rows for `chidian verify --json` here, and stop")
    parser.add_argument("--verified", type=Path, help="what `chidian verify --json` printed of those rows")
    flags = parser.parse_args()
    rows = joined(flags.folder, flags.answers)
    if flags.join is not None:
        flags.join.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return 0
    if flags.verified is not None:
        told = list(map(orjson.loads, flags.verified.read_bytes().splitlines()))
        cuts = (one["once_cut"] and one["once_cut"]["answer"] for one in told)
        judged = [(row, read_back(one), text) for row, one, text in zip(rows, told, cuts, strict=True)]
        report(judged, flags.show)
        return 0
    started = time.process_time()
    read = [(row, verify_row(row)) for row in rows]
    spent = time.process_time() - started
    report([(row, result, cut_text(row, result)) for row, result in read], flags.show)
    print(f"{1000 * spent / max(1, len(rows)):.2f} ms CPU an answer")
    return 0


def read_back(told: dict[str, Any]) -> Verification:
    """A verification from the command's JSON: findings and clauses, which are all that is counted here."""
    names = ("stage", "reason", "detail", "outcome", "clause")
    findings = tuple(Finding(**{name: finding[name] for name in names}) for finding in told["findings"])
    clauses = tuple(
        Clause(clause["part"], clause["scope"], clause["text"], clause["account"], 0, 0, clause["detachable"])
        for clause in told["clauses"]
    )
    return Verification((), findings, (), clauses, told["verifier"])


def cut_text(row: dict[str, Any], result: Verification) -> str | None:
    """The answer as the factory would sell it, without its unread clauses; ``None`` where it does not pass so."""
    asked = asked_of(row)
    kept = [one for one in result.findings if not (row.get("lists_unfit") and one.outcome == "wish")]
    if asked is None:
        return None
    short = once_cut(asked.candidate, replace(result, findings=tuple(kept)), asked.case)
    return None if short is None else short.text


def still_lies(false: str, true: str, text: str) -> bool:
    """Whether what makes a false answer differ from its true twin stands in what is left of it, words around it with it."""
    changed = [code for code in SequenceMatcher(None, true, false, autojunk=False).get_opcodes() if code[0] != "equal"]
    return any(false[max(0, start - AROUND) : end + AROUND] in text for _, _, _, start, end in changed)


AROUND = 6
"""Characters."""


def joined(folder: Path, answers: str) -> list[dict[str, Any]]:
    """Answers with their question's columns."""
    path = folder / "questions.jsonl"
    questions = (
        {row["question_id"]: row for row in map(orjson.loads, path.read_bytes().splitlines())} if path.exists() else {}
    )
    rows = [orjson.loads(line) for line in (folder / answers).read_bytes().splitlines() if line.strip()]
    return [{**questions.get(row.get("question_id"), {}), **row} for row in rows]


Judged = tuple[dict[str, Any], Verification, str | None]
"""A row, its verification, and its text once cut, if it passes so."""


def report(judged: list[Judged], show: str) -> None:
    """The figures of the issue's table."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for row, result, when_cut in judged:
        outcomes = {finding.outcome for finding in result.findings}
        if row.get("lists_unfit"):
            outcomes.discard("wish")
        real = outcomes - {"not_understood"}
        if row["label"]:
            groups["true"].append((row, result, when_cut))
            if real:
                groups["tw"].append((row, result, when_cut))
            elif outcomes:
                groups["tu"].append((row, result, when_cut))
        else:
            groups["false"].append((row, result, when_cut))
            if not outcomes:
                groups["fa"].append((row, result, when_cut))
            elif not real:
                groups["fu"].append((row, result, when_cut))
    words = {
        "fa": ("false accepted", "false"),
        "fu": ("false refused only as not understood", "false"),
        "tw": ("true with a wrong finding", "true"),
        "tu": ("true held only as not understood", "true"),
    }
    for key, (name, of) in words.items():
        total = len(groups[of])
        print(f"{name}: {len(groups[key])} of {total} ({100 * len(groups[key]) / max(1, total):.1f} %)")
    for of in ("true", "false"):
        cut = sum(when_cut is not None for _, _, when_cut in groups[of])
        print(f"{of} that pass once their unread clauses are cut: {cut} of {len(groups[of])}")
    twins = {(row.get("question_id"), row.get("pair")): row["answer"] for row, _, _ in groups["true"]}
    lies = sum(kept_lie(row, when_cut, twins) for row, _, when_cut in groups["false"])
    print(f"false that pass so with what makes them false still in them: {lies} of {len(groups['false'])}")
    left = sum(when_cut is None for _, _, when_cut in groups["tu"])
    print(
        f"true held once they are cut: {left} of {len(groups['true'])} ({100 * left / max(1, len(groups['true'])):.1f} %)"
    )
    print("pairs told apart: {} of {}".format(*pairs(judged, cut=False)))
    print("pairs told apart once they are cut: {} of {}".format(*pairs(judged, cut=True)))
    clauses = [clause for _, result, _ in judged for clause in result.clauses]
    unread = sum(clause.account == "unread" for clause in clauses)
    print(f"clauses unread: {unread} of {len(clauses)} ({100 * unread / max(1, len(clauses)):.1f} %)")
    for key in show.split(","):
        for row, result, _ in groups.get(key, []):
            about = " ".join(
                str(row.get(name) or "") for name in ("case", "id", "question_id", "kind", "style", "pair")
            )
            print(f"--- {key} {about}")
            if key in {"fa", "fu"}:
                print(row["answer"])
            for finding in result.findings:
                print(f"   {finding.outcome}: {finding.reason}: {finding.detail[:150]}")


def kept_lie(row: dict[str, Any], text: str | None, twins: dict[tuple[Any, Any], str]) -> bool:
    """Whether a false answer passes once cut and is false still; without a twin to hold it against, it counts as false."""
    twin = twins.get((row.get("question_id"), row.get("pair"))) if row.get("pair") else None
    return text is not None and (twin is None or still_lies(row["answer"], twin, text))


def passes_so(row: dict[str, Any], text: str | None, twins: dict[tuple[Any, Any], str]) -> bool:
    """Whether an answer passes once cut, a false one with its lie."""
    return text is not None if row["label"] else kept_lie(row, text, twins)


def pairs(judged: list[Judged], *, cut: bool) -> tuple[int, int]:
    """(pairs of which all true sides pass and no false one as it is false, pairs with both sides). ``cut``: as the factory cuts."""
    twins = {(row.get("question_id"), row.get("pair")): row["answer"] for row, _, _ in judged if row["label"]}
    sides: dict[tuple[Any, str], list[tuple[bool, bool]]] = defaultdict(list)
    for row, result, when_cut in judged:
        if row.get("pair"):
            findings = {finding.outcome for finding in result.findings} - (
                {"wish"} if row.get("lists_unfit") else set()
            )
            sides[row.get("question_id"), row["pair"]].append(
                (bool(row["label"]), not findings or (cut and passes_so(row, when_cut, twins)))
            )
    both = [rows for rows in sides.values() if len({label for label, _ in rows}) == 2]
    return sum(all(label == accepted for label, accepted in rows) for rows in both), len(both)


if __name__ == "__main__":
    sys.exit(main())
