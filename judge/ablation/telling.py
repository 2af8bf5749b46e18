"""A study told: a table in the terminal, ``ablation.json``, charts, and the section of the judge's report."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from factory import chart_style as style
from factory.shown_text import shown
from judge.ablation import charts
from judge.ablation.findings import BASE_MIX, MEASURES, PRIMARY, SLOPE, StudyFindings
from judge.ablation.rows import Arm, chars
from judge.report.ablation import SECTION
from judge.statistics.crossed import Crossed

TOP, NOTHING = "tier-top", "–"
ANSWERS = ((SLOPE, "rejected"), (TOP, "tier"))
"""The two contrasts that were chosen before any run, by family"""


@dataclass(frozen=True, slots=True)
class Study:
    """What was done. ``rejects``: a sandbox run of its own (with its defect share), or what the data had."""

    study: str
    run: str
    teacher: str
    judge: str | None
    simulated: bool
    rejects: str
    defect_share: float | None
    model: str
    tokens: int
    seeds: int
    questions: int
    arms: tuple[Arm, ...]
    missing: tuple[str, ...]


def print_table(study: Study, findings: StudyFindings) -> None:
    """Held-out effects of the largest dose, of ten points of dose, and of the judge's top third; the answers below."""
    console = Console(width=max(150, Console().width))
    mark = " · SIMULATED" if study.simulated else ""
    table = Table(
        *(
            "held-out",
            "0 %",
            "60 % - 0 % rejected",
            "each +10 % rejected",
            "MDE",
            "n",
            "top - bottom third",
            "MDE",
            "n",
        ),
        title=Text(shown(f"ablation {study.study}: {study.tokens:,} tokens a run, seeds {study.seeds}{mark}")),
        title_justify="left",
    )
    for measure in MEASURES:
        slope, top = findings.effect(measure, SLOPE), findings.effect(measure, TOP)
        cells = [
            mean(findings.level(measure, BASE_MIX)),
            interval(findings.effect(measure, "rejected-60")),
            *(interval(slope), detectable(slope), counted(slope)),
            *(interval(top), detectable(top), counted(top)),
        ]
        if any(cell != NOTHING for cell in cells):
            table.add_row(measure, *cells)
    console.print(table)
    console.print(
        "[95 % interval]; * it excludes zero; MDE: smallest effect seen with power 0.8; n: values (seeds) in every arm",
        markup=False,
    )
    for name, family in ANSWERS:
        effect = findings.effect(PRIMARY, name)
        if effect is not None:
            console.print(Text(shown(answer(family, effect)[1])))


def answer(family: str, effect: Crossed) -> tuple[str, str]:
    """What the primary outcome says, in Chinese and English."""
    about = {
        "rejected": ("被拒样本每多 10 %，", "Each ten points more of rejected rows: "),
        "tier": ("评审最高分的三分之一对最低分的三分之一：", "Top against bottom third by the judge: "),
    }[family]
    if effect.low is None or effect.detectable is None:
        return (
            f"{about[0]}{MEASURES[PRIMARY][0]} {effect.mean:+.3f}，种子与地点之间没有差别可供估计，给不出区间。",
            f"{about[1]}{MEASURES[PRIMARY][1]} {effect.mean:+.3f}; nothing varies over seeds and places, so there is no interval.",
        )
    numbers = f"{effect.mean:+.3f} [{effect.low:+.3f}, {effect.high:+.3f}]"
    shown = ("有效应", "an effect is shown") if effect.shown else ("没有显示出效应", "no effect is shown")
    return (
        f"{about[0]}{MEASURES[PRIMARY][0]} {numbers}：{shown[0]}；能测出的最小效应 {effect.detectable:.3f}。",
        f"{about[1]}{MEASURES[PRIMARY][1]} {numbers}: {shown[1]}; the smallest detectable effect is {effect.detectable:.3f}.",
    )


def mean(crossed: Crossed | None) -> str:
    """A level."""
    return NOTHING if crossed is None else f"{crossed.mean:.3f}"


def interval(crossed: Crossed | None) -> str:
    """An effect with its interval, where it has one, and a star where that excludes zero."""
    if crossed is None:
        return NOTHING
    if crossed.low is None or crossed.high is None:
        return f"{crossed.mean:+.3f}"
    return f"{crossed.mean:+.3f} [{crossed.low:+.3f}, {crossed.high:+.3f}]{' *' if crossed.shown else ''}"


def detectable(crossed: Crossed | None) -> str:
    """The smallest effect that would be seen."""
    return NOTHING if crossed is None or crossed.detectable is None else f"{crossed.detectable:.3f}"


def counted(crossed: Crossed | None) -> str:
    """How many values every arm of the contrast has, and from how many seeds: a measure may be left out of an answer."""
    return NOTHING if crossed is None else f"{crossed.values} ({crossed.seeds})"


def write_study(data: Path, study: Study, findings: StudyFindings) -> Path:
    """``DATA/reports/ablation``: JSON, PNGs, and the report's section. Returns the JSON's path."""
    folder = (data / SECTION).parent
    folder.mkdir(parents=True, exist_ok=True)
    drawings = charts.drawings(findings)
    languages = {".en.png": False, **({".png": True} if style.chinese_font() else {})}
    with style.drawing():
        for name, draw in drawings.items():
            for ending, chinese in languages.items():
                drawn = draw(chinese)
                if study.simulated:
                    drawn.suptitle(
                        "SIMULATED 模拟" if chinese else "SIMULATED", fontsize=8, color=charts.RED, x=0.99, ha="right"
                    )
                _put(folder / (name + ending), style.png(drawn))
        pictures = {
            name: {
                language: style.svg(draw(language == "zh"), f"{name}-{language}".replace("_", "-"))
                for language in ("zh", "en")
            }
            for name, draw in drawings.items()
        }
    _put(folder / "section.html", section(study, findings, pictures).encode())
    where = folder / "ablation.json"
    _put(where, orjson.dumps(as_json(study, findings), option=orjson.OPT_INDENT_2))
    return where


def section(study: Study, findings: StudyFindings, pictures: dict[str, dict[str, str]]) -> str:
    """The fragment of the judge's report, in both languages."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = resources.files("judge.ablation").joinpath("section.html.jinja").read_text(encoding="utf-8")
    sentences = [
        answer(family, effect) for name, family in ANSWERS if (effect := findings.effect(PRIMARY, name)) is not None
    ]
    return environment.from_string(template).render(
        s=study,
        f=findings,
        measures=MEASURES,
        sentences=sentences,
        pictures=pictures,
        slope=SLOPE,
        top=TOP,
        mean=mean,
        interval=interval,
        detectable=detectable,
        counted=counted,
        chars=chars,
    )


def as_json(study: Study, findings: StudyFindings) -> dict[str, Any]:
    """Everything, with the rows of the arms as counts."""
    told = {name: getattr(study, name) for name in Study.__slots__ if name != "arms"}
    arms = [
        {
            "name": arm.name,
            "rows": len(arm.rows),
            "characters": chars(arm.rows),
            "rejected_share": arm.rejected_share,
            "mean_score": arm.mean_score,
            "reasons": Counter(row.reason for row in arm.rows if row.reason),
        }
        for arm in study.arms
    ]
    return {**told, "arms": arms, "primary": PRIMARY, **asdict(findings)}


def _put(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.aside")
    aside.write_bytes(content)
    aside.replace(path)
