"""Rows that Hugging Face's datasets finds in an export, whole and streamed. Usage: PYTHON hub_datasets.py FOLDER OUT."""

import json
import sys
from pathlib import Path

from datasets import load_dataset

folder, out = sys.argv[1:3]
whole = {split: len(rows) for split, rows in load_dataset(folder).items()}
streamed = {split: sum(1 for _ in rows) for split, rows in load_dataset(folder, streaming=True).items()}
Path(out).write_text(json.dumps({"whole": whole, "streamed": streamed}))
