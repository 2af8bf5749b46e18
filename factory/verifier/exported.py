"""Rows of our own exports (``warehouse/export``) as the verifier takes them: the proof unpacked, the answer that is trained. Pure.

Whatever the layout, what is checked is the answer that a trainer would read there, against the evidence that stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BARE = "The row was exported without its evidence: export again with PROOF=1, then check that."


def unpacked(row: dict[str, Any]) -> dict[str, Any] | str:
    """The row with its proof's columns beside it; a sentence where an export brings none; any other row as it is."""
    proof = row.get("proof")
    if not isinstance(proof, Mapping):
        source = row.get("source")
        return _BARE if isinstance(source, Mapping) and "made_by" in source else row
    asked, answer = _conversation(row)
    question = proof.get("question")
    if isinstance(asked, str) and not (isinstance(question, str) and asked.startswith(question)):
        question = asked  # an open prompt goes on with the evidence; any other difference is another question
    evidence = [_with_tags(poi) for poi in proof.get("evidence") or ()]
    changed = {"question": question, "evidence": evidence, "sample_id": row.get("sample_id")}
    return {**proof, **changed, "answer": proof.get("answer") if answer is None else answer}


def _conversation(row: Mapping[str, Any]) -> tuple[Any, Any]:
    """What a layout's columns ask and answer; None for what is not there."""
    turns = row.get("messages") or [*(row.get("prompt") or ()), *(row.get("completion") or ())]
    if turns:
        spoken = {turn.get("role"): turn.get("content") for turn in turns if isinstance(turn, Mapping)}
        return spoken.get("user"), spoken.get("assistant")
    if turns := row.get("conversations"):
        spoken = {turn.get("from"): turn.get("value") for turn in turns if isinstance(turn, Mapping)}
        return spoken.get("human"), spoken.get("gpt")
    if "output" in row:
        return row.get("instruction"), row["output"]
    return row.get("question"), row.get("answer")


def _with_tags(poi: Any) -> Any:
    """An export writes tags as a list of keys and values, since no trainer's loader reads a map."""
    if not isinstance(poi, Mapping) or not isinstance(tags := poi.get("tags"), list):
        return poi
    pairs = [(tag.get("key"), tag.get("value")) if isinstance(tag, Mapping) else tag for tag in tags]
    return {**poi, "tags": pairs}
