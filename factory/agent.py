"""One smolagents ToolCallingAgent per worker thread, bridged to the one event loop.

Takes an Order and returns its OrderOutcome. smolagents drives the ReAct loop; the conversation is ours, kept in proper
``tool_calls``/``tool`` form (smolagents would send plain text), so that the trajectory can teach tool use. The system
prompt and the tool schemas are rendered once; nothing of smolagents is patched, only subclassed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeVar

import orjson
from smolagents import LogLevel, Model, ToolCallingAgent
from smolagents.agents import ToolOutput
from smolagents.memory import ActionStep
from smolagents.memory import ToolCall as SmolToolCall
from smolagents.models import ChatMessage, ChatMessageToolCall, ChatMessageToolCallFunction, MessageRole, TokenUsage
from smolagents.utils import AgentGenerationError

from factory.errors import OrderFailed
from factory.llm.chat import CallKey, Chat, ChatAnswer, ChatRequest
from factory.maps.service import MapService
from factory.order_run import OrderRun
from factory.records import CallRecord, Message, Order, OrderOutcome, ToolCall
from factory.tools import make_tools, tool_schemas

T = TypeVar("T")

PROMPT_VERSION = "agent_v1"
MAX_STEPS = 9
"""Preferences, searches, up to two further rounds of pages, the answer, two repairs, two spare for unreadable calls."""
MAX_CALLS_PER_STEP = 16


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What every agent of a run shares. ``extra`` goes into each request body as it is."""

    model: str
    repairs: int
    temperature: float = 0.8
    top_p: float = 0.95
    extra: tuple[tuple[str, Any], ...] = ()


def system_prompt() -> str:
    """The versioned system prompt."""
    return resources.files("factory.prompts").joinpath(f"{PROMPT_VERSION}.md").read_text(encoding="utf-8").strip()


