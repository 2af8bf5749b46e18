"""Do other people's loaders and trainers find in an export what ``make train`` trains? Token ids and masks, row by row.

Usage: python bench/export_readers.py DATA CHECKPOINT [--trl PYTHON] [--llama-factory PYTHON] [--ms-swift PYTHON]

CHECKPOINT is one that ``make train MODEL=...`` made over the whole vocabulary. Each PYTHON is the interpreter of an environment of
its own with that package and torch (LLaMA-Factory imports torchaudio for sound that we have none of; where its binary does not load
beside a CPU torch, an empty module of that name serves). Exports DATA in every layout and prints one JSON line a reader and layout.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
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


def _run(python: str, script: str, *arguments: str) -> str | None:
    """None when it ended well, else the last line of what it said."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HF_HUB_OFFLINE": "1"}
    command = [python, "-W", "ignore", str(HERE / "readers" / f"{script}.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd="/", check=False)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no word"])[-1]


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


def main() -> None:
    """Export, read, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint", type=Path)
    for reader in TAKEN:
        parser.add_argument(f"--{reader.split('_sft')[0].replace('_', '-')}", dest=reader)
    flags = vars(parser.parse_args())
    data, checkpoint = flags["data"].absolute(), flags["checkpoint"].absolute()
    wanted = expected(data, checkpoint)
    with tempfile.TemporaryDirectory() as scratch:
        for layout in LAYOUTS:
            out = Path(scratch) / layout
            command = [sys.executable, "-m", "warehouse", "export", "--data", str(data), "--layout", layout]
            subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)
            rows = duckdb.sql(f"select count(*) from read_json('{out}/*.jsonl')").fetchall()[0][0]
            print(json.dumps({"reader": "duckdb", "layout": layout, "rows": rows}), flush=True)
            if flags["trl_sft"]:
                made = Path(scratch) / "made.json"
                failed = _run(flags["trl_sft"], "hub_datasets", str(out), str(made))
                report = {"failed": failed} if failed else json.loads(made.read_text())
                print(json.dumps({"reader": "datasets", "layout": layout, **report}), flush=True)
        for reader, layouts in TAKEN.items():
            for layout in layouts if flags[reader] else ():
                made = Path(scratch) / "made.json"
                failed = _run(flags[reader], reader, str(Path(scratch) / layout), str(checkpoint), str(made))
                result = {"failed": failed} if failed else compare(json.loads(made.read_text()), wanted)
                print(json.dumps({"reader": reader, "layout": layout, **result}), flush=True)


if __name__ == "__main__":
    main()
