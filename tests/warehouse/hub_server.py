"""A hub on loopback that says what huggingface_hub and modelscope_hub need for one commit, keeps what came, and can refuse."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeHub:
    """``refuse``: the status of every answer, where it is not 0. ``files``: name to bytes as committed."""

    token: str = "hub-key-of-a-test"
    refuse: int = 0
    private: bool | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def answer(self, method: str, path: str, body: bytes, token: str) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        if self.refuse:
            return self.refuse, {"error": "refused", "Message": "refused"}
        if token and self.token not in token:
            return 401, {"error": "Invalid credentials"}
        if path.startswith("/api/v1/"):
            return self._modelscope(method, path, body)
        return self._hugging_face(path, body)

    def _hugging_face(self, path: str, body: bytes) -> tuple[int, Any]:
        if path == "/api/repos/create":
            asked = json.loads(body)
            self.private = asked.get("visibility") == "private" or bool(asked.get("private"))
            return 200, {"url": f"{self.address}/datasets/{asked['organization']}/{asked['name']}"}
        if "/preupload/" in path:
            files = json.loads(body)["files"]
            told = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
            return 200, {"files": told}
        if "/commit/" in path:
            for line in body.splitlines():
                part = json.loads(line)
                if part["key"] == "file":
                    self.files[part["value"]["path"]] = base64.b64decode(part["value"]["content"])
                if part["key"] == "deletedFile":
                    self.deleted.append(part["value"]["path"])
            return 200, {"commitUrl": f"{self.address}/datasets/me/food/commit/{'a' * 40}", "commitOid": "a" * 40}
        if "/tree/" in path:
            return 200, [{"type": "file", "path": "old.jsonl", "size": 1, "oid": "b" * 40}]
        if path.startswith("/api/datasets/"):
            return 200, {"id": "me/food", "sha": "c" * 40, "siblings": [{"rfilename": "old.jsonl"}], "private": True}
        return 200, {}

    def _modelscope(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if path.split("?", maxsplit=1)[0] == "/api/v1/datasets" and method == "POST":
            self.private = b"Visibility" in body
            return 200, {"Code": 200, "Success": True, "Data": {"Id": 1}}
        if path.endswith("/info/lfs/objects/batch"):
            wanted = json.loads(body)["objects"]
            objects = [
                {
                    "oid": file["oid"],
                    "size": file["size"],
                    "actions": {"upload": {"href": f"{self.address}/blob/{file['oid']}"}},
                }
                for file in wanted
            ]
            return 200, {"Code": 200, "Success": True, "Data": {"objects": objects}}
        if "/commit/" in path:
            for action in json.loads(body)["actions"]:
                content = action.get("content") or ""
                held = self.blobs.get(action.get("sha256", ""))
                self.files[action["path"]] = base64.b64decode(content) if held is None else held
            return 200, {"Code": 200, "Success": True, "Data": {"oid": "a" * 40}}
        return 200, {"Code": 200, "Success": True, "Data": {}}


@contextmanager
def serve(hub: FakeHub) -> Iterator[FakeHub]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """No line a request."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.startswith("/blob/") and self.command == "PUT":
                hub.blobs[self.path.removeprefix("/blob/")] = body
                status, answer = 200, {}
            else:
                token = self.headers.get("Authorization") or self.headers.get("Cookie") or ""
                status, answer = hub.answer(self.command, self.path, body, token)
            told = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815 - the library's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
