"""JUDGE_EXTRA: its fields go over the wire and are part of a verdict's identity; a refusal names it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from factory.errors import ParameterRefused, UsageError
from factory.sending.ledger import Ledger
from factory.settings import read
from judge.config import settings_of
from judge.instrument import SHIPPED, Instrument
from judge.providers import open_judges
from judge.rubric import ANSWER, DATA
from judge.sandbox import MODEL, Desk, make_app
from judge.sandbox_faults import JudgeFaults
from judge.verdicts import judge_one
from tests.factory.bent_teacher import bent
from tests.judge.judge_wire import EXACT, KEY, question


def _instrument(extra: str) -> Instrument:
    return settings_of(read("judge", ["--judge-extra", extra])).instrument


def test_a_field_that_may_change_an_answer_is_another_set_of_verdicts_and_one_that_may_not_is_none() -> None:
    for extra in ('{"top_k": 20}', '{"enable_thinking": true}', '{"seed": null}', '{"temperature": null}'):
        for role in (DATA, ANSWER):
            assert _instrument(extra).digest(role) != SHIPPED.digest(role)
    same = ("{}", '{"stream": true}', '{"max_tokens": null, "max_completion_tokens": "$max_tokens"}')
    assert {_instrument(extra).digest(DATA) for extra in same} == {SHIPPED.digest(DATA)}
    assert _instrument('{"a": 1, "b": 2}').digest(DATA) == _instrument('{"b": 2, "a": 1}').digest(DATA)
    assert _instrument('{"a": 1}').digest(DATA) != _instrument('{"a": 2}').digest(DATA)


def test_a_refusal_of_the_judges_provider_names_the_judges_setting(tmp_path: Path) -> None:
    async def scene() -> None:
        def without_seed(body: dict[str, Any]) -> web.Response | None:
            refusal = {"error": {"message": "Unrecognized request argument: seed", "type": "invalid_request_error"}}
            return web.json_response(refusal, status=400) if "seed" in body else None

        app = make_app(Desk({MODEL: EXACT}, JudgeFaults(), frozenset()))
        async with bent(check=without_seed, other=app, path="/compatible-mode/v1") as there:
            for words in ([], ["--judge-extra", '{"seed": null}']):
                settings = settings_of(read("judge", ["--judge-base-url", there.base, "--judge2", "none", *words]))
                ledger = Ledger(tmp_path, "judge", None)
                async with open_judges(settings, ledger) as judges:
                    if words:
                        assert (await judge_one(judges.judges[0], "judge", question(), 0, 0)).scored
                    else:
                        with pytest.raises(ParameterRefused, match="JUDGE_EXTRA changes or drops a field") as refused:
                            await judge_one(judges.judges[0], "judge", question(), 0, 0)
                        assert "TEACHER" not in str(refused.value)
                ledger.close()

    asyncio.run(scene())


def test_the_sdk_refuses_to_stream_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)

    async def scene() -> None:
        settings = settings_of(
            read("judge", ["--judge", "dashscope-sdk/qwen-plus", "--judge-extra", '{"stream": true}'])
        )
        ledger = Ledger(tmp_path, "judge", None)
        try:
            with pytest.raises(UsageError, match="leave stream out of JUDGE_EXTRA"):
                async with open_judges(settings, ledger):
                    pass
        finally:
            ledger.close()

    asyncio.run(scene())
