"""Settings of all rooms: one declaration each, from which flags, environment, make, help, completion and docs come.

A room asks ``read("synth", argv)`` for the typed ``Values`` of its command and puts them into a frozen dataclass of its own
(``config.py``), which is what travels. Flags go before the environment, the environment before defaults. Nothing here
imports a room or a heavy package, so that a misspelling is answered in a tenth of a second.

To add a setting, write one declaration in ``of_factory.py``, ``of_warehouse.py``, ``of_train.py`` or ``of_judge.py``::

    TOP_P = setting("TOP_P", Number(0, 1), "nucleus of the teacher's sampling", commands=RUNS, default="0.95")

and read it with ``values[TOP_P]`` (typed: float; without a default, float | None). It is then ``make synth TOP_P=0.9``,
``chidian synth --top-p 0.9``, ``TOP_P`` in the environment, and a line of ``--help``. ``python -m factory.settings.page``
writes ``docs/settings.md`` anew, and a test holds it equal. A new command is one row in ``commands.py``.
"""

from factory.settings.reading import read, resolve
from factory.settings.setting import Setting, Values, setting

__all__ = ["Setting", "Values", "read", "resolve", "setting"]
