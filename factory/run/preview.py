"""``chidian preview``: three orders' candidates to be read before money goes into a run; nothing is committed.

Plan, teacher and verifier are the run's own, so that the paid answers, which are kept, serve the run that follows.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Final

from rich.console import Console
from rich.text import Text

from factory.config import SANDBOX, Settings, settings_of
from factory.errors import RunStopped, UsageError
from factory.record_view import record_lines, rule
from factory.records import Claim, OrderOutcome, SlotOutcome
from factory.run.producing import Face, open_executor, open_run
from factory.run.progress import Progress
from factory.run.synth import greeting, say
from factory.sending.addresses import is_loopback
from factory.settings import Values

ORDERS: Final = 3
MARKS: Final = {"verified": "✓", "inferable": "≈", "contradicted": "✗", "unsupported": "?"}
"""Beside each claim in an answer; the legend says them in words."""
STYLES: Final = {"✓": "green", "≈": "cyan", "✗": "bold red", "?": "bold yellow"}
LEGEND: Final = "✓ stands in the evidence   ≈ follows from it by a rule   ✗ contradicts it   ? is not in it"


def main(values: Values) -> int:
    """Show them. 0, or 1 when no order gave a candidate. Raises ChidianError."""
    settings = settings_of(values)
    say(greeting(settings))
    outcomes, cost = asyncio.run(preview(settings, Face(say, Progress)))
    width = shutil.get_terminal_size((100, 24)).columns
    _print(lines(outcomes, width))
    candidates = [slot for outcome in outcomes for slot in outcome.slots if slot.candidate is not None]
    accepted = sum(slot.accepted for slot in candidates)
    say(f"{accepted} of {len(candidates)} candidates pass. {_money(outcomes, cost)} Nothing was committed.")
    return 0 if candidates else RunStopped.exit_code


async def preview(settings: Settings, face: Face) -> tuple[list[OrderOutcome], float | None]:
    """The plan's first orders, served; and what was paid now, in CNY, None where the price is unknown. Raises ChidianError."""
    if settings.teacher != SANDBOX and settings.budget_cny is None and not (settings.yes or _costs_nothing(settings)):
        raise UsageError(
            f"A preview of {ORDERS} orders spends real money: give a cap, BUDGET=<CNY>, or agree with YES=1; what it pays for, "
            "the run that follows does not pay for again."
        )
    async with AsyncExitStack() as stack:
        opened = await open_run(settings, face, stack)
        job, services = opened.job, opened.services
        opened.folder.claim_world(opened.world.label, settings.teacher)
        executor = await open_executor(job, services, stack)
        stack.push_async_callback(executor.aclose)
        orders = [job.plan.order(index) for index in range(ORDERS) if index * job.plan.k < job.plan.capacity]
        await services.ledger.open_orders([(order.order_id, len(order.wishes)) for order in orders])
        outcomes = await asyncio.gather(*(executor.run(order) for order in orders))
        return list(outcomes), paid(outcomes) if services.price else None


def _costs_nothing(settings: Settings) -> bool:
    return settings.price_in == 0.0 == settings.price_out and is_loopback(settings.teacher_base_url or "")


def paid(outcomes: Sequence[OrderOutcome]) -> float:
    """CNY for the calls that were made now; a kept answer that was taken again costs nothing."""
    return sum(call.cost_cny or 0.0 for outcome in outcomes for call in outcome.calls if not call.replayed)


def _money(outcomes: Sequence[OrderOutcome], cost: float | None) -> str:
    calls = [call for outcome in outcomes for call in outcome.calls]
    kept = sum(call.replayed for call in calls)
    told = "price unknown" if cost is None else f"{cost:.4f} CNY"
    return f"{len(calls) - kept} calls ({told}), {kept} answers kept from before; the run that follows takes them all again."


def lines(outcomes: Sequence[OrderOutcome], width: int) -> Iterator[str]:
    """What is shown, line by line, for a terminal of so many cells."""
    yield LEGEND
    for outcome in outcomes:
        place = outcome.order.place
        yield ""
        yield rule(f"{place.name}, {place.city} · order {outcome.order.order_id}", width)
        if outcome.failure is not None:
            yield from record_lines([("failed", f"{outcome.failure.reason}: {outcome.failure.detail}")], width)
            continue
        for slot in outcome.slots:
            yield ""
            yield from record_lines(list(_record(slot)), width)


def _record(slot: SlotOutcome) -> Iterator[tuple[str, str]]:
    if slot.candidate is None or slot.verification is None:
        failure = slot.failure
        yield "no answer", f"{failure.reason}: {failure.detail}" if failure else "the agent gave none"
        return
    yield "question", slot.candidate.question
    yield "answer", marked(slot.candidate.answer, slot.verification.claims)
    counts = {status: sum(claim.status == status for claim in slot.verification.claims) for status in MARKS}
    yield "claims", ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "none"
    verdict = (
        "passes"
        if slot.accepted
        else "; ".join(f"{finding.reason}: {finding.detail}" for finding in slot.verification.findings)
    )
    yield "verdict" if slot.accepted else "findings", verdict


def marked(answer: str, claims: Sequence[Claim]) -> str:
    """The answer with a mark behind each claim whose words stand in it; each is looked for behind the one before it."""
    at, marks = 0, list[tuple[int, str]]()
    for claim in claims:
        begin = answer.find(claim.stated, at)
        if begin < 0:
            begin = answer.find(claim.stated)
        if claim.stated and begin >= 0:
            end = begin + len(claim.stated)
            marks.append((end, MARKS[claim.status]))
            at = max(at, begin)
    text, last = "", 0
    for end, mark in sorted(dict(marks).items()):
        text += answer[last:end] + mark
        last = end
    return text + answer[last:]


def _print(shown_lines: Iterator[str]) -> None:
    """In colour where there is some; a plain stream gets plain text."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line in shown_lines:
        text = Text(line)
        for mark, style in STYLES.items():
            text.highlight_words([mark], style)
        if line.startswith("── "):
            text.stylize("bold")
        console.print(text)
    sys.stdout.flush()
