"""The command line, with click: options made from the declarations, help, completion. The only file that imports click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from factory.errors import UsageError
from factory.settings import spelling
from factory.settings.commands import BY_NAME, COMMANDS, Command
from factory.settings.registry import of_command
from factory.settings.setting import Setting


def parse(command: Command, argv: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Texts by the setting's name, and the words without a flag. Raises UsageError; SystemExit(0) after help."""
    parser = click_command(command)
    try:
        with parser.make_context(f"chidian {command.name}", list(argv)) as context:
            given = {name: text for name, text in context.params.items() if text is not None}
    except click.exceptions.Exit as end:  # after --help
        raise SystemExit(end.exit_code) from None
    except click.NoSuchOption as error:
        raise UsageError(spelling.no_such_flag(error.option_name, command)) from None
    except click.ClickException as error:
        raise UsageError(_sentence(error)) from None
    return _words(command, given)


def _words(command: Command, given: dict[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    words: tuple[str, ...] = given.pop("words_", ())
    if command.takes.startswith("*"):
        return given, words
    if words and command.takes and command.takes not in given:
        given[command.takes], words = words[0], words[1:]
    if words:
        raise UsageError(spelling.extra_word(words[0], command))
    return given, ()


def _sentence(error: click.ClickException) -> str:
    text = error.format_message().strip()
    return text if text.endswith((".", "?")) else text + "."


def click_command(command: Command) -> click.Command:
    """The command with its options, as click knows it."""
    options: list[click.Parameter] = [_option(setting) for setting in of_command(command) if not setting.secret]
    label = f"[{command.takes.lstrip('*')}]" if command.takes else "[]"
    options.append(click.Argument(["words_"], nargs=-1, metavar=label if command.takes else "", type=click.UNPROCESSED))
    return click.Command(
        command.name,
        params=options,
        help=command.help,
        short_help=command.help,
        epilog=_epilog(command),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
        hidden=command.hidden,
    )


def _epilog(command: Command) -> str:
    keys = ", ".join(setting.name for setting in of_command(command) if setting.secret)
    text = "Each flag is a variable, too: --budget 20, BUDGET=20 in the environment, make ... BUDGET=20."
    return text + (f" Keys come from the environment alone: {keys}." if keys else "")


def _option(setting: Setting[Any]) -> click.Option:
    shown = f"  [{setting.default}]" if setting.default not in {None, "0", "{}"} or _counts(setting) else ""
    text = setting.help + shown
    names = [setting.name, *setting.own_flags]

    def complete(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        return [CompletionItem(word) for word in setting.kind.choices if word.startswith(typed)]

    if setting.is_switch and setting.flag_only:  # takes no value: the word behind it is the command's own
        return click.Option(names, help=text, type=click.UNPROCESSED, is_flag=True, flag_value="1", default=None)
    if setting.is_switch:  # may stand alone
        return click.Option(names, help=text, metavar="[1|0]", type=click.UNPROCESSED, is_flag=False, flag_value="1")
    metavar = "|".join(setting.kind.choices) or setting.name
    return click.Option(names, help=text, metavar=metavar, type=click.UNPROCESSED, shell_complete=complete)


def _counts(setting: Setting[Any]) -> bool:
    return setting.default == "0" and not setting.is_switch


def click_group() -> click.Group:
    """``chidian`` as click knows it: for its help and for completion; commands are run by ``factory/command.py``."""
    return click.Group(
        "chidian",
        commands={command.name: click_command(command) for command in COMMANDS},
        help="Training data about places: made, checked against the map, trained on, judged.",
        epilog="`chidian COMMAND --help` lists its settings; docs/settings.md lists all.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    )


def by_name(name: str) -> Command:
    """Raises UsageError with what was meant."""
    if name not in BY_NAME or BY_NAME[name].hidden:
        raise UsageError(spelling.no_such_command(name))
    return BY_NAME[name]
