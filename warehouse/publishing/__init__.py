"""``chidian push``: an export to a hub by the hub's own client; told before it is done, and refused where rights forbid it."""

from warehouse.publishing.command import main

__all__ = ["main"]
