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
from pathlib import Path
from typing import Any

import orjson

from factory.records import Clause, Finding, Verification
from factory.verifier.public import verify_row


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
        told = map(orjson.loads, flags.verified.read_bytes().splitlines())
        report([(row, read_back(answer)) for row, answer in zip(rows, told, strict=True)], flags.show)
        return 0
    started = time.process_time()
    judged = [(row, verify_row(row)) for row in rows]
    spent = time.process_time() - started
    report(judged, flags.show)
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


def passes_when_cut(result: Verification) -> bool:
    """Whether all that stands against an answer is unread clauses that the factory would cut out."""
    loose = {clause.text for clause in result.clauses if clause.account == "unread" and clause.detachable}
    return bool(result.findings) and all(
        finding.outcome == "not_understood" and finding.clause in loose for finding in result.findings
    )


def joined(folder: Path, answers: str) -> list[dict[str, Any]]:
    """Answers with their question's columns."""
    path = folder / "questions.jsonl"
    questions = (
        {row["question_id"]: row for row in map(orjson.loads, path.read_bytes().splitlines())} if path.exists() else {}
    )
    rows = [orjson.loads(line) for line in (folder / answers).read_bytes().splitlines() if line.strip()]
    return [{**questions.get(row.get("question_id"), {}), **row} for row in rows]


def report(judged: list[tuple[dict[str, Any], Verification]], show: str) -> None:
    """The figures of the issue's table."""
    groups: dict[str, list[tuple[dict[str, Any], Verification]]] = defaultdict(list)
    for row, result in judged:
        outcomes = {finding.outcome for finding in result.findings}
        if row.get("lists_unfit"):
            outcomes.discard("wish")
        real = outcomes - {"not_understood"}
        if row["label"]:
            groups["true"].append((row, result))
            if real:
                groups["tw"].append((row, result))
            elif outcomes:
                groups["tu"].append((row, result))
        else:
            groups["false"].append((row, result))
            if not outcomes:
                groups["fa"].append((row, result))
            elif not real:
                groups["fu"].append((row, result))
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
        cut = sum(passes_when_cut(result) for _, result in groups[of])
        print(f"{of} that pass once detachable clauses are cut: {cut} of {len(groups[of])}")
    held = [result for _, result in groups["tu"]]
    left = sum(not passes_when_cut(result) for result in held)
    print(
        f"true held once they are cut: {left} of {len(groups['true'])} ({100 * left / max(1, len(groups['true'])):.1f} %)"
    )
    print("pairs told apart: {} of {}".format(*pairs(judged, cut=False)))
    print("pairs told apart once they are cut: {} of {}".format(*pairs(judged, cut=True)))
    clauses = [clause for _, result in judged for clause in result.clauses]
    unread = sum(clause.account == "unread" for clause in clauses)
    print(f"clauses unread: {unread} of {len(clauses)} ({100 * unread / max(1, len(clauses)):.1f} %)")
    for key in show.split(","):
        for row, result in groups.get(key, []):
            about = " ".join(
                str(row.get(name) or "") for name in ("case", "id", "question_id", "kind", "style", "pair")
            )
            print(f"--- {key} {about}")
            if key in {"fa", "fu"}:
                print(row["answer"])
            for finding in result.findings:
                print(f"   {finding.outcome}: {finding.reason}: {finding.detail[:150]}")


def pairs(judged: list[tuple[dict[str, Any], Verification]], *, cut: bool) -> tuple[int, int]:
    """(pairs of which all true sides pass and all false ones do not, pairs with both sides). ``cut``: as the factory cuts."""
    sides: dict[tuple[Any, str], list[tuple[bool, bool]]] = defaultdict(list)
    for row, result in judged:
        if row.get("pair"):
            findings = {finding.outcome for finding in result.findings} - (
                {"wish"} if row.get("lists_unfit") else set()
            )
            sides[row.get("question_id"), row["pair"]].append(
                (bool(row["label"]), not findings or (cut and passes_when_cut(result)))
            )
    both = [rows for rows in sides.values() if len({label for label, _ in rows}) == 2]
    return sum(all(label == accepted for label, accepted in rows) for rows in both), len(both)


if __name__ == "__main__":
    sys.exit(main())
