"""The environment of the programs that tests start: this process's, without a key of any provider."""

from __future__ import annotations

import os
from typing import Final

CLEAN: Final = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
