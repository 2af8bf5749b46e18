"""The sandbox's door: whatever cannot be routed or read is answered in the form of the service that was asked.

A path beginning with /v1/ is the chat server's and gets OpenAI's error object; every other one the map's, whose errors are HTTP 200
with an infocode. Raw UTF-8 in a request line (curl sends it so) is read as if it were percent-encoded.
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.client_exceptions import ClientPayloadError
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from factory.sandbox.amap.answers import refusal

CHAT: Final = "/v1"
CONTROL: Final = "/_"
_REQUEST_LINE: Final = re.compile(rb"[A-Z]{3,7} [^\r\n]* HTTP/1\.[01]\r\n")
_UNREADABLE: Final = (ClientPayloadError, HttpProcessingError, web.RequestPayloadError)


def service_error(path: str, status: int, message: str) -> web.Response:
    """An error as the service of this path says it."""
    if path == CHAT or path.startswith(f"{CHAT}/"):
        kind = "invalid_request_error" if status < 500 else "server_error"
        code = {404: "unknown_url", 405: "method_not_allowed", 413: "request_too_large"}.get(status)
        error = {"message": message, "type": kind, "param": None, "code": code}
        return web.Response(body=orjson.dumps({"error": error}), status=status, content_type="application/json")
    if path.startswith(CONTROL):
        return web.Response(body=orjson.dumps({"error": message}), status=status, content_type="application/json")
    return refusal({404: "10002", 500: "20003"}.get(status, "20002"))


@web.middleware
async def own_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    """What aiohttp would say in plain text, in the form of the service; a body that cannot be read is the client's fault."""
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPNotFound:
        return service_error(request.path, 404, f"Unknown request URL: {request.method} {request.path}.")
    except web.HTTPMethodNotAllowed as error:
        methods = ", ".join(sorted(error.allowed_methods - {"HEAD"}))
        return service_error(request.path, 405, f"Not allowed to {request.method} {request.path}: use {methods}.")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return service_error(request.path, error.status, f"{error.reason}.")
    except _UNREADABLE as error:
        return service_error(
            request.path, 400, f"The body cannot be read ({type(error).__name__}): check its encoding."
        )
    return response


class _Handler(RequestHandler):
    """aiohttp's protocol, lenient where clients are careless with URLs, and never in plain text."""

    _line = b""

    def data_received(self, data: bytes) -> None:
        if self._current_request is None:
            line = _REQUEST_LINE.match(data)
            if line is not None:
                self._line = line[0]
                data = _escaped(line[0]) + data[line.end() :]
        super().data_received(data)

    def log_exception(self, *args: Any, **details: Any) -> None:
        """A request that cannot be read is its sender's fault and has its answer: no traceback of ours."""
        if not isinstance(details.get("exc_info"), _UNREADABLE):
            super().log_exception(*args, **details)

    def handle_error(
        self,
        request: Any,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        super().handle_error(request, status, exc, message)  # logs, and closes the connection
        path = self._line.split(b" ")[1].decode("ascii", "replace") if b" " in self._line else "/"
        what = "The server had an error." if status >= 500 else "The request is no HTTP that can be read."
        response = service_error(path, status, what)
        response.force_close()
        return response


def _escaped(line: bytes) -> bytes:
    """Bytes beyond ASCII as percent escapes; a client that sends UTF-8 raw means the same."""
    return line if line.isascii() else b"".join(bytes([byte]) if byte < 0x80 else b"%%%02X" % byte for byte in line)


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class SandboxRunner(web.AppRunner):
    """Serves an application through the door above."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server
        return server
