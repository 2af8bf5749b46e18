"""Objects below one URL of an object store, as stores need them: put, put if absent, get, list, delete.

By obstore (extra ``stores``), which signs, retries and pages; what it cannot know is here: whether a conditional put that failed on
the way was ours, whether the store keeps the condition at all, and what to tell a user.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from factory.errors import DiskTrouble, UsageError

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client

GIVE_UP_S = 60.0
"""A store that does not answer rightly for so long is a dead one."""
_COPY = "AWS_COPY_IF_NOT_EXISTS"
"""obstore's setting for stores whose conditional writes are copies with a header: OSS, COS."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """An object's name below the URL, its size in bytes, and when it was written by the store's clock."""

    name: str
    size: int
    modified: datetime


class Bucket:
    """Names are below ``url``. Methods raise DiskTrouble when the store cannot be used, UsageError for what the user mends."""

    def __init__(self, url: str) -> None:
        try:
            import obstore  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise UsageError(
                f"DATA={url} needs a client for object stores: pip install 'chidian[stores]' (in a checkout: make setup)."
            ) from error
        self.url = url.rstrip("/")
        self._obstore: Any = obstore
        self._client = _client(obstore, self.url)
        self._by_copy = bool(os.environ.get(_COPY))

    def put(self, name: str, body: bytes) -> None:
        """Write an object, over what stood there."""
        self._written(lambda: self._obstore.put(self._client, name, body, use_multipart=False))

    def create(self, name: str, body: bytes) -> bool:
        """Write an object where there is none; False when there was one, unless it holds just this.

        A put may succeed and its answer be lost: the next try then meets what the first one wrote.
        """
        try:
            self._written(lambda: self._copied(name, body) if self._by_copy else self._created(name, body))
        except FileExistsError:
            return self.get(name) == body
        return True

    def _created(self, name: str, body: bytes) -> None:
        self._obstore.put(self._client, name, body, mode="create", use_multipart=False)

    def _copied(self, name: str, body: bytes) -> None:
        aside = f"aside/{secrets.token_hex(8)}"
        self._obstore.put(self._client, aside, body, use_multipart=False)
        try:
            self._obstore.copy(self._client, aside, name, overwrite=False)
        finally:
            self._obstore.delete(self._client, aside)

    def get(self, name: str, *, start: int = 0, length: int | None = None) -> bytes | None:
        """An object's bytes, or ``length`` of them; None when there is none."""
        try:
            if length is not None:
                part = partial(self._obstore.get_range, self._client, name, start=start, length=length)
                return self._tried(lambda: bytes(part()))
            return self._tried(lambda: bytes(self._obstore.get(self._client, name).bytes()))
        except FileNotFoundError:
            return None

    def list(self, folder: str) -> Iterator[ListedFile]:
        """The objects below a folder's name, as the store orders them; asked for in pages."""
        pages = self._tried(lambda: list(self._obstore.list(self._client, folder)))
        for item in (item for page in pages for item in page):
            yield ListedFile(item["path"], item["size"], item["last_modified"])

    def drop(self, names: Sequence[str]) -> None:
        """Delete objects; those that are gone are no trouble."""
        for start in range(0, len(names), 1_000):
            self._tried(partial(self._delete, list(names[start : start + 1_000])))

    def _delete(self, names: Sequence[str]) -> None:
        try:
            self._obstore.delete(self._client, names)
        except FileNotFoundError:  # some stores say so
            return

    def probe(self) -> timedelta:
        """Try that the store keeps a conditional put; returns by how much its clock is ahead of ours. Raises UsageError."""
        name = f"probe/{secrets.token_hex(8)}"
        try:
            first, second = self.create(name, b"first"), self.create(name, b"second")
            if not first or second or self.get(name) != b"first":
                raise UsageError(f"{self.url} does not keep a conditional put: {_CONDITION}")
            listed = next(item for item in self.list("probe") if item.name == name)
            return listed.modified - datetime.now(UTC)
        finally:
            self.drop([name])

    def _written(self, call: Callable[[], T]) -> T:
        try:
            return self._tried(call)
        except FileNotFoundError as error:
            raise UsageError(f"There is no bucket for {self.url}: make it, then run the same command again.") from error

    def _tried(self, call: Callable[[], T]) -> T:
        """The call, again while the store fails. Raises FileNotFoundError and FileExistsError, too."""
        errors = self._obstore.exceptions
        again = Retrying(
            retry=retry_if_exception_type(errors.GenericError),
            stop=stop_after_delay(GIVE_UP_S),
            wait=wait_exponential_jitter(multiplier=0.1, max=5.0),
            reraise=True,
        )
        try:
            return again(call)
        except (errors.AlreadyExistsError, errors.PreconditionError) as error:
            raise FileExistsError(_reason(error)) from error
        except errors.NotFoundError as error:
            raise FileNotFoundError(_reason(error)) from error
        except (errors.PermissionDeniedError, errors.UnauthenticatedError) as error:
            raise UsageError(
                f"{self.url} refuses the key ({_reason(error)}): give one that may write there."
            ) from error
        except (errors.NotSupportedError, errors.UnknownConfigurationKeyError, errors.InvalidPathError) as error:
            raise UsageError(f"{self.url} cannot be used ({_reason(error)}): {_CONDITION}") from error
        except errors.BaseError as error:
            raise DiskTrouble(
                f"{self.url} cannot be reached ({_reason(error)}): mend the network or the bucket, then run the same command "
                "again; what is committed is safe."
            ) from error


_CONDITION = (
    "two runs could overwrite each other there. Use a store that honours If-None-Match on PUT; for OSS set "
    f"{_COPY}='header-with-status: x-oss-forbid-overwrite: true: 409', for COS {_COPY}='header-with-status: "
    "x-cos-forbid-overwrite: true: 409'."
)


def _client(obstore: Any, url: str) -> Client:
    plain = any(os.environ.get(name, "").startswith("http://") for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT"))
    try:
        client: Client = obstore.store.from_url(
            url,
            client_options={"allow_http": plain, "timeout": timedelta(seconds=30)},
            retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=30)},
        )
    except (obstore.exceptions.BaseError, ValueError) as error:
        raise UsageError(f"DATA={url} cannot be opened ({_reason(error)}).") from error
    return client


def _reason(error: Exception) -> str:
    """The first line of obstore's words, which go on with debug output."""
    return str(error).partition("\n")[0].strip().rstrip(".")[:200]
