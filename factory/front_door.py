"""Which command a sentence names: `make synth N=20` in a checkout, `chidian synth --n 20` where the package was installed alone.

Sentences are written for a checkout, where make is the front door; whoever has the wheel has no Makefile, and the way out that a
sentence names must be one that works.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

IN_CHECKOUT: Final = (Path(__file__).parent.parent / "Makefile").is_file()
_VALUE: Final = r'"[^"]*"|\'[^\']*\'|<[^>]*>|[^\s`,;]*[^\s`,;.)]'
_MAKE: Final = re.compile(
    r"\bmake (?P<target>synth|preview|doctor|sql|export|train|chat|judge|ablate|report|warehouse|sandbox)\b"
    rf"(?P<variables>(?: [A-Z][A-Z0-9_]*=(?:{_VALUE}))*)"
)
_VARIABLE: Final = re.compile(rf"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>{_VALUE})")


def as_installed(sentence: str, *, in_checkout: bool = IN_CHECKOUT) -> str:
    """The sentence with the commands that whoever reads it has."""
    return sentence if in_checkout or "make " not in sentence else _MAKE.sub(_over_chidian, sentence)


def _over_chidian(line: re.Match[str]) -> str:
    flags = [_flag(variable["name"], variable["value"]) for variable in _VARIABLE.finditer(line["variables"])]
    return " ".join(["chidian", line["target"], *flags])


def _flag(name: str, value: str) -> str:
    """Q is the word of `chidian sql`; every other variable is a flag of its own name."""
    return value if name == "Q" else f"--{name.lower().replace('_', '-')} {value}"
