"""An S3 server (moto) in a process of its own, so that no load of a benchmark's is in its way; it ends with its standard input.

``python bench/moto_store.py`` prints its port. ``store_environment`` is what a client of it must have in its environment.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "places"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        pass


def store_environment(root: str) -> dict[str, str]:
    """Variables for clients of the server at this URL; the keys are nobody's."""
    region = "us-east-1"
    keys = {"AWS_ACCESS_KEY_ID": "none-of-ours", "AWS_SECRET_ACCESS_KEY": "none-of-ours"}
    return keys | {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_ENDPOINT_URL": root}


@contextmanager
def moto_store() -> Iterator[str]:
    """The URL of a server with an empty ``BUCKET``; it lives as long as the block."""
    child = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        root = f"http://127.0.0.1:{int(child.stdout.readline())}"
        named = {"aws_access_key_id": "none-of-ours", "aws_secret_access_key": "none-of-ours"}
        client = boto3.client("s3", endpoint_url=root, region_name="us-east-1", **named)
        client.create_bucket(Bucket=BUCKET)
        client.close()
        yield root
    finally:
        child.stdin.close()
        child.stdout.close()
        child.wait(120)


def main() -> int:
    """Serve until standard input closes."""
    served = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, served, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.buffer.read()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
