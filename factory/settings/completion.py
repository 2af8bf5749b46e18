"""``chidian completion bash|zsh|fish``: what the shell reads to complete commands, flags and choices; made by click."""

from __future__ import annotations

import sys

from click.shell_completion import get_completion_class

from factory.settings import of_factory
from factory.settings.flags import click_group
from factory.settings.setting import Values


def main(values: Values) -> int:
    """Print the script: ``eval "$(chidian completion bash)"``."""
    shell = values[of_factory.SHELL_NAME]
    maker = get_completion_class(shell)
    if maker is None:
        raise AssertionError(shell)  # the setting's choices are click's shells
    sys.stdout.write(maker(click_group(), {}, "chidian", "_CHIDIAN_COMPLETE").source() + "\n")
    return 0
