"""All declared settings, found in the modules that declare them; a name is declared once."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

from factory.settings import of_factory, of_judge, of_train, of_warehouse
from factory.settings.commands import BY_NAME, Command
from factory.settings.setting import Setting

MODULES: Final = (of_factory, of_warehouse, of_train, of_judge)


def _declared(modules: tuple[ModuleType, ...]) -> dict[str, Setting[Any]]:
    declared: dict[str, Setting[Any]] = {}
    for module in modules:
        for name, value in vars(module).items():
            if not isinstance(value, Setting):
                continue
            unknown = set(value.commands) - set(BY_NAME)
            if name != value.name or name in declared or unknown:
                raise AssertionError(f"{module.__name__}: {name} is {value.name}, twice, or for {unknown}")
            declared[name] = value
    return declared


SETTINGS: Final = _declared(MODULES)


def of_command(command: Command) -> tuple[Setting[Any], ...]:
    """The settings that a command reads, in the order of their declarations."""
    return tuple(setting for setting in SETTINGS.values() if command.name in setting.commands)
