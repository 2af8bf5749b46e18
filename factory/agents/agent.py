"""One smolagents ToolCallingAgent per order in work, all on the one event loop.

Takes an Order and returns its OrderOutcome. smolagents drives the ReAct loop as a generator (``run(stream=True)``); where
its step would block, ours yields what is to be awaited, and the worker awaits it: no threads, no hand-over between them
(docs/decisions/0003). The conversation is ours, kept in proper ``tool_calls``/``tool`` form (smolagents would send plain
text), so that the trajectory can teach tool use. Nothing of smolagents is patched, only subclassed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import orjson
from smolagents import AgentLogger, LogLevel, Model, ToolCallingAgent
from smolagents.agents import EMPTY_PROMPT_TEMPLATES, ActionOutput
from smolagents.memory import ActionStep
from smolagents.models import ChatMessage

from factory.agents.order_run import OrderRun
from factory.agents.repairing import needed
from factory.agents.second_reader import SecondReader
from factory.agents.tools import make_tools, tool_schemas
from factory.errors import OrderFailed
from factory.llm.chat import CallKey, Chat, ChatAnswer, ChatRequest
from factory.maps.service import Surroundings
from factory.plan.identity import RequestSettings
from factory.records import NO_FINAL_ANSWER, CallRecord, Failure, Message, Order, OrderOutcome, ToolCall

T = TypeVar("T")

UNREADABLE = orjson.dumps({"error": "参数不是合法的 JSON，请重新完整地调用。"}).decode()
MAX_STEPS = 9
"""Preferences, searches, up to two further rounds of pages, the answer, two repairs, two spare for unreadable calls."""
UNREADABLE_IN_A_ROW = 3
"""Answers without one readable tool call, one after the other, that end an order: more than the two spare."""
MAX_CALLS_PER_STEP = 16
_NOT_SUBMITTED = Failure("missing_sample", "The final answer holds no sample for this wish.")


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What every agent of a run shares: the model, the system prompt's text, how it is asked.

    ``give_up_s``: an order without a readable answer for so long is given up.
    """

    model: str
    prompt: str
    repairs: int
    give_up_s: float
    request: RequestSettings
    reader: str | None = None
    """the second reader's model"""
    keep_unread: bool = False


class Spell:
    """How long an order has been without a readable answer; each of them is paid for."""

    def __init__(self, give_up_s: float) -> None:
        self._give_up_s = give_up_s
        self.begin()

    def begin(self) -> None:
        """A new order."""
        self._unreadable = 0
        self._since = self._last = time.monotonic()

    def count(self, *, readable: bool) -> None:
        """One answer. Raises OrderFailed after three unreadable ones, or after two when a third would take too long."""
        now = time.monotonic()
        took, self._last = now - self._last, now
        if readable:
            self._unreadable, self._since = 0, now
            return
        self._unreadable += 1
        late = self._unreadable > 1 and now + took - self._since > self._give_up_s
        if self._unreadable >= UNREADABLE_IN_A_ROW or late:
            raise OrderFailed(
                f"The agent gave no readable final answer: its last {self._unreadable} answers, over "
                f"{now - self._since:.0f} s, hold no tool call that can be read.",
                reason=NO_FINAL_ANSWER,
            )


class Pending(Generic[T]):
    """What a step waits for: yielded through smolagents' generators to the worker, which awaits it on the event loop."""

    __slots__ = ("_error", "_result", "_work")

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._result: T | None = None

    async def settle(self) -> None:
        """Await it. An error, a cancellation too, is raised inside the step, so that smolagents' generators end in order."""
        try:
            self._result = await self._work
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            self._error = error

    def result(self) -> T:
        """After ``settle``. Raises what the work raised."""
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # settled


