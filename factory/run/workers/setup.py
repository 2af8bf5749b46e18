"""All that a worker process must know, as plain values: sent to it once, over its link, so that a key stands on no command line."""

from __future__ import annotations

from dataclasses import dataclass

from factory.agents.agent import AgentSettings
from factory.llm.opening import ChatSetup
from factory.records import Datum


@dataclass(frozen=True, slots=True)
class MapFacts:
    """What a map says of itself."""

    provider: str
    datum: Datum
    licence: str
    attribution: str
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """How to ask the teacher, what the map is, how agents work, and how many there are at most."""

    chat: ChatSetup
    maps: MapFacts
    agent: AgentSettings
    agents: int
    reader: ChatSetup | None = None
