"""What questions are asked with: the rubrics in force, how much evidence is shown, sampling, and the room for a reply.

Its digest is the identity of a set of verdicts: everything that changes what a judge reads or how it answers changes it, fields
of JUDGE_EXTRA too. The room for a reply does not, and whether it is streamed: they decide whether there is a verdict, not which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from factory.llm.answers import LIMITS
from judge.frames import FRAMES, REPLY_FORM, both_text, pair_text, system_text
from judge.rubric import ANSWER, DATA, PAIR, ROLES, Rubric, shipped

LEGACY = "legacy"
"""The original's idea: both rubrics in one call; asked only to measure what that does to the scores."""
PROMPTS = (*ROLES, LEGACY)
MAX_TOKENS = 1_500
"""Five short reasons and scores take 300 to 500; models that think first need more (JUDGE_MAX_TOKENS)."""
MOST_EVIDENCE = 120
"""Restaurants shown; an order's searches find 8 to 60, so that all stand there, as a check of "nothing fits" needs."""
_NO_WORDS = frozenset({*LIMITS, "stream", "stream_options"})
"""Fields of a request that change no word of its answer."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """``rubrics`` by role; ``temperature`` and ``top_p`` None: not sent, for models that refuse them.

    ``extra``: fields that JUDGE_EXTRA sets above ours.
    """

    rubrics: Mapping[str, Rubric] = field(default_factory=lambda: {role: shipped(role) for role in (*ROLES, PAIR)})
    max_tokens: int = MAX_TOKENS
    temperature: float = 0.1
    top_p: float = 0.8
    most_evidence: int = MOST_EVIDENCE
    extra: Mapping[str, Any] = field(default_factory=dict)

    def system(self, prompt: str) -> str:
        """The system message of a prompt: one rubric, or both."""
        if prompt == LEGACY:
            return both_text(self.rubrics[DATA], self.rubrics[ANSWER])
        return pair_text(self.rubrics[PAIR]) if prompt == PAIR else system_text(self.rubrics[prompt])

    def language(self, prompt: str) -> str:
        """Of a prompt's fences and closing words."""
        return self.rubrics[DATA if prompt == LEGACY else prompt].language

    def digest(self, prompt: str) -> str:
        """12 hex digits: two equal ones ask the same things in the same words."""
        rubrics = [self.rubrics[role].digest for role in (ROLES if prompt == LEGACY else (prompt,))]
        words = (REPLY_FORM, FRAMES[self.language(prompt)], self.system(prompt), *rubrics)
        made = repr((*words, self.temperature, self.top_p, self.most_evidence)) + self.fields()
        return blake2b(made.encode(), digest_size=6).hexdigest()

    def fields(self) -> str:
        """The fields of JUDGE_EXTRA that may change an answer, as JSON in one order; "" for none."""
        telling = {name: value for name, value in self.extra.items() if name not in _NO_WORDS}
        return orjson.dumps(telling, option=orjson.OPT_SORT_KEYS).decode() if telling else ""


SHIPPED = Instrument()
"""What is asked without settings."""
