"""AMap's own MCP server from npm, driven over its standard input as an MCP client does, against the sandbox's map server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

START, END = "116.3265,39.9997", "116.3103,39.9929"
CALLS: dict[str, dict[str, str]] = {
    "maps_geo": {"address": "清华大学", "city": "北京市"},
    "maps_regeocode": {"location": START},
    "maps_ip_location": {"ip": "114.247.50.2"},
    "maps_weather": {"city": "北京市"},
    "maps_text_search": {"keywords": "火锅", "city": "北京市"},
    "maps_around_search": {"location": START, "radius": "1500", "keywords": "火锅"},
    "maps_direction_walking": {"origin": START, "destination": END},
    "maps_direction_driving": {"origin": START, "destination": END},
    "maps_direction_transit_integrated": {"origin": START, "destination": END, "city": "北京市", "cityd": "北京市"},
    "maps_bicycling": {"origin": START, "destination": END},
    "maps_distance": {"origins": START, "destination": END},
}


def check_every_tool(base: str) -> None:
    program = next(Path(os.environ["CLIENT"]).glob("build/index.js"))
    child = subprocess.Popen(["node", str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(number: int, method: str, **parameters: Any) -> dict[str, Any]:
        line = {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
        child.stdin.write(json.dumps(line) + "\n")
        child.stdin.flush()
        while True:
            reply = json.loads(child.stdout.readline())
            if reply.get("id") == number:
                return reply["result"]

    try:
        ask(0, "initialize", protocolVersion="2024-11-05", capabilities={}, clientInfo={"name": "x", "version": "1"})
        offered = {tool["name"] for tool in ask(1, "tools/list")["tools"]}
        tried = 0
        for number, (name, arguments) in enumerate(CALLS.items(), 2):
            if name in offered:
                reply = ask(number, "tools/call", name=name, arguments=arguments)
                assert not reply.get("isError"), (name, reply)
                tried += 1
        assert tried >= 9, offered
    finally:
        child.terminate()
        child.wait()
