"""Whether an answer that says that nothing fits is right: who is known to fit, who only might, and what the answer tells of them. Pure.

The principle (decision 37): where somebody is known to fit, it is wrong; where nobody could, it is right; where the only ones that could
have a price, hours or a mark that the map does not tell, "none is known to fit" is right, as is naming that gap, and a flat "nothing
fits" is neither.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from factory.records import Candidate, Evidence, Poi, Wish
from factory.verifier.fit import is_known_to_fit, may_fit, misses_of
from factory.verifier.outcome import Account
from factory.verifier.script import fold

_KNOWN: Final = re.compile("确认|确定|肯定|已知|明确|标|查[得到]|登记|注明|列|写|载|有数据|可考|核实|保证|把握|公开")
"""没有能确认的, 没有标价合适的: of what is known, not of what is."""


@dataclass(frozen=True, slots=True)
class Emptiness:
    """``known``: who is known to fit; ``likely``: who might. ``doubted``: the answer's word for it stays unread; ``form``: what would not."""

    known: tuple[Poi, ...]
    likely: tuple[Poi, ...]
    doubted: bool = False
    form: str = ""


def emptiness(
    account: Account, candidate: Candidate, wish: Wish, evidence: Evidence, *, structured: bool, asking: bool
) -> Emptiness:
    """What the evidence says to "nothing fits"; empty where nobody says so.

    ``asking``: a second reader will be asked, so that less sure readings are left to it.
    """
    if candidate.feasible and not account.says_nothing:
        return Emptiness((), ())
    known = tuple(poi for poi in evidence.pois if is_known_to_fit(poi, wish))
    likely = tuple(poi for poi in evidence.pois if may_fit(poi, wish)) if not known else ()
    if not account.says_nothing:
        return Emptiness(known, likely)
    unread = asking or any(clause.account == "unread" for clause in account.clauses)
    if known:
        return Emptiness(known, likely, doubted=unread and candidate.feasible)
    if structured or not likely or tells_gap(account, likely):
        return Emptiness(known, likely)
    return Emptiness(known, likely, doubted=True, form=_form(likely[0], wish))


def says_known(words: str) -> bool:
    """Whether words that say that nothing fits speak of what is known."""
    return _KNOWN.search(fold(words)) is not None


def tells_gap(account: Account, likely: Sequence[Poi]) -> bool:
    """Whether a text says that nothing is known to fit, or of one that might what is not known of it."""
    if account.nothing_at is not None and says_known(account.clauses[account.nothing_at].text):
        return True
    ids = {poi.poi_id for poi in likely}
    return any(
        verdict.kind == "absence" and verdict.poi_id in ids and verdict.status in {"verified", "inferable"}
        for _, verdict in account.verdicts
    )


def _form(poi: Poi, wish: Wish) -> str:
    gap = next((miss for miss in misses_of(poi, wish) if miss.kind == "budget"), None)
    what = "人均" if gap is not None else "营业时间"
    return f"{poi.name}的{what}没有查到，可能符合。可以写“没有能确认符合要求的餐厅，{poi.name}暂无{what}”。"
