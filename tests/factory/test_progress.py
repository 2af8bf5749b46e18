"""What a run tells while it goes: every number that people asked for, as a panel on a terminal and as plain lines elsewhere."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from factory.errors import RunStopped
from factory.run import synth
from factory.run.progress import Progress, Quota, Snapshot
from factory.settings import read
from tests.factory.test_synth import _ask
from tests.keyless import CLEAN

FACTS = (
    "accepted",
    "rate",
    "ETA",
    "in flight",
    "refusals",
    "quota",
    "RPM",
    "TPM",
    "map QPS",
    "CNY",
    "rejects",
    "slowest stage",
)


def _snapshot(spent: float | None) -> Snapshot:
    quotas = (Quota("RPM", 30, 600.0), Quota("TPM", 90_000, None))
    return Snapshot(50, 200, 7, 3, spent, 0.5, 12, quotas, 9.0)


def _line(spent: float | None) -> str:
    out = io.StringIO()
    Progress(200, 0, out).show(_snapshot(spent), force=True)
    return out.getvalue()


def test_money_is_spent_reserved_projected_and_capped() -> None:
    # 2 CNY for 50 samples: 0.04 each, 8 for 200.
    assert "2.00 spent, 0.50 reserved, 0.0400 an accepted sample, 8.00 projected, cap 9" in _line(2.0)


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    assert "price unknown" in _line(None)
    assert "0.00 spent" not in _line(None)


@pytest.mark.parametrize(
    ("quota", "words"),
    [
        (Quota("RPM", 30, 600.0), "RPM 300/min of 600 (50%)"),
        (Quota("TPM", 90_000, 3e6), "TPM 900k/min of 3M (30%)"),
        (Quota("TPM", 9, None), "TPM 90/min, no limit known"),
        (Quota("map QPS", 15, 3.0, span_s=1.0), "map QPS 2.5/s of 3 (83%)"),
    ],
)
def test_a_quota_is_its_rate_and_its_share(quota: Quota, words: str) -> None:
    assert quota.words(6.0) == words


def test_what_was_used_before_the_start_is_no_part_of_the_rate() -> None:
    """Locating the places is over when the panel begins."""
    out = io.StringIO()
    progress = Progress(200, 0, out)
    progress.start(replace(_snapshot(2.0), quotas=(Quota("map QPS", 900, None, span_s=1.0),)))
    progress.show(replace(_snapshot(2.0), quotas=(Quota("map QPS", 903, None, span_s=1.0),)), force=True)
    assert "map QPS 3/s" in out.getvalue()  # a second at least is counted


def test_rejects_by_reason_are_those_of_the_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Progress] = []

    class Kept(Progress):
        def start(self, now: Snapshot) -> None:
            super().start(now)
            kept.append(self)

    monkeypatch.setattr(synth, "Progress", Kept)
    for name in set(os.environ) - set(CLEAN):
        monkeypatch.delenv(name)
    assert synth.main(read("synth", ["--n", "20", "--sandbox-defects", "0", "--data", str(tmp_path)])) == 0
    # A teacher that errs rejects some of its candidates for good: the same plan has none left for them.
    erring = ["--sandbox-defects", "0.4", "--repairs", "0"]
    with pytest.raises(RunStopped, match="CANDIDATES"):
        synth.main(read("synth", ["--n", "20", *erring, "--candidates", "20", "--data", str(tmp_path)]))
    newest = "run_id = (select max_by(run_id, created_at) from rejects)"
    expected = dict(_ask(tmp_path, f"select reason, count(*) from rejects where {newest} group by reason"))
    assert expected
    assert kept[1].rejects == expected


def test_a_run_without_a_terminal_says_plain_lines(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "factory", "synth"],
        env={**CLEAN, "DATA": str(tmp_path), "N": "20"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    line = [line for line in done.stderr.splitlines() if line.startswith("accepted ")][-1]
    assert line.startswith("accepted 20/20")
    assert all(fact in line for fact in FACTS), line
    assert "\x1b" not in done.stderr
    assert not done.stdout


def test_a_run_on_a_terminal_draws_a_panel_and_leaves_the_terminal_clean(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "factory", "synth"],
        env={**CLEAN, "DATA": str(tmp_path), "N": "20", "TERM": "xterm-256color", "COLUMNS": "200"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as child:
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 65536):
                seen += part
        except OSError:  # Linux says EIO when the other side is closed
            pass
        assert child.wait(timeout=60) == 0
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode(errors="replace"))
    assert "chidian synth" in text
    assert all(fact in text for fact in FACTS)
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")  # the cursor is shown again
