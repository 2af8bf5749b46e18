"""The sandbox as a child process: it starts, serves both, dies with its parent, and its death is a clear sentence."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

import aiohttp
import orjson
import pytest

from factory.errors import ProviderDown
from factory.sandbox.amap.server import MapOptions
from factory.sandbox.process import SandboxProcess
from factory.sandbox.serve import Sandbox


async def geocode(sandbox: SandboxProcess, key: str = "K") -> dict[str, str]:
    url = sandbox.amap_base_url + "/v3/geocode/geo"
    async with aiohttp.ClientSession() as session, session.get(url, params={"key": key, "address": "外滩"}) as answer:
        body: dict[str, str] = await answer.json()
        return body


def test_a_child_serves_takes_knobs_and_counts() -> None:
    async def scenario() -> None:
        options = MapOptions(keys=("right",))
        async with SandboxProcess(Sandbox(seed=3, map_options=options, faults='{"latency_ms": 1}')) as sandbox:
            assert sandbox.chat_base_url == sandbox.amap_base_url + "/v1"
            assert (await geocode(sandbox))["infocode"] == "10001"
            assert (await geocode(sandbox, "right"))["infocode"] == "10000"
            await sandbox.set_faults({"always": "10021"})
            assert (await geocode(sandbox, "right"))["infocode"] == "10021"
            with pytest.raises(ValueError, match="Unknown fault"):
                await sandbox.set_faults({"always": "nonsense"})
            assert (await sandbox.stats())["requests"] == {"/v3/geocode/geo": 3}
            pid = sandbox.pid
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    asyncio.run(scenario())


def test_a_dead_child_is_reported_in_a_sentence() -> None:
    async def scenario() -> None:
        async with SandboxProcess() as sandbox:
            os.kill(sandbox.pid, signal.SIGKILL)
            for _ in range(200):
                try:
                    sandbox.check()
                except ProviderDown:
                    break
                await asyncio.sleep(0.01)
            with pytest.raises(ProviderDown, match=r"signal 9"):
                await sandbox.stats()

    asyncio.run(scenario())


def test_a_child_that_cannot_start_is_reported_in_a_sentence() -> None:
    async def scenario() -> None:
        with pytest.raises(ProviderDown, match="before it listened"):
            async with SandboxProcess(Sandbox(faults="{nonsense")):
                pass

    asyncio.run(scenario())


PARENT = """
import asyncio, sys
from factory.sandbox.process import SandboxProcess

async def main():
    async with SandboxProcess() as sandbox:
        print(sandbox.amap_base_url.rsplit(":", 1)[1], flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def test_it_does_not_outlive_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        parent.kill()
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    pytest.fail("the sandbox still listens five seconds after its parent was killed")


def start(*flags: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "factory", "sandbox", *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_it_ends_when_its_input_closes() -> None:
    with start("--port", "0") as child:
        assert child.stdin is not None
        assert child.stdout is not None
        ready = orjson.loads(child.stdout.readline())
        assert ready["ready"] is True
        child.stdin.close()
        assert child.wait(10) == 0


def test_it_ends_on_sigterm() -> None:
    with start("--port", "0") as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.terminate()
        assert child.wait(10) == 0


def test_a_taken_port_is_a_sentence_and_status_2() -> None:
    with start("--port", "0") as first:
        assert first.stdout is not None
        port = str(orjson.loads(first.stdout.readline())["port"])
        with start("--port", port) as second:
            _out, err = second.communicate(timeout=10)
        assert second.returncode == 2
        assert f"Port {port} cannot be used".encode() in err
        first.terminate()
