"""What ``doctor --record`` writes down of an exchange: all of it but the keys, in whatever encoding it came."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson
import pytest

from factory.sending.network import Received
from factory.sending.recording import Recorder

KEY = "sk-not-a-key-of-anybody"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_an_answer_that_repeats_the_key_is_written_without_it(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "exchanges.jsonl"
    refusal = f"密钥 {KEY} 无效".encode(encoding)
    Recorder(file, (KEY, None)).add("chat", "/v1", {"api_key": KEY, "model": "m"}, Received(401, refusal, None, ""))
    line = orjson.loads(file.read_bytes())
    told = base64.b64decode(line["answer64"]) if "answer64" in line else line["answer"].encode()
    assert told.decode(encoding) == "密钥 *** 无效"
    assert line["asked"] == {"api_key": "***", "model": "m"}
