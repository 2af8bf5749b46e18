"""A real S3 server on loopback (moto), which can be bent: answers that are lost, failures, a store that ignores conditions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

Environ = dict[str, Any]
BUCKET = "places"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        pass


@dataclass
class Bend:
    """``fails``: whether a request gets a 500 ("before" it is served, or "after"), by its environ; ``conditions``: kept or not."""

    fails: Callable[[Environ], str | None] = lambda _: None
    conditions: bool = True
    requests: list[tuple[str, str]] = field(default_factory=list)


class _Bent:
    def __init__(self, served: Any, bend: Bend) -> None:
        self._served, self._bend = served, bend

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        self._bend.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if not self._bend.conditions:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        when = self._bend.fails(environ)
        if when == "after":
            list(self._served(environ, lambda *_: lambda _: None))
        if when is not None:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            if when == "before" and length:
                environ["wsgi.input"].read(length)
            start_response("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        return self._served(environ, start_response)  # type: ignore[no-any-return]


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch, bend: Bend | None = None) -> Iterator[str]:
    """The server's URL, with the environment set for it and ``BUCKET`` made."""
    served = DomainDispatcherApplication(create_backend_app)
    bent = bend or Bend()
    server = make_server("127.0.0.1", 0, _Bent(served, bent), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    for name, text in {
        "AWS_ACCESS_KEY_ID": "none-of-ours",
        "AWS_SECRET_ACCESS_KEY": "none-of-ours",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
    }.items():
        monkeypatch.setenv(name, text)
    fails, bent.fails = bent.fails, lambda _: None
    client = boto3.client("s3", endpoint_url=url)
    client.create_bucket(Bucket=BUCKET)
    client.close()
    bent.fails = fails
    try:
        yield url
    finally:
        bent.fails = lambda _: None
        with urlopen(Request(f"{url}/moto-api/reset", method="POST"), timeout=10):  # noqa: S310 - ours; its objects are global
            pass
        server.shutdown()
        thread.join()
        server.server_close()
