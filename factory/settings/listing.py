"""``chidian settings [COMMAND]``: each setting with the value in force and where it comes from; keys only as set or not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from factory.errors import UsageError
from factory.settings import of_factory, spelling
from factory.settings.commands import BY_NAME
from factory.settings.reading import resolve
from factory.settings.registry import SETTINGS, of_command
from factory.settings.setting import Setting, Values


def main(values: Values) -> int:
    """0. Raises UsageError where a command or a variable of the environment is wrong."""
    word = values[of_factory.COMMAND]
    if word is not None and word not in BY_NAME:
        raise UsageError(spelling.no_such_command(word))
    if word is not None:
        resolve(word, {})  # what the command would refuse is refused here
    chosen = of_command(BY_NAME[word]) if word else tuple(SETTINGS.values())
    table = Table("setting", "value", "from", "what it is", box=None, pad_edge=False)
    for setting in chosen:
        if not setting.flag_only:
            value, origin = in_force(setting, os.environ)
            table.add_row(setting.name, value, origin, f"{setting.help} ({setting.kind.words})")
    Console(highlight=False, markup=False).print(table)
    return 0


def in_force(setting: Setting[Any], env: Mapping[str, str]) -> tuple[str, str]:
    """The value as text, and where it comes from; a key's value is never shown."""
    text = env.get(setting.name)
    if text:
        return ("set" if setting.secret else text), "environment"
    return (setting.default or "", "default") if setting.default is not None else ("", "not set")
