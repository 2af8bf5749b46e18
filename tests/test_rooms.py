"""The listing is the diagram: import direction, heavy imports in one place each, documented commands that exist."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("factory", "warehouse", "train", "judge")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
INDEX_OPTION = re.compile(
    r"""--(?:extra-|default-)?index-url\b | --(?:default-index|find-links|trusted-host|registry)\b
    | --index["',=\s]+https?: | (?<![\w-])-[if]["',=\s]*https?:
    | (?<![a-z])index[-_]url["']?\s*[=:] | (?<![a-z])find[-_]links["']?\s*[=:] | (?<![a-z])trusted[-_]host["']?\s*[=:]
    | (?<![a-z])registry["']?\s*[=:]\s*["']?https?: | \b(?:uv_(?:default_)?index|goproxy)\s*[=:]
    | \[\[?tool\.(?:uv\.index|poetry\.source|pdm\.source)\b | https?://[^\s"'`]+/simple\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Options, variables and tables by which pip, uv, npm and their like are told where packages come from."""
ADDRESS = re.compile(r"https?://[^\s\"'`<>()\[\]{}|,;\\]+")
SERVICES = frozenset(
    """
    api.deepseek.com api.moonshot.ai api.moonshot.cn api.openai.com api.siliconflow.cn api.z.ai dashscope-intl.aliyuncs.com
    dashscope.aliyuncs.com download.geofabrik.de huggingface.co mlcommons.org modelscope.cn open.bigmodel.cn openrouter.ai
    purl.org restapi.amap.com schema.org www.w3.org
    """.split()  # noqa: SIM905 - eighteen words
)
"""What the project speaks to or cites. Any other address, a registry's among them, is found by not being one of these."""
RESERVED = re.compile(r"(?:[\w-]+\.)*(?:example|invalid|test|localhost)|(?:127\.|your\.)[\w.]*|[\w-]*")
"""Hosts that nobody owns, this machine, and single words."""
PATH_OF_A_MACHINE = re.compile(r"(?<![\w.~-])/(?:root|work|mnt|home/\w+|Users/\w+)/|\b[A-Z]:\\Users\\")


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_upstream_of_it(room: str) -> None:
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    for path in (ROOT / room).rglob("*.py"):
        used = {name.split(".")[0] for name in _imports(path)} & set(ROOMS)
        assert used <= allowed, f"{path.relative_to(ROOT)} imports {used - allowed}"


@pytest.mark.parametrize(
    ("package", "homes"),
    [
        ("torch", ("train/",)),
        ("transformers", ("train/",)),
        ("litellm", ("factory/llm/",)),
        ("smolagents", ("factory/agents/agent.py", "factory/agents/tools.py")),
    ],
)
def test_a_heavy_package_is_imported_in_its_home_only(package: str, homes: tuple[str, ...]) -> None:
    for path in FILES:
        if package in {name.split(".")[0] for name in _imports(path)}:
            assert str(path.relative_to(ROOT)).startswith(homes), path


def test_files_stay_readable_in_one_sitting() -> None:
    long = {str(path.relative_to(ROOT)): lines for path in FILES if (lines := len(path.read_text().splitlines())) > 400}
    assert not long


def test_no_file_is_a_drawer() -> None:
    assert not [path for path in FILES if path.stem in {"utils", "util", "common", "helpers", "misc"}]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_make_target_that_a_readme_names_exists(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for target in re.findall(r"\bmake ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8")):
        assert target in targets, f"{name} names make {target}"


def _texts() -> dict[str, str]:
    """Every tracked text file, by its path; in an unpacked archive, which has no history, every file."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        tops = [
            path for path in ROOT.iterdir() if path.name not in {".venv", "build"} and not path.name.startswith("data")
        ]
        paths = [path for top in tops for path in (top.rglob("*") if top.is_dir() else [top])]
    texts = {}
    for path in paths:
        content = path.read_bytes() if path.is_file() else b"\0"
        if b"\0" not in content:
            texts[str(path.relative_to(ROOT))] = content.decode()
    return texts


def _foreign(text: str) -> list[str]:
    """What in a text tells where packages come from, leads to a host that is nobody's here, or is a path of one machine."""
    told = [match[0] for pattern in (INDEX_OPTION, PATH_OF_A_MACHINE) for match in pattern.finditer(text)]
    hosts = {urlsplit(address).hostname or "" for address in ADDRESS.findall(text)}
    return told + sorted(host for host in hosts if host not in SERVICES and not RESERVED.fullmatch(host))


def test_no_committed_text_says_where_packages_come_from_or_names_a_path_of_a_machine() -> None:
    texts = _texts()
    assert {"constraints.txt", "pyproject.toml", "Makefile", ".ci/run", "docs/architecture.md"} <= texts.keys()
    assert {name: told for name, text in texts.items() if (told := _foreign(text))} == {}


# A tilde keeps each example from being found in this file itself.
@pytest.mark.parametrize(
    "line",
    [
        "--ind~ex-url https://mirror.example/x",
        "--extra-ind~ex-url=https://mirror.example/x",
        "pip install -~i https://mirror.example/x duckdb",
        '["pip", "install", "-~i", "https://mirror.example/x"]',
        "-~f https://mirror.example/wheels",
        "--find-li~nks wheels",
        "find-li~nks = wheels",
        "ind~ex-url = https://mirror.example/x",
        "PIP_EXTRA_IND~EX_URL=https://mirror.example/x make setup",
        "UV_DEFAULT_IND~EX=https://mirror.example/x",
        "[[tool.uv.ind~ex]]",
        "--trusted-ho~st mirror.example",
        "registry~=https://mirror.example/npm",
        "npm install --regis~try https://mirror.example",
        "https://mirror.example/root/pub/sim~ple/duckdb/",
        "duckdb @ http~s://files.mirror-of-packages.org/duckdb.whl",
        "see http~s://a-registry.org/project/duckdb",
        "/ro~ot/.cache/pip",
        "cd /wo~rk/chidian",
        "open /home~/mei/chidian/data",
        "C:~\\Users\\mei",
    ],
)
def test_a_line_that_says_where_packages_come_from_is_found(line: str) -> None:
    assert _foreign(line.replace("~", ""))


@pytest.mark.parametrize(
    "line",
    [
        "pip install -c constraints.txt -e .",
        "from factory.maps.registry import survey",
        "registry = {name: kind for kind in KINDS}",
        "index = url.find('x'); find_links(page)",
        "http://127.0.0.1:8765/v1 and https://example.invalid/simpler",
        "https://dashscope.aliyuncs.com/api/v1",
        "data/wo~rk/x and ./ro~ot/x",
    ],
)
def test_a_line_that_only_looks_like_one_is_left_alone(line: str) -> None:
    assert not _foreign(line.replace("~", ""))
