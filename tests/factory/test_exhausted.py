"""A plan that has no further orders: everything is paid and kept by then, so that it is no error of usage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from factory.errors import RunStopped
from factory.plan.orders import Plan
from factory.records import Order
from factory.run import synth
from factory.settings import read
from tests.factory.test_synth import _ask
from tests.keyless import CLEAN


def test_an_exhausted_plan_stops_the_run_with_what_it_gave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Plan.order

    def short(self: Plan, index: int) -> Order:
        if index >= 3:
            raise IndexError
        return real(self, index)

    monkeypatch.setattr(Plan, "order", short)
    for name in set(os.environ) - set(CLEAN):
        monkeypatch.delenv(name)
    with pytest.raises(RunStopped, match="The plan is exhausted after 15 samples") as stopped:
        synth.main(read("synth", ["--n", "40", "--sandbox-defects", "0", "--data", str(tmp_path)]))
    assert stopped.value.exit_code == 1
    assert _ask(tmp_path, "select count(*) from samples") == [(15,)]
