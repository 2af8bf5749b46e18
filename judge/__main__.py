"""``python -m judge WORD``: the room's own commands (``chidian`` has those of all rooms)."""

import sys

from factory.command import run_room

if __name__ == "__main__":
    sys.exit(run_room("judge", sys.argv[1:], last=True))
