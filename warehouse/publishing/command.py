"""``chidian push FOLDER --repo OWNER/NAME``: tells what would go; ``--publish`` sends it."""

from __future__ import annotations

from pathlib import Path

from factory.commit.working_folder import local_out
from factory.errors import UsageError
from factory.settings import Values, of_warehouse
from factory.shown_text import print_line
from warehouse.publishing.hubs import HUBS, installed
from warehouse.publishing.offer import offer_of


def main(values: Values) -> int:
    """Raises UsageError where it may not go, or the hub does not take it."""
    repository = values[of_warehouse.REPO]
    if repository is None:
        raise UsageError("Name the data set: chidian push FOLDER --repo OWNER/NAME.")
    hub = HUBS[values[of_warehouse.PUSH_TO]]
    offer = offer_of(
        local_out(values[of_warehouse.OUT] or Path("export"), "push"),
        repository,
        accepted=values[of_warehouse.PUSH_TERMS] is not None,
        private=values[of_warehouse.PRIVATE],
    )
    for line in offer.told(hub.name):
        print_line(line)
    if offer.refusal:
        raise UsageError(offer.refusal)
    if not values[of_warehouse.PUBLISH]:
        print_line("Nothing was sent: PUBLISH=1 sends it.")
        return 0
    if not installed(hub):
        raise UsageError(f"{hub.name} needs its client: pip install 'chidian[push]'.")
    tokens = {"hf": values[of_warehouse.HF_TOKEN], "modelscope": values[of_warehouse.MODELSCOPE_API_TOKEN]}
    token = tokens[values[of_warehouse.PUSH_TO]]
    if token is None:
        raise UsageError(f"{hub.name} needs a token that may write: set {hub.token}.")
    address = hub.send(offer, (values[of_warehouse.PUSH_BASE_URL] or hub.endpoint).rstrip("/"), token)
    print_line(f"sent: {address}")
    return 0
