"""Token ids and trained positions that ms-swift makes of an export. Usage: PYTHON ms_swift.py FOLDER CHECKPOINT OUT.

On its command line: ``--template qwen3 --loss_scale ignore_empty_think``, so that the empty thinking block carries no loss.
"""

import json
import sys
from pathlib import Path

from swift import get_processor, get_template
from swift.dataset import load_dataset

folder, checkpoint, out = sys.argv[1:4]
processor = get_processor(checkpoint, model_type="qwen3")
template = get_template(processor, template_type="qwen3", loss_scale="ignore_empty_think")
template.set_mode("train")
rows, _ = load_dataset([f"{folder}/train.jsonl"], num_proc=1)
lines = (Path(folder) / "train.jsonl").read_text(encoding="utf-8").splitlines()
made = {}
for line, row in zip(lines, rows, strict=True):
    encoded = template.encode(row)
    made[json.loads(line)["sample_id"]] = [
        list(encoded["input_ids"]),
        [int(label != -100) for label in encoded["labels"]],
    ]
Path(out).write_text(json.dumps(made))
