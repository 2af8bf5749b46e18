"""From texts to typed values: flags, then environment, then defaults; the first text that is wrong stops with a sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from factory.errors import UsageError
from factory.settings import spelling
from factory.settings.commands import BY_NAME, Command
from factory.settings.registry import SETTINGS, of_command
from factory.settings.setting import Setting, Values


def read(command: str, argv: Sequence[str], environ: Mapping[str, str] | None = None) -> Values:
    """The values of a command line. Raises UsageError with one sentence; ``--help`` prints and raises SystemExit(0)."""
    from factory.settings.flags import parse  # noqa: PLC0415 - click is not needed by a library call

    given, rest = parse(BY_NAME[command], argv)
    return resolve(command, given, environ, rest)


def resolve(
    command: str, given: Mapping[str, str], environ: Mapping[str, str] | None = None, rest: tuple[str, ...] = ()
) -> Values:
    """The values where ``given`` (by name, as text) goes before the environment.

    A variable of the environment that is empty counts as not set; given as a flag it is refused. What the command does not read
    has its default. Raises UsageError.
    """
    env = os.environ if environ is None else environ
    chosen = {setting.name for setting in of_command(BY_NAME[command])}
    by_name = {name: _value(setting, given, env if name in chosen else {}) for name, setting in SETTINGS.items()}
    return Values(command, by_name, rest)


def _value(setting: Setting[Any], given: Mapping[str, str], env: Mapping[str, str]) -> Any:
    text = given.get(setting.name)
    if text is None:
        text = (None if setting.flag_only else env.get(setting.name)) or setting.default
    if text is None:
        return None
    if not text:
        raise UsageError(spelling.bad_value(setting, text))
    try:
        return setting.kind.read(text)
    except ValueError:
        raise UsageError(spelling.bad_value(setting, text)) from None


def texts(command: str, given: Mapping[str, object]) -> dict[str, str]:
    """Python's arguments (``n=20``, ``dry=True``, ``data=Path(...)``, ``teacher_extra={...}``) as the texts of settings.

    None is what was not given. Raises UsageError.
    """
    return {_known(word, BY_NAME[command]): _text(word, value) for word, value in given.items() if value is not None}


def _text(word: str, value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (bytes, bytearray)):
        raise UsageError(f"{word} is given as bytes: give text, as with {word}=os.fsdecode(...).")
    if not isinstance(value, dict):
        return str(value)
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{word} holds what JSON cannot say ({type(error).__name__}): give text, numbers, lists."
        ) from None


def _known(word: str, command: Command) -> str:
    names = [setting.name for setting in of_command(command) if not setting.secret]
    if word.upper() in names and word == word.lower():
        return word.upper()
    meant = spelling.close(word, names)
    hint = f": did you mean {meant.lower()}=...?" if meant else f"; there are {', '.join(names).lower()}."
    raise UsageError(f"There is no argument {word}{hint}")
