"""Single LLM calls as others make them: ``python call_cpu_peers.py openai|curator|distilabel|data-designer URL CALLS``.

Started by call_cpu.py; prints one JSON line. CPU counts children and leaves imports out.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

CONCURRENCY = 256


def cpu_s() -> float:
    """User and system time of this process and of the children it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def openai(url: str, calls: int) -> tuple[float, float]:
    """The idiom of most scripts: openai's AsyncOpenAI, a semaphore and one gather over all calls. No limiter, nothing kept."""
    from openai import AsyncOpenAI  # noqa: PLC0415

    async def run() -> None:
        gate = asyncio.Semaphore(CONCURRENCY)
        async with AsyncOpenAI(base_url=url, api_key="none") as client:

            async def one(number: int) -> None:
                async with gate:
                    prompt = f"附近有什么好吃的川菜？请推荐三家，并说明理由。（{number}）"
                    turns = [{"role": "user", "content": prompt}]
                    await client.chat.completions.create(model="mock", messages=turns, max_tokens=300, seed=number)  # type: ignore[call-overload]

            await asyncio.gather(*(one(number) for number in range(calls)))

    cpu, started = cpu_s(), time.monotonic()
    asyncio.run(run())
    return cpu_s() - cpu, time.monotonic() - started


def curator(url: str, calls: int) -> tuple[float, float]:
    """bespokelabs-curator, backend openai; tiktoken's file comes from litellm's wheel, since nothing is downloaded."""
    spec = importlib.util.find_spec("litellm")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "litellm_core_utils" / "tokenizers"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    os.environ["OPENAI_API_KEY"] = "none"
    os.environ["CURATOR_VIEWER"] = "0"
    from bespokelabs.curator import LLM  # noqa: PLC0415 # type: ignore[import-not-found]

    limits = {"max_requests_per_minute": 10**7, "max_tokens_per_minute": 10**9, "max_concurrent_requests": CONCURRENCY}
    llm = LLM(model_name="gpt-4o-mini", backend="openai", backend_params=limits | {"base_url": url})
    cpu, started = cpu_s(), time.monotonic()
    llm([f"附近有什么好吃的川菜？请推荐三家，并说明理由。（{number}）" for number in range(calls)])
    return cpu_s() - cpu, time.monotonic() - started


def distilabel(url: str, calls: int) -> tuple[float, float]:
    """Distilabel's TextGeneration in batches of 250; its pipeline's processes are counted, start included."""
    from distilabel.models import OpenAILLM  # noqa: PLC0415 # type: ignore[import-not-found]
    from distilabel.pipeline import Pipeline  # noqa: PLC0415 # type: ignore[import-not-found]
    from distilabel.steps import LoadDataFromDicts  # noqa: PLC0415 # type: ignore[import-not-found]
    from distilabel.steps.tasks import TextGeneration  # noqa: PLC0415 # type: ignore[import-not-found]

    rows: list[dict[str, Any]] = [{"instruction": f"附近有什么好吃的川菜？（{number}）"} for number in range(calls)]
    with Pipeline(name="bench") as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=250)
        ask = TextGeneration(llm=OpenAILLM(model="mock", base_url=url, api_key="none"), input_batch_size=250)
        load >> ask
    cpu, started = cpu_s(), time.monotonic()
    pipeline.run(use_cache=False)
    return cpu_s() - cpu, time.monotonic() - started


def data_designer(url: str, calls: int) -> tuple[float, float]:
    """NeMo data-designer 0.9.7: one column of text for rows of a sampled number, its own statistics of the columns included."""
    os.environ["NEMO_TELEMETRY_ENABLED"] = "false"
    import data_designer.config as dd  # noqa: PLC0415 # type: ignore[import-not-found]
    from data_designer.interface import DataDesigner  # noqa: PLC0415 # type: ignore[import-not-found]

    provider = dd.ModelProvider(name="mock", endpoint=url, provider_type="openai", api_key="none")
    asked = dd.ChatCompletionInferenceParams(max_parallel_requests=CONCURRENCY, max_tokens=300)
    model = dd.ModelConfig(
        alias="mock", model="mock", provider="mock", inference_parameters=asked, skip_health_check=True
    )
    columns = dd.DataDesignerConfigBuilder(model_configs=[model])
    columns.add_column(dd.SamplerColumnConfig(name="number", sampler_type="uuid", params=dd.UUIDSamplerParams()))
    prompt = "附近有什么好吃的川菜？请推荐三家，并说明理由。（{{ number }}）"
    columns.add_column(dd.LLMTextColumnConfig(name="answer", prompt=prompt, model_alias="mock"))
    designer = DataDesigner(artifact_path=Path.cwd(), model_providers=[provider])
    designer.set_run_config(dd.RunConfig(max_in_flight_tasks=CONCURRENCY))
    cpu, started = cpu_s(), time.monotonic()
    designer.create(columns, num_records=calls, dataset_name="bench")
    return cpu_s() - cpu, time.monotonic() - started


PEERS = {"openai": openai, "curator": curator, "distilabel": distilabel, "data-designer": data_designer}


def main() -> int:
    """Run one peer."""
    name, url, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
    used, wall = PEERS[name](url, calls)
    figures = {"what": name, "cpu_ms_a_call": round(used / calls * 1000, 3), "calls_per_s": round(calls / wall)}
    sys.stdout.write("\n" + json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