class ConversationModel(Model):  # type: ignore[misc]  # smolagents ships no types
    """smolagents' Model over our Chat: sends the order's own conversation and appends what comes back."""

    def __init__(self, chat: Chat, loop: asyncio.AbstractEventLoop, settings: AgentSettings, prompt: str) -> None:
        super().__init__(model_id=settings.model)
        self._chat = chat
        self._loop = loop
        self._settings = settings
        self._prompt = prompt
        self.schemas: tuple[dict[str, Any], ...] = ()
        self.messages: list[Message] = []
        self.records: list[CallRecord] = []
        self._order: Order | None = None

    def bridge(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the event loop and wait for it, from this worker thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def begin(self, order: Order) -> None:
        """Start a new conversation."""
        task = f"任务：地点={order.place.name}；城市={order.place.city}；需求数={len(order.wishes)}"
        self._order = order
        self.messages = [Message("system", self._prompt), Message("user", task)]
        self.records = []

    def generate(self, messages: list[ChatMessage], **_: Any) -> ChatMessage:  # noqa: ARG002 - the conversation is ours
        """One step of the model. Raises what Chat.ask raises."""
        answer = self.bridge(self._ask())
        self.records.append(answer.record)
        calls = answer.message.tool_calls[:MAX_CALLS_PER_STEP]
        self.messages.append(Message("assistant", answer.message.content, calls))
        return ChatMessage(
            role=MessageRole.ASSISTANT,
            content=answer.message.content,
            tool_calls=[
                ChatMessageToolCall(
                    id=call.id,
                    type="function",
                    function=ChatMessageToolCallFunction(name=call.name, arguments=call.arguments),
                )
                for call in calls
            ],
            token_usage=TokenUsage(answer.input_tokens or 0, answer.output_tokens or 0),
        )

    async def _ask(self) -> ChatAnswer:
        if self._order is None:
            raise AssertionError  # begin() comes first
        order, step = self._order, len(self.records)
        request = ChatRequest(
            model=self._settings.model,
            messages=tuple(self.messages),
            # Five samples take about 3,000 tokens in Qwen's vocabulary; the rest is for tool calls.
            max_tokens=1_000 + 900 * len(order.wishes),
            temperature=self._settings.temperature,
            top_p=self._settings.top_p,
            seed=order.seed + step,
            tools=self.schemas,
            extra=dict(self._settings.extra),
        )
        submitted = any(message.name == "final_answer" for message in self.messages)
        key = CallKey(order.run_id, order.order_id, step, purpose="repair" if submitted else "agent")
        return await self._chat.ask(request, key, priority=order.index)

    def parse_tool_calls(self, message: ChatMessage) -> ChatMessage:
        """No tool was called: say so in the conversation; smolagents counts the step and goes on."""
        self.messages.append(Message("user", "请通过工具调用继续；样本只能用 final_answer 提交。"))
        raise ValueError(str(message.content)[:200])


class OrderAgent(ToolCallingAgent):  # type: ignore[misc]  # smolagents ships no types
    """The ReAct loop of one order."""

    model: ConversationModel

    def __init__(self, model: ConversationModel, prompt: str) -> None:
        self._prompt = prompt
        self.order_tools = make_tools()
        for tool in self.order_tools:
            tool.bridge = model.bridge
        model.schemas = tool_schemas(self.order_tools)
        super().__init__(tools=list(self.order_tools), model=model, max_steps=MAX_STEPS, verbosity_level=LogLevel.OFF)

    def initialize_system_prompt(self) -> str:
        """Rendered once, instead of once a run from a template."""
        return self._prompt

    def write_memory_to_messages(self, summary_mode: bool = False) -> list[ChatMessage]:  # noqa: ARG002, FBT001, FBT002 - smolagents' signature
        """Nothing: the model sends its own conversation."""
        return []

    def _handle_max_steps_reached(self, task: str) -> None:
        """No parting call: an answer that never passed the tool could not be checked."""

    def process_tool_calls(
        self, chat_message: ChatMessage, memory_step: ActionStep
    ) -> Generator[SmolToolCall | ToolOutput, None, None]:
        """Run all calls of a step together on the loop, in the order in which they were made."""
        run = self.order_tools[0].run
        calls = [
            ToolCall(call.id, call.function.name, _text(call.function.arguments)) for call in chat_message.tool_calls
        ]
        answers = self.model.bridge(self._answer_all(calls))
        memory_step.observations = ""
        for call, text in zip(calls, answers, strict=True):
            self.model.messages.append(Message("tool", text, tool_call_id=call.id, name=call.name))
        if run.finished:
            # smolagents refuses a final answer beside other calls; ours is final because the run says so.
            chat_message.tool_calls = chat_message.tool_calls[-1:]
        for call, text in zip(calls, answers, strict=True):
            smol_call = SmolToolCall(name=call.name, arguments=call.arguments, id=call.id)
            yield smol_call
            if not run.finished or call is calls[-1]:
                yield ToolOutput(call.id, text, run.finished, text, smol_call)

    async def _answer_all(self, calls: list[ToolCall]) -> list[str]:
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
            return orjson.dumps({"error": "参数不是合法的 JSON，请重新完整地调用。"}).decode()
        return str(await tool.answer(arguments))


class AgentWorker:
    """One reusable agent; belongs to one thread."""

    def __init__(self, chat: Chat, maps: MapService, loop: asyncio.AbstractEventLoop, settings: AgentSettings) -> None:
        prompt = system_prompt()
        self._maps = maps
        self._settings = settings
        self._model = ConversationModel(chat, loop, settings, prompt)
        self._agent = OrderAgent(self._model, prompt)

    def work(self, order: Order) -> OrderOutcome:
        """Serve one order. Raises RunStopped and its kin; whatever concerns this order alone is in the outcome."""
        run = OrderRun(order, self._maps, self._settings.repairs)
        for tool in self._agent.order_tools:
            tool.run = run
        self._model.begin(order)
        failure: tuple[str, str] | None = None
        try:
            self._agent.run(self._model.messages[1].content)
        except OrderFailed as error:
            failure = (error.reason, str(error))
        except (AgentGenerationError, BaseExceptionGroup) as error:
            failed = _ours(error)
            if not isinstance(failed, OrderFailed):
                raise failed from error
            failure = (failed.reason, str(failed))
        return self._outcome(run, failure)

    def _outcome(self, run: OrderRun, failure: tuple[str, str] | None) -> OrderOutcome:
        order = run.order
        if failure is None and not run.slots:
            failure = (
                "no_final_answer",
                f"The agent gave no readable final answer in {len(self._model.records)} steps.",
            )
        missing = failure or ("missing_sample", "The final answer holds no sample for this wish.")
        return OrderOutcome(
            order=order,
            state="failed" if failure and not run.slots else "done",
            failure=failure,
            evidence=run.evidence(),
            trajectory=tuple(self._model.messages),
            verified=tuple(
                (slot.candidate, slot.verification)
                for _, slot in sorted(run.slots.items())
                if slot.verification.accepted
            ),
            rejected=tuple(
                (slot.candidate, slot.verification)
                for _, slot in sorted(run.slots.items())
                if not slot.verification.accepted
            ),
            missing=tuple((index, *missing) for index in range(len(order.wishes)) if index not in run.slots),
            calls=tuple(self._model.records),
            pages=run.pages,
            truncated=run.capped,
        )


def _ours(error: BaseException) -> BaseException:
    """The error that smolagents or a task group wrapped: ours if there is one, else the innermost."""
    if isinstance(error, BaseExceptionGroup):
        inner = [_ours(one) for one in error.exceptions]
        return next((one for one in inner if not isinstance(one, OrderFailed)), inner[0])
    if isinstance(error, AgentGenerationError) and error.__cause__ is not None:
        return _ours(error.__cause__)
    return error


def _text(arguments: Any) -> str:
    """Smolagents parses arguments where it can; our record keeps JSON text."""
    return arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
