"""``train.fine_tune``: ``chidian train`` from Python: train, answer the held-out questions, measure."""

from __future__ import annotations

import threading
from pathlib import Path

from factory.settings import resolve
from factory.settings.reading import texts
from train import completing, run
from train.config import settings_of


def fine_tune(*, complete: bool = True, **settings: object) -> Path:
    """The checkpoint's folder. Settings are those of ``chidian train`` in lower case (docs/settings.md): ``mode="open"``.

    ``complete=False``: no answers and measures. Works beside a running event loop. Raises UsageError, RunStopped.
    """
    values = resolve("train", texts("train", settings))
    chosen = settings_of(values)
    outcome: list[Path | BaseException] = []

    def work() -> None:
        try:
            folder = run.train(chosen)
            if complete:
                completing.main(values)
            outcome.append(folder)
        except BaseException as error:  # noqa: BLE001 - raised again below, in the caller's thread
            outcome.append(error)

    thread = threading.Thread(target=work, name="fine_tune")  # this thread may hold a notebook's event loop
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
