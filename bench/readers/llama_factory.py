"""Token ids and trained positions that LLaMA-Factory makes of an export. Usage: PYTHON llama_factory.py FOLDER CHECKPOINT OUT."""

import json
import sys
import tempfile
from pathlib import Path

from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer

folder, checkpoint, out = sys.argv[1:4]
with tempfile.TemporaryDirectory() as scratch:
    model, data, training, _, _ = get_train_args(
        {
            "stage": "sft",
            "do_train": True,
            "model_name_or_path": checkpoint,
            "dataset": "chidian",
            "dataset_dir": folder,
            "template": "qwen3",
            "enable_thinking": False,
            "cutoff_len": 2048,
            "output_dir": scratch,
            "overwrite_cache": True,
            "finetuning_type": "full",
            "report_to": "none",
        }
    )
    words = load_tokenizer(model)
    template = get_template_and_fix_tokenizer(words["tokenizer"], data)
    rows = get_dataset(template, model, data, training, "sft", **words)["train_dataset"]
lines = (Path(folder) / "train.jsonl").read_text(encoding="utf-8").splitlines()
made = {
    json.loads(line)["sample_id"]: [row["input_ids"], [int(label != -100) for label in row["labels"]]]
    for line, row in zip(lines, rows, strict=True)
}
Path(out).write_text(json.dumps(made))
