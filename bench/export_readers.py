"""Do other people's loaders and trainers find in an export what ``make train`` trains? Token ids and masks, row by row.

Usage: python bench/export_readers.py DATA CHECKPOINT [--tables PYTHON] [--trl PYTHON] [--llama-factory PYTHON] [--ms-swift PYTHON]

CHECKPOINT is one that ``make train MODEL=...`` made over the whole vocabulary; ``none`` leaves the trainers out. Each PYTHON is the
interpreter of an environment of its own with that package and torch; that of ``--tables`` has pandas, polars, duckdb, mlcroissant
and pyarrow. (LLaMA-Factory imports torchaudio for sound that we have none of; where its binary does not load beside a CPU torch, an
empty module of that name serves.) Exports DATA in every layout, as JSONL and as Parquet, with its proof; prints one JSON line a
reader and layout, ``chidian verify`` among them: rows that pass, and rows whose claims are those of the warehouse.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).parent
LAYOUTS = ("messages", "prompt-completion", "sharegpt", "alpaca", "iqa")
TAKEN = {
    "trl_sft": ("prompt-completion",),
    "llama_factory": ("messages", "sharegpt", "alpaca", "iqa"),
    "ms_swift": ("messages", "sharegpt", "alpaca", "iqa"),
}
CLAIM = ("poi_id", "kind", "stated", "truth", "status")


def run_reader(python: str, script: str, *arguments: str) -> str | None:
    """None when it ended well, else the last line of what it said."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HF_HUB_OFFLINE": "1"}
    command = [python, "-W", "ignore", str(HERE / "readers" / f"{script}.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd="/", check=False)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no word"])[-1]


def say(reader: str, layout: str, **figures: Any) -> None:
    """One line of the report."""
    print(json.dumps({"reader": reader, "layout": layout, **figures}), flush=True)


def write(data: Path, out: Path, layout: str, files: str) -> None:
    """One export with its proof."""
    command = [sys.executable, "-m", "warehouse", "export", "--data", str(data), "--layout", layout, "--files", files]
    subprocess.run([*command, "--proof", "1", "--out", str(out)], check=True, capture_output=True)


def stored_claims(data: Path) -> dict[str, Counter[tuple[Any, ...]]]:
    """Sample to its claims as the warehouse has them."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(f"select sample_id, {', '.join(CLAIM)} from claims").fetchall()
        samples = connection.execute("select sample_id from samples").fetchall()
    claims: dict[str, Counter[tuple[Any, ...]]] = {sample: Counter() for (sample,) in samples}
    for sample, *claim in rows:
        claims[sample][tuple(claim)] += 1
    return claims


def verify(out: Path, stored: dict[str, Counter[tuple[Any, ...]]]) -> dict[str, int]:
    """``chidian verify`` of a folder: rows, rows that pass, rows with the warehouse's claims."""
    command = [sys.executable, "-m", "factory", "verify", "--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    equal = (
        Counter(tuple(claim[name] for name in CLAIM) for claim in row["claims"]) == stored[row["row"]] for row in rows
    )
    return {
        "rows": len(rows),
        "stored": len(stored),
        "pass": sum(row["accepted"] for row in rows),
        "claims_equal": sum(equal),
    }


def expected(data: Path, checkpoint: Path) -> dict[str, tuple[list[int], list[int]]]:
    """Sample to token ids and trained positions, as ``make train`` has them."""
    from train.rows import read_rows  # noqa: PLC0415 - torch is slow to import
    from train.template import load_template  # noqa: PLC0415 - as above

    template = load_template(checkpoint, "off")
    rows = (template.encode(row) for row in read_rows(data, "from sft_train"))
    return {
        row.sample_id: (list(row.ids), [0] * row.answer_start + [1] * (len(row.ids) - row.answer_start)) for row in rows
    }


def compare(made: dict[str, Any], wanted: dict[str, tuple[list[int], list[int]]]) -> dict[str, int]:
    """Rows, rows whose ids are equal, rows whose mask is."""
    pairs = [(made[sample], wanted[sample]) for sample in wanted.keys() & made.keys()]
    return {
        "rows": len(made),
        "wanted": len(wanted),
        "ids_equal": sum(list(ids) == want for (ids, _), (want, _) in pairs),
        "mask_equal": sum(list(mask) == want for (_, mask), (_, want) in pairs),
    }


def load(data: Path, scratch: Path, flags: dict[str, Any]) -> None:
    """Every layout and file format in the verifier, in tables and in datasets."""
    stored, made = stored_claims(data), scratch / "made.json"
    for layout in LAYOUTS:
        for files in ("jsonl", "parquet"):
            out = scratch / f"{layout}-{files}"
            write(data, out, layout, files)
            say("chidian verify", out.name, **verify(out, stored))
            for reader, python in (("tables", flags["tables"]), ("hub_datasets", flags["trl_sft"])):
                if python:
                    failed = run_reader(python, reader, str(out), str(made))
                    say(reader, out.name, **({"failed": failed} if failed else json.loads(made.read_text())))


def train(data: Path, checkpoint: Path, scratch: Path, flags: dict[str, Any]) -> None:
    """Token ids and masks in the trainers that are at hand."""
    wanted, made = expected(data, checkpoint), scratch / "made.json"
    for reader, layouts in TAKEN.items():
        for layout in layouts if flags[reader] else ():
            failed = run_reader(flags[reader], reader, str(scratch / f"{layout}-jsonl"), str(checkpoint), str(made))
            say(reader, layout, **({"failed": failed} if failed else compare(json.loads(made.read_text()), wanted)))


def main() -> None:
    """Export, read, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint")
    parser.add_argument("--tables")
    for reader in TAKEN:
        parser.add_argument(f"--{reader.split('_sft')[0].replace('_', '-')}", dest=reader)
    flags = vars(parser.parse_args())
    data = flags["data"].absolute()
    with tempfile.TemporaryDirectory() as scratch:
        load(data, Path(scratch), flags)
        if flags["checkpoint"] != "none":
            train(data, Path(flags["checkpoint"]).absolute(), Path(scratch), flags)


if __name__ == "__main__":
    main()