class ConversationModel(Model):  # type: ignore[misc]  # smolagents ships no types
    """smolagents' Model over our Chat: sends the order's own conversation and appends what comes back."""

    def __init__(self, chat: Chat, settings: AgentSettings, prompt: str) -> None:
        super().__init__(model_id=settings.model)
        self._chat = chat
        self._settings = settings
        self._prompt = prompt
        self.schemas: tuple[dict[str, Any], ...] = ()
        self.messages: list[Message] = []
        self.records: list[CallRecord] = []
        self._run: OrderRun | None = None

    def begin(self, run: OrderRun) -> None:
        """Start a new conversation."""
        order = run.order
        task = f"任务：地点={order.place.name}；城市={order.place.city}；需求数={len(order.wishes)}"
        self._run = run
        self.messages = [Message("system", self._prompt), Message("user", task)]
        self.records = []

    async def ask(self) -> ChatAnswer:
        """One step of the model. Raises what Chat.ask raises."""
        if self._run is None:
            raise AssertionError  # begin() comes first
        order, step = self._run.order, len(self.records)
        submitted = bool(self._run.attempts)
        request = ChatRequest(
            model=self._settings.model,
            messages=needed(self.messages, self._run.returned()) if submitted else tuple(self.messages),
            # Five samples take about 3,000 tokens in Qwen's vocabulary; the rest is for tool calls.
            max_tokens=1_000 + 900 * len(order.wishes),
            temperature=self._settings.request.temperature,
            top_p=self._settings.request.top_p,
            seed=order.seed + step,
            tools=self.schemas,
            extra=dict(self._settings.request.extra),
        )
        purpose = "repair" if submitted else "agent"
        # A new answer was in nobody's request before; one that repeats a lost one word for word is worth paying once more.
        may_be_kept = not self.records or self.records[-1].replayed
        key = CallKey(order.run_id, order.order_id, step, purpose=purpose, may_be_kept=may_be_kept)
        answer = await self._chat.ask(request, key, priority=order.index)
        self.records.append(answer.record)
        message, calls = answer.message, answer.message.tool_calls[:MAX_CALLS_PER_STEP]
        self.messages.append(message if calls == message.tool_calls else replace(message, tool_calls=calls))
        return answer


class SilentLogger(AgentLogger):  # type: ignore[misc]  # smolagents ships no types
    """Smolagents' own draws rich panels of each run and step before it asks whether anybody sees them."""

    def log_rule(self, title: str, level: int = LogLevel.OFF) -> None:
        """Nothing."""

    def log_task(self, content: str, subtitle: str, title: str | None = None, level: int = LogLevel.OFF) -> None:
        """Nothing."""


