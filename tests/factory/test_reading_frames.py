"""Every clause frame reads its own examples: the true one passes, the false one is refused, the one on the edge passes."""

from __future__ import annotations

import pytest

from factory.verifier.grammar import EXAMPLES, FRAMES
from tests.factory.reading_world import answer, check, said_at

ROWS = [(str(row["name"]), dict(row)) for row in EXAMPLES]


def _findings(row: dict[str, str], which: str) -> list[str]:
    where = row.get(f"at_{which}", row.get("at", "item1"))
    return [f"{finding.outcome}: {finding.detail}" for finding in said_at(where, row[which]).findings]


def test_the_plain_answer_passes() -> None:
    assert check(answer()).findings == ()


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_each_frame_tells_its_truth_from_its_lie(name: str, row: dict[str, str]) -> None:
    assert name
    assert _findings(row, "true") == []
    assert _findings(row, "edge") == []
    assert _findings(row, "false") != []


def test_every_frame_is_used_by_an_example() -> None:
    used = {name for row in EXAMPLES for which in ("true", "false", "edge") for name in _frames_of(row, which)}
    assert {frame.name for frame in FRAMES} - used == set()


def _frames_of(row: dict[str, str], which: str) -> set[str]:
    return {row["name"]} if which in row else set()
