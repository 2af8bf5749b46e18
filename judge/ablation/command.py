"""``python -m judge ablate``: rejects, arms, runs, effects, report. The order of a study; each step is a file beside this."""

from __future__ import annotations

import asyncio
import time

from factory.errors import UsageError
from factory.run.refresh import Refresher
from factory.settings import Values
from judge.ablation import children
from judge.ablation.config import AblateSettings, settings_of
from judge.ablation.findings import find
from judge.ablation.results import read_values
from judge.ablation.rows import Families, chars, fingerprint, read_families
from judge.ablation.running import Job, run_all, say
from judge.ablation.study import Origin, find_origin, make_rejects, share_samples
from judge.ablation.telling import Study, print_table, write_study


def main(values: Values) -> int:
    """0 when the report stands. Raises ChidianError."""
    settings = settings_of(values)
    with children.locked(settings.folder) as lock:
        return asyncio.run(_ablate(settings, lock))


async def _ablate(settings: AblateSettings, lock: int) -> int:
    started = time.monotonic()
    origin = await find_origin(settings.data)
    if origin.sandbox:
        say(f"Rejected rows: a run of its own, defect share {settings.defects:g}, no repair (SIMULATED).")
    rejects = await make_rejects(settings, origin, lock)
    families = await asyncio.to_thread(read_families, settings.data, rejects, settings.tokens)
    for sentence in families.missing:
        say(sentence)
    if not families.arms:
        raise UsageError("There is no arm to train: see the sentences above.")
    _say_plan(settings, families)
    await share_samples(settings)
    study = fingerprint(families.arms, settings.tokens, settings.questions, settings.model)
    jobs = [Job(arm, seed, study) for seed in range(settings.seeds) for arm in families.arms]
    await run_all(settings, jobs, lock)
    await Refresher(settings.folder).refresh()
    values = await asyncio.to_thread(read_values, settings, jobs)
    findings = find(values, families.arms)
    told = _study(settings, origin, families, study)
    where = await asyncio.to_thread(write_study, settings.data, told, findings)
    print_table(told, findings)
    say(
        f"ablation: {where} · {(time.monotonic() - started) / 60:.1f} min; `make report` shows it in the judge's report"
    )
    return 0


def _say_plan(settings: AblateSettings, families: Families) -> None:
    say(f"{settings.seeds} seeds of each arm, {settings.tokens:,} trained answer tokens a run:")
    for arm in families.arms:
        score = f" · mean data score {arm.mean_score:.2f}" if arm.mean_score is not None else ""
        say(
            f"  {arm.name}: {len(arm.rows)} rows, {chars(arm.rows):,} characters, {arm.rejected_share:.1%} rejected{score}"
        )


def _study(settings: AblateSettings, origin: Origin, families: Families, study: str) -> Study:
    simulated_judge = families.judge is not None and families.judge.startswith("sandbox/")
    return Study(
        study=study,
        run=origin.run_id,
        teacher=origin.teacher,
        judge=families.judge,
        simulated=origin.simulated or simulated_judge,
        rejects="own run" if origin.sandbox else "the data's own",
        defect_share=settings.defects if origin.sandbox else None,
        model=settings.model or "embedded tiny Qwen3",
        tokens=settings.tokens,
        seeds=settings.seeds,
        questions=settings.questions,
        arms=families.arms,
        missing=families.missing,
    )
