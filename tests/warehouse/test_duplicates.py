"""Admission one by one and DuckDB by sets find the same duplicates, however the samples came; the earlier admitted stays."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.commit.admission import Admission, CandidateText
from factory.commit.commit import Commit, CommitKind, ShardFile
from factory.commit.neardup import FINGERPRINT_VERSION, fingerprint
from factory.commit.schema import SHARDS
from factory.commit.store import open_store
from factory.errors import DiskTrouble
from tests.factory.neardup_pairs import labelled_texts
from warehouse import catalogue, duplicates
from warehouse.catalogue import FILE, Refreshed, check, open_reader, refresh, sql_file
from warehouse.duplicates import _compare, find_duplicates
from warehouse.loading import create_tables

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEXTS = [text for text in labelled_texts() if text[0] in {"天坛公园", "沈阳北站", "清华大学"}]
PRINTS = [fingerprint(*text[3:]) for text in TEXTS]
# The same words at another place are an exact duplicate there too, but never a near one.
PLACES = st.sampled_from(["as labelled", "elsewhere"])
DRAWN = st.lists(st.tuples(st.integers(0, len(TEXTS) - 1), PLACES), min_size=1, max_size=30)


def _samples(drawn: Sequence[tuple[int, str]]) -> list[CandidateText]:
    return [
        CandidateText(f"s-{number:03d}", TEXTS[index][0] if place == "as labelled" else place, PRINTS[index])
        for number, (index, place) in enumerate(drawn)
    ]


def _units(samples: Sequence[CandidateText], cuts: Iterable[int]) -> list[list[CandidateText]]:
    edges = sorted({0, len(samples), *(cut % (len(samples) + 1) for cut in cuts)})
    return [list(samples[start:end]) for start, end in pairwise(edges)]


def _by_admission(units: Sequence[Sequence[CandidateText]]) -> dict[str, str]:
    states = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, unit in enumerate(units):
            admission = Admission(Path(folder), "run")
            decisions = admission.decide(unit, room=99)
            admission.apply(f"U{number}", [decision.text for decision in decisions if decision.state == "accepted"])
            admission.close()
            states |= {
                decision.text.sample_id: decision.state for decision in decisions if decision.state != "accepted"
            }
    return {sample: state.removesuffix("_duplicate") for sample, state in states.items()}


def _by_duckdb(units: Sequence[Sequence[CandidateText]]) -> dict[str, str]:
    """All samples stand as accepted; DuckDB compares after each unit."""
    with duckdb.connect(":memory:") as connection:
        create_tables(connection, sql_file("", "tables"))
        for number, unit in enumerate(units):
            rows = [_row(text) for text in unit]
            connection.register("rows", pa.Table.from_pylist(rows, schema=SHARDS["samples"]))
            connection.execute("insert into samples_shard by name select * from rows")
            states = [
                (sample.sample_id, "run", f"U{number}", i, "accepted", None, NOON) for i, sample in enumerate(unit)
            ]
            connection.executemany("insert into states values (?, ?, ?, ?, ?, ?, ?, false)", states)
            find_duplicates(connection, sql_file)
            assert find_duplicates(connection, sql_file) == 0
        return dict(connection.execute("select sample_id, kind from duplicates").fetchall())


def _row(text: CandidateText) -> dict[str, Any]:
    fingerprint = text.fingerprint
    prints: dict[str, Any] = {
        "text_hash": fingerprint.text_hash,
        "grams": sorted(fingerprint.grams),
        "near_bands": list(fingerprint.bands),
    }
    prints |= {"gram_bits": fingerprint.gram_bits, "fingerprint_version": FINGERPRINT_VERSION}
    return {"sample_id": text.sample_id, "place_id": text.place_id, **prints}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DRAWN, st.lists(st.integers(0, 30), max_size=4))
def test_duckdb_finds_what_admission_finds_and_nothing_more(drawn: list[tuple[int, str]], cuts: list[int]) -> None:
    samples = _samples(drawn)
    units = _units(samples, cuts)
    expected = _by_admission(units)
    assert _by_duckdb(units) == expected
    assert _by_duckdb([samples]) == expected
    with patch.multiple(duplicates, BOUNDED_PAIRS=2, LISTED_PAIRS=1):  # however few pairs are held at once
        assert _by_duckdb([samples]) == expected
    with patch.object(duplicates, "_compare", _compare_from_four_buckets_on):
        assert _by_duckdb([samples]) == expected
    assert _by_admission([samples]) == expected


def _compare_from_four_buckets_on(connection: duckdb.DuckDBPyConnection, sql: Any, bucket: int, of: int) -> None:
    """Memory runs out after the work, so that what a bucket found is found again by its halves."""
    _compare(connection, sql, bucket, of)
    if of < 4:
        raise duckdb.OutOfMemoryException("could not allocate")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DRAWN, st.randoms(use_true_random=False))
def test_what_stays_is_without_duplicates_in_any_order(drawn: list[tuple[int, str]], dice: Any) -> None:
    samples = _samples(drawn)
    dice.shuffle(samples)
    gone = _by_duckdb([samples])
    assert _by_duckdb([[sample for sample in samples if sample.sample_id not in gone]]) == {}


def _commit(data: Path, run: str, unit: str, texts: Sequence[CandidateText], **record: Any) -> None:
    store = open_store(data)
    rows = pa.Table.from_pylist([_row(text) for text in texts], schema=SHARDS["samples"])
    common = {"files": store.put(run, unit, {"samples": rows}), "admitted": tuple(text.sample_id for text in texts)}
    commit = Commit(run, unit, CommitKind.ORDERS, datetime.now(UTC), **{**common, **record})
    assert store.commit_if_absent(commit)


def test_what_is_not_accepted_makes_nobody_a_duplicate(tmp_path: Path) -> None:
    first, copy, near = _samples([(0, "as labelled")] * 3)
    _commit(tmp_path, "a", "U00000000", [first, copy], admitted=(first.sample_id,), surplus=(copy.sample_id,))
    assert refresh(tmp_path) == 1
    with duckdb.connect(str(tmp_path / FILE), read_only=True) as connection:
        assert connection.execute("from duplicates").fetchall() == []
    _commit(tmp_path, "a", "U00000001", [near])
    assert refresh(tmp_path) == 1
    with duckdb.connect(str(tmp_path / FILE), read_only=True) as connection:
        assert connection.execute("select sample_id, twin from duplicates").fetchall() == [
            (near.sample_id, first.sample_id)
        ]


def test_what_admission_lets_through_is_dropped_and_said(tmp_path: Path) -> None:
    first, copy, other = _samples([(0, "as labelled"), (0, "elsewhere"), (len(TEXTS) - 1, "as labelled")])
    _commit(tmp_path, "a", "U00000000", [first])
    assert refresh(tmp_path) == 1
    _commit(tmp_path, "a", "U00000001", [copy, other])
    assert refresh(tmp_path) == 1
    with duckdb.connect(str(tmp_path / FILE), read_only=True) as connection:
        drops = connection.execute("from duplicates").fetchall()
    assert drops == [(copy.sample_id, first.sample_id, "exact")]
    assert {name for name, count, _ in check(tmp_path) if count} == {"no_exact_duplicate"}


def test_promoted_surplus_is_compared_when_it_is_admitted(tmp_path: Path) -> None:
    first, copy = _samples([(0, "as labelled"), (0, "as labelled")])
    _commit(tmp_path, "a", "U00000000", [first, copy], admitted=(first.sample_id,), surplus=(copy.sample_id,))
    refresh(tmp_path)
    assert not any(count for _, count, _ in check(tmp_path))
    gone = {"dropped": (copy.sample_id,), "twins": (first.sample_id,)}
    promotion = Commit("a", "P000001", CommitKind.PROMOTION, datetime(2026, 1, 2, tzinfo=UTC), **gone)
    assert open_store(tmp_path).commit_if_absent(promotion)
    refresh(tmp_path)
    assert not any(count for _, count, _ in check(tmp_path))
    with duckdb.connect(str(tmp_path / FILE)) as connection:
        assert connection.execute(
            "select state, twin from states where sample_id = ?", [copy.sample_id]
        ).fetchall() == [("dropped", first.sample_id)]
        connection.execute("update states set twin = ? where state = 'dropped'", [copy.sample_id])
    assert {name for name, count, _ in check(tmp_path) if count} == {"duplicates_have_twins"}


def test_what_a_killed_refresh_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / f".{FILE}.building").write_bytes(b"torn")
    (tmp_path / f".{FILE}.spill").mkdir()
    refresh(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([FILE, ".warehouse.lock"])


def test_a_refresh_leaves_the_row_groups_of_earlier_ones_alone(tmp_path: Path) -> None:
    """Merging them is what took memory that grew with the file."""
    for number, text in enumerate(_samples([(0, "as labelled"), (len(TEXTS) - 1, "as labelled")])):
        _commit(tmp_path, "a", f"U0000000{number}", [text])
        refresh(tmp_path)
    with duckdb.connect(str(tmp_path / FILE), read_only=True) as connection:
        groups = "select count(distinct row_group_id) from pragma_storage_info('samples_shard')"
        assert connection.execute(groups).fetchall() == [(2,)]


@pytest.fixture
def given_mb(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The memory that each try of a refresh was given; the first is too little for any shard."""
    seen: list[int] = []
    real = catalogue._refresh

    def watched(data: Path, *, anew: bool, memory_mb: int) -> Refreshed:
        seen.append(memory_mb)
        return real(data, anew=anew, memory_mb=memory_mb)

    monkeypatch.setattr(catalogue, "MEMORY_MB", (2, 1024))
    monkeypatch.setattr(catalogue, "_refresh", watched)
    return seen


