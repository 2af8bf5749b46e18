"""What a run is: everything that decides its orders and its answers, by content. A changed part is another run.

Pure but for reading this program's own files once. N, BUDGET and WORKERS are no part of it, so that a larger N goes on with the
same run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from factory.errors import UsageError
from factory.plan import vocabulary
from factory.plan.vocabulary import WishWords
from factory.records import PlaceName
from factory.seal import content_hash

PROMPT_VERSION = "agent_v2"
"""The bundled prompt's file in factory/agents/prompts."""
MOST_PROMPT: Final = 1_000_000
"""Characters; a file that goes on for ever must not be read until memory ends."""
PLANNER_VERSION = 3
VERIFIER_VERSION = 2
"""Raised when what the verifier accepts is meant to change; the hash beside it tells any other change of its sources."""
_IN_WORDS: Final[Mapping[str, str]] = {
    "seed": "SEED",
    "k": "K",
    "places": "the list of places",
    "map": "the map",
    "teacher": "the teacher",
    "prompt": "the prompt",
    "tools": "the agent's tools",
    "vocabulary": "the vocabulary of wishes",
    "request": "the request settings (temperature, top_p, further parameters)",
    "verifier": "the verifier",
    "planner": "the planner",
    "repairs": "REPAIRS",
    "reader": "READER",
    "unread": "UNREAD",
    "sandbox_defects": "SANDBOX_DEFECTS",
}


@dataclass(frozen=True, slots=True)
class RequestSettings:
    """How the teacher is asked; ``extra`` goes into each request body as it is."""

    temperature: float = 0.8
    top_p: float = 0.95
    extra: tuple[tuple[str, Any], ...] = ()

    @property
    def hash(self) -> str:
        """Of its content."""
        return content_hash([self.temperature, self.top_p, dict(self.extra)])


@dataclass(frozen=True, slots=True)
class Prompt:
    """The system prompt: ``version`` is its file's name, ``text`` decides."""

    version: str
    text: str

    @property
    def hash(self) -> str:
        """Of its content."""
        return content_hash(self.text)


def read_prompt(path: Path | None) -> Prompt:
    """The bundled system prompt, or the text of a file. Raises UsageError."""
    try:
        if path is None:
            bundled = resources.files("factory.agents.prompts").joinpath(f"{PROMPT_VERSION}.md")
            return Prompt(PROMPT_VERSION, bundled.read_text(encoding="utf-8").strip())
        if path.exists() and not path.is_file():  # a device or a pipe may have no end
            raise UsageError(f"PROMPT={path} is no file: give the path of a UTF-8 text file.")
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MOST_PROMPT + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise UsageError(f"PROMPT={path} cannot be read ({why}): give the path of a UTF-8 text file.") from error
    if len(text) > MOST_PROMPT:
        raise UsageError(f"PROMPT={path} has more than {MOST_PROMPT} characters: give a file with the prompt alone.")
    if not text:
        raise UsageError(f"PROMPT={path} is empty: give a file with the system prompt of the agent.")
    return Prompt(path.stem, text)


@dataclass(frozen=True, slots=True)
class Identity:
    """The parts by name; values are short: numbers, names, hashes of content."""

    parts: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """16 hex digits over all parts."""
        return content_hash(dict(self.parts))

    def differences(self, other: Mapping[str, Any]) -> list[str]:
        """In words, the parts in which another run's differ; parts that it does not know (older runs) are passed over."""
        return [
            _IN_WORDS.get(name, name) for name, value in self.parts.items() if name in other and other[name] != value
        ]


def vocabulary_hash(words: WishWords) -> str:
    """Of all that wishes are made of: the map's words, and the words that every map shares."""
    shared = {name: value for name, value in vars(vocabulary).items() if name.isupper() and name != "CHINESE_WORDS"}
    own = {name: getattr(words, name) for name in WishWords.__slots__}
    return content_hash({"shared": _plain(shared), "own": _plain(own)})


def _plain(value: Any) -> Any:
    """Constants as JSON can say them: records by their fields, what has no order sorted, the rest by its text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value))
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


def places_hash(names: tuple[PlaceName, ...]) -> str:
    """Of a list of places, in its order."""
    return content_hash([[name.name, name.city, name.kind, name.lng, name.lat] for name in names])


@cache
def verifier_version() -> str:
    """The verifier's version and the hash of its sources and data, such as ``2-1f0c9a3b``; it stands on every sample."""
    files = resources.files("factory.verifier")
    names = sorted(file.name for file in files.iterdir() if file.is_file() and not file.name.endswith(".pyc"))
    content = content_hash([[name, content_hash(files.joinpath(name).read_bytes())] for name in names])
    return f"{VERIFIER_VERSION}-{content[:8]}"
