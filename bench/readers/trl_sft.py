"""Token ids and trained positions that TRL's SFTTrainer makes of an export. Usage: PYTHON trl_sft.py FOLDER CHECKPOINT OUT."""

import json
import sys
import tempfile
from pathlib import Path

from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

folder, checkpoint, out = sys.argv[1:4]
rows = load_dataset(folder)["train"]
with tempfile.TemporaryDirectory() as scratch:
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(checkpoint),
        args=SFTConfig(output_dir=scratch, max_length=2048, report_to=[], use_cpu=True, shuffle_dataset=False),
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(checkpoint),
    )
made = {
    sample: [row["input_ids"], [int(label != -100) for label in row["labels"]]]
    for sample, row in zip(rows["sample_id"], trainer.train_dataset, strict=True)
}
Path(out).write_text(json.dumps(made))
