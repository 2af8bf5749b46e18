"""``docs/settings.md``, written from the declarations: ``python -m factory.settings.page``. A test holds the two equal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from factory.settings.commands import BY_NAME
from factory.settings.registry import MODULES, SETTINGS
from factory.settings.setting import Setting

PAGE: Final = Path("docs/settings.md")
_HEADINGS: Final = {
    "of_factory": "Factory, and what rooms share",
    "of_warehouse": "Warehouse",
    "of_train": "Training",
    "of_judge": "Judge",
}
_INTRODUCTION: Final = """# Settings

Written by `python -m factory.settings.page` from the declarations in `factory/settings/`; do not edit it by hand.

A setting is given as a flag (`chidian synth --budget 20`), as a variable on a `make` line (`make synth BUDGET=20`) or in the
environment (`BUDGET=20 chidian synth`); flags go before the environment, the environment before defaults. In Python it is an
argument: `factory.synthesize(budget=20)`. A switch is 1 or 0, and its flag may stand alone (`--dry`). A value given empty is
refused; an environment variable that is empty counts as not set. Names that do not exist are refused on a `make` line and as
flags, with what was meant. `chidian settings` prints what is in force. Keys come from the environment alone.
"""


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for module in MODULES:
        word = module.__name__.rsplit(".", 1)[1]
        declared = [
            setting for setting in SETTINGS.values() if vars(module).get(setting.name) is setting and not setting.secret
        ]
        parts.append(_table(_HEADINGS[word], declared))
    parts.append(_table("Keys", [setting for setting in SETTINGS.values() if setting.secret]))
    parts.append(
        "litellm reads further keys of the providers that it knows, under their own names (`OPENAI_API_KEY`, ...).\n"
    )
    return "\n".join(parts)


def _table(heading: str, settings: Sequence[Setting[Any]]) -> str:
    lines = [f"## {heading}\n", "| setting | flag | is | default | what it is | read by |", "|---|---|---|---|---|---|"]
    lines += [f"| {' | '.join(_cells(setting))} |" for setting in settings]
    return "\n".join(lines) + "\n"


def _cells(setting: Setting[Any]) -> list[str]:
    shown = "only as a flag" if setting.flag_only else f"`{setting.name}`"
    flags = " ".join(f"`{flag}`" for flag in setting.own_flags)
    default = "" if setting.default is None else f"`{setting.default}`"
    commands = ", ".join(name for name in BY_NAME if name in setting.commands and not BY_NAME[name].hidden)
    cells = [shown, flags, setting.kind.words, default, setting.help, commands]
    return [cell.replace("|", "\\|") for cell in cells]


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    main()
