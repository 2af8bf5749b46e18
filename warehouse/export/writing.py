"""``make export``: training rows in a trainer's layout, one file a split, with what loaders and people read beside them.

Rows come from the training views (the prompt that is trained and asked), proof and rights from ``samples``. The folder is
written aside and put in place whole (folder.py), or into a bucket (bucket_export.py); where it lies is noted in ``DATA``, so that
``forget`` reaches it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from factory.commit.working_folder import store_url
from factory.errors import UsageError
from warehouse.catalogue import open_reader
from warehouse.export import layouts
from warehouse.export.bucket_export import uploaded_whole
from warehouse.export.card import card, rights_of_rows
from warehouse.export.croissant import Described, croissant
from warehouse.export.folder import remember, replaced_whole
from warehouse.export.manifest import origin, write_manifest

MODES: Final = {"closed": "sft_rows", "open": "sft_open_rows"}
FILES: Final = ("jsonl", "parquet")
DATA_SET: Final = "chidian"
"""The name of the data set in LLaMA-Factory's dataset_info.json: ``--dataset chidian``, its held-out splits ``chidian_seen`` …"""
_BATCH: Final = 500
_CHOSEN: Final = "(run_id = $run or ($run is null and pooled))"
"""One run's own rows, or all runs' without those that another run has too, or holds back."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to write. ``run`` None pools all runs of the folder."""

    layout: str = "messages"
    mode: str = "closed"
    files: str = "jsonl"
    proof: bool = False
    run: str | None = None

    def __post_init__(self) -> None:
        """Raises UsageError."""
        for name, value, allowed in (
            ("LAYOUT", self.layout, tuple(layouts.LAYOUTS)),
            ("MODE", self.mode, tuple(MODES)),
            ("FILES", self.files, FILES),
        ):
            if value not in allowed:
                raise UsageError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")


def export(data: Path, out: Path, settings: ExportSettings) -> int:
    """Write the folder; returns the number of rows. Raises UsageError, DiskTrouble."""
    with open_reader(data) as connection:
        connection.execute("set preserve_insertion_order = true")
        splits = _splits(connection, settings)
        if not splits:
            of_run = f" of run {settings.run}" if settings.run else ""
            raise UsageError(f"There are no samples to export{of_run}: run `make synth` first.")
        remember(data, out)
        url = store_url(out)
        with replaced_whole(out) if url is None else uploaded_whole(url) as folder:
            for split in splits:
                _write_split(connection, folder / f"{split}.{settings.files}", settings, split)
            _describe(connection, data, folder, settings, splits)
    return sum(splits.values())


def _splits(connection: duckdb.DuckDBPyConnection, settings: ExportSettings) -> Counter[str]:
    """Rows a split, in the order of a card: what is trained on first."""
    found = connection.execute(
        f"select split, count(*) from {MODES[settings.mode]} where {_CHOSEN} "
        "group by split order by split != 'train', split",
        {"run": settings.run},
    ).fetchall()
    return Counter(dict(found))


def _rows(
    connection: duckdb.DuckDBPyConnection, settings: ExportSettings, split: str
) -> Iterator[list[layouts.Record]]:
    # Two statements' worth of columns in one: the training row decides what is exported, the sample says whence it is.
    columns = "s.* exclude (trajectory)" if settings.proof else "s.* exclude (trajectory, evidence, recommendations)"
    # The shard's list, since a list that is made of the view's rows has whatever order they come in.
    claims, kept = (", k.claims", "join samples_shard k using (sample_id) ") if settings.proof else ("", "")
    cursor = connection.execute(
        f"select r.messages, {columns}{claims} from {MODES[settings.mode]} r join samples s using (sample_id) {kept}"
        f"where r.split = $split and {_CHOSEN.replace('run_id', 'r.run_id')} order by s.sample_id",
        {"split": split, "run": settings.run},
    )
    names = [column[0] for column in cursor.description or ()]
    while batch := cursor.fetchmany(_BATCH):
        rows = (dict(zip(names, row, strict=True)) for row in batch)
        yield [layouts.record(row, settings.layout, proof=settings.proof) for row in rows]


def _write_split(connection: duckdb.DuckDBPyConnection, path: Path, settings: ExportSettings, split: str) -> None:
    if settings.files == "jsonl":
        with path.open("wb") as file:
            for records in _rows(connection, settings, split):
                file.writelines(orjson.dumps(record) + b"\n" for record in records)
        return
    schema = layouts.schema(settings.layout, proof=settings.proof)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for records in _rows(connection, settings, split):
            writer.write_table(pa.Table.from_pylist(records, schema=schema))


def _describe(
    connection: duckdb.DuckDBPyConnection, data: Path, folder: Path, settings: ExportSettings, splits: Counter[str]
) -> None:
    """What stands beside the rows: card, LLaMA-Factory's list, Croissant, manifest."""
    schema = layouts.schema(settings.layout, proof=settings.proof)
    files = {split: f"{split}.{settings.files}" for split in splits}
    sizes = {name: (folder / name).stat().st_size for name in files.values()}
    digests = {name: sha256((folder / name).read_bytes()).hexdigest() for name in files.values()}
    (folder / "README.md").write_text(card(connection, settings, files, splits, sizes, schema), encoding="utf-8")
    if listed := layouts.LAYOUTS[settings.layout].llama_factory:
        names = {split: DATA_SET if split == "train" else f"{DATA_SET}_{split}" for split in files}
        entries = {names[split]: {"file_name": name, **listed} for split, name in files.items()}
        (folder / "dataset_info.json").write_bytes(orjson.dumps(entries, option=orjson.OPT_INDENT_2))
    written_at = datetime.now(UTC).isoformat(timespec="seconds")
    licence = rights_of_rows(connection, settings.run).name
    described = croissant(Described(files, digests, schema, settings.files, licence, written_at[:10]))
    (folder / "croissant.json").write_bytes(orjson.dumps(described, option=orjson.OPT_INDENT_2))
    runs = connection.execute(
        f"select distinct run_id from {MODES[settings.mode]} where {_CHOSEN} order by 1",
        {"run": settings.run},
    ).fetchall()
    record: dict[str, Any] = {
        "origin": origin(data),
        "layout": settings.layout,
        "mode": settings.mode,
        "runs": [run for (run,) in runs],
        "rows": dict(splits),
        "sha256": digests,
        "written_at": written_at,
    }
    write_manifest(folder, record)
