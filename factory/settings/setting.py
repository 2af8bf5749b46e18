"""One setting's declaration, and the typed values that a command has read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast, overload

from factory.settings.kinds import Kind, Switch, Text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """What is known of one setting. A flag is the name in lower case with dashes, ``-n`` for a name of one letter."""

    name: str
    """The variable, in make and in the environment"""
    kind: Kind[Any]
    help: str
    """One line, with the unit; what holds without it, when ``default`` cannot say so"""
    commands: tuple[str, ...]
    default: str | None = None
    """As text, read by the kind as any other; None: the value is None without it"""
    flags: tuple[str, ...] = ()
    """Other flags than the one made from the name"""
    secret: bool = False
    """A key: comes from the environment alone, is never shown"""
    flag_only: bool = False
    """Not in the environment, where its name means other things"""

    @property
    def own_flags(self) -> tuple[str, ...]:
        """All flags, the one made from the name first; a secret has none."""
        if self.secret:
            return ()
        word = self.name.lower().replace("_", "-")
        return (*((f"-{word}",) if len(word) == 1 else ()), f"--{word}", *self.flags)

    @property
    def is_switch(self) -> bool:
        """Whether its flag may stand alone."""
        return isinstance(self.kind, Switch)


@overload
def setting(
    name: str,
    kind: Kind[T],
    help: str,
    *,
    commands: tuple[str, ...],
    default: str,
    flags: tuple[str, ...] = (),
    secret: bool = False,
    flag_only: bool = False,
) -> Setting[T]: ...


@overload
def setting(
    name: str,
    kind: Kind[T],
    help: str,
    *,
    commands: tuple[str, ...],
    default: None = None,
    flags: tuple[str, ...] = (),
    secret: bool = False,
    flag_only: bool = False,
) -> Setting[T | None]: ...


def setting(
    name: str,
    kind: Kind[Any],
    help: str,  # noqa: A002 - the word that every command line uses
    *,
    commands: tuple[str, ...],
    default: str | None = None,
    flags: tuple[str, ...] = (),
    secret: bool = False,
    flag_only: bool = False,
) -> Setting[Any]:
    """Declare one; with a ``default`` its value is never None, and the type says so."""
    return Setting(name, kind, help, commands, default, flags, secret, flag_only)


def key(name: str, help: str, *, commands: tuple[str, ...]) -> Setting[str | None]:  # noqa: A002 - as above
    """Declare a secret: from the environment alone, and never shown."""
    return Setting(name, Text("a key without spaces", r"\S+"), help, commands, secret=True)


@dataclass(frozen=True, slots=True)
class Values:
    """The resolved settings of one command: ``values[N]`` is typed as N was declared. ``rest``: words without a flag."""

    command: str
    by_name: Mapping[str, Any] = field(repr=False)  # keys are among them
    rest: tuple[str, ...] = ()

    def __getitem__(self, key: Setting[T]) -> T:
        return cast("T", self.by_name[key.name])
