"""``factory.verify``: rows of any origin that bring their evidence, checked by the same verifier as our own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, overload

from factory.records import Verification
from factory.verifier.public import unreadable, verify_row


@overload
def verify(rows: Mapping[str, Any]) -> Verification: ...


@overload
def verify(rows: Iterable[Mapping[str, Any]]) -> Iterator[Verification]: ...


def verify(rows: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> Verification | Iterator[Verification]:
    """One row gives its Verification, several an iterator of them, in order; a bad row is a refusal with its reason, no error.

    A row is a mapping with the columns of the view ``samples`` or a part of them: at least question, answer, evidence (a list of
    restaurants), lng and lat.
    """
    if isinstance(rows, Mapping):
        return verify_row(rows)
    return map(_verified, rows)


def _verified(row: object) -> Verification:
    return verify_row(row) if isinstance(row, Mapping) else unreadable(f"A row is a mapping, not {type(row).__name__}.")
