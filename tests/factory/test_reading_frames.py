"""Every clause frame reads its own examples: the true one passes, the false one is refused, the one on the edge passes."""

from __future__ import annotations

import pytest

from factory.verifier import acting
from factory.verifier.grammar import EXAMPLES, FRAMES, Tiling, tile
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


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_every_frame_takes_part_in_reading_its_own_examples(
    name: str, row: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[str] = set()

    def watched(clause: str, *, item: bool = False, banned: frozenset[str] = frozenset()) -> Tiling:
        tiling = tile(clause, item=item, banned=banned)
        used.update(piece.frame.name for piece in tiling.pieces)
        return tiling

    monkeypatch.setattr(acting, "tile", watched)
    acting.plan_of.cache_clear()
    for which in ("true", "false", "edge"):
        _findings(row, which)
    assert name in used


def test_no_two_frames_share_a_name() -> None:
    names = [name for name, _ in ROWS]
    assert len(names) == len(set(names)) == len({frame.name for frame in FRAMES})
