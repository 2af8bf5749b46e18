"""The dataset card: what the data is, where it comes from, what was rejected and why, what its licence allows."""

from __future__ import annotations

from typing import Any

import duckdb

from factory.shown_text import markdown


def card(connection: duckdb.DuckDBPyConnection, layout: str, run: str | None) -> str:
    """Markdown, from views alone, so that card and report cannot disagree."""

    def ask(question: str) -> list[tuple[Any, ...]]:
        return connection.execute(question, {"run": run}).fetchall()

    only = "($run is null or run_id = $run)"
    splits = ask(
        f"select split, count(*), count(distinct place_id) from samples where {only} group by split order by split"
    )
    runs = ask(f"select run_id, map_provider, teacher, prompt_version, simulated, accepted from runs where {only}")
    rights = ask(f"select distinct map_provider, datum, licence, attribution from samples where {only}")
    rejects = ask(
        f"select stage, reason, sum(rejects) from rejects_by_reason where {only} group by all order by 3 desc"
    )
    usage = ask(
        "select model, purpose, sum(calls), sum(input_tokens), sum(output_tokens), sum(cost_cny) "
        f"from usage where {only} group by all"
    )
    cuisines = ask(f"select cuisine, count(*) from samples where {only} group by cuisine order by 2 desc")
    invented = any(row[1] == "sandbox" for row in runs)
    simulated = any(row[4] for row in runs)
    parts = ["# Restaurant recommendations, grounded in map evidence", ""]
    if invented:
        parts += [
            (
                "> **INVENTED DATA (sandbox).** Places' names are real; restaurants, addresses, ratings, prices are not. "
                "Use it to try the pipeline, never as facts."
            ),
            "",
        ]
    elif simulated:
        parts += [
            "> **SIMULATED TEACHER.** The restaurants are the map's (rights below); the sentences are a simulated teacher's.",
            "",
        ]
    parts += [
        f"Layout `{layout}`; one JSONL file a split. Code checked each answer's claims against its own order's map evidence.",
        "",
        *_table(("split", "samples", "places"), splits),
        "`unseen` holds whole neighbourhoods (10 km cells) that `train` never touches; `seen`: wishes kept back at train places.",
        "",
        "## Source and rights",
        "",
        *_table(("map", "datum", "licence", "attribution"), rights),
        "## How it was made",
        "",
        *_table(("run", "map", "teacher", "prompt", "simulated", "accepted"), runs),
        *_table(("model", "purpose", "calls", "tokens in", "tokens out", "cost CNY"), usage),
        "## What was rejected",
        "",
        *_table(("stage", "reason", "candidates"), rejects),
        "## Cuisines",
        "",
        *_table(("cuisine", "samples"), cuisines),
    ]
    return "\n".join(parts)


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join("unknown" if cell is None else markdown(cell) for cell in row) + " |" for row in rows]
    return [*lines, ""]
