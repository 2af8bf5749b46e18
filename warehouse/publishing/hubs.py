"""The hubs' own clients, each behind one function: make the data set where it is not there, then send the files in one commit.

What a hub answers becomes one sentence here; a token is never part of it. The clients are optional: ``chidian[push]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import util
from typing import Any, Final

from factory.errors import UsageError
from warehouse.publishing.offer import Offer


@dataclass(frozen=True, slots=True)
class Hub:
    """``send`` returns the address of the data set. ``token`` names the variable of its key."""

    name: str
    package: str
    endpoint: str
    token: str
    send: Callable[[Offer, str, str], str]


def to_hugging_face(offer: Offer, endpoint: str, token: str) -> str:
    """By huggingface_hub; data files of an older push that are not part of this one go."""
    import httpx  # noqa: PLC0415 - optional, and huggingface_hub's own
    from huggingface_hub import HfApi  # noqa: PLC0415 - optional
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415 - optional

    api = HfApi(endpoint=endpoint, token=token)
    with _told("Hugging Face", endpoint, offer, "HF_TOKEN", (HfHubHTTPError, HFValidationError, httpx.HTTPError)):
        address = api.create_repo(offer.repository, repo_type="dataset", private=offer.private, exist_ok=True)
        api.upload_folder(
            repo_id=offer.repository,
            repo_type="dataset",
            folder_path=offer.folder,
            allow_patterns=list(offer.files),
            delete_patterns=["*.jsonl", "*.parquet", "dataset_info.json"],
            commit_message="Samples with their card",
        )
    return str(address)


def to_modelscope(offer: Offer, endpoint: str, token: str) -> str:
    """By modelscope_hub."""
    from modelscope_hub.api import HubApi  # noqa: PLC0415 - optional
    from modelscope_hub.errors import AlreadyExistsError, HubError  # noqa: PLC0415 - optional

    api = HubApi(endpoint=endpoint, token=token)
    with _told("ModelScope", endpoint, offer, "MODELSCOPE_API_TOKEN", (HubError,)):
        with suppress(AlreadyExistsError):
            api.create_repo(offer.repository, "dataset", visibility="private" if offer.private else "public")
        api.upload_folder(
            offer.repository,
            "dataset",
            offer.folder,
            allow_patterns=list(offer.files),
            commit_message="Samples with their card",
            use_cache=False,
            disable_tqdm=True,
        )
    return f"{endpoint}/datasets/{offer.repository}"


HUBS: Final = {
    "hf": Hub("Hugging Face", "huggingface_hub", "https://huggingface.co", "HF_TOKEN", to_hugging_face),
    "modelscope": Hub("ModelScope", "modelscope_hub", "https://modelscope.cn", "MODELSCOPE_API_TOKEN", to_modelscope),
}


def installed(hub: Hub) -> bool:
    """Whether its client is there."""
    return util.find_spec(hub.package) is not None


@contextmanager
def _told(name: str, endpoint: str, offer: Offer, token: str, errors: tuple[type[Exception], ...]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        status = _status(error)
        sentences = {
            401: f"{name} does not take the token: make a new one that may write, and set {token}.",
            403: f"{name} does not let this token write to {offer.repository}: give it that right, or push to a name of your own.",
            404: f"{name} knows no {offer.repository}, or not for this token: give REPO=owner/name with your own user or group.",
        }
        reason = sentences.get(status or 0)
        if reason is None:
            words = str(error).strip().splitlines() or [type(error).__name__]
            answer = f"answered {status}" if status else "could not be reached or understood"
            reason = f"{name} at {endpoint} {answer} ({words[0][:200]}): nothing is known to have gone; push again."
        raise UsageError(reason) from error


def _status(error: Any) -> int | None:
    """The HTTP status that an error of a client carries."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(error, "status_code", None)
    return status if isinstance(status, int) else None
