"""The probe writes down what a model supports, refusals among it, and pays for each call once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from factory.errors import AccountRefused
from judge.probe import _write, probe, variants
from tests.judge.judge_wire import KEY, bench


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