def test_a_refresh_out_of_memory_is_made_once_more_with_ample(tmp_path: Path, given_mb: list[int]) -> None:
    _commit(tmp_path, "a", "U00000000", _samples([(0, "as labelled")]))
    assert refresh(tmp_path) == 1
    assert given_mb == [2, 1024]


def test_only_a_rebuild_of_many_samples_takes_ample_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refresh of a run stays small however many samples have come: beside a million they were half a million once."""
    monkeypatch.setattr(duplicates, "AMPLE_FROM", 1)
    limits: list[str] = []
    settled = duplicates._settle

    def watched(connection: duckdb.DuckDBPyConnection) -> int:
        [(limit,)] = connection.execute("select current_setting('memory_limit')").fetchall()
        limits.append(limit)
        return settled(connection)

    monkeypatch.setattr(duplicates, "_settle", watched)
    _commit(tmp_path, "a", "U00000000", _samples([(0, "as labelled")]))
    refresh(tmp_path)
    _commit(tmp_path, "a", "U00000001", _samples([(1, "as labelled")]))
    refresh(tmp_path)
    assert limits == ["953.6 MiB", "61.0 MiB"]


def test_a_refresh_that_fails_for_another_reason_is_not_repeated_and_does_not_advise_itself(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    for rebuild in (False, True):
        with pytest.raises(DiskTrouble, match="a folder stands where the file belongs") as trouble:
            refresh(tmp_path, rebuild=rebuild)
        assert "REBUILD" not in str(trouble.value)


def test_a_damaged_file_is_made_anew_from_the_shards(tmp_path: Path) -> None:
    _commit(tmp_path, "a", "U00000000", _samples([(0, "as labelled")]))
    (tmp_path / FILE).write_bytes(b"no DuckDB file" * 1000)
    assert refresh(tmp_path) == 1
    assert not any(count for name, count, _ in check(tmp_path))


ANALYST = """
import duckdb, sys
client = duckdb.connect(sys.argv[1])  # as clients open by default
client.execute("create table mine as select 1 as a")
print("made a table", flush=True)
sys.stdin.readline()
client.execute("insert into mine values (2)")
print("wrote", flush=True)
sys.stdin.readline()
"""


def test_a_log_beside_the_file_goes_with_the_file_that_it_belonged_to(tmp_path: Path) -> None:
    _commit(tmp_path, "a", "U00000000", _samples([(0, "as labelled")]))
    refresh(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", ANALYST, str(tmp_path / FILE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as analyst:
        assert analyst.stdin is not None
        assert analyst.stdout is not None
        assert analyst.stdout.readline() == b"made a table\n"
        _commit(tmp_path, "a", "U00000001", _samples([(1, "as labelled")]))
        assert refresh(tmp_path) == 1
        analyst.stdin.write(b"go on\n")  # its log is of the file that was replaced
        analyst.stdin.flush()
        assert analyst.stdout.readline() == b"wrote\n"
        with open_reader(tmp_path) as connection:
            assert connection.execute("select count(*) from samples_shard").fetchall() == [(2,)]
        analyst.kill()
    with open_reader(tmp_path) as connection:
        assert connection.execute("select count(*) from samples_shard").fetchall() == [(2,)]
    (tmp_path / f"{FILE}.wal").write_bytes(b"a log of some other file")
    with open_reader(tmp_path) as connection:
        assert connection.execute("select count(*) from samples_shard").fetchall() == [(2,)]


def test_units_whose_commit_is_gone_leave_the_file_at_the_next_refresh(tmp_path: Path) -> None:
    for unit, number in (("U00000000", 0), ("U00000001", len(TEXTS) - 1)):
        _commit(tmp_path, "a", unit, [CandidateText(f"s-{number}", TEXTS[number][0], PRINTS[number])])
    refresh(tmp_path)
    (tmp_path / "commits" / "a" / "U00000001.json").unlink()
    assert [name for name, count, _ in check(tmp_path) if count] == ["files_are_whole"]
    assert refresh(tmp_path) == 1
    assert not any(count for _, count, _ in check(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        "delete from samples_shard",
        "update samples_shard set place_id = place_id || 'x'",
        "update states set state = 'surplus'",
        "insert into samples_shard by name select 's-9' as sample_id",
    ],
)
def test_check_finds_rows_that_are_not_those_of_the_shards(tmp_path: Path, change: str) -> None:
    _commit(tmp_path, "a", "U00000000", _samples([(0, "as labelled")]))
    refresh(tmp_path)
    with duckdb.connect(str(tmp_path / FILE)) as connection:
        connection.execute(change)
    sentences = [first for name, count, first in check(tmp_path) if name == "files_are_whole" and count]
    assert len(sentences) == 1
    assert FILE in sentences[0]
    assert "REBUILD=1" in sentences[0]


@pytest.mark.parametrize("reader", ["warehouse", "admission"])
def test_shards_older_than_n_grams_are_fingerprinted_again(tmp_path: Path, reader: str) -> None:
    place, _, _, question, answer = TEXTS[0]
    old = {
        "sample_id": "s-old",
        "place_id": place,
        "question": question,
        "answer": answer,
        "bands": [2**40],
        "normal_answer": "x",
    }
    file = tmp_path / "shards" / "a" / "samples" / "U00000000-0.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([old]), file)
    named = (ShardFile("samples", str(file.relative_to(tmp_path))),)
    _commit(tmp_path, "a", "U00000000", [], files=named, admitted=("s-old",))
    again = CandidateText("s-new", place, PRINTS[0])
    if reader == "admission":
        admission = Admission(tmp_path, "a")
        admission.catch_up(open_store(tmp_path))
        assert [decision.twin for decision in admission.decide([again], 1)] == ["s-old"]
        admission.close()
    else:
        _commit(tmp_path, "a", "U00000001", [again])
        refresh(tmp_path)
        with duckdb.connect(str(tmp_path / FILE), read_only=True) as connection:
            assert connection.execute("from duplicates").fetchall() in (
                [("s-new", "s-old", "exact")],
                [("s-new", "s-old", "near")],
            )


@pytest.mark.parametrize("reader", ["warehouse", "admission"])
def test_fingerprints_of_another_version_are_made_again(tmp_path: Path, reader: str) -> None:
    """What an earlier measure kept apart and compared long ago is seen as a duplicate by this one."""
    place, _, _, question, answer = TEXTS[0]
    store = open_store(tmp_path)
    stale_rows = []
    for number in range(2):
        stale = {
            "text_hash": bytes([number]) * 16,
            "grams": [number],
            "near_bands": [number] * 42,
            "gram_bits": b"\0" * 128,
        }
        row = {"sample_id": f"s-{number}", "place_id": place, "question": question, "answer": answer, **stale}
        row["fingerprint_version"] = FINGERPRINT_VERSION
        stale_rows.append(row)
        files = store.put("a", f"U0000000{number}", {"samples": pa.Table.from_pylist([row], schema=SHARDS["samples"])})
        _commit(tmp_path, "a", f"U0000000{number}", [], files=files, admitted=(f"s-{number}",))
    refresh(tmp_path)
    assert not any(count for _, count, _ in check(tmp_path))
    if reader == "warehouse":
        with duckdb.connect(str(tmp_path / FILE)) as connection:
            connection.execute("update samples_shard set fingerprint_version = 1")
        refresh(tmp_path)
        with duckdb.connect(str(tmp_path / FILE), read_only=True) as connection:
            assert connection.execute("from duplicates").fetchall() == [("s-1", "s-0", "exact")]
        return
    for commit in list(store.commits("a")):  # the same units again, with fingerprints of an earlier version
        for path in (
            tmp_path / "commits" / "a" / f"{commit.unit}.json",
            *(tmp_path / file.name for file in commit.files),
        ):
            path.unlink(missing_ok=True)
    for number, row in enumerate(stale_rows):
        old = pa.Table.from_pylist([row | {"fingerprint_version": 1}], schema=SHARDS["samples"])
        files = store.put("a", f"U0000000{number}", {"samples": old})
        _commit(tmp_path, "a", f"U0000000{number}", [], files=files, admitted=(f"s-{number}",))
    admission = Admission(tmp_path, "a")
    admission.catch_up(store)
    assert [decision.twin for decision in admission.decide([CandidateText("s-new", place, PRINTS[0])], 1)] == ["s-0"]
    admission.close()
