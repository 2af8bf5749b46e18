"""The demonstration as a newcomer has it: 1,000 samples, a closed and an open training from scratch, what the student learned.

``python bench/student.py`` prints JSON: seconds of each step, the share of answers that are well-formed and ended, right claims
on unseen places open minus closed. Half an hour on two cores; ``--ablate`` adds `make ablate`, ``--seed`` other data.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train.measuring import open_data
from train.summary import interval, open_minus_closed

CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
GOOD = """
select s.place_id, bool_and(m.value = 1)::double
from completions c join measures m using (completion_id) join samples s using (sample_id)
where c.mode = ? and c.split = ? and m.kind in ('ended', 'well_formed') group by c.completion_id, s.place_id
"""


def timed(data: Path, *words: str, **settings: object) -> float:
    """Seconds of one command in a process of its own."""
    env = CLEAN | {name: str(value) for name, value in settings.items()} | {"DATA": str(data)}
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", *words], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    return round(time.monotonic() - started, 1)


def learned(data: Path) -> dict[str, Any]:
    """What the completions in the warehouse show."""
    good: dict[str, Any] = {}
    with open_data(data) as connection:
        for mode in ("closed", "open"):
            for split in ("seen", "unseen"):
                rows = connection.execute(GOOD, [mode, split]).fetchall()
                good[f"{mode} {split}"] = asdict(interval(rows))
    difference = open_minus_closed(data, "tiny-closed-0", "tuned", "claims_right")
    return {"well_formed_and_ended": good, "claims_right_open_minus_closed": difference and asdict(difference)}


def main() -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description="What the demonstration shows.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ablate", action="store_true")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        wall = {"synth": timed(data, "factory", "synth", N=1_000, SEED=flags.seed)}
        for mode in ("closed", "open"):
            took = timed(data, "train", "run", MODE=mode), timed(data, "train", "complete", MODE=mode)
            wall[mode] = round(sum(took), 1)
        measures = learned(data)
        if flags.ablate:
            wall["judge"] = timed(data, "judge", "run")
            wall["ablate"] = timed(data, "judge", "ablate")
    print(json.dumps({"wall_s": wall} | measures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
