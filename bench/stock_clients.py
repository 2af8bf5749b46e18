"""Stock clients against the sandbox, each in an environment of its own: what is claimed works, the rest is refused.

Usage: python bench/stock_clients.py [--folder FOLDER] [--only NAME …]. FOLDER keeps the environments between runs. Chat: openai,
litellm, smolagents, langchain-openai; the judge's protocol: dashscope; the map: five clients of AMap from PyPI and npm, whose base
URL is set where they take one and replaced in their own source where they do not. Prints one JSON object; 1 when a check fails.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent / "stock"
AMAP = "https://restapi.amap.com"


@dataclass(frozen=True)
class Client:
    """``packages`` for pip, or npm's where ``node``; ``checks``: a file of bench/stock.

    ``package``: the installed one whose source names AMap's host.
    """

    name: str
    packages: tuple[str, ...]
    checks: str
    server: str = "factory"
    package: str = ""
    node: bool = False


CLIENTS = (
    Client("openai", ("openai",), "openai_checks.py"),
    Client("litellm", ("litellm",), "litellm_checks.py"),
    Client("smolagents", ("smolagents[openai]",), "smolagents_checks.py"),
    Client("langchain-openai", ("langchain-openai", "langchain"), "langchain_checks.py"),
    Client("dashscope", ("dashscope",), "dashscope_checks.py", server="judge"),
    Client("amap-sdk", ("amap-sdk",), "amap_sdk_checks.py", package="amap"),
    Client("amap-python-sdk", ("amap-python-sdk",), "amap_python_sdk_checks.py", package="amap"),
    Client(
        "amap-mcp-server", ("amap-mcp-server", "pydantic<2.12"), "amap_mcp_server_checks.py", package="amap_mcp_server"
    ),
    Client("amap-cli", ("amap-cli",), "amap_cli_checks.py"),
    Client("amap-maps-mcp-server", ("@amap/amap-maps-mcp-server",), "amap_npm_checks.py", node=True),
)
RUN = """
import json, runpy, sys, traceback
sys.path.insert(0, {here!r})
found = {{}}
for name, check in runpy.run_path({script!r}).items():
    if name.startswith("check_"):
        try:
            check(sys.argv[1])
            found[name] = "ok"
        except BaseException as error:
            found[name] = repr(error)[:400]
            traceback.print_exc()
print("\\n" + json.dumps(found))
"""


@contextmanager
def served(room: str) -> Iterator[str]:
    """The base URL of a sandbox."""
    child = subprocess.Popen(
        [sys.executable, "-m", room, "sandbox", "--port", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        yield f"http://127.0.0.1:{json.loads(child.stdout.readline())['port']}"
    finally:
        child.terminate()
        child.wait()


def environment(client: Client, folder: Path, base: str) -> tuple[str, str]:
    """The environment's Python and the installed client's folder, its source sent to the sandbox where it names AMap's host."""
    home = folder / client.name
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", *([] if client.node else client.packages)]
        if not client.node:
            subprocess.run(pip, check=True, stdout=sys.stderr)
    if client.node and not (home / "node_modules").exists():
        npm = shutil.which("npm")
        assert npm, "npm is needed for this client"
        subprocess.run(
            [npm, "install", "--silent", "--prefix", str(home), *client.packages], check=True, stdout=sys.stderr
        )
    roots = (
        [home / "node_modules" / client.packages[0]]
        if client.node
        else list(home.glob(f"lib/python*/site-packages/{client.package}"))
    )
    if client.node or client.package:
        for source in [path for root in roots for path in root.rglob("*") if path.suffix in {".py", ".js"}]:
            kept = source.with_suffix(source.suffix + ".original")
            if not kept.exists():
                shutil.copy(source, kept)
            source.write_text(kept.read_text(encoding="utf-8").replace(AMAP, base), encoding="utf-8")
    return str(python), str(roots[0]) if roots else ""


def tried(client: Client, folder: Path) -> dict[str, str]:
    """Each check and "ok" or what went wrong."""
    with served(client.server) as base:
        python, where = environment(client, folder, base)
        code = RUN.format(here=str(HERE), script=str(HERE / client.checks))
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.endswith(("_KEY", "_TOKEN")) and name != "PYTHONPATH"
        }
        with tempfile.TemporaryDirectory() as home:
            env = {**clean, "HOME": home, "CLIENT": where, "AMAP_MAPS_API_KEY": "any", "DASHSCOPE_API_KEY": "any"}
            done = subprocess.run(
                [python, "-c", code, base], env=env, capture_output=True, text=True, timeout=600, check=False
            )
    try:
        result: dict[str, str] = json.loads(done.stdout.strip().splitlines()[-1])
    except (json.JSONDecodeError, IndexError):
        return {"start": done.stderr[-400:]}
    if any(value != "ok" for value in result.values()):
        print(done.stderr[-3000:], file=sys.stderr)
    return result


def main() -> int:
    """Print every client's checks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--only", nargs="*", default=[])
    flags = parser.parse_args()
    folder = flags.folder or Path(tempfile.mkdtemp(prefix="stock-clients-"))
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = {client.name: tried(client, folder) for client in CLIENTS if not flags.only or client.name in flags.only}
    print(json.dumps(outcomes, indent=1, ensure_ascii=False))
    return 0 if all(value == "ok" for checks in outcomes.values() for value in checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
