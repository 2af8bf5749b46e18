"""The probe writes down what a model supports, refusals among it, and pays for each call once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from factory.errors import AccountRefused
from judge.probe import _write, probe, variants
from judge.providers import Judge
from judge.sandbox import MODEL, Desk, make_app
from judge.sandbox_faults import JudgeFaults
from tests.factory.bent_teacher import PRICE, bent, chat_with
from tests.judge.judge_wire import EXACT, KEY, bench


def test_a_probe_records_what_works_and_what_does_not(tmp_path: Path) -> None:
    async def scene() -> None:
        async with bench(tmp_path) as wire:
            wire.faults.set({"next": ["", "", "", "algo_parameter"]})
            findings = await probe(wire.judge)
            assert [finding.what for finding in findings] == list(variants(wire.judge))
            works = {finding.what: finding.works for finding in findings}
            assert works["json_object"]
            assert works["same seed again"]
            assert not works["json_schema"]
            assert not works["logprobs"]
            assert wire.faults.seen == len(findings)
            path = _write(tmp_path, wire.judge, findings)
            assert b"sandbox/judge-v1" in path.read_bytes()
            assert KEY.encode() not in path.read_bytes()
            wire.faults.set({"always": "invalid_api_key"})
            with pytest.raises(AccountRefused):
                await probe(wire.judge)

    asyncio.run(scene())


def test_a_field_that_the_server_refuses_is_a_finding_and_not_the_end(tmp_path: Path) -> None:
    async def scene() -> None:
        def without_logprobs(body: dict[str, Any]) -> web.Response | None:
            refusal = {"error": {"message": "Unsupported parameter: 'logprobs'", "code": "unsupported_parameter"}}
            return web.json_response(refusal, status=400) if "logprobs" in body else None

        app = make_app(Desk({MODEL: EXACT}, JudgeFaults(), frozenset()))
        async with (
            bent(check=without_logprobs, other=app, path="/compatible-mode/v1") as there,
            chat_with(tmp_path, there.base) as chat,
        ):
            works = {finding.what: finding for finding in await probe(Judge("j", MODEL, chat[0], "teacher", PRICE))}
        assert works["json_object"].works
        assert not works["logprobs"].works
        assert "Unsupported parameter" in works["logprobs"].detail
        assert works["thinking"].works

    asyncio.run(scene())
