"""Forgetting a run: what was made from it goes, too, and what is of others stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from factory.commit.commit import Commit, CommitKind
from factory.commit.schema import table
from factory.commit.store import open_store
from factory.maps.kept import KeptAnswers
from factory.sending.ledger import Ledger
from warehouse.forget import forget

GONE, STAYS = "sandbox-0a0a0a0a", "sandbox-0b0b0b0b"
AT = datetime(2026, 11, 28, 9, tzinfo=UTC)


def _commit(data: Path, run: str, kind: CommitKind, shard: str, rows: list[dict[str, Any]]) -> None:
    store = open_store(data)
    files = store.put(run, "U00000000", {shard: table(shard, rows)})
    assert store.commit_if_absent(Commit(run, "U00000000", kind, AT, files, first_order=0, orders=len(rows)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two factory runs, and answers, verdicts, reports, calls and map answers made from them."""
    for run in (GONE, STAYS):
        _commit(tmp_path, run, CommitKind.ORDERS, "orders", [{"order_id": f"{run}-000000", "run_id": run, "slots": 1}])
    for name, run in (("one", GONE), ("other", STAYS)):
        row = {"completion_id": name, "sample_id": f"{run}-000000-0", "run_id": run, "question": f"of {run}"}
        _commit(tmp_path, f"completions-{name}", CommitKind.COMPLETIONS, "completions", [row])
        verdict = {
            "item_id": f"{run}-000000-0",
            "run_id": run,
            "rationale": f"of {run}",
            "created_at": AT.replace(tzinfo=None),
        }
        _commit(tmp_path, f"judge-{name}", CommitKind.VERDICTS, "verdicts", [verdict])
        (tmp_path / "reports" / f"judge-{name}").mkdir(parents=True)
        (tmp_path / "reports" / f"judge-{name}" / "report.html").write_text(f"<p>{run}-000000-0</p>", encoding="utf-8")
    (tmp_path / "reports" / GONE).mkdir()
    (tmp_path / "reports" / GONE / "timeline.png").write_bytes(b"a picture")
    Ledger(tmp_path, STAYS, None).close()
    with closing(sqlite3.connect(tmp_path / "calls.sqlite", isolation_level=None)) as book:
        for caller, run in ((GONE, GONE), (STAYS, STAYS), ("judge-one", GONE), ("judge-one", STAYS)):
            book.execute(
                "insert into calls (key, attempt, run_id, order_id, step, purpose, model, status, raw, reserved_at) "
                "values (?, 0, ?, ?, 0, 'p', 'm', 'kept', ?, '2026-11-28')",
                (f"{caller} {run}", caller, f"{run}-000000-0", f"an answer about {run}".encode()),
            )
    kept = KeptAnswers(tmp_path)
    kept.put("osm|around|", "osm", f"a page that {GONE} read".encode() * 400)
    kept.close()
    return tmp_path


def test_no_file_holds_a_forgotten_run_and_what_is_of_others_stays(data: Path) -> None:
    forget(data, GONE)
    assert not [path for path in data.rglob("*") if path.is_file() and GONE.encode() in path.read_bytes()]
    assert open_store(data).runs() == ["completions-other", "judge-other", STAYS]
    assert [path.name for path in (data / "reports").iterdir()] == ["judge-other"]
    with closing(sqlite3.connect(data / "calls.sqlite")) as book:
        calls = book.execute("select run_id, order_id from calls order by key").fetchall()
    assert calls == [("judge-one", f"{STAYS}-000000-0"), (STAYS, f"{STAYS}-000000-0")]
