"""Names say what they hold: placeholder names stay rare in the packages that have shed them, and a class's name is its own."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLACEHOLDERS = {"one", "found", "known", "said", "thing", "this", "it"}
MOST_SHARE = 0.005
"""What peers have."""
ROOMS = ("factory", "warehouse", "train", "judge")
ROOMS_OWN = {"Frame", "Verdict"}
"""The verifier decides on a claim, a judge on an item: each is what its field calls so, and neither room reads the other's. A
judge's frame keeps its name, which is part of the identity under which its verdicts are kept."""
SHED = (
    "bench",
    "factory/agents",
    "factory/commit",
    "factory/maps/open",
    "factory/plan",
    "factory/run",
    "factory/sandbox",
    "factory/sending",
    "factory/settings",
    "judge",
    "tests",
    "train",
    "warehouse",
)


def _bound(tree: ast.AST) -> Iterator[str]:
    """Names that this code gives: variables, parameters, errors and patterns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name


def placeholder_share(sources: Iterator[str]) -> float:
    """Of all bound names."""
    names = Counter(name for source in sources for name in _bound(ast.parse(source)))
    return sum(names[name] for name in PLACEHOLDERS) / max(1, names.total())


@pytest.mark.parametrize("package", SHED)
def test_placeholder_names_stay_rare(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    assert placeholder_share(file.read_text(encoding="utf-8") for file in files) < MOST_SHARE


def test_the_share_counts_every_way_to_give_a_name() -> None:
    rest = "\n".join(f"a{number} = {number}" for number in range(195))
    ways = "one = 1\nfor found in (): pass\ndef f(said): pass\ntry: pass\nexcept OSError as it: pass\n[this for this in ()]"
    assert placeholder_share(iter([rest, ways])) == pytest.approx(5 / 200)
    assert placeholder_share(iter([rest + "\nx.one = y.found\nf(said=1)"])) == 0.0


def test_no_two_classes_of_the_rooms_have_one_name() -> None:
    where: dict[str, list[str]] = {}
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    where.setdefault(node.name, []).append(str(file.relative_to(ROOT)))
    assert {name for name, files in where.items() if len(files) > 1} == ROOMS_OWN