class OrderAgent(ToolCallingAgent):  # type: ignore[misc]  # smolagents ships no types
    """The ReAct loop of one order."""

    model: ConversationModel

    def __init__(self, model: ConversationModel, prompt: str, give_up_s: float) -> None:
        self._prompt = prompt
        self.order_tools = make_tools()
        model.schemas = tool_schemas(self.order_tools)
        self.spell = Spell(give_up_s)
        super().__init__(
            tools=list(self.order_tools),
            model=model,
            prompt_templates=EMPTY_PROMPT_TEMPLATES,  # its own are 250 lines of YAML, parsed for every agent and never sent
            max_steps=MAX_STEPS,
            logger=SilentLogger(LogLevel.OFF),
        )

    def initialize_system_prompt(self) -> str:
        """Rendered once, instead of once a run from a template."""
        return self._prompt

    def write_memory_to_messages(self, summary_mode: bool = False) -> list[ChatMessage]:  # noqa: ARG002, FBT001, FBT002 - smolagents' signature
        """Nothing: the model sends its own conversation."""
        return []

    def _finalize_step(self, memory_step: Any) -> None:
        """No callbacks and timings: the ledger keeps them, a call at a time."""

    def _handle_max_steps_reached(self, task: str) -> None:
        """No parting call: an answer that never passed the tool could not be checked."""

    def _step_stream(
        self,
        memory_step: ActionStep,  # noqa: ARG002 - smolagents' memory of steps is not read: the conversation is ours
    ) -> Generator[Pending[Any] | ActionOutput, None, None]:
        """Ask the model and run the calls it made together, in the order in which they were made."""
        messages, run = self.model.messages, self.order_tools[0].run
        asked = Pending(self.model.ask())
        yield asked
        asked.result()
        calls = messages[-1].tool_calls
        if not calls:
            self.spell.count(readable=False)
            messages.append(Message("user", "请通过工具调用继续；样本只能用 final_answer 提交。"))
            return
        done = Pending(self._answer_all(calls))
        yield done
        texts = done.result()
        self.spell.count(readable=not set(texts) <= {UNREADABLE})
        for call, text in zip(calls, texts, strict=True):
            messages.append(Message("tool", text, tool_call_id=call.id, name=call.name))
        yield ActionOutput(output=messages[-1].content, is_final_answer=run.finished)

    async def _answer_all(self, calls: Sequence[ToolCall]) -> list[str]:
        if len(calls) == 1:
            return [await self._answer(calls[0])]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._answer(call)) for call in calls]
        return [task.result() for task in tasks]

    async def _answer(self, call: ToolCall) -> str:
        tool = self.tools.get(call.name)
        if tool is None:
            return orjson.dumps({"error": f"没有名为 {call.name} 的工具。"}).decode()
        try:
            arguments = orjson.loads(call.arguments or "{}")
        except orjson.JSONDecodeError:
            arguments = None
        if not isinstance(arguments, dict):
            return UNREADABLE
        return str(await tool.answer(arguments))


class AgentWorker:
    """One reusable agent: serves one order at a time."""

    def __init__(
        self, chat: Chat, maps: Surroundings, settings: AgentSettings, reader: SecondReader | None = None
    ) -> None:
        prompt = settings.prompt
        self._reader = reader
        self._maps = maps
        self._settings = settings
        self._model = ConversationModel(chat, settings, prompt)
        self._agent = OrderAgent(self._model, prompt, settings.give_up_s)

    async def work(self, order: Order) -> OrderOutcome:
        """Serve one order. Raises RunStopped and its kin; whatever concerns this order alone is in the outcome."""
        run = OrderRun(order, self._maps, self._settings.repairs, self._reader, self._settings.keep_unread)
        for tool in self._agent.order_tools:
            tool.run = run
        self._model.begin(run)
        self._agent.spell.begin()
        failure: Failure | None = None
        try:
            for event in self._agent.run(self._model.messages[1].content, stream=True):
                if isinstance(event, Pending):
                    await event.settle()
        except OrderFailed as error:
            failure = Failure(error.reason, str(error))
        except BaseExceptionGroup as error:
            failed = _ours(error)
            if not isinstance(failed, OrderFailed):
                raise failed from error
            failure = Failure(failed.reason, str(failed))
        return self._outcome(run, failure)

    def _outcome(self, run: OrderRun, failure: Failure | None) -> OrderOutcome:
        if failure is None and not run.slots:
            failure = Failure(
                NO_FINAL_ANSWER,
                f"The agent gave no readable final answer in {len(self._model.records)} steps.",
            )
        return OrderOutcome(
            order=run.order,
            state="failed" if failure and not run.slots else "done",
            failure=failure,
            evidence=run.evidence(),
            trajectory=tuple(self._model.messages),
            slots=run.outcomes(failure or _NOT_SUBMITTED),
            calls=(*self._model.records, *run.reader_calls),
            pages=run.pages,
            truncated=run.capped,
            attempts=tuple(run.attempts),
        )


def _ours(error: BaseException) -> BaseException:
    """The error that the task group of a step's calls wrapped: one that stops the run, if there is one."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    inner = [_ours(inner_error) for inner_error in error.exceptions]
    return next((error_inside for error_inside in inner if not isinstance(error_inside, OrderFailed)), inner[0])
