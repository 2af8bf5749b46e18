"""Greedy tokens that llama.cpp writes after texts. Usage: PYTHON llama_cpp.py GGUF TEXTS.json MOST OUT, beside xllamacpp.

Weights and cache in fp32 and plain attention, as transformers computes on a CPU.
OUT: a list with the tokens of each text and those written after it.
"""

import json
import os
import sys
import urllib.request
from pathlib import Path

import xllamacpp

file, texts, most, out = sys.argv[1:5]
params = xllamacpp.CommonParams()
params.model.path = file
params.n_ctx = 4_096
params.n_parallel = 1
params.warmup = False
params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
params.cpuparams.n_threads = int(os.environ.get("OMP_NUM_THREADS", "2"))
params.hostnames = ["127.0.0.1"]
params.port = 0
server = xllamacpp.Server(params)
address = server.listening_address


def ask(path: str, body: dict) -> dict:
    """One request to llama.cpp's own server."""
    request = urllib.request.Request(  # noqa: S310 - a server of our own on loopback
        f"{address}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        return json.loads(answer.read())


written = []
for text in json.loads(Path(texts).read_text()):
    asked = ask("/tokenize", {"content": text, "add_special": False, "parse_special": True})["tokens"]
    body = {"prompt": asked, "n_predict": int(most), "temperature": 0.0, "return_tokens": True, "cache_prompt": False}
    written.append({"asked": asked, "tokens": ask("/completion", body)["tokens"]})
Path(out).write_text(json.dumps(written))
