"""What was meant: names that do not exist, values that may not be, each answered with one sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, Final

from factory.errors import UsageError
from factory.settings.commands import BY_NAME, COMMANDS, Command
from factory.settings.registry import SETTINGS, of_command
from factory.settings.setting import Setting


def close(word: str, names: Collection[str]) -> str | None:
    """That of ``names`` which ``word`` comes nearest to; case, dashes and underscores do not count."""
    plain = {_plain(name): name for name in names}
    near = get_close_matches(_plain(word), plain, n=1, cutoff=0.6)
    return plain[near[0]] if near else None


def _plain(word: str) -> str:
    return word.lstrip("-").replace("-", "").replace("_", "").lower()


MOST_TOLD: Final = 200
"""Characters of a wrong value that its sentence repeats."""
MAKE_LINE: Final = "CHIDIAN_MAKE_LINE"
"""Set by the Makefile: the names of the variables that were given on its line."""


def judge_make_line(env: Mapping[str, str], command: Command) -> None:
    """Every variable that a ``make`` line gave must be one that this target reads, and not empty. Raises UsageError."""
    read = {setting.name for setting in of_command(command) if not setting.flag_only}
    for name in env.get(MAKE_LINE, "").split():
        if name not in read or SETTINGS[name].secret:
            raise UsageError(_unread(name, command, read))
        if not env.get(name):
            raise UsageError(bad_value(SETTINGS[name], ""))


def _unread(name: str, command: Command, read: set[str]) -> str:
    target = f"`make {command.name}`"
    if name.endswith(("_KEY", "_SECRET", "_TOKEN")):
        return f"{name} is a key, and others can see a command line: export it in the environment instead."
    if name in SETTINGS:
        others = [word for word in SETTINGS[name].commands if not BY_NAME[word].hidden]
        return f"{target} does not read {name} (`chidian {others[0]}` does): leave it out."
    meant = close(name, read)
    if meant and _plain(meant) == _plain(name):
        return f"{name} is not a variable of {target}: variables are written in capitals, {meant}=..."
    meant = meant or close(name, SETTINGS)
    if meant:
        return f"{name} is not a variable of {target}: did you mean {meant}=...?"
    return f"{name} is not a variable of {target}, and none is like it: `make help` shows the main ones, docs/settings.md all."


def no_such_flag(flag: str, command: Command) -> str:
    """The sentence for a flag that the command does not have."""
    own = [flag for setting in of_command(command) for flag in setting.own_flags]
    meant = close(flag, own)
    if meant:
        return f"`chidian {command.name}` has no flag {flag}: did you mean {meant}?"
    for setting in SETTINGS.values():
        if flag in setting.own_flags:
            others = [word for word in setting.commands if not BY_NAME[word].hidden]
            return f"`chidian {command.name}` does not read {flag} (`chidian {others[0]}` does): leave it out."
    return (
        f"`chidian {command.name}` has no flag {flag}, and none is like it: `chidian {command.name} --help` lists them."
    )


def no_such_command(word: str) -> str:
    """The sentence for a command that does not exist."""
    names = [command.name for command in COMMANDS if not command.hidden]
    if word.startswith("-"):
        return f"`chidian` has no flag {word}: its own are --help and --version; other flags follow a command's name."
    meant = close(word, names)
    if meant:
        return f"There is no `chidian {word}`: did you mean `chidian {meant}`?"
    return f"There is no `chidian {word}`: the commands are {', '.join(names)}."


def extra_word(word: str, command: Command) -> str:
    """The sentence for a word that no setting takes."""
    name, equals, value = word.partition("=")
    meant = close(name, [setting.name for setting in of_command(command)]) if equals else None
    if meant:
        return f"`chidian {command.name}` takes flags: write {SETTINGS[meant].own_flags[-1]} {value} instead of {word}."
    return f"`chidian {command.name}` takes no word {word!r}: `chidian {command.name} --help` lists its flags."


def bad_value(setting: Setting[Any], text: str) -> str:
    """The sentence for a value that its kind refuses; a key's value is not repeated."""
    if not text:
        return f"{setting.name} is empty: give {setting.kind.words}, or leave it out."
    if setting.secret:
        return f"{setting.name} must be {setting.kind.words}: what is set is not."
    meant = close(text, [word for word in setting.kind.choices if len(word) > 1]) if len(text) > 1 else None
    hint = f" (did you mean {meant}?)" if meant else ""
    told = repr(text) if len(text) <= MOST_TOLD else f"{text[:MOST_TOLD]!r}... ({len(text)} characters)"
    return f"{setting.name} must be {setting.kind.words}, not {told}{hint}."
