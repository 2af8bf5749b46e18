"""Every error that Chidian raises on purpose, and what the caller does about it.

The tree is split by reaction, not by origin; foreign errors become one of these at the door.

    ChidianError
      x RetryLater         the same request may succeed later: the door itself waits and retries
      x MoneyInFlight      calls in flight hold the money of this one: wait for them outside a slot
      x OrderFailed        give up on this order (or item), keep it with its reason, go on
        + NoSuchPlace      the map does not know this place (or knows several)
      x RunStopped         stop the run, keep everything that is committed, exit 1
        + BudgetExhausted  the next call could pass the spend cap
        + QuotaExhausted   the provider's day or month is used up
        + AccountRefused   no permission, overdue or empty account
          - KeyRefused     the key (or the signature) is not taken
        + ModelRefused     no such model
          - AddressRefused no such service at this address: a redirect, a bad certificate, another protocol
        + ParameterRefused a field of the request is not taken
        + ProviderDown     refuses or fails for good
        + DiskTrouble      full, read-only or vanished DATA
          + DamagedFile    a file of DATA is not what was written: it names the file and the way back
      x UsageError         bad settings or input, found before anything is paid: exit 2

A message is one sentence that says what happened and what to do. It never holds a key.
"""

from __future__ import annotations

from typing import Any


class ChidianError(Exception):
    """Base of all errors raised on purpose; ``exit_code`` is the process's exit status.

    ``billed`` says of a failed paid call whether it may have cost money all the same (a request that was never answered may
    have been served, so it counts as spent).
    """

    exit_code = 1
    billed = False

    def __reduce__(self) -> tuple[Any, ...]:
        """They travel between processes (factory/workers), whatever their constructors ask for."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[ChidianError], words: tuple[Any, ...], parts: dict[str, Any]) -> ChidianError:
    error = kind.__new__(kind, *words)
    error.__dict__.update(parts)
    return error


class RetryLater(ChidianError):
    """A transient failure. ``retry_after_s`` is the provider's own wish, in seconds, if it gave one.

    ``kind`` is one of ``rate``, ``burst``, ``tokens``, ``server``, ``network``, ``timeout``: the limiter cuts only on
    the first three.
    """

    def __init__(self, message: str, *, kind: str, retry_after_s: float | None = None, billed: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.billed = billed


class MoneyInFlight(ChidianError):
    """The cap leaves too little for this call until calls in flight have settled; never seen outside the ask-loop."""


class OrderFailed(ChidianError):
    """Give up on one order (or one judged item); ``reason`` is a short snake_case word that SQL can group by."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


PROVIDER_REASONS = frozenset({"bad_request", "too_long", "provider_error", "timeout", "map_refused"})
"""Reasons of failed orders that say nothing of their candidates: a later command does not count them against CANDIDATES."""


class NoSuchPlace(OrderFailed):
    """The map service knows no such place, or several."""

    def __init__(self, message: str, *, reason: str = "unknown_place") -> None:
        super().__init__(message, reason=reason)


class RunStopped(ChidianError):
    """Nothing further can be done in this run; what is committed stays and the same command goes on later."""


class BudgetExhausted(RunStopped):
    """The worst case of the next call would pass the spend cap."""


class QuotaExhausted(RunStopped):
    """The provider's quota of the day, the month or the package is used up."""


class AccountRefused(RunStopped):
    """The key, the signature, the permission or the account's balance is refused."""


class KeyRefused(AccountRefused):
    """The key or the signature is refused."""


class ModelRefused(RunStopped):
    """The service knows no such model."""


class AddressRefused(ModelRefused):
    """What answers at the address is no such service, or cannot be trusted."""


class ParameterRefused(RunStopped):
    """A field of the request is refused, or its size: no call with these fields can succeed.

    Where one did, it is this request's own fault: an OrderFailed with ``reason`` (factory/llm/trials.py).
    """

    def __init__(self, message: str, *, reason: str = "bad_request") -> None:
        super().__init__(message)
        self.reason = reason


class ProviderDown(RunStopped):
    """The provider refuses or fails for longer than the give-up time."""


class DiskTrouble(RunStopped):
    """DATA cannot be written: full, read-only or gone."""


class DamagedFile(DiskTrouble):
    """A file of DATA is lost or not what was written. ``file``: which; ``wrong``: in a few words; ``remedy``: what to do."""

    def __init__(self, file: str, wrong: str, remedy: str) -> None:
        super().__init__(f"{file} is damaged ({wrong}): {remedy}")
        self.file = file
        self.wrong = wrong
        self.remedy = remedy


class UsageError(ChidianError):
    """Bad settings or input, found before anything was paid for."""

    exit_code = 2
