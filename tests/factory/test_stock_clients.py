"""Clients that nobody here wrote, over real sockets: what the sandbox claims works with them (all: bench/stock_clients.py)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.sandbox.serve import Sandbox
from tests.factory.sandbox_wire import served

CHECKS = Path(__file__).parents[2] / "bench" / "stock"
LIGHT = {
    "openai_checks": (
        "check_tools_to_the_end",
        "check_stream_of_words_with_usage",
        "check_stream_of_tools",
        "check_async",
        "check_refusals_are_sentences",
    ),
    "litellm_checks": ("check_tools", "check_stream"),
    "smolagents_checks": (
        "check_a_tool_calling_agent_does_the_task_and_ends",
        "check_an_agent_with_another_task_ends_at_once",
        "check_an_agent_whose_tools_fail_ends",
        "check_a_code_agent_ends",
    ),
}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(sandbox=Sandbox(defects=0.0)) as url:
        yield url


@pytest.mark.filterwarnings("ignore")  # of the clients' own making
@pytest.mark.parametrize(("file", "check"), [(file, check) for file, checks in LIGHT.items() for check in checks])
def test_a_stock_client_gets_what_the_sandbox_claims(
    base: str, file: str, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(CHECKS))
    try:
        getattr(importlib.import_module(file), check)(base)
    finally:
        for name in ("tools", *LIGHT):
            sys.modules.pop(name, None)
