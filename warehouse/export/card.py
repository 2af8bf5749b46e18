"""The dataset card: what the data is, where it comes from, what was rejected and why, what its licence allows.

Its YAML head is what loaders read: the splits by name, the columns' types, licence, language, size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa
import yaml

from factory.shown_text import markdown
from warehouse.export import layouts
from warehouse.export.rights import Rights, rights_of, strictest

if TYPE_CHECKING:
    from warehouse.export.writing import ExportSettings

Row = tuple[Any, ...]
Ask = Callable[[str], list[Row]]
"""Answers a question about one run, or all."""
_ONLY: Final = "($run is null or run_id = $run)"
_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(
    connection: duckdb.DuckDBPyConnection,
    settings: ExportSettings,
    files: Mapping[str, str],
    splits: Mapping[str, int],
    sizes: Mapping[str, int],
    columns: pa.Schema,
) -> str:
    """Markdown under a YAML head, from views alone, so that card and report cannot disagree."""

    def ask(question: str) -> list[Row]:
        return connection.execute(question, {"run": settings.run}).fetchall()

    shares = ask(
        f"select split, count(*), count(distinct place_id) from samples where {_ONLY} group by split order by split"
    )
    runs = ask(
        f"select run_id, map_provider, teacher, prompt_version, simulated, accepted from runs where {_ONLY} order by run_id"
    )
    binding = rights_of_rows(connection, settings.run)
    simulated = any(row[4] for row in runs)
    parts = [
        _head(files, splits, sizes, columns, binding, simulated=simulated),
        "# Restaurant recommendations, grounded in map evidence",
        "",
        *_warning(invented=any(row[1] == "sandbox" for row in runs), simulated=simulated),
        (
            f"Layout `{settings.layout}` ({layouts.LAYOUTS[settings.layout].readers}), `{settings.mode}` prompts; a file a split. "
            "**AI-generated**: a language model wrote the sentences; code checked each answer's claims against its own order's "
            "map evidence."
        ),
        "",
        *_table(("split", "samples", "places"), shares),
        "`unseen` holds whole neighbourhoods (10 km cells) that `train` never touches; `seen`: wishes kept back at train places.",
        "",
        *_pooled(sum(row[1] for row in shares) - sum(splits.values()), len(runs)),
        *_source(ask, binding),
        "## How it was made",
        "",
        *_table(("run", "map", "teacher", "prompt", "simulated", "accepted"), runs),
        *_making(ask),
    ]
    return "\n".join(parts)


def _source(ask: Ask, binding: Rights) -> list[str]:
    rights = ask(f"select distinct map_provider, datum, licence, attribution from samples where {_ONLY} order by all")
    return [
        "## Source and rights",
        "",
        *_table(("map", "datum", "licence", "attribution"), rights),
        f"For the whole: {binding.name} ({binding.why}).",
        "",
    ]


def _making(ask: Ask) -> list[str]:
    """Calls and money, what was returned, what was rejected, and what is in it."""
    usage = ask(
        "select model, purpose, sum(calls), sum(input_tokens), sum(output_tokens), round(sum(cost_cny), 4) "
        f"from usage where {_ONLY} group by all order by all"
    )
    tries = ask(
        "select run_id, candidates, round(first_try_rate, 3), returns, round(repair_cny, 4), "
        f"round(coalesce(repair_share, repair_token_share), 3) from first_tries where {_ONLY} order by run_id"
    )
    returned = ask(
        "select outcome, reason, sum(returns), sum(first) from returns_by_reason "
        f"where {_ONLY} group by all order by 3 desc, 1, 2"
    )
    rejects = ask(
        f"select stage, reason, sum(rejects) from rejects_by_reason where {_ONLY} group by all order by 3 desc, 1, 2"
    )
    cuisines = ask(f"select cuisine, count(*) from samples where {_ONLY} group by cuisine order by 2 desc, 1")
    return [
        *_table(("model", "purpose", "calls", "tokens in", "tokens out", "cost CNY"), usage),
        "## First tries and what was returned",
        "",
        *_table(("run", "candidates", "first tries accepted", "returns", "repairs CNY", "repairs' share"), tries),
        *_table(("outcome", "reason", "returns", "of first tries"), returned),
        "## What was rejected",
        "",
        *_table(("stage", "reason", "candidates"), rejects),
        "## Cuisines",
        "",
        *_table(("cuisine", "samples"), cuisines),
    ]


def rights_of_rows(connection: duckdb.DuckDBPyConnection, run: str | None) -> Rights:
    """The rights that bind all rows of a run, or of the folder, together."""
    rows = connection.execute(
        "select distinct map_provider, licence from samples where ($run is null or run_id = $run)", {"run": run}
    ).fetchall()
    return strictest([rights_of(provider, licence) for provider, licence in rows])


def _head(
    files: Mapping[str, str],
    splits: Mapping[str, int],
    sizes: Mapping[str, int],
    columns: pa.Schema,
    binding: Rights,
    *,
    simulated: bool,
) -> str:
    """The YAML head; ``configs`` names each split's file, since names such as ``seen`` are no loader's own."""
    count = sum(splits.values())
    fields: dict[str, Any] = {
        "language": ["zh"],
        "license": binding.identifier,
        **({"license_name": binding.name.lower().replace(" ", "-")} if binding.identifier == "other" else {}),
        "task_categories": ["text-generation", "question-answering"],
        "tags": ["synthetic", "ai-generated", "restaurants", "chidian", *(["simulated"] if simulated else [])],
        "size_categories": [next((word for most, word in _SIZES if count < most), "n>1M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": name} for split, name in files.items()],
            }
        ],
        "dataset_info": {
            "features": layouts.features(columns),
            "splits": [
                {"name": split, "num_bytes": sizes[files[split]], "num_examples": rows}
                for split, rows in splits.items()
            ],
        },
    }
    return f"---\n{yaml.safe_dump(fields, allow_unicode=True, sort_keys=False)}---\n"


def _warning(*, invented: bool, simulated: bool) -> list[str]:
    if invented:
        return [
            (
                "> **INVENTED DATA (sandbox).** Places' names are real; restaurants, addresses, ratings, prices are not. "
                "Use it to try the pipeline, never as facts."
            ),
            "",
        ]
    if simulated:
        return [
            "> **SIMULATED TEACHER.** The restaurants are the map's (rights below); the sentences are a simulated teacher's.",
            "",
        ]
    return []


def _pooled(dropped: int, runs: int) -> list[str]:
    if runs < 2:
        return []
    return [f"{runs} runs are pooled; {dropped} samples that repeat another run's are left out.", ""]


def _table(head: tuple[str, ...], rows: list[Row]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join("unknown" if cell is None else markdown(cell) for cell in row) + " |" for row in rows]
    return [*lines, ""]
