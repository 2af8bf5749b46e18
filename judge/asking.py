"""One blind question about one item: rubric, evidence, then the item inside a fence that nothing in it can close.

Pure. The judge sees neither source, model, other scores nor the verifier's findings. A fence holds a random mark; whatever
looks like a fence in evidence or item is taken apart before it is quoted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources

from factory.records import Message

RUBRICS: dict[str, tuple[str, ...]] = {
    "data_v1": ("准确性", "一致性", "多样性", "规范性", "实用性"),
    "answer_v1": ("理解能力", "推荐合理性", "信息完整性", "逻辑清晰性", "多样性"),
}
_FENCE = re.compile(r"[<＜〈《]\s*/?\s*(?:条目|证据|item|evidence)[^>＞〉》\n]{0,40}[>＞〉》]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """What is judged; ``evidence`` are compact lines, one a restaurant."""

    item_id: str
    kind: str
    run_id: str
    question: str
    answer: str
    evidence: tuple[str, ...]
    evidence_hash: str
    place_id: str
    split: str


def rubric_text(rubric: str) -> str:
    """The versioned rubric file."""
    return resources.files("judge.rubrics").joinpath(f"{rubric}.md").read_text(encoding="utf-8").strip()


def neutral(text: str) -> str:
    """Quoted text without control characters and without anything that reads like a fence."""
    kept = "".join(
        char for char in unicodedata.normalize("NFC", text) if char == "\n" or unicodedata.category(char)[0] != "C"
    )
    # Taking one fence apart can bring the halves of another together: again until nothing is left.
    while _FENCE.search(kept):
        kept = _FENCE.sub(lambda found: found[0][1:].replace(">", "").replace("＞", ""), kept)
    return kept


def mark_of(item: Item, replicate: int, seed: int) -> str:
    """The fence's random mark: differs for every call and cannot be known to an item's author."""
    words = f"{seed}\x1f{item.item_id}\x1f{replicate}\x1f{item.answer}"
    return blake2b(words.encode(), digest_size=8).hexdigest()


def messages(item: Item, rubric: str, replicate: int, seed: int) -> tuple[Message, ...]:
    """The whole request. Static text first, so that providers can cache the prefix; the item last."""
    mark = mark_of(item, replicate, seed)
    body = "\n".join(
        (
            f"<证据 {mark}>",
            *(neutral(line).replace("\n", " ") for line in item.evidence),
            f"</证据 {mark}>",
            f"<条目 {mark}>",
            f"提问：{neutral(item.question)}",
            f"回答：{neutral(item.answer)}",
            f"</条目 {mark}>",
        )
    )
    return (Message("system", rubric_text(rubric)), Message("user", body))


def evidence_lines(pois: Sequence[dict[str, object]]) -> tuple[str, ...]:
    """Compact lines of evidence: what the map gave, nothing for what it did not."""
    lines = []
    for poi in pois:
        facts = [str(poi["name"])]
        facts += [str(poi[name]) for name in ("cuisine", "address") if poi.get(name)]
        facts += [f"评分{poi['rating']:.1f}"] if poi.get("rating") is not None else []
        facts += [f"人均{poi['cost_cny']:g}元"] if poi.get("cost_cny") is not None else []
        facts += [f"{poi['distance_m']}米"] if poi.get("distance_m") is not None else []
        facts += [str(poi["open_hours"])] if poi.get("open_hours") else []
        dishes = poi.get("specialities")
        facts += ["招牌" + "、".join(map(str, dishes))] if isinstance(dishes, list) and dishes else []
        lines.append("｜".join(facts))
    return tuple(lines)
